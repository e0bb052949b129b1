"""Tables of contents of layers in a registry, fetched in place of the layers.

eStargz: the last 51 bytes of the blob say where the table begins; it is a tar of one file in a gzip member of
its own. zstd:chunked: an annotation says so. In both an annotation of the manifest holds the table's
digest; without it, or where the registry cannot send parts of blobs, the layer is read as any other.

    │ files … │ table │ footer │      eStargz: 2 requests       zstd:chunked: 1 request
               └ fetched ─────┘

Sources: stargz-snapshotter docs/estargz.md "Footer", "TOC"; containers/storage pkg/chunked/compression.
"""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from msgspec.structs import replace

from slim.errors import InputError, IntegrityError
from slim.image import kinds
from slim.image.model import Descriptor, Layer, TableOfContents
from slim.image.registry.client import Client
from slim.limits import Limits, exceeded
from slim.patterns import regex
from slim.stream.compression import Marks
from slim.stream.header import BLOCK, HeaderError, parse_header
from slim.stream.inflate import inflate

_CHUNKED = "io.github.containers.zstd-chunked.manifest-checksum"
_CHUNKED_POSITION = "io.github.containers.zstd-chunked.manifest-position"
_COMPRESSION = {kinds.ESTARGZ: "gzip", _CHUNKED: "zstd"}
_FOOTER_BYTES = 51
_FOOTER = regex(
    rb"\x1f\x8b\x08\x04.{6}\x1a\x00SG\x16\x00([0-9a-f]{16})STARGZ.{13}", re.DOTALL | re.ASCII
)
_POSITION = regex(r"([0-9]{1,18}):([0-9]{1,18}):([0-9]{1,18}):1", re.ASCII)
_TOC_NAME = b"stargz.index.json"
_AT_ONCE = 8
_PARSED = 4
"""Times its size that a document takes once it is parsed."""


def with_tables(client: Client, layers: tuple[Layer, ...], limits: Limits) -> tuple[Layer, ...]:
    """The layers, those that have a table of contents with it.

    Raises:
        NetworkError: the registry does not answer.
        IntegrityError: a table is not what the manifest says.
        InputError: a table is damaged.
        LimitError: a table is too large.
    """
    known: dict[str, TableOfContents | None] = {}
    unknown = {
        layer.descriptor.digest: layer.descriptor
        for layer in layers
        if layer.descriptor is not None and layer.blob is not None and _is_lazy(layer.descriptor)
    }
    if unknown:
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="slim-toc") as pool:
            held = _Held(limits)
            tables = pool.map(
                lambda layer: held.add(_fetch(client, layer, limits)), unknown.values()
            )
            known = dict(zip(unknown, tables, strict=True))
    return tuple(
        replace(layer, toc=known.get(layer.descriptor.digest)) if layer.descriptor else layer
        for layer in layers
    )


class _Held:
    """The documents that are in memory at once, of all layers."""

    def __init__(self, limits: Limits) -> None:
        self._limit = limits.memory_bytes
        self._bytes = 0
        self._lock = Lock()

    def add(self, table: TableOfContents | None) -> TableOfContents | None:
        """The table, if there is memory for it.

        Raises:
            LimitError: there is not.
        """
        with self._lock:
            self._bytes += _PARSED * len(table.document) if table is not None else 0
            if self._bytes > self._limit:
                raise exceeded("memory_bytes", self._bytes, self._limit, "tables of contents")
        return table


def _is_lazy(descriptor: Descriptor) -> bool:
    """Whether an annotation promises a table; pushing tools leave it on what they compressed anew."""
    promised = [name for name in _COMPRESSION if name in descriptor.annotations]
    label = kinds.layer_label(descriptor.media_type)
    return len(promised) == 1 and _COMPRESSION[promised[0]] == label


def _fetch(client: Client, descriptor: Descriptor, limits: Limits) -> TableOfContents | None:
    if kinds.ESTARGZ in descriptor.annotations:
        return _estargz(client, descriptor, limits)
    return _chunked(client, descriptor, limits)


def _estargz(client: Client, descriptor: Descriptor, limits: Limits) -> TableOfContents | None:
    footer_at = descriptor.size - _FOOTER_BYTES
    if footer_at <= 0:
        return None
    footer = client.part(descriptor.digest, descriptor.size, footer_at, _FOOTER_BYTES)
    found = _FOOTER.fullmatch(footer) if footer is not None else None
    if found is None:
        return None
    position = int(found[1], 16)
    stored = footer_at - position
    if not 0 < position < footer_at:
        raise _damaged("its footer points out of the layer")
    if stored > limits.toc_bytes:
        raise exceeded("toc_bytes", stored, limits.toc_bytes, "a table of contents")
    data = client.part(descriptor.digest, descriptor.size, position, stored)
    if data is None:
        return None
    document = _only_file(_unpack(data, "gzip", limits.toc_bytes + 4 * BLOCK, limits))
    _verify(document, descriptor.annotations[kinds.ESTARGZ])
    fetched = stored + _FOOTER_BYTES
    return TableOfContents("estargz", document, position, stored, fetched)


def _chunked(client: Client, descriptor: Descriptor, limits: Limits) -> TableOfContents | None:
    found = _POSITION.fullmatch(descriptor.annotations.get(_CHUNKED_POSITION, ""))
    if found is None:
        return None
    position, stored, size = (int(number) for number in found.groups())
    if not 0 < stored <= descriptor.size - position:
        raise _damaged("its annotation points out of the layer")
    if max(stored, size) > limits.toc_bytes:
        raise exceeded("toc_bytes", max(stored, size), limits.toc_bytes, "a table of contents")
    data = client.part(descriptor.digest, descriptor.size, position, stored)
    if data is None:
        return None
    _verify(data, descriptor.annotations[_CHUNKED])
    document = _unpack(data, "zstd", size, limits)
    if len(document) != size:
        raise _damaged(f"it has {len(document):,} bytes, its annotation says {size:,}")
    return TableOfContents("zstd:chunked", document, position, stored, stored)


def _unpack(data: bytes, compression: str, limit: int, limits: Limits) -> bytes:
    parts, size = [], 0
    try:
        for part in inflate([data], compression, Marks(), limits):
            size += len(part)
            if size > limit:
                raise exceeded("toc_bytes", size, limit, "a table of contents")
            parts.append(part)
    except InputError as error:
        raise _damaged(error.message) from None
    return b"".join(parts)


def _only_file(tar: bytes) -> bytes:
    """The contents of the one file in the tar of an eStargz table."""
    try:
        header = parse_header(tar[:BLOCK])
    except (HeaderError, IndexError):
        raise _damaged("it is not a tar archive") from None
    if header.name != _TOC_NAME or header.type != "0" or header.size > len(tar) - BLOCK:
        raise _damaged("it is not the file that it should be")
    return tar[BLOCK : BLOCK + header.size]


def _verify(data: bytes, digest: str) -> None:
    actual = f"sha256:{hashlib.sha256(data).hexdigest()}"
    if actual != digest:
        raise IntegrityError(
            "toc-digest",
            f"the table of contents has the digest {actual}, but the manifest says {digest[:80]!r}",
            "the layer was changed or damaged: push it again; --full reads it without the table",
        )


def _damaged(why: str) -> InputError:
    return InputError(
        "bad-toc", f"the table of contents is damaged: {why}", "--full reads the layer without it"
    )
