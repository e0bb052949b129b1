"""The size of a multi-stage rebuild, against images that were built so, and what is never predicted."""

from __future__ import annotations

from pathlib import Path

import pytest

import slim
from fixtures.build import FOLDER
from slim.image.base import find_base
from slim.image.ref import ImageRef
from slim.image.source import open_image
from slim.report.model import Rebuild
from slim.report.untrusted import bare
from tests.conftest import LONG
from tests.support.building import image, layer, save
from tests.support.checked import checked_analyze
from tests.support.debian import MEGA, Debian, analyzed, base, compilers, program
from tests.support.shared import FAT, TABLES


def rebuilt(report: slim.Report) -> Rebuild:
    assert report.predicted.rebuild is not None
    return report.predicted.rebuild


@LONG
def test_the_phoenix_shop_becomes_as_small_as_its_careful_twin() -> None:
    rebuild = rebuilt(checked_analyze(FAT, cache=TABLES))
    twin = slim.analyze(FOLDER / "phoenix-slim.tar")
    assert rebuild.stack == "elixir"
    assert rebuild.origin == "layers"
    assert rebuild.disk_bytes == pytest.approx(twin.totals.disk_bytes, rel=0.05)
    assert rebuild.pull_bytes == pytest.approx(twin.totals.pull_bytes, rel=0.10)
    assert twin.predicted.rebuild is None, "there is nothing to gain"


@LONG
def test_the_keep_set_is_in_the_report_for_people() -> None:
    report = slim.analyze(FAT, cache=TABLES)
    rebuild = rebuilt(report)
    text = slim.render(report, "text")
    assert "A multi-stage build would be 54.0 MB on disk, 88% less" in text
    markdown = slim.render(report, "markdown")
    for part in rebuild.keep:
        assert part.what in text
        assert part.what in markdown
    assert "```dockerfile\n# syntax=docker/dockerfile:1" in markdown


def test_the_dockerfile_is_filled_in() -> None:
    lines = bare(rebuilt(slim.analyze(FAT, cache=TABLES)).dockerfile).splitlines()
    for line in (
        "FROM alpine:3.11.6 AS build",
        "RUN apk add elixir erlang nodejs npm",
        "COPY mix.exs mix.lock ./",
        "RUN npm run deploy --prefix assets   && mix phx.digest   && mix release",
        "RUN mix release --path /out",
        "COPY --from=build --chown=1000:1000 /out ./",
        "USER app",
        "RUN addgroup -g 1000 app && adduser -D -u 1000 -G app -h /home/app -s /bin/ash app",
        "EXPOSE 4000/tcp",
        'CMD ["bin/shop", "start"]',
    ):
        assert line in lines


def test_no_advice_no_rebuild() -> None:
    report = slim.analyze(FAT, cache=TABLES, advice=False)
    assert report.predicted.rebuild is None
    other = slim.analyze(FAT, cache=TABLES, role="builder")
    assert other.predicted.rebuild is None, "an image that builds is what it should be"


def test_an_image_with_nothing_to_leave_out_needs_no_rebuild() -> None:
    assert slim.analyze(FOLDER / "debian-zstd.tar").predicted.rebuild is None


@pytest.mark.parametrize("built_here", [False, True])
@LONG
def test_nobody_needs_a_stage_to_delete_lists(built_here: bool, tmp_path: Path) -> None:
    debian = Debian()
    root = base(debian)
    debian.add("nodejs", {"usr/bin/node": program(b"libc.so.6", size=MEGA)})
    if built_here:
        compilers(debian)
    lists = {"var/lib/apt/lists/a_Packages": b"x" * 9 * MEGA}
    app = {"app/server.js": b"1", "app/package.json": b"{}"}
    report = analyzed(tmp_path, root, {**debian.layer(), **lists}, app, Cmd=["node", "server.js"])
    assert (report.predicted.rebuild is not None) is built_here


def test_what_is_in_the_base_image_needs_another_base(tmp_path: Path) -> None:
    cache = {f"root/.npm/_cacache/content-v2/{letter}": b"n" * 2_000_000 for letter in "ab"}
    below = layer({"etc/os-release": b"ID=debian\n", **cache}, created_by="ADD rootfs.tar /")
    own = {"app/server.js": b"1", "app/package.json": b"{}", "usr/bin/node": b"n"}
    config = {"Cmd": ["node", "/app/server.js"], "ExposedPorts": {"80/tcp": {}}}
    save(image(below), tmp_path / "base.tar", "docker")
    whole = image(below, layer(own, created_by="COPY . /app"), config=config)
    save(whole, tmp_path / "image.tar", "docker")
    report = checked_analyze(tmp_path / "image.tar", base=tmp_path / "base.tar")
    assert report.predicted.other_base_bytes == 4_000_000
    assert report.totals.reclaimable_bytes == 0
    assert not any(finding.claimed_bytes for finding in report.findings)
    for form in ("text", "markdown"):
        output = " ".join(slim.render(report, form).split())
        assert "only a different base would remove it" in output
        assert "NOD001" in output
    assert checked_analyze(tmp_path / "image.tar").predicted.other_base_bytes == 0


@pytest.mark.parametrize(("form", "named"), [("docker", "shop/base:1"), ("oci-archive", "")])
def test_a_dockerfile_begins_with_a_full_name(form: str, named: str, tmp_path: Path) -> None:
    """An OCI layout has a bare tag, which `FROM` would take for another image."""
    below = layer({"etc/os-release": b"ID=debian\n"})
    save(image(below, tags=["shop/base:1"]), tmp_path / "base.tar", form)
    save(image(below, layer({"app": b"1"})), tmp_path / "image.tar", form)
    with (
        open_image(ImageRef(str(tmp_path / "base.tar"))) as base,
        open_image(ImageRef(str(tmp_path / "image.tar"))) as whole,
    ):
        found = find_base(whole, base)
    assert (found.layers, found.reference) == (1, named)
    assert found.name
