"""Random stacks of layers."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.support.building import (
    Entry,
    delete,
    device,
    directory,
    file,
    hardlink,
    layer,
    opaque,
    symlink,
)
from tests.support.checked import Stacked, checked_files
from tests.support.oracle import clean

Stack = list[list[Entry]]
PATHS = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)
TARGETS = PATHS | st.sampled_from(["/a", "../b", "../../a/b", ".", "..", "/"])
CONTENTS = st.sampled_from([b"", b"1", b"22", b"3" * 600])
MODES = st.sampled_from([0o644, 0o755])

ADDITIONS = (
    st.builds(file, PATHS, CONTENTS, mode=MODES)
    | st.builds(directory, PATHS)
    | st.builds(symlink, PATHS, TARGETS)
    | st.builds(hardlink, PATHS, PATHS)
)

ENTRIES = (
    ADDITIONS
    | ADDITIONS
    | st.builds(delete, PATHS)
    | st.builds(opaque, PATHS | st.just(""))
    | st.builds(device, PATHS, st.just(1), st.just(3))
)

LAYERS = st.lists(ENTRIES, max_size=8)


def footprint(entry: Entry) -> list[tuple[bytes, ...]]:
    """The paths that an entry is about: of a whiteout what it hides, of a link also its target."""
    path = clean(entry.name)
    if path[-1] == b".wh..wh..opq":
        return [path[:-1]]
    if path[-1].startswith(b".wh."):
        return [(*path[:-1], path[-1][4:])]
    return [path, clean(entry.link)] if entry.type == b"1" else [path]


def hides(entry: Entry) -> bool:
    return entry.name.rpartition(b"/")[2].startswith(b".wh.")


STACKS = st.lists(LAYERS, min_size=1, max_size=4)


def stacked(stack: Stack) -> Stacked:
    return checked_files([layer(items) for items in stack])
