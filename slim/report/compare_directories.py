"""The directories of two reports: how much more or less lies below each."""

from __future__ import annotations

from heapq import nlargest

from slim.report.compare_files import Compared, Pair
from slim.report.comparison import Change, DirectoryChange
from slim.report.model import DirectoryInfo, Example, Report
from slim.report.untrusted import bare, untrusted

_MOSTLY = 0.8
_NODES = 2_000_000
"""Directories that are told apart; files below others count for the innermost one that is."""
_ROOT = 0


def directories(base: Report, image: Report, files: Compared, top: int) -> list[DirectoryChange]:
    """The directories with the largest changes: from all files, else those that both reports list."""
    if files.complete:
        return _Tree(files.pairs).largest(top)
    before, after = (
        {(directory.path, directory.path_b64): directory for directory in side.directories}
        for side in (base, image)
    )
    changes = [
        _listed(before[key], directory)
        for key, directory in after.items()
        if key in before and directory.disk_bytes != before[key].disk_bytes
    ]
    changes.sort(
        key=lambda change: (-abs(change.change.disk_bytes), change.path, change.path_b64 or "")
    )
    return changes[:top]


def _listed(before: DirectoryInfo, after: DirectoryInfo) -> DirectoryChange:
    return DirectoryChange(
        path=after.path,
        path_b64=after.path_b64,
        change=Change(
            disk_bytes=after.disk_bytes - before.disk_bytes,
            pull_bytes=after.pull_bytes - before.pull_bytes,
        ),
        files=None,
        layer=None,
    )


class _Tree:
    """Changes by directory, each with all below it; parents come before their children."""

    def __init__(self, pairs: list[Pair]) -> None:
        self._ids: dict[tuple[int, str], int] = {}
        self._parent = [-1]
        self._name = [""]
        self._disk, self._pull, self._files = [0], [0], [0]
        self._came: list[dict[int, int]] = [{}]
        """Layer → bytes that came with it."""
        for pair in pairs:
            base, image = pair.base, pair.image
            if pair.same and not pair.pull:
                continue  # most files of most images
            if base is not None:
                self._add(base, -1, changed=not pair.same and image is None)
            if image is not None:
                gain = 0 if pair.same else max(0, pair.disk)
                self._add(image, 1, changed=not pair.same, gain=gain)
        for node in range(len(self._parent) - 1, _ROOT, -1):
            above = self._parent[node]
            self._disk[above] += self._disk[node]
            self._pull[above] += self._pull[node]
            self._files[above] += self._files[node]
            for layer, size in self._came[node].items():
                self._came[above][layer] = self._came[above].get(layer, 0) + size

    def _add(self, file: Example, sign: int, *, changed: bool, gain: int = 0) -> None:
        at = _ROOT
        for part in bare(file.path).split("/")[:-1]:
            found = self._ids.get((at, part))
            if found is None:
                if len(self._parent) >= _NODES:
                    break
                found = self._ids[at, part] = len(self._parent)
                self._parent.append(at)
                self._name.append(part)
                for column in (self._disk, self._pull, self._files):
                    column.append(0)
                self._came.append({})
            at = found
        self._disk[at] += sign * file.disk_bytes
        self._pull[at] += sign * file.pull_bytes
        self._files[at] += changed
        if gain:
            self._came[at][file.layer] = self._came[at].get(file.layer, 0) + gain

    def largest(self, top: int) -> list[DirectoryChange]:
        """Without the root, and without those whose change is mostly one directory's below them."""
        passed_on = bytearray(len(self._parent))
        for node in range(1, len(self._parent)):
            above = self._parent[node]
            if abs(self._disk[node]) >= _MOSTLY * abs(self._disk[above]):
                passed_on[above] = 1
        candidates = (
            node for node in range(1, len(self._parent)) if self._disk[node] and not passed_on[node]
        )
        best = nlargest(top, candidates, key=lambda node: (abs(self._disk[node]), -node))
        return [self._change(node) for node in best]

    def _change(self, node: int) -> DirectoryChange:
        came = self._came[node]
        parts: list[str] = []
        at = node
        while at > _ROOT:
            parts.append(self._name[at])
            at = self._parent[at]
        return DirectoryChange(
            path=untrusted("/".join(reversed(parts))),
            change=Change(disk_bytes=self._disk[node], pull_bytes=self._pull[node]),
            files=self._files[node],
            layer=max(came, key=lambda layer: (came[layer], -layer)) if came else None,
        )
