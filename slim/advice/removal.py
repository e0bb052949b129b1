"""Uninstalling packages takes others along: what `apt-get purge --auto-remove` or `apk del` would [pure].

Steps that uninstall are followed in the order of their claims, as somebody would take them one after the
other: each claims what is not wanted any more once its packages are gone, and those of the steps before.
What the image runs, and what was asked for by name, stays with all that it needs; so does what programs
open by name, which no dependency shows.
Source: apt-get(8) "autoremove"; apk-del(8); debuerreotype's docker-autoremove-suggests.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Sequence

from msgspec.structs import replace

from slim.advice.claim import precedence
from slim.facts.gather import Facts
from slim.files.table import Fate
from slim.files.view import View, encoded
from slim.packages.closure import removal_closure
from slim.packages.graph import Graph
from slim.packages.owners import NOBODY, Ownership
from slim.packages.package import SYSTEM
from slim.packages.reach import Reach
from slim.rebuild.libraries import libraries
from slim.rules.glob_syntax import matching, parse_text_glob
from slim.rules.match import Selection
from slim.rules.protected import Protected

_NO_SUGGESTS = b"etc/apt/apt.conf.d/docker-autoremove-suggests"
"""With this setting, which Docker's Debian images have, apt removes what is only suggested."""
_BY_NAME = parse_text_glob(
    "{ca-certificates,tzdata,libnss-,libpam-,libsasl2-modules,fonts-,locales,gconv-modules,ibm-gconv}*"
)
"""Packages of what programs open by name: certificates, modules, fonts, time zones, locales."""
_MODULES = {
    begin: parse_text_glob(modules)
    for begin, modules in {
        "python3": "{python3,libpython3}*",
        "perl": "{perl*,libperl5*,lib*-perl}",
        "ruby": "{ruby,libruby}*",
        "nodejs": "{node,libnode}*",
        "php": "php*",
        "erlang": "erlang*",
        "openjdk-": "lib*-java",
    }.items()
}
"""How the name of an interpreter's package begins → the packages of its modules: its programs import them
without a dependency that says so."""


def removals(
    view: View,
    facts: Facts,
    graph: Graph,
    owned: Ownership,
    selections: Sequence[Selection],
    *,
    claiming: Sequence[bool],
    base_layers: int,
    never: Sequence[Protected],
) -> tuple[Selection, ...]:
    """The selections; those that uninstall know their packages, and claim what goes along with them.

    Packages of the base image stay: no later instruction gets their bytes back.
    """
    result = list(selections)
    chosen: dict[int, frozenset[int]] = {}
    for index, one in enumerate(selections):
        if one.rule.remove != "uninstall" or one.rule.match:
            continue
        if packages := _packages(owned, one.rows, base_layers):
            chosen[index] = packages
            result[index] = replace(one, packages=_names(graph, packages))
    order = sorted(
        (index for index in chosen if claiming[index]), key=lambda one: precedence(selections[one])
    )
    if not order:
        return tuple(result)
    asked = _with_groups(graph, frozenset().union(*(chosen[index] for index in order)))
    needed = _needed(view, facts, graph, owned, asked, never)
    stay = needed | {
        index
        for index, package in enumerate(graph.packages)
        if package.auto is False and index not in asked
    }
    rows_of = owned.rows_by_package(owned.system)
    suggests = not view.exists(_NO_SUGGESTS)
    gone = removal_closure(graph, (), kept=stay, suggests=suggests)
    before: frozenset[int] = frozenset()
    for index in order:
        kept = chosen[index] & needed
        before = _with_groups(graph, before | (chosen[index] - kept))
        now = removal_closure(graph, before, kept=stay, suggests=suggests)
        along = {one for one in now - gone - asked if owned.layer[one] >= base_layers}
        gone |= now
        rows = set(result[index].rows)
        rows.difference_update(row for one in kept for row in rows_of[one])
        rows.update(row for one in along for row in rows_of[one])
        result[index] = replace(
            result[index],
            rows=array("i", sorted(rows)),
            packages=_names(graph, chosen[index] - kept),
            along=_names(graph, along),
        )
    return tuple(result)


def _packages(owned: Ownership, rows: Iterable[int], base_layers: int) -> frozenset[int]:
    """The packages that own some rows, most of whose files are above the base image."""
    return frozenset(
        one
        for one in {owned.owner[row] for row in rows}
        if one != NOBODY
        and owned.packages[one].manager in SYSTEM
        and owned.layer[one] >= base_layers
    )


def _with_groups(graph: Graph, asked: frozenset[int]) -> frozenset[int]:
    """With the packages that hold nothing and only bring some of these: apk's virtual ones."""
    found = set(asked)
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
    view: View,
    facts: Facts,
    graph: Graph,
    owned: Ownership,
    asked: frozenset[int],
    never: Sequence[Protected],
) -> frozenset[int]:
    """Packages that the image cannot do without, with what they depend on.

    Those of the programs that it runs, of the libraries that these and all programs without a package
    link to, the modules of its interpreters, what is opened by name, and what must never go. Where
    nothing is known of what it runs, everything.
    """
    files, packages = view.files, graph.packages
    run = [view.row(encoded(path)) for path in facts.runs.resolved]
    programs = [row for row in run if row is not None]
    if not programs:
        return frozenset(range(len(packages))) - asked
    own = [
        row
        for row in files.elfs
        if files.fate[row] == Fate.LIVE
        and (owned.owner[row] == NOBODY or owned.packages[owned.owner[row]].manager not in SYSTEM)
    ]
    running = {owned.owner[row] for row in programs} - {NOBODY}
    linked = {owned.owner[row] for row in libraries(view, [*programs, *own], facts.env)} - {NOBODY}
    names = [packages[one].name for one in running | linked]
    by_name = [_BY_NAME, *(glob for entry in never for glob in entry.packages)]
    by_name += [
        modules
        for begin, modules in _MODULES.items()
        if any(name.startswith(begin) for name in names)
    ]
    names_opened = matching(by_name, (package.name.encode() for package in packages))
    opened = {
        index
        for index, package in enumerate(packages)
        if package.manager in SYSTEM
        and index not in asked
        and package.name.encode() in names_opened
    }
    reach = Reach(graph)
    reach.start(sorted(running | linked | opened))
    return frozenset(reach.order)
