"""What users do not want to hear again: a rule, perhaps only at some paths, with a reason [pure].

It comes from slim.toml, from options, or from a label of the image, in one form of text for the last two:

    VCS001                          all that the rule finds
    VCS001:/app/.git/**             at these paths alone
    VCS001:/app/.git/** reason; …   in a label, with the reason, which is required there
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import date

from msgspec import Struct

from slim.rules.glob_syntax import parse_glob
from slim.rules.suggestions import suggestion

LABEL = "org.slim.ignore"
"""Image label with suppressions."""
BY_LABEL = "label"
"""Where a suppression of that label stands."""
_LABEL_TEXT = 64 << 10
_LABEL_ENTRIES = 100
_RULE = re.compile(r"[A-Z][A-Z0-9]{2}\d{3}|[a-z0-9-]{1,60}/[a-z0-9-]{1,60}", re.ASCII)


class Ignore(Struct, frozen=True):
    """One suppression."""

    rule: str
    """Id or slug."""
    paths: tuple[str, ...] = ()
    """Path globs without the leading slash, those paths alone; empty for all that the rule finds."""
    reason: str = ""
    until: date | None = None
    """The last day on which it counts."""
    by: str = ""
    """Where it stands: `slim.toml:12`, `label`, `--ignore`."""

    def __str__(self) -> str:
        return ":".join([self.rule, *(f"/{path}" for path in self.paths[:1])])


def rule_name(text: str) -> str:
    """A rule id, in capitals, or slug.

    Raises:
        ValueError: the text is neither.
    """
    name = text if "/" in text else text.upper()
    if not _RULE.fullmatch(name):
        raise ValueError(f"{text[:80]!r} is no rule id or slug, such as DEB001")
    return name


def path_glob(text: str) -> str:
    """A path glob as rules have it: a slash at its start may be there or not.

    Raises:
        GlobError: it is none.
    """
    glob = text.lstrip("/")
    parse_glob(glob)
    return glob


def parse_ignore(text: str, by: str, reason: str = "") -> Ignore:
    """`RULE[:GLOB]`.

    Raises:
        ValueError: it is no such text.
    """
    name, colon, glob = text.partition(":")
    return Ignore(rule_name(name), (path_glob(glob),) if colon else (), reason, by=by)


def parse_label(text: str) -> tuple[tuple[Ignore, ...], tuple[str, ...]]:
    """The suppressions of an image's label, and what is wrong with the others."""
    found: list[Ignore] = []
    faults: list[str] = []
    if len(text) > _LABEL_TEXT:
        return (), (f"the label {LABEL} has more than {_LABEL_TEXT:,} characters: not read",)
    entries = [one.strip() for line in text.split("\n") for one in line.split(";")]
    entries = [one for one in entries if one]
    if len(entries) > _LABEL_ENTRIES:
        return (), (f"the label {LABEL} has more than {_LABEL_ENTRIES} entries: not read",)
    for entry in entries:
        what, _, reason = entry.partition(" ")
        try:
            if not reason.strip():
                raise ValueError("no reason is given: RULE[:GLOB] reason")
            found.append(parse_ignore(what, BY_LABEL, reason.strip()))
        except ValueError as error:
            faults.append(f"the label {LABEL}: {entry[:80]!r}: {error}")
    return tuple(found), tuple(faults)


def idle(
    ignores: Sequence[Ignore], used: Collection[int], known: Collection[str], today: date
) -> Iterator[tuple[str, str]]:
    """(id, text) of a warning for each suppression that does nothing; `used` are indexes of those
    that do, `known` ids and slugs of all rules."""
    for index, one in enumerate(ignores):
        said = f"{one} ({one.by})"
        if one.until is not None and one.until < today:
            yield (
                "ignore-expired",
                f"the suppression {said} ended on {one.until}: it does not count",
            )
        elif one.rule not in known:
            yield (
                "ignore-unused",
                f"the suppression {said}: no such rule{suggestion(one.rule, known)}",
            )
        elif index not in used:
            yield "ignore-unused", f"the suppression {said} has nothing to suppress: remove it"
