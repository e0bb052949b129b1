"""Code for GPUs: what containers hold, however their bytes arrive and however they are damaged."""

from __future__ import annotations

import struct
from random import Random
from time import monotonic

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slim.files.extract.elf import parse_elf
from slim.files.extract.fatbin import GpuScan
from slim.files.extract.found import CUBIN, PTX, Elf, GpuCode
from slim.files.extract.pieces import Pieces
from tests.support.elf import elf_image
from tests.support.gpu_code import container, gpu_library, machine_code, ptx

_BOTH = [*machine_code(1000, 80, 90), ptx(504, 90)]


def parsed(data: bytes) -> Elf:
    found = parse_elf(Pieces.whole(data))
    assert found is not None
    return found


def scanned(data: bytes, step: int, most: int = 1000) -> GpuScan:
    scan = GpuScan(len(data), most)
    for begin in range(0, len(data), step):
        scan.add(memoryview(data)[begin : begin + step])
    return scan


def test_each_kind_of_container_is_added_up() -> None:
    found = parsed(gpu_library(_BOTH, machine_code(300, 100), _BOTH))
    assert not found.partial
    assert found.gpu == (
        (GpuCode(PTX, 90, 2 * 568), GpuCode(CUBIN, 80, 2 * 1064), GpuCode(CUBIN, 90, 2 * 1064)),
        (GpuCode(CUBIN, 100, 364),),
    )


@given(st.integers(1, 700))
@settings(max_examples=40, deadline=None)
def test_the_bytes_may_come_in_any_parts(step: int) -> None:
    data = gpu_library(_BOTH, machine_code(3, 100), [], _BOTH)
    assert scanned(data, step).result() == parsed(data).gpu


@given(st.lists(st.integers(0, 40), min_size=1, max_size=3), st.integers(1, 60))
@settings(max_examples=100, deadline=None)
def test_containers_are_found_at_every_multiple_of_eight(gaps: list[int], step: int) -> None:
    code = container(*machine_code(104, 80))
    # In front of them beginnings of what marks one, and all of it where none can be.
    pieces = [code[:2] * 4, code[:6] + b"\0\0", b"\0\0\0\0" + code[:8] + b"\0\0\0\0"]
    data = b"".join(pieces[gap % 3] * (gap // 3) + code for gap in gaps) + bytes(20)
    found = scanned(data, step).result()
    assert found == scanned(data, len(data)).result()
    assert found == ((GpuCode(CUBIN, 80, 168 * len(gaps)),),)


def test_other_files_have_none() -> None:
    assert parsed(elf_image([])).gpu == ()
    # Without the section it only looks like a container.
    data = elf_image([(b".rodata", 1, 2, container(*_BOTH), 0)])
    assert parsed(data).gpu == ()
    outside = elf_image(
        [(b".rodata", 1, 2, container(*_BOTH), 0), (b".nv_fatbin", 1, 2, b"12345678", 0)]
    )
    assert parsed(outside).gpu == ()
    assert parsed(outside).partial


@pytest.mark.parametrize(
    "entry",
    [
        struct.pack("<HHIQ12xI32x", CUBIN, 0x101, 64, 2**64 - 64, 90),
        struct.pack("<HHIQ12xI32x", CUBIN, 0x101, 0, 0, 90),
        struct.pack("<HHIQ12xI32x", CUBIN, 0x101, 2**32 - 1, 0, 90),
        struct.pack("<HHIQ12xI32x", CUBIN, 0x101, 64, 0, 2**32 - 1),
        bytes(64),
    ],
)
def test_a_damaged_container_costs_itself(entry: bytes) -> None:
    damaged = struct.pack("<IHHQ", 0xBA55ED50, 1, 16, len(entry)) + entry
    content = container(*_BOTH) + damaged + container(*_BOTH)
    found = parsed(elf_image([(b".nv_fatbin", 1, 2, content, 0)]))
    assert found.partial
    assert sum(code.size for group in found.gpu for code in group) == 2 * (568 + 2 * 1064)


def test_a_container_that_says_to_be_larger_than_the_file() -> None:
    endless = struct.pack("<IHHQ", 0xBA55ED50, 1, 16, 2**63)
    found = parsed(elf_image([(b".nv_fatbin", 1, 2, endless + container(*_BOTH), 0)]))
    assert found.partial
    assert len(found.gpu) == 1


def test_work_and_memory_are_bounded() -> None:
    shapes = b"".join(container(*machine_code(8, *range(n, n + 9))) for n in range(600))
    scan = scanned(shapes, 1 << 16, most=10_000)
    assert scan.partial
    assert len(scan.result()) == 256
    tiny = container() * 1_000_000
    begin = monotonic()
    scan = scanned(tiny, 1 << 20, most=10_000)
    assert scan.result() == ()
    assert (scan.partial, scan.left) == (True, 0)
    assert monotonic() - begin < 2
    many = scanned(container(*machine_code(8, *range(100))), 1 << 16)
    assert (many.result(), many.partial) == ((), True)


def test_bytes_that_only_look_like_the_beginning_cost_little() -> None:
    """The rarest byte of it in every place: after so many chances no more is looked at, which is told."""
    data = b"\xed" * (64 << 20)
    begin = monotonic()
    scan = scanned(data, 1 << 20)
    assert (scan.result(), scan.partial, scan.left) == ((), True, 0)
    assert monotonic() - begin < 2
    random = scanned(Random(1).randbytes(8 << 20), 1 << 20)  # noqa: S311
    assert not random.partial
