"""Work grows with the input, whatever it is made of.

Two measures, because a wall clock knows nothing on a busy machine: the lines of Python that run for n
and for 2n entries, which is exact; and the processor time of n and 8n, which also sees what C does, with
room for noise that quadratic work (64 times as much) would not fit in; that one only where there is time
for it. test_sizes has 100,000 entries.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from types import FrameType
from typing import Any

import pytest

import slim
from slim.dockerfile.align import place
from slim.dockerfile.parse import DockerfileError, parse_dockerfile
from slim.files.blob import scan_blob
from slim.files.ledger import account
from slim.files.overlay import resolve
from slim.formats.json import render as render_json
from slim.formats.terminal import clean
from slim.image.base import BaseImage, find_base
from slim.image.model import Config, History, Image, Platform
from slim.image.model import Layer as ImageLayer
from slim.report.build import build
from slim.report.instruction import instruction
from slim.secrets import redact
from tests.conftest import LONG, THOROUGH
from tests.support.attacks import Attack
from tests.support.building import (
    Entry,
    Layer,
    MemoryBlob,
    delete,
    directory,
    file,
    gzip,
    hardlink,
    layer,
    opaque,
    symlink,
    tar,
)

Entries = Iterator[Entry]
STEP = 1000 if THOROUGH else 500
"""How many entries are once, for the lines."""
DEEP = "/".join(f"d{level}" for level in range(480))


def whiteouts(n: int) -> list[Layer]:
    return [
        layer([file(f"d/f{i}") for i in range(n)]),
        layer([delete(f"d/f{i}") for i in range(n)]),
    ]


def whiteouts_apart(n: int) -> list[Layer]:
    names = [f"d{i}/f" for i in range(n)]
    return [layer([file(name) for name in names]), layer([delete(name) for name in names])]


def opaques(n: int) -> list[Layer]:
    return [
        layer([file(f"d{i}/s/f") for i in range(n)]),
        layer([opaque(f"d{i}") for i in range(n)]),
    ]


def opaques_above(n: int) -> list[Layer]:
    """Opaque markers on a directory and on all that is in it."""
    names = [f"top/{i // 100}/{i}" for i in range(n)]
    below = [opaque("top"), *(opaque(name) for name in names)]
    return [layer([file(f"{name}/f") for name in names]), layer(below), layer(below)]


def hard_links(n: int) -> list[Layer]:
    """Each name links to the one before."""
    links = [hardlink(f"l{i + 1}", f"l{i}") for i in range(n)]
    return [layer([file("l0", b"x"), *links]), layer([delete("l0")])]


def hard_links_to_one(n: int) -> list[Layer]:
    links = [hardlink(f"l{i}", "f") for i in range(n)]
    return [layer([file("f", b"x"), *links]), layer([delete(f"l{i}") for i in range(n)])]


def deep(n: int) -> list[Layer]:
    """Files at the end of long paths, which a GNU long name gives."""
    return [layer([file(f"{DEEP}/f{i}") for i in range(n // 8)])]


def same(n: int) -> list[Layer]:
    return [layer([file("d/f", b"x")] * n), layer([file("d/f", b"y")] * n)]


def types(n: int) -> list[Layer]:
    """A path that is a file, then a directory with files in it, then a file …"""
    turn = [file("p", b"x"), directory("p"), file("p/a"), symlink("p", "q")]
    return [layer(turn * (n // 4)), layer(turn * (n // 4))]


def members(n: int) -> list[Layer]:
    """A gzip member for every few bytes."""
    data = tar([file("f", bytes(n * 4))])
    blob = gzip(data, len(data) // 4)
    return [Layer((), data, blob, "gzip")]


def empty_members(n: int) -> list[Layer]:
    data = tar([file("f", b"x")])
    return [Layer((), data, gzip(b"") * n + gzip(data), "gzip")]


def links(n: int) -> list[Layer]:
    """Files through a symbolic link that changes after each."""
    items = [
        entry for i in range(n // 2) for entry in (symlink("ln", f"d{i % 7}"), file(f"ln/f{i}"))
    ]
    return [layer(items), layer([delete("ln")])]


def link_chains(n: int) -> list[Layer]:
    """Files through links through links, each of which doubles what is to be resolved."""
    chain = [symlink(f"l{i}", f"l{i + 1}/l{i + 1}") for i in range(40)]
    return [layer([*chain, *(file(f"l0/f{i}") for i in range(n // 20))])]


def pax(n: int) -> list[Layer]:
    return [layer([file("x", pax=((b"path", b"d/f%d" % i),)) for i in range(n // 2)])]


def orphans(n: int) -> list[Layer]:
    """Children of files, which become directories."""
    names = [f"p{i}" for i in range(n // 2)]
    return [layer([file(name) for name in names]), layer([file(f"{name}/f") for name in names])]


def noops(n: int) -> list[Layer]:
    return [layer([delete(f"no/such/{i}/f") for i in range(n)])]


def plain_files(n: int) -> list[Layer]:
    return [layer([file(f"d{i // 50}/f{i}", b"x") for i in range(n)])]


def collisions(n: int) -> list[Layer]:
    """Names that differ in case only."""
    return [layer([file(f"d/{'fF'[i % 2]}{i // 2}") for i in range(n)])]


def many_layers(n: int) -> list[Layer]:
    return [layer([file(f"d/f{i}-{at}") for i in range(n // 100)]) for at in range(100)]


GENERATORS: dict[str, tuple[str, Callable[[int], list[Layer]]]] = {
    "whiteouts": ("whiteouts of files of a lower layer", whiteouts),
    "whiteouts-apart": ("whiteouts in as many directories", whiteouts_apart),
    "opaques": ("opaque directories over a lower layer", opaques),
    "opaques-above": ("opaque directories in opaque directories", opaques_above),
    "hard-links": ("a chain of hard links", hard_links),
    "hard-links-to-one": ("hard links to one file, deleted", hard_links_to_one),
    "deep": ("files below 480 directories", deep),
    "same": ("the same path again and again", same),
    "types": ("a path that is a file, a directory, a link, a file …", types),
    "members": ("a gzip member for every few bytes", members),
    "empty-members": ("empty gzip members", empty_members),
    "links": ("files through a symbolic link that changes", links),
    "link-chains": ("files through links that double", link_chains),
    "pax": ("an extended header for every file", pax),
    "orphans": ("children of files of a lower layer", orphans),
    "noops": ("whiteouts of what is not there", noops),
    "plain": ("files", plain_files),
    "collisions": ("names that differ in case", collisions),
    "many-layers": ("files in 100 layers", many_layers),
}

ATTACKS = tuple(
    Attack(
        id=f"X4-{name}",
        given=given,
        outcome="twice as much is twice the work",
        proof="test_twice_the_entries_are_twice_the_lines",
    )
    for name, (given, _) in GENERATORS.items()
)


def analyze(layers: Sequence[Layer]) -> None:
    """Everything from the blobs to the texts, in this thread."""
    tables = [scan_blob(MemoryBlob(layer.blob), verify=False) for layer in layers]
    files = resolve(tables)
    ledger = account(files, tables, [len(layer.blob) for layer in layers])
    result = [
        ImageLayer(index=index, diff_id=layer.diff_id, blob=MemoryBlob(layer.blob))
        for index, layer in enumerate(layers)
    ]
    image = Image(
        format="docker-archive",
        input="image.tar",
        archive_bytes=0,
        names=(),
        manifest_digest="",
        config_digest="",
        config=Config(Platform("linux", "amd64")),
        history=(),
        layers=tuple(result),
    )
    base = BaseImage(0, "", "", "unknown", False)
    report = build(image, tables, files, ledger, base, verified=False, top=20)
    slim.render(report, "text")
    render_json(report)


def lines_of(layers: Sequence[Layer]) -> int:
    """How many lines of Python run."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        analyze(layers)
    finally:
        sys.settrace(before)
    return count


