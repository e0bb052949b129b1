"""Comments of hostile reports before the Markdown renderers that forges are made of, or close to.

cmark-gfm is GitHub's own, comrak is what GitLab renders with, markdown-it and marked are the basis of many
others. Each gets every page with every payload in every field, with raw HTML allowed, as it is before a
forge's sanitizer; what is left must be markup of ours alone. So it must be after the sanitizers of two whole
pipelines: goldmark and bluemonday, as in Gitea and Forgejo, and html-pipeline, on which GitLab's was built.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest

import slim
from slim.report.comparison import Comparison
from slim.report.model import Report
from tests.conftest import skip_or_fail
from tests.real.site import PAYLOADS, dangerous
from tests.real.tools import run
from tests.support.everywhere import field, filled, places
from tests.support.pages import rendered, rendered_together
from tests.support.reports import wasteful

pytestmark = pytest.mark.real

MARKDOWN = (
    "@everyone", "#1 GH-2 team/app#3 !4", "https://evil.example/x www.evil.example", "a@evil.example",
    "[x](javascript:alert(1))", "![x](https://evil.example/p.png)", "[x]: https://evil.example", "[x][x]",
    "<https://evil.example>", "```\n# x\n```", "~~~", "    code", "> quote", "# heading", "---", "===",
    "- [ ] task", "1. item", "| a | b |\n|--|--|\n| c | d |", "a|b", "\\|", "`", "``", "`` ` ``", "\\`",
    "*x* _y_ ~~z~~",
    "</details>", "<details open><summary>x", "</summary></details><h1>x</h1>",
    "<!-- slim:report v=1 key=\"x\" -->",
    "-->", "<!--", "<![CDATA[x]]>", "<?php x ?>", "<!DOCTYPE x>", "$$x$$ $`x`$", ":tada:", "[[wiki]]", "[^1]",
    "{{ x }} {% x %}", "\u202e\u2066x", "&lt;b&gt; &#60;b&#62; &colon;", "\n\n\n", "\r", "a\\\nb",
    "  \nb", "::: x",
    "[TOC]", "%%x%%", "ghp_x GHSA-aaaa-bbbb-cccc CVE-2024-1 8b8bf6d1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f7",
)  # fmt: skip
HERE = Path(__file__).parent
GO_SOURCES = Path("/usr/share/gocode/src/github.com/microcosm-cc/bluemonday")
RUBY_SOURCE = Path("/usr/lib/ruby/vendor_ruby/html/pipeline.rb")
TAGS = {
    *(
        "h3",
        "p",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "ol",
        "ul",
        "li",
        "strong",
        "em",
        "code",
        "pre",
    ),
    *("sub", "a", "br", "details", "summary", "b"),
}
OURS = {"https://ci.example/report", "https://ci.example/run"}
NODE = {
    "markdown-it": (
        "markdown-it@14.1.0",
        "require('markdown-it')({html: true, linkify: true}).render(page)",
    ),
    "marked": ("marked@15.0.12", "require('marked').marked(page, {gfm: true})"),
}
PYTHON = {
    "cmark-gfm": (
        "cmarkgfm==2025.10.22",
        "cmarkgfm.github_flavored_markdown_to_html(page, options=cmarkgfm.cmark.Options.CMARK_OPT_UNSAFE)",
        "import cmarkgfm, cmarkgfm.cmark",
    ),
    "comrak": (
        "comrak==0.0.16",
        "comrak.render_markdown(page, extension_options=extensions, render_options=rendering)",
        "import comrak; extensions = comrak.ExtensionOptions(); rendering = comrak.RenderOptions();"
        " rendering.unsafe_ = True;"
        " extensions.table = extensions.autolink = extensions.strikethrough = extensions.tasklist = True;"
        " extensions.footnotes = extensions.shortcodes = extensions.math_dollars = True;"
        " extensions.math_code = True;"
        " extensions.alerts = extensions.multiline_block_quotes = extensions.description_lists = True",
    ),
}


class Page(HTMLParser):
    """What a rendered page consists of; anything that is not ours is an error."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cells: list[int] = []
        self.comments = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        for name, value in attrs:
            assert (
                (tag == "a" and name == "href" and value in OURS)
                or (tag in ("th", "td") and name in ("align", "style"))
                or (tag == "code" and name == "class" and value == "language-dockerfile")
                or (tag == "pre" and name == "lang" and value == "dockerfile")
                or (tag == "a" and name == "rel" and value == "nofollow")
            ), (tag, name, value)
        if tag != "br":
            self.open.append(tag)
        if tag == "tr":
            self.cells.append(0)
        if tag in ("td", "th"):
            self.cells[-1] += 1

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, tag

    def handle_comment(self, data: str) -> None:
        assert data.startswith(" slim:report v=1 "), data
        self.comments += 1

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)


