"""The walk over dependencies that all questions about packages share."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import IntEnum

from slim.packages.graph import Graph, Needs


class Cause(IntEnum):
    """Why a package is installed."""

    BASE = 0
    """Part of the base system."""
    MANUAL = 1
    """Asked for by name."""
    NEEDED = 2
    RECOMMENDED = 3
    SUGGESTED = 4
    TRIGGERED = 5
    """Comes by itself with others (apk `install_if`, rpm `Supplements`)."""
    UNKNOWN = 6


class Reach:
    """Packages that can be reached so far, in order, each with the one that led to it.

    Dependencies are always followed, to every installed alternative, or, with `first`, as an installation
    follows them: to the first, unless another is there already. Weaker wishes follow in turns of their own.
    Each name is followed once and each package visited once per kind of wish: linear in edges.
    """

    def __init__(self, graph: Graph, gone: Collection[int] = (), *, first: bool = False) -> None:
        self._graph = graph
        self._first = first
        size = len(graph.packages)
        self.order: list[int] = []
        """Reached packages, the roots first, the nearest to them next."""
        self.reached = bytearray(size)
        self.cause = [Cause.UNKNOWN] * size
        self.by = [-1] * size
        """The package that led there; -1 for roots and for what was not reached."""
        self._gone = frozenset(gone)
        self._settled = 0
        self._positions: dict[Cause, int] = {}
        """Kind of wish → how far into `order` it was followed."""
        self._followed = bytearray(len(graph.providers))
        self._held: dict[int, set[int]] = {}
        """Package → its conditions of `install_if` that hold."""

    def start(self, roots: Iterable[int]) -> None:
        """Reach the roots and what they depend on."""
        for root in roots:
            package = self._graph.packages[root]
            if package.essential or package.required:
                cause = Cause.BASE
            else:
                cause = Cause.MANUAL if package.auto is False else Cause.UNKNOWN
            self._add(root, cause, -1)
        self._settle()

    def follow(self, *wishes: tuple[tuple[Needs, ...], Cause]) -> None:
        """Reach what the packages wish for besides, and what that depends on, until nothing is new.

        A later kind of wish waits until the earlier ones are exhausted.
        """
        kind = 0
        while kind < len(wishes):
            needs, cause = wishes[kind]
            position = self._positions.get(cause, 0)
            if position == len(self.order):
                kind += 1
                continue
            self._positions[cause] = position + 1
            self._follow(self.order[position], needs[self.order[position]], cause)
            if self._settled < len(self.order):
                self._settle()
                kind = 0

    def _add(self, package: int, cause: Cause, by: int) -> None:
        if not self.reached[package] and package not in self._gone:
            self.reached[package] = 1
            self.cause[package], self.by[package] = cause, by
            self.order.append(package)

    def _settle(self) -> None:
        """Follow the dependencies of all that was added, breadth first."""
        while self._settled < len(self.order):
            package = self.order[self._settled]
            self._settled += 1
            self._follow(package, self._graph.depends[package], Cause.NEEDED)
            if self._graph.waiting:
                self._trigger(package)

    def _follow(self, package: int, needs: Needs, cause: Cause) -> None:
        for ids in needs:
            for name in self._chosen(ids) if self._first and len(ids) > 1 else ids:
                if not self._followed[name]:
                    self._followed[name] = 1
                    for provider in self._graph.providers[name]:
                        self._add(provider, cause, package)

    def _chosen(self, ids: tuple[int, ...]) -> tuple[int, ...]:
        """Of alternatives the first, unless one is reached already."""
        installed = []
        for name in ids:
            providers = self._graph.providers[name]
            if any(map(self.reached.__getitem__, providers)):
                return ()
            if not self._gone.issuperset(providers):
                installed.append(name)
        return tuple(installed[:1])

    def _trigger(self, by: int) -> None:
        """Reach what comes by itself once a package is there."""
        for name in self._graph.names[by]:
            for package, number in self._graph.waiting.get(name, ()):
                held = self._held.setdefault(package, set())
                held.add(number)
                if len(held) == len(self._graph.install_if[package]):
                    self._add(package, Cause.TRIGGERED, by)
