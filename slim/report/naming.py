"""Names from a layer as text that every JSON parser takes, without losing their bytes [pure]."""

from __future__ import annotations

import base64

from slim.files.ledger import Ledger
from slim.files.table import Files
from slim.report import model


def example(files: Files, ledger: Ledger, row: int) -> model.Example:
    """A file as an example, with its bytes."""
    return model.Example(
        layer=files.layer_of(row),
        **path(files.path(row)),
        disk_bytes=files.size[row],
        pull_bytes=ledger.pull[row],
    )


def path(raw: bytes) -> dict[str, str]:
    """`path`, and `path_b64` where the bytes are not UTF-8."""
    try:
        return {"path": raw.decode("utf-8")}
    except UnicodeDecodeError:
        return {
            "path": raw.decode("utf-8", "replace"),
            "path_b64": base64.b64encode(raw).decode("ascii"),
        }


def utf8(name: str) -> str:
    """A file name of this machine as text that every JSON parser takes."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
