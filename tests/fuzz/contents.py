"""What is read from the contents of files: ELF and BEAM objects, keys, texts of package managers.

An input is the content of one file; it stands in a layer under many names. Oracle: nothing is raised,
the same comes out whatever the chunks, and of keys nothing but their kind is kept.
"""

from __future__ import annotations

from collections.abc import Iterator

from slim.ecosystems import KEEPS
from slim.files.blob import scan_blob
from tests.fuzz.targets import SMALL
from tests.support.beam import MODULE
from tests.support.building import MemoryBlob, file, gzip, tar
from tests.support.elf import go_section
from tests.support.heads import ELF, KEY
from tests.support.zips import JAR, TREE, packed, zipped

NAMES = (
    *("bin/app", "lib/a.so", "app/ebin/a.beam", "root/.ssh/id_rsa", "etc/ssl/private/a.pem"),
    *("etc/os-release", "etc/passwd", "app/package.json", "entry.sh"),
    *("app/shop.jar", "srv/tool.tar.gz"),
)


def seeds() -> Iterator[bytes]:
    yield from (MODULE, gzip(MODULE), ELF, KEY)
    yield zipped(JAR)
    yield packed(TREE, "w:gz")
    yield go_section("path\tx\nmod\tx\tv1\n")
    yield b'#!/bin/sh\nexec app "$@"\n'


def check(data: bytes) -> None:
    layer = tar([file(name, data) for name in NAMES])
    table, other = (
        scan_blob(
            MemoryBlob(layer, step), extract=True, keeps=KEEPS, extra=[b"entry.sh"], limits=SMALL
        )
        for step in (1 << 20, 333)
    )
    assert table == other
    assert not any(NAMES[row].endswith(("id_rsa", ".pem")) for row in table.texts)
    assert set(table.flags.values()) <= {"pem", "pgp", "putty", "age"}
