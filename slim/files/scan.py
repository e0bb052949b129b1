"""Layers → tables. Layers in parallel threads, each overlapped with its hashing; results in layer order.

The C parts (decompression, sha256, xxh3) release the interpreter lock, so that all cores are busy
although the header walk is Python. Memory is bounded: a few chunks per layer are in flight, and large
decompression windows take turns.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from msgspec.structs import replace

from slim.errors import InputError, IntegrityError, SlimError
from slim.files.blob import scan_blob
from slim.files.cache import TableCache
from slim.files.identity import identify
from slim.files.passing import PassedBlob, Progress, watched
from slim.files.table import LayerTable, settled, unread
from slim.files.toc import read_toc
from slim.image import hashes
from slim.image.model import Blob, Image, Layer
from slim.image.stored import FileBlob
from slim.limits import DEFAULT_LIMITS, Limits, exceeded
from slim.stream.compression import sniff
from slim.stream.memory import Memory
from slim.units import format_bytes

_log = logging.getLogger(__name__)
_LARGE_BLOCK = 31 << 20
"""Just below glibc's upper bound for the threshold; zeroed memory that is never touched costs nothing."""


def scan(
    image: Image,
    *,
    jobs: int | None = None,
    verify: bool = True,
    extract: bool = False,
    extra: Collection[bytes] = (),
    skim: bool = False,
    limits: Limits = DEFAULT_LIMITS,
    cache: TableCache | None = None,
    progress: Progress | None = None,
) -> list[LayerTable | None]:
    """The table of each layer, in layer order; None for layers whose contents the image lacks.

    A layer that occurs twice is read once. With `verify`, every digest, diff id and size is checked.
    With `extract`, the tables have what facts about contents are made of: package databases, manifests,
    scripts, and what ELF and BEAM files say. `extra` are further files whose contents are wanted, such as
    those that the entry point names, by their paths without leading slash, symbolic links resolved.
    With `skim`, and neither `verify` nor `extract`, large files are identified only where sizes are equal.
    Of a layer whose table is in the `cache` only the digest is computed, with `verify`; one in a registry
    is not read at all: its digest is in the manifest, which was verified.

    Raises:
        InputError: a layer cannot be read; the message names layer and offset.
        IntegrityError: a layer is not what its digest or diff id says.
        LimitError: a layer, or all together, are larger than allowed.
    """
    sequential, remote = image.compression != "none", image.format == "registry"
    first: dict[tuple[str, str], tuple[Layer, Blob]] = {}
    for layer in image.layers:
        if layer.blob is not None:
            first.setdefault(_identity(layer, layer.blob), (layer, layer.blob))
    # Largest first keeps all cores busy to the end; a stream can only be read in its own order.
    order = sorted(first.values(), key=lambda one: one[1].position if sequential else -one[1].size)
    memory = Memory()
    stops = [Event() for _ in order]
    workers = 1 if sequential else jobs or os.cpu_count() or 1

    def run(at: int) -> LayerTable:
        layer, blob = order[at]
        if layer.toc is not None:
            # Whatever the cache knows: the same options give the same report.
            if progress is not None:
                progress(blob.size)
            table = read_toc(layer.toc, blob.size, limits)
            _log.info(
                "layer %d: table of contents of %s, names: %s",
                layer.index,
                format_bytes(blob.size),
                f"{len(table):,}",
            )
            return table
        started = time.monotonic()
        try:
            table = _scan_layer(
                layer,
                blob,
                remote,
                verify,
                extract,
                extra,
                skim,
                limits,
                cache,
                progress,
                stops[at],
                memory,
            )
        except BaseException:
            # The first failure in order is the one that is told: what comes after it is of no use.
            for stop in stops[at + 1 :]:
                stop.set()
            raise
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

    _keep_freed_memory()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="slim-layer")
    try:
        made = pool.map(run, range(len(order)))
        tables = dict(zip((layer.index for layer, _ in order), made, strict=True))
    except BaseException:
        for stop in stops:
            stop.set()
        # Who waits for a registry is freed when its connections are cut, by the caller.
        pool.shutdown(wait=not remote, cancel_futures=True)
        raise
    pool.shutdown()
    blobs = [(tables[layer.index], blob) for layer, blob in order if isinstance(blob, FileBlob)]
    identify(blobs, tables.values())
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


