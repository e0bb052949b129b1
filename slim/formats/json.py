"""Reports and comparisons v1 as JSON: the wire format, and the only place where reasons stand in words."""

from __future__ import annotations

import json
import re

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from slim.formats import verdicts
from slim.formats.log_commands import quiet_json
from slim.formats.model import Document, Format, RenderOptions
from slim.report.reasons import reasons
from slim.units import SI


def render(document: Document, _: RenderOptions | None = None) -> str:
    """ASCII only, so that no terminal or log can be led astray; ends in a newline.

    The reasons of the verdict are in SI units whatever is chosen for people, so that a document has one form.
    """
    verdict = replace(
        document.verdict,
        headline=verdicts.headline(document, SI),
        reasons=[verdicts.sentence(reason, SI) for reason in reasons(document)],
    )
    return as_json(replace(document, verdict=verdict))


def as_json(document: Struct) -> str:
    """A document as JSON: indented, ASCII, and without lines that a log takes for commands."""
    return indented(document) + "\n"


def indented(value: object) -> str:
    """The same of a document or a part of one, without the newline at its end."""
    # In C, all of it: json alone takes seven times as long.
    encoded = msgspec.json.encode(value)
    return quiet_json(_ascii(msgspec.json.format(encoded, indent=2).decode()))


def _ascii(text: str) -> str:
    """JSON that means the same; only strings hold what is escaped here."""
    if text.isascii() and "\x7f" not in text:
        return text
    return re.sub(r"[^ -~\n]+", lambda found: json.dumps(found[0])[1:-1], text)


JSON = Format(
    name="json",
    about="Reports and comparisons v1 as JSON: the format that other commands and programs read.",
    ending=".json",
    report=render,
    comparison=render,
)
