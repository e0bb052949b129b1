"""Which stacks an image runs or carries, and from which signs that is known. Pure.

Stack first, role later: an image can be a Phoenix release and a Node server at once. What is run counts
most; a stack is also there when an application of it lies in the image, needed or not. A toolchain alone
is no stack.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from msgspec import Struct

from slim.entrypoint.runs import Command, Runs
from slim.facts.programs import family_of
from slim.facts.roots import Roots
from slim.files.view import View, below, decoded

_STACK_OF = {"beam": "elixir"}
"""Families with another name than their stack."""
NAMES = ("elixir", "node", "python", "ruby", "java", "go", "rust", "php", "dotnet", "nginx")
_MAX_EVIDENCE = 8


class Stack(Struct, frozen=True):
    """One stack of an image."""

    name: str
    """One of `NAMES`."""
    runs: bool
    """What the container is started for belongs to it."""
    kinds: tuple[str, ...]
    """What is known more closely: `phoenix`, `mix release`, `node server`, `front end only`, …"""
    evidence: tuple[str, ...]


def stacks_of(runs: Runs, roots: Roots, view: View) -> tuple[Stack, ...]:
    """The stacks, those that run first."""
    running: dict[str, list[str]] = {}
    for one in runs.main:
        family = family_of(one, roots, view)
        if family:
            running.setdefault(_STACK_OF.get(family, family), []).append(f"runs {one.brief}")
    carried = _carried(runs, roots, view)
    found: list[Stack] = []
    for name in NAMES:
        evidence = [*running.get(name, ()), *carried.get(name, ())]
        if evidence:
            kinds = _KINDS[name](runs, roots, view) if name in _KINDS else ()
            shown = tuple(dict.fromkeys(evidence))[:_MAX_EVIDENCE]
            found.append(Stack(name, name in running, tuple(kinds), shown))
    return tuple(sorted(found, key=lambda stack: not stack.runs))


def uses_node(runs: Runs, roots: Roots, view: View) -> Command | None:
    """The first command, of the entry point, its scripts or the health check, that needs Node."""
    return next((one for one in runs.all if family_of(one, roots, view) == "node"), None)


def _carried(runs: Runs, roots: Roots, view: View) -> dict[str, list[str]]:
    """Applications in the image, by stack."""
    found: dict[str, list[str]] = {}
    for home, stacks in roots.projects.items():
        for stack in stacks:
            if stack != "node":
                found.setdefault(stack, []).append(f"{decoded(home)} is a {stack} project")
    elixir = [f"{decoded(one.root) or '/'} is a {one.kind} release" for one in roots.releases]
    node = [f"{decoded(one)} holds packages" for one in roots.node_modules]
    node += [f"{decoded(one)}/.next is a Next.js build" for one in roots.next_builds]
    python = [f"{decoded(one)} is a virtual environment" for one in roots.venvs]
    php = [f"{decoded(one)}/vendor was installed by composer" for one in roots.composer]
    dotnet = [f"{decoded(one)} describes a .NET application" for one in roots.dotnet_apps]
    java = [f"{path} is a Java archive" for path in _archives(runs)]
    for name, evidence in (
        ("elixir", elixir), ("node", node), ("python", python), ("php", php), ("dotnet", dotnet),
        ("java", java),
    ):  # fmt: skip
        if evidence:
            found[name] = evidence + found.get(name, [])
    return found


def _archives(runs: Runs) -> Iterable[str]:
    files = dict.fromkeys(file for one in runs.commands for file in one.files)
    return [file for file in files if file.endswith((".jar", ".war"))]


def _elixir(runs: Runs, roots: Roots, view: View) -> list[str]:
    kinds = [f"{one.kind} release" for one in roots.releases]
    if mix_task(runs) is not None:
        kinds.append("mix at run time")
    projects = [home for home, stacks in roots.projects.items() if "elixir" in stacks]
    if any(one.phoenix for one in roots.releases) or any(
        view.is_dir(below(home, b"deps/phoenix")) for home in projects
    ):
        kinds.append("phoenix")
    if not any(one.elixir for one in roots.releases) and roots.releases and not projects:
        kinds.append("erlang only")
    return list(dict.fromkeys(kinds))


def mix_task(runs: Runs) -> Command | None:
    """The first command that is a task of Mix: `mix phx.server`, `iex -S mix`, `elixir -S mix run`."""
    for one in runs.commands:
        words = one.words
        if one.name == "mix" and any(not word.startswith("-") for word in words[1:]):
            return one
        if one.name in ("iex", "elixir") and ("-S", "mix") in pairwise(words):
            return one
    return None


def _node(runs: Runs, roots: Roots, view: View) -> list[str]:
    kinds = ["node server" if uses_node(runs, roots, view) is not None else "front end only"]
    for home in roots.next_builds:
        standalone = view.is_file(below(home, b"server.js"))
        standalone |= view.is_file(below(home, b".next/standalone/server.js"))
        kinds.append("next standalone" if standalone else "next start")
    return list(dict.fromkeys(kinds))


def _python(runs: Runs, roots: Roots, view: View) -> list[str]:
    kinds: list[str] = []
    if venv_at_run_time(runs, roots) is not None:
        kinds.append("virtual environment")
    if any(one.path.startswith(decoded(home) + "/") for one in runs.main for home in roots.condas):
        kinds.append("conda")
    if any(view.is_file(below(home, b"manage.py")) for home in roots.projects):
        kinds.append("django")
    return kinds


def venv_at_run_time(runs: Runs, roots: Roots) -> bytes | None:
    """The virtual environment that a main command is run from."""
    for one in runs.main:
        for venv in roots.venvs:
            inside = decoded(venv) + "/"
            # Its `python` is a link to the interpreter it was made with, so the word counts too.
            if one.path.startswith(inside) or one.words[0].lstrip("/").startswith(inside):
                return venv
    return None


def _ruby(_runs: Runs, roots: Roots, view: View) -> list[str]:
    homes = [home for home, stacks in roots.projects.items() if "ruby" in stacks]
    return ["rails"] if any(view.is_file(below(home, b"bin/rails")) for home in homes) else []


def _java(runs: Runs, roots: Roots, view: View) -> list[str]:
    if any(view.is_dir(below(home, b"BOOT-INF")) for home in roots.projects):
        return ["exploded Spring Boot"]
    if any("-jar" in one.words for one in runs.main):
        return ["jar"]
    return []


_KINDS = {"elixir": _elixir, "node": _node, "python": _python, "ruby": _ruby, "java": _java}
