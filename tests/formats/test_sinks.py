"""No text of an image or of a forged report leaves its place in any output.

Reports and comparisons are made from their types, with a hostile text in every field, so that a new field
is attacked as soon as it is there; a new format has to have its check here.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import cmarkgfm  # type: ignore[import-untyped]
import pytest
from cmarkgfm.cmark import Options  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

import slim
from slim.formats.flavors import FLAVORS
from slim.formats.formats import format_names
from slim.formats.model import RenderOptions
from slim.repack.plan import read_plan
from slim.report.comparison import Comparison
from slim.report.model import Report
from tests.conftest import LONG, THOROUGH
from tests.support.filled import filled
from tests.support.pages import is_visible, parse_metrics
from tests.support.reports import HOSTILE as NAMES
from tests.support.sarif_schema import SARIF
from tests.support.terminal import HOSTILE as SEQUENCES
from tests.support.terminal import assert_tame

MORE = (
    "<script>alert(1)</script>",
    "</script><svg onload=alert(1)>",
    '" onmouseover="alert(1)',
    "' autofocus onfocus='alert(1)",
    "javascript:alert(1)",
    "//evil.example/x",
    "&lt;img src=x&gt;",
    "~~~\n<img src=x>\n~~~",
    "```\n<img src=x>\n```",
    "    <img src=x>",
    "- [ ] task\n# heading\n> quote",
    "| a |\n|--|\n| <b> |",
    "[^1]: note",
    "www.evil.example a@evil.example ftp://evil.example",
    "$(id) `id` ${IFS} %0a",
    "]]>",
    "\ufffe\uffff",
    "..\\..\\windows",
    "-1+1|cmd",
)
ALL = [
    text.encode("utf-8", "replace").decode()
    for text in dict.fromkeys((*NAMES, *SEQUENCES, *MORE))
    if text
]
EACH = 1 if THOROUGH else 6
"""Of how many texts a sink gets one; where it is not each, sinks begin at different ones."""
TEXTS = st.lists(st.sampled_from(ALL) | st.text(max_size=6), min_size=1, max_size=3).map("".join)
OWN_TAGS = {
    *("p", "h1", "h2", "h3", "h4", "hr", "br", "ul", "ol", "li", "strong", "em", "code", "pre"),
    *("table", "thead", "tbody", "tr", "th", "td", "details", "summary", "b", "sub", "sup"),
}
Document = Report | Comparison


class Tags(HTMLParser):
    """The tags of a page, with the names of their attributes, and what stands in links and outside code."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.shapes: set[tuple[str, tuple[str, ...]]] = set()
        self.values: list[tuple[str, str]] = []
        self.outside = ""
        self._code = 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.shapes.add((tag, tuple(name for name, _ in attrs)))
        self.values += [(name, value or "") for name, value in attrs]
        self._code += tag in ("code", "pre")

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in ("code", "pre")

    def handle_data(self, data: str) -> None:
        if not self._code:
            self.outside += data


@cache
def harmless(kind: type[Any], name: str) -> list[str]:
    """The same document with texts that mean nothing, whatever the words of its enumerations."""
    texts = ("harmless", "a long text " * 30, "sha256:" + "0" * 64)
    return [slim.render(filled(kind, text, turn=turn), name) for text in texts for turn in range(6)]


def assert_quiet(text: str) -> None:
    """No command of a log of Azure's or GitHub's: what goes to stdout goes into one."""
    assert not any(command in text for command in ("##[", "##vso["))
    assert not any(line.lstrip().startswith("::") for line in text.splitlines())


def check_text(text: str, document: Document, hostile: str) -> None:
    assert_tame(text)


def check_json(text: str, document: Document, hostile: str) -> None:
    assert text.isascii()
    assert is_visible(text.replace("\n", ""))
    assert slim.render(document, "json") == text
    assert json.loads(text)["tool"]["version"] == hostile


def check_markdown(text: str, document: Document, hostile: str) -> None:
    """Parsed by the library of GitHub itself, raw HTML left as it is."""
    assert is_visible(text.replace("\n", ""))
    assert not any(line.lstrip().startswith("::") for line in text.splitlines())
    assert "##[" not in text
    assert "##vso[" not in text
    page = Tags(cmarkgfm.github_flavored_markdown_to_html(text, Options.CMARK_OPT_UNSAFE))
    assert {tag for tag, _ in page.shapes} <= OWN_TAGS
    assert {name for name, _ in page.values} <= {"align", "lang", "start", "open"}
    assert not re.search(r"(?i)@\w|(?:^|\s)#\d|\w#\d|GH-\d|://|www\.\w", page.outside)
    assert len(text.encode()) <= 1_000_000


def check_html(text: str, document: Document, hostile: str) -> None:
    """No tag, attribute or address that is not there for a harmless text too."""
    page = Tags(text)
    assert page.shapes <= harmless_shapes(type(document))
    for name, value in page.values:
        assert not name.startswith("on")
        if name in ("href", "src", "action", "formaction", "data", "xlink:href"):
            assert value.startswith("#")
    for island in re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', text, re.S):
        json.loads(island)
    assert {text.count("</script")} == {
        page.count("</script") for page in harmless(type(document), "html")
    }


@cache
def harmless_shapes(kind: type[Report | Comparison]) -> set[Any]:
    return set[Any]().union(*(Tags(page).shapes for page in harmless(kind, "html")))


