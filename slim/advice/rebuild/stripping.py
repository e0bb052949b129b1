"""What a release build strips from a file, on disk and in the pull [pure].

On disk it is exact: the sections and chunks were read. In the pull it is what these very bytes take when
they are compressed, which was tried while the file was read, not a share of the file: debugging
information is often compressed already, while code is not.
"""

from __future__ import annotations

from array import array

from slim.advice.rebuild.model import Bytes
from slim.files.extract.elf import RELOCATABLE
from slim.files.table import Files


def stripped(files: Files, pull: array[int], row: int) -> Bytes:
    """(disk bytes, pull bytes) that go when the file of a row is stripped."""
    beam, elf = files.beams.get(row), files.elfs.get(row)
    if beam is not None:
        size, packed = beam.strip_bytes, beam.strip_packed
    elif elf is not None and elf.type != RELOCATABLE and not elf.debug_file:
        size, packed = elf.debug_bytes + elf.symtab_bytes, elf.debug_packed + elf.symtab_packed
    else:
        return 0, 0
    return size, packed_share(files, pull, row, size, packed)


def packed_share(files: Files, pull: array[int], row: int, size: int, packed: int) -> int:
    """What `size` bytes of a file take in the pull, when deflate makes them `packed` bytes.

    In a layer that is not compressed they take what they take on disk.
    """
    share = pull[row]
    return min(share, size if share >= files.size[row] else packed)
