"""All patterns of all packs as one automaton over path components.

The patterns share a trie whose edges are components. A directory is a *state*: the set of trie
nodes that its path can stand for. The state of a directory comes from its parent's and its name,
and is computed once for all directories that agree on it; literal components are dictionary
look-ups, wildcards are found by their last or first bytes, and answers are remembered per state and
name:

    pattern 0   app/**/node_modules/**           root ─app→ ● ─**→ ◌ ─node_modules→ ● ─**→ ◌ {0}
    pattern 1   **/*.pyc                         root ─**→ ◌ ─*.pyc→ ● {1}
                                                 (◌ stays in the state at every step down)

Linear in the path: a step costs at most the size of the state, and there is nothing to undo.

Names that the same components match are of one *kind* and lead to the same state from everywhere. Kinds are
computed for all names of an image at once, so that each state is stepped once per kind instead of per name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain

from msgspec import Struct

from slim.errors import LimitError
from slim.files.distinct_names import Names
from slim.rules.component import AnyDepth, Component, Part
from slim.rules.glob_syntax import GlobError, needed_names, parse_glob
from slim.rules.names import Matched, matching

MAX_NODES = 250_000
"""Most trie nodes of one set: about 60 MB."""
MAX_STATE_CELLS = 2_000_000
"""Most nodes in all states together: about 110 MB. Only a hostile image needs as many."""
MAX_ANSWERS = 262_144
"""Most remembered answers; all are forgotten when there are more."""

MAX_JOINED = 64
"""Most groups of nodes that are joined."""


_KEY_BYTES = 3
"""Wildcards are found by up to this many of their last, else first, literal bytes."""


class Paths(Struct, frozen=True):
    """The names in some paths."""

    directories: AbstractSet[bytes]
    files: AbstractSet[bytes]
    """Their last names."""

    def may_have(self, parts: Sequence[Part | None]) -> bool:
        """Whether one of the paths may be like this, by the parts that are whole names."""
        *above, last = parts
        return not (isinstance(last, bytes) and last not in self.files) and all(
            part in self.directories for part in above if isinstance(part, bytes)
        )


class _Node:
    """A trie node: the components that lead on from here."""

    __slots__ = ("any_depth", "ends", "is_loop", "literal", "number", "wild")

    def __init__(self, number: int, *, is_loop: bool) -> None:
        self.number = number
        self.is_loop = is_loop
        """Reached by `**`: stays in the state at every step down."""
        self.ends: tuple[int, ...] = ()
        """Patterns that end here. On a loop node: they match every file below."""
        self.any_depth: _Node | None = None
        self.literal: dict[bytes, _Node] = {}
        self.wild: dict[Component, _Node] = {}

    def children(self) -> Iterable[tuple[bytes | Component, _Node]]:
        """Where single components lead."""
        return chain(self.literal.items(), self.wild.items())


_Bucket = list[tuple[Component, _Node]]


class _Exits:
    """The components that leave any of some nodes, found together: wildcards by their literal ends."""

    __slots__ = ("_by_head", "_by_tail", "_literal", "_others", "_within")

    def __init__(self, nodes: Sequence[_Node]) -> None:
        self._literal: dict[bytes, list[_Node]] = {}
        by_tail: dict[int, dict[bytes, _Bucket]] = {}
        by_head: dict[int, dict[bytes, _Bucket]] = {}
        self._others: _Bucket = []
        self._within: _Bucket = []
        """Those that are none of these, and have literal bytes somewhere."""
        for node in nodes:
            for name, child in node.literal.items():
                self._literal.setdefault(name, []).append(child)
            for component, child in node.wild.items():
                tail, head = component.tail[-_KEY_BYTES:], component.head[:_KEY_BYTES]
                if tail:
                    bucket = by_tail.setdefault(len(tail), {}).setdefault(tail, [])
                elif head:
                    bucket = by_head.setdefault(len(head), {}).setdefault(head, [])
                else:
                    bucket = self._within if component.needle else self._others
                bucket.append((component, child))
        self._by_tail, self._by_head = tuple(by_tail.items()), tuple(by_head.items())

    def step(self, name: bytes) -> list[_Node]:
        """The nodes that `name` leads to; one of them may come several times."""
        found: list[_Node] = []
        if name in self._literal:
            found += self._literal[name]
        for size, ends in self._by_tail:
            if (end := name[-size:]) in ends:
                found += [child for component, child in ends[end] if component.matches(name)]
        for size, ends in self._by_head:
            if (end := name[:size]) in ends:
                found += [child for component, child in ends[end] if component.matches(name)]
        for component, child in self._others:
            if component.matches(name):
                found.append(child)
        for component, child in self._within:
            if component.needle in name and component.matches(name):
                found.append(child)
        return found


class _State:
    """What a directory's path can stand for, and the answers given so far."""

    __slots__ = ("accepted", "always", "entered", "exits", "loops", "of_any_name")

    def __init__(self, nodes: Sequence[_Node], exits: tuple[_Exits, ...]) -> None:
        self.exits = exits
        self.loops = [node for node in nodes if node.is_loop]
        self.always = tuple(sorted({end for node in self.loops for end in node.ends}))
        self.of_any_name = list(self.always)
        """Patterns that match a file whatever its name is."""
        for node in nodes:
            for component, child in node.wild.items():
                if component.is_star:
                    self.of_any_name += child.ends
        self.entered: dict[bytes, int] = {}
        self.accepted: dict[bytes, tuple[int, ...]] = {}


