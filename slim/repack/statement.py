"""What the certificate of one image says: the decisions, the layers that were written, and both sides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from slim.files.ledger import Ledger
from slim.files.table import Fate, Files, Kind
from slim.image.hashes import digest_of
from slim.image.model import Image
from slim.repack.certificate import (
    Amount,
    LayerChange,
    PlatformCertificate,
    Proof,
    Reason,
    RemovedPath,
    Side,
    Unapplied,
    What,
    shown_path,
)
from slim.repack.edits import Edits, Scope
from slim.repack.layers import WrittenLayer
from slim.repack.model import Removal

if TYPE_CHECKING:
    from slim.repack.repack import Source

DEAD = {
    "deleted": "deleted by a later layer, which hides it and does not free it",
    "duplicate-entry": "its layer holds the path again",
    "metadata-only": "stored again by a later layer to change owner, mode, time or xattrs",
    "orphan": "at a path that nothing can reach",
    "rewritten": "replaced by a later layer",
}
"""Class of dead bytes → why nothing shows them."""
_NO_PROOF = Proof(0, 0, 0, ())


def _visible(files: Files, removal: Removal) -> list[int]:
    """All names of the bodies that go."""
    names = [row for row in removal.rows if files.shown[row]]
    links = [r for r, body in files.body.items() if body in removal.rows and files.shown[r]]
    return sorted((*names, *links))


def statement(
    source: Source,
    scope: Scope,
    edits: Edits,
    removal: Removal,
    frozen: Mapping[int, tuple[str, ...]],
    written: Sequence[WrittenLayer],
    documents: tuple[bytes, bytes],
    amount: Amount,
) -> PlatformCertificate:
    """The certificate without its proof; `documents` are config and manifest, `amount` is the result's."""
    image, files = source.image, source.files
    config, manifest = (digest_of(data, "sha256", "a document") for data in documents)
    removed = sorted(_removed(source, edits, removal), key=lambda each: (each.layer, each.path))
    return PlatformCertificate(
        source=_side(
            image,
            image.manifest_digest or image.config_digest,
            image.config_digest,
            _amount(files, source.ledger),
        ),
        result=_side(image, manifest, config, amount),
        layers=tuple(_changes(source, scope, edits, frozen, written)),
        reasons=_reasons(source, removed),
        removed=tuple(removed),
        observed=tuple(shown_path(files.path(row))[0] for row in removal.observed),
        unapplied=tuple(
            Unapplied(each.rule, each.disk_bytes, each.why) for each in removal.skipped
        ),
        predicted=source.choice.predicted,
        proof=_NO_PROOF,
    )


def _side(image: Image, digest: str, config: str, amount: Amount) -> Side:
    return Side(digest, config, str(image.config.platform), image.names, amount)


def _amount(files: Files, ledger: Ledger) -> Amount:
    sums = ledger.layers
    return Amount(
        disk_bytes=sum(each.disk_bytes for each in sums),
        pull_bytes=sum(each.pull_bytes for each in sums),
        layers=len(sums),
        files=files.live_names().count(1),
        dead_bytes=sum(each.disk_bytes - each.live_bytes for each in sums),
    )


def _removed(source: Source, edits: Edits, removal: Removal) -> Iterator[RemovedPath]:
    files, pull, links = source.files, source.ledger.pull, edits.links
    moved = {*links.roots, *links.roots.values()}
    visible = set(_visible(files, removal))
    for layer in range(len(source.tables)):
        for row in files.rows_of(layer):
            kind = files.kind[row]
            if edits.keep[row] or row in moved or kind in (Kind.DIRECTORY, Kind.OTHER):
                continue
            if kind in (Kind.WHITEOUT, Kind.OPAQUE):
                continue
            body = files.body.get(row, row)
            rule = removal.rows.get(body) or Fate(files.fate[row] or files.fate[body]).label
            path, encoded = shown_path(files.path(row))
            yield RemovedPath(
                path, layer, files.size[row], pull[row], rule, row in visible, encoded
            )


def _reasons(source: Source, removed: Sequence[RemovedPath]) -> tuple[Reason, ...]:
    titles = source.choice.titles
    found: dict[str, list[int]] = {}
    for each in removed:
        found.setdefault(each.rule, []).append(each.disk_bytes)
    reasons = [
        Reason(rule, titles.get(rule) or DEAD.get(rule, rule), len(sizes), sum(sizes))
        for rule, sizes in found.items()
    ]
    return tuple(sorted(reasons, key=lambda reason: (-reason.disk_bytes, reason.rule)))


def _changes(
    source: Source,
    scope: Scope,
    edits: Edits,
    frozen: Mapping[int, tuple[str, ...]],
    written: Sequence[WrittenLayer],
) -> Iterator[LayerChange]:
    files = source.files
    by_source = {number: each for each in written for number in each.sources}
    stuck = max(frozen, default=-1)
    for layer in source.image.layers:
        at, new = layer.index, by_source.get(layer.index)
        rows = files.rows_of(at)
        why = ""
        what: What
        if new is None:
            what = "emptied"
        elif source.base_layers <= at < scope.first:
            what = "frozen"
            why = (
                "engines read it differently: " + ", ".join(frozen[at])
                if at in frozen
                else f"below layer {stuck}, which engines read differently"
            )
        else:
            what = new.what
            why = new.why
        put = sum(len(entries) for row, entries in edits.inserted.items() if row in rows)
        yield LayerChange(
            layer=at,
            what=what,
            diff_id=layer.diff_id,
            new_diff_id=new.layer.diff_id if new else "",
            pull_bytes=layer.size,
            new_pull_bytes=new.layer.size if new and new.sources[0] == at else 0,
            entries=len(rows),
            kept_entries=edits.keep[rows.start : rows.stop].count(1)
            + sum(row in rows for row in edits.links.roots),
            added_entries=put,
            why=why,
        )
