"""Layers → tables. Layers in parallel threads, each overlapped with its hashing; results in layer order.

The C parts (decompression, sha256, xxh3) release the interpreter lock, so that all cores are busy
although the header walk is Python. Memory is bounded: a few chunks per layer are in flight.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from threading import Event

from slim.errors import InputError, IntegrityError, SlimError
from slim.files.hasher import Hasher
from slim.files.shares import share_out
from slim.files.table import LayerTable
from slim.files.tar import walk
from slim.image.manifest import check_algorithm
from slim.image.model import Blob, Image, Layer
from slim.limits import DEFAULT_LIMITS, Limits, exceeded
from slim.stream.inflate import inflate, sniff

_LARGE_BLOCK = 31 << 20
"""Just below glibc's upper bound for the threshold; zeroed memory that is never touched costs nothing."""

Progress = Callable[[int], None]
"""Called, from several threads, with numbers of stored bytes that have been read."""


def scan(
    image: Image,
    *,
    jobs: int | None = None,
    verify: bool = True,
    extract: bool = False,
    extra: Collection[bytes] = (),
    limits: Limits = DEFAULT_LIMITS,
    progress: Progress | None = None,
) -> list[LayerTable | None]:
    """The table of each layer, in layer order; None for layers whose contents the image lacks.

    A layer that occurs twice is read once. With `verify`, every digest, diff id and size is checked.
    With `extract`, the tables have what facts about contents are made of: package databases, manifests,
    scripts, and what ELF and BEAM files say. `extra` are further files whose contents are wanted, such as
    those that the entry point names, by their paths without leading slash, symbolic links resolved.

    Raises:
        InputError: a layer cannot be read; the message names layer and offset.
        IntegrityError: a layer is not what its digest or diff id says.
        LimitError: a layer, or all together, are larger than allowed.
    """
    stop = Event()
    sequential = image.compression != "none"
    first: dict[tuple[str, str], tuple[Layer, Blob]] = {}
    for layer in image.layers:
        if layer.blob is not None:
            first.setdefault(_identity(layer, layer.blob), (layer, layer.blob))
    # Largest first keeps all cores busy to the end; a stream can only be read in its own order.
    order = sorted(first.values(), key=lambda one: one[1].position if sequential else -one[1].size)
    workers = 1 if sequential else jobs or os.cpu_count() or 1

    def run(one: tuple[Layer, Blob]) -> LayerTable:
        return _scan_layer(*one, verify, extract, extra, limits, progress, stop)

    _keep_freed_memory()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="slim-layer")
    try:
        tables = dict(zip((layer.index for layer, _ in order), pool.map(run, order), strict=True))
    except BaseException:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    pool.shutdown()
    total = sum(table.tar_bytes for table in tables.values())
    if total > limits.image_bytes:
        raise exceeded("image_bytes", total, limits.image_bytes, "the image")
    entries = sum(len(table) for table in tables.values())
    if entries > limits.image_entries:
        raise exceeded("image_entries", entries, limits.image_entries, "the image")
    return [
        tables[first[_identity(layer, layer.blob)][0].index] if layer.blob is not None else None
        for layer in image.layers
    ]


def _keep_freed_memory() -> None:
    """Let the C library reuse the buffers of chunks instead of returning each to the kernel.

    glibc maps large blocks and faults every page in anew, until a large block has been freed: then it
    keeps blocks up to that size (mallopt(3), "dynamic mmap threshold"). Elsewhere this does nothing.
    """
    bytes(_LARGE_BLOCK)


