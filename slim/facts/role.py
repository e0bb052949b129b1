"""What an image is for: release, builder, dev, base, tool, or unknown.

Signs give points to roles; the role with the most is taken if it leads by a margin. What the image runs
decides; toolchains only break ties, since in an image that runs an application they are the finding.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from msgspec import Struct

from slim.entrypoint.tables import names
from slim.facts.known import Known
from slim.facts.programs import Families
from slim.facts.roles import LABEL, LABEL_SAYS, ROLES
from slim.facts.signs import (
    BUILDER_LABELS,
    Points,
    RoleSigns,
    from_commands,
    from_config,
    from_tools,
    starts,
)
from slim.image.model import Config, History
from slim.patterns import regex

MARGIN = 2
"""Points by which a role must lead."""
ENOUGH = 2
"""Fewest points of a role."""

_INSTALLS = regex(
    r"apt-get[^;&|]{0,200} install|apt install|apk[^;&|]{0,200} add|(?:dnf|yum|microdnf|zypper|tdnf)"
    r"[^;&|]{0,200} (?:install|in) "
)
_COPY = regex(r"(?:^|#\(nop\) {0,2})(?:COPY|ADD) ")
_NAME_HINTS = {
    "builder": names("build builder sdk devel ci toolchain onbuild"),
    "dev": names("dev devcontainer"),
    "release": names("prod production release runtime"),
}


class Role(Struct, frozen=True):
    """The role of an image, and why."""

    name: str
    """One of `ROLES`, or `unknown`."""
    score: int
    """Points of that role, or for `unknown` of the best one."""
    scores: tuple[tuple[str, int], ...]
    """Points of every role, in the order of `ROLES`."""
    evidence: tuple[str, ...]
    """`release +3: runs /app/bin/server`, in the order in which it was looked at."""


def role_of(
    config: Config,
    history: Sequence[History],
    known: Known,
    families: Families,
    signs: Sequence[RoleSigns],
    *,
    owned: Collection[str] = (),
    tags: Sequence[str] = (),
    override: str | None = None,
) -> Role:
    """The role of an image.

    Args:
        owned: files among `runs.resolved` that a system package owns.
        tags: names and tags of the image: a hint.
        override: what the user says; wins over the image's label, which wins over signs.
    """
    points = Points()
    serves = from_commands(points, config, known, families, owned)
    from_config(points, config, known.env, known.runs, signs)
    # Toolchains only break ties.
    if config.onbuild or not (serves or points.of["dev"]):
        from_tools(points, known, signs, serves=serves)
    if _only_installs(history):
        points.add("the layers only install packages", base=2, builder=2)
    for name in tags[:16]:
        parts = frozenset(re.split(r"[^a-z0-9]+", name.lower()[-256:]))
        for role, hints in _NAME_HINTS.items():
            if parts & hints:
                points.add(f"the name {name[:80]}", **{role: 1})
    return _decide(
        points, config, override, conflict=_contradicts_builder(points, config, known, families)
    )


def _contradicts_builder(points: Points, config: Config, known: Known, families: Families) -> str:
    """What is there for running an application, not for building one; empty for nothing, and for images that
    say themselves that they are builders."""
    labels = config.labels.keys()
    if config.onbuild or any(label in labels for label in BUILDER_LABELS):
        return ""
    if starts(known, families):
        return "it starts something"
    if config.exposed_ports or config.healthcheck[1:]:
        return "it exposes a port" if config.exposed_ports else "it has a health check"
    return "a variable is set for production" if points.production else ""


def _decide(points: Points, config: Config, override: str | None, *, conflict: str) -> Role:
    scores = tuple(points.of.items())
    ranked = sorted(ROLES, key=lambda role: (-points.of[role], ROLES.index(role)))
    best, second = points.of[ranked[0]], points.of[ranked[1]]
    for name, by in ((override, ": the user says so"), (config.labels.get(LABEL), LABEL_SAYS)):
        if name in (*ROLES, "unknown"):
            score = points.of.get(name, best)
            return Role(name, score, scores, (name + by, *points.evidence))
    name = ranked[0] if best >= ENOUGH and best - second >= MARGIN else "unknown"
    evidence = tuple(points.evidence)
    if name == "builder" and conflict:
        name, evidence = "unknown", (*evidence, f"unknown, not builder: {conflict}")
    return Role(name, best, scores, evidence)


def _only_installs(history: Sequence[History]) -> bool:
    """After the first layer nothing is copied, and packages are installed."""
    texts = [entry.created_by[:8192] for entry in history if not entry.empty_layer][1:]
    return any(map(_INSTALLS.search, texts)) and not any(map(_COPY.search, texts))
