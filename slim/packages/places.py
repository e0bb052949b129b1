"""Where a path leads in an image's final filesystem, through symbolic links.

A package may list `/lib/x` while `/lib` is a link to `usr/lib`: what counts is the directory in which
the file is.
"""

from __future__ import annotations

from slim.files.table import ROOT, Files, Kind

NOWHERE = -1


class Places:
    """The directories and symbolic links that an image shows.

    Every link is followed once and remembered, so that all questions together take time in proportion to
    their length. A link within its own target leads nowhere.
    """

    def __init__(self, files: Files) -> None:
        self._directories = {
            (files.dir_parent[own], files.dir_name[own]): own
            for own in range(1, len(files.dir_parent))
            if files.dir_shown[own]
        }
        self._links = {
            (files.directory[row], files.name[row]): target
            for row, target in files.links.items()
            if files.kind[row] == Kind.SYMLINK and files.shown[row]
        }
        self._parents = files.dir_parent
        self._resolved: dict[tuple[int, bytes], int] = {}
        """Link → directory that it leads to."""
        self._by_text: dict[bytes, int] = {b"": ROOT}

    def directory(self, path: bytes) -> int:
        """Id of the directory that `path` leads to, `NOWHERE` if there is none."""
        found = self._by_text.get(path)
        if found is None:
            above, _, last = path.rpartition(b"/")
            # Whoever lists files lists their directories, too: the one above is mostly known.
            at = self._by_text.get(above)
            found = self._walk(ROOT, path) if at is None else self._walk(at, last)
            self._by_text[path] = found
        return found

    def _walk(self, at: int, path: bytes) -> int:
        if at == NOWHERE:
            return NOWHERE
        # Components that are still to come, last first; a link's key stands behind its target's.
        pending: list[bytes | tuple[int, bytes]] = [*reversed(path.split(b"/"))]
        while pending:
            part = pending.pop()
            if isinstance(part, tuple):
                self._resolved[part] = at
            elif part == b"..":
                at = max(self._parents[at], ROOT)
            elif part and part != b".":
                key = (at, part)
                following = self._directories.get(key)
                if following is None:
                    following = self._resolved.get(key)
                if following is None and key in self._links:
                    # A link that is being followed leads into itself.
                    self._resolved[key] = NOWHERE
                    pending.append(key)
                    target = self._links[key]
                    at = ROOT if target.startswith(b"/") else at
                    pending.extend(reversed(target.split(b"/")))
                    continue
                if following is None or following == NOWHERE:
                    return NOWHERE
                at = following
        return at
