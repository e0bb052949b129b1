"""Reads the layers of an archive one after the other, and prints what a registry would send of them.

    python -m tests.bench.pull_size IMAGE stored|estimated|exact

As `slim analyze` reads them, with digests; what is done with the tables is left out.
"""

from __future__ import annotations

import sys
from typing import get_args

from slim.files.blob import scan_blob
from slim.files.pull_size import PullSize
from slim.image.ref import ImageRef
from slim.image.source import open_image


def pull_size(path: str, pull: PullSize) -> int:
    """The bytes of all layers."""
    with open_image(ImageRef(path)) as image:
        return sum(
            scan_blob(layer.blob, pull=pull).pull_bytes for layer in image.layers if layer.blob
        )


if __name__ == "__main__":
    path, form = sys.argv[1:]
    (pull,) = (each for each in get_args(PullSize) if each == form)
    print(pull_size(path, pull))
