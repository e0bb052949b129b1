"""Where a package's requirement leads to among the `node_modules` of an image.

Source: Node.js "Modules: Loading from node_modules folders"; pnpm's documentation, "Symlinked
`node_modules` structure".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from slim.packages.package import below, parent

_STORE = b"/.pnpm/"
_MAX_STEPS = 5_000_000
"""Look-ups of all requirements together; there are usually a few for each."""


class Manifest(Struct, frozen=True):
    """What one `package.json` asks for, by kind."""

    name: str
    version: str
    dependencies: tuple[str, ...]
    optional: tuple[str, ...]
    peers: tuple[str, ...]
    development: tuple[str, ...]


class Tree:
    """Package directories, and the `node_modules` that they are in."""

    def __init__(self, manifests: Mapping[bytes, Manifest], homes: Iterable[bytes]) -> None:
        self.manifests = manifests
        self._homes = set(homes)
        self._above: dict[bytes, bytes | None] = {}
        """Directory → the nearest `node_modules` that is searched from it."""
        self._stored: dict[tuple[bytes, bytes], list[bytes]] = {}
        """(pnpm's store, name) → packages: between them there are symbolic links, which are not known
        here, so that every version counts."""
        self._steps = 0
        for folder, manifest in manifests.items():
            store = _store_of(folder)
            if store is not None:
                self._stored.setdefault((store, manifest.name.encode()), []).append(folder)
                self._homes.add(parent(store))

    def resolve(self, folder: bytes, name: str) -> tuple[bytes, ...]:
        """Directories of the packages that `folder` gets for a name; empty if none is installed."""
        encoded_name = name.encode("utf-8", "replace")
        home = self._nearest(folder)
        while home is not None and self._steps < _MAX_STEPS:
            self._steps += 1
            candidate = below(home, encoded_name)
            if candidate in self.manifests:
                return (candidate,)
            stored = self._stored.get((below(home, b".pnpm"), encoded_name))
            if stored is not None:
                return tuple(stored)
            # Above the directory that this one is in; the root has none above it.
            home = self._nearest(parent(home, 2)) if parent(home) else None
        return ()

    def has_packages(self, folder: bytes) -> bool:
        """Whether there are packages that a directory may get."""
        return self._nearest(folder) is not None

    @property
    def exhausted(self) -> bool:
        """Whether there was so much to look up that the rest was left out."""
        return self._steps >= _MAX_STEPS

    def closure(self, starts: Iterable[bytes]) -> frozenset[bytes]:
        """Everything that these packages need, with optional ones, themselves included."""
        found = dict.fromkeys(starts)
        pending = list(found)
        while pending:
            folder = pending.pop()
            manifest = self.manifests[folder]
            for name in (*manifest.dependencies, *manifest.optional, *manifest.peers):
                for place in self.resolve(folder, name):
                    if place not in found:
                        found[place] = None
                        pending.append(place)
        return frozenset(found)

    def _nearest(self, folder: bytes) -> bytes | None:
        """The first `node_modules` with packages, from a directory to the root."""
        visited: list[bytes] = []
        at: bytes | None = folder
        found: bytes | None = None
        while at is not None:
            if at in self._above:
                found = self._above[at]
                break
            visited.append(at)
            home = at if at.rpartition(b"/")[2] == b"node_modules" else below(at, b"node_modules")
            if home in self._homes:
                found = home
                break
            at = parent(at) if at else None
        for path in visited:
            self._above[path] = found
        return found


def _store_of(folder: bytes) -> bytes | None:
    """The `node_modules/.pnpm` that a package is in."""
    before, found, _ = folder.partition(_STORE)
    return before + _STORE.rstrip(b"/") if found else None
