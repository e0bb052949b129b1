"""The corpus of each target: inputs that go ways through slim which no smaller one of them goes.

It lies in `corpus/TARGET.zip`, as OSS-Fuzz takes a seed corpus. `python -m tests.fuzz --minimise FOLDER`
makes it from the folders of inputs that fuzzers have left, without a fuzzer: it counts executed lines.
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import slim

CORPUS = Path(__file__).parent / "corpus"
LARGEST, MOST = 8 << 10, 40 << 10
"""Bytes of an input, and of all inputs of a target once packed."""
_SLIM = str(Path(slim.__file__).parent)
_EPOCH = (1980, 1, 1, 0, 0, 0)
Step = tuple[CodeType, int, int]
"""From one line of a function to another."""


def corpus_of(name: str) -> Iterator[bytes]:
    """The inputs of a target, the smallest first."""
    path = CORPUS / f"{name}.zip"
    if path.exists():
        with zipfile.ZipFile(path) as packed:
            yield from map(packed.read, packed.namelist())


def minimised(inputs: Collection[bytes], check: Callable[[bytes], None]) -> list[bytes]:
    """Of inputs those that go a way which no smaller one goes."""
    known: set[Step] = set()
    kept = []
    for data in sorted(set(inputs), key=lambda item: (len(item), item)):
        steps = _steps(data, check)
        if not steps <= known:
            known |= steps
            kept.append(data)
    return kept


def write(name: str, inputs: Collection[bytes]) -> int:
    """Pack the inputs of a target as far as there is room; returns how many there are."""
    CORPUS.mkdir(exist_ok=True)
    count = packed = 0
    with zipfile.ZipFile(CORPUS / f"{name}.zip", "w", zipfile.ZIP_DEFLATED) as out:
        for data in inputs:
            about = zipfile.ZipInfo(f"{count:04}", _EPOCH)
            about.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(about, data)
            count += 1
            packed += out.infolist()[-1].compress_size + 100
            if packed > MOST:
                break
    return count


def _steps(data: bytes, check: Callable[[bytes], None]) -> set[Step]:
    found: set[Step] = set()
    last: dict[FrameType, int] = {}

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        if not frame.f_code.co_filename.startswith(_SLIM):
            return None
        if event == "line":
            found.add((frame.f_code, last.get(frame, 0), frame.f_lineno))
            last[frame] = frame.f_lineno
        elif event == "return":
            last.pop(frame, None)
        return trace

    sys.settrace(trace)
    try:
        check(data)
    finally:
        sys.settrace(None)
    return found
