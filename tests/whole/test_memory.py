"""What a layer keeps, in many layers: within the default limits no image takes 1 GB of memory.

Each row makes layers of one kind of memory, as many as an image may have or as many as it takes. Small, the
budget is counted down to the limit that names it; at their size, in CI, a process of its own is measured.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import slim
from slim.errors import LimitError
from slim.limits import DEFAULT_LIMITS, Limits
from tests.conftest import LONG
from tests.support.attacks import Attack
from tests.support.building import (
    END,
    directory,
    fifo,
    file,
    gzip,
    hardlink,
    header,
    padded,
    symlink,
    zstandard,
)
from tests.support.sizes import bodies, headers, image_of_blobs, run_and_measure, with_records

GB = 1_000_000_000
LAYERS = DEFAULT_LIMITS.layers
LONG_NAME = b"x" * 7_900


def whole(name: str, content: bytes) -> bytes:
    """A file with its content."""
    return header(file(name, content)) + padded(content)


def plain_files(share: int, layer: int) -> bytes:
    return bodies(f"{layer}/{at // 1000}/f{at}" for at in range(share))


def names_in_the_root(share: int, layer: int) -> bytes:
    return headers((file(f"{layer:04}{at:06}" + "x" * 80) for at in range(share)), file("f"))


def long_names(share: int, layer: int) -> bytes:
    names = (b"%d-%d" % (layer, at) + LONG_NAME for at in range(share))
    return b"".join(with_records(file("f"), path=name) for name in names)


def directories(share: int, layer: int) -> bytes:
    return headers((directory(f"{layer}/{at}") for at in range(share)), directory("d"))


def deep_directories(share: int, layer: int) -> bytes:
    ways = (b"/".join(b"%d-%d" % (layer, at) for _ in range(500)) for at in range(share))
    return b"".join(with_records(file("f"), path=way) for way in ways)


def symbolic_links(share: int, layer: int) -> bytes:
    return b"".join(
        with_records(symlink(f"l{layer}-{at}", "t"), linkpath=b"%04d" % at + LONG_NAME * 100)
        for at in range(share)
    )


def hard_links(share: int, layer: int) -> bytes:
    """Each of a few bytes, to 7,900 of them."""
    links = (hardlink(f"h{layer}-{at}", "l/f") for at in range(share))
    start = with_records(symlink("l", "t"), linkpath=LONG_NAME) + header(file("l/f"))
    return start + headers(links, hardlink("h", "f"))


def scripts(share: int, layer: int) -> bytes:
    text = b"#!/bin/sh\n" + b"x" * 60_000
    return headers((file(f"bin/{layer}-{at}") for at in range(share)), file("f", text))


def small_scripts(share: int, layer: int) -> bytes:
    like = file("f", b"#!/bin/sh\n" * 40)
    return headers((file(f"bin/{layer}-{at}") for at in range(share)), like)


def file_lists(share: int, layer: int) -> bytes:
    """Lists of packages' files, in lines of two bytes."""
    stanza = b"Package: %d-%d\nStatus: install ok installed\nArchitecture: all\n\n"
    packages = [(layer, at) for at in range(share)]
    lists = (whole(f"var/lib/dpkg/info/{a}-{b}.list", b"/\n" * 500_000) for a, b in packages)
    status = whole("var/lib/dpkg/status", b"".join(stanza % package for package in packages))
    return status + b"".join(lists)


def package_trees(share: int, layer: int) -> bytes:
    """Documents of npm that list many packages."""
    listed = b",".join(b'"node_modules/%d":{}' % at for at in range(20_000))
    text = b'{"packages":{' + listed + b"}}"
    return b"".join(
        whole(f"{layer}/{at}/node_modules/.package-lock.json", text) for at in range(share)
    )


def python_records(share: int, layer: int) -> bytes:
    places = [f"{layer}/{at}/site-packages/p.dist-info/" for at in range(share)]
    name = b"Name: p\nVersion: 1\n"
    return b"".join(
        whole(place + "METADATA", name) + whole(place + "RECORD", b"a,,\n" * 200_000)
        for place in places
    )


def warnings(share: int, layer: int) -> bytes:
    """Entries of which each kind is warned about, with long paths."""
    return (
        with_records(fifo("f"), path=LONG_NAME)
        + with_records(file("f", type=b"7"), path=LONG_NAME + b"7")
        + with_records(file("f", type=b"V"), path=LONG_NAME + b"v")
        + with_records(hardlink("h", "none"), path=LONG_NAME + b"h")
        + with_records(file("f"), path=LONG_NAME + b"/.wh.none")
        + with_records(file("f"), path=b"/" + LONG_NAME)
        + with_records(file("f"), path=b"%d" % layer)
    )


def same_layer(share: int, layer: int) -> bytes:
    """One layer again and again, of which nothing is new but the rows."""
    return bodies(f"{at // 1000}/f{at}" for at in range(share))


