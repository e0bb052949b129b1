"""What slim says of a fat image, against the twin that a careful engineer made of it.

    python -m pytest --real tests/real/test_twins.py --update-golden
    python -m tests.generate

measures again and writes docs/twins.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import compress
from pathlib import Path
from typing import NamedTuple

from tabulate import tabulate

import slim
from slim.advice.advise import advise as advise_image
from slim.advice.claim import Claim
from slim.advice.image_facts import facts_of_image
from slim.advice.vocabulary import VOCABULARY
from slim.ecosystems import KEEPS
from slim.files.ledger import Ledger, account
from slim.files.overlay import resolve
from slim.files.scan import scan
from slim.files.table import Files, Kind, mask
from slim.image.base import find_base
from slim.image.ref import ImageRef
from slim.image.source import open_image
from slim.packages.graph import Graph
from slim.packages.owners import Ownership
from slim.rules.builtin import builtin_rules
from slim.rules.rule import rules_of
from tests.real.twin_images import Twins


class Row(NamedTuple):
    """Bytes of one stack's images, and what was predicted."""

    stack: str
    fat_disk: int
    fat_pull: int
    predicted_disk: int
    predicted_pull: int
    twin_disk: int
    twin_pull: int
    different: int
    """Bytes of the fat image that the twin has not, whatever their path."""
    claimed: int
    """Those of them that findings claim …"""
    found: int
    """… or point at in the base image, as what another base leaves out."""
    claimed_on_twin: int

    @property
    def disk_error(self) -> float:
        """Of the predicted size on disk, 1 = 100 %."""
        return self.predicted_disk / self.twin_disk - 1

    @property
    def pull_error(self) -> float:
        """Of the predicted size of the pull."""
        return self.predicted_pull / self.twin_pull - 1

    @property
    def coverage(self) -> float:
        """The part of what differs that findings point at."""
        return self.found / self.different

    @property
    def claims(self) -> float:
        """The part of the careful image that findings would take."""
        return self.claimed_on_twin / self.twin_disk


class Rebuilt(NamedTuple):
    """What slim's own Dockerfile was predicted to make of a stack's fat image, and what it made."""

    stack: str
    predicted_disk: int
    predicted_pull: int
    disk: int
    pull: int

    @property
    def disk_error(self) -> float:
        """Of the predicted size on disk, 1 = 100 %."""
        return self.predicted_disk / self.disk - 1

    @property
    def pull_error(self) -> float:
        """Of the predicted size of the pull."""
        return self.predicted_pull / self.pull - 1


@dataclass(frozen=True)
class Advised:
    """The rows of an image, with what findings take of each, where they name another base, what a
    rebuild keeps, and its packages."""

    files: Files
    ledger: Ledger
    claims: tuple[Claim, ...]
    gone: dict[int, int]
    of_base: frozenset[int]
    kept: frozenset[int]
    graph: Graph
    owned: Ownership


def measure(pair: Twins) -> Row:
    """Analyze both images and compare them file by file, by content."""
    fat = analysis(pair)
    twin = slim.analyze(pair.twin, base=pair.base)
    rebuild = fat.predicted.rebuild
    assert rebuild is not None, f"no rebuild of {pair.stack}"
    advised = advise(pair.fat, pair.base)
    there = _contents(advise(pair.twin, pair.base).files)
    files = advised.files
    different = claimed = found = 0
    # A file of the image that is shown is the one that the twin has; copies hidden below differ.
    order = sorted(_bodies(files), key=lambda row: (files.fate[row] != 0, row not in advised.kept))
    for row in order:
        content = files.size[row], files.digest(row)
        if there[content] > 0:
            there[content] -= 1
            continue
        size = files.size[row]
        different += size
        claimed += advised.gone.get(row, 0)
        found += size if row in advised.of_base else advised.gone.get(row, 0)
    return Row(
        pair.stack,
        fat.totals.disk_bytes,
        fat.totals.pull_bytes,
        rebuild.disk_bytes,
        rebuild.pull_bytes,
        twin.totals.disk_bytes,
        twin.totals.pull_bytes,
        different,
        claimed,
        found,
        twin.totals.reclaimable_bytes,
    )


