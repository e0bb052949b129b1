"""Names from a layer as text that every JSON parser takes, without losing their bytes."""

from __future__ import annotations

import binascii
from collections.abc import Iterator, Mapping, Sequence
from typing import NotRequired, TypedDict

from slim.files.ledger import Ledger
from slim.files.table import Files
from slim.report import model
from slim.report.untrusted import Untrusted, untrusted


def example(files: Files, ledger: Ledger, row: int) -> model.Example:
    """A file as an example, with its bytes."""
    return model.Example(
        layer=files.layer_of(row),
        **path(files.path(row)),
        disk_bytes=files.size[row],
        pull_bytes=ledger.pull[row],
        estimated=ledger.layers[files.layer_of(row)].estimated,
    )


def contents(
    files: Files, ledger: Ledger, rows: Sequence[int], names: Mapping[int, int], *, identity: bool
) -> Iterator[model.Example]:
    """Files by their rows. `names`: where a body is shown by another row's name; `identity`: with the
    hash of the contents."""
    homes: dict[int, bytes] = {}
    for row in rows:
        name = names.get(row, row)
        home = files.directory[name]
        above = homes.get(home)
        if above is None:
            above = homes[home] = files.directory_path(home)
        layer = files.layer_of(row)
        yield model.Example(
            layer=layer,
            **path(above + b"/" + files.name[name] if above else files.name[name]),
            disk_bytes=files.size[row],
            pull_bytes=ledger.pull[row],
            estimated=ledger.layers[layer].estimated,
            content=files.digest(row).hex() if identity else None,
        )


class Named(TypedDict):
    """The two fields that name a file."""

    path: Untrusted
    path_b64: NotRequired[str]


def path(raw: bytes) -> Named:
    """`path`, and `path_b64` where the bytes are not UTF-8."""
    try:
        return {"path": untrusted(raw.decode("utf-8"))}
    except UnicodeDecodeError:
        return {
            "path": untrusted(raw.decode("utf-8", "replace")),
            "path_b64": binascii.b2a_base64(raw, newline=False).decode("ascii"),
        }


def utf8(name: str) -> str:
    """A file name of this machine as text that every JSON parser takes."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def largest_rule(sizes: Mapping[str, int]) -> str:
    """The rule that claims most bytes; of equals the first by name; empty where none does."""
    return min(sizes, key=lambda rule: (-sizes[rule], rule), default="")
