"""slim's tar reader against Go's own, live: on the corpus and on mutations of small tars."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from tests.conftest import LONGER
from tests.support import building
from tests.support.corpus import DIFFERENCES, tars, uncompressed
from tests.support.golist import Lister, agree, ours
from tests.support.walking import read_rows

pytestmark = pytest.mark.real


BLOCK = 512


@pytest.mark.corpus
@pytest.mark.parametrize("name", [name for name in tars() if name not in DIFFERENCES])
def test_corpus(go: Lister, corpora: Path, name: str) -> None:
    assert not agree(uncompressed(corpora / "tar" / name), go)


# --- mutations ------------------------------------------------------------------------------

LONG = "deep/" * 30 + "name"
LONG_NAMES: dict[str, bytes | str | None] = {LONG: b"gnu", "ln": LONG, "z": b"z" * 700}
BASES: list[bytes] = [
    building.tar(building.entries("d/ d/a=alpha ln->d hl=>d/a .wh.gone e/f=x")),
    building.tar(building.entries(LONG_NAMES)),
    building.tar(
        [
            building.file(
                "short", b"p" * 600, pax=((b"path", LONG.encode()), (b"comment", b"1.5"))
            ),
            building.file("sized", b"12345", size=0, pax=((b"size", b"5"),)),
            building.symlink("s", "t", pax=((b"linkpath", b"target"), (b"uid", b"77"))),
        ]
    ),
    building.tar(
        [
            building.Entry(b"g", b"g", b"13 comment=hi"),
            building.device("dev", 1, 3),
            building.fifo("pipe"),
            building.file("seven", b"contiguous", type=b"7"),
            building.file("old/", type=b"\0"),
        ]
    ),
    building.tar(
        [
            building.file(
                "map01",
                b"datadata",
                pax=(
                    (b"GNU.sparse.numblocks", b"2"),
                    (b"GNU.sparse.map", b"0,4,100,4"),
                    (b"GNU.sparse.size", b"200"),
                    (b"GNU.sparse.name", b"sparse"),
                ),
            ),
            building.file(
                "map10",
                b"1\n10\n4\n".ljust(BLOCK, b"\0") + b"data",
                pax=(
                    (b"GNU.sparse.major", b"1"),
                    (b"GNU.sparse.minor", b"0"),
                    (b"GNU.sparse.realsize", b"64"),
                    (b"GNU.sparse.name", b"sparse10"),
                ),
            ),
        ]
    ),
]
TEXTS = [b"0", b"7", b"8", b" ", b"\0", b"-", b"+", b"=", b"\n", b"/", b"\x80", b"\xff", b"S", b"x"]
TEXTS += [b"ustar\0" + b"00", b"ustar  \0", b"path=", b"size=", b"mtime=", b"GNU.sparse."]


OFFSETS = [0, 99, 100, 124, 135, 136, 147, 156, 157, 257, 265, 329, 345]  # fields of a header

Edit = tuple[str, int, int, bytes, bool]
"""What to do, at which block, at which byte of it, with which bytes, and whether to mend."""

edits = st.tuples(
    st.sampled_from(["write", "write", "cut", "drop", "twice", "zero"]),
    st.integers(0, 11),
    st.sampled_from(OFFSETS) | st.integers(0, BLOCK - 1),
    st.sampled_from(TEXTS) | st.binary(min_size=1, max_size=12),
    st.sampled_from([True, True, True, False]),
)
mutations = st.tuples(
    st.lists(st.integers(0, len(BASES) - 1), min_size=1, max_size=2),
    st.lists(edits, min_size=1, max_size=4),
)
Mutation = tuple[list[int], list[Edit]]


def mutated(mutation: Mutation) -> bytes:
    """One or two of the base tars with some faults; a mended block has a right checksum again."""
    numbers, plan = mutation
    data = bytearray(b"".join(BASES[number] for number in numbers))
    for what, number, byte, text, mended in plan:
        block = number * BLOCK
        at = block + byte
        match what:
            case "write":
                data[at : at + len(text)] = text
            case "cut":
                del data[at:]
            case "drop":
                del data[block : block + BLOCK]
            case "twice":
                data[block:block] = data[block : block + BLOCK]
            case "zero":
                data[block : block + BLOCK] = bytes(BLOCK)
        if mended:
            mend(data, block)
    return bytes(data)


def mend(data: bytearray, block: int) -> None:
    """Make the checksum of a block right, whether it is a header or not."""
    head = data[block : block + BLOCK]
    if len(head) == BLOCK and any(head):
        head[148:156] = b" " * 8
        data[block + 148 : block + 156] = b"%06o\0 " % sum(head)


@settings(max_examples=3000 * LONGER, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mutations)
def test_mutations(go: Lister, mutation: Mutation) -> None:
    data = mutated(mutation)
    event(ours(data)[1].partition(",")[0] or "accepted")
    assert not agree(data, go)


@settings(max_examples=1000 * LONGER)
@given(mutations, st.sampled_from([1 << 20, 4096, 700, 512]))
@example(([0], [("write", 5, 7, b"/", True)]), 1 << 20)  # `.wh.gon/`: no directory of that name
def test_fast_path_gives_the_same_rows(mutation: Mutation, step: int) -> None:
    data = mutated(mutation)
    fast, fault = read_rows(data, step)
    exact, error = read_rows(data, 1 << 20, exact=True)
    assert str(fault) == str(error)
    assert fault or fast == exact
