"""Findings that a user suppresses: a rule, perhaps only at some paths, with a reason.

They come from slim.toml, from options, or from a label of the image; the last two share one text form:

    VCS001                          everything that the rule finds
    VCS001:/app/.git/**             only at these paths
    VCS001:/app/.git/** reason; …   in a label, where a reason is required
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import date

from msgspec import Struct

from slim.patterns import regex
from slim.rules.glob_syntax import parse_glob
from slim.rules.suggestions import suggestion

LABEL = "org.slim.ignore"
"""Image label with suppressions."""
BY_LABEL = "label"
"""Where a suppression of that label was written."""
_LABEL_TEXT = 64 << 10
_LABEL_ENTRIES = 100
_RULE = regex(r"[A-Z][A-Z0-9]{2}\d{3}|[a-z0-9-]{1,60}/[a-z0-9-]{1,60}", re.ASCII)


class Suppression(Struct, frozen=True):
    """One suppression."""

    rule: str
    """Id or slug."""
    paths: tuple[str, ...] = ()
    """Path globs without the leading slash; empty for everything that the rule finds."""
    reason: str = ""
    until: date | None = None
    """The last day on which it has effect."""
    by: str = ""
    """Where it was written: `slim.toml:12`, `label`, `--ignore`."""

    def __str__(self) -> str:
        return ":".join([self.rule, *(f"/{path}" for path in self.paths[:1])])


def rule_name(text: str) -> str:
    """A rule id, in capitals, or slug.

    Raises:
        ValueError: the text is neither.
    """
    name = text if "/" in text else text.upper()
    if not _RULE.fullmatch(name):
        raise ValueError(f"{text[:80]!r} is not a rule id or slug, such as DEB001")
    return name


def path_glob(text: str) -> str:
    """A path glob as rules have it, from one that may start with a slash.

    Raises:
        GlobError: it is not a valid glob.
    """
    glob = text.lstrip("/")
    parse_glob(glob)
    return glob


def parse_suppression(text: str, by: str, reason: str = "") -> Suppression:
    """The suppression written as `RULE[:GLOB]`.

    Raises:
        ValueError: the text has another form.
    """
    name, colon, glob = text.partition(":")
    return Suppression(rule_name(name), (path_glob(glob),) if colon else (), reason, by=by)


def parse_label(text: str) -> tuple[tuple[Suppression, ...], tuple[str, ...]]:
    """The suppressions in an image's label, and a message for each entry that is not valid."""
    found: list[Suppression] = []
    faults: list[str] = []
    if len(text) > _LABEL_TEXT:
        return (), (f"the label {LABEL} has more than {_LABEL_TEXT:,} characters: not read",)
    entries = [entry.strip() for line in text.split("\n") for entry in line.split(";")]
    entries = [entry for entry in entries if entry]
    if len(entries) > _LABEL_ENTRIES:
        return (), (f"the label {LABEL} has more than {_LABEL_ENTRIES} entries: not read",)
    for entry in entries:
        target, _, reason = entry.partition(" ")
        try:
            if not reason.strip():
                raise ValueError("no reason is given: RULE[:GLOB] reason")
            found.append(parse_suppression(target, BY_LABEL, reason.strip()))
        except ValueError as error:
            faults.append(f"the label {LABEL}: {entry[:80]!r}: {error}")
    return tuple(found), tuple(faults)


def unused(
    suppressions: Sequence[Suppression],
    used: Collection[int | None],
    known: Collection[str],
    today: date,
) -> Iterator[tuple[str, str]]:
    """(id, text) of a warning for each suppression without effect.

    Args:
        used: indexes of those that have an effect.
        known: ids and slugs of all rules.
        today: those that expired before this day have none.
    """
    for index, suppression in enumerate(suppressions):
        label = f"{suppression} ({suppression.by})"
        if suppression.until is not None and suppression.until < today:
            yield (
                "ignore-expired",
                f"the suppression {label} ended on {suppression.until}: it does not count",
            )
        elif suppression.rule not in known:
            yield (
                "ignore-unused",
                f"the suppression {label}: no such rule{suggestion(suppression.rule, known)}",
            )
        elif index not in used:
            yield "ignore-unused", f"the suppression {label} has nothing to suppress: remove it"
