"""What stripped bytes take in the pull: tried, not a share of their file."""

from __future__ import annotations

import doctest
import random
import zlib

import pytest

from slim.ecosystems import KEEPS
from slim.files import fast_deflate
from slim.files.blob import scan_blob
from slim.files.extract import deflated as packed
from slim.files.ledger import account
from slim.files.overlay import resolve
from slim.files.stripping import pull_of_part, stripped
from slim.rebuild import dockerfile as recipe
from tests.support.beam import atoms, beam_file, chunk
from tests.support.building import MemoryBlob, layer
from tests.support.elf import elf_image

NOISE = random.Random(7).randbytes(400_000)  # noqa: S311
SMALL = zlib.compress(NOISE[:1000])


@pytest.mark.parametrize("module", [recipe, packed, fast_deflate])
def test_examples(module: object) -> None:
    result = doctest.testmod(module)  # type: ignore[arg-type]
    assert result.attempted
    assert not result.failed


@pytest.mark.parametrize("size", [0, 1, 1000, 65_536, 65_537, 400_000])
def test_what_cannot_be_compressed_takes_what_it_is(size: int) -> None:
    found = packed.packed(NOISE[:size])
    assert size * 0.99 <= found <= size


@pytest.mark.parametrize("size", [1000, 400_000])
def test_what_can_be_compressed_takes_little(size: int) -> None:
    text = b"".join(b"%d of many lines\n" % number for number in range(size // 20))
    assert packed.packed(text) == pytest.approx(len(zlib.compress(text)), rel=0.35, abs=20)


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_parts_of_a_file_in_a_layer(compression: str) -> None:
    """Code that compresses beside debugging information that does not, and the other way round."""
    sections = [(b".debug_info", 1, 0, NOISE[:100_000], 0), (b".symtab", 2, 0, bytes(50_000), 0)]
    entries = {
        "a": elf_image(sections, filler=300_000),
        "b.beam": beam_file(
            atoms(b"b"), chunk(b"Code", NOISE[200_000:]), chunk(b"Dbgi", bytes(100_000))
        ),
        "c": b"neither",
    }
    new_layer = layer(entries, compression=compression)
    table = scan_blob(MemoryBlob(new_layer.blob), extract=True, keeps=KEEPS)
    files = resolve([table])
    pull = account(files, [table], [len(new_layer.blob)]).pull
    elf, beam, other = (files.name.index(name) for name in (b"a", b"b.beam", b"c"))
    assert stripped(files, pull, elf)[0] == 150_000
    assert stripped(files, pull, beam)[0] == 100_008
    assert stripped(files, pull, other) == (0, 0)
    debug, symbols = pull_of_part(files, pull, elf, 100_000), pull_of_part(files, pull, elf, 50_000)
    assert debug + symbols <= pull[elf]
    if compression == "none":
        assert (debug, symbols) == (100_000, 50_000)
        assert stripped(files, pull, beam) == (100_008, 100_008)
    else:
        # Shares are interpolated between marks, which here are as far apart as the file is long.
        assert debug == pytest.approx(100_000, rel=0.15), "not a quarter of the file's share"
        assert symbols < 2_000
        assert stripped(files, pull, beam)[1] < 2_000
        assert pull[beam] > 180_000
    assert pull_of_part(files, pull, other, 7) == pull[other]
