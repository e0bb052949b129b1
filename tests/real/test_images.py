"""Images that buildah and umoci built: slim shows what umoci unpacks, in whatever form it is saved."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from slim import analyze
from slim.errors import IntegrityError
from tests.bench.dive_table import dive, dive_program
from tests.conftest import skip_or_fail
from tests.real.conftest import Built
from tests.real.recipes import sparse
from tests.real.tools import CHUNKED, Store, need, save_as
from tests.support.checked import checked_analyze
from tests.support.pipes import alike, of_pipe

pytestmark = pytest.mark.real

OF_THE_FORM = {
    r"source\..*": "where the image was read from, and how it is packed",
    r"image\.(name|tags).*": "an OCI layout keeps a tag, a docker-archive a repository name",
    r"image\.digest": "of a manifest, which names compressed blobs",
    r"image\.base\..*": "an annotation of the OCI manifest, which a docker-archive has not",
    r"layers\[\d+\]\.(digest|media_type|compression)": "the compression",
    r".*(pull|blob)_bytes": "sizes after compression",
    r".*\.(estimated|pull_error_bytes)": "the same, where they are stored uncompressed",
}
"""Fields of the report that must differ from form to form, and why. Nothing else may."""


def facts(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf of the report with its path, without what belongs to the form."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from facts(below, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for number, below in enumerate(value):
            yield from facts(below, f"{path}[{number}]")
    elif not any(re.fullmatch(pattern, path) for pattern in OF_THE_FORM):
        yield path, value


def test_live_files_and_bytes_are_those_that_umoci_unpacks(built: Built) -> None:
    shown = {form: checked_analyze(path).totals for form, path in built.forms.items()}
    assert {form: (totals.live_bytes, totals.live_files) for form, totals in shown.items()} == (
        dict.fromkeys(built.forms, (built.live_bytes, built.live_files))
    )


def test_all_forms_give_the_same_report(built: Built) -> None:
    reports = {
        form: dict(facts(msgspec.to_builtins(analyze(path)))) for form, path in built.forms.items()
    }
    expected = reports.pop("docker-archive")
    for form, report in reports.items():
        differences = {
            path: (expected.get(path), report.get(path))
            for path in sorted(expected.keys() | report.keys())
            if expected.get(path) != report.get(path)
        }
        assert differences == {}, f"docker-archive, {form}"


def test_a_pipe_gives_the_report_of_the_file(built: Built) -> None:
    for path in built.forms.values():
        if path.is_file():
            alike(analyze(path), of_pipe(path.read_bytes()))


def test_dives_score_is_the_one_that_dive_gives(built: Built, tmp_path: Path) -> None:
    """So that a gate on dive's numbers can be moved as it stands."""
    if dive_program() is None:
        skip_or_fail("dive is not installed")
    archive = built.forms["docker-archive"]
    score = analyze(archive).dive
    wasted, efficiency = dive(archive, tmp_path / "dive.json")
    if built.name == "order":  # dive drops a layer in which a whiteout hides nothing
        assert (wasted, score.wasted_bytes) == (0, 343)
    else:
        assert score.wasted_bytes == wasted
        assert score.efficiency == pytest.approx(efficiency)


def test_a_layer_that_skopeo_wrote_anew_is_refused(workshop: Path) -> None:
    """Its zstd:chunked form of a sparse entry has another tar than the image's diff id says."""
    need("buildah", "skopeo", "umoci", "tar")
    folder = workshop / "rewritten"
    folder.mkdir()
    layout = sparse(Store(folder / "store"), folder, folder / "layout")
    with pytest.raises(IntegrityError, match="diff id"):
        analyze(save_as(CHUNKED, layout, folder / "chunked"))
    assert analyze(layout).totals.live_files == 4
