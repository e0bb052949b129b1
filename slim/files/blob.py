"""One stored blob → its table: decompressed, hashed on both sides and walked in one go."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack, closing, suppress
from threading import Event

from slim.errors import InputError
from slim.files.budget import MARK, Account, Budget
from slim.files.chunked import note_chunked
from slim.files.extract.texts import NO_KEEPS, Keeps
from slim.files.hasher import Hasher
from slim.files.metered import Progress, check, watched
from slim.files.pull_shares import share_out
from slim.files.pull_size import Meter, PullSize, meter_of, sampled
from slim.files.simple_directories import find_simple
from slim.files.table import LayerTable
from slim.files.tar import walk
from slim.image.model import CHUNK, Blob
from slim.image.stored import FileBlob
from slim.limits import DEFAULT_LIMITS, Limits, exceeded
from slim.stream.compression import Marks, sniff
from slim.stream.inflate import inflate
from slim.stream.memory import Memory

_SOMETIMES = (1 << 10) - 1
_WINDOW = 1 << 14
"""Read first where the walk went on to: a header, and maybe a few small files."""


def scan_blob(
    blob: Blob,
    *,
    verify: bool = True,
    extract: bool = False,
    keeps: Keeps = NO_KEEPS,
    extra: Collection[bytes] | None = (),
    limits: Limits = DEFAULT_LIMITS,
    progress: Progress | None = None,
    stop: Event | None = None,
    memory: Memory | None = None,
    algorithms: tuple[str, str] = ("sha256", "sha256"),
    skim: bool = False,
    account: Account | None = None,
    pull: PullSize = "stored",
    beside: bool = True,
    promised: str = "",
) -> LayerTable:
    """Read one blob: its entries, sizes, and (with `verify`) the digests of both sides.

    The digest of the stored bytes is taken to be `promised`, if that is given: who gives it must see to it
    that it is, with `check_blob`, before anything is let out.

    `algorithms` are those of the blob's digest and of the diff id; the others as for `scan`.
    With `skim`, which is for a blob of which nothing else is wanted, or nothing but what is `promised`, large
    files that need not be read are not: `identify` completes the table. The `account` is told what the table
    takes in memory. Digests are computed `beside` the reading, or on its thread: where other layers keep all
    cores busy.
    `pull` says how large a registry's blob of a layer that is not compressed is taken to be.

    Raises:
        InputError: not a tar, damaged or cut off.
        LimitError: larger than allowed.
    """
    skim = skim and pull != "exact" and (not promised or algorithms[0] == algorithms[1])
    if skim and isinstance(blob, FileBlob) and sniff(_first(blob.part(0, 6).chunks())) == "none":
        table = _skim(blob, limits, progress, stop, account)
        table.blob_digest = table.diff_id = promised
        marks = Marks()
        marks.add(blob.size, blob.size)
        if pull == "estimated" and blob.size:
            marks = _measured(table, sampled(blob), pull)
        return _finished(table, marks)
    with (account or Account(Budget(limits))).beside() as checkpoints:
        with ExitStack() as streams, ExitStack() as stack:
            # Closed whatever happens: a connection or a file may be behind it.
            chunks = streams.enter_context(closing(blob.chunks()))
            head = _first(chunks)
            compression = sniff(head)
            table, marks = LayerTable(blob_bytes=blob.size, compression=compression), Marks()
            # An empty blob stays one: engines take it for a layer without files.
            measured = compression == "none" and pull != "stored" and blob.size > 0
            meter = meter_of(pull, blob.size) if measured else None
            raw = tar = None
            same_digest = compression == "none" and algorithms[0] == algorithms[1]
            if verify and not promised:
                raw = stack.enter_context(Hasher(algorithms[0], beside=beside))
            if verify and not same_digest:
                tar = stack.enter_context(Hasher(algorithms[1], beside=beside))
            stored = watched(head, chunks, raw, progress, stop)
            walker = walk(table, limits, extract=extract, keeps=keeps, extra=extra, account=account)
            next(walker)
            size = 0
            # Closed whatever happens, and last: another layer may be waiting for its memory.
            pieces = streams.enter_context(
                closing(inflate(stored, compression, marks, limits, memory))
            )
            for piece in pieces:
                check(stop)
                size += len(piece)
                if size > limits.layer_bytes:
                    raise exceeded(
                        "layer_bytes", size, limits.layer_bytes, "a layer once decompressed"
                    )
                if tar is not None:
                    tar.update(piece)
                walker.send(piece)
                if meter is not None:
                    meter.update(piece)
                if not len(marks.out) & _SOMETIMES:
                    # A member for every byte has as many of them as bytes.
                    checkpoints.update(MARK * len(marks.out))
            with suppress(StopIteration):
                walker.send(b"")
        if verify:
            table.blob_digest = raw.digest() if raw is not None else promised
            table.diff_id = tar.digest() if tar is not None else table.blob_digest
        if meter is not None:
            marks = _measured(table, meter, pull)
        return _finished(table, marks)


def _measured(table: LayerTable, meter: Meter, pull: PullSize) -> Marks:
    """Of the blob that a registry would have in place of the stored one: what is shared out then."""
    marks = meter.finish()
    table.gzip_bytes, table.estimated = marks.raw[-1], pull == "estimated"
    return marks


def _first(chunks: Iterator[bytes]) -> bytes:
    """Bytes enough to tell the compression."""
    head = next(chunks, b"")
    while 0 < len(head) < 6 and (more := next(chunks, b"")):
        head += more
    return head


def _finished(table: LayerTable, marks: Marks) -> LayerTable:
    _check_ends(table, marks)
    note_chunked(table, marks)
    table.pull, table.labels = share_out(table, marks)
    table.simple = find_simple(table)
    return table


def _skim(
    blob: FileBlob,
    limits: Limits,
    progress: Progress | None,
    stop: Event | None,
    account: Account | None,
) -> LayerTable:
    """Walk over a blob that is not compressed, and leave out what the walk does not ask for."""
    if blob.size > limits.layer_bytes:
        raise exceeded("layer_bytes", blob.size, limits.layer_bytes, "a layer once decompressed")
    table = LayerTable(blob_bytes=blob.size, compression="none")
    walker = walk(table, limits, skim=blob.size, account=account)
    next(walker)
    at, window = 0, _WINDOW
    while at < blob.size:
        chunk = b"".join(blob.part(at, min(window, blob.size - at)).chunks())
        left_out = walker.send(chunk) or 0
        at += len(chunk) + left_out
        # Where files are small they are read on, as everywhere.
        window = _WINDOW if left_out else min(2 * window, CHUNK)
        if progress is not None:
            progress(len(chunk) + left_out)
        check(stop)
    with suppress(StopIteration):
        walker.send(b"")
    return table


def _check_ends(table: LayerTable, marks: Marks) -> None:
    if not table.blob_bytes:
        table.note("empty-layer-blob", b"", "an empty blob: a layer without files")
    if marks.zeros:
        table.note(
            "trailing-zeros",
            b"",
            f"{marks.zeros:,} zero bytes after the {table.compression} stream",
        )
    if marks.garbage and ("missing-eoa" in table.warnings or not table.tar_bytes):
        raise InputError(
            "layer-garbage",
            f"{marks.garbage:,} bytes after the {table.compression} stream are neither padding"
            " nor another member, and the tar in it has no end",
            "the layer is damaged: save or pull the image again",
        )
    if marks.garbage:
        table.note(
            "trailing-garbage",
            b"",
            f"{marks.garbage:,} bytes after the {table.compression} stream",
        )
