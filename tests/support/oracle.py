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

from tests.support.building import Entry

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
    undecided: bool
    """The stack has something that no text and no two engines give a meaning to."""

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
    trees = []
    fates = {}
    uppers = []
    for count in range(1, len(layers) + 1):
        tree, upper = stack(layers[:count])
        trees.append(tree)
        uppers.append(upper)
    for upper in uppers:
        for row in upper.files:
            fates[row] = _fate(row, upper, uppers, trees)
    undecided = any(upper.undecided for upper in uppers)
    return Overlay(trees[-1] if trees else {}, fates, undecided)


def stack(layers: Sequence[Sequence[Entry]]) -> tuple[Tree, Upper]:
    """The tree of one or more layers, and the last of them on its own."""
    tree: Tree = {}
    for number, items in enumerate(layers):
        upper = Upper(number, items, tree)
        tree = merge(tree, upper)
    return tree, upper


@dataclass
class Upper:
    """One layer on its own: what it hides, and the tree that it adds."""

    number: int
    items: Sequence[Entry]
    lower: Tree
    tree: Tree = field(default_factory=dict)
    hidden: Tree = field(default_factory=dict)
    """Below a whiteout-like name: only hard links can reach it."""
    whiteouts: set[Path] = field(default_factory=set)
    opaques: set[Path] = field(default_factory=set)
    files: list[tuple[int, int]] = field(default_factory=list)
    replaced: dict[tuple[int, int], set[str]] = field(default_factory=dict)
    """How the names of a file went within the layer."""
    seen: set[Path] = field(default_factory=set)
    """Symbolic links that the last name ran through."""
    undecided: bool = False
    """Something that engines refuse and no text gives a meaning to: a name that runs in circles; a
    hard link that takes away its own target; or one to a lower file, which overlay engines cannot
    unpack, in a layer that contradicts itself or has something in the target's place."""
    conflicting: bool = False
    """A path is there twice, and not as a directory both times."""

    def __post_init__(self) -> None:
        # Names first: hard links need to know all that the layer hides.
        places = [self._place(entry) for entry in self.items]
        self.tree, self.replaced = {}, {}
        crossing = False
        for index, (entry, (path, target)) in enumerate(zip(self.items, places, strict=True)):
            row = (self.number, index)
            if path is None:
                continue
            node = self._link(target) if entry.type == b"1" else _node(row, entry)
            if node is None:
                continue  # Choice: a link without target is ignored, it hides nothing either
            crossing |= node.row is not None and node.row[0] != self.number
            if node.row == row and node.kind == "file":
                self.files.append(row)
            if any(part.startswith(b".wh.") for part in path):
                self.hidden[path] = node
            else:
                self._put(path, node)
        self.undecided |= crossing and self.conflicting

    def _place(self, entry: Entry) -> tuple[Path | None, Path]:
        """Path of an addition, and of a hard link's target, as far as the layer is written."""
        parts = clean(entry.name)
        if not parts:
            return None, ROOT  # the root itself, or no name at all
        above, name = self._resolve(parts[:-1]), parts[-1]
        path = (*above, name)
        link = clean(entry.link)
        target = (*self._resolve(link[:-1]), *link[-1:])
        if entry.type == b"1" and (path in self.seen or target[: len(path)] == path):
            self.undecided = True  # engines remove what is there before they look for the target
        if any(part.startswith(b".wh.") for part in above):
            return path, target
        if name == b".wh..wh..opq":
            self.opaques.add(above)
        elif name.startswith(b".wh..wh.") and above == ROOT:
            pass  # bookkeeping of AUFS
        elif name.startswith(b".wh."):
            if name[4:] in (b"", b".", b".."):
                raise InvalidWhiteoutError(text(path))
            self.whiteouts.add((*above, name[4:]))
        else:
            self._put(path, _node((self.number, 0), entry))
            return path, target
        return None, ROOT

    def _link(self, target: Path) -> Node | None:
        """The inode of a hard link's target: of this layer so far, or of what is left below."""
        found = self.tree.get(target) or self.hidden.get(target)
        if (
            target in self.lower
            and self.lower[target].kind != "directory"
            and not self.hides(target)
        ):
            replaced = found is not None and found.kind == "directory"
            if replaced or _blocked(self.tree, target):
                self.undecided = True
            elif found is None:
                found = self.lower[target]
        return found if found is not None and found.kind != "directory" else None

    def _resolve(self, parts: Path) -> Path:
        """The directory that a name means: links that this layer has written are followed."""
        at: Path = ROOT
        self.seen = set()
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
            self.seen.add((*at, step))
            if hops > HOPS:
                self.undecided = True
                return parts  # a loop: the path as written
            if node.link.startswith(b"/"):
                at = ROOT
            pending.extend(reversed(node.link.split(b"/")))
        return at

    def _put(self, path: Path, node: Node) -> None:
        for depth in range(1, len(path)):
            above = path[:depth]
            if above in self.tree and self.tree[above].kind != "directory":
                self.conflicting = True
                self._remove(above, "deleted")
            self.tree.setdefault(above, Node("directory"))
        old = self.tree.get(path)
        if old is not None and old.kind == node.kind == "directory":
            return
        self.conflicting |= old is not None
        self._remove(path, "duplicate-entry")
        self.tree[path] = node

    def _remove(self, path: Path, why: str) -> None:
        """Take a path and all below it away.

        What goes because of a change of type in its own layer may be called either.
        """
        for other in [other for other in self.tree if other[: len(path)] == path]:
            node = self.tree.pop(other)
            if node.row is not None:
                reasons = self.replaced.setdefault(node.row, set())
                reasons |= {why} if other == path else {"deleted"}
                reasons.add("duplicate-entry")

    def hides(self, path: Path) -> bool:
        """Whether this layer hides what lower layers have at a path."""
        return any(path[:depth] in self.whiteouts for depth in range(1, len(path) + 1)) or any(
            path[:depth] in self.opaques for depth in range(len(path))
        )

    def ends(self, path: Path) -> bool:
        """Whether a marker alone ends a lower file: it hides the file, or stands below it."""
        folders = self.opaques | {hidden[:-1] for hidden in self.whiteouts}
        return self.hides(path) or any(folder[: len(path)] == path for folder in folders)


