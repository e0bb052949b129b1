"""Layers that engines unpack differently: which of their files are relied on is unknown.

The overlay follows the specification; what it calls dead may be alive for an engine that reads such a layer
in another way. These layers stay as they are, with all layers below them.
"""

from __future__ import annotations

from slim.files.table import Files, Kind

DIVERGENT = frozenset(
    {
        "aufs-metadata",
        "broken-hardlink",
        "child-of-file",
        "cross-layer-hardlink",
        "dangling-extension",
        "duplicate-extension",
        "duplicate-record",
        "empty-name",
        "global-header",
        "hardlink-to-whiteout",
        "missing-parents-opaque",
        "mixed-extensions",
        "overlay-whiteout-device",
        "path-escape",
        "root-entry",
        "root-opaque",
        "size-without-data",
        "symlink-loop",
        "unsupported-type",
        "whiteout-after-add",
        "whiteout-dir-readd",
        "whiteout-like-name",
        "write-through-symlink",
    }
)
"""Ids of the warnings that say so."""


def divergent_layers(files: Files) -> dict[int, tuple[str, ...]]:
    """Layer → the warnings that say that engines read it differently."""
    found: dict[int, list[str]] = {}
    for layer, id, _ in files.warnings:
        if id in DIVERGENT and layer >= 0:
            found.setdefault(layer, []).append(id)
    for layer in range(len(files.starts) - 1):
        if layer not in found and _makes_again(files, layer):
            found[layer] = ["whiteout-dir-readd"]
    return {layer: tuple(sorted(ids)) for layer, ids in sorted(found.items())}


def _makes_again(files: Files, layer: int) -> bool:
    """Whether a layer deletes a path and makes a directory of that name: overlay engines merge the two.

    The overlay warns of that only where files come back, not where links and directories do.
    """
    rows = files.rows_of(layer)
    deleted = {
        (files.directory[row], files.name[row]) for row in rows if files.kind[row] == Kind.WHITEOUT
    }
    if not deleted:
        return False
    seen: set[int] = set()
    for row in rows:
        kind = files.kind[row]
        if kind >= Kind.WHITEOUT:
            continue
        if kind == Kind.DIRECTORY and (files.directory[row], files.name[row]) in deleted:
            return True
        at = files.directory[row]
        while at > 0 and at not in seen:
            seen.add(at)
            if (files.dir_parent[at], files.dir_name[at]) in deleted:
                return True
            at = files.dir_parent[at]
    return False
