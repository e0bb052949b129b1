"""Code for GPUs inside of programs and libraries: for which architectures, and how many bytes each takes.

CUDA's linker puts the code of each compiled file into a container, once for every architecture that was
asked for: as machine code, or as PTX, which the driver compiles when it is loaded. Only headers are looked
at; what they lead past is skipped, so that a large library costs little.
Source: CUDA documentation, "NVCC: GPU Compilation", "CUDA Binary Utilities"; the layout is that of the
section `.nv_fatbin` in NVIDIA's wheels, compared with what cuobjdump lists.
"""

from __future__ import annotations

import struct

from slim.files.extract.found import GpuCode

SECTIONS = frozenset((b".nv_fatbin", b"__nv_relfatbin"))
"""Where containers are; in the second, code that is linked once more."""
MAX_HEADERS = 1 << 18
"""Most that are read of one file."""
_CONTAINER = struct.Struct("<IHHQ")
"""Magic, version, bytes of this header, bytes that follow."""
_MAGIC = struct.pack("<IHH", 0xBA55ED50, 1, _CONTAINER.size)
_BEFORE = len(_MAGIC) - 1
"""Bytes of it that may be at the end of a part."""
_ALIGNED = 8
"""Compilers align containers to this, and linkers the section: only there they are looked for."""
_RARE = 1
"""Which byte of the magic is the rarest in code: every eighth is looked at, and seldom another one."""
_WINDOW = 64 << 10
"""Bytes that are looked at together: the next container mostly is near."""
_FREE_LOOKALIKES, _LOOKALIKE = 4096, 1024
"""Most bytes that are that one by chance: these, and one for so many. Of random bytes half as many are."""
_ENTRY = struct.Struct("<H2xIQ12xI")
"""Kind, bytes of this header, bytes that follow, architecture."""
_LEAST_ENTRY = 64
_MOST_ENTRY = 4096
_MAX_ARCHITECTURES = 64
"""Of one container, and …"""
_MAX_GROUPS = 256
"""… most containers that differ in theirs."""
_LARGEST_ARCHITECTURE = 9_999


class GpuScan:
    """Adds up the code in some bytes that are shown in order."""

    def __init__(self, size: int, most: int = MAX_HEADERS) -> None:
        """`size`: of all bytes; `most`: headers that are read, as hostile input may have any number."""
        self._end = size
        self.seen = 0
        """Bytes that were shown."""
        self._early = b""
        """Bytes in front of it that are not looked at yet."""
        self._wanted = 0
        """Offset of the next byte that matters."""
        self._until = 0
        """Where the container ends that is read; 0 in none."""
        self._group: dict[tuple[int, int], int] = {}
        self._found: dict[tuple[tuple[int, int], ...], dict[tuple[int, int], int]] = {}
        self.left = most
        """How many more headers may be read."""
        self._lookalikes = _FREE_LOOKALIKES + size // _LOOKALIKE
        """How many more bytes may turn out not to begin a container."""
        self.partial = False
        """Something that should be there was not found, or there was too much of it."""

    def add(self, part: memoryview) -> None:
        """The next bytes."""
        begin, end = self.seen, self.seen + len(part)
        self.seen = end
        if self._wanted >= end or self.left <= 0:
            self._early = b""
            return
        skipped = max(self._wanted - begin, 0)
        rest = part[skipped:]
        if not self._until and self._has_none(rest, begin + skipped):
            self._early = (self._early + bytes(rest[-_BEFORE:]))[-_BEFORE:]
            self._wanted = end - len(self._early)
            return
        data = self._early + bytes(rest)
        start = begin + skipped - len(self._early)
        at = 0
        while self.left > 0:
            step = self._inside(data, at, start) if self._until else self._search(data, at, start)
            if step is None:
                break
            at = step
            if at > len(data):
                break
        self._wanted = start + at
        self._early = data[at:] if at < len(data) else b""
        self.partial |= self.left <= 0

    def _has_none(self, part: memoryview, offset: int) -> bool:
        """Whether no container begins in a part, or in what is in front of it."""
        # What streams by mostly is a part as a whole: then it is searched where it lies.
        lies_in = part.obj
        whole = lies_in if isinstance(lies_in, bytes) and len(lies_in) == len(part) else bytes(part)
        edge = self._early + whole[:_BEFORE]
        at_edge = self._find(edge, 0, offset - len(self._early))
        return at_edge < 0 and self._find(whole, 0, offset) < 0

    def _find(self, data: bytes, at: int, start: int) -> int:
        """Where the next container begins in `data`, whose first byte has the offset `start`; else -1."""
        first = at + -(start + at) % _ALIGNED
        for begin in range(first, len(data), _WINDOW):
            rare = data[begin + _RARE : begin + _WINDOW : _ALIGNED]
            number = rare.find(_MAGIC[_RARE])
            while number >= 0:
                if data.startswith(_MAGIC, begin + _ALIGNED * number):
                    return begin + _ALIGNED * number
                self._lookalikes -= 1
                if not self._lookalikes:
                    self.left, self.partial = 0, True
                    return -1
                number = rare.find(_MAGIC[_RARE], number + 1)
        return -1

    def _search(self, data: bytes, at: int, start: int) -> int | None:
        """Find the next container; gives where to go on, None for when more bytes are there."""
        found = self._find(data, at, start)
        if found < 0:
            rest = max(at, len(data) - _BEFORE)
            return None if rest == at else rest
        if found + _CONTAINER.size > len(data):
            return found if found > at else None
        size: int = _CONTAINER.unpack_from(data, found)[3]
        inside = found + _CONTAINER.size
        self.left -= 1
        if start + inside + size > self._end:
            self.partial = True
            return inside
        self._until, self._group = start + inside + size, {}
        return inside

    def _inside(self, data: bytes, at: int, start: int) -> int | None:
        """Read the header at hand; gives where to go on, None for when more bytes are there."""
        left = self._until - (start + at)
        if left < _LEAST_ENTRY:
            self._close()
            return at + left
        if at + _ENTRY.size > len(data):
            return None
        kind: int
        header: int
        size: int
        kind, header, size, architecture = _ENTRY.unpack_from(data, at)
        self.left -= 1
        if (
            not _LEAST_ENTRY <= header <= _MOST_ENTRY
            or header + size > left
            or architecture > _LARGEST_ARCHITECTURE
            or (len(self._group) == _MAX_ARCHITECTURES and (kind, architecture) not in self._group)
        ):
            # Not what it looked like, or damaged: nothing of the container counts.
            self.partial = True
            self._until = 0
            return at + _ENTRY.size
        key = (kind, architecture)
        self._group[key] = self._group.get(key, 0) + header + size
        return at + header + size

    def _close(self) -> None:
        self._until = 0
        shape = tuple(sorted(self._group))
        if shape not in self._found and len(self._found) == _MAX_GROUPS:
            self.partial = True
            return
        sums = self._found.setdefault(shape, {})
        for key, size in self._group.items():
            sums[key] = sums.get(key, 0) + size

    def result(self) -> tuple[tuple[GpuCode, ...], ...]:
        """What was found: containers of the same kinds and architectures as one."""
        if self._until and self._until - self._wanted < _LEAST_ENTRY:
            self._close()
        self.partial |= bool(self._until)
        return tuple(
            tuple(
                GpuCode(kind, architecture, size)
                for (kind, architecture), size in sorted(sums.items())
            )
            for shape, sums in sorted(self._found.items())
            if shape
        )
