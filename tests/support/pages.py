"""Outputs: written with options, and checked not to let a text of an image out of its place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

import slim
from slim import Comparison, RenderOptions, Report
from slim.formats.formats import render_together

OWN = re.compile(r"(?s)(<style>).*?(</style>)|(<script>).*?(</script>)|'sha256-[^']*'")
"""What is the same in all pages."""
PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
OWN_HTML = re.compile(
    r"<details><summary><b>[A-Za-z ]+</b>: [^<>@#`]*</summary>\n?|</?details>\n?|</?sub>"
    r"|<!-- slim:report v=1 [^<>]* -->\n"
)
LINKED = re.compile(r"(?i)@\w|#\d|://|www\.|GH-\d|\b[0-9a-f]{7,40}\b|:\w+:")
texts = st.text(
    st.one_of(
        st.sampled_from("=+-@:,%|<>&\"']\n\r\t\x00\x1b\ufffe\u2028"), st.characters(codec="utf-8")
    ),
    max_size=30,
)
names = st.lists(texts, min_size=1, max_size=5)
markdown_texts = st.text(
    st.one_of(
        st.sampled_from("`|\\<>@#[]()!*_~:/.&\n\r-=+ \u202e\x1b"), st.characters(codec="utf-8")
    ),
    max_size=40,
)


def rendered(document: Report | Comparison, format: str = "markdown", **options: Any) -> str:
    """An output; the options are those of `RenderOptions`."""
    return slim.render(document, format, RenderOptions(**options))


def rendered_together(
    documents: Sequence[Report | Comparison], format: str = "markdown", **options: Any
) -> str:
    """The same of several on one page."""
    return render_together(documents, format, RenderOptions(**options))


def is_visible(text: str) -> bool:
    return all(
        unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn") for character in text
    )


def parse_metrics(text: str) -> dict[str, int]:
    lines = text.split("\n")
    assert lines[-2:] == ["# EOF", ""]
    samples: dict[str, int] = {}
    for line in lines[:-2]:
        if line.startswith("#"):
            assert re.fullmatch(r"# (TYPE \w+ gauge|UNIT \w+_bytes bytes|HELP \w+ [^\\]+)", line)
            continue
        name, _, value = line.rpartition(" ")
        assert re.fullmatch(r'\w+(\{\w+="[\w-]+"\})?', name)
        assert name not in samples
        samples[name] = int(value)
    return samples


def leaves(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from leaves(token.children or [])


def check_inert(text: str, own: str = "") -> list[str]:
    """No link, image, foreign HTML or mention; returns the code spans. `own`: HTML in front of folds."""
    spans = []
    for token in leaves(PARSER.parse(text)):
        assert token.type not in ("link_open", "image", "fence", "code_block", "blockquote_open")
        if token.type in ("html_block", "html_inline"):
            content = re.sub(own, "x", token.content) if own else token.content
            assert not OWN_HTML.sub("", content).strip(), token.content
        elif token.type == "code_inline":
            spans.append(token.content)
        elif token.type == "text":
            assert not LINKED.search(token.content), token.content
    return spans
