"""Fat binaries of CUDA made in memory: containers with code for several architectures."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from slim.files.extract.found import CUBIN, PTX
from tests.support.elf import elf_image

Code = tuple[int, int, int]
"""(kind, architecture, bytes of the code)."""


def container(*codes: Code) -> bytes:
    """Code that was compiled from one file."""
    entries = b"".join(
        struct.pack("<HHIQ12xI32x", kind, 0x101, 64, size, architecture) + b"\xaa" * size
        for kind, architecture, size in codes
    )
    return struct.pack("<IHHQ", 0xBA55ED50, 1, 16, len(entries)) + entries


def gpu_library(*containers: Iterable[Code], filler: int = 0) -> bytes:
    """A library with some containers, aligned as linkers do it."""
    parts = [container(*codes) for codes in containers]
    content = b"".join(part + bytes(-len(part) % 16) for part in parts)
    return elf_image([(b".nv_fatbin", 1, 2, content, 0)], filler=filler)


def machine_code(size: int, *architectures: int) -> list[Code]:
    """The same for several architectures."""
    return [(CUBIN, architecture, size) for architecture in architectures]


def ptx(size: int, architecture: int) -> Code:
    """What the driver compiles."""
    return PTX, architecture, size
