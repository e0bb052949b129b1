"""A layer's blob, shared out: every byte of the tar and of the pull to a row or to a bracketed label [pure].

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
from itertools import compress, zip_longest

from slim.files.table import Bytes, Kind, LayerTable

HEADERS = "[tar headers]"
PADDING = "[padding]"
OTHER = "[other entries]"
END = "[after end of archive]"
UNKNOWN = "[unknown contents]"

_FILE = int(Kind.FILE)


def share_out(table: LayerTable) -> tuple[array[int], dict[str, Bytes]]:
    """Pull bytes per row, and the labels; a walk over rows and checkpoints together."""
    marks_raw, marks_out = table.marks.raw, table.marks.out
    shares = array("q", bytes(8 * len(table)))
    other = pull_headers = pull_padding = pull_other = 0
    low_raw = low_out = mark = at_raw = 0
    high_raw, high_out = marks_raw[0], marks_out[0]
    last_mark = len(marks_out) - 1

    def position(cut: int) -> int:
        """Where in the blob an offset of the tar is; cuts come in ascending order."""
        nonlocal mark, low_raw, low_out, high_raw, high_out
        while cut > high_out and mark < last_mark:
            mark += 1
            low_raw, low_out = high_raw, high_out
            high_raw, high_out = marks_raw[mark], marks_out[mark]
        if cut <= low_out:
            return low_raw if low_out else 0
        if cut >= high_out:
            return high_raw
        return low_raw + (cut - low_out) * (high_raw - low_raw) // (high_out - low_out)

    with_data = bytes(map(bool, table.stored))
    members = _members(table, with_data)
    for row, start, stored in zip(
        compress(range(len(table)), with_data),
        compress(table.data, with_data),
        compress(table.stored, with_data),
        strict=True,
    ):
        stop = start + stored
        # Most payloads begin, end and are padded between the same two checkpoints.
        after = stop + (-stop & 511)
        if row in members:
            # The payload has members of its own: they are its share, to their end.
            first = position(start)
            second = third = position(members[row])
        elif low_out < start and after <= high_out:
            width, depth = high_out - low_out, high_raw - low_raw
            first = low_raw + (start - low_out) * depth // width
            second = low_raw + (stop - low_out) * depth // width
            third = low_raw + (after - low_out) * depth // width
        else:
            first, second, third = position(start), position(stop), position(after)
        if table.kind[row] == _FILE:
            shares[row] = second - first
        else:
            other += stored
            pull_other += second - first
        pull_headers += first - at_raw
        pull_padding += third - second
        at_raw = third
    end_raw = position(table.end)
    pull_headers += end_raw - at_raw
    padding = sum(-stored & 511 for stored in table.stored)
    headers = table.end - sum(table.stored) - padding
    labels = {
        HEADERS: (headers, pull_headers),
        PADDING: (padding, pull_padding),
        OTHER: (other, pull_other),
        END: (table.tar_bytes - table.end, table.blob_bytes - end_raw),
    }
    return shares, {label: both for label, both in labels.items() if both != (0, 0)}


def _members(table: LayerTable, with_data: bytes) -> dict[int, int]:
    """Files whose payload begins a member → where the last member that has any of it ends.

    Only if that is before the next payload: otherwise the members were not cut for the files.
    """
    ends = table.marks.ends
    found: dict[int, int] = {}
    if len(ends) < 2:
        return found
    at = 0
    rows = list(compress(range(len(table)), with_data))
    for row, following in zip_longest(rows, rows[1:]):
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
            found[row] = ends[at]
    return found
