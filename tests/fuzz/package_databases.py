"""Package databases and manifests. An input is a number of a path, and what the file there holds.

Oracle: nothing is raised; faults are warnings; every package that is found can be used.
"""

from __future__ import annotations

from collections.abc import Iterator

from slim.ecosystems.catalog import read_catalog
from tests.fuzz.targets import LARGEST_SEED
from tests.support.package_databases import PATHS, SOUND, use
from tests.support.rpm import DATABASES


def seeds() -> Iterator[bytes]:
    for number, path in enumerate(PATHS):
        data = SOUND.get(path, DATABASES.get(path, b""))
        if len(data) < LARGEST_SEED:
            yield bytes([number]) + data


def check(data: bytes) -> None:
    if not data:
        return
    path = PATHS[data[0] % len(PATHS)]
    use(read_catalog({path: data[1:]}))
    use(read_catalog({**SOUND, path: data[1:]}))
