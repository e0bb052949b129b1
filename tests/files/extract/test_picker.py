"""Contents that are kept while a layer streams by: the same however the stream is cut, and bounded."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slim.ecosystems import KEEPS
from slim.files.blob import scan_blob
from slim.files.extract import picker
from slim.files.overlay import resolve
from slim.files.table import LayerTable, settled
from slim.files.tar import walk
from tests.support.beam import MODULE
from tests.support.building import Layer, MemoryBlob, delete, file, hardlink, layer, symlink
from tests.support.heads import ELF, KEY
from tests.support.walking import read_rows

MIB = 1 << 20
SCRIPT = b'#!/bin/sh\nexec /app/bin/server "$@"\n'
LONG = "deep/" * 30
MIXED = layer(
    [
        file("etc/os-release", b"ID=debian\n"),
        file("etc/hosts", b"127.0.0.1 localhost\n"),
        file("etc/passwd"),
        file("usr/bin/tool", ELF),
        file("usr/bin/script", SCRIPT),
        file("entrypoint.sh", SCRIPT),
        file("srv/data.bin", b"FOR1" + bytes(3000)),
        file("app/lib/app-1/ebin/Elixir.App.beam", MODULE),
        file("app/lib/app-1/ebin/app.app", b"{application, app, []}.\n"),
        file("app/big.js", b"{ " + b"x" * 5000),
        file("app/web.deps.json", b'{"targets": {}}'),
        file("root/.ssh/id_ed25519", KEY),
        file("app/.env", b"SECRET=1\n"),
        file("app/server.js", b"require('http')\n"),
        file(LONG + "package.json", b'{"name": "deep"}'),
        file("pax/package.json", b'{"name": "pax"}', pax=((b"mtime", b"1.5"),)),
        file("last/mix.lock", b"%{}\n"),
        file("empty/package.json"),
        file("empty/a.deps.json"),
        file("Metadata"),
    ]
)
TEXTS = {
    b"etc/os-release": b"ID=debian\n",
    b"usr/bin/script": SCRIPT,
    b"entrypoint.sh": SCRIPT,
    b"app/lib/app-1/ebin/app.app": b"{application, app, []}.\n",
    b"app/web.deps.json": b'{"targets": {}}',
    LONG.encode() + b"package.json": b'{"name": "deep"}',
    b"pax/package.json": b'{"name": "pax"}',
    b"app/server.js": b"require('http')\n",
    b"last/mix.lock": b"%{}\n",
    b"etc/passwd": b"",
    b"empty/package.json": b"",
}


def walked(layer: Layer, step: int, extra: Collection[bytes] = ()) -> LayerTable:
    table = LayerTable(blob_bytes=len(layer.blob))
    walker = walk(table, extract=True, keeps=KEEPS, extra=extra)
    next(walker)
    try:
        for at in range(0, len(layer.tar), step):
            walker.send(layer.tar[at : at + step])
        walker.send(b"")
    except StopIteration:
        return settled(table, extra)
    raise AssertionError("the walk went on after the end")


def by_path(table: LayerTable, kept: dict[int, bytes]) -> dict[bytes, bytes]:
    return {table.path(row): content for row, content in kept.items()}


def paths(table: LayerTable, rows: Collection[int]) -> set[bytes]:
    return {table.path(row) for row in rows}


@pytest.mark.parametrize("step", [MIB, 8192, 1000, 513, 512, 511, 7, 1])
def test_the_same_however_the_stream_is_cut(step: int) -> None:
    table = walked(MIXED, step)
    assert by_path(table, table.texts) == TEXTS
    assert paths(table, table.elfs) == {b"usr/bin/tool"}
    assert [elf.links.needed for elf in table.elfs.values()] == [(b"libc.so.6",)]
    assert [elf.debug_bytes for elf in table.elfs.values()] == [1100]
    assert paths(table, table.beams) == {b"app/lib/app-1/ebin/Elixir.App.beam"}
    assert [beam.strip_bytes for beam in table.beams.values()] == [1028]
    assert [(table.path(row), flag) for row, flag in table.flags.items()] == [
        (b"root/.ssh/id_ed25519", "pem")
    ]
    assert not table.warnings


def test_rows_are_those_of_a_scan_without_contents() -> None:
    table, other = walked(MIXED, 4096), scan_blob(MemoryBlob(MIXED.blob), verify=False)
    assert (table.kind, table.name, table.size) == (other.kind, other.name, other.size)
    assert table.digests == other.digests
    assert not other.texts
    assert not other.elfs
    assert not other.beams
    assert not other.flags


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.integers(0, len(MIXED.tar) - 1), st.binary(min_size=1, max_size=4))),
    st.integers(0, len(MIXED.tar)),
    st.sampled_from([MIB, 4096, 700]),
)
def test_damaged_layers_fail_as_without_contents(
    edits: list[tuple[int, bytes]], cut: int, step: int
) -> None:
    data = bytearray(MIXED.tar)
    for at, value in edits:
        # Checksums stay right where only contents are changed.
        data[at : at + len(value)] = value
    for version in (bytes(data), bytes(data[:cut])):
        table, fault = read_rows(version, step, extract=True, keeps=KEEPS)
        other, same = read_rows(version, step)
        assert str(fault) == str(same)
        assert (table.kind, table.name, table.size) == (other.kind, other.name, other.size)
        assert table.digests == other.digests
        kept = {**table.texts, **table.elfs, **table.beams, **table.flags}
        assert all(0 <= row < len(table) and table.kind[row] == 0 for row in kept)


def test_files_that_somebody_asks_for() -> None:
    extra = {b"app/server.js", b"app/.env", b"root/.ssh/id_ed25519", b"usr/bin/tool", b"none"}
    table = walked(MIXED, MIB, extra)
    assert by_path(table, table.texts) == TEXTS | {b"app/server.js": b"require('http')\n"}
    assert paths(table, table.flags) == {b"root/.ssh/id_ed25519"}


_PLACES = (
    "app app/node_modules/a usr/src/app usr/src usr/share/x opt/lib/python3.13/json srv/vendor/info"
)
_NAMES = "a.js a.py a.rb b.ini x.deps.json x.runtimeconfig.json x.egg-info start.sh package.json a.list k"
_HEADS = (
    "'use strict'\n",
    "import os\n",
    "# x\n",
    "[program:a]\n",
    '{"a": 1}',
    "Metadata-",
    "#!/bin/sh\n",
)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(*map(st.sampled_from, (_PLACES.split(), _NAMES.split(), _HEADS))),
        min_size=1,
        max_size=12,
    ),
    st.sampled_from([MIB, 700]),
)
def test_nothing_is_missed_by_asking_less_of_most_files(
    files: list[tuple[str, str, str]], step: int
) -> None:
    tar = layer([file(f"{place}/{name}", text.encode()) for place, name, text in files]).tar
    exact, _ = read_rows(tar, step, extract=True, keeps=KEEPS, exact=True)
    table, _ = read_rows(tar, step, extract=True, keeps=KEEPS)
    assert table.texts == exact.texts


def test_private_key_that_is_asked_for_under_another_name() -> None:
    table = walked(layer({"app/start": KEY}), MIB, {b"app/start"})
    assert not table.texts
    assert list(table.flags.values()) == ["pem"]


def test_sparse_files_are_left_alone() -> None:
    sparse = (
        (b"GNU.sparse.major", b"0"),
        (b"GNU.sparse.minor", b"1"),
        (b"GNU.sparse.numblocks", b"1"),
        (b"GNU.sparse.map", b"0,4"),
        (b"GNU.sparse.size", b"4"),
    )
    table = walked(layer([file("a/package.json", b"{  }", pax=sparse)]), MIB)
    assert "sparse" in table.warnings
    assert not table.texts


def test_large_texts_are_no_texts() -> None:
    big = b"{" + b" " * (257 << 10)
    table = walked(
        layer({"a/package.json": big, "b/package.json": b"{}", "bin/x": b"#!" + big}), MIB
    )
    assert by_path(table, table.texts) == {b"b/package.json": b"{}"}
    assert table.warnings["content-too-large"].path == b"a/package.json"
    script = b"#!/usr/bin/env escript\n" + big
    table = walked(layer({"bin/x": script, "app/a.js": b"const a = 1\n" + big}), 7)
    assert by_path(table, table.texts) == {b"bin/x": b"#!/usr/bin/env escript\n"}
    assert not table.warnings


def test_sources_take_no_room_from_manifests() -> None:
    body = b"import os\n" * (10 << 10)
    entries = {f"app/{at}.py": body for at in range(75)} | {"app/package.json": b"{}"}
    small = layer(entries, compression="gzip")
    table = scan_blob(MemoryBlob(small.blob), extract=True, keeps=KEEPS)
    assert by_path(table, table.texts)[b"app/package.json"] == b"{}"
    assert 1 < len(table.texts) < 76
    assert not table.warnings


def test_budget_goes_with_the_size_of_the_blob() -> None:
    """A layer of 60 MiB of lists in a few KiB: what fits is kept, in tar order."""
    body = b"Name: a\n" * (100 << 10)
    entries = {f"{at}.dist-info/METADATA": body for at in range(75)}
    entries["var/lib/dpkg/status"] = b"Package: a\n"
    small = layer(entries, compression="gzip")
    table = scan_blob(MemoryBlob(small.blob), extract=True, keeps=KEEPS)
    kept = sum(map(len, table.texts.values()))
    assert MIB // 2 < kept <= MIB + 16 * len(small.blob)
    assert table.warnings["content-limit"].count == 76 - len(table.texts)
    assert by_path(table, table.texts)[b"var/lib/dpkg/status"] == b"Package: a\n"
    large = scan_blob(MemoryBlob(layer(entries).blob), extract=True, keeps=KEEPS)
    assert len(large.texts) == 76
    assert not large.warnings


def test_number_of_programs_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picker, "_TEXTS_BYTES", 10_000)
    table = walked(layer({f"bin/{at}": ELF for at in range(100)}), MIB)
    assert 0 < len(table.elfs) < 20
    assert table.warnings["content-limit"].count == 100 - len(table.elfs)


def test_directories_through_links_and_under_other_names() -> None:
    """`lib` is a link to `usr/lib` in the same layer: the path is the one below it."""
    built = layer(
        [
            symlink("lib", "usr/lib"),
            file("lib/apk/db/installed", b"P:musl\n"),
            file("./var/lib/dpkg/info/a.list", b"/.\n"),
            file("/etc//apk/world", b"musl\n"),
        ]
    )
    table = walked(built, MIB)
    assert by_path(table, table.texts) == {
        b"usr/lib/apk/db/installed": b"P:musl\n",
        b"var/lib/dpkg/info/a.list": b"/.\n",
        b"etc/apk/world": b"musl\n",
    }


def test_rows_of_the_image() -> None:
    """Row ids run on through the layers, and stay with the content that a later layer hides."""
    tables = [
        walked(built, MIB)
        for built in (
            layer({"etc/hosts": b"-", "var/lib/dpkg/status": b"old", "bin/a": ELF}),
            layer([file("var/lib/dpkg/status", b"new"), delete("bin/a"), file("k.pem", KEY)]),
            layer([hardlink("copy.app", "a/ebin/a.app")], {"a/ebin/a.beam": MODULE}),
        )
    ]
    files = resolve(tables)
    assert {files.path(row): text for row, text in files.texts.items() if files.shown[row]} == {
        b"var/lib/dpkg/status": b"new"
    }
    assert sorted(files.texts.values()) == [b"new", b"old"]
    assert [files.path(row) for row in files.elfs] == [b"bin/a"]
    assert [files.layer_of(row) for row in files.flags] == [1]
    assert [files.path(row) for row in files.beams] == [b"a/ebin/a.beam"]


def test_hard_links_lead_to_the_content() -> None:
    built = layer({"a/ebin/a.app": b"{a}."}, [hardlink("b/ebin/a.app", "a/ebin/a.app")])
    files = resolve([walked(built, MIB)])
    linked = next(row for row in range(len(files)) if files.path(row) == b"b/ebin/a.app")
    assert linked not in files.texts
    assert files.texts[files.body[linked]] == b"{a}."