def scan_blob(
    blob: Blob,
    *,
    verify: bool = True,
    extract: bool = False,
    extra: Collection[bytes] = (),
    limits: Limits = DEFAULT_LIMITS,
    progress: Progress | None = None,
    stop: Event | None = None,
    algorithms: tuple[str, str] = ("sha256", "sha256"),
) -> LayerTable:
    """Read one blob: its entries, sizes, and (with `verify`) the digests of both sides.

    `algorithms` are those of the blob's digest and of the diff id; `extract` and `extra` as for `scan`.

    Raises:
        InputError: not a tar, damaged or cut off.
        LimitError: larger than allowed.
    """
    chunks = blob.chunks()
    head = next(chunks, b"")
    while 0 < len(head) < 6 and (more := next(chunks, b"")):
        head += more
    compression = sniff(head)
    table = LayerTable(blob_bytes=blob.size, compression=compression)
    with ExitStack() as stack:
        raw = tar = None
        if verify:
            raw = stack.enter_context(Hasher(algorithms[0]))
            tar = raw
            if compression != "none" or algorithms[0] != algorithms[1]:
                tar = stack.enter_context(Hasher(algorithms[1]))
        stored = _watched(head, chunks, raw, progress, stop)
        walker = walk(table, limits, extract=extract, extra=extra)
        next(walker)
        size = 0
        for piece in inflate(stored, compression, table.marks, limits):
            if stop is not None and stop.is_set():
                raise InputError("stopped", "stopped because another layer failed")
            size += len(piece)
            if size > limits.layer_bytes:
                raise exceeded("layer_bytes", size, limits.layer_bytes, "a layer once decompressed")
            if tar is not None and tar is not raw:
                tar.update(piece)
            walker.send(piece)
        with suppress(StopIteration):
            walker.send(b"")
    if raw is not None and tar is not None:
        table.blob_digest, table.diff_id = raw.digest(), tar.digest()
    _check_ends(table)
    table.pull, table.labels = share_out(table)
    return table


def _watched(
    head: bytes,
    chunks: Iterator[bytes],
    hasher: Hasher | None,
    progress: Progress | None,
    stop: Event | None,
) -> Iterator[bytes]:
    """The stored bytes on their way: hashed, counted, and cut short when another layer failed."""
    chunk = head
    while chunk:
        if hasher is not None:
            hasher.update(chunk)
        yield chunk
        if progress is not None:
            progress(len(chunk))
        if stop is not None and stop.is_set():
            raise InputError("stopped", "stopped because another layer failed")
        chunk = next(chunks, b"")


def _check_ends(table: LayerTable) -> None:
    marks = table.marks
    if not table.blob_bytes:
        table.note("empty-layer-blob", b"", "an empty blob: a layer without files")
    if marks.zeros:
        table.note(
            "trailing-zeros",
            b"",
            f"{marks.zeros:,} zero bytes after the {table.compression} stream",
        )
    if marks.garbage and ("missing-eoa" in table.notices or not table.tar_bytes):
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


def _scan_layer(
    layer: Layer,
    blob: Blob,
    verify: bool,
    extract: bool,
    extra: Collection[bytes],
    limits: Limits,
    progress: Progress | None,
    stop: Event,
) -> LayerTable:
    where = f"layer {layer.index} ({layer.member or layer.diff_id})"
    claimed = layer.descriptor.digest if layer.descriptor else ""
    if verify:
        for digest in filter(None, (claimed, layer.diff_id)):
            check_algorithm(_algorithm(digest), where)
    try:
        table = scan_blob(
            blob,
            verify=verify,
            extract=extract,
            extra=extra,
            limits=limits,
            progress=progress,
            stop=stop,
            algorithms=(_algorithm(claimed), _algorithm(layer.diff_id)),
        )
    except SlimError as error:
        raise type(error)(error.slug, f"{where}: {error.message}", error.hint) from error
    if verify:
        for what, expected, actual in (
            ("digest", claimed, table.blob_digest),
            ("diff id", layer.diff_id, table.diff_id),
        ):
            if expected and expected != actual:
                raise IntegrityError(
                    f"layer-{what.replace(' ', '-')}",
                    f"{where}: its {what} is {actual}, but the image says {expected}",
                    "the layer was changed or damaged: save or pull the image again",
                )
    return table


def _identity(layer: Layer, blob: Blob) -> tuple[str, str]:
    """Layers of one identity have the same bytes and the same promises: they are read once."""
    return layer.diff_id, layer.descriptor.digest if layer.descriptor else f"@{blob.position}"


def _algorithm(digest: str) -> str:
    return digest.partition(":")[0] or "sha256"
