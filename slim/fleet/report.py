"""A store → the report about a fleet: tables of plain values, and whether the teams' budgets hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from msgspec import Struct

from slim.fleet.database import Row, database
from slim.fleet.end_of_life import support_ends
from slim.fleet.questions import COMMON, QUESTIONS, TOTALS
from slim.fleet.schema import SCHEMA
from slim.fleet.shared_tables import PREPARE
from slim.fleet.store import Store
from slim.fleet.teams import Exceeded, Teams, exceeded_budgets
from slim.packages.package import SYSTEM
from slim.version import VERSION

_GROUPS = 5
"""Common bases that are proposed."""
_PACKAGES = 200
"""Packages of one that are listed."""
_CANDIDATES = 300
_SOON = timedelta(days=180)
"""Support that ends in this time ends soon."""


class Section(Struct, frozen=True):
    """A table."""

    name: str
    title: str
    about: str
    columns: tuple[tuple[str, str, str], ...]
    """(name, kind, heading)."""
    rows: list[Row]
    total: int
    """Rows that there are, those included that are left out."""


class CommonBase(Struct, frozen=True):
    """A base image that several images could stand on, and what that saves on an engine's disk."""

    base: str
    """What they stand on now: the chain ID of its last layer; empty where it is unknown."""
    images: list[str]
    packages: list[str]
    """`NAME VERSION` of what would be added to it, the largest first."""
    saves_bytes: int
    """On disk: each package once in place of once for each distinct layer."""
    saves_pull_bytes: int
    """The same of the stored layers."""


class FleetReport(Struct, frozen=True):
    """All of it."""

    totals: Mapping[str, Any]
    sections: list[Section]
    common_bases: list[CommonBase]
    exceeded: list[Exceeded]
    layers_of: list[tuple[str, str, str, int, int]]
    """(repository, digest, instruction, stored bytes, images) of the largest layers: what a map shows."""
    kind: str = "fleet"
    schema_version: int = SCHEMA
    version: str = VERSION


def make_report(
    store: Store, teams: Teams, pulls: Mapping[str, int], top: int, today: date
) -> FleetReport:
    """Answer all questions; `top` bounds each table, `pulls` is name → how often an image is pulled.

    `today` decides whether the support of a distribution has ended.

    Raises:
        InputError: the store is damaged.
    """
    with database(store) as connection:
        _say_owners(connection, teams, pulls)
        _say_ends(connection, today)
        for statement in PREPARE.split(";"):
            if statement.strip():
                connection.execute(statement)
        found = connection.execute(TOTALS)
        names = [column[0] for column in found.description]
        totals = dict(zip(names, found.fetchone(), strict=True))
        sections = []
        for question in QUESTIONS:
            rows = connection.execute(
                f"SELECT * FROM ({question.sql}) LIMIT ?",  # noqa: S608 - our own
                [top],
            ).fetchall()
            total = len(rows)
            if total == top:
                (total,) = connection.execute(f"SELECT count(*) FROM ({question.sql})").fetchone()  # noqa: S608
            sections.append(
                Section(
                    question.name, question.title, question.about, question.columns, rows, total
                )
            )
        sizes = _team_sizes(connection)
        return FleetReport(
            totals,
            sections,
            _common_bases(connection),
            exceeded_budgets(teams, sizes),
            connection.execute(_MAP).fetchall(),
        )


_MAP = """
SELECT f.repository, l.digest, any_value(l.created_by), any_value(b.bytes), any_value(b.images)
FROM image_layers l JOIN fleet f USING (image) JOIN blob b ON b.digest = l.digest AND b.registry = f.registry
GROUP BY f.repository, l.digest ORDER BY any_value(b.bytes) DESC, f.repository, l.digest LIMIT 5000
"""


