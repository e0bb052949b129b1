"""Uninstalling packages takes others along, as `apt-get purge --auto-remove` or `apk del` would.

Fixes that uninstall are followed in the order of their claims, as if applied one after the other: each
claims the packages that nothing depends on any more once its own, and those of earlier fixes, are gone.
Whatever the image runs, and whatever was installed by name, stays with all its dependencies; so do
packages that programs open by name, which no dependency shows.
Source: apt-get(8) "autoremove"; apk-del(8); debuerreotype's docker-autoremove-suggests.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Sequence
from functools import partial

from msgspec.structs import replace

from slim.advice.claim import can_claim, precedence
from slim.advice.image_facts import ImageFacts
from slim.facts.gather import run_rows
from slim.files.table import Fate, picked
from slim.packages.closure import removal_closure, roots_of
from slim.packages.graph import Graph
from slim.packages.owners import NOBODY, Ownership
from slim.packages.package import SYSTEM
from slim.packages.reach import Reach
from slim.rebuild.libraries import libraries
from slim.rules.glob_syntax import matching, parse_text_glob
from slim.rules.match import Match
from slim.rules.protected import Protected

_NO_SUGGESTS = b"etc/apt/apt.conf.d/docker-autoremove-suggests"
"""If this setting exists, as in Docker's Debian images, apt also removes packages that are only suggested."""
_BY_NAME = parse_text_glob(
    "{ca-certificates,tzdata,libnss-,libpam-,libsasl2-modules,fonts-,locales,gconv-modules,ibm-gconv}*"
)
"""Packages whose files programs open by name: certificates, modules, fonts, time zones, locales."""
_MODULES = {
    prefix: parse_text_glob(modules)
    for prefix, modules in {
        "python3": "{python3,libpython3}*",
        "perl": "{perl*,libperl5*,lib*-perl}",
        "ruby": "{ruby,libruby}*",
        "nodejs": "{node,libnode}*",
        "php": "php*",
        "erlang": "erlang*",
        "openjdk-": "lib*-java",
    }.items()
}
"""Start of an interpreter's package name → the packages of its modules: programs import modules without a
declared dependency."""
_NO_MODULES = (b"-dev", b"-doc", b"-dbg", b"-dbgsym", b"-examples", b"-manpages")
"""How the names of packages end that no program imports, although they are named like modules: `php8.4-dev`
depends on a compiler."""


def removals(
    image: ImageFacts, matches: Sequence[Match], protected: Sequence[Protected]
) -> tuple[Match, ...]:
    """The matches; those of rules that uninstall name their packages and cover what goes along.

    Packages of the base image stay: no later instruction frees their bytes.
    """
    graph, owned, base_layers = image.graph, image.owned, image.base_layers
    result = list(matches)
    selected: dict[int, frozenset[int]] = {}
    for index, match in enumerate(matches):
        if match.rule.remove != "uninstall" or match.rule.match:
            continue
        if packages := _packages(owned, match.rows, base_layers):
            selected[index] = packages
            result[index] = replace(match, packages=_names(graph, packages))
    role = image.facts.role.name
    order = sorted(
        (index for index in selected if can_claim(matches[index], role)),
        key=lambda index: precedence(matches[index]),
    )
    if not order:
        return tuple(result)
    candidates = _with_groups(graph, frozenset().union(*(selected[index] for index in order)))
    needed = _needed(image, candidates, protected)
    stay = needed | {
        index
        for index, package in enumerate(graph.packages)
        if package.auto is False and index not in candidates
    }
    suggests = not image.view.exists(_NO_SUGGESTS)
    closure = partial(removal_closure, graph, kept=stay, suggests=suggests, roots=roots_of(graph))
    gone = closure(())
    uninstalled: frozenset[int] = frozenset()
    for index in order:
        kept = selected[index] & needed
        uninstalled = _with_groups(graph, uninstalled | (selected[index] - kept))
        now_gone = closure(uninstalled)
        along = {
            package
            for package in now_gone - gone - candidates
            if owned.layer[package] >= base_layers
        }
        gone |= now_gone
        rows = {*result[index].rows}.difference(owned.rows(kept)).union(owned.rows(along))
        result[index] = replace(
            result[index],
            rows=array("i", sorted(rows)),
            packages=_names(graph, selected[index] - kept),
            along=_names(graph, along),
        )
    return tuple(result)


def _packages(owned: Ownership, rows: Sequence[int], base_layers: int) -> frozenset[int]:
    """The packages that own some rows and have most of their files above the base image."""
    return frozenset(
        package
        for package in frozenset(picked(owned.owner, rows))
        if package != NOBODY
        and owned.packages[package].manager in SYSTEM
        and owned.layer[package] >= base_layers
    )


def _with_groups(graph: Graph, packages: frozenset[int]) -> frozenset[int]:
    """`packages`, and those without files that only depend on some of them: apk's virtual packages."""
    found = set(packages)
    while True:
        names = {name for index in found for name in graph.names[index]}
        groups = {
            index
            for index, package in enumerate(graph.packages)
            if package.manager == "apk"
            and not package.files
            and index not in found
            and not names.isdisjoint(name for ids in graph.depends[index] for name in ids)
        }
        if not groups:
            return frozenset(found)
        found |= groups


def _names(graph: Graph, packages: Collection[int]) -> tuple[str, ...]:
    return tuple(sorted({graph.packages[index].name for index in packages}))


def _needed(
    image: ImageFacts, candidates: frozenset[int], protected: Sequence[Protected]
) -> frozenset[int]:
    """Packages that the image cannot do without, with their dependencies.

    They hold the programs that it runs, the libraries that these and all programs outside packages link
    to, the modules of its interpreters, what programs open by name, and what is protected. If nothing is
    known about what it runs, every package but the candidates is needed.
    """
    files, owned, packages = image.files, image.owned, image.graph.packages
    programs = run_rows(image.view, image.facts)
    if not programs:
        return frozenset(range(len(packages))) - candidates
    unpackaged = [
        row
        for row in files.elfs
        if files.fate[row] == Fate.LIVE
        and (owned.owner[row] == NOBODY or owned.packages[owned.owner[row]].manager not in SYSTEM)
    ]
    running = {owned.owner[row] for row in programs} - {NOBODY}
    linked = libraries(image.view, [*programs, *unpackaged], image.facts.env)
    required = running | ({owned.owner[row] for row in linked} - {NOBODY})
    names = [packages[index].name for index in required]
    by_name = [_BY_NAME, *(glob for entry in protected for glob in entry.packages)]
    modules = [
        glob for prefix, glob in _MODULES.items() if any(name.startswith(prefix) for name in names)
    ]
    every = [package.name.encode() for package in packages]
    opened_names = {
        *matching(by_name, every),
        *matching(modules, (name for name in every if not name.endswith(_NO_MODULES))),
    }
    opened = {
        index
        for index, package in enumerate(packages)
        if package.manager in SYSTEM
        and index not in candidates
        and package.name.encode() in opened_names
    }
    reach = Reach(image.graph)
    reach.start(sorted(required | opened))
    return frozenset(reach.order)
