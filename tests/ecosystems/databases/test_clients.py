"""Packages of clients for the command line, and commands that start one."""

from __future__ import annotations

import pytest

from slim.ecosystems import KNOWLEDGE
from slim.ecosystems.databases import CLIENTS
from slim.facts.gather import gather
from tests.support.views import config, view


@pytest.mark.parametrize(
    ("package", "is_client"),
    [
        ("postgresql-client-17", True),
        ("postgresql-client", True),
        ("postgresql16-client", True),
        ("default-mysql-client", True),
        ("mysql-client", True),
        ("mariadb-client-core", True),
        ("redis-tools", True),
        ("mongodb-mongosh", True),
        ("libpq5", False),
        ("libmariadb3", False),
        ("postgresql-17", False),
        ("redis-toolset", False),
        ("mysql-clientele", False),
    ],
)
def test_names_of_packages(package: str, is_client: bool) -> None:
    assert bool(CLIENTS.packages.match(package)) == is_client


@pytest.mark.parametrize(
    ("command", "runs"),
    [
        ("until pg_isready; do sleep 1; done; exec /app/run", True),
        ("/usr/bin/psql -f /init.sql && /app/run", True),
        ("/app/run --database mysql://db", False),
    ],
)
def test_whether_one_runs(command: str, runs: bool) -> None:
    image = config(cmd=("/bin/sh", "-c", command))
    facts = gather(image, (), view("bin/sh app/run usr/bin/{psql,pg_isready}"), knowledge=KNOWLEDGE)
    assert ("databases.client_runs" in facts.facts) == runs
