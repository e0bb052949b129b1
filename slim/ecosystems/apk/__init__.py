"""apk: Alpine."""

from __future__ import annotations

from slim.ecosystems.apk.packages import read_apk
from slim.ecosystems.apk.queries import virtual_left
from slim.ecosystems.model import Ecosystem, Reader
from slim.facts.known import Evidence, Known
from slim.facts.system import release_ids, statement
from slim.files.extract.texts import BIG, Keep


def _alpine(known: Known) -> Evidence:
    marked = known.view.exists(b"etc/alpine-release")
    if "alpine" in release_ids(known.view) or marked:
        return (statement(known.view) or "etc/alpine-release exists",)
    return ()


APK = Ecosystem(
    name="apk",
    keeps=(
        Keep(
            "/lib/apk/db/installed /usr/lib/apk/db/installed /etc/apk/world", 4 * BIG, database=True
        ),
    ),
    packages=Reader(read_apk, (b"lib/apk/db/installed",)),
    facts={"base.alpine": _alpine},
    queries={"apk.virtual_left": virtual_left},
)