def _say_owners(connection: Any, teams: Teams, pulls: Mapping[str, int]) -> None:
    rows = connection.execute("SELECT image, repository, labels FROM images").fetchall()
    owners = [
        (image, teams.of(repository or "", labels or "")) for image, repository, labels in rows
    ]
    connection.execute(
        "CREATE TEMP TABLE owners AS SELECT unnest(?::VARCHAR[]) AS image, unnest(?::VARCHAR[]) AS team",
        [[image for image, _ in owners], [team for _, team in owners]],
    )
    connection.execute(
        "CREATE TEMP TABLE pull_counts AS SELECT unnest(?::VARCHAR[]) AS name, unnest(?::BIGINT[]) AS pulls",
        [list(pulls), list(pulls.values())],
    )


def _say_ends(connection: Any, today: date) -> None:
    """Until when the distributions of the store are supported, and which day it is."""
    rows = connection.execute("SELECT DISTINCT os FROM layers WHERE os <> ''").fetchall()
    connection.execute(
        "CREATE TEMP TABLE release_ends AS SELECT unnest(?::VARCHAR[]) AS os, unnest(?::VARCHAR[]) AS ends",
        [[os for (os,) in rows], [support_ends(os) for (os,) in rows]],
    )
    for name, day in (("report_day", today), ("soon", today + _SOON)):
        connection.execute(f"CREATE TEMP MACRO {name}() AS '{day.isoformat()}'")


def _team_sizes(connection: Any) -> dict[str, tuple[int, int]]:
    """By team its stored and its reclaimable bytes: of all teams, however long the tables are."""
    sql = next(question.sql for question in QUESTIONS if question.name == "teams")
    rows = connection.execute(f"SELECT team, pull_bytes, reclaimable_bytes FROM ({sql})").fetchall()  # noqa: S608
    return {team: (stored, reclaimable) for team, stored, reclaimable in rows}


def _common_bases(connection: Any) -> list[CommonBase]:
    """Groups of images on one base with packages that all of them have and that lie in layers of each.

    A candidate is the set of images that some package is in. Every image of a group has all of the packages,
    so none gets larger. The best is taken first; a package of an image is moved once.
    """
    rows = connection.execute(COMMON, [sorted(SYSTEM)]).fetchall()
    names = dict(connection.execute("SELECT image, name FROM fleet").fetchall())
    packages: dict[str, list[tuple[str, int, int, frozenset[str], int]]] = defaultdict(list)
    for manager, name, version, base, images, disk, pull, chains in rows:
        packages[base].append(
            (f"{name} {version} ({manager})", disk, pull or 0, frozenset(images), chains)
        )
    found: list[CommonBase] = []
    for base, inside in packages.items():
        left = list(inside)
        for _ in range(_GROUPS):
            best = _best(left)
            if best is None:
                break
            group, chosen = best
            found.append(
                CommonBase(
                    base,
                    sorted(names.get(image, image) for image in group),
                    [name for name, *_ in chosen[:_PACKAGES]],
                    sum(disk * (_copies(chains, group)) for _, disk, _, _, chains in chosen),
                    sum(pull * (_copies(chains, group)) for _, _, pull, _, chains in chosen),
                )
            )
            taken = {name for name, *_ in chosen}
            left = [each for each in left if each[0] not in taken]
    found.sort(key=lambda each: (-each.saves_bytes, each.base, each.images))
    return found[:_GROUPS]


Package = tuple[str, int, int, frozenset[str], int]


def _best(packages: Sequence[Package]) -> tuple[frozenset[str], list[Package]] | None:
    """The set of images with the greatest saving, and the packages that all of them have."""
    best: tuple[int, frozenset[str], list[Package]] | None = None
    candidates = list(dict.fromkeys(images for *_, images, _ in packages))[:_CANDIDATES]
    for group in candidates:
        chosen = [each for each in packages if group <= each[3]]
        saves = sum(disk * _copies(chains, group) for _, disk, _, _, chains in chosen)
        if saves > 0 and (best is None or saves > best[0]):
            best = saves, group, chosen
    return None if best is None else (best[1], best[2])


def _copies(chains: int, group: frozenset[str]) -> int:
    """Copies that go: one stays. Of a package that more images have at most one for each of the group."""
    return max(min(chains, len(group)) - 1, 0)