def _scan_layer(
    layer: Layer,
    blob: Blob,
    remote: bool,
    verify: bool,
    extract: bool,
    extra: Collection[bytes],
    skim: bool,
    limits: Limits,
    cache: TableCache | None,
    progress: Progress | None,
    stop: Event,
    memory: Memory,
) -> LayerTable:
    where = f"layer {layer.index} ({layer.member or layer.diff_id})"
    claimed = layer.descriptor.digest if layer.descriptor else ""
    if verify:
        for digest in filter(None, (claimed, layer.diff_id)):
            hashes.new(_algorithm(digest), where)
    known = new = None
    try:
        if isinstance(blob, PassedBlob):
            new = _passed(blob, claimed, layer.diff_id, verify, extra if extract else ())
        elif cache is not None and (name := _stored_digest(layer, blob)):
            known = cache.load(name, extract=extract, extra=extra, limits=limits)
        if known is not None and known.blob_bytes == blob.size:
            _log.debug("layer %d: its table is in the cache", layer.index)
            table = known if remote else again(known, blob, verify, progress, stop)
        elif new is not None:
            table = new
        else:
            table = new = scan_blob(
                blob,
                verify=verify,
                extract=extract,
                extra=extra,
                limits=limits,
                progress=progress,
                stop=stop,
                memory=memory,
                algorithms=(_algorithm(claimed), _algorithm(layer.diff_id)),
                skim=skim and not verify and not extract,
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
        if cache is not None and new is not None and not isinstance(blob, PassedBlob):
            cache.store(new, extract=extract, extra=extra, limits=limits)
    return table


def _stored_digest(layer: Layer, blob: Blob) -> str:
    """What the image says is the digest of a stored blob; empty if it does not.

    An archive without descriptors says it of uncompressed layers: there it is the diff id.
    """
    if layer.descriptor is not None:
        return layer.descriptor.digest
    return layer.diff_id if sniff(next(iter(blob.chunks()), b"")[:6]) == "none" else ""


def again(
    known: LayerTable,
    blob: Blob,
    verify: bool,
    progress: Progress | None = None,
    stop: Event | None = None,
) -> LayerTable:
    """The table that was made of a blob before; with `verify`, with the digests that it has now."""
    if not verify:
        return replace(known, blob_digest="", diff_id="")
    algorithm = _algorithm(known.blob_digest)
    state = hashes.new(algorithm, "a layer")
    chunks = blob.chunks()
    for chunk in watched(next(chunks, b""), chunks, None, progress, stop):
        state.update(chunk)
    digest = f"{algorithm}:{state.hexdigest()}"
    diff_id = digest if known.diff_id == known.blob_digest else known.diff_id
    return replace(known, blob_digest=digest, diff_id=diff_id)


def _passed(
    blob: PassedBlob, claimed: str, diff_id: str, verify: bool, extra: Collection[bytes]
) -> LayerTable:
    """The table of a blob that has gone by.

    Raises:
        SlimError: it is no layer, or its digests would have to be computed by another algorithm.
    """
    if isinstance(blob.found, SlimError):
        raise blob.found
    table = replace(blob.found)
    if (path := unread(table, extra)) is not None:
        text = "it had gone by in the pipe before the config named it: what it starts is unknown"
        table = replace(table, notices=dict(table.notices))
        table.note("unread-script", path, text)
    if verify:
        for digest, computed in ((claimed, table.blob_digest), (diff_id, table.diff_id)):
            if digest and _algorithm(digest) != _algorithm(computed):
                raise InputError(
                    "passed-by",
                    f"it has gone by in the pipe before its digest {digest[:20]}… was known",
                    "save the image to a file first",
                )
    return table


def _identity(layer: Layer, blob: Blob) -> tuple[str, str]:
    """Layers of one identity have the same bytes and the same promises: they are read once."""
    return layer.diff_id, layer.descriptor.digest if layer.descriptor else f"@{blob.position}"


def _algorithm(digest: str) -> str:
    return digest.partition(":")[0] or "sha256"
