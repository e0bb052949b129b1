"""Each day another sixth of the ordinary projects: nothing that was once measured of them may become worse.

As many of the sixth as there is time for, another one first each time; `make twins` measures all of them.
"""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path

import pytest

from tests.real.factory.measure import Result, measure
from tests.real.factory.project import Project, all_projects
from tests.real.factory.results import read_results
from tests.real.factory.table import rebuild_error
from tests.real.factory.workshop import Workshop
from tests.real.tools import need

_PARTS = 6
_SECONDS = 150
_MARGIN = 0.03
"""Packages of the distribution change: an error may grow by this much of the size."""


@cache
def _known() -> frozenset[str]:
    """Names of the projects that were measured whole."""
    return frozenset(result["name"] for result in read_results() if "broken" not in result)


def of_day(day: int) -> list[Project]:
    """The projects whose turn it is."""
    known = _known()
    some = [project for project in all_projects() if project.name in known][day % _PARTS :: _PARTS]
    first = day // _PARTS % max(len(some), 1)
    return [*some[first:], *some[:first]]


def test_every_project_has_its_turn_and_each_comes_first() -> None:
    known = _known()
    days = range(_PARTS * len(known))
    assert {project.name for day in range(_PARTS) for project in of_day(day)} == known
    assert {some[0].name for day in days if (some := of_day(day))} == known


@pytest.fixture
def measured(workshop: Path) -> list[Result]:
    """What is measured now, of as many projects as there is time for."""
    need("buildah", "skopeo", "unshare", "nsenter", "git")
    place = Workshop(workshop / "projects")
    place.prepare()
    began, found = time.monotonic(), []
    for project in of_day(int(time.time() // 86_400)):
        found.append(measure(place, project))
        if time.monotonic() - began > _SECONDS / 2:
            break
    return found


@pytest.mark.real
def test_nothing_becomes_worse(measured: list[Result]) -> None:
    before = {result["name"]: result for result in read_results()}
    for now in measured:
        then = before[now["name"]]
        assert "broken" not in now, now
        assert now["safe_breaks"] is None, now["name"]
        assert now["all_breaks"] is None or then["all_breaks"], now["rules_that_break"]
        if then["written"] == "works":
            assert now["written"] == "works", now["written_problem"]
        if then["careless"]["rebuild"]:
            assert now["careless"]["rebuild"], now["name"]
            assert abs(rebuild_error(now)) <= abs(rebuild_error(then)) + _MARGIN, now["name"]
