"""Adds up what is kept, each file once.

A hard-linked body is kept with any of its names. What findings would delete goes from what is kept too,
except where the plan needs the very file, and inside of packages that stay: an installation brings their
tests and documentation along, in any stage.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import compress, groupby
from operator import itemgetter

from slim.files.stripping import stripped
from slim.files.table import Fate, Kind
from slim.packages.owners import NOBODY
from slim.rebuild.model import FROM_APPLICATION, Bytes, Given, KeptFiles, Part

_WRITTEN = frozenset(("cache",))
"""Categories of rules about files that no installation has to leave behind."""


class Keep:
    """The parts so far, and the files that have one."""

    def __init__(self, given: Given, first: int, claims: Claims) -> None:
        self._given = given
        self._first = first
        """First row behind the base layers, whose files come with them."""
        self._taken: set[int] = set()
        self._names: Counter[int] = Counter()
        """Layer → entries of its tar that are kept."""
        self._entries: set[int] = set()
        self._directories: set[int] = set()
        self._base_end = 0
        self._unsure = (0, 0)
        self._brought = _brought_along(given, claims)
        self.parts: list[Part] = []
        self.stripped: dict[int, int] = {}
        """Body → bytes on disk that are stripped from it."""

    def add(self, kept: KeptFiles) -> None:
        """Keep files."""
        given = self._given
        files, pull, claimed = given.view.files, given.pull, given.claimed
        disk, pulled = kept.extra
        count = 0
        for row in kept.rows:
            if claimed.get(row) in kept.loses and row not in self._brought:
                continue
            body = files.body.get(row, row) if files.kind[row] == Kind.HARDLINK else row
            self._entry(row)
            if body < self._first or body in self._taken or files.kind[body] != Kind.FILE:
                continue
            if files.fate[body] != Fate.LIVE:
                continue
            self._taken.add(body)
            gone = stripped(files, pull, body) if kept.strip else (0, 0)
            if gone[0]:
                self.stripped[body] = min(gone[0], files.size[body])
            disk += files.size[body] - min(gone[0], files.size[body])
            pulled += pull[body] - min(gone[1], pull[body])
            count += 1
        spare = min(kept.spare, disk)
        unsure = kept.extra if not spare else (spare, pulled * spare // disk)
        unsure = (disk, pulled) if kept.unsure else unsure
        self._unsure = self._unsure[0] + unsure[0], self._unsure[1] + unsure[1]
        if count or any(kept.extra):
            self.parts.append(
                Part(
                    kept.what,
                    kept.why,
                    disk,
                    pulled,
                    count,
                    kept.packages,
                    kept.paths,
                    guessed=any(kept.extra),
                )
            )

    def base(self, layers: int, what: str, why: str) -> None:
        """Keep the first layers with all that is in them."""
        sums = self._given.layers[:layers]
        self._base_end = self._given.view.files.starts[layers]
        self.parts.append(
            Part(
                what,
                why,
                sum(layer.disk_bytes for layer in sums),
                sum(layer.pull_bytes for layer in sums),
                sum(layer.files for layer in sums),
            )
        )

    def rows(self) -> frozenset[int]:
        """The bodies that are kept, all of the base layers' among them."""
        return frozenset(self._taken).union(range(self._base_end))

    def names(self) -> frozenset[int]:
        """Rows of the names that are kept, without those of the base layers: a body may have others."""
        return frozenset(self._entries)

    def unsure(self, rows: Iterable[int]) -> Bytes:
        """Bytes of the parts that nothing shows to be used, of what packages bring along, and of those of
        some rows that are kept."""
        doubtful = self._bodies(self._brought.union(rows))
        disk, pulled = self._bytes(body for body in doubtful if body in self._taken)
        return self._unsure[0] + disk, self._unsure[1] + pulled

    def beyond(self, rows: Iterable[int]) -> Bytes:
        """Bytes of some rows that are not kept, the base's aside."""
        bodies = self._bodies(rows)
        return self._bytes(body for body in bodies if body not in self._taken)

    def _bodies(self, rows: Iterable[int]) -> set[int]:
        files = self._given.view.files
        bodies = {files.body.get(row, row) for row in rows}
        return {
            body
            for body in bodies
            if body >= max(self._first, self._base_end)
            and files.kind[body] == Kind.FILE
            and files.fate[body] == Fate.LIVE
        }

    def _bytes(self, bodies: Iterable[int]) -> Bytes:
        files, pull = self._given.view.files, self._given.pull
        disk = pulled = 0
        for body in bodies:
            disk += files.size[body]
            pulled += pull[body]
        return disk, pulled

    def headers(self) -> None:
        """What the tar headers of the kept entries take in the pull, as those of the same layers do."""
        files = self._given.view.files
        pulled = 0
        for layer, count in sorted(self._names.items()):
            sums = self._given.layers[layer]
            overhead = sums.pull_bytes - sums.live_pull_bytes - sums.dead_pull_bytes
            rows = files.starts[layer + 1] - files.starts[layer]
            pulled += overhead * count // rows
        if pulled:
            self._unsure = self._unsure[0], self._unsure[1] + pulled
            self.parts.append(
                Part(
                    "tar headers and padding",
                    "each file has some in its layer; as many bytes as in the layers it is in now",
                    0,
                    pulled,
                    0,
                    guessed=True,
                )
            )

    def _entry(self, row: int) -> None:
        """Count the tar entries of a name: its own, and its directory's."""
        if row < self._first:
            return
        files = self._given.view.files
        layer = files.layer_of(row)
        self._names[layer] += 1
        self._entries.add(row)
        home = files.directory[row]
        if home not in self._directories:
            self._directories.add(home)
            self._names[layer] += 1


Claims = Mapping[str, Sequence[int]]
"""Category → rows of packages that its findings would delete."""


def claims_on_packages(given: Given) -> Claims:
    """What findings would delete of packages."""
    owners = map(given.owned.owner.__getitem__, given.claimed)
    theirs = compress(given.claimed.items(), map(NOBODY.__ne__, owners))
    found: dict[str, list[int]] = defaultdict(list)
    for category, claimed in groupby(theirs, key=itemgetter(1)):
        found[category] += map(itemgetter(0), claimed)
    return found


def claimed_bytes(given: Given, claims: Claims, categories: Collection[str]) -> list[int]:
    """Package → bytes on disk that findings of some categories would delete."""
    claimed = [0] * len(given.graph.packages)
    for category in claims.keys() & categories:
        rows = claims[category]
        owners = map(given.owned.owner.__getitem__, rows)
        for owner, size in zip(owners, map(given.view.files.size.__getitem__, rows), strict=True):
            claimed[owner] += size
    return claimed


def _brought_along(given: Given, claims: Claims) -> frozenset[int]:
    """Rows that findings would delete inside of packages of which more stays."""
    owner, taken = given.owned.owner, FROM_APPLICATION - _WRITTEN
    sizes = zip(claimed_bytes(given, claims, taken), given.owned.disk, strict=True)
    stays = bytearray(10 * claimed < 9 * whole for claimed, whole in sizes)
    return frozenset(
        row for category in claims.keys() & taken for row in claims[category] if stays[owner[row]]
    )