def seconds_of(layers: Sequence[Layer]) -> float:
    """Processor time of this thread."""
    start = time.thread_time()
    analyze(layers)
    return time.thread_time() - start


@LONG
@pytest.mark.parametrize("name", GENERATORS)
def test_twice_the_entries_are_twice_the_lines(name: str) -> None:
    """What does not depend on the number is taken off: it would hide work that does too much."""
    _, generate = GENERATORS[name]
    lines_of(generate(100))  # imports and other first times
    none, single, two = (lines_of(generate(n)) for n in (100, 100 + STEP, 100 + 2 * STEP))
    if two - none > 2.02 * (single - none):
        # The first entries of some kinds take shorter ways; the next ones all take the same.
        none, single, two = single, two, lines_of(generate(100 + 3 * STEP))
    assert two - none <= 2.02 * (single - none), (none, single, two)


@LONG
@pytest.mark.parametrize("name", GENERATORS)
def test_eight_times_the_entries_are_no_more_than_that(name: str) -> None:
    _, generate = GENERATORS[name]
    few, many = generate(500), generate(4000)
    once, eight = min(seconds_of(few), seconds_of(few)), seconds_of(many)
    if eight >= 24 * max(once, 0.005):  # perhaps something else was at work
        eight = min(eight, seconds_of(many))
    assert eight < 24 * max(once, 0.005), (once, eight)


EVIL_TEXTS = (
    "COPY x / #" + " " * 50 + "\ny",
    "COPY x / # x\n",
    "ADD file:0123456789 in / ",
    "RUN |1 A=b /bin/sh -a -a -o pipefail ",
    "/bin/sh -c #(nop) ",
    "|99999 ",
    "\"'",
    'A="',
    "--token ",
    "://a:",
    "-u a:",
    "token: ",
    " ",
    "\t\n",
    "\\\n",
    "<<EOF\n",
    "${a:-${b}}",
    "$$a",
    "::##[",
    "\x1b\u202e",
    "日本",
    "a",
)
"""Pieces that a pattern which tries many ways would try in many ways, one after the other."""


def tell(text: str) -> None:
    """Everything that is done with an instruction of a history."""
    history = (History(created_by=text), History(created_by=f"CMD {text}", empty_layer=True))
    image = Image(
        format="docker-archive",
        input="",
        archive_bytes=0,
        names=(text,),
        manifest_digest="",
        config_digest="",
        config=Config(Platform("linux", "amd64")),
        history=(*history, *history),
        layers=(
            ImageLayer(index=0, diff_id="", blob=None),
            ImageLayer(index=1, diff_id="", blob=None),
        ),
    )
    find_base(image)
    clean(instruction(redact.command(text)), 100)
    redact.value("A", text)
    redact.words([text, text])
    place(parse_dockerfile("FROM a\nRUN make\nCMD b\n"), [entry.created_by for entry in history])
    with suppress(DockerfileError):
        parse_dockerfile(f"FROM a\nRUN {text}\n")


@pytest.mark.parametrize("piece", EVIL_TEXTS)
def test_no_pattern_tries_many_ways(piece: str) -> None:
    def seconds(length: int) -> float:
        text = piece * (length // len(piece))
        start = time.thread_time()
        tell(text)
        tell(f"COPY x / # {text}\ny")
        return time.thread_time() - start

    once, eight = min(seconds(4000), seconds(4000)), seconds(32_000)
    assert eight < 24 * max(once, 0.002), (once, eight)
