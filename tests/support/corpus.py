"""The images of the corpus."""

from __future__ import annotations

import bz2
import gzip
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

Listing = list[tuple[bytes, bytes, str, int]]

DIFFERENCES: dict[str, tuple[str, Listing | None]] = {
    "go-tar/archive_tar_testdata_pax-pos-size-file.tar": (
        "a PAX size of '+999': POSIX asks for digits and readers disagree, so slim refuses",
        None,
    )
}
"""Where slim means to differ from Go: the reason, and slim's listing (None: an error at once)."""

IMAGES = "images"
NOTHING = "without-corpora"


def tars() -> list[str]:
    """The files that Go has read; one placeholder where there are no corpora."""
    folder = os.environ.get("SLIM_CORPORA")
    return sorted(expected(folder)) if folder else [NOTHING]


@cache
def expected(folder: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(Path(folder, "tar/expected-go.json").read_text())
    return document


def images() -> list[str]:
    """Everything that could be taken for an image: archives, and folders with an `oci-layout`."""
    folder = os.environ.get("SLIM_CORPORA")
    if not folder:
        return [NOTHING]
    top = Path(folder, IMAGES)
    archives = [path for path in top.rglob("*.tar*") if path.is_file()]
    layouts = [path.parent for path in top.rglob("oci-layout")]
    return sorted(str(path.relative_to(top)) for path in archives + layouts)


def uncompressed(path: Path) -> bytes:
    """The tar itself: some of the corpus is compressed, not always with a suffix that says so."""
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        return gzip.decompress(data)
    return bz2.decompress(data) if data[:3] == b"BZh" else data
