"""The graph from `index.json` to manifests, configs and layers.

An input is documents with NUL between them; the first is `index.json`. In a document `@2` stands for the
digest of the document at position 2 and `#2` for its size, so that what the fuzzer writes can be true.
Oracle: nothing but a SlimError; of an image each layer has its diff id, and its blob or a reason why not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from slim.errors import SlimError
from slim.image.graph import blob_name
from slim.image.model import Blob
from slim.image.oci import open_oci
from slim.image.select import Choice
from slim.limits import Limits
from tests.fuzz.targets import assert_clear
from tests.support.building import MemoryBlob, digest

LIMITS = Limits(json_nodes=2_000, descriptors=100, layers=50, index_documents=50)
_REFERENCE = re.compile(rb"([@#])(\d{1,2})")
INDEX = (
    b'{"schemaVersion":2,"manifests":[{"mediaType":"%s","digest":"@%d","size":#%d,"platform":'
    b'{"os":"linux","architecture":"amd64"},"annotations":{"org.opencontainers.image.ref.name":"a"}}]}'
)
MANIFEST = (
    b'{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"@2",'
    b'"size":#2},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"@3","size":#3}]}'
)
CONFIG = (
    b'{"os":"linux","architecture":"amd64","config":{"Env":["A=b"],"Cmd":["x"]},"rootfs":{"type":"layers",'
    b'"diff_ids":["@3"]},"history":[{"created_by":"COPY x"},{"created_by":"CMD x","empty_layer":true}]}'
)
OCI = b"application/vnd.oci.image.%s.v1+json"


def seeds() -> Iterator[bytes]:
    image = (MANIFEST, CONFIG, b"layer")
    yield b"\0".join((INDEX % (OCI % b"manifest", 1, 1), *image))
    nested = INDEX % (OCI % b"index", 4, 4)
    yield b"\0".join((nested, *image, INDEX % (OCI % b"manifest", 1, 1)))
    yield b"\0".join((INDEX % (OCI % b"index", 0, 0), *image))
    yield b"\0".join((INDEX % (b"x/y", 1, 1), *image))


class _Memory:
    """Documents and the other members of a layout, as an `Archive`."""

    size, compression, is_directory = 0, "none", False

    def __init__(self, members: Mapping[str, bytes]) -> None:
        self._members = members

    def close(self) -> None: ...

    def sizes(self) -> Mapping[str, int]:
        return {name: len(data) for name, data in self._members.items()}

    def blob(self, name: str) -> Blob | None:
        return MemoryBlob(self._members[name]) if name in self._members else None


def check(data: bytes) -> None:
    documents = data.split(b"\0", 9)
    for at in range(len(documents) - 1, -1, -1):
        documents[at] = _REFERENCE.sub(lambda found: _fill(found, documents), documents[at])
    members = {blob_name(digest(document)): document for document in documents[1:]}
    members |= {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', "index.json": documents[0]}
    try:
        image = open_oci(_Memory(members), "a", "oci-dir", Choice(), LIMITS)
    except SlimError as error:
        assert_clear(error, 2, 3, 4, 5)
        return
    for layer in image.layers:
        assert layer.diff_id
        assert (layer.blob is None) == bool(layer.missing)


def _fill(found: re.Match[bytes], documents: list[bytes]) -> bytes:
    other = documents[int(found[2])] if int(found[2]) < len(documents) else b""
    return digest(other).encode() if found[1] == b"@" else b"%d" % len(other)
