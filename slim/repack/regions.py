"""Where each entry of a layer lies in its tar: extension headers, header and payload with padding."""

from __future__ import annotations

from array import array

from slim.errors import InternalError
from slim.files.table import LayerTable
from slim.stream.header import BLOCK


def regions(table: LayerTable) -> array[int]:
    """Offset of the first byte of each row, extension headers included; and of what follows the last.

    Rows are in tar order and every header is some row's, so that a row begins where the one before ends.
    The last offset may be beyond the end of the tar: the padding of a last entry can be missing.
    """
    if len(table.data) != len(table):
        raise InternalError("no-offsets", "a table without offsets cannot be copied from")
    starts = array("q", [0])
    for data, stored in zip(table.data, table.stored, strict=True):
        end = data + stored
        starts.append(end + -end % BLOCK)
    return starts
