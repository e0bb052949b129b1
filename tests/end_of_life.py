"""Brings slim/fleet/end_of_life.csv up to date: `make end-of-life`.

Debian and Ubuntu are taken from the files of the Debian package distro-info-data, the last day of free
updates of each: for Debian that of long-term support, for Ubuntu that of standard support. Alpine is taken
from its releases.json (https://alpinelinux.org/releases.json), where one is given. All other rows stay as
they are.

    python -m tests.end_of_life [--distro-info FOLDER] [--alpine releases.json]
"""

from __future__ import annotations

import argparse
import csv
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from slim.fleet import end_of_life

TABLE = Path(end_of_life.__file__).with_name(end_of_life.TABLE)
DISTRO_INFO = Path("/usr/share/distro-info")
FIELDS = ("id", "version", "ends", "source")
Row = dict[str, str]


def debian_rows(text: str) -> Iterator[Row]:
    """Releases with a day, from debian.csv."""
    yield from _rows("debian", text, ("eol-lts", "eol"))


def ubuntu_rows(text: str) -> Iterator[Row]:
    """The same from ubuntu.csv."""
    yield from _rows("ubuntu", text, ("eol",))


def _rows(name: str, text: str, columns: Iterable[str]) -> Iterator[Row]:
    for row in csv.DictReader(text.splitlines()):
        day = next((row[column] for column in columns if row.get(column)), "")
        version = row["version"].partition(" ")[0]
        if version and day:
            yield {"id": name, "version": version, "ends": day, "source": "distro-info-data"}


def alpine_rows(text: str) -> Iterator[Row]:
    """Branches with a day, from Alpine's releases.json."""
    for branch in json.loads(text)["release_branches"]:
        version = branch["rel_branch"].removeprefix("v")
        if branch.get("eol_date") and version != "edge":
            yield {
                "id": "alpine",
                "version": version,
                "ends": branch["eol_date"][:10],
                "source": "https://alpinelinux.org/releases/",
            }


def updated(text: str, fresh: Iterable[Row]) -> str:
    """The table with rows in place of those about the same versions."""
    rows = {(row["id"], row["version"]): row for row in csv.DictReader(text.splitlines())}
    rows |= {(row["id"], row["version"]): row for row in fresh}
    out = io.StringIO()
    writer = csv.DictWriter(out, FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows[key] for key in sorted(rows, key=_order))
    return out.getvalue()


def _order(key: tuple[str, str]) -> tuple[str, list[int]]:
    return key[0], [int(part) for part in key[1].split(".")]


def main() -> None:
    """Write the table again."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--distro-info", type=Path, default=DISTRO_INFO)
    parser.add_argument("--alpine", type=Path)
    arguments = parser.parse_args()
    fresh = [
        *debian_rows((arguments.distro_info / "debian.csv").read_text()),
        *ubuntu_rows((arguments.distro_info / "ubuntu.csv").read_text()),
        *(alpine_rows(arguments.alpine.read_text()) if arguments.alpine else ()),
    ]
    TABLE.write_text(updated(TABLE.read_text(), fresh))


if __name__ == "__main__":
    main()
