"""The identity of contents that nobody read: only of files that something can be compared with.

Without digests to check, large files of a layer that is not compressed are passed over. Contents of
different sizes differ, so that only files whose size occurs twice in an image have to be read.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Collection
from itertools import chain

import xxhash

from slim.files.table import DIGEST_BYTES, LayerTable
from slim.image.stored import FileBlob


def identify(
    tables: Collection[tuple[LayerTable, FileBlob]], all_tables: Collection[LayerTable]
) -> None:
    """Complete the digests of tables that were skimmed, as far as they can matter.

    Raises:
        InputError: the archive is cut off.
    """
    sizes_to_hash = {table.size[row] for table, _ in tables for row in table.unhashed}
    if not sizes_to_hash:
        return
    sizes = chain.from_iterable(table.size for table in all_tables)
    counts = Counter(filter(sizes_to_hash.__contains__, sizes))
    for table, blob in tables:
        left = array("i")
        for row in table.unhashed:
            if counts[table.size[row]] == 1:
                left.append(row)
                continue
            state = xxhash.xxh3_128()
            for chunk in blob.part(table.data[row], table.size[row]).chunks():
                state.update(chunk)
            table.digests[row * DIGEST_BYTES : (row + 1) * DIGEST_BYTES] = state.digest()
        table.unhashed = left