def members(share: int, layer: int) -> bytes:
    """A gzip member for every byte."""
    tar = bodies(f"{layer}-{at}" for at in range(share)) + END
    packed = [gzip(bytes([byte])) for byte in range(256)]
    return b"".join(map(packed.__getitem__, tar))


@dataclass(frozen=True)
class Growth:
    make: Callable[[int, int], bytes]
    """(how many, number of the layer) → tar without its end."""
    given: str
    few: int
    """How many there are in each of three layers when the budget is small …"""
    many: int
    layers: int
    """… and at full size, and in how many layers."""
    squeeze: Callable[[bytes], bytes] = zstandard
    small: int = 1 << 20
    """The small budget, in bytes."""


LINKS = Growth(symbolic_links, "targets of symbolic links of 790,000 bytes", 1, 3, 400)
KINDS = (
    Growth(plain_files, "files", 2_000, 150_000, 16),
    Growth(names_in_the_root, "files in the root with names of 90 bytes", 2_000, 60_000, 40),
    Growth(long_names, "names of 7,900 bytes", 60, 100, LAYERS),
    Growth(directories, "directories", 1_000, 50_000, 24),
    Growth(deep_directories, "directories in each other", 3, 4, LAYERS),
    LINKS,
    Growth(hard_links, "targets of hard links of 7,900 bytes", 60, 100, LAYERS),
    Growth(scripts, "scripts of 60,000 bytes", 10, 16, 800),
    Growth(small_scripts, "scripts of 400 bytes", 1_000, 1_200, LAYERS),
    Growth(file_lists, "lists of files in lines of two bytes", 1, 1, 700),
    Growth(package_trees, "documents of npm", 1, 2, 800),
    Growth(python_records, "lists of files of Python packages", 1, 1, 900),
    Growth(warnings, "warnings about long paths", 1, 1, LAYERS, small=150_000),
    Growth(same_layer, "one layer again and again", 1_000, 3_000, LAYERS),
)  # fmt: skip
MEMBERS = Growth(members, "a gzip member for every byte", 30, 600, 2, bytes)
"""What is known of members is gone when their layer has been read: other layers fill the memory first."""
FILLING = 230
"""Layers of symbolic links that take most of the memory there is."""

ATTACKS = tuple(
    Attack(
        id=f"X2-{kind.make.__name__.replace('_', '-')}",
        given=f"{kind.layers:,} layers of {kind.given}",
        outcome="an error limit-memory-bytes (exit code 5) or a report, under 1 GB of memory",
        proof="test_no_image_takes_more_than_a_gigabyte",
    )
    for kind in (*KINDS, MEMBERS)
)


def blobs(kind: Growth, share: int, layers: int) -> list[bytes]:
    archives = (kind.make(share, number) for number in range(layers))
    return [tar if kind.squeeze is bytes else kind.squeeze(tar + END) for tar in archives]


def image(kind: Growth, share: int, layers: int, folder: Path) -> Path:
    return image_of_blobs(blobs(kind, share, layers), folder)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.make.__name__)
@LONG
def test_one_budget_is_for_all_layers(kind: Growth, tmp_path: Path) -> None:
    """A layer alone is within it, and three together are not."""
    alone, together = tmp_path / "alone", tmp_path / "together"
    alone.mkdir()
    together.mkdir()
    single, three = image(kind, kind.few, 1, alone), image(kind, kind.few, 4, together)
    limits = Limits(memory_bytes=kind.small)
    slim.analyze(single, verify=False, limits=limits, jobs=2)
    with pytest.raises(LimitError) as caught:
        slim.analyze(three, verify=False, limits=limits, jobs=2)
    assert caught.value.slug == "limit-memory-bytes"


@LONG
def test_what_is_known_of_members_is_gone_after_their_layer(tmp_path: Path) -> None:
    path = image(MEMBERS, MEMBERS.few, 4, tmp_path)
    slim.analyze(path, verify=False, limits=Limits(memory_bytes=MEMBERS.small), jobs=1)
    with pytest.raises(LimitError) as caught:
        slim.analyze(path, verify=False, limits=Limits(memory_bytes=MEMBERS.small // 2), jobs=1)
    assert caught.value.slug == "limit-memory-bytes"


@LONG
@pytest.mark.parametrize("kind", [*KINDS, MEMBERS], ids=lambda kind: kind.make.__name__)
def test_no_image_takes_more_than_a_gigabyte(kind: Growth, tmp_path: Path) -> None:
    filling = blobs(LINKS, LINKS.many, FILLING) if kind is MEMBERS else []
    path = image_of_blobs([*filling, *blobs(kind, kind.many, kind.layers)], tmp_path)
    options = ("--no-verify", "--no-cache", "--jobs=2", "-o", f"json={tmp_path / 'report.json'}")
    code, peak, errors = run_and_measure("analyze", str(path), *options, timeout=900)
    assert code in (0, 5), errors
    assert code == 0 or "[limit-memory-bytes]" in errors
    assert peak < GB, f"{peak:,} bytes"
