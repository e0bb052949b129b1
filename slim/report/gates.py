"""The limits that the user sets; `slim.report.judge` applies them to a report or comparison."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from slim.errors import UsageError
from slim.units import parse_limit, parse_percent

LEVELS = ("high", "medium", "low")
"""A level means findings of it and of those before it."""
NEW = "new:"
"""In front of a level, rule id or slug: findings that the base does not have."""
_RULE = r"[A-Z]{3}[0-9]{3}"
_SLUG = r"[a-z0-9-]{1,60}/[a-z0-9-]{1,60}"


class Growth(Struct, frozen=True):
    """How much larger than its base an image may be: over when both are exceeded."""

    percent: float
    bytes: int


class Gates(Struct, frozen=True):
    """Limits on sizes in bytes (None for no limit), and the findings that fail a build."""

    size: int | None = None
    pull_size: int | None = None
    reclaimable: int | None = None
    layers: int | None = None
    growth: Growth | None = None
    """For comparisons; a report of one image alone does not decide it."""
    fail_on: tuple[str, ...] = ()
    """Levels, rule ids or slugs."""
    dive_efficiency: float | None = None
    """dive's number may not be below it, 1 = 100 %."""
    dive_wasted_bytes: int | None = None
    dive_user_wasted: float | None = None
    """1 = 100 %."""

    def __bool__(self) -> bool:
        return self != Gates()

    @property
    def rest_on_findings(self) -> bool:
        """Whether what is suppressed can change the verdict."""
        return bool(self.fail_on) or self.reclaimable is not None

    def over(self, other: Gates) -> Gates:
        """These, completed by those of `other`."""
        ours = {name: getattr(self, name) for name in self.__struct_fields__}
        return replace(
            other, **{name: value for name, value in ours.items() if value not in (None, ())}
        )

    def of_one_image(self) -> Gates:
        """Without what only a comparison decides."""
        anywhere = tuple(word for word in self.fail_on if not word.startswith(NEW))
        return replace(self, growth=None, fail_on=anywhere)


def parse_growth(text: str) -> Growth:
    """`5%,1MB`, in either order.

    Raises:
        ValueError: not a percentage and a size.
    """
    parts = [part.strip() for part in text.split(",")]
    parts.sort(key=lambda part: not part.endswith("%"))
    if len(parts) != 2:
        raise ValueError(f"invalid growth {text!r}: use a percentage and a size, such as 5%,1MB")
    return Growth(parse_percent(parts[0]), parse_limit(parts[1]))


def parse_fail_on(values: Iterable[str], *, compared: bool = False) -> tuple[str, ...]:
    """`high,DEB001` → levels, rule ids and slugs, each once; `new:` in front where images are compared.

    Raises:
        UsageError: a word that is none of them: a gate that can never fail.
    """
    found: dict[str, None] = {}
    for word in (part.strip() for value in values for part in value.split(",")):
        prefix = NEW if compared and word.startswith(NEW) else ""
        name = word.removeprefix(prefix)
        name = name if name in LEVELS or re.fullmatch(_SLUG, name) else name.upper()
        if name not in LEVELS and not re.fullmatch(_SLUG, name) and not re.fullmatch(_RULE, name):
            if word.startswith(NEW):
                raise UsageError(
                    "bad-fail-on",
                    f"{word!r} needs a base to compare with",
                    "slim analyze --against BASE, or slim compare",
                )
            raise UsageError(
                "bad-fail-on",
                f"unknown level or rule {word!r}",
                f"levels: {', '.join(LEVELS)}; `slim rules list` prints the rules",
            )
        found[prefix + name] = None
    return tuple(found)
