"""A layer's blob, shared out: every byte of the tar and of the pull to a row or to a bracketed label.

A pull share is the difference of two rounded positions on the way through the compressed blob, so the
shares of a layer add up to its blob exactly, whatever the rounding. Between two checkpoints of the
decompressor positions are interpolated. Where a file's payload begins a gzip member or zstd frame of
its own (eStargz, zstd:chunked), its share is what its members take, which is what their tables of
contents say: a lazy puller fetches just that. A member of eStargz goes on to the next payload, so the
padding and the header between them are in the file's share there.

    tar   │header│payload│pad│header│payload…│pad│0…0│
    label │  [1] │  row  │[2]│  [1] │  row   │[2]│[3]│   [1] tar headers [2] padding [3] after the end
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from itertools import compress, zip_longest
from operator import add, sub

from slim.files.table import Bytes, Kind, LayerTable, both, mask
from slim.stream.compression import Marks

HEADERS = "[tar headers]"
PADDING = "[padding]"
OTHER = "[other entries]"
END = "[after end of archive]"

_FILE = int(Kind.FILE)
_NO_FILES = tuple(kind for kind in Kind if kind != Kind.FILE)


def share_out(table: LayerTable, marks: Marks) -> tuple[array[int], dict[str, Bytes]]:
    """Pull bytes per row, and the labels."""
    padding = sum([-stored & 511 for stored in table.stored])
    headers = table.end - sum(table.stored) - padding
    if marks.raw == marks.out:
        shares, end = array("q", table.stored), table.end
        pull_padding = padding - _missing(table)
        pull_headers = end - sum(shares) - pull_padding
    else:
        shares, pull_headers, pull_padding, end = _interpolated(table, marks)
    other = pull_other = 0
    with_data = bytes(map(bool, table.stored))
    for row in compress(range(len(table)), both(with_data, mask(table.kind, *_NO_FILES))):
        other += table.stored[row]
        pull_other += shares[row]
        shares[row] = 0
    labels = {
        HEADERS: (headers, pull_headers),
        PADDING: (padding, pull_padding),
        OTHER: (other, pull_other),
        END: (table.tar_bytes - table.end, table.pull_bytes - end),
    }
    return shares, {label: amount for label, amount in labels.items() if amount != (0, 0)}


def _missing(table: LayerTable) -> int:
    """Bytes of padding that the tar lacks after its last payload."""
    if not len(table):
        return 0
    stop = table.data[-1] + table.stored[-1]
    return max(0, stop + (-stop & 511) - table.end)


def _interpolated(table: LayerTable, marks: Marks) -> tuple[array[int], int, int, int]:
    """Of a compressed layer: each row's share, those of all headers and of all padding, and the end."""
    with_data = bytes(map(bool, table.stored))
    at = _positions(_cuts(table, with_data, marks.ends), marks)
    end = at.pop()
    first, second, third = at[0::3], at[1::3], at[2::3]
    shares = array("q", bytes(8 * len(table)))
    rows = compress(range(len(table)), with_data)
    for row, share in zip(rows, map(sub, second, first), strict=True):
        shares[row] = share
    before, inside, behind = sum(first), sum(second), sum(third)
    return shares, end - behind + before, behind - inside, end


def _cuts(table: LayerTable, with_data: bytes, ends: array[int]) -> array[int]:
    """Ascending offsets in the tar: of each payload its start, its stop and that of its padding; the end.

    Where a payload has members of its own it stops, with its padding, where they end.
    """
    starts = array("q", compress(table.data, with_data))
    cuts = array("q", bytes(24 * len(starts)))
    cuts[0::3] = starts
    cuts[1::3] = stops = array("q", map(add, starts, compress(table.stored, with_data)))
    cuts[2::3] = array("q", [stop + 511 & -512 for stop in stops])
    for index, stop in _members(table, with_data, ends).items():
        cuts[3 * index + 1] = cuts[3 * index + 2] = stop
    if cuts:
        cuts[-1] -= _missing(table)
    cuts.append(table.end)
    return cuts


def _positions(cuts: array[int], marks: Marks) -> array[int]:
    """Where in the blob ascending offsets of the tar are."""
    found = array("q")
    at = low_raw = low_out = 0
    for raw, out in zip(marks.raw, marks.out, strict=True):
        upto = bisect_right(cuts, out, at)
        if at < upto:
            width, depth = out - low_out or 1, raw - low_raw
            # From the checkpoint before: low_raw + (cut - low_out) * depth // width.
            base = low_raw * width - low_out * depth
            found.extend([(base + cut * depth) // width for cut in cuts[at:upto]])
            at = upto
        low_raw, low_out = raw, out
    return found


def _members(table: LayerTable, with_data: bytes, ends: array[int]) -> dict[int, int]:
    """Files whose payload begins a member, counted among those with data → where their last member ends.

    Only if that is before the next payload: otherwise the members were not cut for the files.
    """
    found: dict[int, int] = {}
    if len(ends) < 2:
        return found
    at = 0
    rows = list(compress(range(len(table)), with_data))
    for index, (row, following) in enumerate(zip_longest(rows, rows[1:])):
        start, stop = table.data[row], table.data[row] + table.stored[row]
        while at < len(ends) and ends[at] < start:
            at += 1
        if at == len(ends):
            break
        if ends[at] != start or table.kind[row] != _FILE:
            continue
        while at < len(ends) and ends[at] < stop:
            at += 1
        last = table.data[following] if following is not None else table.end
        if at < len(ends) and ends[at] <= last:
            found[index] = ends[at]
    return found
