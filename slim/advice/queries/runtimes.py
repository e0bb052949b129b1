"""Queries about run-time systems that nothing starts: an Erlang beside releases, an environment [pure]."""

from __future__ import annotations

from slim.facts.gather import Facts
from slim.files.view import View, decoded
from slim.rules.match import QueryResult


def erts_twice(view: View, facts: Facts) -> QueryResult:
    """The installed OTP, when every release brings a run-time system of its own.

    Its commands in `bin` directories are links into it and hold no bytes. Where a release is in it, or
    it in a release, what they share stays.
    """
    releases = facts.roots.releases
    if not releases or not all(one.has_erts for one in releases):
        return QueryResult()
    installed = {row for root in facts.roots.otp for row in view.rows_below(root)}
    for one in releases:
        installed.difference_update(view.rows_below(one.root))
    return QueryResult(rows=sorted(installed))


def unused_environments(view: View, facts: Facts) -> QueryResult:
    """The packages of virtual environments that neither a command nor PATH leads to.

    Nothing is selected unless the program runs from a virtual environment: where it does not, the
    image may start others in ways that its settings do not show.
    """
    used = {venv for venv in facts.roots.venvs if _is_used(venv, facts)}
    if "python.venv_runtime" not in facts.facts or not used:
        return QueryResult()
    sites = [
        site
        for site in facts.roots.sites
        for venv in facts.roots.venvs
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
        for one in facts.runs.all
        for path in (one.path, *one.words, *one.files)
    )


def _places(facts: Facts) -> list[str]:
    return facts.env.get("PATH", "").split(":") + facts.env.get("PYTHONPATH", "").split(":")
