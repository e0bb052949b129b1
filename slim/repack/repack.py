"""One image, written again without what goes: the rows, the layers, the documents, the proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from slim.errors import InputError, InternalError, UsageError
from slim.files.ledger import Ledger, disk_bytes
from slim.files.options import ReadOptions
from slim.files.table import Files, LayerTable
from slim.image.model import Image
from slim.limits import Limits
from slim.repack.certificate import PlatformCertificate, Proof
from slim.repack.compare import compare
from slim.repack.divergent import divergent_layers
from slim.repack.edits import Scope, plan_edits
from slim.repack.image_documents import new_documents
from slim.repack.layers import Writing, WrittenLayer, write_layers
from slim.repack.link_groups import uneven_links
from slim.repack.memory import return_free_memory
from slim.repack.model import LayerMode, Removal, Selection
from slim.repack.read_back import amount_of, read_back
from slim.repack.removal import NOTHING, Choice
from slim.repack.statement import statement
from slim.repack.toc_layers import format_files
from slim.repack.trees import Tree, tree_of


class Source(Struct, frozen=True):
    """An image that has been read, and what is known of it."""

    image: Image
    tables: Sequence[LayerTable | None]
    files: Files
    ledger: Ledger
    base_layers: int
    choice: Choice = NOTHING
    """What of its findings is carried out."""


class Repacked(Struct, frozen=True):
    """The documents of the new image, whose layers are written."""

    config: bytes
    manifest: bytes
    layers: tuple[WrittenLayer, ...]
    certificate: PlatformCertificate


def repack(
    source: Source,
    selection: Selection,
    mode: LayerMode,
    writing: Writing,
    options: ReadOptions,
) -> Repacked:
    """Write the layers of an image without what goes, and prove that nothing else went.

    Raises:
        InputError: a layer is missing, or layers cannot be merged.
        InternalError: the result shows another filesystem than it should.
        IntegrityError, LimitError: as in reading.
        OSError: it cannot be written.
    """
    image, files = source.image, source.files
    _check_plan(selection, image)
    disk_bytes(source.ledger.layers)
    before = tree_of(image, source.tables, files)
    tables = before.tables
    frozen = divergent_layers(files)
    scope = _scope(source, mode, frozen)
    removal = _removal(source, scope)
    uneven = uneven_links(image.layers, tables, files, scope.first, options.limits)
    edits = plan_edits(files, tables, scope, removal.rows.keys(), uneven)
    written = write_layers(image.layers, tables, files, edits, scope, writing)

    return_free_memory()
    after = read_back(image, tables, written, options, writing.pool)
    own = format_files(writing.compression)
    return_free_memory()
    proof = _prove(before, after, removal, own, options.limits)
    amount = amount_of(after)
    del after
    return_free_memory()
    config, manifest = new_documents(image, written, selection.level, options.limits)
    certificate = statement(
        source, scope, edits, removal, frozen, written, (config, manifest), amount
    )
    certificate = replace(
        certificate, proof=proof, format_files=tuple(sorted(path.decode() for path in own))
    )
    return Repacked(config, manifest, written, certificate)


def _check_plan(selection: Selection, image: Image) -> None:
    if selection.config_digest not in ("", image.config_digest):
        raise UsageError(
            "another-image",
            f"the plan is for the image {selection.config_digest}, and this is {image.config_digest}",
            "make one for this image: slim analyze IMAGE -o plan=plan.json",
        )


def _scope(source: Source, mode: LayerMode, frozen: Mapping[int, tuple[str, ...]]) -> Scope:
    stuck = max(frozen, default=-1) + 1
    first = 0 if mode == "flat" else source.base_layers
    if mode == "keep":
        return Scope(max(first, stuck), keep_marks=stuck > 0)
    if stuck:
        layer, warnings = max(frozen.items())
        raise InputError(
            "cannot-merge",
            f"engines read layer {layer} differently ({', '.join(warnings)}): what merged layers"
            " should show is undefined",
            "repack it with --layers keep, which leaves such layers as they are",
        )
    return Scope(first, merged=True)


def _removal(source: Source, scope: Scope) -> Removal:
    """What goes of the layers that are written again."""
    files, removal = source.files, source.choice.removal
    start = files.starts[scope.first]
    if all(row >= start for row in removal.rows):
        return removal
    rows = {row: rule for row, rule in removal.rows.items() if row >= start}
    return replace(removal, rows=rows)


def _prove(
    before: Tree, after: Tree, removal: Removal, own: frozenset[bytes], limits: Limits
) -> Proof:
    """The comparison of source and result.

    Raises:
        InternalError: there is any difference that was not asked for.
    """
    body = before.files.body
    proof = compare(
        before,
        after,
        lambda _, row: body.get(row, row) in removal.rows,
        limits,
        uncompared=own,
    )
    if proof.differences:
        first = proof.differences[0]
        count = len(proof.differences) + proof.omitted_differences
        raise InternalError(
            "not-identical",
            f"the result would differ from the source at {count:,} paths that nobody chose, first"
            f" {first.path[:200]!r}: {first.what}; nothing was written",
            "this is a bug in slim: please report it with the image, or repack with --layers keep",
        )
    return proof
