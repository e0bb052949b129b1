"""Comparisons read back: the same again, or refused when a type or a sum is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import slim
from slim.formats.formats import format_names
from slim.report.load import parse_document
from slim.report.sums import fault
from tests.support.comparisons import PAGES
from tests.support.filled import changed, paths
from tests.support.reports import clean

MADE = PAGES["contents"]()
GOOD = slim.render(MADE, "json")


@pytest.mark.parametrize("kind", PAGES)
def test_a_comparison_is_the_same_again(kind: str, tmp_path: Path) -> None:
    sample = PAGES[kind]()
    path = tmp_path / "made.json"
    path.write_text(slim.render(sample, "json"))
    assert slim.load_comparison(path) == sample
    with pytest.raises(slim.SlimError) as caught:
        slim.load_report(path)
    assert caught.value.slug == "bad-report"


def test_a_report_is_no_comparison(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(slim.render(clean(), "json"))
    with pytest.raises(slim.SlimError) as caught:
        slim.load_comparison(path)
    assert "is of kind 'analysis', not 'comparison'" in caught.value.message


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("growth.disk_bytes", 1, "the growth's bytes"),
        ("growth.pull_bytes", 1, "the growth's pull bytes"),
        ("growth.live.disk_bytes", 1, "the parts of the growth"),
        ("growth.overhead_pull_bytes", 1, "the parts of the growth in the pull"),
        ("growth.own.disk_bytes", 1, "the base image's and own changes"),
        ("growth.base_image.pull_bytes", 1, "own changes in the pull"),
        ("layers.0.disk_bytes", 1, "the layers' changes"),
        ("layers.1.base_pull_bytes", 1, "the layers' changes in the pull"),
        ("packages.0.disk_bytes", 1, "the packages' changes"),
        ("packages_rest.change.disk_bytes", 1, "the packages' changes"),
        ("files.0.base_disk_bytes", 1, "the files' changes"),
        ("files_rest.change.disk_bytes", -1, "the files' changes"),
        ("files.0.base_disk_bytes", -1, "files[0].base_disk_bytes"),
        ("files.0.status", "stolen", "files[0].status"),
        ("growth.disk_bytes", 2**63, "63 bits"),
        ("partial", True, "$.partial"),
    ],
)
def test_what_does_not_add_up_is_refused(path: str, value: Any, says: str) -> None:
    with pytest.raises(slim.SlimError) as caught:
        parse_document(changed(GOOD, path, value), "made.json")
    assert (caught.value.slug, caught.value.exit_code) == ("bad-report", 3)
    assert says in caught.value.message


@given(
    st.sampled_from(list(paths(json.loads(GOOD)))),
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.just([]), st.just({})
    ),
)
@settings(max_examples=100)
def test_any_change_is_refused_or_rendered(path: str, value: Any) -> None:
    try:
        comparison = parse_document(changed(GOOD, path, value), "made.json")
    except slim.SlimError as error:
        assert error.exit_code in (3, 5)  # noqa: PT017
        return
    assert fault(comparison) == ""
    for name in format_names(compared=True):
        slim.render(comparison, name)