def check_svg(text: str, document: Document, hostile: str) -> None:
    found = list(_elements(text))
    usual = {tag for page in harmless(type(document), "svg") for tag, _ in _elements(page)}
    assert {tag for tag, _ in found} <= usual
    for _, names in found:
        assert not any(name.startswith("on") or name.endswith("href") for name in names)


def _elements(text: str) -> Iterator[tuple[str, list[str]]]:
    for element in ElementTree.fromstring(text).iter():  # noqa: S314
        yield element.tag, list(element.attrib)


def check_sarif(text: str, document: Document, hostile: str) -> None:
    log = json.loads(text)
    SARIF.validate(log)
    assert text.isascii()
    for uri in re.findall(r'"uri": "([^"]*)"', text):
        assert re.fullmatch(r"[A-Za-z0-9._~/%!$&'()*+,;=@-]*(:[^/]*)?", uri), uri
        assert not uri.startswith(("/", ".."))


def check_gitlab(text: str, document: Document, hostile: str) -> None:
    for entry in json.loads(text):
        assert is_visible(entry["description"] + entry["check_name"])
        assert not entry["location"]["path"].startswith("/")


def check_github(text: str, document: Document, hostile: str) -> None:
    for line in text.splitlines():
        assert re.fullmatch(r"::(error|warning|warning) [^:]*::.*", line), line


def check_junit(text: str, document: Document, hostile: str) -> None:
    usual = {tag for page in harmless(type(document), "junit") for tag in _tags(page)}
    assert set(_tags(text)) <= usual


def _tags(text: str) -> list[str]:
    return [element.tag for element in ElementTree.fromstring(text).iter()]  # noqa: S314


def check_csv(text: str, document: Document, hostile: str) -> None:
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert len({len(row) for row in rows}) == 1
    for cell in (cell for row in rows for cell in row):
        assert is_visible(cell)
        assert not cell.startswith(tuple("=+@\t\r＝＋－＠"))
        assert not cell.startswith("-") or re.fullmatch(r"-\d+(\.\d+)?", cell)


def check_metrics(text: str, document: Document, hostile: str) -> None:
    parse_metrics(text)
    assert text.isascii()


def check_env(text: str, document: Document, hostile: str) -> None:
    for line in text.splitlines():
        assert re.fullmatch(r"[a-z_]+=[A-Za-z0-9:/._%-]*", line), line


def check_plan(text: str, document: Document, hostile: str) -> None:
    assert isinstance(document, Report)
    titles = {finding.title for finding in document.findings}
    plan = read_plan(text.encode(), "plan.json")
    assert {finding.title for finding in plan.findings} <= titles
    assert plan.config_digest == document.image.config_digest


def check_ncdu(text: str, document: Document, hostile: str) -> None:
    assert text.isascii()
    waiting = [json.loads(text)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict) and "name" in node and node["name"] != "":
            assert is_visible(node["name"])


Check = Callable[[str, Document, str], None]
CHECKS: dict[str, Check] = {
    name: globals()[f"check_{name}"]
    for name in ("text", "json", "markdown", "html", "svg", "sarif", "gitlab", "github", "junit")
} | {
    "csv": check_csv,
    "metrics": check_metrics,
    "summary": check_markdown,
    "env": check_env,
    "ncdu": check_ncdu,
    "plan": check_plan,
}
SINKS: list[tuple[type[Any], str]] = [
    *((Report, name) for name in format_names()),
    *((Comparison, name) for name in format_names(compared=True)),
]


def options(hostile: str, flavor: str = "github") -> RenderOptions:
    """Names of branches and images come from whoever opens a pull request; addresses do not."""
    return RenderOptions(key=hostile, head=hostile, run=hostile, flavor=flavor)


def test_every_format_has_a_check() -> None:
    assert set(CHECKS) == {name for _, name in SINKS}


@pytest.mark.parametrize(
    ("kind", "name"), SINKS, ids=lambda value: getattr(value, "__name__", value)
)
@LONG
def test_each_hostile_text_stays_in_its_place(kind: type[Any], name: str) -> None:
    for turn in range(SINKS.index((kind, name)) % EACH, len(ALL), EACH):
        hostile = ALL[turn]
        document = filled(kind, hostile, turn=turn)
        text = slim.render(document, name, options(hostile))
        CHECKS[name](text, document, hostile)
        if name not in ("html", "svg", "github"):  # pages for files; and commands of ours
            assert_quiet(text)


@pytest.mark.parametrize(
    ("kind", "name"), SINKS, ids=lambda value: getattr(value, "__name__", value)
)
@given(TEXTS, st.integers(0, 5))
@settings(max_examples=15)
@LONG
def test_any_text_stays_in_its_place(kind: type[Any], name: str, text: str, turn: int) -> None:
    hostile = text.encode("utf-8", "replace").decode()
    document = filled(kind, hostile, turn=turn)
    CHECKS[name](slim.render(document, name, options(hostile)), document, hostile)


@pytest.mark.parametrize("flavor", FLAVORS)
@pytest.mark.parametrize("kind", [Report, Comparison])
@LONG
def test_every_flavor_of_markdown(kind: type[Any], flavor: str) -> None:
    for turn in range(list(FLAVORS).index(flavor) % EACH, len(ALL), EACH):
        hostile = ALL[turn]
        document = filled(kind, hostile, turn=turn)
        text = slim.render(document, "markdown", options(hostile, flavor))
        check_markdown(text, document, hostile)
