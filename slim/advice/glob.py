"""All patterns of all packs as one automaton over path components.

The patterns share a trie whose edges are components. A directory is a *state*: the set of trie
nodes that its path can stand for. The state of a directory comes from its parent's and its name,
and is computed once for all directories that agree on it; literal components are dictionary
look-ups, wildcards are found by their last or first bytes, and answers are remembered per state and
name. What leads to directories and what ends at files is looked up apart, and of the files of one
directory those that nothing can end at are told from the others all at once:

    pattern 0   app/**/node_modules/**           root ─app→ ● ─**→ ◌ ─node_modules→ ● ─**→ ◌ {0}
    pattern 1   **/*.pyc                         root ─**→ ◌ ─*.pyc→ ● {1}
                                                 (◌ stays in the state at every step down)

Linear in the path: a step costs at most the size of the state, and there is nothing to undo. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import compress
from operator import itemgetter

from slim.advice.component import AnyDepth, Component, Part
from slim.advice.glob_syntax import GlobError, parse_glob
from slim.errors import LimitError

MAX_NODES = 250_000
"""Most trie nodes of one set: about 60 MB."""
MAX_STATE_CELLS = 2_000_000
"""Most nodes in all states together: about 110 MB. Only an image made to do so needs as many."""
MAX_ANSWERS = 262_144
"""Most remembered answers; all are forgotten when there are more."""

MAX_JOINED = 64
"""Most groups of nodes that are joined."""

_FEW = 4
"""Fewer names than this are asked for one by one."""
_KEY_BYTES = 3
"""Wildcards are found by up to this many of their last, else first, literal bytes."""


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

    @property
    def leads_on(self) -> bool:
        """Whether anything below a directory that comes here can match because of it."""
        return bool(self.literal or self.wild or self.any_depth)


class _Bucket:
    """Components that a few bytes of a name have found, and what else a name must have for any of them."""

    __slots__ = ("_heads", "_members", "_tails")

    def __init__(self) -> None:
        self._members: list[tuple[Component, _Node]] = []
        self._heads: tuple[bytes, ...] = ()
        self._tails: tuple[bytes, ...] = ()

    def add(self, component: Component, child: _Node) -> None:
        self._members.append((component, child))
        self._heads = tuple({component.head, *self._heads})
        self._tails = tuple({component.tail, *self._tails})

    def step(self, name: bytes) -> list[_Node]:
        if not (name.startswith(self._heads) and name.endswith(self._tails)):
            return []
        return [child for component, child in self._members if component.matches(name)]

    def __bool__(self) -> bool:
        return bool(self._members)


class _Exits:
    """The components that leave any of some nodes, found together: wildcards by their literal ends.

    For the names of files those at which a pattern ends; for directories those that lead on.
    """

    __slots__ = ("_by_end", "_literal", "_needles", "_others", "_within")

    def __init__(self, nodes: Sequence[_Node], *, of_files: bool) -> None:
        self._literal: dict[bytes, list[_Node]] = {}
        by_end: dict[tuple[int | None, int | None], dict[bytes, _Bucket]] = {}
        """By the bounds of a slice of the name, and what must be there."""
        self._others = _Bucket()
        self._within = _Bucket()
        """Those that are none of these, and have literal bytes somewhere …"""
        needles: set[bytes] = set()
        for node in nodes:
            for name, child in node.literal.items():
                if child.ends if of_files else child.leads_on:
                    self._literal.setdefault(name, []).append(child)
            for component, child in node.wild.items():
                if not (child.ends if of_files else child.leads_on):
                    continue
                tail, head = component.tail[-_KEY_BYTES:], component.head[:_KEY_BYTES]
                if tail:
                    bucket = by_end.setdefault((-len(tail), None), {}).setdefault(tail, _Bucket())
                elif head:
                    bucket = by_end.setdefault((None, len(head)), {}).setdefault(head, _Bucket())
                elif component.needle:
                    bucket = self._within
                    needles.add(re.escape(component.needle))
                else:
                    bucket = self._others
                bucket.add(component, child)
        self._by_end = [(itemgetter(slice(*bounds)), ends) for bounds, ends in by_end.items()]
        self._needles = re.compile(b"|".join(sorted(needles))) if needles else None
        """… and what finds that a name has any of these: literals, so there is nothing to try twice."""

    def __bool__(self) -> bool:
        return bool(self._literal or self._by_end or self._within or self._others)

    def step(self, name: bytes) -> list[_Node]:
        """The nodes that `name` leads to; one of them may come several times."""
        found = [*self._literal.get(name, ())]
        for cut, ends in self._by_end:
            if (end := cut(name)) in ends:
                found += ends[end].step(name)
        if self._others:
            found += self._others.step(name)
        if self._needles is not None and self._needles.search(name):
            found += self._within.step(name)
        return found

    def step_all(self, names: Sequence[bytes]) -> dict[bytes, list[_Node]]:
        """`step` for many names; those that lead to none, as most, cost the interpreter no step each."""
        found = {name: [*self._literal[name]] for name in self._literal.keys() & names}
        some = [
            (name, ends[cut(name)])
            for cut, ends in self._by_end
            for name in compress(names, map(ends.__contains__, map(cut, names)))
        ]
        if self._others:
            some += [(name, self._others) for name in names]
        # No name has a slash: nothing is found across two of them.
        if self._needles is not None and self._needles.search(b"/".join(names)):
            some += [(name, self._within) for name in filter(self._needles.search, names)]
        for name, bucket in some:
            if nodes := bucket.step(name):
                found.setdefault(name, []).extend(nodes)
        return found


class _State:
    """What a directory's path can stand for, and the answers given so far."""

    __slots__ = ("accepted", "always", "ends", "entered", "inner", "leaves", "loops")

    def __init__(
        self, nodes: Sequence[_Node], inner: tuple[_Exits, ...], leaves: tuple[_Exits, ...]
    ) -> None:
        self.inner = inner
        """What leads to directories in it …"""
        self.leaves = leaves
        """… and what ends at files."""
        self.loops = [node for node in nodes if node.is_loop]
        self.always = tuple(sorted({end for node in self.loops for end in node.ends}))
        self.entered: dict[bytes, int] = {}
        self.accepted: dict[bytes, tuple[int, ...]] = {}
        self.ends: dict[tuple[int, ...], tuple[int, ...]] = {}
        """Nodes that the name of a file leads to → the answer."""


