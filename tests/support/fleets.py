"""Fleets of images with known sharing, and what is true of them by a slow look at their manifests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from slim.advice.vocabulary import VOCABULARY
from slim.fleet import work
from slim.fleet.plan import Selection
from slim.fleet.scan import ScanOptions, Summary, Task, scan_fleet
from slim.fleet.sources import read_sources
from slim.image.registry.access import ANONYMOUS, Access
from slim.limits import DEFAULT_LIMITS
from slim.rules.builtin import builtin_rules
from tests.support.building import Image, image, layer, save

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def fleet(images: int, bases: int, seed: int = 0) -> list[Image]:
    """Images over some bases: each has its base's layers, one that a few share, and one of its own.

    Two images may have the same layer on different bases, the same file in different layers, and a
    layer twice.
    """
    random = Random(seed)  # noqa: S311
    built = [
        [
            layer(
                {f"base{base}/{part}": random.randbytes(3_000 + 700 * part)}, created_by="ADD / /"
            )
            for part in range(2 + base % 2)
        ]
        for base in range(bases)
    ]
    common = [
        layer(
            {f"lib/shared{part}": random.randbytes(5_000)},
            compression="gzip",
            created_by=f"COPY lib{part} /lib",
        )
        for part in range(max(1, images // 4))
    ]
    same = random.randbytes(40_000)
    found = []
    for number in range(images):
        own = layer(
            {f"app/{number}": random.randbytes(1_000 + number), "app/copied": same},
            compression=("none", "gzip", "zstd")[number % 3],
            created_by=f"COPY app{number} /app",
        )
        layers = [*built[number % bases], common[number % len(common)], own]
        if number % 5 == 4:
            layers.append(common[number % len(common)])
        labels = {"team": f"team{number % 3}"}
        found.append(
            image(
                *layers,
                tags=(f"registry.example/team{number % 3}/app{number}:1",),
                config={"Labels": labels},
            )
        )
    return found


def write_fleet(folder: Path, images: Iterable[Image], form: str = "oci-dir") -> list[Path]:
    """Each image as a layout or archive of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    ending = "" if form == "oci-dir" else ".tar"
    return [
        save(image, folder / f"app{number}{ending}", form) for number, image in enumerate(images)
    ]


@dataclass
class Truth:
    """The sums of a fleet, by sets and loops over its manifests."""

    blobs: dict[str, int] = field(default_factory=dict)
    owners: dict[str, set[str]] = field(default_factory=dict)

    @property
    def distinct_bytes(self) -> int:
        return sum(self.blobs.values())

    @property
    def unique_bytes(self) -> int:
        return sum(size for key, size in self.blobs.items() if len(self.owners[key]) == 1)

    @property
    def shared_bytes(self) -> int:
        return sum(size for key, size in self.blobs.items() if len(self.owners[key]) > 1)

    def taken(self, *owners: str) -> int:
        """What these need, each blob once."""
        return sum(size for key, size in self.blobs.items() if self.owners[key] & set(owners))

    def freed(self, *owners: str) -> int:
        """What goes when these go."""
        return sum(size for key, size in self.blobs.items() if self.owners[key] <= set(owners))


def truth_of(manifests: Mapping[str, bytes]) -> Truth:
    """From the manifest of each image by its name."""
    found = Truth()
    for name, data in manifests.items():
        document = json.loads(data)
        parts = [
            (part["digest"], part["size"]) for part in (document["config"], *document["layers"])
        ]
        parts.append((f"sha256:{hashlib.sha256(data).hexdigest()}", len(data)))
        for digest, size in parts:
            found.blobs[digest] = size
            found.owners.setdefault(digest, set()).add(name)
    return found


class Inline:
    """Runs the tasks of a scan in this process, one after the other."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def run(self, tasks: Iterable[Task]) -> Iterator[work.Done]:
        for key, function, argument in tasks:
            self.keys.append(key)
            yield function(argument)


@contextmanager
def inline(context: work.Context, runner: Any = None) -> Iterator[Any]:
    work.begin(context)
    yield runner or Inline()


def scan_options(store: Path, access: Access = ANONYMOUS, **more: Any) -> ScanOptions:
    return ScanOptions(
        store=str(store),
        access=access,
        limits=DEFAULT_LIMITS,
        rules=builtin_rules(VOCABULARY),
        now=NOW,
        selection=Selection(**more),
    )


def scan(
    store: Path, *sources: str | Path, access: Access = ANONYMOUS, runner: Any = None, **more: Any
) -> Summary:
    """Scan sources into a store, in this process."""
    return scan_fleet(
        read_sources(map(str, sources)),
        scan_options(store, access, **more),
        lambda context: inline(context, runner),
        lambda number: None,
    )
