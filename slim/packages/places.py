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
        self._files = files
        self._resolved: dict[int, int] = {}
        """Row of a link → directory that it leads to."""
        self._by_text: dict[bytes, int] = {b"": ROOT}

    def directory(self, path: bytes) -> int:
        """Id of the directory that `path` leads to, `NOWHERE` if there is none."""
        known = self._by_text.get(path)
        if known is not None:
            return known
        above, _, last = path.rpartition(b"/")
        # Whoever lists files lists their directories, too: the one above is mostly known.
        at = self._by_text.get(above)
        found = None if at is None else self._files.children.directory(at, last)
        if found is None or not self._files.dir_shown[found]:
            found = self._walk(ROOT, path) if at is None else self._walk(at, last)
        self._by_text[path] = found
        return found

    def _walk(self, at: int, path: bytes) -> int:
        if at == NOWHERE:
            return NOWHERE
        files = self._files
        # Components that are still to come, last first; a link's row stands behind its target's.
        pending: list[bytes | int] = [*reversed(path.split(b"/"))]
        while pending:
            part = pending.pop()
            if isinstance(part, int):
                self._resolved[part] = at
                continue
            if not part or part == b".":
                continue
            if part == b"..":
                at = max(files.dir_parent[at], ROOT)
                continue
            node = files.children[at].get(part)
            if node is None or (node >= 0 and files.kind[node] != Kind.SYMLINK):
                return NOWHERE
            if node < 0:
                at = ~node
            elif node in self._resolved:
                at = self._resolved[node]
                if at == NOWHERE:
                    return NOWHERE
            else:
                # A link that is being followed leads into itself.
                self._resolved[node] = NOWHERE
                target = files.links.get(node, b"")
                pending.append(node)
                pending.extend(reversed(target.split(b"/")))
                at = ROOT if target.startswith(b"/") else at
        return at
