"""Layers → tables. Layers in parallel threads, each overlapped with its hashing; results in layer order.

The C parts (decompression, sha256, xxh3) release the interpreter lock, so that all cores are busy
although the header walk is Python. Memory is bounded: a few chunks per layer are in flight, and large
decompression windows take turns.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event, Lock

from slim.files.budget import Budget, weight, weight_of_names
from slim.files.extract.texts import NO_KEEPS, Keeps
from slim.files.identity import identify
from slim.files.late import Promise, check_unchanged, promises
from slim.files.layer import (
    LayerRequest,
    check_blob,
    check_promises,
    keep_table,
    keeps_promises,
    known_table,
    naming,
    read_layer,
    recheck,
)
from slim.files.metered import Progress, halved, summed
from slim.files.options import DEFAULT_OPTIONS, ReadOptions
from slim.files.pull_size import PullSize
from slim.files.table import LayerTable, settled
from slim.files.toc import read_toc
from slim.files.verify import unverified
from slim.image.model import CHUNK, Blob, Image, Layer, TableOfContents
from slim.image.stored import FileBlob
from slim.limits import Limits, exceeded
from slim.stream.memory import Memory
from slim.units import format_bytes

_HASHED = 4 << 20
"""Bytes hashed at once, of all layers that are hashed beside the rest; up to twice as many are in memory."""
_log = logging.getLogger(__name__)
_LARGE_BLOCK = 31 << 20
"""Just below glibc's upper bound for the threshold; zeroed memory that is never touched costs nothing."""