class GlobSet:
    """Compiled patterns. Caches answers within fixed bounds; not for several threads."""

    def __init__(self, nodes: Sequence[_Node]) -> None:
        """`nodes` are all of a trie, its root first."""
        self._nodes = nodes
        self._met: dict[int, _Node] = {}
        """The nodes of all states."""
        self._states: list[_State] = []
        self._numbers: dict[tuple[int, ...], int] = {}
        self._exits: dict[tuple[int, ...], _Exits] = {}
        self._cells = 0
        self._answers = 0
        self._root = self._intern([nodes[0]])

    def root(self) -> int:
        """The state of the image's root directory."""
        return self._root

    def enter(self, state: int, name: bytes) -> int:
        """The state of the directory `name` inside the directory of `state`.

        Raises:
            LimitError: more different states than an honest image has.
        """
        here = self._states[state]
        known = here.entered.get(name)
        if known is None:
            found = [*here.loops, *(node for exits in here.exits for node in exits.step(name))]
            known = self._intern(found)
            self._remember()
            here.entered[name] = known
        return known

    def accept(self, state: int, name: bytes) -> tuple[int, ...]:
        """The patterns, ascending, that match the file `name` in the directory of `state`."""
        here = self._states[state]
        if not here.exits:
            return here.always
        known = here.accepted.get(name)
        if known is None:
            found = here.exits[0].step(name)
            for exits in here.exits[1:]:
                found += exits.step(name)
            ends = {end for node in found for end in node.ends} if found else None
            known = tuple(sorted(ends.union(here.always))) if ends else here.always
            self._remember()
            here.accepted[name] = known
        return known

    def kinds_of_directories(self, names: Names) -> dict[bytes, Matched]:
        """The kind of each name: `enter` gives the same result for all names of a kind. Names without an
        entry are of one kind, too."""
        parts = [
            part
            for node in self._nodes
            for part, child in node.children()
            if child.literal or child.wild or child.any_depth
        ]
        return matching(names, *_distinct(parts))

    def kinds_of_files(self, names: Names) -> dict[bytes, Matched]:
        """The same for `accept`, in directories entered so far."""
        return matching(names, *_distinct(self._ends()))

    def ending(self, names: Names, patterns: int) -> AbstractSet[bytes]:
        """The names at which one of the first `patterns` may end in directories entered so far.

        Patterns that match files of any name are left to `is_open`.
        """
        parts = (part for part, first in self._ends().items() if first < patterns)
        return matching(names, *_distinct(parts)).keys()

    def _ends(self) -> dict[bytes | Component, int]:
        """Where patterns end in directories entered so far: component → the first of its patterns."""
        first: dict[bytes | Component, int] = {}
        for node in self._met.values():
            for part, child in node.children():
                if child.ends:
                    first[part] = min(child.ends[0], first.get(part, child.ends[0]))
        return first

    def is_open(self, state: int, patterns: int) -> bool:
        """Whether one of the first `patterns` matches files of any name in a directory of the state."""
        return any(pattern < patterns for pattern in self._states[state].of_any_name)

    def match(self, path: bytes) -> tuple[int, ...]:
        """The patterns that match a whole path: `enter` for its directories, then `accept`."""
        *directories, name = path.split(b"/")
        state = self._root
        for directory in directories:
            state = self.enter(state, directory)
        return self.accept(state, name)

    def _intern(self, found: list[_Node]) -> int:
        nodes: dict[int, _Node] = {}
        for node in found:
            nodes[node.number] = node
            if node.any_depth is not None:  # `**` is also no component at all
                nodes[node.any_depth.number] = node.any_depth
        key = tuple(sorted(nodes))
        number = self._numbers.get(key)
        if number is None:
            self._cells += 1 + len(key)
            if self._cells > MAX_STATE_CELLS:
                raise LimitError(
                    "glob-states",
                    f"the directories of this image need more than {MAX_STATE_CELLS:,} "
                    "cells to match the rules",
                    "analyze with fewer rule packs",
                )
            number = self._numbers[key] = len(self._states)
            self._met.update(nodes)
            members = [nodes[each] for each in key]
            self._states.append(_State(members, self._exits_of(members)))
        return number

    def _exits_of(self, members: list[_Node]) -> tuple[_Exits, ...]:
        """Most states have the same few nodes with wildcards: these are joined, the others are cheap."""
        leaving = [node for node in members if node.literal or node.wild]
        wild = [node for node in leaving if node.wild]
        groups = [[node] for node in leaving if not node.wild]
        key = tuple(node.number for node in wild)
        if len(wild) > 1 and (key in self._exits or len(self._exits) < MAX_JOINED):
            groups.append(wild)
        else:
            groups += [[node] for node in wild]
        return tuple(self._exit(group) for group in groups)

    def _exit(self, group: list[_Node]) -> _Exits:
        key = tuple(node.number for node in group)
        known = self._exits.get(key)
        if known is None:
            known = self._exits[key] = _Exits(group)
        return known

    def _remember(self) -> None:
        self._answers += 1
        if self._answers > MAX_ANSWERS:
            self._answers = 1
            for state in self._states:
                state.entered.clear()
                state.accepted.clear()


