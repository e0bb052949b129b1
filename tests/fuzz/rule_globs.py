"""Globs of rules. An input is patterns, an empty line, paths: one a line.

Oracle: a pattern is refused with a GlobError, or it matches what the slow matcher of the tests says; all
patterns at once give what each gives alone; no path takes more than its bounds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from slim.errors import LimitError
from slim.rules.glob import compile_globs
from slim.rules.glob_syntax import GlobError, escape, parse_text_glob
from tests.support.glob_oracle import is_valid, oracle


def seeds() -> Iterator[bytes]:
    yield b"**/node_modules/**\nusr/{lib,share}/*.so*\nvar/lib/[a-c]?/x\n\nusr/lib/a.so.1\na/node_modules/b"
    yield b"**/*.{a,{b,c}}\n**/**/x\n*a*b*c*\n\nx/y.b\naxbxc\nx"
    yield b"a[!b]c\n[[]\n{,a}/b\n\na.c\n[\n/b"


def check(data: bytes) -> None:
    head, _, tail = data[:2000].decode("utf-8", "surrogateescape").partition("\n\n")
    paths = [path for path in tail.split("\n")[:8] if path and "\0" not in path]
    valid = []
    for pattern in head.split("\n")[:8]:
        with suppress(GlobError):
            parse_text_glob(pattern).matches(data[:200])
        with suppress(GlobError):
            compile_globs([pattern])
            valid.append(pattern)
    together = compile_globs(valid)
    for path in paths:
        raw = path.encode("utf-8", "surrogateescape")
        try:
            alone = [compile_globs([pattern]).match(raw) == (0,) for pattern in valid]
            assert together.match(raw) == tuple(at for at, found in enumerate(alone) if found)
        except LimitError:
            continue
        with suppress(GlobError):
            if "/" not in path and path not in (".", ".."):
                assert compile_globs([escape(path)]).match(raw) == (0,)
        for pattern, found in zip(valid, alone, strict=True):
            small = len(pattern) <= 24 and len(path) <= 16 and pattern.count("{") <= 3
            # The slow matcher knows no braces inside of classes, and no class of a single `!`.
            small = small and not {"[", "{"} <= set(pattern) and "[!]" not in pattern
            if small and pattern.isascii() and is_valid(pattern) and path.isascii():
                assert oracle(pattern, path) == found, (pattern, path)
