"""Random stacks as builders make them: parents first, a path once in a layer, links within it, whiteouts of
what is there. No engine reads such a stack in another way than the others."""

from __future__ import annotations

import random

from tests.support.building import Entry, delete, directory, file, hardlink, opaque, symlink

_NAMES = ["a", "b", "c", "d", "é", "n" * 110]
_KINDS = ["file", "file", "file", "directory", "link", "symlink", "delete"]


def tidy(seed: int) -> list[list[Entry]]:
    """One to six layers of up to ten changes each."""
    draw = random.Random(seed)  # noqa: S311
    here: dict[str, str] = {"": "directory"}
    return [_Layer(draw, here).items for _ in range(draw.randint(1, 6))]


class _Layer:
    def __init__(self, draw: random.Random, here: dict[str, str]) -> None:
        self.items: list[Entry] = []
        self._draw, self._here = draw, here
        self._taken: set[str] = set()
        """Paths that are files, links or whiteouts in this layer."""
        self._folders: set[str] = set()
        self._files: list[str] = []
        for _ in range(draw.randint(0, 10)):
            self._change()

    def _said(self) -> dict[str, int]:
        choose = self._draw.choice
        return {"uid": choose([0, 7]), "mtime": choose([0, 5, 1_600_000_000])}

    def _change(self) -> None:
        choose, here = self._draw.choice, self._here
        above = choose(sorted(path for path, kind in here.items() if kind == "directory"))
        path = (above + "/" if above else "") + choose(_NAMES)
        kind = choose(_KINDS)
        before = here.get(path)
        if self._is_taken(path) or path.count("/") > 3:
            return
        if (kind == "delete" and before is None) or (kind == "link" and not self._files):
            return
        self._parents(path)
        if kind == "delete" or (before is not None and (before, kind) != ("directory",) * 2):
            self._forget(path)
        if kind == "delete":
            self.items.append(delete(path))
            self._taken.add(path)
            return
        self.items.append(self._entry(kind, path))
        if kind == "directory":
            self._folders.add(path)
            if before is None and self._draw.random() < 0.2:
                self.items.append(opaque(path))
        else:
            self._taken.add(path)
        here[path] = "directory" if kind == "directory" else "file"

    def _is_taken(self, path: str) -> bool:
        above = any(path.startswith(taken + "/") for taken in self._taken)
        below = any(taken.startswith(path + "/") for taken in (*self._taken, *self._folders))
        return above or below or path in self._taken or path in self._folders

    def _entry(self, kind: str, path: str) -> Entry:
        choose = self._draw.choice
        if kind == "directory":
            return directory(path, mode=choose([0o755, 0o711]), **self._said())
        if kind == "symlink":
            return symlink(path, choose(_NAMES), **self._said())
        if kind == "link":
            target = choose(self._files)
            first = next(item for item in self.items if item.name == target.encode())
            return hardlink(path, target, mode=first.mode, uid=first.uid, mtime=first.mtime)
        self._files.append(path)
        content = choose([b"", b"x", b"yy" * 400, b"z" * 2000])
        return file(path, content, mode=choose([0o644, 0o755]), **self._said())

    def _parents(self, path: str) -> None:
        above = path.rpartition("/")[0]
        if above and above not in self._folders:
            self._parents(above)
            self._folders.add(above)
            self.items.append(
                directory(above, mode=self._draw.choice([0o755, 0o700]), **self._said())
            )

    def _forget(self, path: str) -> None:
        for each in [
            known for known in self._here if known == path or known.startswith(path + "/")
        ]:
            del self._here[each]
