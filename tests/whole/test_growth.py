"""Names that grow on their way: through links of their own layer, and by written detours.

What is counted is lines of Python and bytes of all paths that a layer's table has, for n and 2n of the
same kind: both must grow with the bytes of the tar, or end at a limit. One kilobyte of tar may cost a
bounded number of lines, whatever it says.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from slim.errors import LimitError
from slim.files.blob import scan_blob
from slim.files.overlay import resolve
from slim.files.table import LayerTable
from slim.limits import DEFAULT_LIMITS
from tests.conftest import LONG
from tests.support.attacks import Attack
from tests.support.building import (
    END,
    MemoryBlob,
    delete,
    directory,
    file,
    hardlink,
    header,
    opaque,
    symlink,
)
from tests.support.sizes import with_records

LONG_NAME = b"x" * 7_900
LINES = 12_000
"""Lines of Python for a kilobyte of tar, at most: a path of 512 levels is followed some times."""
Tar = Callable[[int], bytes]


def path(entry_name: bytes) -> bytes:
    """A file of any name."""
    return with_records(file("f"), path=entry_name)


def link(name: bytes, target: bytes) -> bytes:
    """A symbolic link of any name to anything."""
    return with_records(symlink("l", "t"), path=name, linkpath=target)


def growing(n: int) -> bytes:
    """In each directory a link to a sibling of 7,900 bytes, through the links above it."""
    above = [b"l/" * level for level in range(n)]
    return b"".join(link(path + b"l", LONG_NAME) for path in above) + path(b"l/" * n + b"f")


def growing_wide(n: int) -> bytes:
    """The same with a name of its own on each level."""
    return b"".join(link(b"l/" * level + b"l", b"%d" % level + LONG_NAME) for level in range(n))


def chain(n: int) -> bytes:
    """Links to links, and a file through each."""
    links = b"".join(link(b"l%d" % at, b"l%d" % (at + 1)) for at in range(200))
    return links + b"".join(path(b"l%d/f" % (at % 200)) for at in range(n))


def doubling(n: int) -> bytes:
    """Links that are twice in the one before."""
    links = b"".join(link(b"l%d" % at, b"l%d/l%d" % (at + 1, at + 1)) for at in range(60))
    return links + b"".join(path(b"l0/f%d" % at) for at in range(n))


def on_itself(n: int) -> bytes:
    """A link to where it is, 4,000 times in each name."""
    return link(b"l", b".") + b"".join(path(b"l/" * 4_000 + b"f%d" % at) for at in range(n))


def up_and_down(n: int) -> bytes:
    """A target that goes up and down 2,000 times, in the way of each name."""
    return link(b"l", b"d/../" * 1_600) + b"".join(path(b"l/%d/f" % at) for at in range(n))


def long_target(n: int) -> bytes:
    """A target of 1 MB that leads nowhere else, in the way of each name."""
    return link(b"l", b"./" * 500_000) + b"".join(path(b"l/%d/f" % at) for at in range(n))


def long_targets(n: int) -> bytes:
    """Links with targets of 8,000 bytes, each through the one before."""
    links = b"".join(link(b"l%d" % at, b"./" * 3_990 + b"l%d" % (at + 1)) for at in range(100))
    return links + b"".join(path(b"l0/f%d" % at) for at in range(n))


def dots(n: int) -> bytes:
    """A name of 8,000 bytes that is one directory."""
    return b"".join(path(b"./" * 4_000 + b"d/f%d" % at) for at in range(n))


def ups(n: int) -> bytes:
    """A name that leads up as often as down."""
    return b"".join(path(b"d/../" * 1_600 + b"d/f%d" % at) for at in range(n))


def turning(n: int) -> bytes:
    """A deep link that leads elsewhere before each name through it."""
    deep = b"d/" * 100
    return b"".join(link(deep + b"l", b"t%d" % at) + path(deep + b"l/f") for at in range(n))


def cut(n: int) -> bytes:
    """A directory above a link that is replaced before each name through it."""
    deep = b"d/" * 200
    return b"".join(link(deep + b"l", b"t") + path(b"d") + path(deep + b"l/f") for _ in range(n))


def deep_links(n: int) -> bytes:
    """Links at the end of long ways."""
    return b"".join(link(b"d/" * 500 + b"l%d" % at, b"t") for at in range(n))


def hard_links(n: int) -> bytes:
    """Hard links of a few bytes whose targets have 8,000."""
    start = link(b"l", LONG_NAME) + path(b"l/f")
    return start + b"".join(header(hardlink(b"h%d" % at, b"l/f")) for at in range(n))


def hard_links_deep(n: int) -> bytes:
    """Hard links to a file 500 levels down, through one link."""
    start = link(b"l", b"d/" * 500) + path(b"l/f")
    return start + b"".join(header(hardlink(b"h%d" % at, b"l/f")) for at in range(n))


def hard_links_growing(n: int) -> bytes:
    """Hard links through links that lengthen the way each time."""
    links = b"".join(link(b"l/" * at + b"l", b"%03d" % at * 300) for at in range(8))
    return links + b"".join(header(hardlink(b"h%d" % at, b"l/l/l/l/l/l/l/f")) for at in range(n))


def whiteouts(n: int) -> bytes:
    """Whiteouts behind a link with a long target."""
    return link(b"l", LONG_NAME) + b"".join(header(delete(b"l/f%d" % at)) for at in range(n))


def opaques(n: int) -> bytes:
    """Opaque markers behind links, on ways that grow."""
    links = b"".join(link(b"l/" * at + b"l", b"%03d" % at * 100) for at in range(20))
    return links + b"".join(header(opaque(b"l/" * (at % 20) + b"d%d" % at)) for at in range(n))


def hidden(n: int) -> bytes:
    """Directories named like whiteouts, at the end of long ways."""
    return b"".join(path(b"d/" * 400 + b".wh.d%d/f" % at) for at in range(n))


def nested(n: int) -> bytes:
    """Directories in each other, 20 deep and again, an entry for each."""
    return b"".join(
        with_records(directory("d"), path=b"%d/" % (at // 20) + b"d/" * (at % 20 + 1))
        for at in range(n)
    )


def written_anew(n: int) -> bytes:
    """One directory, written in another way each time, in names of less than 100 bytes."""
    ways = (b"".join(b"./" if at >> bit & 1 else b"/" for bit in range(12)) for at in range(n))
    return b"".join(header(file(b"d/" + way + b"f")) for way in ways)


GENERATORS: dict[str, Tar] = {
    name.replace("_", "-"): generate
    for name, generate in list(globals().items())
    if callable(generate) and getattr(generate, "__annotations__", {}).get("n") == "int"
}
ENDS_AT_A_LIMIT = {
    "growing",
    "growing-wide",
    "on-itself",
    "up-and-down",
    "long-target",
    "long-targets",
}
"""No engine would follow these; the others are read to their ends."""

ATTACKS = tuple(
    Attack(
        id=f"X5-{name}",
        given=(generate.__doc__ or "").rstrip(".").replace("\n   ", ""),
        outcome="an error limit-path-bytes or limit-path-depth (exit code 5)"
        if name in ENDS_AT_A_LIMIT
        else "twice as much is twice the work, and the paths are bounded",
        proof="test_names_grow_with_the_tar",
    )
    for name, generate in GENERATORS.items()
)


def work(tar: bytes) -> tuple[int, int, str]:
    """(lines of Python, bytes of all names and targets, slug of the error) of a layer."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    table, slug = LayerTable(), ""
    sys.settrace(trace)
    try:
        table = scan_blob(MemoryBlob(tar + END), verify=False)
        resolve([table])
    except LimitError as error:
        slug = error.slug
    finally:
        sys.settrace(before)
    kept = sum(map(len, table.links.values())) + sum(map(len, table.name))
    return count, kept + sum(len(name) for _, name, _ in table.dirs), slug