def _distinct(parts: Iterable[bytes | Component]) -> tuple[set[bytes], list[Component]]:
    """The literal components and the others, each once; without `*`, which is the same to all names."""
    each = dict.fromkeys(parts)
    literal = {part for part in each if isinstance(part, bytes)}
    return literal, [part for part in each if isinstance(part, Component) and not part.is_star]


def compile_globs(patterns: Sequence[str], among: Paths | None = None) -> GlobSet:
    """Compile `patterns`; a pattern's number is its index.

    Args:
        among: the paths that will be asked about: patterns that none of them can match are left out.

    Raises:
        GlobError: a pattern is not valid, or all together are too large.
    """
    nodes = [_Node(0, is_loop=False)]
    for index, pattern in enumerate(patterns):
        if among is not None and not among.may_have(needed_names(pattern)):
            continue
        for parts in parse_glob(pattern):
            if among is not None and not among.may_have(parts):
                continue
            node = nodes[0]
            for part in parts:
                child = _child(node, part)
                if child is None:
                    if len(nodes) == MAX_NODES:
                        reason = f"all patterns together have more than {MAX_NODES:,} components"
                        raise GlobError(pattern, 0, reason)
                    child = _add_child(node, part, len(nodes))
                    nodes.append(child)
                node = child
            if index not in node.ends[-1:]:
                node.ends += (index,)
    return GlobSet(nodes)


def _child(node: _Node, part: Part) -> _Node | None:
    if isinstance(part, bytes):
        return node.literal.get(part)
    if isinstance(part, Component):
        return node.wild.get(part)
    return node.any_depth


def _add_child(node: _Node, part: Part, number: int) -> _Node:
    child = _Node(number, is_loop=isinstance(part, AnyDepth))
    if isinstance(part, bytes):
        node.literal[part] = child
    elif isinstance(part, Component):
        node.wild[part] = child
    else:
        node.any_depth = child
    return child
