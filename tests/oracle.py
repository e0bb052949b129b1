"""The slow, obvious overlay: what a stack of layers makes, written from the text and not from slim.

One semantics (OCI image-spec layer.md "Applying Changesets", on the model of overlay engines):
every layer is applied to an empty tree of its own, entry by entry; its whiteouts and opaque
directories hide what is below, never what is in the same layer; then its tree is put over the rest.
The fate of an entry is read off by stacking the first layer, the first two layers, and so on.

Where the text says nothing, the choice is marked "Choice:".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.building import Entry

Path = tuple[bytes, ...]
ROOT: Path = ()
HOPS = 255
"""Symbolic links followed for one name before it counts as a loop."""


class InvalidWhiteoutError(Exception):
    """`.wh.`, `.wh..` or `.wh...`."""


@dataclass(eq=False)
class Node:
    """An inode: hard links share it. `row` is (layer, index of the entry), None if implicit."""

    kind: str
    row: tuple[int, int] | None = None
    content: bytes = b""
    link: bytes = b""
    target: Path | None = None
    """A hard link whose target is not in this layer: where it is to be found below."""
    blocked: bool = False
    """The target cannot exist: it is a directory, or below something that is none."""


Tree = dict[Path, Node]


@dataclass(frozen=True)
class Fate:
    """What became of the bytes of a regular file."""

    classes: frozenset[str] = frozenset({"live"})
    """The classes that the text allows; one unless several names went at the same time."""
    ended_by: int = -1

    def allows(self, label: str, ended_by: int) -> bool:
        return label in self.classes and ended_by == self.ended_by


@dataclass
class Overlay:
    """The final filesystem, and the fates by (layer, index of the entry)."""

    tree: Tree
    fates: dict[tuple[int, int], Fate]

    def words(self) -> set[str]:
        return words(self.tree)


def text(path: Path) -> str:
    return b"/".join(path).decode("utf-8", "surrogateescape")


def words(tree: Tree) -> set[str]:
    """The tree in the notation of the stacks: `d/`, `d/a=A`, `ln->d`, `p=device`, `f=F*2`."""
    names = Counter(node for node in tree.values() if node.kind == "file")
    return {
        word(text(path), node.kind, node.content, node.link, names[node])
        for path, node in tree.items()
    }


def word(path: str, kind: str, content: bytes = b"", link: bytes = b"", names: int = 1) -> str:
    """One path in that notation; `names` is how many share the file."""
    if kind == "directory":
        return path + "/"
    if kind == "symlink":
        return f"{path}->{link.decode('utf-8', 'surrogateescape')}"
    if kind == "device":
        return path + "=device"
    stars = f"*{names}" if names > 1 else ""
    return f"{path}={content.decode('utf-8', 'surrogateescape')}{stars}"


def overlay(layers: Sequence[Sequence[Entry]]) -> Overlay:
    """Stack the layers; for the fates stack every beginning of them anew.

    Raises:
        InvalidWhiteoutError: a whiteout without a name.
    """
    stacks = [stack(layers[: count + 1]) for count in range(len(layers))]
    fates = {}
    for number, items in enumerate(layers):
        alone = Upper(number, items)
        for index, entry in enumerate(items):
            if (number, index) in alone.files:
                fates[number, index] = _fate((number, index), entry, stacks, alone)
    return Overlay(stacks[-1] if stacks else {}, fates)


def stack(layers: Sequence[Sequence[Entry]]) -> Tree:
    tree: Tree = {}
    for number, items in enumerate(layers):
        tree = merge(tree, Upper(number, items))
    return tree


@dataclass
class Upper:
    """One layer on its own: the tree that it adds and what it hides."""

    number: int
    items: Sequence[Entry]
    tree: Tree = field(default_factory=dict)
    hidden: Tree = field(default_factory=dict)
    """Below a whiteout-like name: only hard links can reach it."""
    whiteouts: set[Path] = field(default_factory=set)
    opaques: set[Path] = field(default_factory=set)
    files: set[tuple[int, int]] = field(default_factory=set)
    replaced: dict[tuple[int, int], set[str]] = field(default_factory=dict)
    """How the names of a file went within the layer."""

    def __post_init__(self) -> None:
        for index, entry in enumerate(self.items):
            self._apply((self.number, index), entry)

    def _apply(self, row: tuple[int, int], entry: Entry) -> None:
        parts = clean(entry.name)
        if not parts:
            return  # the root itself, or no name at all
        name = parts[-1]
        node = self._node(row, entry)
        if node.kind == "file" and entry.type != b"1" and not _marker(parts):
            self.files.add(row)
        above = self.resolve(parts[:-1])
        if any(part.startswith(b".wh.") for part in above):
            self.hidden[(*above, name)] = node
        elif name == b".wh..wh..opq":
            self.opaques.add(above)
        elif name.startswith(b".wh..wh.") and above == ROOT:
            self.hidden[(name,)] = node
        elif name.startswith(b".wh."):
            if name[4:] in (b"", b".", b".."):
                raise InvalidWhiteoutError(text((*above, name)))
            self.whiteouts.add((*above, name[4:]))
        else:
            self._put((*above, name), node)

    def _node(self, row: tuple[int, int], entry: Entry) -> Node:
        if entry.type == b"5" or (entry.type == b"\0" and entry.name.endswith(b"/")):
            return Node("directory", row)
        if entry.type == b"2":
            return Node("symlink", row, link=entry.link)
        if entry.type in (b"3", b"4", b"6"):
            return Node("device", row)
        if entry.type == b"1":
            return self._linked(row, entry)
        return Node("file", row, content=entry.content)

    def _linked(self, row: tuple[int, int], entry: Entry) -> Node:
        """The inode of a hard link's target, as far as this layer has been written."""
        parts = clean(entry.link)
        target = (*self.resolve(parts[:-1]), *parts[-1:])
        found = self.tree.get(target) or self.hidden.get(target)
        if found is not None and found.kind != "directory":
            return found
        above = (self.tree.get(target[:depth]) for depth in range(1, len(target)))
        blocked = found is not None or any(node and node.kind != "directory" for node in above)
        return Node("hardlink", row, target=target, blocked=blocked)

    def resolve(self, parts: Path) -> Path:
        """The directory that a name means: links that this layer has written are followed."""
        at: Path = ROOT
        pending = list(reversed(parts))
        hops = 0
        while pending:
            step = pending.pop()
            if step == b"..":
                at = at[:-1]
                continue
            if step in (b"", b"."):
                continue
            node = self.tree.get((*at, step))
            if node is None or node.kind != "symlink":
                at = (*at, step)
                continue
            hops += 1
            if hops > HOPS:
                return parts  # a loop: the path as written
            if node.link.startswith(b"/"):
                at = ROOT
            pending.extend(reversed(node.link.split(b"/")))
        return at

    def _put(self, path: Path, node: Node) -> None:
        for depth in range(1, len(path)):
            above = path[:depth]
            if above not in self.tree or self.tree[above].kind != "directory":
                self._remove(above, "deleted")
                self.tree[above] = Node("directory")
        old = self.tree.get(path)
        if old is not None and old.kind == node.kind == "directory":
            return
        self._remove(path, "duplicate-entry")
        self.tree[path] = node

    def _remove(self, path: Path, why: str) -> None:
        """Take a path and all below it away; below it goes because of a change of type."""
        for other in [other for other in self.tree if other[: len(path)] == path]:
            node = self.tree.pop(other)
            if node.kind == "file" and node.row is not None:
                self.replaced.setdefault(node.row, set()).add(why if other == path else "deleted")

    def hides(self, path: Path) -> bool:
        """Whether something of a lower layer is hidden by this one."""
        return any(path[:depth] in self.whiteouts for depth in range(1, len(path) + 1)) or any(
            path[:depth] in self.opaques for depth in range(len(path))
        )


