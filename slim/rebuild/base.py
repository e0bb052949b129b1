"""What the final stage stands on: the image's own first layers, or the packages of a base system.

The layers of a distribution's image are taken as they are, with all their bytes, if nothing in them
is of the application's language: then the same base stays below the rebuilt image, and is pulled once for
all that share it. Else the base is what the package database says no system of this distribution is
without: essential and required packages and what they depend on.
Source: Debian policy §3.7 and §3.8; rules.md of the catalogue names no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from slim.packages.graph import Graph
from slim.packages.reach import Reach
from slim.rebuild.model import Given
from slim.rebuild.trees import row_at

_DATABASES = (
    *(b"var/lib/dpkg/status", b"lib/apk/db/installed", b"usr/lib/apk/db/installed"),
    *(b"var/lib/rpm", b"usr/lib/sysimage/rpm", b"usr/share/rpm"),
)
_APK = frozenset(
    ("alpine-base", "alpine-baselayout", "alpine-keys", "apk-tools", "busybox", "musl-utils")
)
_RPM = frozenset(
    (
        *("setup", "filesystem", "basesystem", "bash", "coreutils", "coreutils-single", "glibc"),
        *("glibc-minimal-langpack", "rootfiles", "microdnf", "ca-certificates", "rpm"),
    )
)


def base_layers(given: Given, runtime: Sequence[bytes]) -> int:
    """How many first layers are a plain distribution; 0 where none are.

    Args:
        runtime: paths of the application's language, which no plain distribution has.
    """
    known = (row_at(given.view, path) for path in runtime)
    foreign = [row for row in known if row is not None]
    foreign += [
        row for path in given.facts.roots.compilers if (row := row_at(given.view, path)) is not None
    ]
    files = given.view.files
    for count in dict.fromkeys((given.base_layers, 1)):
        if not 0 < count < len(files.starts):
            continue
        end = files.starts[count]
        if all(row >= end for row in foreign) and _has_database(given, end):
            return count
    return 0


def base_packages(graph: Graph) -> frozenset[int]:
    """Packages of the system that no image of the distribution is without."""
    roots = [
        index
        for index, package in enumerate(graph.packages)
        if (package.manager == "dpkg" and (package.essential or package.required))
        or (package.manager == "apk" and package.name in _APK)
        or (
            package.manager == "rpm" and (package.name in _RPM or package.name.endswith("-release"))
        )
    ]
    return closure(graph, roots)


def closure(
    graph: Graph, roots: Iterable[int], without: Iterable[int] = (), *, first: bool = True
) -> frozenset[int]:
    """Packages, and all that is installed with them; or, without `first`, all that they may use now."""
    reach = Reach(graph, frozenset(without), first=first)
    reach.start(roots)
    return frozenset(reach.order)


def _has_database(given: Given, end: int) -> bool:
    """Whether a package database was in the layers, by the name of its file or directory."""
    files = given.view.files
    paths = {path.rpartition(b"/")[::2] for path in _DATABASES}
    names = {name for _, name in paths}
    return any(
        files.name[row] in names
        and (files.directory_path(files.directory[row]), files.name[row]) in paths
        for row in range(end)
    )


def needed_by_others(graph: Graph, packages: Iterable[int]) -> frozenset[int]:
    """Packages that any of some others depends on, whoever provides it."""
    return frozenset(
        provider
        for index in packages
        for names in graph.depends[index]
        for name in names
        for provider in graph.providers[name]
        if provider != index
    )
