"""Rule packs, as strangers may hand them in.

Oracle: faults with a line and no exception, or a pack whose rules can be listed.
"""

from __future__ import annotations

from collections.abc import Iterator

from slim.advice.vocabulary import VOCABULARY
from slim.rules.folder import builtin_sources
from slim.rules.pack import read_packs
from slim.rules.toml_text import MAX_FILE_BYTES
from tests.fuzz.targets import LARGEST_SEED


def seeds() -> Iterator[bytes]:
    for _, text in builtin_sources():
        if len(text) <= LARGEST_SEED // 4:
            yield text.encode()
    yield b'[pack]\nname = "a"\nprefix = ["AAA"]\ntitle = "A"\n[[rule]]\nid = "AAA001"\n'


def check(data: bytes) -> None:
    packs, faults = read_packs([("a.toml", data.decode("utf-8", "surrogateescape"))], VOCABULARY)
    lines = data.count(b"\n") + 1
    for fault in faults:
        assert 0 <= fault.line <= lines + 1, fault
        assert fault.text
    assert len(data) <= MAX_FILE_BYTES or not packs
    for pack in packs:
        assert not faults
        assert pack.digest.startswith("sha256:")
