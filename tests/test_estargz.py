"""eStargz layers: the table of contents that lazy pullers read must say what the tar says."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from slim.files import estargz
from tests.attacks import Attack, named, prove, shown
from tests.building import Entry, digest, directory, file, hardlink, opaque, symlink
from tests.building import layer as make_layer
from tests.layouts import Members, entry, pack, simple

ENTRIES: Sequence[Entry] = (
    file(".no.prefetch.landmark", b"\xf0"),
    directory("etc"),
    file("etc/a", b"12345"),
    symlink("ln", "etc/a"),
    hardlink("hl", "etc/a"),
    file("etc/.wh.gone"),
    opaque("d"),
    file(b"caf\xe9", b"1"),
)
LISTED: list[dict[str, Any]] = [
    {"name": ".no.prefetch.landmark", "type": "reg", "size": 1},
    {"name": "etc/", "type": "dir"},
    {"name": "etc/a", "type": "reg", "size": 5, "digest": "sha256:00", "offset": 10},
    {"name": "etc/a", "type": "chunk", "offset": 20, "chunkOffset": 3},
    {"name": "ln", "type": "symlink", "linkName": "etc/a"},
    {"name": "hl", "type": "hardlink", "linkName": "/etc/a"},
    {"name": "etc/.wh.gone", "type": "reg"},
    {"name": "d/.wh..wh..opq", "type": "reg"},
    {"name": "caf\ufffd", "type": "reg", "size": 1},
]


def members(toc: bytes, annotation: str = "", entries: Sequence[Entry] = ENTRIES) -> Members:
    """An image of one layer with this table of contents; by default annotated with its digest."""
    made = make_layer([*entries, file("stargz.index.json", toc)], compression="gzip")
    annotations = {estargz.ANNOTATION: annotation or digest(toc)}
    described = entry(made.blob, str(made.descriptor["mediaType"]), annotations=annotations)
    return simple(made, layers=[described])


def toc(*changes: Callable[[list[dict[str, Any]]], object]) -> bytes:
    listed = [dict(one) for one in LISTED]
    for change in changes:
        change(listed)
    return json.dumps({"version": 1, "entries": listed}).encode()


def attack(name: str, given: str, made: Members, **outcome: Any) -> Attack:
    return Attack(id=f"Z15-{name}", given=given, make=lambda folder: pack(folder, made), **outcome)


def differs(name: str, given: str, change: Callable[[list[dict[str, Any]]], object]) -> Attack:
    return attack(
        name,
        f"a table of contents of eStargz {given}",
        members(toc(change)),
        warns="estargz toc-mismatch",
        says=("differ about 1 names",),
    )


ATTACKS = (
    attack(
        "alike",
        "a table of contents of eStargz that is right",
        members(toc()),
        warns="estargz",
        quiet="toc-mismatch",
        says=(f"{len(toc()) + 1:,} bytes are files",),
    ),
    differs("name", "with a file that the tar does not hold", lambda all: all.append(
        {"name": "evil", "type": "reg", "size": 9})),
    differs("hidden", "without a file of the tar", lambda all: all.pop(2)),
    differs("size", "with another size", lambda all: all[2].update(size=6)),
    differs("type", "with another type", lambda all: all[2].update(type="fifo")),
    differs("link", "with another target", lambda all: all[4].update(linkName="/bin/sh")),
    differs("whiteout", "without a whiteout of the tar", lambda all: all.pop(6)),
    attack(
        "digest",
        "another table of contents of eStargz than the annotation says",
        members(toc(), digest(b"other")),
        warns="estargz toc-mismatch",
        says=("the annotation says",),
    ),
    attack(
        "absent",
        "an annotation of eStargz without its table of contents",
        simple(made := make_layer({"a": b"1"}, compression="gzip"), layers=[
            entry(made.blob, str(made.descriptor["mediaType"]),
                  annotations={estargz.ANNOTATION: digest(b"")})]),
        warns="estargz",
        says=("is not among the entries",),
    ),
    *(
        attack(
            name,
            f"a table of contents of eStargz that is {what}",
            members(text),
            warns="estargz toc-mismatch",
            says=("cannot be read",),
        )
        for name, what, text in (
            ("text", "no JSON", b"{"),
            ("deep", "100,000 brackets", b'{"entries":' + b"[" * 100_000),
            ("types", "of other types", b'{"entries":[{"name":1,"type":"reg"}]}'),
            ("bytes", "not UTF-8", b'{"entries":[{"name":"\xff","type":"reg"}]}'),
        )
    ),
)  # fmt: skip


@pytest.mark.parametrize("attack", shown(ATTACKS), ids=named)
def test_estargz(attack: Attack, tmp_path: Path) -> None:
    prove(attack, tmp_path)


def test_a_large_table_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estargz, "_MAX_BYTES", 100)
    row = attack("large", "-", members(toc()), warns="toc-mismatch", says=("not compared",))
    prove(row, tmp_path)
