"""A conda environment: the packages that the program runs with, by what they say they depend on.

Other environments, the cache of packages and conda itself stay in the build stage. What was asked for by name
is taken to be used where nothing shows that it is not.
Source: conda's documentation, "Managing environments", `PrefixRecord`.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable

from msgspec import Struct

from slim.entrypoint.tables import names
from slim.files.view import below as join
from slim.files.view import decoded
from slim.packages.owners import NOBODY
from slim.packages.package import Package, parent
from slim.rebuild.base import closure
from slim.rebuild.libraries import libraries
from slim.rebuild.model import Given, Uninstall
from slim.rebuild.quoting import literal
from slim.rebuild.trees import below

_TOOLS = names(
    "conda mamba micromamba conda-libmamba-solver conda-build conda-pack conda-lock anaconda-client boa "
    "pip setuptools wheel uv poetry pipx compilers c-compiler cxx-compiler fortran-compiler gcc gxx gfortran "
    "clang clangxx binutils make cmake ninja meson pkg-config autoconf automake libtool swig patchelf git "
    "pytest black ruff flake8 mypy isort pylint pre-commit"
)
"""Packages that install, build and check, as people ask for them by name."""
_TOOL_ENDINGS = ("_linux-64", "_linux-aarch64")
"""Of compilers for one platform."""
_NOT_RUN = frozenset((b"pkgs", b"envs", b"conda-bld", b"condabin"))
"""Directories of an installation that are about other environments."""
_REMOVES = (
    "import glob, json, os, sys; [os.path.lexists(file) and os.remove(file)"
    ' for meta in glob.glob("conda-meta/*.json") for about in [json.load(open(meta))]'
    ' if about["name"] in sys.argv[1:] for file in [*about["files"], meta]]'
)
"""Deletes the files of packages that are named, in an environment."""
_MOST_ASKED = 500
_ACTIVATION = b"etc/conda/activate.d"


class Kept(Struct, frozen=True):
    """What of an environment stays."""

    rows: list[int]
    maybe: list[int]
    """Left out, although the program may use it."""
    doubtful: list[int]
    """Kept, although nothing shows that the program uses it."""
    uninstall: tuple[Uninstall, ...]
    specifications: list[str]
    """`NAME=VERSION` of what is asked for by name."""
    guesses: tuple[str, ...]


def environment_of(given: Given, path: bytes) -> bytes | None:
    """The environment in whose `bin` a program is."""
    home = parent(path, 2)
    return home if home and given.view.is_dir(join(home, b"conda-meta")) else None


def keep(
    given: Given,
    prefix: bytes,
    started: Iterable[int],
    libraries_left: Collection[int],
    unused: tuple[Collection[int], Collection[int]],
) -> Kept:
    """What an environment keeps.

    Args:
        started: rows of what runs in it.
        libraries_left: packages of a language's own manager that stay behind.
        unused: the same of those that were asked for and that nothing seems to use; and of those of which
            nothing shows that they are used.
    """
    packages, owner, files = given.graph.packages, given.owned.owner, given.view.files
    meta = join(prefix, b"conda-meta") + b"/"
    ours = [
        index
        for index, package in enumerate(packages)
        if package.manager == "conda" and package.record.startswith(meta)
    ]
    mine = frozenset(ours)
    rows = [row for row in below(given.view, prefix) if not _is_elsewhere(files.path(row), prefix)]
    foreign = [row for row in rows if owner[row] not in mine and owner[row] not in libraries_left]
    linked = libraries(given.view, [row for row in foreign if row in files.elfs], given.facts.env)
    used = mine.intersection(owner[row] for row in (*started, *linked))
    asked = _asked(given, ours)
    gone = [_holders(given, each) for each in unused]
    likely = closure(given.graph, sorted((asked - gone[0]) | used))
    least = closure(given.graph, sorted((asked - gone[1]) | used))
    most = closure(given.graph, sorted(asked | used))
    kept = [row for row in rows if owner[row] in likely] + foreign
    return Kept(
        kept,
        [row for row in rows if owner[row] in most - likely],
        [row for row in rows if owner[row] in likely - least],
        removal(prefix, mine - likely),
        [
            f"{packages[index].name}={packages[index].version}"
            for index in sorted((asked & likely) | used, key=lambda index: packages[index].name)
        ][:_MOST_ASKED],
        _guesses(given, prefix, kept),
    )


def _is_elsewhere(path: bytes, prefix: bytes) -> bool:
    """Whether a file of an installation is not one of its own environment."""
    return path[len(prefix) + 1 :].partition(b"/")[0] in _NOT_RUN


def _asked(given: Given, ours: list[int]) -> frozenset[int]:
    """What was asked for by name; where no record says so, what no other needs. No tools."""
    packages = given.graph.packages
    asked = {index for index in ours if packages[index].auto is False}
    if not asked:
        needed = {
            provider
            for index in ours
            for each in given.graph.depends[index]
            for name in each
            for provider in given.graph.providers[name]
            if provider != index
        }
        asked = set(ours) - needed
    return frozenset(index for index in asked if not _is_tool(packages[index]))


def _is_tool(package: Package) -> bool:
    return package.name in _TOOLS or package.name.endswith(_TOOL_ENDINGS)


def _holders(given: Given, libraries_: Collection[int]) -> frozenset[int]:
    """Packages of conda all of whose libraries of a language are among some."""
    owner, packages = given.owned.owner, given.graph.packages
    holding: dict[int, set[int]] = {}
    for index, package in enumerate(packages):
        row = given.view.row(package.record) if package.manager == "python" else None
        if row is not None and owner[row] != NOBODY and packages[owner[row]].manager == "conda":
            holding.setdefault(owner[row], set()).add(index)
    chosen = frozenset(libraries_)
    return frozenset(holder for holder, held in holding.items() if held <= chosen)


def removal(prefix: bytes, left: frozenset[int]) -> tuple[Uninstall, ...]:
    """How packages leave the environment: conda does not remove itself, nor what another needs."""
    place = literal(f"/{decoded(prefix)}")
    command = f"cd {place} && bin/python -c {shlex.quote(_REMOVES)}"
    return (Uninstall(left, command, why="What the program does not run with."),) if place else ()


def _guesses(given: Given, prefix: bytes, kept: Iterable[int]) -> tuple[str, ...]:
    place = join(prefix, _ACTIVATION) + b"/"
    scripts = [path for row in kept if (path := given.view.files.path(row)).startswith(place)]
    if not scripts:
        return ()
    return (
        f"the program does not need the variables that activation sets: /{decoded(scripts[0])}"
        + (f" and {len(scripts) - 1} more" if len(scripts) > 1 else ""),
    )
