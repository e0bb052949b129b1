"""Two final filesystems, path by path: what is in one only, and what differs.

Entries that lie at the same place of the same layer are the same bytes and need not be read. Of the others
the bytes are compared first; where these differ, attributes and contents are read from the layers.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterator
from itertools import compress

from slim.files.table import ROOT, Files, Kind, mask
from slim.limits import Limits
from slim.repack.attributes import FileAttributes, read_attributes
from slim.repack.certificate import Difference, Proof, shown_path
from slim.repack.presence import directory_ids
from slim.repack.raw_header import Attributes
from slim.repack.same_bytes import same_entries
from slim.repack.trees import Tree

MOST = 1_000
"""Differences that are listed; all are counted."""
_IMPLICIT = -1
"""Row of a directory that no entry describes."""


class _Differences:
    def __init__(self) -> None:
        self.found: list[Difference] = []
        self.count = 0

    def add(self, path: bytes, what: str) -> None:
        self.count += 1
        if len(self.found) < MOST:
            text, encoded = shown_path(path)
            self.found.append(Difference(text, what, encoded))


def compare(
    before: Tree,
    after: Tree,
    is_gone: Callable[[bytes, int], bool],
    limits: Limits,
    progress: Callable[[int], None] | None = None,
    uncompared: Collection[bytes] = (),
) -> Proof:
    """Compare two filesystems. What `is_gone` has to be in the first only: it is asked about each path of
    that, with its row or `~directory`. The paths in `uncompared` may be in either.

    Raises:
        InputError, LimitError: a layer cannot be read any more.
    """
    differences = _Differences()
    # Pairs of rows, as columns: an image has many. Of most the bytes are compared, of others what they say.
    counterparts = array("q", [_IMPLICIT]) * len(after.files)
    mine, other = array("q"), array("q")
    links = _Links(before.files, after.files)
    paths = expected = unlike = 0
    ours, theirs = _described(before.files), _described(after.files)
    for path, left, right in _walk(before.files, after.files):
        if path in uncompared:
            continue
        paths += 1
        if left is None or right is None:
            if left is not None and is_gone(path, left):
                expected += 1
            else:
                differences.add(path, f"only in the {'source' if right is None else 'result'}")
            continue
        if is_gone(path, left):
            differences.add(path, "still there")
            continue
        if (left < 0) != (right < 0):
            differences.add(path, "type")
            continue
        if left < 0:
            pair = ours[~left], theirs[~right]
        else:
            pair = _body(before.files, left), _body(after.files, right)
            if not links.agree(*pair):
                differences.add(path, "hard links")
        if _is_same(before, after, *pair):
            continue
        unlike += 1
        if min(pair) < 0 or counterparts[pair[1]] not in (_IMPLICIT, pair[0]):
            mine.append(pair[0])
            other.append(pair[1])
        else:
            counterparts[pair[1]] = pair[0]
    same = same_entries(before, after, counterparts, limits, progress)
    for row, counterpart in enumerate(counterparts):
        if counterpart >= 0 and not same[row]:
            mine.append(counterpart)
            other.append(row)
    read = [
        read_attributes(
            tree.layers, tree.tables, tree.files, (row for row in rows if row >= 0), limits,
            contents=True, progress=progress,
        )
        for tree, rows in ((before, mine), (after, other))
    ]  # fmt: skip
    for left, right in zip(mine, other, strict=True):
        if what := _different(before.files, read[0], left, after.files, read[1], right):
            files, row = (before.files, left) if left >= 0 else (after.files, right)
            differences.add(files.path(row) if row >= 0 else b"", what)
    omitted = differences.count - len(differences.found)
    return Proof(paths, unlike, expected, tuple(differences.found), omitted)


class _Links:
    """Names of one file on one side have to be those of one file on the other."""

    def __init__(self, before: Files, after: Files) -> None:
        self._several = frozenset(before.body.values()), frozenset(after.body.values())
        self._right: dict[int, int] = {}
        self._left: dict[int, int] = {}

    def agree(self, left: int, right: int) -> bool:
        if left not in self._several[0] and right not in self._several[1]:
            return True  # one name on each side
        return (
            self._right.setdefault(left, right) == right
            and self._left.setdefault(right, left) == left
        )


def _walk(before: Files, after: Files) -> Iterator[tuple[bytes, int | None, int | None]]:
    """Each path of either side with its row, or `~directory`; None where it is not there."""
    yield b"", ~ROOT, ~ROOT
    pending: list[tuple[bytes, int | None, int | None]] = [(b"", ROOT, ROOT)]
    while pending:
        above, left, right = pending.pop()
        ours = before.children.names(left) if left is not None else {}
        theirs = after.children.names(right) if right is not None else {}
        for name in sorted(ours.keys() | theirs.keys()):
            path = above + b"/" + name if above else name
            child, counterpart = ours.get(name), theirs.get(name)
            yield path, child, counterpart
            below = (
                ~child if child is not None and child < 0 else None,
                ~counterpart if counterpart is not None and counterpart < 0 else None,
            )
            if below != (None, None):
                pending.append((path, *below))


def _described(files: Files) -> array[int]:
    """Directory → the row of the entry that describes it, or `_IMPLICIT`."""
    found, ids = array("i", [_IMPLICIT]) * len(files.dir_parent), directory_ids(files)
    for row in compress(range(len(files)), mask(files.kind, Kind.DIRECTORY)):
        if files.shown[row]:
            name = files.name[row]
            found[ids[files.directory[row], name] if name else ROOT] = row
    return found


def _body(files: Files, row: int) -> int:
    return files.body.get(row, row)


def _is_same(before: Tree, after: Tree, left: int, right: int) -> bool:
    """Whether two rows are the same entry of the same layer."""
    if left < 0 or right < 0:
        return left == right
    lower, upper = before.files.layer_of(left), after.files.layer_of(right)
    if left - before.files.starts[lower] != right - after.files.starts[upper]:
        return False
    own_diff_id, other_diff_id = before.tables[lower].diff_id, after.tables[upper].diff_id
    return own_diff_id == other_diff_id != ""


def _different(
    before: Files,
    own: FileAttributes,
    left: int,
    after: Files,
    other: FileAttributes,
    right: int,
) -> str:
    """The attributes that differ, in words; empty for none."""
    if left < 0 or right < 0:
        return _not_as_made(other.of(right) if left < 0 else own.of(left))
    old, new = own.of(left), other.of(right)
    found = [
        word
        for word, differs in (
            ("type", old.type != new.type),
            ("mode", old.mode != new.mode and old.type != "2"),
            ("owner", (old.uid, old.gid) != (new.uid, new.gid)),
            ("time", old.mtime != new.mtime),
            ("xattrs", old.xattrs != new.xattrs),
            ("link target", old.link != new.link),
            ("device", old.device != new.device),
            ("size", before.size[left] != after.size[right]),
            (
                "content",
                (old.sparse, own.content(left)) != (new.sparse, other.content(right)),
            ),
        )
        if differs
    ]
    return ", ".join(found)


def _not_as_made(found: Attributes) -> str:
    """How a directory's entry differs from what engines make for want of one; its time is nobody's."""
    words = ("mode", found.mode != 0o755), ("owner", (found.uid, found.gid) != (0, 0))
    return ", ".join(word for word, differs in (*words, ("xattrs", found.xattrs != ())) if differs)
