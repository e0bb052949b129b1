"""The layers of the result, written one after the other: each copied as it is, thinned out, or merged."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from itertools import chain

from msgspec import Struct

from slim.errors import IntegrityError
from slim.files.table import Files, LayerTable
from slim.image.model import Layer
from slim.image.stored import FileBlob
from slim.limits import Limits
from slim.repack.attributes import uncompressed
from slim.repack.certificate import What
from slim.repack.compressors import USUAL_ZSTD, Compression, compressed
from slim.repack.documents import NewLayer, kept_annotations
from slim.repack.edits import Edits, Scope
from slim.repack.memory import return_free_memory
from slim.repack.outputs import Output
from slim.repack.rewrite import END, rewritten
from slim.repack.toc_layers import TocLayer, has_table

_NO_TABLE = "it holds what a table of contents cannot say: engines pull it as a whole"


class Writing(Struct, frozen=True):
    """Where layers go, and how they are stored."""

    output: Output
    name: Callable[[str, str], str]
    """(digest, diff id) → name of a layer's blob."""
    compression: Compression | None
    """None: as the layer was stored, gzip where it was not compressed."""
    pool: Executor
    threads: int
    limits: Limits
    progress: Callable[[int], None] | None = None


class WrittenLayer(Struct, frozen=True):
    """A layer of the result, and the layers of the source that it was made of."""

    layer: NewLayer
    blob: FileBlob
    sources: tuple[int, ...]
    what: What
    has_table: bool = False
    """It was written with a table of contents."""
    why: str = ""
    """What could not be done with it."""


def write_layers(
    layers: Sequence[Layer],
    tables: Sequence[LayerTable],
    files: Files,
    edits: Edits,
    scope: Scope,
    writing: Writing,
) -> tuple[WrittenLayer, ...]:
    """Write all layers, from first to last; those with nothing left are left out.

    Raises:
        IntegrityError: a layer is not what it was when it was scanned.
        OSError: it cannot be written.
    """
    numbers = range(len(layers))
    written = [_copy(layers[at], tables[at], "base", writing) for at in numbers[: scope.first]]
    own = numbers[scope.first :]
    if scope.merged and len(own) > 1:
        found = _merge(layers, tables, files, edits, own, writing)
        return (*written, *([found] if found else [])) or _nothing(layers, writing)
    for at in own:
        if not is_changed(files, edits, at):
            written.append(_copy(layers[at], tables[at], "unchanged", writing))
        elif not is_emptied(files, edits, at):
            descriptor = layers[at].descriptor
            pieces = chain(
                rewritten(_tar(layers[at], tables[at], writing), files, tables[at], at, edits),
                (END,),
            )
            kind = _usual(tables[at]) if writing.compression is None else writing.compression
            annotations = kept_annotations(descriptor) if descriptor else {}
            written.append(_write(pieces, kind, annotations, (at,), "rewritten", writing))
    return tuple(written) or _nothing(layers, writing)


def _nothing(layers: Sequence[Layer], writing: Writing) -> tuple[WrittenLayer, ...]:
    """An empty layer, where nothing is left of any: engines want one at least."""
    if not layers:
        return ()
    kind = Compression() if writing.compression is None else writing.compression
    return (_write((END,), kind, {}, (len(layers) - 1,), "rewritten", writing),)


def is_changed(files: Files, edits: Edits, layer: int) -> bool:
    """Whether any entry of a layer goes, comes or is written again."""
    rows = files.rows_of(layer)
    return (
        0 in edits.keep[rows.start : rows.stop]
        or any(row in rows for row in edits.inserted)
        or any(row in rows for row in edits.links.targets)
    )


def is_emptied(files: Files, edits: Edits, layer: int) -> bool:
    """Whether nothing of a layer is left."""
    rows = files.rows_of(layer)
    return (
        1 not in edits.keep[rows.start : rows.stop]
        and not any(row in rows for row in edits.inserted)
        and not any(row in rows for row in edits.links.roots)
    )


