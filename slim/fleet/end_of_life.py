"""Until when a distribution gets free updates from those who make it.

`end_of_life.csv` has the days; `make end-of-life` brings them up to date from their sources. Distributions
that say the day themselves (`SUPPORT_END` in os-release: Fedora, Amazon Linux, Alma, Rocky) are not in it.
"""

from __future__ import annotations

import csv
import re
from functools import cache
from importlib.resources import files

from slim.patterns import regex

TABLE = "end_of_life.csv"
_VERSION = regex(r"\d+(?:\.\d+)*", re.ASCII)


@cache
def read_table() -> dict[tuple[str, str], str]:
    """(ID, version) → the last day, as `2028-06-30`."""
    text = files("slim.fleet").joinpath(TABLE).read_text("utf-8")
    return {(row["id"], row["version"]): row["ends"] for row in csv.DictReader(text.splitlines())}


def support_ends(os: str) -> str:
    """The last day of a distribution such as `alpine 3.20.3`: that of `alpine 3.20`; empty where unknown."""
    name, _, version = os.partition(" ")
    if not _VERSION.fullmatch(version):
        return ""
    table = read_table()
    while version:
        if day := table.get((name, version)):
            return day
        version = version.rpartition(".")[0]
    return ""
