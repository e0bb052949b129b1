"""What code for GPUs takes in an image, by architecture."""

from __future__ import annotations

from collections import Counter

from slim.files.extract.found import CUBIN, PTX
from slim.files.table import Fate, Files
from slim.report import model

_MOST = 100
"""More architectures than there are; files may name any number."""
_NAMES = {CUBIN: "sm_{}", PTX: "compute_{}"}


def gpu_code(files: Files) -> list[model.GpuCode]:
    """Of programs and libraries that the image shows; the largest first."""
    sizes: Counter[str] = Counter()
    holders: Counter[str] = Counter()
    for row, elf in files.elfs.items():
        if not elf.gpu or files.fate[row] != Fate.LIVE:
            continue
        codes = [code for group in elf.gpu for code in group]
        for code in codes:
            sizes[_name(code.kind, code.architecture)] += code.size
        holders.update({_name(code.kind, code.architecture) for code in codes})
    largest = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))[:_MOST]
    return [
        model.GpuCode(architecture=name, disk_bytes=size, files=holders[name])
        for name, size in largest
    ]


def _name(kind: int, architecture: int) -> str:
    return _NAMES[kind].format(architecture) if kind in _NAMES else "other"
