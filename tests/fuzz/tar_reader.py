"""The tar reader, and what is made of its rows. An input is the tars of a few layers, with `CUT` between.

Oracle: nothing but a SlimError; the fast path and the exact one give the same rows, in chunks of any
size; of what is read every byte is in the ledger, and live and dead bytes are all bytes.
"""

from __future__ import annotations

from collections.abc import Iterator

from slim.errors import SlimError
from slim.files.blob import scan_blob
from slim.files.ledger import account
from slim.files.overlay import resolve
from slim.files.table import Kind
from tests.fuzz.targets import SMALL, assert_clear, corpus
from tests.support.building import BLOCK, MemoryBlob, entries, tar
from tests.support.engine_disagreements import CASES
from tests.support.walking import read_rows

CUT = b"----"


def seeds() -> Iterator[bytes]:
    yield from corpus("tar")
    for case in CASES:
        yield CUT.join(tar(entries(result)) for result in case.layers)


def check(data: bytes) -> None:
    layers = [mended(part) for part in data.split(CUT, 2)]
    for layer in layers:
        fast, fault = read_rows(layer, 700, limits=SMALL)
        exact, error = read_rows(layer, 1 << 20, limits=SMALL, exact=True)
        assert slug(fault) == slug(error), (fault, error)
        assert fault or fast == exact
    try:
        tables = [scan_blob(MemoryBlob(layer, 1000), limits=SMALL) for layer in layers]
        files = resolve(tables)
    except SlimError as failed:
        assert_clear(failed, 3, 5)
        return
    sums = account(files, tables, [len(layer) for layer in layers]).layers
    for table, of in zip(tables, sums, strict=True):
        rows = zip(table.kind, table.stored, strict=True)
        stored = sum(size for kind, size in rows if kind == Kind.FILE)
        assert stored + of.overhead_bytes == table.tar_bytes
        assert of.live_bytes + sum(disk for disk, _ in of.dead.values()) == of.disk_bytes
        assert of.disk_bytes == sum(table.size)


def slug(error: SlimError | None) -> str:
    return error.slug if error else ""


def mended(data: bytes) -> bytes:
    """With right checksums, so that changed headers are looked at: what says `ustar` is one."""
    fixed = bytearray(data)
    for at in range(0, len(data) - BLOCK + 1, BLOCK):
        head = fixed[at : at + BLOCK]
        if head[257:262] == b"ustar" and head[155] != ord("!"):
            head[148:156] = b" " * 8
            fixed[at + 148 : at + 156] = b"%06o\0 " % sum(head)
    return bytes(fixed)
