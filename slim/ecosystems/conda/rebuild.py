"""A conda environment: the packages that the program runs with, by what they say they depend on.

Other environments, the cache of packages and conda itself stay in the build stage. What was asked for by name
is taken to be used where nothing shows that it is not.
Source: conda's documentation, "Managing environments", `PrefixRecord`.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Collection, Iterable

from msgspec import Struct

from slim.entrypoint.tables import names
from slim.files.view import below as join
from slim.files.view import decoded, encoded
from slim.packages.documents import load_object, text_of
from slim.packages.owners import NOBODY
from slim.packages.package import Package, PackageWarnings, parent
from slim.patterns import regex
from slim.rebuild.base import closure, needed_by_others
from slim.rebuild.build_steps import is_of_toolchain
from slim.rebuild.interpreted import copied
from slim.rebuild.libraries import libraries
from slim.rebuild.model import FROM_APPLICATION, Given, KeptFiles, Plan, Uninstall
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
_ACTIVATES = regex(
    rb"(?:\bsource|\.)\s+\S*activate\b|\b(?:conda|mamba)\s+(?:activate|shell)|conda\.sh\b"
)
"""How a shell gets at the programs of a conda environment."""
_PLATFORM = regex(r"/(?:noarch|(?:linux|osx|win)-[a-z0-9_]{1,20})$")
_CHANNEL = regex(r"https?://[^/\s]{1,255}/([^/\s]{1,255})")
"""An address of one name: that of a channel where conda looks for one."""
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
    channels: list[str]
    """Where the packages that stay are from, those of most first."""
    pip: list[str]
    """`NAME==VERSION` of what pip installed into it by name."""
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
    explicit = _asked(given, ours)
    gone = [_holders(given, each) for each in unused]
    likely = closure(given.graph, sorted((explicit - gone[0]) | used))
    least = closure(given.graph, sorted((explicit - gone[1]) | used))
    most = closure(given.graph, sorted(explicit | used))
    kept = [row for row in rows if owner[row] in likely] + foreign
    named = sorted((explicit & likely) | used, key=lambda index: packages[index].name)[:_MOST_ASKED]
    return Kept(
        kept,
        [row for row in rows if owner[row] in most - likely],
        [row for row in rows if owner[row] in likely - least],
        removal(prefix, mine - likely),
        [f"{packages[index].name}={packages[index].version}" for index in named],
        _channels(given, sorted(likely)[:_MOST_ASKED]),
        _of_pip(given, prefix, libraries_left),
        _guesses(given, prefix, kept),
    )


def _channels(given: Given, chosen: Iterable[int]) -> list[str]:
    """The channels of packages, as `conda create` takes them: names such as `conda-forge`, addresses where a
    name would not do, and none that holds a token or a password."""
    found: Counter[str] = Counter()
    for index in chosen:
        path = given.graph.packages[index].record
        record = load_object(given.view.read(path) or b"{}", path, PackageWarnings()) or {}
        address = text_of(record.get("channel")).rstrip("/")
        if "@" in address or "/t/" in address:
            continue
        address = _PLATFORM.sub("", address)
        name = _CHANNEL.fullmatch(address)
        found[name[1] if name is not None else address] += 1
    return [channel for channel, _ in found.most_common() if channel]


def _of_pip(given: Given, prefix: bytes, left: Collection[int]) -> list[str]:
    """What pip installed into an environment by name and from an index: no project of a directory."""
    packages, view = given.graph.packages, given.view
    found: list[str] = []
    for index, package in enumerate(packages):
        if package.manager != "python" or index in left or package.auto is True:
            continue
        if not package.record.startswith(prefix + b"/") or package.name.lower() in _TOOLS:
            continue
        row = view.row(package.record)
        holder = NOBODY if row is None else given.owned.owner[row]
        by_conda = holder != NOBODY and packages[holder].manager == "conda"
        if not by_conda and not view.exists(join(parent(package.record), b"direct_url.json")):
            found.append(f"{package.name}=={package.version}")
    return sorted(found)[:_MOST_ASKED]


def _is_elsewhere(path: bytes, prefix: bytes) -> bool:
    """Whether a file of an installation is not one of its own environment."""
    return path[len(prefix) + 1 :].partition(b"/")[0] in _NOT_RUN


def _asked(given: Given, ours: list[int]) -> frozenset[int]:
    """What was asked for by name; where no record says so, what no other needs. No tools."""
    packages = given.graph.packages
    explicit = {index for index in ours if packages[index].auto is False}
    if not explicit:
        explicit = set(ours) - needed_by_others(given.graph, ours)
    return frozenset(index for index in explicit if not _is_tool(packages[index]))


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


def activates(given: Given) -> bool:
    """Whether a shell activates the environment when the image starts, or conda starts the program and cannot
    be left out: what it takes for that lies outside of the environment."""
    runs = given.facts.runs
    if runs.direct:
        return False
    texts = [encoded(word) for word in (*given.config.entrypoint, *given.config.cmd)]
    scripts = {encoded(command.how) for command in runs.commands}
    texts += [given.view.read(path) or b"" for path in sorted(scripts)]
    return any(command.runner for command in runs.commands) or any(
        _ACTIVATES.search(text) for text in texts
    )


def plan_of(
    given: Given, home: bytes, binary: int, environment: bytes, kept: Kept, least: frozenset[int]
) -> Plan:
    """What to keep where the interpreter is one of a conda environment."""
    view, owner = given.view, given.owned.owner
    inside = environment + b"/"
    place = f"/{decoded(environment)}"
    direct = given.facts.runs.direct
    if direct and view.exists(join(environment, b"bin/" + encoded(direct[0]))):
        direct = (f"{place}/bin/{direct[0]}", *direct[1:])
    code = [row for row in below(view, home) if not view.files.path(row).startswith(inside)]
    search = given.facts.env.get("PATH", "")
    return Plan(
        stack="conda",
        parts=(
            KeptFiles(
                "the application",
                "the project, without what findings would delete",
                code if home != environment else [],
                loses=FROM_APPLICATION,
                paths=(home,),
            ),
            KeptFiles(
                "the conda environment",
                "packages that were asked for, and what they depend on; no conda and no cache",
                kept.rows,
                loses=FROM_APPLICATION,
                paths=(environment,),
            ),
        ),
        runtime=(view.files.path(binary),),
        maybe=tuple(kept.maybe),
        doubtful=(*kept.doubtful, *(row for row in kept.rows if owner[row] in least)),
        uninstalls=kept.uninstall,
        homes=(home, *given.facts.roots.of("conda")),
        values={
            "home": f"/{decoded(home)}",
            "environment": place,
            "packages_words": " ".join([*kept.specifications, *(["pip"] if kept.pip else [])]),
            "channels_words": " ".join(kept.channels),
            "pip_words": " ".join(kept.pip),
            **(
                {}
                if f"{place}/bin" in search.split(":")
                else {"environment_path": ":".join(filter(None, (f"{place}/bin", search)))}
            ),
            **(
                {"own_toolchain": "yes", "any_toolchain": "yes"}
                if is_of_toolchain(given, binary)
                else {}
            ),
        },
        copies=copied(home, [environment, home]),
        command=direct,
        skips=frozenset(command.name for command in given.facts.runs.commands if command.runner)
        if direct
        else frozenset(),
        guesses=kept.guesses,
    )
