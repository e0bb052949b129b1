"""Attacks at their size: 100,000 whiteouts, links and levels, a million members; what comes out is exact.

test_linear counts the work for few entries and for twice as many; here they are as many as an attacker
would send, through the whole of `slim.analyze`, and the error, the warning or every count is known
beforehand. `SLIM_LONGER=10` makes them ten times as many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import slim
from slim.limits import DEFAULT_LIMITS
from tests.conftest import LONG, LONGER
from tests.support.attacks import Attack, named, prove, shown
from tests.support.building import (
    END,
    Entry,
    Layer,
    delete,
    directory,
    encode,
    extension,
    file,
    hardlink,
    header,
    opaque,
    symlink,
    zstandard,
)
from tests.support.layouts import HELLO, config, docker, pack, write
from tests.support.sizes import bodies, headers, image_of, markers, run_and_measure, with_records

pytestmark = LONG

MANY = 100_000 * min(LONGER, 10)
MILLION = 1_000_000
DIFF_ID = "sha256:" + "0" * 64
LEVELS = b"/".join([b"d"] * 100_000)
"""A path of 100,000 components, as a PAX record or a GNU long name can give it."""


@dataclass(frozen=True)
class Size:
    """Layers made of `MANY` of something, and what the report says of them."""

    id: str
    given: str
    """`{}` stands for how many."""
    layers: Callable[[int], Iterable[bytes]]
    totals: dict[str, int] = field(default_factory=dict)
    """Of the report; -1 stands for how many, -2 for one less, -3 for one more."""
    warns: dict[str, int] = field(default_factory=dict)
    """All warnings that the report has, by id, and how often each applies."""
    dead: dict[str, int] = field(default_factory=dict)
    """Class → files that are dead."""


def _deep(n: int) -> list[bytes]:
    """A directory in a directory and so on, `path_depth` deep and again, with an opaque marker in each."""
    levels = ["/".join("d" * depth) for depth in range(1, 41)]
    names = [f"{top}/{path}" for top in range(-(-n // 40)) for path in levels][:n]
    return [bodies(f"{name}/f" for name in names), markers(map(opaque, names))]


SIZES = (
    Size(
        "whiteouts", "{} whiteouts of files of a lower layer",
        lambda n: [
            bodies(f"d/f{i}" for i in range(n)),
            markers(delete(f"d/f{i}") for i in range(n)),
        ],
        totals={"files": -1, "live_files": 0},
        dead={"deleted": -1},
    ),
    Size(
        "whiteouts-noop", "{} whiteouts of what is not there",
        lambda n: [markers(delete(f"no/{i}/f") for i in range(n))],
        totals={"files": 0, "live_files": 0},
        warns={"whiteout-noop": -1},
    ),
    Size(
        "opaques", "{} opaque directories over as many files",
        lambda n: [
            bodies(f"d{i}/f" for i in range(n)),
            markers(opaque(f"d{i}") for i in range(n)),
        ],
        totals={"files": -1, "live_files": 0},
        dead={"deleted": -1},
    ),
    Size(
        "opaques-deep", "{} opaque directories in each other, 40 deep",
        _deep,
        totals={"files": -1, "live_files": 0},
        warns={"whiteout-noop": MANY - MANY // 40},
        dead={"deleted": -1},
    ),
    Size(
        "hard-links", "a chain of {} hard links, its first name deleted",
        lambda n: [
            bodies(["l0"]) + headers(
                (hardlink(f"l{i + 1}", f"l{i}") for i in range(n)), hardlink("l", "l")
            ),
            markers([delete("l0")]),
        ],
        totals={"files": -3, "live_files": -1},
    ),
    Size(
        "links", "{} symbolic links, each to the one before, and a file through the last",
        lambda n: [
            headers((symlink(f"l{i}", f"l{i - 1}") for i in range(n)), symlink("l", "l"))
            + bodies([f"l{n - 1}/f"])
        ],
        totals={"files": 1, "live_files": 1},
        warns={"write-through-symlink": 1, "symlink-loop": 1, "duplicate-entry": 1},
    ),
    Size(
        "same", "one path {} times",
        lambda n: [bodies(["d/f"] * n)],
        totals={"files": -1, "live_files": 1},
        warns={"duplicate-entry": -2},
        dead={"duplicate-entry": -2},
    ),
)  # fmt: skip


def many(n: int, value: int) -> int:
    """What a number of a `Size` stands for."""
    return {-1: n, -2: n - 1, -3: n + 1}.get(value, value)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.id)
def test_every_count_is_exact(size: Size, tmp_path: Path) -> None:
    path = pack(tmp_path, image_of(*size.layers(MANY)))
    report = slim.analyze(path, advice=False)
    for name, value in size.totals.items():
        assert getattr(report.totals, name) == many(MANY, value), name
    assert {warning.id: warning.count for warning in report.warnings} == {
        id: many(MANY, count) for id, count in size.warns.items()
    }
    dead: Counter[str] = Counter()
    for waste in report.waste:
        dead[waste.kind] += waste.files
    assert dead == {kind: many(MANY, count) for kind, count in size.dead.items()}
    assert report.totals.dead_bytes == sum(dead.values())


def stored(data: Callable[[], bytes]) -> Callable[[Path], Path]:
    return lambda folder: write(folder, data())


def packed(tar: Callable[[], bytes]) -> Callable[[Path], Path]:
    return lambda folder: pack(folder, image_of(tar()))


def gnu(flag: bytes, entry: Entry) -> bytes:
    return extension(flag, LEVELS + b"\0") + header(entry)


def nested(count: int) -> bytes:
    """Entries of directories, each in the one before."""
    names = (b"d/" * level for level in range(1, count + 1))
    return b"".join(with_records(directory("x"), path=name) for name in names)


def over(limit: str, value: int) -> dict[str, Any]:
    most = getattr(DEFAULT_LIMITS, limit)
    text = f"{limit.replace('_', ' ')}: {value:,} is over the limit of {most:,}"
    return {"error": f"limit-{limit.replace('_', '-')}", "code": 5, "says": (text,)}


HALF_WAY = b"d/" * 300
LISTED = {"Config": "config.json", "Layers": ["layer.tar"]}

ATTACKS = (
    *(
        Attack(
            id=f"X4-{size.id}-{100_000}",
            given=size.given.format("100,000"),
            outcome="every count is exact",
            proof="test_every_count_is_exact",
        )
        for size in SIZES
    ),
    Attack(
        id="X3-pax", given="a path of 100,000 components in a PAX record",
        make=packed(lambda: with_records(file("f"), path=LEVELS)), **over("path_bytes", len(LEVELS)),
    ),
    Attack(
        id="X3-gnu", given="a path of 100,000 components in a GNU long name",
        make=packed(lambda: gnu(b"L", file("f"))), **over("path_bytes", len(LEVELS)),
    ),
    Attack(
        id="X3-whiteout", given="a whiteout 100,000 directories down",
        make=packed(lambda: with_records(file("f"), path=LEVELS + b"/.wh.f")),
        **over("path_bytes", len(LEVELS) + 6),
    ),
    Attack(
        id="X3-hard-link", given="a hard link to a path of 100,000 components",
        make=packed(lambda: header(file("f")) + gnu(b"K", hardlink("l", "f"))),
        **over("path_bytes", len(LEVELS)),
    ),
    Attack(
        id="X3-link", given="a symbolic link to a path of 100,000 components",
        make=packed(lambda: gnu(b"K", symlink("l", "f"))),
        counts={"totals.files": 0},
    ),
    Attack(
        id="X3-through-link", given="the same, and a file through it",
        make=packed(lambda: gnu(b"K", symlink("l", "f")) + header(file("l/f"))),
        **over("path_bytes", len(LEVELS)),
    ),
    Attack(
        id="X3-links", given="a file through two links of 300 directories each",
        make=packed(lambda:
            with_records(symlink("l", "x"), linkpath=HALF_WAY)
            + with_records(symlink("x", "x"), path=HALF_WAY + b"m", linkpath=HALF_WAY)
            + header(file("l/m/f"))
        ),
        **over("path_depth", 513),
    ),
    Attack(
        id="X3-nested", given="600 directories in each other, an entry for each",
        make=packed(lambda: nested(600)), **over("path_depth", 513),
    ),
    Attack(
        id="X3-enough", given="512 directories in each other, an entry for each, and a file",
        make=packed(lambda: nested(512) + with_records(file("x", size=0), path=b"d/" * 512 + b"f")),
        counts={"totals.live_files": 1},
    ),
    Attack(
        id="X3-short", given="a path of 4,000 components of one letter",
        make=packed(lambda: with_records(file("f"), path=b"d/" * 4000 + b"f")), **over("path_depth", 513),
    ),
    Attack(
        id="X3-outer", given="a member of the archive named by 100,000 components",
        make=stored(lambda: with_records(file("f"), path=LEVELS) + END),
        **over("path_bytes", len(LEVELS)),
    ),
    Attack(
        id="X10-members", given="an archive of 1,000,000 members",
        make=stored(lambda: zstandard(header(file("f")) * 1000) * (MILLION // 1000)),
        **over("members", 200_001),
    ),
    Attack(
        id="X10-images", given="100,000 images in manifest.json",
        make=lambda folder: pack(
            folder, {"manifest.json": encode([{"Config": "c", "Layers": []}] * 100_000)}
        ),
        **over("json_nodes", 500_001),
    ),
    Attack(
        id="X10-images-bytes", given="100,000 images in manifest.json, with names",
        make=lambda folder: pack(
            folder,
            {"manifest.json": encode([{**LISTED, "RepoTags": ["app:1"]}] * 100_000)},
        ),
        error="limit-json-bytes", code=5,
    ),
    Attack(
        id="X10-tags", given="an image with 100,000 tags",
        make=lambda folder: pack(
            folder, docker(config(HELLO), HELLO, RepoTags=[f"app:{n}" for n in range(100_000)])
        ),
        counts={"totals.live_files": 1},
    ),
    Attack(
        id="X4-records", given="PAX headers of 80,000 records each, for 3 files",
        make=packed(lambda:
            with_records(file("f"), **{f"k{number:05}": b"v" for number in range(80_000)}) * 3
        ),
        warns="duplicate-entry", counts={"totals.live_files": 1},
    ),
    Attack(
        id="X2-million", given="a layer of 1,000,000 files",
        outcome="every count is exact, under 512 MiB of memory",
        proof="test_a_million_files_in_bounded_memory",
    ),
)  # fmt: skip


@pytest.mark.parametrize("attack", shown(ATTACKS), ids=named)
def test_sizes(attack: Attack, tmp_path: Path) -> None:
    prove(attack, tmp_path)


def test_all_of_many_tags_are_told(tmp_path: Path) -> None:
    members = docker(config(HELLO), HELLO, RepoTags=[f"app:{n}" for n in range(100_000)])
    report = slim.analyze(pack(tmp_path, members), advice=False)
    assert len(report.image.tags) == 100_000
    for name in ("text", "markdown", "html"):
        assert len(slim.render(report, name)) < 1_000_000


def test_a_million_files_in_bounded_memory(tmp_path: Path) -> None:
    """1,000 times the same 1,000 headers, through a link that leads elsewhere each time."""
    thousand = zstandard(markers(file(f"l/f{i}") for i in range(1000)))
    frames = [
        zstandard(header(symlink("l", f"d{number}"))) + thousand
        for number in range(MILLION // 1000)
    ]
    layer = Layer((), b"", b"".join([*frames, zstandard(END)]), "zstd")
    settings = config(layer, rootfs={"type": "layers", "diff_ids": [DIFF_ID]})
    path, out = pack(tmp_path, docker(settings, layer)), tmp_path / "report.json"
    options = ["--no-verify", "--no-advice", "-o", f"json={out}"]
    code, peak, errors = run_and_measure("analyze", str(path), *options)
    assert code == 0, errors
    assert peak < 512 << 20, f"{peak:,} bytes"
    report = slim.load_report(out)
    assert report.totals.live_files == MILLION
    assert {warning.id: warning.count for warning in report.warnings} == {
        "write-through-symlink": 1,
        "duplicate-entry": 999,
    }
