"""Images of engines, through their own commands: the report is that of the saved file.

podman and buildah need no daemon; docker and containerd do.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

import slim
from slim.image.registry.access import Access
from tests.real.daemons import daemons
from tests.real.tools import need, run
from tests.support.commands import run as command
from tests.support.pipes import alike

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A store that both engines use, with an image of a megabyte and more in two layers."""
    need("podman", "buildah")
    folder = tmp_path_factory.mktemp("engines")
    settings = folder / "storage.conf"
    settings.write_text(
        f'[storage]\ndriver = "vfs"\ngraphroot = "{folder}/root"\nrunroot = "{folder}/run"\n'
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONTAINERS_STORAGE_CONF", str(settings))
        patch.setenv("BUILDAH_ISOLATION", "chroot")
        container = run("buildah", "from", "scratch")
        for number in range(2):
            big = folder / f"big-{number}"
            big.write_bytes(bytes(range(256)) * 5_000 * (number + 1))
            run("buildah", "add", container, big, f"/srv/{big.name}")
            run("buildah", "config", "--created-by", f"COPY {big.name}", container)
            run("buildah", "commit", "--quiet", container, "localhost/team/app:1")
            container = run("buildah", "from", "localhost/team/app:1")
        yield folder


@pytest.fixture(scope="module")
def saved(store: Path) -> Path:
    """The image as a docker-archive of podman's."""
    path = store / "saved.tar"
    run("podman", "save", "--quiet", "-o", path, "localhost/team/app:1")
    return path


@pytest.fixture(scope="module")
def packed(saved: Path) -> Path:
    """The image as an OCI archive with gzip layers, called `localhost/team/packed:1`."""
    need("skopeo")
    path = saved.parent / "packed.tar"
    target = f"oci-archive:{path}:localhost/team/packed:1"
    gzip = ("--dest-compress", "--dest-compress-format", "gzip")
    run("skopeo", "copy", "--quiet", *gzip, f"docker-archive:{saved}", target)
    return path


@pytest.fixture(scope="module", name="daemons")
def running_daemons(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """docker and containerd run."""
    with daemons(tmp_path_factory.mktemp("daemons"), "vfs"):
        yield


LOAD = {"docker": ("docker", "load", "-i"), "containerd": ("ctr", "images", "import")}
SAVE = {"docker": ("docker", "save", "-o"), "containerd": ("ctr", "images", "export")}


@pytest.mark.usefixtures("daemons")
@pytest.mark.parametrize("engine", LOAD)
def test_an_image_of_a_daemon(engine: str, saved: Path, tmp_path: Path) -> None:
    run(*LOAD[engine], saved)
    report = slim.analyze(f"{engine}:localhost/team/app:1")
    again = tmp_path / "again.tar"
    run(*SAVE[engine], again, "localhost/team/app:1")
    alike(slim.analyze(again), report)
    expected = slim.analyze(saved)
    assert expected.totals.layers == 2
    assert [layer.media_type for layer in expected.layers] == ["", ""]
    unnamed = [msgspec.structs.replace(layer, media_type="") for layer in report.layers]
    assert unnamed == list(expected.layers)
    assert report.totals == expected.totals
    assert report.image.config_digest == expected.image.config_digest


@pytest.mark.usefixtures("daemons")
def test_containerd_keeps_layers_as_they_were_pulled(packed: Path) -> None:
    """So that bytes to pull are those of the image in its registry."""
    run(*LOAD["containerd"], packed)
    report, expected = slim.analyze("containerd:localhost/team/packed:1"), slim.analyze(packed)
    assert {layer.compression for layer in expected.layers} == {"gzip"}
    assert report.layers == expected.layers
    assert report.totals == expected.totals
    assert report.image.config_digest == expected.image.config_digest


@pytest.mark.usefixtures("daemons")
def test_a_namespace_of_containerd(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kubernetes' images are in `k8s.io`; the environment says so to `ctr`."""
    name = "localhost/team/app:1"
    monkeypatch.setenv("CONTAINERD_NAMESPACE", "k8s.io")
    with pytest.raises(slim.SlimError, match="not found"):
        slim.analyze(f"containerd:{name}")
    run(*LOAD["containerd"], saved)
    assert slim.analyze(f"containerd:{name}").totals == slim.analyze(saved).totals


@pytest.mark.usefixtures("daemons")
@pytest.mark.parametrize(
    ("engine", "says"), [("docker", "reference does not exist"), ("containerd", "not found")]
)
def test_an_image_that_the_daemon_does_not_have(engine: str, says: str) -> None:
    with pytest.raises(slim.SlimError) as caught:
        slim.analyze(f"{engine}:localhost/team/none:1")
    assert (caught.value.slug, caught.value.exit_code) == ("engine-failed", 3)
    assert says in caught.value.message


@pytest.mark.usefixtures("daemons")
@pytest.mark.parametrize("engine", LOAD)
def test_a_platform_that_the_image_is_not_for(engine: str, saved: Path) -> None:
    run(*LOAD[engine], saved)
    with pytest.raises(slim.SlimError) as caught:
        slim.analyze(f"{engine}:localhost/team/app:1", platform="linux/s390x")
    assert (caught.value.slug, caught.value.exit_code) == ("no-such-platform", 2)


@pytest.mark.parametrize(
    ("engine", "program", "says"),
    [
        ("docker", "docker", "Is the docker daemon running?"),
        ("containerd", "ctr", "failed to dial"),  # after ten seconds of its own
    ],
)
def test_a_daemon_that_is_not_running(
    engine: str, program: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need(program)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    monkeypatch.setenv("CONTAINERD_ADDRESS", f"{tmp_path}/containerd.sock")
    with pytest.raises(slim.SlimError) as caught:
        slim.analyze(f"{engine}:app:1")
    assert (caught.value.slug, caught.value.exit_code) == ("engine-failed", 3)
    assert says in caught.value.message
    assert caught.value.hint.startswith(f"does `{program} ")


@pytest.mark.parametrize("engine", ["podman", "buildah"])
def test_an_image_of_an_engine(engine: str, saved: Path) -> None:
    expected = slim.analyze(saved)
    assert expected.totals.layers == 2
    report = slim.analyze(f"{engine}:localhost/team/app:1")
    if engine == "podman":
        alike(expected, report)
    assert report.layers == expected.layers
    assert report.totals == expected.totals
    assert report.image.config_digest == expected.image.config_digest


@pytest.mark.parametrize("engine", ["podman", "buildah"])
def test_an_image_that_the_engine_does_not_have(engine: str, store: Path) -> None:
    with pytest.raises(slim.SlimError) as caught:
        slim.analyze(f"{engine}:localhost/team/none:1")
    assert (caught.value.slug, caught.value.exit_code) == ("engine-failed", 3)
    assert "image not known" in caught.value.message


def test_a_bare_name_of_an_engine(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{store}/docker.sock")
    monkeypatch.setenv("CONTAINERD_ADDRESS", f"{store}/containerd.sock")
    assert slim.analyze("team/app:1").source.input == "podman:team/app:1"
    with pytest.raises(slim.SlimError) as caught:
        slim.analyze("team/none:1")
    assert caught.value.slug == "not-local"
    answers = "\n".join(caught.value.details)
    assert "podman: has no such image" in answers
    assert "buildah: has no such image" in answers


@pytest.mark.usefixtures("daemons")
def test_a_bare_name_of_a_daemon(saved: Path) -> None:
    run(*LOAD["containerd"], saved)
    run("ctr", "images", "tag", "--force", "localhost/team/app:1", "docker.io/library/bare:1")
    assert slim.analyze("bare:1").source.input == "containerd:docker.io/library/bare:1"
    run(*LOAD["docker"], saved)
    run("docker", "tag", "localhost/team/app:1", "bare:1")
    assert slim.analyze("bare:1").source.input == "docker:bare:1"
    with pytest.raises(slim.SlimError) as caught:
        slim.analyze("bare:2")
    answers = "\n".join(caught.value.details)
    assert "docker: has no such image" in answers
    assert "containerd: has no such image" in answers


@pytest.mark.usefixtures("daemons")
def test_docker_at_its_socket_where_its_command_is_not_installed(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(*LOAD["docker"], saved)
    run("docker", "tag", "localhost/team/app:1", "bare:3")
    with_command = slim.analyze("docker:localhost/team/app:1")
    there = Access(sockets={"docker": os.environ["DOCKER_HOST"]})
    monkeypatch.setenv("PATH", str(tmp_path))
    alike(with_command, slim.analyze("docker:localhost/team/app:1", registry=there))
    assert slim.analyze("bare:3", registry=there).source.input == "docker:bare:3"
    with pytest.raises(slim.SlimError) as caught:
        slim.analyze("docker:localhost/team/none:1", registry=there)
    assert caught.value.slug == "engine-failed"
    assert "reference does not exist" in caught.value.message


def test_podman_at_its_socket_where_its_command_is_not_installed(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"unix://{tmp_path}/podman.sock"
    service = subprocess.Popen(["podman", "system", "service", "--time", "60", address])
    try:
        until = time.monotonic() + 60
        while not (tmp_path / "podman.sock").exists() and time.monotonic() < until:
            time.sleep(0.05)
        there = Access(sockets={"podman": address})
        monkeypatch.setenv("PATH", str(tmp_path))
        alike(slim.analyze(saved), slim.analyze("podman:localhost/team/app:1", registry=there))
    finally:
        service.terminate()
        service.wait(30)


def test_an_engine_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    nowhere = Access(sockets={"docker": f"unix://{tmp_path}/none.sock"})
    with pytest.raises(slim.SlimError) as caught:
        slim.analyze("docker:app:1", registry=nowhere)
    assert (caught.value.slug, caught.value.exit_code) == ("no-engine", 2)


@pytest.mark.parametrize("name", ["--help", "a b", "$(x)", "", "a\nb"])
def test_a_name_is_no_option(name: str) -> None:
    with pytest.raises(slim.SlimError) as caught:
        slim.analyze(f"podman:{name}")
    assert caught.value.slug == "bad-name"


def test_an_engine_that_fails_in_the_middle(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What it wrote until then is no image, and the reason is the engine's."""
    saved = Path("fixtures/phoenix-slim.tar").resolve()
    docker = tmp_path / "docker"
    docker.write_text(
        f"#!/bin/sh\n/usr/bin/head -c 100000 '{saved}'\necho 'disk \x1b[31mon fire' >&2\nexit 1\n"
    )
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(slim.SlimError) as caught:
        slim.analyze("docker:app:1")
    assert caught.value.slug == "engine-failed"
    assert "on fire" in caught.value.message


def test_an_engine_that_writes_it_all_and_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    saved = Path("fixtures/phoenix-slim.tar").resolve()
    docker = tmp_path / "docker"
    docker.write_text(f"#!/bin/sh\n/bin/cat '{saved}'\nexit 9\n")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(slim.SlimError) as caught:
        slim.analyze("docker:app:1")
    assert caught.value.slug == "engine-failed"
    docker.write_text(f"#!/bin/sh\n/bin/cat '{saved}'\n")
    alike(slim.analyze(saved), slim.analyze("docker:app:1"))


def repacked(saved: Path, engine: str, name: str) -> None:
    """Repack into an engine under this name; the engine then shows the same filesystem."""
    assert command("repack", str(saved), "-o", f"{engine}:{name}", "--certificate", "c.json") == 0
    again = Path("again.tar")
    run(engine, "save", "-o", again, name)
    assert command("verify", str(saved), str(again)) == 0


@pytest.mark.usefixtures("daemons")
def test_docker_loads_what_was_repacked(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    repacked(saved, "docker", "team/slim:1")
    assert command("repack", str(saved), "-o", "app.slim.tar") == 0
    run("docker", "load", "-i", "app.slim.tar")


def test_podman_loads_what_was_repacked(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    repacked(saved, "podman", "localhost/team/slim:1")
    assert command("repack", str(saved), "-o", "podman:localhost/X Y") == 2
