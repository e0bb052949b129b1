"""One layer → its table, by reading its blob or from the cache; and whether it is what the image says."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from threading import Event

from msgspec import Struct

from slim.errors import IntegrityError, SlimError
from slim.files.blob import scan_blob
from slim.files.budget import OF_ALL_LAYERS, Account, Budget, weight
from slim.files.cache import TableCache
from slim.files.consumed import PassedBlob, table_of
from slim.files.extract.texts import Keeps
from slim.files.metered import Progress
from slim.files.pull_size import PullSize
from slim.files.table import LayerTable
from slim.files.verify import digest_of_blob, hash_again
from slim.image import hashes
from slim.image.model import Blob, Layer
from slim.limits import Limits
from slim.stream.compression import sniff
from slim.stream.memory import Memory


class LayerRequest(Struct, frozen=True):
    """What is asked of every layer: see `scan`."""

    verify: bool
    extract: bool
    keeps: Keeps
    extra: Collection[bytes]
    skim: bool
    limits: Limits
    pull: PullSize = "stored"


def known_table(
    layer: Layer, blob: Blob, request: LayerRequest, cache: TableCache | None
) -> LayerTable | None:
    """The table that the cache has of a layer, by the digest that the image says its blob has."""
    if cache is None or isinstance(blob, PassedBlob):
        return None
    with naming(layer):
        digest = promised_digest(layer, blob)
        known = (
            cache.load(
                digest,
                extract=request.extract,
                keeps=request.keeps,
                extra=request.extra,
                limits=request.limits,
                pull=request.pull,
            )
            if digest
            else None
        )
    if known is None or known.blob_bytes != blob.size:
        return None
    # A diff id by another algorithm than the table has is computed by reading the layer.
    same = hashes.algorithm_of(layer.diff_id) == hashes.algorithm_of(known.diff_id)
    return known if same or not request.verify else None


def read_layer(
    layer: Layer,
    blob: Blob,
    request: LayerRequest,
    *,
    cache: TableCache | None,
    progress: Progress | None,
    stop: Event,
    memory: Memory,
    budget: Budget,
    beside: bool = True,
    promised: str = "",
) -> LayerTable:
    """The table of a layer's blob; the cache is given it. Digests are computed `beside` the reading or in it.

    That of the stored bytes is taken to be `promised`, if that is given: `check_blob` is for the caller to
    call, and the cache is not given a table that may be another blob's.

    Raises:
        InputError: it cannot be read; the message names layer and offset.
        IntegrityError: it is not what its digest or diff id says.
        LimitError: it is larger than allowed.
    """
    claimed = _claimed(layer)
    if request.verify:
        for digest in filter(None, (claimed, layer.diff_id)):
            hashes.new(hashes.algorithm_of(digest), _where(layer))
    with naming(layer):
        if isinstance(blob, PassedBlob):
            extra = request.extra if request.extract else ()
            table = table_of(blob, claimed, layer.diff_id, request.verify, extra)
            budget.spend(weight(table))
        else:
            table = scan_blob(
                blob,
                verify=request.verify,
                extract=request.extract,
                keeps=request.keeps,
                extra=request.extra,
                limits=request.limits,
                progress=progress,
                stop=stop,
                memory=memory,
                algorithms=(hashes.algorithm_of(claimed), hashes.algorithm_of(layer.diff_id)),
                # The cache is given complete tables only.
                skim=request.skim
                and not request.extract
                and (not request.verify or (bool(promised) and cache is None)),
                account=Account(budget),
                pull=request.pull,
                beside=beside,
                promised=promised,
            )
    if request.verify:
        check_promises(layer, table)
        if cache is not None and not promised and not isinstance(blob, PassedBlob):
            keep_table(table, request, cache)
    return table


def keep_table(table: LayerTable, request: LayerRequest, cache: TableCache) -> None:
    """Give the cache a table whose digests were computed."""
    cache.store(
        table,
        extract=request.extract,
        keeps=request.keeps,
        extra=request.extra,
        limits=request.limits,
    )


def recheck(
    layer: Layer,
    blob: Blob,
    known: LayerTable,
    *,
    progress: Progress | None,
    stop: Event,
    most: int,
) -> LayerTable:
    """The table with the digests that the blob has now; `most` bytes are hashed at once.

    Raises:
        InputError: the blob cannot be read.
        IntegrityError: the layer is not what its digest or diff id says.
    """
    with naming(layer):
        table = hash_again(known, blob, progress, stop, most)
    check_promises(layer, table)
    return table


def check_blob(
    layer: Layer,
    blob: Blob,
    promised: str,
    *,
    progress: Progress | None,
    stop: Event,
    most: int,
) -> None:
    """See to it that the stored bytes have the digest that the image promises; `most` are hashed at once.

    Raises:
        InputError: the blob cannot be read.
        IntegrityError: the layer is not what its digest or diff id says.
    """
    with naming(layer):
        digest = digest_of_blob(blob, hashes.algorithm_of(promised), progress, stop, most)
    if digest != promised:
        raise _broken(layer, "digest" if _claimed(layer) else "diff id", digest, promised)


def keeps_promises(layer: Layer, table: LayerTable) -> bool:
    """Whether the table has the digest and the diff id that the image says."""
    return all(expected in ("", actual) for _, expected, actual in _promises(layer, table))


def check_promises(layer: Layer, table: LayerTable) -> None:
    """As `keeps_promises`.

    Raises:
        IntegrityError: it has not.
    """
    for what, expected, actual in _promises(layer, table):
        if expected not in ("", actual):
            raise _broken(layer, what, actual, expected)


def _broken(layer: Layer, what: str, actual: str, expected: str) -> IntegrityError:
    return IntegrityError(
        f"layer-{what.replace(' ', '-')}",
        f"{_where(layer)}: its {what} is {actual}, but the image says {expected}",
        "the layer was changed or damaged: save or pull the image again",
    )


def _promises(layer: Layer, table: LayerTable) -> tuple[tuple[str, str, str], ...]:
    return (
        ("digest", _claimed(layer), table.blob_digest),
        ("diff id", layer.diff_id, table.diff_id),
    )


def _claimed(layer: Layer) -> str:
    return layer.descriptor.digest if layer.descriptor else ""


def _where(layer: Layer) -> str:
    return f"layer {layer.index} ({layer.member or layer.diff_id})"


@contextmanager
def naming(layer: Layer) -> Iterator[None]:
    """Errors name the layer."""
    try:
        yield
    except SlimError as error:
        if error.slug == OF_ALL_LAYERS:  # whose turn it was says nothing
            raise
        message = f"{_where(layer)}: {error.message}"
        raise type(error)(error.slug, message, error.hint) from error


def promised_digest(layer: Layer, blob: Blob) -> str:
    """What the image says is the digest of a stored blob; empty if it does not.

    An archive without descriptors says it of uncompressed layers: there it is the diff id.
    """
    if layer.descriptor is not None:
        return layer.descriptor.digest
    return "" if is_compressed(blob) else layer.diff_id


def is_compressed(blob: Blob) -> bool:
    """By its first bytes."""
    return sniff(next(iter(blob.chunks(6)), b"")[:6]) != "none"
