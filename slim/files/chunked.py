"""The table of contents of a zstd:chunked layer that is read as a whole.

It is in a skippable frame, which only engines that pull lazily look at; the footer, in another, says where:

    │ files … │ table │ tar-split │ footer: position, bytes stored, bytes, type, …, magic │

Source: containers/storage pkg/chunked/internal/minimal (ReadFooterDataFromBlob).
"""

from __future__ import annotations

import struct
import sys

from slim.files.table import LayerTable
from slim.files.toc_check import MAX_BYTES, hold_against
from slim.stream.compression import Marks

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_FOOTER = struct.Struct("<7Q8s")
_MAGIC = b"GNUlInUx"
_OPTIONS = {int(zstd.DecompressionParameter.window_log_max): MAX_BYTES.bit_length() - 1}


def note_chunked(table: LayerTable, marks: Marks) -> None:
    """Add to the table's warnings what its own table of contents says differently, if it has one."""
    kept = marks.skipped
    if not kept or len(kept[-1][1]) != _FOOTER.size or not kept[-1][1].endswith(_MAGIC):
        return
    position, stored, size, *_ = _FOOTER.unpack(kept[-1][1])
    packed = next((content for at, content in kept if at == position), None)
    if packed is None or len(packed) != stored or size > MAX_BYTES:
        text = "the table of contents is not where the footer says, or too large: not compared"
        table.note("toc-mismatch", b"", text)
        return
    document = _unpack(packed, size)
    if document is None:
        table.note("toc-mismatch", b"", "the table of contents cannot be read")
    else:
        hold_against(table, document, b"", set())


def _unpack(packed: bytes, size: int) -> bytes | None:
    """The document, of just so many bytes; None if it is not."""
    try:
        engine = zstd.ZstdDecompressor(options=_OPTIONS)
        document: bytes = engine.decompress(packed, size + 1)
    except (zstd.ZstdError, EOFError, ValueError):
        return None
    return document if len(document) == size and (engine.eof or not size) else None
