"""The HTML page and the drawing: what is in them, that text stays text, how large they get, their colours.

What a browser does with the page is tested in tests/real/test_chromium.py.
"""

from __future__ import annotations

import base64
import hashlib
import re
import tarfile
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import slim
from slim.formats.html import change_map, maps
from slim.formats.html.report import legend
from slim.formats.html.tones import FILLS, STRIPES, TEXT, tones
from slim.report import model
from slim.report.comparison import Comparison
from slim.report.model import Report, TreeNode
from slim.report.untrusted import untrusted
from slim.units import SI
from tests.conftest import LONG
from tests.support.building import END, image, layer, padded, raw_layer, save
from tests.support.comparisons import PAGES as COMPARISONS
from tests.support.comparisons import after_contents, before_contents, contents
from tests.support.pages import names, rendered
from tests.support.reports import MB, REPORTS, clean, finding, hostile, report, wasteful
from tests.support.reports import layer as layer_info
from tests.support.shared import FAT, TABLES

PAGES: dict[str, Callable[[], Report | Comparison]] = {
    **REPORTS,
    "comparison": lambda: slim.compare(REPORTS["clean"](), wasteful()),
    "hostile-comparison": lambda: slim.compare(wasteful(), hostile(["<b>", "</script>"])),
}
VOID = {"meta", "input", "br"}


