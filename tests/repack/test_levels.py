"""What each level takes: what its findings claim, no more; and the sizes that the report predicts for it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import slim
from slim import pipeline
from slim.advice.suppression import parse_suppression
from slim.advice.vocabulary import VOCABULARY
from slim.errors import UsageError
from slim.image.ref import ImageRef
from slim.repack.certificate import Certificate
from slim.repack.compressors import Compression
from slim.repack.model import LAYER_MODES, LayerMode, Selection
from slim.rules.builtin import builtin_rules
from tests.conftest import LONG
from tests.support.building import image, layer, save
from tests.support.repacking import dead_bytes, removed_names, repack, seen, stored_layers
from tests.support.shared import FAT

LISTS = "var/lib/apt/lists/deb.example.org_dists_stable_main_binary-amd64_Packages"
LOG = "var/cache/apt/archives/x_1_all.deb"
STATUS = b"Package: base-files\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n"
DEBIAN: dict[str, bytes | str | None] = {
    "etc/": None,
    "etc/os-release": b"ID=debian\n",
    "var/lib/dpkg/status": STATUS,
    "var/lib/apt/lists/lock": b"",
}


def advice(*ignored: str) -> pipeline.AdviceOptions:
    return pipeline.AdviceOptions(
        builtin_rules(VOCABULARY, None),
        date(2026, 1, 1),
        suppressions=tuple(parse_suppression(text, "--ignore") for text in ignored),
    )


def careless(folder: Path) -> Path:
    return save(
        image(
            layer(DEBIAN, compression="gzip"),
            layer({LISTS: b"Package: x\n" * 300_000, "srv/app": b"app"}, compression="gzip"),
            layer({LOG: b"\0" * 2_000_000, "srv/app": b"newer"}, compression="gzip"),
        ),
        folder / "source.tar",
    )


def paths(certificate: Certificate) -> set[str]:
    return {path.decode() for path in removed_names(certificate)}


def test_each_level(tmp_path: Path) -> None:
    source, target = careless(tmp_path), tmp_path / "result.tar"
    assert paths(repack(source, target)) == set()
    result = repack(source, target, level="safe", advice=advice())
    assert paths(result) == {LISTS, LOG}
    assert not {LISTS.encode(), LOG.encode()} & seen(stored_layers(target)).keys()
    assert b"srv/app" in seen(stored_layers(target))
    assert {path.rule for path in result.images[0].removed} == {"DEB001", "DEB002", "rewritten"}
    some = repack(source, target, selection=Selection("chosen", ("DEB002",)), advice=advice())
    assert paths(some) == {LOG}
    slug = repack(
        source, target, selection=Selection("chosen", ("deb/apt-lists",)), advice=advice()
    )
    assert paths(slug) == {LISTS}


def test_what_claims_nothing_cannot_be_applied(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="GOL001"):
        repack(
            careless(tmp_path),
            tmp_path / "result.tar",
            selection=Selection("chosen", ("GOL001",)),
            advice=advice(),
        )
    assert not (tmp_path / "result.tar").exists()


def test_suppressed_findings_are_not_carried_out(tmp_path: Path) -> None:
    result = repack(
        careless(tmp_path), tmp_path / "result.tar", level="all", advice=advice("DEB001")
    )
    assert LISTS not in paths(result)


def test_what_a_run_has_used_stays(tmp_path: Path) -> None:
    result = repack(
        careless(tmp_path),
        tmp_path / "result.tar",
        selection=Selection("safe", kept=(b"/" + LOG.encode(),)),
        advice=advice(),
    )
    assert paths(result) == {LISTS}
    assert result.images[0].observed == (LOG,)


def test_a_file_of_the_base_does_not_come_back(tmp_path: Path) -> None:
    """The application has replaced a file that a finding claims: none of both is shown then."""
    old = layer({**DEBIAN, LOG: b"old"}, compression="gzip")
    source = save(
        image(old, layer({LOG: b"\0" * 2_000_000}, compression="gzip")), tmp_path / "source.tar"
    )
    base = save(image(old), tmp_path / "base.tar")
    modes: tuple[LayerMode, ...] = ("keep", "squash")
    for mode in modes:
        result = repack(
            source,
            tmp_path / "result.tar",
            level="safe",
            mode=mode,
            advice=advice(),
            base=ImageRef(str(base)),
        )
        assert paths(result) == {LOG}
        assert LOG.encode() not in seen(stored_layers(tmp_path / "result.tar"))


@pytest.mark.parametrize("mode", LAYER_MODES)
@pytest.mark.parametrize("level", ["safe", "all"])
@LONG
def test_predicted_sizes_of_the_demo(tmp_path: Path, level: str, mode: LayerMode) -> None:
    """To the byte on disk; how large the pull is depends on the compressor."""
    report = slim.analyze(FAT, verify=False)
    result = repack(
        FAT,
        tmp_path / "result.tar",
        level=level,
        mode=mode,
        advice=advice(),
        compression=Compression("gzip", 6),
    )
    certificate = result.images[0]
    predicted = getattr(report.predicted, level)
    assert certificate.predicted is not None
    assert (certificate.predicted.disk_bytes, certificate.predicted.pull_bytes) == (
        predicted.disk_bytes,
        predicted.pull_bytes,
    )
    left = sum(each.disk_bytes for each in certificate.unapplied)
    base = certificate.source.amount.dead_bytes - certificate.predicted.unreported_disk_bytes
    assert base >= 0
    if mode != "flat":
        met = (
            certificate.result.amount.disk_bytes
            + certificate.predicted.unreported_disk_bytes
            - left
        )
        assert met == predicted.disk_bytes
        assert dead_bytes(result) == dead_in_base(report)
    else:
        assert dead_bytes(result) == 0


@LONG
def test_predicted_pull_of_the_demo(tmp_path: Path) -> None:
    """Within 1 %, where the same compressor has written the source."""
    source, compression = tmp_path / "source.tar", Compression("gzip", 6)
    repack(FAT, source, compression=compression)
    result = repack(
        source, tmp_path / "result.tar", level="safe", advice=advice(), compression=compression
    ).images[0]
    assert result.predicted is not None
    pull = result.result.amount.pull_bytes
    assert pull == pytest.approx(result.predicted.pull_bytes, rel=0.01)
    assert pull < result.source.amount.pull_bytes * 0.98


def dead_in_base(report: slim.Report) -> int:
    return sum(layer.dead_bytes for layer in report.layers if layer.from_base)
