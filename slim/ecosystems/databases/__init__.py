"""Databases: clients that people and scripts start; programs connect through a library."""

from __future__ import annotations

from slim.ecosystems.model import Ecosystem, Subject
from slim.entrypoint.tables import names
from slim.facts.known import Evidence, Known
from slim.packages.package import SYSTEM
from slim.patterns import regex
from slim.rebuild.model import Clients, Sources
from slim.rules.match import QueryResult

CLIENTS = Clients(
    regex(
        r"(?:postgresql(?:[0-9]+)?-client|(?:default-)?mysql-client|mariadb-client|redis-tools|mongodb-mongosh)"
        r"(?:$|-)"
    ),
    names(
        "psql pg_dump pg_dumpall pg_restore pg_isready createdb dropdb mysql mysqldump mysqladmin mariadb "
        "mariadb-dump mariadb-admin redis-cli mongosh"
    ),
)
"""Some of the programs stand in packages that those which are asked for depend on."""


def _client_runs(known: Known) -> Evidence:
    return tuple(
        f"{command.how}: {command.brief}"
        for command in known.runs.all
        if any(
            word.rpartition("/")[2] in CLIENTS.programs for word in (command.name, *command.words)
        )
    )


def _clients(subject: Subject) -> QueryResult:
    """The files of packages of clients."""
    chosen = [
        index
        for index, package in enumerate(subject.graph.packages)
        if package.manager in SYSTEM and CLIENTS.packages.match(package.name)
    ]
    return QueryResult(rows=subject.owned.rows(chosen))


DATABASES = Ecosystem(
    name="databases",
    facts={"databases.client_runs": _client_runs},
    queries={"databases.clients": _clients},
    sources=Sources(clients=(CLIENTS,)),
)