def _merge(
    layers: Sequence[Layer],
    tables: Sequence[LayerTable],
    files: Files,
    edits: Edits,
    own: Sequence[int],
    writing: Writing,
) -> WrittenLayer | None:
    """All layers `own` as one; None where nothing of them is left."""
    if all(is_emptied(files, edits, at) for at in own):
        return None

    def entries() -> Iterator[bytes]:
        for at in own:
            yield from rewritten(
                _tar(layers[at], tables[at], writing), files, tables[at], at, edits
            )
        yield END

    kind = _usual(tables[own[-1]]) if writing.compression is None else writing.compression
    return _write(entries(), kind, {}, tuple(own), "merged", writing)


def _copy(layer: Layer, table: LayerTable, what: What, writing: Writing) -> WrittenLayer:
    """The blob as it is; compressed again only if it is to be stored in another way."""
    compressor, source = writing.compression, (layer.index,)
    fits = (
        table.compression in ("gzip", "zstd")
        if compressor is None or (what == "base" and compressor.name != "none")
        else compressor.stored == table.compression
        and (not compressor.has_table or has_table(layer.descriptor, compressor))
    )
    if not fits:
        kind = _usual(table) if compressor is None else compressor
        descriptor = layer.descriptor
        annotations = kept_annotations(descriptor) if descriptor else {}
        pieces = _tar(layer, table, writing)
        known = table.diff_id if table.diff_id.startswith("sha256:") else ""
        return _write(pieces, kind, annotations, source, what, writing, known)
    assert layer.blob is not None  # noqa: S101
    pieces = _counted(layer.blob.chunks(), writing.progress)
    written = writing.output.blob(pieces, lambda digest: writing.name(digest, layer.diff_id))
    if table.blob_digest.startswith("sha256:") and written.digest != table.blob_digest:
        raise IntegrityError(
            "layer-digest", f"layer {layer.index} is not what it was when it was read"
        )
    new = NewLayer(
        layer.diff_id, written.digest, written.blob.size, table.compression, layer.descriptor
    )
    return WrittenLayer(new, written.blob, source, what)


def _write(
    pieces: Iterable[bytes],
    kind: Compression,
    annotations: dict[str, str],
    sources: tuple[int, ...],
    what: What,
    writing: Writing,
    known: str = "",
) -> WrittenLayer:
    """Compress a tar; `known` is its diff id, where reading it back will show whether it has that."""
    if kind.has_table:
        layer = TocLayer(kind, writing.pool, writing.threads)
        written = writing.output.blob(
            layer.compressed(pieces), lambda digest: writing.name(digest, layer.diff_id)
        )
        new = NewLayer(
            layer.diff_id,
            written.digest,
            written.blob.size,
            kind.stored,
            annotations={**annotations, **layer.annotations},
        )
        why = "" if layer.has_table else _NO_TABLE
        return WrittenLayer(new, written.blob, sources, what, layer.has_table, why)
    state = hashlib.sha256()

    def seen() -> Iterator[bytes]:
        for piece in pieces:
            state.update(piece)
            yield piece

    def diff_id() -> str:
        return known or f"sha256:{state.hexdigest()}"

    stored = compressed(pieces if known else seen(), kind, writing.pool, writing.threads)
    written = writing.output.blob(stored, lambda digest: writing.name(digest, diff_id()))
    return_free_memory()
    new = NewLayer(diff_id(), written.digest, written.blob.size, kind.name, annotations=annotations)
    return WrittenLayer(new, written.blob, sources, what)


def _usual(table: LayerTable) -> Compression:
    """How a layer is stored where nobody says how: as it was, if registries take that."""
    return Compression("zstd", USUAL_ZSTD) if table.compression == "zstd" else Compression()


def _tar(layer: Layer, table: LayerTable, writing: Writing) -> Iterator[bytes]:
    return uncompressed(layer, table, writing.limits, writing.progress)


def _counted(chunks: Iterable[bytes], progress: Callable[[int], None] | None) -> Iterator[bytes]:
    for chunk in chunks:
        if progress is not None:
            progress(len(chunk))
        yield chunk
