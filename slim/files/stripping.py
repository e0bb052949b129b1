"""What stripping takes from a file, on disk and in the pull.

On disk it is exact: the sections and chunks were read. In the pull it is what these very bytes take when
they are compressed, which was tried while the file was read, not a share of the file: debugging
information is often compressed already, while code is not.
"""

from __future__ import annotations

from array import array

from slim.files.extract.found import RELOCATABLE
from slim.files.table import Files


def stripped(files: Files, pull: array[int], row: int) -> tuple[int, int]:
    """(disk bytes, pull bytes) that go when the program or module of a row is stripped."""
    size, packed = _sizes(files, row)
    return size, _in_layer(files, pull, row, size, packed)


def pull_of_part(files: Files, pull: array[int], row: int, size: int) -> int:
    """What `size` bytes of a file, dropped by a transformation, take in the pull.

    Of several parts of a file the sum is never more than the file's share.
    """
    whole, packed = _sizes(files, row)
    if not packed or size > whole:
        # Nothing was tried with these bytes: they count as much as the others.
        return pull[row] * size // max(files.size[row], 1)
    together = _in_layer(files, pull, row, whole, packed)
    elf = files.elfs.get(row)
    if elf is not None and elf.debug_bytes != elf.symtab_bytes:
        for part, taken in (
            (elf.debug_bytes, elf.debug_packed),
            (elf.symtab_bytes, elf.symtab_packed),
        ):
            if size == part and together < whole:
                return together * taken // packed
    return together * size // whole


def _sizes(files: Files, row: int) -> tuple[int, int]:
    """Bytes that stripping removes, and what they take once deflated."""
    beam, elf = files.beams.get(row), files.elfs.get(row)
    if beam is not None:
        return beam.strip_bytes, beam.strip_packed
    if elf is not None and elf.type != RELOCATABLE and not elf.debug_file:
        return elf.debug_bytes + elf.symtab_bytes, elf.debug_packed + elf.symtab_packed
    return 0, 0


def _in_layer(files: Files, pull: array[int], row: int, size: int, packed: int) -> int:
    """In a layer that is not compressed bytes take what they take on disk."""
    share = pull[row]
    return min(share, size if share >= files.size[row] else packed)
