"""Markdown: the page of ux.md, and that no text of an image is ever more than text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import slim
from slim.errors import UsageError
from slim.formats import gfm
from slim.formats.flavors import FLAVORS
from slim.formats.plan import REBUILD
from tests.conftest import LONG
from tests.support.pages import PARSER, check_inert, leaves, rendered
from tests.support.pages import markdown_texts as texts
from tests.support.reports import HOSTILE, clean, finding, hostile, report, wasteful
from tests.support.shared import FAT, TABLES


def test_the_page_begins_with_marker_and_sentence() -> None:
    lines = rendered(wasteful(), key="api", head="8b8bf6d", run="4127").splitlines()
    assert lines[0] == '<!-- slim:report v=1 key="api" head=8b8bf6d run=4127 -->'
    assert lines[1] == (
        "### `api` image: 343\u00a0MB on disk, 41.9\u00a0MB (12%) of it reclaimable"
    )
    assert lines[5:7] == ["| saves | do this | where |", "|--:|:--|:--|"]
    assert lines[3].startswith("**Two lines of your Dockerfile can save 41.9\u00a0MB: ")
    assert lines[7] == (
        "| **36.9\u00a0MB** | Build in an earlier stage, `COPY --from=build` only the result"
        " (TCH001: gcc, make)"
        " | `Dockerfile:14` `RUN apt-get install -y build-essential` |"
    )


@pytest.mark.parametrize("flavor", FLAVORS)
def test_hostile_texts_are_inert(flavor: str) -> None:
    page = rendered(hostile(), flavor=flavor)
    spans = check_inert(page)
    assert any("onerror" in span for span in spans)
    style = FLAVORS[flavor]
    assert page.count("<!-- slim:report") == (style.html and style.marked)
    if not FLAVORS[flavor].html:
        assert not [t for t in leaves(PARSER.parse(page)) if t.type.startswith("html")]


@given(st.lists(texts, min_size=1, max_size=6))
@settings(max_examples=60)
@LONG
def test_any_texts_are_inert(names: list[str]) -> None:
    check_inert(rendered(hostile(names)))


@given(texts)
def test_a_code_span_is_one_span_and_shows_the_text(text: str) -> None:
    (span,) = check_inert(f"x {gfm.code('|' + text, 500)} y")
    assert span.startswith("|")
    if text.isascii() and text.isprintable() and "<!--" not in text and "##" not in text:
        assert span == "|" + text


@given(texts)
def test_a_code_span_stays_in_its_cell(text: str) -> None:
    page = gfm.table(("a", "b"), "lr", [(gfm.code(text, in_table=True), "end")])
    cells = [token.content for token in PARSER.parse(page) if token.type == "inline"]
    assert len(cells) == 4
    assert cells[3] == "end"


def test_sentences_keep_plain_words_and_hide_the_rest() -> None:
    text = "Ask @octo about #12: delete `a|b` and (.dockerignore), not www.x.example or CVE-2024-1."
    assert gfm.prose(text) == (
        "Ask `@octo` about `#12`: delete `a|b` and (`.dockerignore`), not `www.x.example` or"
        " `CVE-2024-1`."
    )


def test_a_marker_cannot_be_ended_or_extended_by_a_key() -> None:
    text = gfm.marker('a-->" run=9 b--', "h", "")
    assert text == 'slim:report v=1 key="a%2D-%3E%22%20run%3D9%20b%2D%2D" head=h'


def test_links_are_what_the_user_gave() -> None:
    page = rendered(clean(), report_url="https://ci.example/r)](x", run_url="https://ci.example/1")
    assert (
        "[HTML report](https://ci.example/r%29%5D%28x) · [run](https://ci.example/1)</sub>" in page
    )


def test_a_page_that_is_too_long_loses_whole_folds_in_order() -> None:
    big = wasteful()
    whole = rendered(big)
    folds = ["<b>Files", "<b>Dead weight", "<b>Findings", "<b>Layers"]
    assert all(fold in whole for fold in folds)
    limit = len(whole.encode())
    while folds:
        limit -= 1
        page = rendered(big, max_bytes=limit)
        assert [fold for fold in folds if fold in page] in (folds, folds[1:])
        folds = [fold for fold in folds if fold in page]
        limit = len(page.encode()) if folds else limit
        check_inert(page)
    assert "see the full report: Files, Dead weight, Findings, Layers._" in page
    assert "| **36.9\u00a0MB** |" in page
    assert page.endswith("</sub>\n")


@LONG
def test_a_page_of_the_largest_report_is_within_the_limit() -> None:
    bombs = "\U0001f4a3" * 300
    names = [f"{text}{bombs}{number}" for number in range(200) for text in HOSTILE]
    for flavor, style in FLAVORS.items():
        assert len(rendered(hostile(names), flavor=flavor).encode()) <= style.max_bytes


def test_long_lists_say_how_much_is_left_out() -> None:
    many = report([], findings=[finding(number, "DEB001", 5) for number in range(12)])
    assert "_2 more._" in rendered(many)


def test_an_unknown_flavor_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="unknown flavor 'html'"):
        rendered(clean(), flavor="html")


@LONG
def test_what_belongs_in_a_build_stage_is_called_as_the_rules_call_it() -> None:
    """Titles may begin with a name: Go, Python, .NET."""
    fat = slim.analyze(FAT, cache=TABLES)
    (row,) = (line for line in slim.render(fat, "markdown").splitlines() if REBUILD in line)
    *named, rest = row.partition(f"{REBUILD}: ")[2].partition(" | ")[0].split("; ")
    titles = tuple(each.title for each in fat.findings)
    assert len(named) > 2
    assert all(text.startswith(titles) for text in named)
    assert rest.startswith("and ")
