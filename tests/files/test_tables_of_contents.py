"""eStargz and zstd:chunked: the table of contents that lazy pullers read must say what the tar says."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import slim
from slim.files import estargz, toc_check
from slim.files.table import Kind
from slim.image import kinds
from slim.report.untrusted import bare
from tests.support.attacks import Attack, named, prove, shown
from tests.support.building import (
    Entry,
    digest,
    directory,
    file,
    hardlink,
    opaque,
    symlink,
    zstandard,
)
from tests.support.building import layer as make_layer
from tests.support.layouts import Members, entry, index, pack, simple, world
from tests.support.lazy_layers import chunked, nothing, with_layers

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
    new_layer = make_layer([*entries, file("stargz.index.json", toc)], compression="gzip")
    annotations = {kinds.ESTARGZ: annotation or digest(toc)}
    described = entry(
        new_layer.blob, str(new_layer.descriptor["mediaType"]), annotations=annotations
    )
    return simple(new_layer, layers=[described])


def toc(*changes: Callable[[list[dict[str, Any]]], object]) -> bytes:
    listed = [dict(entry) for entry in LISTED]
    for change in changes:
        change(listed)
    return json.dumps({"version": 1, "entries": listed}).encode()


def attack(name: str, given: str, document: Members, **outcome: Any) -> Attack:
    return Attack(
        id=f"Z15-{name}", given=given, make=lambda folder: pack(folder, document), **outcome
    )


def differs(name: str, given: str, change: Callable[[list[dict[str, Any]]], object]) -> Attack:
    return attack(
        name,
        f"a table of contents of eStargz {given}",
        members(toc(change)),
        warns="estargz toc-mismatch",
        says=("differ about 1 names",),
    )


ATTACKS: tuple[Attack, ...] = (
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
        simple(packed := make_layer({"a": b"1"}, compression="gzip"), layers=[
            entry(packed.blob, str(packed.descriptor["mediaType"]),
                  annotations={kinds.ESTARGZ: digest(b"")})]),
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


CHUNKED: Sequence[Entry] = (
    directory("etc/"),
    file("etc/a", b"12345"),
    symlink("ln", "etc/a"),
    hardlink("hl", "etc/a"),
    file("etc/.wh.gone"),
)


def in_chunks(change: Callable[[list[dict[str, Any]]], object] = nothing) -> bytes:
    """A zstd:chunked blob with this change to its table of contents."""
    return chunked(CHUNKED, change).blob


def holding(blob: bytes, entries: Sequence[Entry] = CHUNKED) -> Callable[[Path], Path]:
    """An image of this zstd:chunked layer, without the annotations that name its table."""
    lazy = chunked(entries)
    _, top, blobs = with_layers(replace(lazy, blob=blob))
    return lambda folder: pack(folder, world(index(entry(top)), top, *blobs.values()))


def in_frames(
    table: bytes,
    size: int | None = None,
    position: int | None = None,
    entries: Sequence[Entry] = CHUNKED,
) -> bytes:
    """The blob with another table of contents, or another place for it in the footer."""
    whole = chunked(entries).blob
    start = whole.index(struct.pack("<I", 0x184D2A50))
    frame = struct.pack("<II", 0x184D2A50, len(table)) + table
    at = start + 8 if position is None else position
    text = struct.pack("<7Q", at, len(table), size or len(table), 1, 0, 0, 0) + b"GNUlInUx"
    return whole[:start] + frame + struct.pack("<II", 0x184D2A50, len(text)) + text


NOTHING = b'{"version":1,"entries":null}'
LED = (directory("real/"), symlink("way", "real"), file("way/a", b"12345"))


ATTACKS += (
    Attack(
        id="Z16-led",
        given="a table of contents of zstd:chunked and a tar that both write through a link of the layer",
        make=holding(chunked(LED).blob, LED),
        quiet="toc-mismatch",
        counts={"totals.live_files": 1},
    ),
    Attack(
        id="Z16-null",
        given="an empty layer of zstd:chunked, whose table has null for its entries, as Go writes it",
        make=holding(in_frames(zstandard(NOTHING), len(NOTHING), entries=()), ()),
        quiet="toc-mismatch",
        counts={"totals.live_files": 0},
    ),
    Attack(
        id="Z16-alike",
        given="a table of contents of zstd:chunked that is right",
        make=holding(in_chunks()),
        quiet="toc-mismatch",
        counts={"totals.live_files": 2},
    ),
    *(
        Attack(
            id=f"Z16-{name}",
            given=f"a table of contents of zstd:chunked {given}",
            make=holding(in_chunks(change)),
            warns="toc-mismatch",
            says=("differ about 1 names",),
        )
        for name, given, change in (
            ("name", "with a file that the tar does not hold", lambda all: all.append(
                {"name": "evil", "type": "reg", "size": 9})),
            ("hidden", "without a file of the tar", lambda all: all.pop(1)),
            ("size", "with another size", lambda all: all[1].update(size=6)),
            ("type", "with another type", lambda all: all[1].update(type="fifo")),
            ("link", "with another target", lambda all: all[2].update(linkName="/bin/sh")),
            ("hard-link", "with another hard link", lambda all: all[3].update(linkName="ln")),
            ("whiteout", "without a whiteout of the tar", lambda all: all.pop(4)),
        )
    ),
    *(
        Attack(
            id=f"Z16-{name}",
            given=f"a table of contents of zstd:chunked that {given}",
            make=holding(blob),
            warns="toc-mismatch",
            says=(message,),
        )
        for name, given, blob, message in (
            ("text", "is no JSON", in_frames(zstandard(b"{"), 1), "cannot be read"),
            ("deep", "is 100,000 brackets", in_frames(
                zstandard(b'{"entries":' + b"[" * 100_000), 100_011), "cannot be read"),
            ("no-zstd", "is not compressed", in_frames(b"{}"), "cannot be read"),
            ("longer", "is longer than its footer says", in_frames(
                zstandard(b'{"entries":[]}    '), 14), "cannot be read"),
            ("bomb", "unfolds to 1 GiB, by its footer", in_frames(
                zstandard(bytes(1 << 20)), 1 << 30), "not compared"),
            ("place", "is elsewhere than its footer says", in_frames(
                zstandard(b'{"entries":[]}'), 14, 3), "not compared"),
        )
    ),
)  # fmt: skip


@pytest.mark.parametrize("attack", shown(ATTACKS), ids=named)
def test_estargz(attack: Attack, tmp_path: Path) -> None:
    prove(attack, tmp_path)


def test_a_large_table_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estargz, "MAX_BYTES", 100)
    row = attack("large", "-", members(toc()), warns="toc-mismatch", says=("not compared",))
    prove(row, tmp_path)


def test_work_for_all_names_together_is_bounded() -> None:
    """Names through a link to itself and 2,000 directories on: each alone could be followed for long."""

    class Counted(dict[bytes, Any]):
        looked_at = 0

        def get(self, key: bytes, default: Any = None) -> Any:
            self.looked_at += len(key)
            return super().get(key, default)

    found = Counted({b"l": (Kind.SYMLINK, b"d/" * 2_000 + b"l")})
    guide = toc_check._Guide(found)
    for at in range(900):
        name = b"l/" * 500 + b"%d" % at
        assert guide.lead(name) in (name, b"d/" * 1_000_500 + b"%d" % at)
    assert found.looked_at < 4_000_000


def test_a_table_of_very_many_entries_is_not_compared(tmp_path: Path) -> None:
    many = b'{"version":1,"entries":[' + b",".join([b"{}"] * 250_001) + b"]}"
    report = slim.analyze(pack(tmp_path, members(many)), advice=False)
    (warning,) = [warning for warning in report.warnings if warning.id == "toc-mismatch"]
    assert "more than 250,000 entries" in bare(warning.text)