@cache
def analysis(pair: Twins) -> slim.Report:
    """What slim says of the fat image."""
    return slim.analyze(pair.fat, base=pair.base, dockerfile=pair.dockerfile, top=1000)


@cache
def advise(layout: Path, base_layout: Path) -> Advised:
    """What `slim.analyze` does, with the rows at hand."""
    with (
        open_image(ImageRef(str(base_layout))) as base,
        open_image(ImageRef(str(layout))) as image,
        scan(image, extract=True, keeps=KEEPS) as tables,
    ):
        pass
    files = resolve(tables)
    ledger = account(files, tables, [layer.size for layer in image.layers])
    facts = facts_of_image(image, files, ledger, base_layers=find_base(image, base).layers)
    advice = advise_image(
        facts, rules_of(builtin_rules(VOCABULARY).packs), builtin_rules(VOCABULARY).protected
    )
    gone = {
        row: disk
        for each in advice.reclaimed
        for row, disk in zip(each.rows, each.disk, strict=True)
    }
    of_base = frozenset(row for claim in advice.claims if claim.counts for row in claim.base_rows)
    kept = advice.rebuild.rows if advice.rebuild else frozenset[int]()
    return Advised(files, ledger, advice.claims, gone, of_base, kept, facts.graph, facts.owned)


def names_of(files: Files, rows: Iterable[int]) -> set[bytes]:
    """The paths of bodies, and of the hard links to them."""
    bodies = set(rows)
    return {files.path(row) for row in bodies} | {
        files.path(row) for row, body in files.body.items() if body in bodies
    }


def _bodies(files: Files) -> list[int]:
    return list(compress(range(len(files)), mask(files.kind, Kind.FILE)))


def _contents(files: Files) -> Counter[tuple[int, bytes]]:
    return Counter((files.size[row], files.digest(row)) for row in _bodies(files))


def sizes(rows: Sequence[Row]) -> str:
    """Fat, predicted and careful, on disk and in the pull, as Markdown."""
    table = [
        (
            row.stack.capitalize(),
            *(_mb(size) for size in (row.fat_disk, row.predicted_disk, row.twin_disk)),
            f"{row.disk_error:+.1%}",
            *(_mb(size) for size in (row.fat_pull, row.predicted_pull, row.twin_pull)),
            f"{row.pull_error:+.1%}",
        )
        for row in rows
    ]
    names = ("", "fat", "predicted", "real", "error", "pull: fat", "predicted", "real", "error")
    return _markdown(table, names)


def rebuilt(rows: Sequence[Rebuilt]) -> str:
    """What slim's Dockerfiles make, as Markdown."""
    table = [
        (
            row.stack.capitalize(),
            *(_mb(size) for size in (row.predicted_disk, row.disk)),
            f"{row.disk_error:+.1%}",
            *(_mb(size) for size in (row.predicted_pull, row.pull)),
            f"{row.pull_error:+.1%}",
        )
        for row in rows
    ]
    names = ("", "predicted", "built", "error", "pull: predicted", "built", "error")
    return _markdown(table, names)


def findings(rows: Sequence[Row]) -> str:
    """How much of what differs slim points at, as Markdown."""
    table = [
        (
            row.stack.capitalize(),
            _mb(row.different),
            f"{row.coverage:.1%}",
            f"{row.claimed / row.different:.1%}",
            f"{row.claims:.2%}",
        )
        for row in rows
    ]
    names = ("", "only in the fat", "pointed at", "claimed", "claimed on the careful")
    return _markdown(table, names)


def _markdown(table: Sequence[Sequence[str]], names: Sequence[str]) -> str:
    right = ("left", *["right"] * (len(names) - 1))
    return tabulate(table, names, tablefmt="github", colalign=right, disable_numparse=True) + "\n"


def _mb(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
