"""Code for GPUs in programs and libraries: what each architecture takes, and what given GPUs never load.

Machine code runs on GPUs of the same major version whose minor version is as high or higher; of several
that run the driver takes the highest. Where none runs, it compiles the PTX of an architecture as high as
the GPU's or lower. It chooses for each container of code by itself.
Source: CUDA C++ Programming Guide, "Binary Compatibility", "PTX Compatibility"; CUDA compatibility guides
of the GPU architectures.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from slim.ecosystems.model import Subject
from slim.files.extract.found import CUBIN, PTX, Elf, GpuCode
from slim.files.table import Fate
from slim.rules.match import QueryResult

_BUILT_IN = frozenset((53, 62, 72, 87, 88, 101, 110))
"""GPUs of boards such as Jetson: code for others of their generation is not promised to run on them."""
_FIRST_WITH_OWN_CODE = 90


def other_architectures(subject: Subject) -> QueryResult:
    """What the GPUs that the image is for do not load; nothing where these are not known."""
    files, gpus = subject.files, subject.gpus
    parts = {
        row: unused
        for row, elf in files.elfs.items()
        if elf.gpu and gpus and files.fate[row] == Fate.LIVE and (unused := _not_loaded(elf, gpus))
    }
    return QueryResult(parts=dict(sorted(parts.items())))


def _not_loaded(elf: Elf, gpus: Collection[int]) -> int:
    """Bytes of an ELF file."""
    return sum(
        code.size for group in elf.gpu for code in frozenset(group).difference(_loaded(group, gpus))
    )


def _loaded(group: Collection[GpuCode], gpus: Iterable[int]) -> list[GpuCode]:
    """What of one kind of container some GPUs load, or may load."""
    found = [code for code in group if code.kind not in (PTX, CUBIN)]
    for gpu in gpus:
        runs = [
            code
            for code in group
            if code.kind == CUBIN
            and code.architecture <= gpu
            and code.architecture // 10 == gpu // 10
        ]
        highest = max((code.architecture for code in runs), default=0)
        if highest == gpu or (highest and _runs_lower(gpu)):
            found += (code for code in runs if code.architecture == highest)
            continue
        # PTX for one architecture alone (compute_90a) is not told apart, so that all that may do stays.
        found += runs
        found += (code for code in group if code.kind == PTX and code.architecture <= gpu)
    return found


def _runs_lower(gpu: int) -> bool:
    """Whether a GPU surely runs code for lower ones of its generation: not those of boards that have
    theirs built in; and from 9.0 on there is code that one of them alone runs (`sm_90a`)."""
    return gpu < _FIRST_WITH_OWN_CODE and gpu not in _BUILT_IN
