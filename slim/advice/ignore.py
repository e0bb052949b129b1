"""What users do not want to hear again: a rule, perhaps only at some paths, with a reason [pure]."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

_RULE = re.compile(r"[A-Z][A-Z0-9]{2}\d{3}|[a-z0-9-]{1,60}/[a-z0-9-]{1,60}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Ignore:
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


def rule_name(text: str) -> str:
    """A rule id, in capitals, or slug.

    Raises:
        ValueError: the text is neither.
    """
    name = text if "/" in text else text.upper()
    if not _RULE.fullmatch(name):
        raise ValueError(f"{text[:80]!r} is no rule id or slug, such as DEB001")
    return name
