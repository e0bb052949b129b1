"""Images of podman and buildah, through their own commands: the report is that of the saved file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import slim
from tests.real.tools import need, run
from tests.test_piped import alike

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


@pytest.mark.parametrize("engine", ["podman", "buildah"])
def test_an_image_of_an_engine(engine: str, store: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.tar"
    run("podman", "save", "--quiet", "-o", saved, "localhost/team/app:1")
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


def test_an_engine_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(slim.SlimError) as caught:
        slim.analyze("docker:app:1")
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
