"""Hard links of a layer: which name holds the bytes once others have gone, and where the rest lead."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct, field

from slim.files.table import Files, Kind, LayerTable
from slim.image.model import Layer
from slim.limits import Limits
from slim.repack.attributes import read_attributes


class LinkEdits(Struct):
    """Changes to the entries of hard links; rows are those of the image."""

    roots: dict[int, int] = field(default_factory=dict)
    """Row of a body whose own name goes → the link that becomes the file in its place."""
    targets: dict[int, int] = field(default_factory=dict)
    """Row of a link → the row whose name it has to lead to now."""
    needed: set[int] = field(default_factory=set)
    """Rows whose names have gone, and that are kept all the same since links lead to them."""


def links_of(files: Files) -> dict[int, list[int]]:
    """Row of a body → the hard links to it, ascending."""
    found: dict[int, list[int]] = defaultdict(list)
    for row, body in files.body.items():
        found[body].append(row)
    return {body: sorted(rows) for body, rows in found.items()}


def link_edits(
    files: Files,
    tables: Mapping[int, LayerTable],
    links: Mapping[int, list[int]],
    keep: bytearray,
    uneven: Collection[int],
) -> LinkEdits:
    """How the links that `keep` has stay links, in the layers of `tables`.

    `uneven` are bodies whose names do not all say the same of owner, mode, time and xattrs: engines apply
    what each name says to the one file, so that none of these may be left out.
    """
    edits = LinkEdits()
    for body, rows in links.items():
        if files.layer_of(body) not in tables:
            continue
        kept = [row for row in rows if keep[row]]
        if body in uneven and (kept or keep[body]):
            edits.needed.update(row for row in (body, *rows) if not keep[row])
            continue
        if not kept:
            continue
        root = body
        if not keep[body]:
            root = kept.pop(0)
            edits.roots[body] = root
        paths = {files.path(root), *(files.path(row) for row in kept)}
        for row in kept:
            if root != body or files.links[row] not in paths:
                edits.targets[row] = root
    for layer, table in tables.items():
        edits.needed |= _linked_others(files, table, layer, keep)
    return edits


def _linked_others(files: Files, table: LayerTable, layer: int, keep: bytearray) -> set[int]:
    """Symbolic links and devices that go and that a hard link which stays leads to."""
    base = files.starts[layer]
    targets = {
        table.links[at]
        for at, kind in enumerate(table.kind)
        if kind == Kind.HARDLINK and files.kind[base + at] != kind and keep[base + at]
    }
    if not targets:
        return set()
    return {
        base + at
        for at, kind in enumerate(table.kind)
        if kind in (Kind.SYMLINK, Kind.DEVICE, Kind.HARDLINK)
        and not keep[base + at]
        and table.path(at) in targets
    }


def uneven_links(
    layers: Sequence[Layer],
    tables: Sequence[LayerTable],
    files: Files,
    first: int,
    limits: Limits,
) -> frozenset[int]:
    """Bodies, in the layers from `first` on, whose names say different things of owner, mode, time or xattrs.

    Only those are looked at some of whose names are gone and others not.
    """
    start = files.starts[first]
    groups: dict[int, list[int]] = {}
    for body, links in links_of(files).items():
        names = [body, *links]
        gone = sum(not files.shown[row] for row in names)
        if body >= start and 0 < gone < len(names):
            groups[body] = names
    rows = sorted({row for names in groups.values() for row in names})
    read = read_attributes(layers, tables, files, rows, limits, contents=False)
    uneven: set[int] = set()
    for body, names in groups.items():
        entries = [read.of(row) for row in names]
        if (
            len(
                {(entry.mode, entry.uid, entry.gid, entry.mtime, entry.xattrs) for entry in entries}
            )
            > 1
        ):
            uneven.add(body)
    return frozenset(uneven)
