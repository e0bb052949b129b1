"""JSON documents of an image: indexes, manifests, configs.

Oracle: nothing but a SlimError; what is accepted, a strict decoder reads alike; a document is an index
or a manifest and never both.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import msgspec

from slim.errors import SlimError
from slim.image.documents import parse
from slim.image.manifest import read_config, read_index, read_manifest
from slim.limits import Limits
from tests.fuzz.targets import assert_clear, corpus
from tests.support import layouts

LIMITS = Limits(json_nodes=2_000, descriptors=100, layers=50)


def seeds() -> Iterator[bytes]:
    yield from (data for data in corpus("images") if data[:1] in b"{[")
    config = layouts.config(layouts.HELLO, layouts.BYE)
    manifest = layouts.manifest(config, layouts.HELLO, layouts.BYE)
    yield from (config, manifest, layouts.index(layouts.entry(manifest)))
    yield b'{"manifests":null,"mediaType":"application/vnd.oci.image.index.v1+json"}'
    yield b'[{"Config":"a.json","RepoTags":["a:1"],"Layers":["a/layer.tar"]}]'
    yield b'{"a":[1,-1,1.5,1e3,true,null,"\\ud83d\\ude00",""],"A":{"\\u0000":{}}}'


def check(data: bytes) -> None:
    try:
        value = parse(data, "a document", LIMITS)
    except SlimError as error:
        assert_clear(error, 3, 5)
        return
    assert msgspec.json.decode(data) == value
    kinds = []
    for kind, read in (("index", read_index), ("manifest", read_manifest), ("config", read_config)):
        with suppress(SlimError):
            if read(value, "a document", LIMITS) is not None:
                kinds.append(kind)
    assert not {"index", "manifest"} <= set(kinds), kinds