def _marker(parts: Path) -> bool:
    """A whiteout, an opaque marker or a file of AUFS's own: bytes that are no file's."""
    plain = not any(part.startswith(b".wh.") for part in parts[:-1])
    return plain and parts[-1].startswith(b".wh.")


def clean(name: bytes) -> Path:
    """The components of a name, lexically clean and clamped to the root."""
    parts: list[bytes] = []
    for part in name.split(b"/"):
        if part == b"..":
            del parts[-1:]
        elif part not in (b"", b"."):
            parts.append(part)
    return tuple(parts)


def merge(lower: Tree, upper: Upper) -> Tree:
    """Hide what the layer hides, then put its tree over the rest."""
    tree = {path: node for path, node in lower.items() if not upper.hides(path)}
    seen = dict(tree)
    for path in sorted(upper.tree, key=len):
        node = upper.tree[path]
        if node.kind == "directory":
            if path in tree and tree[path].kind == "directory":
                continue
        else:
            tree = {other: old for other, old in tree.items() if other[: len(path)] != path}
        if node.kind != "hardlink":
            tree[path] = node
            continue
        # A link to a lower layer's file. Choice: one whose target is missing shows nothing, but
        # has taken its path's place, as engines remove what is there before they try to link.
        target = None if node.blocked or node.target is None else seen.get(node.target)
        if target is not None and target.kind != "directory":
            tree[path] = target
    # Choice: an opaque marker makes its directory (as overlay engines do), a whiteout makes none;
    # both turn a lower link or file on their way into a directory.
    for path in upper.opaques:
        if not _blocked(upper.tree, path):
            for depth in range(1, len(path) + 1):
                _make_directory(tree, path[:depth])
    for path in upper.whiteouts:
        if not _blocked(upper.tree, path[:-1]):
            for depth in range(1, len(path)):
                if path[:depth] in tree:
                    _make_directory(tree, path[:depth])
    return tree


def _blocked(tree: Tree, path: Path) -> bool:
    """Whether the layer itself has something else than a directory on the way to a path."""
    nodes = (tree.get(path[:depth]) for depth in range(1, len(path) + 1))
    return any(node and node.kind != "directory" for node in nodes)


def _make_directory(tree: Tree, path: Path) -> None:
    if path not in tree or tree[path].kind != "directory":
        tree[path] = Node("directory")


def _fate(row: tuple[int, int], entry: Entry, stacks: list[Tree], alone: Upper) -> Fate:
    """The first stack that does not show the file's bytes under any name ended it."""
    own = row[0]
    names: set[Path] = set()
    for number in range(own, len(stacks)):
        tree = stacks[number]
        after = {path for path, node in tree.items() if node.row == row}
        if after:
            names = after
            continue
        if number == own:
            why = alone.replaced.get(row) or {"orphan"}
        else:
            why = {_ended(entry, tree.get(path)) for path in names}
        return Fate(frozenset(why), number)
    return Fate()


def _ended(entry: Entry, now: Node | None) -> str:
    """Why a name does not show the entry's bytes any more."""
    if now is None or now.kind != "file":
        return "deleted"
    # Choice: a path that is hidden and written again in one layer counts as written again.
    return "metadata-only" if now.content == entry.content else "rewritten"
