"""dive's own score of an image, by dive's formula, so that its users can move their gates.

Source: wagoodman/dive `dive/filetree/efficiency.go`. A path that occurs in several layers counts as
wasted with all its copies; a deleted directory counts once more with all that was in it. slim's own
numbers count only what is really dead: dive's are given beside them, never used.
"""

from __future__ import annotations

from itertools import compress

from msgspec import Struct

from slim.files.table import Fate, Files, Kind, both, mask

_NAMED = (Kind.FILE, Kind.HARDLINK, Kind.SYMLINK, Kind.DEVICE, Kind.WHITEOUT)
"""What occurs at a path of its own; directories are the sum of what is in them."""


class DiveScore(Struct, frozen=True):
    """What `CI=true dive` prints."""

    efficiency: float
    wasted_bytes: int
    user_wasted_percent: float
    """`wasted_bytes` as a share (0..1) of all layers but the first; 0 when there are none."""


def score(files: Files) -> DiveScore:
    """Apply the formula. dive stops reading a layer at a dangling whiteout; that is not imitated."""
    # One entry per path and layer: of a path twice in a layer the last one counts.
    last = mask(files.fate, *(fate for fate in Fate if fate != Fate.DUPLICATE_ENTRY))
    counted = both(mask(files.kind, Kind.FILE, Kind.HARDLINK), last)
    first_end = files.starts[1] if len(files.starts) > 1 else 0
    total = sum(compress(files.size, counted))
    user = total - sum(compress(files.size[:first_end], counted))
    named = mask(files.kind, *_NAMED)
    ended = {
        (files.directory[row], files.name[row])
        for row in compress(range(len(files)), both(named, mask(files.shown, 0)))
    }
    copies = _copies(files, both(named, last), ended) if ended else {}
    minimum = total
    wasted = 0
    for sizes in copies.values():
        minimum += min(sizes) - sum(sizes)
        if len(sizes) > 1:
            wasted += sum(sizes)
    discovered = total + sum(files.hid.values())
    minimum += sum(files.hid.values())
    return DiveScore(
        efficiency=minimum / discovered if discovered else 1.0,
        wasted_bytes=wasted,
        user_wasted_percent=wasted / user if user else 0.0,
    )


def _copies(
    files: Files, rows: bytes, paths: set[tuple[int, bytes]]
) -> dict[tuple[int, bytes], list[int]]:
    """The sizes that dive sees at each of these paths, one per layer; a whiteout is one of them.

    `rows` is a mask of those to look at.
    """
    found: dict[tuple[int, bytes], dict[int, int]] = {}
    homes = {home for home, _ in paths}
    near = bytes(map(homes.__contains__, files.directory))
    for row in compress(range(len(files)), both(rows, near)):
        key = (files.directory[row], files.name[row])
        if key in paths:
            whiteout = files.kind[row] == Kind.WHITEOUT
            size = files.hid.get(row, 0) if whiteout else files.size[row]
            found.setdefault(key, {})[files.layer_of(row)] = size
    return {key: list(sizes.values()) for key, sizes in found.items()}