class Document(HTMLParser):
    """Elements, attributes and text; fails where tags do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: set[tuple[str, str]] = set()
        self.ids: Counter[str] = Counter()
        self.links: list[str] = []
        self.words: list[str] = []
        self.text: dict[str, str] = {}
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        for name, value in attrs:
            self.attributes.add((tag, name))
            if name == "id":
                self.ids[value or ""] += 1
            if name == "href":
                self.links.append(value or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self.open:
            self.text[self.open[-1]] = self.text.get(self.open[-1], "") + data


@pytest.mark.parametrize("kind", PAGES)
def test_pages_are_well_formed_and_point_only_to_themselves(kind: str) -> None:
    text = rendered(PAGES[kind](), "html")
    page = Document(text)
    assert text == rendered(PAGES[kind](), "html"), "the same report gives the same page"
    assert page.tags["main"] == page.tags["h1"] == page.tags["script"] == page.tags["style"] == 1
    assert all(count == 1 for count in page.ids.values())
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    assert not any(name.startswith("on") or name in ("style", "src") for _, name in page.attributes)
    assert page.tags.keys() <= {
        *("html", "head", "meta", "title", "style", "script", "body", "header", "nav", "main"),
        *("footer", "section", "div", "span", "p", "h1", "h2", "h3", "a", "b", "i", "br", "code"),
        *("pre", "small", "ol", "ul", "li", "dl", "dt", "dd", "details", "summary", "figure"),
        *("figcaption", "table", "caption", "thead", "tbody", "tr", "th", "td", "fieldset"),
        *("legend", "label", "input", "output", "svg", "g", "rect", "text", "tspan", "path"),
        *("defs", "pattern"),
    }


@pytest.mark.parametrize("kind", PAGES)
def test_the_policy_allows_what_is_in_the_page_and_nothing_else(kind: str) -> None:
    text = rendered(PAGES[kind](), "html")
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert text.index(policy) < text.index("<style>")
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules.keys() == {"default-src", "style-src", "script-src", "base-uri", "form-action"}
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    page = Document(text)
    for rule, tag in (("style-src", "style"), ("script-src", "script")):
        digest = base64.b64encode(hashlib.sha256(page.text[tag].encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"


@given(names)
@settings(max_examples=40)
@LONG
def test_names_are_text_whatever_they_are(document: list[str]) -> None:
    sample = hostile(document)
    tree = [
        TreeNode(disk_bytes=len(document) * MB, files=len(document)),
        *(
            TreeNode(parent=0, kind="file", name=untrusted(name), disk_bytes=MB, files=1)
            for name in document
        ),
    ]
    sample = replace(sample, tree=tree, packages=[package(name) for name in document])
    for text in (rendered(sample, "html"), rendered(slim.compare(wasteful(), sample), "html")):
        page = Document(text)
        assert page.tags["script"] == page.tags["style"] == 1
        assert not any(name.startswith("on") for _, name in page.attributes)
        assert all(link.startswith("#") for link in page.links)
    drawing = ElementTree.fromstring(rendered(sample, "svg"))  # noqa: S314
    assert {each.tag.rpartition("}")[2] for each in drawing.iter()} <= {
        *("svg", "g", "rect", "text", "tspan", "title", "defs", "pattern")
    }


def package(name: str) -> model.PackageInfo:
    return model.PackageInfo(
        manager="dpkg",
        name=untrusted(name),
        version=untrusted(name),
        disk_bytes=MB,
        pull_bytes=1,
        files=1,
        layer=0,
        why=name,
    )


@pytest.mark.parametrize("kind", REPORTS)
def test_verdict_and_plan_come_before_everything_else(kind: str) -> None:
    sample = REPORTS[kind]()
    words = " ".join(" ".join(Document(rendered(sample, "html")).words).split())
    assert ("Over budget" in words) == (kind in ("over", "hostile"))
    if sample.tool.rules:
        order = re.findall(r'<section id="([a-z]+)"', rendered(sample, "html"))
        assert order[0] == "plan"
    if kind == "over":
        for expected in ("over the limit of 340 MB", "fails the gate", "Dockerfile:14"):
            assert expected in words
    if kind == "wasteful":
        assert words.index("build tools in the final image") < words.index("apt lists kept")


def test_the_page_of_an_image_names_its_files(tmp_path: Path) -> None:
    files = {"usr/lib/libbig.so": bytes(9_000_000), "app/api": bytes(4_000_000), "etc/x": b"1"}
    sample = slim.analyze(save(image(layer(files)), tmp_path / "a.tar"))
    page = Document(rendered(sample, "html"))
    words = " ".join(page.words)
    for name in ("libbig.so", "usr/lib", "/usr/lib/libbig.so · 9.00 MB on disk"):
        assert name in words
    drawn = [link for link in page.links if re.fullmatch(r"#n\d+", link)]
    assert len(set(drawn)) >= 2
    assert all(link[1:] in page.ids for link in page.links)


def test_boxes_lead_only_to_what_is_listed() -> None:
    tree = [TreeNode(disk_bytes=2_000, pull_bytes=2_000)]
    tree += [
        TreeNode(parent=0, kind="file", name=untrusted(f"f{at}"), disk_bytes=at)
        for at in range(1_000)
    ]
    tree += [
        TreeNode(parent=0, kind="file", name=untrusted(f"p{at}"), pull_bytes=9) for at in range(999)
    ]
    page = Document(
        rendered(
            replace(wasteful(), tree=tree, packages=[package(str(at)) for at in range(999)]), "html"
        )
    )
    assert all(link[1:] in page.ids for link in page.links)
    assert page.tags["li"] > 900


@LONG
def test_maps_are_the_whole_image(tmp_path: Path) -> None:
    sample = slim.analyze(FAT, cache=TABLES)
    colours, tree = tones(sample.layers), maps.tree_of(sample)
    totals = sample.totals
    for items in (
        maps.by_directory(sample, tree, colours, "disk", SI),
        maps.by_package(sample, colours, "disk", SI),
    ):
        assert sum(item.value for item in items) == totals.disk_bytes
    for items in (
        maps.by_directory(sample, tree, colours, "pull", SI),
        maps.by_package(sample, colours, "pull", SI),
    ):
        assert sum(item.value for item in items) == totals.pull_bytes
    used = {item.tone for item in maps.by_directory(sample, tree, colours, "disk", SI)}
    assert used <= {tone for tone, _ in legend(sample, colours)}


def test_colours_can_be_read_and_told_apart() -> None:
    for tone, fills in FILLS.items():
        for mode, fill in enumerate((*fills,)):
            if tone in ("grew", "shrank"):
                continue
            shades = [fill, STRIPES[tone][mode]] if tone in STRIPES else [fill]
            assert all(contrast(TEXT[mode], shade) >= 4.5 for shade in shades), (tone, mode)
    style = Path("slim/formats/html/page.css").read_text()
    blocks = re.findall(r":root\{([^}]*)\}", style)
    for block in (blocks[0], blocks[1]):
        colour = dict(re.findall(r"--([a-z-]+):(#[0-9a-f]{3,6})", block))
        for text, ground in (
            ("ink", "bg"),
            ("ink", "card"),
            ("ink", "head"),
            ("ink", "mark"),
            ("ink", "frame"),
            ("soft", "bg"),
            ("soft", "card"),
            ("soft", "head"),
            ("soft", "mark"),
            ("link", "bg"),
            ("link", "card"),
            ("card", "accent"),
            ("bad", "bad-bg"),
            ("bad", "card"),
            ("good", "good-bg"),
            ("good", "card"),
        ):
            assert contrast(colour[text], colour[ground]) >= 4.5, (text, ground)


@pytest.mark.parametrize("kind", COMPARISONS)
def test_the_map_of_a_comparison_is_its_growth(kind: str) -> None:
    """More less what became less; every frame is what is in it."""
    comparison = COMPARISONS[kind]()
    items = change_map.changes(comparison, SI)
    waiting, total = list(items), 0
    while waiting:
        area = waiting.pop()
        waiting += area.children
        if area.children:
            assert area.value == sum(inside.value for inside in area.children)
        else:
            total += -area.value if area.tone == "less" else area.value
    assert total == comparison.growth.disk_bytes
    assert bool(items) == ("Where the bytes changed" in slim.render(comparison, "html"))
    tones_ = {tone for tone, _ in change_map.legend(comparison, SI)}
    assert all(
        f'class="{tone}"' in slim.render(comparison, "svg") for tone in tones_ - set(STRIPES)
    )


def test_a_map_of_changes_names_files_by_their_directories() -> None:
    comparison = COMPARISONS["contents"]()
    (static,) = (
        change for change in change_map.changes(comparison, SI) if change.name == "app/static"
    )
    assert (static.shown, len(static.children)) == ("+20.0 MB", 20)
    assert static.children[0].says.startswith("/app/static/")
    gone = slim.compare(after_contents(), before_contents())
    assert "-20.0 MB" in slim.render(gone, "svg")
    long = contents("/".join("d" * 500) + "/x", MB, 0, "z")
    page = slim.render(slim.compare(report([]), replace(clean(), largest_files=[long])), "svg")
    assert len(page) < 100_000


def contrast(colour: str, other: str) -> float:
    """WCAG 2.2, "contrast ratio"."""
    light, dark = sorted((luminance(colour), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * each for each in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@LONG
def test_a_forged_report_makes_no_large_page() -> None:
    long = "<&>\u202e" * 2_000
    tree = [TreeNode(disk_bytes=10**12)]
    tree += [
        TreeNode(parent=at // 3, disk_bytes=10**9, name=untrusted(long)) for at in range(5_000)
    ]
    rows = [package(long) for _ in range(5_000)]
    findings = [
        finding(
            at, long, 10**6, title=long, why=long, packages=[long] * 50, breaks_when=[long] * 50
        )
        for at in range(500)
    ]
    layers = [layer_info(at, long, 10**6) for at in range(1_000)]
    sample = replace(
        report(layers, findings=findings, name=long),
        tree=tree,
        packages=rows,
        warnings=[model.Warning(id=long, text=untrusted(long), path=untrusted(long))] * 500,
        largest_files=[model.Example(layer=0, path=untrusted(long), disk_bytes=1)] * 5_000,
    )
    assert len(rendered(sample, "html").encode()) < 6_000_000
    chain = [
        TreeNode(parent=at - 1 if at else None, disk_bytes=9, name=untrusted("d"))
        for at in range(5_000)
    ]
    assert len(rendered(replace(sample, tree=chain), "html").encode()) < 6_000_000


@given(st.lists(st.integers(0, 3), min_size=0, max_size=30))
@settings(max_examples=40)
@LONG
def test_whatever_the_tree_the_page_nests(parents: list[int]) -> None:
    tree = [TreeNode(disk_bytes=30)]
    for number, back in enumerate(parents):
        tree.append(
            TreeNode(
                parent=max(0, number - back),
                disk_bytes=1 + number % 3,
                name=untrusted(f"d{number}"),
            )
        )
    Document(rendered(replace(wasteful(), tree=tree), "html"))


@LONG
def test_a_hundred_thousand_files_make_less_than_a_megabyte(tmp_path: Path) -> None:
    """Long names in many directories and layers, so that every list of the page is full."""

    def files(number: int) -> bytes:
        result = []
        for at in range(25_000):
            name = f"srv/application-{number}/module-{at % 300:03}/component-{at % 50:02}/source-file-{at}.py"
            info = tarfile.TarInfo(name)
            info.size = at * 7919 % 900
            result.append(info.tobuf() + padded(bytes(info.size)))
        status = "".join(
            f"Package: library-number-{number}-{at}\nStatus: install ok installed\nVersion: {at}.0-1\n\n"
            for at in range(1_000)
        ).encode()
        info = tarfile.TarInfo("var/lib/dpkg/status")
        info.size = len(status)
        return b"".join([*result, info.tobuf(), padded(status), END])

    layers = [raw_layer(files(number), created_by=f"RUN make {'x' * 500}") for number in range(4)]
    sample = slim.analyze(save(image(*layers), tmp_path / "a.tar"), verify=False, top=100_000)
    assert sample.totals.live_files > 100_000
    page = rendered(sample, "html")
    assert len(page.encode()) < 1_000_000
    assert Document(page).tags["li"] > 500
