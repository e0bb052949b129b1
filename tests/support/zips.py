"""Zip archives, small and nested, with what is said of them."""

from __future__ import annotations

import io
import random
import tarfile
import zipfile
from collections.abc import Mapping


def noise(size: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(size)  # noqa: S311


def zipped(members: Mapping[str, bytes], comment: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        target.comment = comment
        for name, content in members.items():
            target.writestr(name, content)
    return out.getvalue()


def packed(members: Mapping[str, bytes], mode: str, form: int = tarfile.GNU_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode, format=form) as target:  # type: ignore[call-overload]
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            target.addfile(entry, io.BytesIO(content))
    return out.getvalue()


JAR = {
    "META-INF/": b"",
    "META-INF/MANIFEST.MF": b"Manifest-Version: 1.0\n",
    "BOOT-INF/lib/a-1.jar": noise(50_000, 1),
    "BOOT-INF/lib/b-1.jar": noise(40_000, 2),
    "empty": b"",
}

TREE = {"./pkg/" + "long/" * 40 + "a": noise(30_000, 3), "./pkg/b": noise(500, 4), "./pkg/c": b""}
