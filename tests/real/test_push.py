"""`slim repack --push` to Debian's own registry: what it lacks is sent, and nothing twice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import slim
from slim.cli.push import push_result
from slim.errors import NetworkError
from slim.limits import DEFAULT_LIMITS
from tests.real.registries import Registry, docker_registry
from tests.real.tools import need, run
from tests.support.building import image, layer, save
from tests.support.commands import run as command
from tests.support.shared import FAT

pytestmark = pytest.mark.real


def requests(registry: Registry, method: str) -> list[str]:
    log = (registry.folder / "access").read_text()
    return re.findall(rf'"{method} (\S+) HTTP', log)


def test_a_repacked_image_is_pushed_and_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need("docker-registry", "skopeo")
    monkeypatch.chdir(tmp_path)
    with docker_registry(tmp_path / "registry") as registry:
        without_tls = ("--plain-http", registry.host)
        target = f"{registry.host}/team/app:slim"
        call = ("repack", str(FAT), "--push", target, "--compression", "gzip:1", *without_tls)
        assert command(*call) == 0
        assert command("verify", str(FAT), target, *without_tls) == 0
        assert Path("app-slim.json").exists()
        sent = len(requests(registry, "PATCH"))
        assert sent >= 8
        assert command(*call, "-o", "oci-dir:again") == 0
        assert len(requests(registry, "PATCH")) == sent
        # Another repository of the registry has the blobs: they are mounted from there.
        other = f"{registry.host}/team/other:1"
        assert command("repack", target, "--push", other, *without_tls) == 0
        assert len(requests(registry, "PATCH")) == sent
        assert any("mount=" in request for request in requests(registry, "POST"))
        assert command("verify", target, other, *without_tls) == 0
        run("skopeo", "copy", "--src-tls-verify=false", f"docker://{other}", "oci:copy:1")


@pytest.mark.parametrize("how", ["password", "token"])
def test_who_may_not_write_is_told_so(tmp_path: Path, how: str) -> None:
    need("docker-registry")
    save(image(layer("a=1"), compression="gzip"), tmp_path / "app.tar")
    with docker_registry(tmp_path / "registry", **{how: True}) as registry:
        target = f"{registry.host}/team/app:1"
        arguments = (str(tmp_path / "app.tar"), target, "app.tar")
        push_result(*arguments, registry.access(), DEFAULT_LIMITS)
        report = slim.analyze(target, registry=registry.access())
        assert report.totals.files == 1
        with pytest.raises(NetworkError):
            push_result(*arguments, registry.access(logins={}), DEFAULT_LIMITS)


def test_all_platforms_are_pushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need("docker-registry")
    monkeypatch.chdir(tmp_path)
    fixture = FAT.parent / "platforms.tar"
    with docker_registry(tmp_path / "registry") as registry:
        without_tls = ("--plain-http", registry.host)
        target = f"{registry.host}/platforms:1"
        assert command("repack", str(fixture), "--push", target, *without_tls) == 0
        assert command("verify", str(fixture), target, *without_tls) == 0