@contextmanager
def scan(
    image: Image,
    options: ReadOptions = DEFAULT_OPTIONS,
    *,
    extract: bool = False,
    keeps: Keeps = NO_KEEPS,
    extra: Collection[bytes] = (),
    skim: bool = False,
    late: bool = False,
) -> Iterator[list[LayerTable | None]]:
    """The table of each layer, in layer order; None for layers whose contents the image lacks.

    A layer that occurs twice is read once. With `verify`, every digest, diff id and size is checked.
    With `extract`, the tables have what facts about contents are made of: package databases, manifests,
    scripts, and what ELF and BEAM files say; `keeps` lists the small files among them. `extra` are
    further files whose contents are wanted, such as those that the entry point names, by their paths
    without leading slash, symbolic links resolved.
    With `skim` large files are identified only where sizes are equal, if nothing else needs their bytes: no
    `extract`, no digest that is not `late`, no `cache`, whose tables are complete.
    Of a layer whose table is in the `cache` only the digest is computed, with `verify`; one in a registry
    is not read at all: its digest is in the manifest, which was verified.
    With `late`, digests of stored bytes are computed beside the body of the `with`, if the image promises
    them and they are in a file: the body may work with the tables, but must let nothing of them out, since
    only the end of the block waits for the digests. Bytes are read twice then, most of them from memory.

    Raises:
        InputError: a layer cannot be read; the message names layer and offset.
        IntegrityError: a layer is not what its digest or diff id says.
        LimitError: a layer, or all together, are larger than allowed.
    """
    sequential, remote = image.compression != "none", image.format == "registry"
    verify, limits, cache = options.verify, options.limits, options.cache
    progress = summed(options.progress, sum(layer.size for layer in image.layers if layer.blob))
    # A registry sends what it stores; an archive need not store what a registry would.
    pull: PullSize = "stored" if remote else ("exact" if options.exact_pull else "estimated")
    request = LayerRequest(verify, extract, keeps, extra, skim, limits, pull)
    first: dict[tuple[str, str], tuple[Layer, Blob]] = {}
    for layer in image.layers:
        if layer.blob is not None:
            first.setdefault(_identity(layer, layer.blob), (layer, layer.blob))
    # Largest first keeps all cores busy to the end; a stream can only be read in its own order.
    order = sorted(
        first.values(), key=lambda pair: pair[1].position if sequential else -pair[1].size
    )
    may_be_late = late and verify and not remote and not sequential
    promised = promises(order) if may_be_late else [None] * len(order)
    memory, budget = Memory(), Budget(limits)
    parsing = Lock()
    """Tables of contents are parsed one at a time: their documents take several times their size."""
    stops = [Event() for _ in order]
    cores = os.cpu_count() or 1
    workers = 1 if sequential else options.jobs or cores
    stored_bytes = sum(layer.size for layer, _ in order)
    most = max(_HASHED // workers, CHUNK)
    pool = ThreadPoolExecutor(workers, thread_name_prefix="slim-layer")
    tasks: list[Future[LayerTable]] = []
    checks: dict[int, Future[None]] = {}
    new: dict[int, LayerTable] = {}
    """Tables that the cache does not have, and should have once their digests are known to be right."""

    def run(at: int) -> LayerTable:
        layer, blob = order[at]
        promise = promised[at]
        if layer.toc is not None:
            # Whatever the cache knows: the same options give the same report.
            with parsing:
                listed = _table_of_contents(layer, layer.toc, blob, limits, progress)
            budget.spend(weight(listed))
            return listed
        started = time.monotonic()
        with _stopping(stops[at + 1 :]):
            table = known_table(layer, blob, request, cache)
            if table is not None:
                _log.debug("layer %d: its table is in the cache", layer.index)
                budget.spend(weight(table))
                if not verify:
                    table = unverified(table)
                elif remote:
                    # Its blob is not read again, but the config's diff id is nobody's word yet.
                    check_promises(layer, table)
                elif promise is None or not keeps_promises(layer, table):
                    table = recheck(
                        layer, blob, table, progress=progress, stop=stops[at], most=most
                    )
                elif promise.compressed:
                    checks[at] = pool.submit(check_later, at, promise, progress)
                elif progress is not None:
                    progress(blob.size / 2)
            else:
                if promise is not None and promise.compressed:
                    promise = None  # Both digests are computed while it is read.
                table = read_layer(
                    layer,
                    blob,
                    request,
                    cache=cache,
                    progress=halved(progress) if promise else progress,
                    stop=stops[at],
                    memory=memory,
                    budget=budget,
                    # A layer with more than its share is still read when the others are done.
                    beside=workers < cores or layer.size * cores > stored_bytes,
                    promised=promise.digest if promise else "",
                )
                if promise is not None:
                    with naming(layer):
                        check_unchanged(blob, promise)
                    new[at] = table
        _log.info(
            "layer %d: %s stored (%s), %s of tar, names: %s, %.2f s",
            layer.index,
            format_bytes(table.blob_bytes),
            table.compression,
            format_bytes(table.tar_bytes),
            f"{len(table):,}",
            time.monotonic() - started,
        )
        return settled(table, extra)

    def check_later(
        at: int,
        promise: Promise,
        progress: Progress | None,
        walk: Future[LayerTable] | None = None,
    ) -> None:
        layer, blob = order[at]
        with _stopping(stops[at + 1 :]):
            check_blob(layer, blob, promise.digest, progress=progress, stop=stops[at], most=most)
            with naming(layer):
                check_unchanged(blob, promise)
        if walk is not None:  # Now, or when it has come to its end, too.
            walk.add_done_callback(lambda _: keep(at))

    def keep(at: int) -> None:
        """Give the cache what was read: as it is, not for this image only."""
        if cache is not None and at in new:
            keep_table(new.pop(at), request, cache)

    def finish(before: int) -> None:
        for at in range(before):
            if (check := checks.get(at)) is not None:
                check.result()

    _keep_freed_memory()
    reached = 0
    try:
        try:
            for at, promise in enumerate(promised):
                tasks.append(pool.submit(run, at))
                # In turns: the walk is work in Python, which one thread at a time can do.
                if promise is not None and not promise.compressed:
                    checks[at] = pool.submit(check_later, at, promise, halved(progress), tasks[at])
            tables: dict[int, LayerTable] = {}
            for reached, task in enumerate(tasks):
                tables[order[reached][0].index] = task.result()
            reached = len(order)
            blobs = [
                (tables[layer.index], blob) for layer, blob in order if isinstance(blob, FileBlob)
            ]
            identify(blobs, tables.values())
            stack = [
                tables[first[_identity(layer, layer.blob)][0].index]
                if layer.blob is not None
                else None
                for layer in image.layers
            ]
            check_limits(stack, limits, budget)
            yield stack
        except Exception:
            # Of all that is wrong the first in order is told, whenever it was found.
            finish(reached)
            raise
        finish(reached)
    except BaseException:
        for stop in stops:
            stop.set()
        # Who waits for a registry is freed when its connections are cut, by the caller.
        pool.shutdown(wait=not remote, cancel_futures=True)
        raise
    pool.shutdown()


@contextmanager
def _stopping(later: Sequence[Event]) -> Iterator[None]:
    """The first failure in order is the one that is told: what comes after it is of no use."""
    try:
        yield
    except BaseException:
        for stop in later:
            stop.set()
        raise


def _table_of_contents(
    layer: Layer, toc: TableOfContents, blob: Blob, limits: Limits, progress: Progress | None
) -> LayerTable:
    if progress is not None:
        progress(blob.size)
    table = read_toc(toc, blob.size, limits)
    _log.info(
        "layer %d: table of contents of %s, names: %s",
        layer.index,
        format_bytes(blob.size),
        f"{len(table):,}",
    )
    return table


def check_limits(stack: Sequence[LayerTable | None], limits: Limits, budget: Budget) -> None:
    """See to it that all layers together are not too large.

    Rows of a layer that occurs again come once more, its names do not.

    Raises:
        LimitError: they are.
    """
    distinct = {id(table): table for table in stack if table is not None}
    total = sum(table.tar_bytes for table in distinct.values())
    if total > limits.image_bytes:
        raise exceeded("image_bytes", total, limits.image_bytes, "the image")
    entries = sum(len(table) for table in stack if table is not None)
    if entries > limits.image_entries:
        raise exceeded("image_entries", entries, limits.image_entries, "the image")
    again = sum(weight_of_names(table, 0) for table in stack if table is not None)
    budget.spend(again - sum(weight_of_names(table, 0) for table in distinct.values()))


def _keep_freed_memory() -> None:
    """Let the C library reuse the buffers of chunks instead of returning each to the kernel.

    glibc maps large blocks and faults every page in anew, until a large block has been freed: then it
    keeps blocks up to that size (mallopt(3), "dynamic mmap threshold"). Elsewhere this does nothing.
    """
    bytes(_LARGE_BLOCK)


def _identity(layer: Layer, blob: Blob) -> tuple[str, str]:
    """Layers of one identity have the same bytes and the same promises: they are read once."""
    return layer.diff_id, layer.descriptor.digest if layer.descriptor else f"@{blob.position}"
