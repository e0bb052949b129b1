"""Which packages of the system the final stage needs.

Those that run the application and own the libraries it links to, with their dependencies; TLS roots and
time zones; what scripts and the health check call; what something kept names; and what was asked for by
name, neither to build nor for people who log in: a program may call it, which nothing in the image tells.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from slim.entrypoint import tables
from slim.files.view import encoded
from slim.packages.graph import Graph
from slim.packages.owners import NOBODY
from slim.packages.package import SYSTEM, Package
from slim.packages.reach import Reach
from slim.patterns import regex
from slim.rebuild.base import base_packages, closure, needed_by_others
from slim.rebuild.keep import Claims, claimed_bytes
from slim.rebuild.mentions import not_named
from slim.rebuild.model import TOOLS, Given, Plan
from slim.rebuild.trees import row_at

_ALWAYS = frozenset(("ca-certificates", "ca-certificates-bundle", "tzdata"))
"""Data that programs read by name: TLS roots and time zones."""
_BUILD_SECTIONS = frozenset(("libdevel", "devel"))
_BUILD_NAMES = tables.names(
    "build-essential build-base make cmake git curl wget pkg-config pkgconf unzip gnupg lsb-release "
    "software-properties-common apt-transport-https"
)
"""Packages of build tools, as people install them by name; those of languages are in `Building`."""
_PEOPLE_SECTIONS = frozenset(("editors", "vcs", "doc", "debug", "games"))
_PEOPLE = regex(
    r"(?:vim|nano|emacs|htop|tmux|screen|strace|ltrace|gdb|tcpdump|lsof|procps|psmisc|net-tools|nmap"
    r"|iputils|traceroute|dnsutils|bind9-|bind-tools|telnet|inetutils-telnet|netcat|ncat|mtr|less|tree"
    r"|man-db|manpages|bash-completion|iotop|sysstat|busybox-extras)(?:$|[-.:0-9])"
)
"""Packages of tools for people who log in: programs call them rarely."""
_LEAST_NAME = 4
"""Shorter names of packages are in many words by chance."""


class System(Struct, frozen=True):
    """Packages, as indexes into the graph's."""

    base: frozenset[int]
    """Those of the base, which are not installed again."""
    installs: tuple[int, ...]
    """Those to install by name."""
    kept: frozenset[int]
    """Those, with what they depend on, without the base's."""
    named: tuple[int, ...]
    """Those that the image was asked to have: the build stage needs them all."""
    unsure: frozenset[int] = frozenset()
    """The part of `kept` that is there since it was asked for: nothing that is kept uses it."""
    more: frozenset[int] = frozenset()
    """What was asked for and nothing names, with what only that needs: not kept, although something may
    use it."""
    unused: tuple[int, ...] = ()
    """Those that were asked for by name and that nothing uses, kept or not; modules of the application's
    language aside, which it may import."""


def system_packages(
    given: Given,
    plan: Plan,
    linked: Iterable[int],
    layers: int,
    claims: Claims,
) -> System:
    """Choose the packages.

    Args:
        linked: rows of the libraries that are linked to, and of the programs that are run.
        layers: number of the base's layers; 0 where the base is made of packages.
    """
    graph = given.graph
    unnamed = _leading_to(graph, plan.unnamed)
    replaced = plan.replaced | unnamed
    base = packages_in(given, layers)
    chosen_names = dict.fromkeys(plan.packages)
    chosen_names.update(dict.fromkeys(_owners(given, linked)))
    builds = _building(given, plan.builds, claims) | _leading_to(graph, replaced)
    named = named_packages(given, base)
    known = [index for index in named if index not in builds]
    chosen_names.update(dict.fromkeys(_named(given, known)))
    used = (
        closure(graph, [index for index in chosen_names if index not in replaced], replaced) - base
    )
    unused = [index for index in known if index not in used and index not in plan.replaced]
    languages = {plan.stack, *(stack.name for stack in given.facts.stacks)}
    modules = {index for index in unused if _section(graph.packages[index]) in languages}
    people = {index for index in unused if _for_people(graph.packages[index])}
    programs = [index for index in unused if index not in people and index not in modules]
    people |= not_named(given, plan.homes, programs)
    called = [index for index in people if not _section_for_people(graph.packages[index])]
    chosen_names.update(dict.fromkeys(index for index in unused if index not in people))
    chosen = [index for index in chosen_names if index not in replaced]
    kept = closure(graph, chosen, replaced) - base
    chosen = [index for index in chosen if index in kept]
    names = [(graph.packages[index].name, index) for index in _tops(graph, chosen)]
    return System(
        base,
        tuple(index for _, index in sorted(names)),
        kept,
        tuple(named),
        unsure=kept - used,
        more=closure(graph, called, replaced) - base - kept,
        unused=tuple(
            index
            for index in (*unused, *(index for index in named if index in unnamed))
            if graph.packages[index].name not in _ALWAYS and index not in modules
        ),
    )