def check(html: str, comments: int = 1) -> None:
    """No element, attribute, address or comment that is not slim's, and nothing left open."""
    page = Page()
    page.feed(html)
    page.close()
    assert not page.open
    assert page.comments == comments


@cache
def pages() -> list[tuple[str, str]]:
    """(payload, page): each payload in every field at once, of a report, a comparison and several."""
    own = {"report_url": "https://ci.example/report", "run_url": "https://ci.example/run"}
    report = dangerous(("x", "y"))
    compared = slim.compare(wasteful(), report)
    found = []
    for document in (report, compared):
        where = places(document)
        for payload in (*PAYLOADS, *MARKDOWN):
            outputs: Report | Comparison = filled(
                document, where, payload.encode("utf-8", "replace").decode()
            )
            found.append((payload, rendered(outputs, **own)))
            found.append((payload, rendered_together([outputs], **own)))
    return found


def test_every_payload_is_in_every_field() -> None:
    fields = {field(at) for at in places(dangerous(("x",)))}
    assert len(fields) > 50
    assert {"findings[].title", "layers[].created_by", "packages[].name", "tree[].name"} <= fields
    compared = slim.compare(wasteful(), dangerous(("x",)))
    assert len({field(at) for at in places(compared)}) > 50


@pytest.fixture(scope="module")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("renderers")
    (folder / "pages.json").write_text(json.dumps([page for _, page in pages()]))
    return folder


def node(name: str, folder: Path) -> list[str]:
    """What a package of npm makes of the pages."""
    if shutil.which("npm") is None:
        skip_or_fail("not installed: npm")
    package, call = NODE[name]
    words = ("npm", "install", "--silent", "--no-audit", "--no-fund", package)
    run(*words, cwd=folder, npm_config_cache=str(folder / "cache"))
    script = (
        "const pages = JSON.parse(require('fs').readFileSync('pages.json', 'utf8'));"
        f"process.stdout.write(JSON.stringify(pages.map(page => {call})));"
    )
    outputs: list[str] = json.loads(run("node", "-e", script, cwd=folder))
    return outputs


def python(name: str, folder: Path) -> list[str]:
    """What a package of PyPI makes of them."""
    package, call, load = PYTHON[name]
    run(sys.executable, "-m", "pip", "install", "--quiet", "--target", folder / name, package)
    script = (
        f"import json; {load}\n"
        "pages = json.load(open('pages.json'))\n"
        f"print(json.dumps([{call} for page in pages]))"
    )
    outputs: list[str] = json.loads(
        run(sys.executable, "-c", script, cwd=folder, PYTHONPATH=str(folder / name))
    )
    return outputs


RENDERERS: dict[str, Callable[[str, Path], list[str]]] = {
    **dict.fromkeys(NODE, node),
    **dict.fromkeys(PYTHON, python),
}


def gitea(folder: Path) -> str:
    """What goldmark and bluemonday make of the pages, from Debian's packages of their sources."""
    if shutil.which("go") is None or not GO_SOURCES.is_dir():
        skip_or_fail("not installed: go, with goldmark and bluemonday")
    program, source = folder / "markup", HERE / "markup" / "main.go"
    sources = {"GOPATH": "/usr/share/gocode", "GO111MODULE": "off"}
    subprocess.run(["go", "build", "-o", program, source], check=True, env=os.environ | sources)
    return run("sh", "-c", f"{program} < pages.json", cwd=folder)


def html_pipeline(folder: Path) -> str:
    """The same of html-pipeline, with links for mentions."""
    if shutil.which("ruby") is None or not RUBY_SOURCE.exists():
        skip_or_fail("not installed: ruby, with html-pipeline")
    return run("sh", "-c", f"ruby {HERE / 'markup' / 'pipeline.rb'} < pages.json", cwd=folder)


def assert_inert(outputs: Sequence[str], comments: int = 1) -> None:
    assert len(outputs) == len(pages())
    for (payload, page), html in zip(pages(), outputs, strict=True):
        try:
            check(html, comments)
        except AssertionError as error:
            raise AssertionError(f"{payload!r}: {error}\n{page[:2000]}") from error


@pytest.mark.parametrize("name", RENDERERS)
def test_nothing_of_a_report_becomes_markup(name: str, workbench: Path) -> None:
    assert_inert(RENDERERS[name](name, workbench))


@pytest.mark.parametrize("pipeline", [gitea, html_pipeline])
def test_nothing_becomes_markup_in_a_forge_s_pipeline(
    pipeline: Callable[[Path], str], workbench: Path
) -> None:
    """Neither before the sanitizer nor after it, which leaves comments out."""
    before, after = zip(*json.loads(pipeline(workbench)), strict=True)
    assert_inert(before)
    assert_inert(after, comments=0)
    assert all("<table" in page for page in after), "what is ours stays"