def _node(row: tuple[int, int], entry: Entry) -> Node:
    if entry.type == b"5" or (entry.type == b"\0" and entry.name.endswith(b"/")):
        return Node("directory", row)
    if entry.type == b"2":
        return Node("symlink", row, link=entry.link)
    if entry.type in (b"3", b"4", b"6"):
        return Node("device", row)
    return Node("file", row, content=entry.content)


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
    for path in sorted(upper.tree, key=len):
        node = upper.tree[path]
        if node.kind == "directory":
            _make_directory(tree, path)
        else:
            tree = {other: old for other, old in tree.items() if other[: len(path)] != path}
            tree[path] = node
    # A whiteout or opaque marker makes no directories; but a lower link or file on the way to it
    # becomes one, as everything that stands below does in overlay engines.
    for path in upper.opaques | {path[:-1] for path in upper.whiteouts}:
        if not _blocked(upper.tree, (*path, b"")):
            for depth in range(1, len(path) + 1):
                if path[:depth] in tree:
                    _make_directory(tree, path[:depth])
    return tree


def _blocked(tree: Tree, path: Path) -> bool:
    """Whether a tree has something else than a directory on the way to a path."""
    nodes = (tree.get(path[:depth]) for depth in range(1, len(path)))
    return any(node and node.kind != "directory" for node in nodes)


def _make_directory(tree: Tree, path: Path) -> None:
    if path not in tree or tree[path].kind != "directory":
        tree[path] = Node("directory")


def _fate(
    row: tuple[int, int], upper: Upper, uppers: Sequence[Upper], trees: Sequence[Tree]
) -> Fate:
    """The first stack that does not show the file's bytes under any name ended it."""
    content = upper.items[row[1]].content
    names: set[Path] = set()
    for number in range(row[0], len(trees)):
        after = {path for path, node in trees[number].items() if node.row == row}
        if after:
            names = after
            continue
        if number == row[0]:
            why = upper.replaced.get(row) or {"orphan"}
        else:
            why = set()
            for path in names:
                why |= _ended(content, trees[number].get(path), uppers[number].ends(path))
        return Fate(frozenset(why), number)
    return Fate()


def _ended(content: bytes, now: Node | None, hidden: bool) -> set[str]:
    """Why a name does not show some bytes any more; hidden and written again may be called both."""
    if now is None or now.kind != "file":
        return {"deleted"}
    again = "metadata-only" if now.content == content else "rewritten"
    return {again, "deleted"} if hidden else {again}