def _for_people(package: Package) -> bool:
    """Whether a package is for people who log in."""
    return _section_for_people(package) or _PEOPLE.match(package.name) is not None


def _section_for_people(package: Package) -> bool:
    """Whether that is sure: no program calls an editor."""
    return _section(package) in _PEOPLE_SECTIONS


def _section(package: Package) -> str:
    """Without its archive: `non-free/editors` is `editors`."""
    return package.section.rpartition("/")[2]


def _named(given: Given, packages: Iterable[int]) -> list[int]:
    """Those of some packages that something kept names: what a library of the application is a wrapper of,
    as its name says; and whose files the environment names."""
    graph = given.graph
    libraries = {
        package.name.lower()
        for package in graph.packages
        if package.manager not in SYSTEM and package.dev is not True
    }
    paths = [
        row
        for value in given.facts.env.values()
        if value.startswith("/")
        and ":" not in value
        and (row := row_at(given.view, encoded(value[1:]))) is not None
    ]
    owners = frozenset(_owners(given, paths))
    found = []
    for index in packages:
        package = graph.packages[index]
        name = package.name.lower()
        if index in owners or (
            len(name) >= _LEAST_NAME and any(name in library for library in libraries)
        ):
            found.append(index)
    return found


def _tops(graph: Graph, chosen: list[int]) -> list[int]:
    """Those of some packages that no other of them brings along; in circles the first."""
    brought = closure(graph, sorted(needed_by_others(graph, chosen)))
    tops = [index for index in chosen if index not in brought]
    # What is brought along in a circle alone still has to be named once.
    reach = Reach(graph)
    reach.start(tops)
    for index in chosen:
        if not reach.reached[index]:
            tops.append(index)
            reach.start((index,))
    return tops


def _leading_to(graph: Graph, targets: frozenset[int]) -> frozenset[int]:
    """Packages that depend on some others, at any distance, and on nothing in their place."""
    bad = {name for index in targets for name in graph.names[index]}
    found = set(targets)
    pending = sorted(bad)
    while pending:
        for index, number in graph.users.get(pending.pop(), ()):
            if index not in found and bad.issuperset(graph.depends[index][number]):
                found.add(index)
                fresh = set(graph.names[index]) - bad
                bad |= fresh
                pending += sorted(fresh)
    return frozenset(found)


def _owners(given: Given, rows: Iterable[int]) -> list[int]:
    """System packages that own some rows."""
    packages = given.graph.packages
    found = dict.fromkeys(given.owned.owner[row] for row in rows)
    return [index for index in found if index != NOBODY and packages[index].manager in SYSTEM]


def packages_in(given: Given, layers: int) -> frozenset[int]:
    """Packages most of whose files are in the first layers; without any the base system's."""
    if not layers:
        return base_packages(given.graph)
    return frozenset(
        index
        for index, layer in enumerate(given.owned.layer)
        if given.graph.packages[index].manager in SYSTEM
        and (0 <= layer < layers or given.graph.packages[index].essential)
    )


def named_packages(given: Given, base: frozenset[int]) -> list[int]:
    """Packages that were installed by name on top of a base, by name."""
    packages = given.graph.packages
    found = [
        (package.name, index)
        for index, package in enumerate(packages)
        if package.manager in SYSTEM
        and index not in base
        and (package.auto is False or package.name in _ALWAYS)
    ]
    return [index for _, index in sorted(found)]


def _building(given: Given, names: frozenset[str], claims: Claims) -> frozenset[int]:
    """Packages that are there to build: by name or section, or since findings take most of them."""
    claimed = claimed_bytes(given, claims, TOOLS)
    return frozenset(
        index
        for index, package in enumerate(given.graph.packages)
        if package.name not in _ALWAYS
        and (
            package.name.endswith(("-dev", "-devel"))
            or package.name.startswith(".")
            or package.name in _BUILD_NAMES
            or package.name in given.building.packages
            or package.name in names
            or package.section.rpartition("/")[2] in _BUILD_SECTIONS
            or 2 * claimed[index] >= given.owned.disk[index] > 0
        )
    )
