"""The table `[fleet]` of slim.toml: which team owns which repositories, and what it may take."""

from __future__ import annotations

from collections.abc import Callable

from slim.fleet.teams import Team, Teams
from slim.rules.fields import Fields

TEAM_KEYS = ("repositories", "pull-size", "reclaimable")
FLEET_KEYS = ("label", "team")


def read_fleet(
    table: Fields,
    inner: Callable[[Fields, str, str], Fields | None],
    size: Callable[[Fields, str], int | None],
) -> Teams:
    """The teams; `inner` gives a table in a table by its key and header, `size` a size by its key."""
    table.unknown(FLEET_KEYS)
    label = table.text("label") or Teams().label
    teams: list[Team] = []
    if names := inner(table, "team", "fleet.team"):
        for name in names.names():
            if team := inner(names, name, f"fleet.team.{name}"):
                team.unknown(TEAM_KEYS)
                teams.append(
                    Team(
                        name,
                        tuple(team.texts("repositories")),
                        size(team, "pull-size"),
                        size(team, "reclaimable"),
                    )
                )
    return Teams(label, tuple(teams))
