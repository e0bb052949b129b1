"""Which images a multi-stage build may be the answer for, and what several services keep together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TypeVar

from msgspec.structs import replace

from slim.entrypoint.runs import Command
from slim.entrypoint.services import RUNIT, S6, SUPERVISORS
from slim.facts.gather import Facts
from slim.files.ledger import LayerSums
from slim.files.view import decoded, encoded
from slim.packages.owners import NOBODY
from slim.packages.package import SYSTEM
from slim.rebuild.base import closure
from slim.rebuild.model import Given, KeptFiles, Plan, Recipe
from slim.rebuild.trees import below, row_at

_Item = TypeVar("_Item")

SERVICES = "services"
"""The stack of a rebuild that holds several."""
_S6_PLACES = (
    *(b"package", b"command", b"etc/s6-overlay", b"etc/services.d", b"etc/cont-init.d"),
    *(b"etc/cont-finish.d", b"etc/fix-attrs.d", b"etc/s6", b"run/service"),
)
"""What s6-overlay unpacks, and where it looks for services."""
_MAX_APPLICATIONS = 32
_RUNIT_PLACES = (b"etc/service", b"etc/sv", b"etc/runit", b"etc/my_init.d")


def recipe_for(
    recipes: Mapping[str, Recipe], facts: Facts, layers: Iterable[LayerSums]
) -> Recipe | None:
    """The recipe of the stacks that a release runs; None where nothing of a known stack runs, where one of
    them has no recipe, and where the contents of a layer are unknown.

    Args:
        recipes: by the name of the stack.
    """
    if facts.role.name != "release" or any(
        layer.pull_bytes and not layer.tar_bytes for layer in layers
    ):
        return None
    names = [stack.name for stack in facts.stacks if stack.runs]
    if not names:
        # Machine code is no stack, but a family of programs.
        families = dict.fromkeys(facts.families[command] for command in facts.runs.final)
        names = [family for family in families if family in recipes]
    running = [recipes.get(name) for name in names]
    known = [recipe for recipe in running if recipe is not None]
    if not known or len(known) < len(running):
        return None
    image = next((recipe for recipe in known if recipe.version in facts.env), known[0])
    return Recipe(partial(_plan, tuple(known)), image.image, image.version)


def _plan(recipes: Sequence[Recipe], given: Given) -> Plan | None:
    """What all stacks keep, with what starts them; None where it is not known of one of them."""
    plans: list[Plan] = []
    for recipe in recipes:
        found = _of_each_application(recipe, given)
        if not found:
            return None
        plans += found
    starts = supervisor(given)
    return _direct(given, plans[0]) if len(plans) == 1 and starts is None else union(plans, starts)


def _of_each_application(recipe: Recipe, given: Given) -> list[Plan]:
    """The plans of one stack: one for each directory in which a supervisor starts programs of it; none where
    one of them is not known, or there are too many."""
    found: list[Plan] = []
    for at, (start, commands) in enumerate(_starts(given)):
        plan = recipe.plan(start)
        if plan is None and commands and all(_is_installed(given, each) for each in commands):
            continue
        if plan is None or at == _MAX_APPLICATIONS:
            return []
        if all(plan.homes != other.homes for other in found):
            found.append(plan)
    return found


def _starts(given: Given) -> Iterator[tuple[Given, Sequence[Command]]]:
    """The image as it is, then as if only the second program of each language were started, and so on, with
    these programs; plans are made for the first that they find."""
    facts, runs = given.facts, given.facts.runs
    yield given, ()
    families: dict[str, list[Command]] = {}
    for command in runs.final:
        if facts.families[command]:
            families.setdefault(facts.families[command], []).append(command)
    for at in range(1, max(map(len, families.values()), default=0)):
        several = [commands for commands in families.values() if len(commands) > at]
        chosen = [commands[at] for commands in several]
        others = {
            command: replace(command, main=False)
            for commands in several
            for command in commands
            if command not in chosen
        }
        started = replace(
            runs, commands=tuple(others.get(command, command) for command in runs.commands)
        )
        known = {other: facts.families[command] for command, other in others.items()}
        known_facts = replace(facts, runs=started, families={**facts.families, **known})
        yield replace(given, facts=known_facts), chosen


def _is_installed(given: Given, command: Command) -> bool:
    """Whether a program and the files that it is given are of packages: they come with these."""
    rows = (row_at(given.view, encoded(path)) for path in command.files)
    return bool(command.path) and all(
        row is None or given.owned.owner[row] != NOBODY for row in rows
    )


def _direct(given: Given, plan: Plan) -> Plan:
    """The plan with a start that needs no package runner, where that is another command line and no more.

    Bundler decides which gems are found, and stays.
    """
    runs = given.facts.runs
    tools = frozenset(command.name for command in runs.commands if command.runner)
    if plan.command or not runs.direct or tools & given.building.loaders:
        return plan
    return replace(plan, command=runs.direct, skips=plan.skips | tools)


def union(plans: Sequence[Plan], starts: Plan | None = None) -> Plan:
    """What several plans keep; a package that one of them runs with is not left out by another.

    Args:
        starts: what the supervisor keeps that starts the programs of all plans.
    """
    every = [*plans, *(() if starts is None else (starts,))]
    needed = frozenset(index for plan in every for index in plan.packages)
    values: dict[str, str] = {}
    for plan in every:
        values = {**plan.values, **values}
    return Plan(
        stack=plans[0].stack if len(plans) == 1 else SERVICES,
        parts=tuple(part for plan in every for part in plan.parts),
        runtime=_once(path for plan in every for path in plan.runtime),
        packages=_once(index for plan in every for index in plan.packages),
        replaced=frozenset().union(*(plan.replaced for plan in every)) - needed,
        unnamed=frozenset().union(*(plan.unnamed for plan in every)) - needed,
        loaded=_once(row for plan in every for row in plan.loaded),
        maybe=_once(row for plan in every for row in plan.maybe),
        doubtful=_once(row for plan in every for row in plan.doubtful),
        uninstalls=tuple(each for plan in every for each in plan.uninstalls),
        builds=frozenset().union(*(plan.builds for plan in every)),
        homes=_once(path for plan in every for path in plan.homes),
        strips=_once(path for plan in every for path in plan.strips),
        static=all(plan.static for plan in every),
        values=values,
        copies=_outermost(_once(pair for plan in every for pair in plan.copies)),
        build_environment="\n".join(filter(None, (plan.build_environment for plan in every))),
        guesses=_once(text for plan in every for text in plan.guesses),
    )


def supervisor(given: Given) -> Plan | None:
    """What starts several programs: the supervisor, and the files that say what it starts; None where the
    image runs no supervisor.

    A supervisor of a system package comes with it.
    """
    main = [command for command in given.facts.runs.main if command.name in SUPERVISORS]
    supervisors = [command for command in main if command.name != "init" or command.path == "init"]
    if not supervisors:
        return None
    names = {command.name for command in supervisors}
    places: list[bytes] = []
    if names & (S6 | {"init"}):
        places += _S6_PLACES
    if names & RUNIT:
        places += _RUNIT_PLACES
    if places:
        # `s6-svscan DIRECTORY`, `runsvdir DIRECTORY`.
        operands = (encoded(word) for command in supervisors for word in command.words[1:])
        places += [path.strip(b"/") for path in operands if path[:1] == b"/" and path.strip(b"/")]
    rows = [row for place in places for row in below(given.view, place)]
    paths = {encoded(command.how).lstrip(b"/") for command in given.facts.runs.all}
    paths |= {encoded(command.path) for command in supervisors if command.path}
    found = (row_at(given.view, path) for path in sorted(paths))
    rows += [row for row in found if row is not None]
    # One that pip or gem installed needs what its package requires.
    packages = given.graph.packages
    encoded_names = {encoded(name) for name in names}
    theirs = [
        index
        for index, package in enumerate(packages)
        if package.manager not in SYSTEM and _name_of(encoded(package.name)) in encoded_names
    ]
    owners = {given.owned.owner[row] for row in rows} - {NOBODY}
    theirs += [index for index in owners if packages[index].manager not in SYSTEM]
    rows += given.owned.rows(closure(given.graph, sorted(set(theirs))))
    return Plan(
        stack=SERVICES,
        parts=(
            KeptFiles(
                "the supervisor and its settings",
                "it starts the programs, and these files name them",
                rows,
            ),
        ),
        copies=tuple((f"/{path}", f"/{path}") for path in _by_hand(given, places, rows)),
    )


def _by_hand(given: Given, places: Iterable[bytes], rows: Iterable[int]) -> list[str]:
    """Paths for a Dockerfile of what no package brings."""
    found = [place for place in places if given.view.is_dir(place)]
    inside = tuple(place + b"/" for place in found)
    files = [given.view.files.path(row) for row in rows if given.owned.owner[row] == NOBODY]
    found += [path for path in files if not path.startswith(inside)]
    return [decoded(path) for path in dict.fromkeys(found)]


def _name_of(package: bytes) -> bytes:
    """The command of a package that is called otherwise."""
    return b"supervisord" if package == b"supervisor" else package


def _outermost(copies: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The copies without those that another brings along."""
    return tuple(
        (source, target)
        for source, target in copies
        if not any(
            source.startswith(above + "/") and target.startswith(to + "/") for above, to in copies
        )
    )


def _once(items: Iterable[_Item]) -> tuple[_Item, ...]:
    return tuple(dict.fromkeys(items))
