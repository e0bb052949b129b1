"""Who owns an image: by a label, or by the name of its repository; and what each team may take."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fnmatch import fnmatchcase

from msgspec import Struct


class Team(Struct, frozen=True):
    """A team, as slim.toml has it."""

    name: str
    repositories: tuple[str, ...] = ()
    """Globs over names of repositories with their hosts: `registry.example.com/shop/*`."""
    pull_size: int | None = None
    """Budget: stored bytes of all blobs that its images need, each once."""
    reclaimable: int | None = None
    """Budget: what findings claim in its images, on disk."""


class Teams(Struct, frozen=True):
    """All teams. An image is in the first one whose globs match it, else in that of its label."""

    label: str = "team"
    """The label whose value is the name of a team."""
    teams: tuple[Team, ...] = ()

    def of(self, repository: str, labels: str) -> str:
        """The team of an image; empty where nobody says. `labels` are a JSON object."""
        for team in self.teams:
            if any(fnmatchcase(repository, glob) for glob in team.repositories):
                return team.name
        try:
            found = json.loads(labels or "{}")
        except ValueError:
            return ""
        value = found.get(self.label) if isinstance(found, dict) else None
        return value if isinstance(value, str) else ""


class Exceeded(Struct, frozen=True):
    """A budget of a team that is exceeded."""

    team: str
    budget: str
    """`pull-size` or `reclaimable`."""
    value_bytes: int
    limit_bytes: int


def exceeded_budgets(teams: Teams, sizes: dict[str, tuple[int, int]]) -> list[Exceeded]:
    """Which budgets are exceeded; `sizes` is team → (stored bytes, reclaimable bytes)."""
    found: list[Exceeded] = []
    for team in teams.teams:
        values: Sequence[tuple[str, int, int | None]] = (
            ("pull-size", sizes.get(team.name, (0, 0))[0], team.pull_size),
            ("reclaimable", sizes.get(team.name, (0, 0))[1], team.reclaimable),
        )
        found += [
            Exceeded(team.name, name, value, limit)
            for name, value, limit in values
            if limit is not None and value > limit
        ]
    return found
