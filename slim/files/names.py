"""From the name in a tar header to a place in the layer's tree.

Directories are interned, parents first. Names are cleaned as engines do (`./`, `//`, `..` clamped to
the root). A symbolic link of the same layer on the way is followed, because the engines resolve names
against what the layer has written so far; links of lower layers are not, because overlay engines
unpack each layer into an empty directory.
Source: OCI image-spec layer.md "Representing Changes"; the engines' behaviour where it is silent.
"""

from __future__ import annotations

from slim.errors import InputError
from slim.files.table import ROOT, LayerTable
from slim.limits import Limits, exceeded

WHITEOUT = b".wh."
OPAQUE = b".wh..wh..opq"
AUFS = b".wh..wh."
_DOTS = (b"", b".", b"..")
_SLASH = ord("/")
_SHORT = 512
"""Bytes of the directory parts of names that are remembered."""
_REMEMBERED = 1 << 17
"""Written names of directories at most: one directory can be written in any number of ways."""


class Names:
    """The directories of one layer, and the symbolic links that names may run through."""

    def __init__(self, table: LayerTable, limits: Limits) -> None:
        self._table = table
        self._limits = limits
        self._ids: dict[tuple[int, bytes], int] = {}
        self._depth = [0]
        self._length = [-1]
        """Bytes of each directory's path; of the root one less than none, for want of a slash."""
        self._links: dict[tuple[int, bytes], tuple[bytes, int]] = {}
        """(directory, name) → (target, when)."""
        self._cut: dict[int, int] = {}
        """Directories that were replaced by something else → when …"""
        self._last_cut: dict[int, int] = {}
        """… and when a directory itself, or one above it, was last, as far as somebody has asked."""
        self._above_links: set[int] = {ROOT}
        """Directories whose names are in `link_names`, with those of all above them."""
        self._steps = 0
        """Components that are still to be taken on the way to the name that is being resolved."""
        self._serial = 0
        self.bytes = 0
        """Length of all directories' names and links' targets."""
        self.by_text: dict[bytes, int] = {}
        """Directory part as written in headers → directory id. The hot loop's only look-up."""
        self._placed: dict[bytes, int] = {}
        """The same of entries that are not of the hot loop: not all has been done for their directories."""
        self.link_names: set[bytes] = set()
        """Names of all symbolic links so far, and of the directories above them: a cheap "could this
        change what a name runs through?"."""

    def place(self, raw: bytes, shown: bytes | None = None) -> tuple[int, bytes]:
        """Directory id and last component; an empty component means the root itself.

        Warnings name `shown`, by default the directory part: it is the same for all its entries.

        Raises:
            LimitError: the path is too long or too deep.
        """
        if len(raw) > self._limits.path_bytes:
            raise exceeded("path_bytes", len(raw), self._limits.path_bytes, "an entry's name")
        above, _, last = raw.rpartition(b"/")
        if shown is None and last not in _DOTS and 0 < len(above) <= _SHORT and above[0] != _SLASH:
            parent = self._placed.get(above)
            if parent is None:
                found, name = self._resolve(above, above)
                parent = self._descend_one(found, name) if name else ROOT
                if len(self._placed) > _REMEMBERED:
                    self._placed = {}
                self._placed[above] = parent
        else:
            parent, last = self._resolve(raw, (above or raw) if shown is None else shown)
        length = self._length[parent] + 1 + len(last)
        if length > self._limits.path_bytes:
            raise exceeded("path_bytes", length, self._limits.path_bytes, "an entry's path")
        return parent, last

    def _resolve(self, raw: bytes, shown: bytes) -> tuple[int, bytes]:
        """As `place`, of a name that nothing is known of."""
        self._steps = 0
        parts = self._clean(raw, shown)
        if not parts:
            return ROOT, b""
        if raw.startswith(b"/"):
            self._note_once("path-escape", shown, "an absolute name: engines disagree about it")
        return self._descend(parts[:-1]), parts[-1]

    def directory(self, text: bytes) -> int:
        """Id of the directory part of a name as written, remembered for the next entries."""
        parent, last = self.place(text, text)
        found = self._descend_one(parent, last) if last else ROOT
        if len(self.by_text) > _REMEMBERED:
            self.by_text = {}
        self.by_text[text] = found
        return found

    def add_directory(self, parent: int, name: bytes) -> int:
        """A directory entry: its id. It replaces a symbolic link of this layer at its path."""
        if name in self.link_names and self._links.pop((parent, name), None) is not None:
            self._forget()
        return self._intern(parent, name)

    def add_link(self, parent: int, name: bytes, target: bytes) -> None:
        """A symbolic link: later names of this layer run through it."""
        self.add_other(parent, name)
        self._serial += 1
        self._links[parent, name] = target, self._serial
        self.bytes += len(target)
        self.link_names.add(name)
        while parent not in self._above_links:
            self._above_links.add(parent)
            parent, name, _ = self._table.dirs[parent]
            self.link_names.add(name)

    def add_other(self, parent: int, name: bytes) -> None:
        """Anything but a directory, at a path where there may be a symbolic link or a directory."""
        if self._links.pop((parent, name), None) is not None:
            self._forget()
        own = self._ids.get((parent, name))
        if own is not None:
            self._serial += 1
            self._cut[own] = self._serial
            self._last_cut = {}
            self._forget()

    def target(self, raw: bytes) -> tuple[int, bytes]:
        """Where a hard link's target is; an absolute one starts at the root of the layer.

        Raises:
            LimitError: the path is too long or too deep.
        """
        return self.place(raw.lstrip(b"/"))

    def _note_once(self, id: str, path: bytes, text: str) -> None:
        """A warning about a directory's name, which many entries may have: the first stands for all."""
        if id not in self._table.warnings:
            self._table.note(id, path, text)

    def _forget(self) -> None:
        """What a name runs through has changed: written names must be resolved anew."""
        self.by_text = {}
        self._placed = {}

    def _clean(self, raw: bytes, shown: bytes) -> list[bytes]:
        parts: list[bytes] = []
        for part in raw.split(b"/"):
            if part == b"..":
                if parts:
                    parts.pop()
                else:
                    self._note_once(
                        "path-escape", shown, "a name leads out of the root; engines disagree"
                    )
            elif part and part != b".":
                parts.append(part)
        return parts

    def _descend(self, parts: list[bytes]) -> int:
        at = ROOT
        for part in parts:
            at = self._descend_one(at, part)
        return at

    def _descend_one(self, at: int, part: bytes) -> int:
        if part in self.link_names and self._link_at(at, part) is not None:
            return self._follow(at, part)
        return self._intern(at, part)

    def _follow(self, at: int, part: bytes) -> int:
        """Resolve a symbolic link of this layer, clamped to the root; a loop is a plain directory."""
        if "write-through-symlink" not in self._table.warnings:
            self._table.note(
                "write-through-symlink",
                self._path(at, part),
                "an entry is written through a symbolic link of its layer",
            )
        start, first, hops = at, part, 0
        pending = [part]
        while pending:
            step = pending.pop()
            self._step()
            if step in (b"", b"."):
                continue
            if step == b"..":
                at = max(self._table.dirs[at][0], ROOT)
                continue
            target = self._link_at(at, step) if step in self.link_names else None
            if target is None:
                at = self._intern(at, step)
                continue
            hops += 1
            if hops > self._limits.link_hops or len(pending) > self._limits.path_depth:
                self._table.note(
                    "symlink-loop", self._path(start, first), "symbolic links lead in a circle"
                )
                # Once it is a directory it leads nowhere else any more.
                self._links.pop((start, first), None)
                self._forget()
                return self._intern(start, first)
            if len(target) > self._limits.path_bytes:
                place = "the target of a symbolic link on the way to an entry"
                raise exceeded("path_bytes", len(target), self._limits.path_bytes, place)
            if target.startswith(b"/"):
                at = ROOT
            pending.extend(reversed(target.split(b"/")))
        return at

    def _link_at(self, at: int, part: bytes) -> bytes | None:
        """Target of the symbolic link at a path, unless a directory above it is gone."""
        found = self._links.get((at, part))
        if found is None:
            return None
        return found[0] if not self._cut or self._cut_at(at) <= found[1] else None

    def _cut_at(self, at: int) -> int:
        """When a directory, or one above it, was last replaced by something else; 0: never."""
        known, way = self._last_cut, []
        while at > ROOT and at not in known:
            way.append(at)
            at = self._table.dirs[at][0]
        last = known.get(at, 0)
        for directory in reversed(way):
            known[directory] = last = max(last, self._cut.get(directory, 0))
        return last

    def _step(self) -> None:
        """One component more on the way to a name: a link's target may have many, and be in the way often.

        Raises:
            LimitError: there are more of them than any engine would follow.
        """
        self._steps += 1
        most = self._limits.path_depth + self._limits.link_hops
        if self._steps > most:
            place = "a name that runs through symbolic links"
            raise exceeded("path_depth", self._steps, self._limits.path_depth, place)

    def _intern(self, parent: int, name: bytes) -> int:
        key = (parent, name)
        found = self._ids.get(key)
        if found is None:
            depth = self._depth[parent] + 1
            if depth > self._limits.path_depth:
                raise exceeded("path_depth", depth, self._limits.path_depth, "a directory")
            found = self._ids[key] = len(self._table.dirs)
            if found > self._limits.layer_entries:
                raise exceeded("layer_entries", found, self._limits.layer_entries, "a layer")
            length = self._length[parent] + 1 + len(name)
            if length > self._limits.path_bytes:
                raise exceeded("path_bytes", length, self._limits.path_bytes, "a directory")
            hidden = self._table.dirs[parent][2]
            if name.startswith(WHITEOUT) and not hidden:
                hidden = True
                if not (parent == ROOT and name.startswith(AUFS)):
                    self._table.note(
                        "whiteout-like-name",
                        self._path(parent, name),
                        "a directory named like a whiteout: no part of the tree",
                    )
            self._table.dirs.append((parent, name, hidden))
            self._depth.append(depth)
            self._length.append(length)
            self.bytes += len(name)
        return found

    def _path(self, parent: int, name: bytes) -> bytes:
        above = self._table.directory_path(parent)
        return above + b"/" + name if above else name


def whiteout_target(path: bytes, name: bytes) -> bytes:
    """The name that a whiteout hides.

    Raises:
        InputError: `.wh.`, `.wh..` and `.wh...` name nothing, or the directory itself; engines
            refuse them or delete the wrong thing.
    """
    hidden = name[len(WHITEOUT) :]
    if hidden in (b"", b".", b".."):
        raise InputError(
            "invalid-whiteout",
            f"a whiteout without a name: {path.decode('utf-8', 'backslashreplace')!r}",
            "no engine unpacks this layer safely; rebuild the image",
        )
    return hidden