class GlobSet:
    """Compiled patterns. Grows as it is asked, within fixed bounds; not for several threads."""

    def __init__(self, root: _Node) -> None:
        self._states: list[_State] = []
        self._numbers: dict[tuple[int, ...], int] = {}
        self._exits: tuple[dict[tuple[int, ...], _Exits], ...] = ({}, {})
        """Of directories, and of files."""
        self._cells = 0
        self._answers = 0
        self._root = self._intern([root])

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
            found = [
                *here.loops,
                *(node for one in here.inner for node in one.step(name)),
            ]
            known = self._intern(found)
            self._remember()
            here.entered[name] = known
        return known

    def accept(self, state: int, name: bytes) -> tuple[int, ...]:
        """The patterns, ascending, that match the file `name` in the directory of `state`."""
        here = self._states[state]
        if not here.leaves:
            return here.always
        known = here.accepted.get(name)
        if known is None:
            found = here.leaves[0].step(name)
            for one in here.leaves[1:]:
                found += one.step(name)
            known = here.accepted[name] = self._answer(here, found)
            self._remember()
        return known

    def accept_all(
        self, state: int, names: Sequence[bytes]
    ) -> tuple[tuple[int, ...], dict[bytes, tuple[int, ...]]]:
        """`accept` for many files of a directory: the usual answer, and those that may be others."""
        here = self._states[state]
        if len(names) < _FEW:
            return here.always, {name: self.accept(state, name) for name in names}
        found: dict[bytes, list[_Node]] = {}
        for one in here.leaves:
            for name, nodes in one.step_all(names).items():
                found.setdefault(name, []).extend(nodes)
        return here.always, {name: self._answer(here, nodes) for name, nodes in found.items()}

    def _answer(self, here: _State, found: list[_Node]) -> tuple[int, ...]:
        """What matches a file whose name leads to these nodes."""
        if not found:
            return here.always
        key = tuple([node.number for node in found])
        known = here.ends.get(key)
        if known is None:
            ends = {end for node in found for end in node.ends}
            known = here.ends[key] = tuple(sorted(ends.union(here.always)))
            self._remember()
        return known

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
            members = [nodes[one] for one in key]
            inner, leaves = (self._exits_of(members, of_files=files) for files in (False, True))
            self._states.append(_State(members, inner, leaves))
        return number

    def _exits_of(self, members: list[_Node], *, of_files: bool) -> tuple[_Exits, ...]:
        """Most states have the same few nodes with wildcards: these are joined, the others are cheap."""
        leaving = [node for node in members if node.literal or node.wild]
        wild = [node for node in leaving if node.wild]
        groups = [[node] for node in leaving if not node.wild]
        key, known = tuple(node.number for node in wild), self._exits[of_files]
        if len(wild) > 1 and (key in known or len(known) < MAX_JOINED):
            groups.append(wild)
        else:
            groups += [[node] for node in wild]
        return tuple(filter(None, (self._exit(group, of_files) for group in groups)))

    def _exit(self, group: list[_Node], of_files: bool) -> _Exits:
        key, exits = tuple(node.number for node in group), self._exits[of_files]
        known = exits.get(key)
        if known is None:
            known = exits[key] = _Exits(group, of_files=of_files)
        return known

    def _remember(self) -> None:
        self._answers += 1
        if self._answers > MAX_ANSWERS:
            self._answers = 1
            for state in self._states:
                state.entered.clear()
                state.accepted.clear()
                state.ends.clear()


def compile_globs(patterns: Sequence[str]) -> GlobSet:
    """Compile `patterns`; a pattern's number is its index.

    Raises:
        GlobError: a pattern is not valid, or all together are too large.
    """
    root = _Node(0, is_loop=False)
    count = 1
    for index, pattern in enumerate(patterns):
        for parts in parse_glob(pattern):
            node = root
            for part in parts:
                child = _child(node, part)
                if child is None:
                    if count == MAX_NODES:
                        reason = f"all patterns together have more than {MAX_NODES:,} components"
                        raise GlobError(pattern, 0, reason)
                    child = _add_child(node, part, count)
                    count += 1
                node = child
            if index not in node.ends[-1:]:
                node.ends += (index,)
    return GlobSet(root)


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
