"""Queries about Python: compiled twins, tests of libraries, environments that nothing uses."""

from __future__ import annotations

from itertools import compress

from slim.ecosystems.model import Subject
from slim.facts.gather import Facts
from slim.files.table import Kind
from slim.files.view import decoded
from slim.rules.match import QueryResult


def compiled_twice(subject: Subject) -> QueryResult:
    """`__pycache__/x.*.pyc` where `x.py` exists: the interpreter can write them again."""
    view, rows = subject.view, []
    files = view.files
    for directory in compress(
        range(len(files.dir_name)), map(b"__pycache__".__eq__, files.dir_name)
    ):
        sources = view.names[files.dir_parent[directory]]
        for name, row in view.names[directory].items():
            if row >= 0 and name.endswith(b".pyc") and name.split(b".")[0] + b".py" in sources:
                rows.append(row)
    return QueryResult(rows=sorted(rows))


def tests(subject: Subject) -> QueryResult:
    """Files below a directory `test` or `tests` that holds `conftest.py` or `test_*.py`."""
    view, files = subject.view, subject.files
    inside = bytearray(len(files.dir_parent))
    for directory, (parent, own) in enumerate(zip(files.dir_parent, files.dir_name, strict=True)):
        if parent >= 0 and inside[parent]:
            inside[directory] = 1
        elif own in (b"test", b"tests"):
            inside[directory] = any(
                name == b"conftest.py" or (name.startswith(b"test_") and name.endswith(b".py"))
                for name in view.names[directory]
            )
    rows = [
        row
        for directory in compress(range(len(inside)), inside)
        for row in view.names[directory].values()
        if row >= 0 and files.kind[row] in (Kind.FILE, Kind.HARDLINK)
    ]
    return QueryResult(rows=sorted(rows))


def unused_environments(subject: Subject) -> QueryResult:
    """The packages of virtual environments that neither a command nor PATH leads to.

    Nothing is selected unless the program runs from a virtual environment: where it does not, the
    image may start others in ways that its settings do not show.
    """
    view, facts = subject.view, subject.facts
    used = {venv for venv in facts.roots.of("venv") if _is_used(venv, facts)}
    if "python.venv_runtime" not in facts.facts or not used:
        return QueryResult()
    sites = [
        site
        for site in facts.roots.of("site")
        for venv in facts.roots.of("venv")
        if venv not in used and site.startswith(venv + b"/")
    ]
    return QueryResult(rows=sorted({row for site in sites for row in view.rows_below(site)}))


def _is_used(venv: bytes, facts: Facts) -> bool:
    inside = decoded(venv) + "/"
    if facts.env.get("VIRTUAL_ENV", "").strip("/") == decoded(venv):
        return True
    if any((place.lstrip("/") + "/").startswith(inside) for place in _places(facts)):
        return True
    return any(
        path.lstrip("/").startswith(inside)
        for command in facts.runs.all
        for path in (command.path, *command.words, *command.files)
    )


def _places(facts: Facts) -> list[str]:
    return facts.env.get("PATH", "").split(":") + facts.env.get("PYTHONPATH", "").split(":")
