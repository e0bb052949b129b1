"""Tables of contents of layers that are not read, as a hostile image has them.

Oracle: a SlimError, or a table whose shares of the pull are in the blob and add up to it.
"""

from __future__ import annotations

from collections.abc import Iterator

from slim.errors import SlimError
from slim.files.ledger import account
from slim.files.overlay import resolve
from slim.files.toc import read_toc
from slim.image.model import TableOfContents
from tests.fuzz.targets import SMALL, assert_clear
from tests.support.building import delete, directory, file, hardlink, symlink
from tests.support.lazy_layers import Table, chunked, document_of, estargz

_BLOB = 1 << 20
_ENTRIES = (
    directory("etc/"),
    file("etc/a", b"a" * 5000),
    symlink("etc/b", "a"),
    hardlink("etc/c", "etc/a"),
    delete("etc/d"),
    file("e"),
)


def seeds() -> Iterator[bytes]:
    def keep(table: Table) -> None:
        tables.append(document_of(table))

    tables: list[bytes] = []
    estargz(_ENTRIES, keep, 2000)
    chunked(_ENTRIES, keep)
    yield b"e" + tables[0]
    yield b"z" + tables[1]


def check(data: bytes) -> None:
    kind = "estargz" if data[:1] == b"e" else "zstd:chunked"
    toc = TableOfContents(kind, data[1:], _BLOB - 1000, 500, 500)
    try:
        table = read_toc(toc, _BLOB, SMALL)
        files = resolve([table])
    except SlimError as error:
        assert_clear(error, 3, 5)
        return
    ledger = account(files, [table], [_BLOB])
    assert all(0 <= share <= _BLOB for share in ledger.pull)
    assert sum(ledger.pull) + sum(pull for _, pull in table.labels.values()) == _BLOB
    assert all(pull >= 0 for _, pull in table.labels.values())
