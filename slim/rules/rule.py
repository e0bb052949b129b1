"""The types that a pack is read into, and the words that the fields of a rule may hold.

rules/FORMAT.md, the reference for people who write rules, explains each field.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from slim.rules.glob_syntax import TextGlob
from slim.rules.predicate import Predicate
from slim.rules.protected import Protected

Category = Literal[
    "cache",
    "toolchain",
    "build-input",
    "docs",
    "debug-info",
    "tests",
    "duplicate",
    "layer",
    "data",
    "secret",
    "junk",
]
Confidence = Literal["certain", "likely", "possible"]
Safety = Literal["safe", "check", "risky"]
Audience = Literal["default", "pedantic", "audit"]
RoleMode = Literal["on", "info", "off"]
State = Literal["live", "any"]
Manager = Literal["dpkg", "apk", "rpm", "any"]
Where = Literal["same-layer", "other-stage", "dockerignore", "base"]
Remove = Literal["delete", "uninstall", "flag", "transform", "change-base", "reorder", "rotate"]


class Roles(Struct, frozen=True):
    """What a rule gives in images of each role: a claim, a note, or nothing."""

    release: RoleMode = "on"
    builder: RoleMode = "info"
    dev: RoleMode = "off"
    base: RoleMode = "on"
    tool: RoleMode = "on"
    unknown: RoleMode = "on"

    def of(self, role: str) -> RoleMode:
        """The mode for `role`; a role that is not listed counts as `unknown`."""
        modes: dict[str, RoleMode] = {
            "release": self.release,
            "builder": self.builder,
            "dev": self.dev,
            "base": self.base,
            "tool": self.tool,
        }
        return modes.get(role, self.unknown)


class Fix(Struct, frozen=True):
    """What to do."""

    text: str
    snippet: str | None = None
    """Name of a Dockerfile fragment in rules/snippets."""
    for_copy: str = ""
    """What to do instead where a COPY or ADD brought the files."""
    for_run: str = ""
    """What to do instead where a RUN made them."""


class Rule(Struct, frozen=True):
    """One `[[rule]]` table. Exactly one of `match`, `packages` and `query` selects, except that
    `match` beside `query` narrows it."""

    id: str
    slug: str
    title: str
    why: str
    category: Category
    confidence: Confidence
    safety: Safety
    audience: Audience
    roles: Roles
    when: tuple[Predicate, ...]
    match: tuple[str, ...]
    """Path globs as written, variables unbound."""
    packages: tuple[TextGlob, ...]
    manager: Manager
    query: str | None
    except_paths: tuple[str, ...]
    """Path globs as written, variables unbound."""
    except_packages: tuple[TextGlob, ...]
    state: State
    owned: bool
    floor: int
    """Bytes below which the rule reports nothing."""
    share: int
    """Percentage of the image below which it reports nothing."""
    fix: Fix
    where: Where
    remove: Remove
    breaks_when: tuple[str, ...]
    verify: str | None
    related: tuple[tuple[str, str], ...]
    """Other tools' names for this: (tool, id), sorted."""
    sources: tuple[str, ...]
    hits: tuple[str, ...]
    misses: tuple[str, ...]


class Pack(Struct, frozen=True):
    """One file of rules."""

    name: str
    prefix: tuple[str, ...]
    title: str
    rules: tuple[Rule, ...]
    digest: str
    """sha256 of the content, regardless of layout and comments."""


class Rules(Struct, frozen=True):
    """All that is applied to an image."""

    packs: tuple[Pack, ...]
    protected: tuple[Protected, ...]
    """What no rule may propose to delete."""
    snippets: dict[str, str]
    """Dockerfile fragments by name."""

    def sorted(self) -> tuple[Rule, ...]:
        """All rules, sorted by id."""
        return rules_of(self.packs)

    def digest(self) -> str:
        """`sha256:…` over the content of the packs: layout, comments and order do not matter."""
        return rules_digest(self.packs)


def rules_of(packs: Iterable[Pack]) -> tuple[Rule, ...]:
    """All rules of `packs`, sorted by id."""
    return tuple(sorted((rule for pack in packs for rule in pack.rules), key=lambda r: r.id))


def rules_digest(packs: Iterable[Pack]) -> str:
    """`sha256:…` over the content of the packs: layout, comments and order do not matter."""
    lines = sorted(f"{pack.name} {pack.digest}\n" for pack in packs)
    return "sha256:" + hashlib.sha256("".join(lines).encode()).hexdigest()