def test_there_are_twenty_ways_to_grow() -> None:
    assert len(GENERATORS) >= 20


@pytest.mark.parametrize("name", GENERATORS)
@LONG
def test_names_grow_with_the_tar(name: str) -> None:
    generate = GENERATORS[name]
    work(generate(1))  # imports and other first times
    small, single, two = generate(8), generate(24), generate(40)
    (none, *_), (once, kept, slug), (twice, _, again) = map(work, (small, single, two))
    assert bool(slug) == bool(again) == (name in ENDS_AT_A_LIMIT)
    assert slug in ("", "limit-path-bytes", "limit-path-depth")
    assert twice - none <= 2.1 * (once - none) + 100, (none, once, twice)
    assert twice <= LINES * (len(two) // 1024 + 1), (twice, len(two))
    assert kept <= 20 * len(single)


@pytest.mark.parametrize("name", sorted(set(GENERATORS) - ENDS_AT_A_LIMIT))
def test_every_path_is_within_the_limit(name: str) -> None:
    table = scan_blob(MemoryBlob(GENERATORS[name](40) + END), verify=False)
    longest = max(len(table.path(row)) for row in range(len(table)))
    targets = (table.links[row] for row in table.links if table.kind[row] == 1)
    assert max([longest, *map(len, targets)]) <= DEFAULT_LIMITS.path_bytes
