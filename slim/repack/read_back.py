"""The result, read again from where it was written; layers whose blob was copied as it is are not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from functools import partial
from itertools import compress

from msgspec.structs import replace

from slim.errors import IntegrityError, InternalError
from slim.files.options import ReadOptions
from slim.files.overlay import resolve
from slim.files.scan import scan
from slim.files.table import LayerTable
from slim.image.model import Image, Layer
from slim.limits import Limits
from slim.repack.certificate import Amount
from slim.repack.layers import WrittenLayer
from slim.repack.trees import Tree
from slim.stream.compression import Marks
from slim.stream.inflate import inflate


def read_back(
    image: Image,
    tables: Sequence[LayerTable],
    written: Sequence[WrittenLayer],
    options: ReadOptions,
    pool: Executor,
) -> Tree:
    """The filesystem of the result.

    Layers whose blob was copied are known already; of those with the tar of a layer of the source only the
    digests are computed.

    Raises:
        IntegrityError: what was written is not what was meant.
        InternalError: a table of contents does not say what its layer says.
    """
    layers = tuple(
        Layer(index, each.layer.diff_id, each.blob, member=each.layer.digest)
        for index, each in enumerate(written)
    )
    known: dict[int, LayerTable] = {}
    again: list[int] = []
    for index, each in enumerate(written):
        table = tables[each.sources[0]]
        if each.layer.digest == table.blob_digest:
            known[index] = table
        elif _is_recompressed(each, table):
            again.append(index)
            known[index] = replace(
                table,
                compression=each.layer.compression,
                blob_bytes=each.blob.size,
                blob_digest=each.layer.digest,
                gzip_bytes=None,
            )
    check = partial(_check_digests, limits=options.limits)
    list(pool.map(check, [written[index] for index in again], again))
    fresh = [layer for layer in layers if layer.index not in known]
    reread = replace(
        image,
        format="oci-archive",
        compression="none",
        layers=tuple(replace(layer, index=at) for at, layer in enumerate(fresh)),
    )
    with scan(reread, replace(options, verify=True, cache=None)) as found:
        for layer, new in zip(fresh, found, strict=True):
            if written[layer.index].has_table:
                _check_table(new, layer.index)
            if new is not None:
                known[layer.index] = new
    stack = [known[index] for index in range(len(layers))]
    return Tree(layers, stack, resolve(stack))


def amount_of(result: Tree) -> Amount:
    """Bytes of the result."""
    files = result.files
    disk = sum(files.size)
    # A blob that is there twice is pulled once.
    pull = {
        layer.member: table.pull_bytes
        for layer, table in zip(result.layers, result.tables, strict=True)
    }
    return Amount(
        disk_bytes=disk,
        pull_bytes=sum(pull.values()),
        layers=len(result.layers),
        files=files.live_names().count(1),
        dead_bytes=disk - sum(compress(files.size, files.live_bodies())),
    )


def _is_recompressed(written: WrittenLayer, table: LayerTable) -> bool:
    """Whether a layer has the tar of its source, whose table is its own then.

    How much of one that is not compressed is pulled has to be estimated, and a table of contents be compared.
    """
    return (
        written.layer.diff_id == table.diff_id
        and written.layer.compression != "none"
        and not written.has_table
    )


def _check_digests(written: WrittenLayer, index: int, limits: Limits) -> None:
    stored, tar = hashlib.sha256(), hashlib.sha256()

    def seen() -> Iterator[bytes]:
        for chunk in written.blob.chunks():
            stored.update(chunk)
            yield chunk

    for piece in inflate(seen(), written.layer.compression, Marks(), limits):
        tar.update(piece)
    if (f"sha256:{stored.hexdigest()}", f"sha256:{tar.hexdigest()}") != (
        written.layer.digest,
        written.layer.diff_id,
    ):
        raise IntegrityError(
            "layer-diff-id", f"layer {index} of the result is not what was written"
        )


def _check_table(table: LayerTable | None, layer: int) -> None:
    """The table of contents that was written says what the layer says."""
    warning = table.warnings.get("toc-mismatch") if table is not None else None
    if warning is not None:
        raise InternalError(
            "toc-mismatch",
            f"layer {layer} of the result would have a wrong table of contents: {warning.text};"
            " nothing was written",
            "this is a bug in slim: please report it with the image, or store layers as gzip or zstd",
        )
