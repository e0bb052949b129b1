"""Why each package is there, which came only as recommendations, and what goes along with one.

All answers are walks over the graph, linear in its edges. Packages are indexes into `Graph.packages`.
What is followed is what the package managers follow: apt keeps whatever a package that it keeps depends
on, recommends or suggests (apt-get(8) "autoremove", `APT::AutoRemove::RecommendsImportant`); apk solves
`world` anew (apk-del(8)).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from msgspec import Struct

from slim.packages.graph import Graph
from slim.packages.package import SYSTEM
from slim.packages.reach import Cause, Reach

_WORDS = {
    Cause.BASE: "base system",
    Cause.MANUAL: "manual",
    Cause.NEEDED: "needed by",
    Cause.RECOMMENDED: "recommended by",
    Cause.SUGGESTED: "suggested by",
    Cause.TRIGGERED: "comes with",
    Cause.UNKNOWN: "unknown",
}
_CASCADING = frozenset(("dpkg", "rpm"))
"""Managers that have recommendations, and that remove what depends on a removed package."""


class Why(Struct, frozen=True):
    """The reason for a package; `by` is the index of the one that wants it, -1 if none does."""

    cause: Cause
    by: int = -1

    def text(self, graph: Graph) -> str:
        """In words: `manual`, `base system`, `needed by git`, `unknown`."""
        word = _WORDS[self.cause]
        return f"{word} {graph.packages[self.by].name}" if self.by >= 0 else word


def why(graph: Graph) -> tuple[Why, ...]:
    """The reason for each package.

    First what the roots need, then what is recommended and what that needs, then what is suggested; of
    several that want a package the nearest to a root is named.
    """
    reach = Reach(graph)
    reach.start(roots_of(graph))
    reach.follow((graph.recommends, Cause.RECOMMENDED))
    reach.follow((graph.recommends, Cause.RECOMMENDED), (graph.suggests, Cause.SUGGESTED))
    return tuple(map(Why, reach.cause, reach.by))


def recommends_only(graph: Graph) -> frozenset[int]:
    """Packages of dpkg and rpm that nobody asked for and nothing needs.

    They are what `--no-install-recommends` (dnf: `install_weak_deps=False`) would have left out. Where
    the database knows what was installed automatically, these are all of those that no root needs. Where
    it does not (rpm without dnf5), they are what is recommended, and what only that needs.
    Source: Debian policy §7.2 "Recommends"; apt-mark(8) "auto".
    """
    reach = Reach(graph)
    reach.start(roots_of(graph))
    needed = bytes(reach.reached)
    reach.follow((graph.recommends, Cause.RECOMMENDED))
    return frozenset(
        index
        for index, package in enumerate(graph.packages)
        if package.manager in _CASCADING
        and not needed[index]
        and package.auto is not False
        and (package.auto or reach.reached[index])
    )


def removal_closure(
    graph: Graph,
    chosen: Iterable[int],
    *,
    kept: Collection[int] = (),
    suggests: bool = True,
    roots: Collection[int] | None = None,
) -> frozenset[int]:
    """What the package manager takes along when `chosen` are removed, these included.

    For dpkg and rpm: what depends on them, and then whatever was installed automatically and nothing
    wants any more (`apt-get purge --auto-remove`). That includes what nothing had wanted before; the
    closure of nothing is that alone. For apk: what `world` without these names does not need; a package
    that something still needs stays. For libraries of languages: only the chosen ones.

    Empty where the manager would refuse, because the base system needs one of them. Who asks several times
    gives the `roots_of` the graph.
    """
    named = frozenset(chosen)
    packages = graph.packages
    removed = _cascade(graph, {index for index in named if packages[index].manager != "apk"})
    removed.difference_update(kept)
    if any(packages[index].essential for index in removed):
        return frozenset()
    reach = Reach(graph, gone=removed)
    reach.start(
        index for index in (roots_of(graph) if roots is None else roots) if index not in named
    )
    reach.start(sorted(kept))
    reach.follow((graph.recommends, Cause.RECOMMENDED))
    if suggests:
        reach.follow((graph.recommends, Cause.RECOMMENDED), (graph.suggests, Cause.SUGGESTED))
    removed.update(
        index
        for index, package in enumerate(packages)
        if package.manager in SYSTEM
        and not reach.reached[index]
        and (package.auto is not False or index in named)
    )
    return frozenset(removed)


def roots_of(graph: Graph) -> list[int]:
    """Packages that are there for their own sake: the base system, and what was asked for.

    Where nothing says what was asked for, these are the packages that no other wants, and then enough
    of those that are wanted only in circles.
    """
    base: list[int] = []
    named: list[int] = []
    unknown: list[int] = []
    for index, package in enumerate(graph.packages):
        if package.essential or package.required:
            base.append(index)
        elif package.auto is None:
            unknown.append(index)
        elif not package.auto:
            named.append(index)
    if not unknown:
        return base + named
    needed = _needed(graph)
    roots = base + named + [index for index in unknown if not needed[index]]
    reach = Reach(graph)
    reach.start(roots)
    wishes = ((graph.recommends, Cause.RECOMMENDED), (graph.suggests, Cause.SUGGESTED))
    reach.follow(*wishes)
    for index in unknown:
        if not reach.reached[index]:
            roots.append(index)
            reach.start((index,))
            reach.follow(*wishes)
    return roots


def _needed(graph: Graph) -> bytearray:
    """1 for each package that another one wants, or that comes by itself with others."""
    needed = bytearray(1 if conditions else 0 for conditions in graph.install_if)
    # Who wants a name: the index of the only package, or -1 for several.
    by: dict[int, int] = {}
    for needs in (graph.depends, graph.recommends, graph.suggests):
        for index, dependencies in enumerate(needs):
            for ids in dependencies:
                for name in ids:
                    by[name] = index if by.get(name, index) == index else -1
    for name, only in by.items():
        for provider in graph.providers[name]:
            if provider != only:
                needed[provider] = 1
    return needed


def _cascade(graph: Graph, removed: set[int]) -> set[int]:
    """`removed`, and all packages with a dependency that nothing else fulfils."""
    left: dict[int, int] = {}
    """Name → how many still provide it."""
    pending = sorted(removed)
    while pending:
        for name in graph.names[pending.pop()]:
            left[name] = left.get(name, len(graph.providers[name])) - 1
            if left[name]:
                continue
            for user, number in graph.users.get(name, ()):
                if user not in removed and graph.packages[user].manager in _CASCADING:
                    names = graph.depends[user][number]
                    if not any(left.get(other, graph.providers[other]) for other in names):
                        removed.add(user)
                        pending.append(user)
    return removed
