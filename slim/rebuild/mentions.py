"""Which words the application's own sources say: a program that none of them names is started by none.

Sources are kept while an image is read, as far as there is room (`Keep.heads`); sources that hold settings
are not, for they may hold passwords. Where one is missing, or the application is compiled, nothing is known,
and everything counts as named. Data files are not looked at, nor scripts that only the build ran: `RUN python
train.py`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from slim.files.table import Files, Kind
from slim.files.view import encoded
from slim.packages.graph import Graph
from slim.packages.owners import NOBODY
from slim.packages.package import SYSTEM
from slim.patterns import regex
from slim.rebuild.model import Clients, Given
from slim.rebuild.trees import below, copies, named, node_at

_NOT_RUN = frozenset((b"test", b"tests", b"spec", b"__tests__", b".git"))
_WORD = regex(rb"[A-Za-z0-9_+][A-Za-z0-9_+.-]{1,63}")
_PART = regex(rb"(?<![.\w])\w{2,64}|(?<=\.)\w{2,64}(?![\w\"'])", re.ASCII)
"""`pandas` of `pandas.core`; not what a file is called: `"model.onnx"`."""
_SOURCE = regex(r"(?<![\w./-])(?:\./)?((?:[\w.-]{1,64}/){0,8}[\w-]{1,64}\.[a-z]{2,4})(?![\w./-])")
"""A path of a script in a shell command."""
_MOST_OF_STEP = 4_096
_MOST_BYTES = 8 << 20
"""More sources are not searched."""
_ABOUT = (
    *(b"usr/share/bug/", b"usr/share/doc/", b"usr/share/lintian/", b"usr/share/man/"),
    b"var/lib/dpkg/",
)
"""Where a package has files that no program reads."""
_SCRIPTS = (b".sh", b".bash")
_PROGRAMS = (b"bin", b"sbin", b"usr/bin", b"usr/sbin", b"usr/games", b"usr/local/bin")


def words_of(
    given: Given, homes: Collection[bytes], without: tuple[bytes, ...] = ()
) -> frozenset[bytes] | None:
    """The words of all sources and scripts of the application; None where not all of them are known.

    Args:
        without: how the names of files end whose words do not count.
    """
    words, all_known = _known_words(given, homes, without)
    return words if all_known else None


def _known_words(
    given: Given, homes: Collection[bytes], without: tuple[bytes, ...] = ()
) -> tuple[frozenset[bytes], bool]:
    """The words of the sources and scripts that are known, and whether these are all."""
    found: set[bytes] = set()
    seen, all_known, left = False, True, _MOST_BYTES
    named_by_steps = _named_by_steps(given)
    started = {encoded(path) for path in given.facts.runs.resolved}
    of_build: list[tuple[bytes, bytes]] = []
    for row in _own(given, homes):
        name, text = given.view.files.name[row], given.view.files.texts.get(row)
        if without and name.endswith(without):
            continue
        left -= len(text or b"")
        if left < 0:
            all_known = False
            break
        if text is not None:
            if name in named_by_steps and given.view.files.path(row) not in started:
                of_build.append((name, text))
            else:
                found.update(_words(text))
            seen = seen or name.endswith(given.sources.kept)
        elif (
            name.endswith((*given.sources.kept, *given.sources.unread))
            and given.view.files.size[row]
        ):
            all_known = False
    for name, text in of_build:
        # A module of the application as well.
        if name.partition(b".")[0] in found:
            found.update(_words(text))
    for path in sorted(started):
        found.update(_WORD.findall(given.view.read(path) or b""))
    for command in given.facts.runs.all:
        for word in (command.name, *command.words):
            text = encoded(word)
            found.update((text, *_WORD.findall(text)))
    return frozenset(found), all_known and seen


def _words(text: bytes) -> set[bytes]:
    return {*_WORD.findall(text), *_PART.findall(text)}


def _named_by_steps(given: Given) -> frozenset[bytes]:
    """Names of the sources that RUN instructions name: `RUN python train.py`."""
    return frozenset(
        encoded(path.rpartition("/")[2])
        for _, text in texts_of_runs(given)
        for path in _SOURCE.findall(text)
        if encoded(path).endswith(given.sources.kept)
    )


def texts_of_runs(given: Given) -> Iterator[tuple[int, str]]:
    """(layer, how its text begins) of the instructions that copy nothing."""
    for layer, entry in enumerate(given.history):
        if not copies(entry.created_by):
            yield layer, entry.created_by[:_MOST_OF_STEP]


def programs_of(given: Given, packages: Collection[int]) -> dict[int, frozenset[bytes]]:
    """Package → the names under which its programs may be started; of one that only brings others, such as
    Debian's imagemagick, theirs."""
    brought = {package: _brought(given.graph, package) for package in packages}
    rows = given.owned.by_package
    files = given.view.files
    found: dict[int, frozenset[bytes]] = {}
    for package, others in brought.items():
        own: Sequence[int] = rows.get(package, ())
        if all(files.path(row).startswith(_ABOUT) for row in own):
            own = [row for other in others for row in rows.get(other, ())]
        found[package] = _program_names(files, own)
    return found


def _brought(graph: Graph, package: int) -> frozenset[int]:
    """What a package depends on, by whoever provides it."""
    needs = (name for names in graph.depends[package] for name in names)
    return frozenset(provider for name in needs for provider in graph.providers[name])


def _program_names(files: Files, rows: Iterable[int]) -> frozenset[bytes]:
    names: set[bytes] = set()
    for row in rows:
        if files.directory_path(files.directory[row]) in _PROGRAMS:
            name = files.name[row]
            # `convert-im7.q16` is started as `convert`.
            names |= {name, re.split(rb"[-.]", name)[0]}
    return frozenset(names)


def not_named(given: Given, homes: Collection[bytes], packages: Collection[int]) -> frozenset[int]:
    """Those of some system packages whose programs no source names and no library is known to start;
    packages without programs are not among them.

    Where not all sources are known, only `Sources.clients` are, which people and scripts start.
    """
    if not packages:
        return frozenset()
    every = given.graph.packages
    words, all_known = _known_words(given, homes)
    if not all_known:
        files = given.view.files
        scripts_known = not any(
            files.name[row].endswith(_SCRIPTS)
            and files.name[row] not in given.sources.settings
            and row not in files.texts
            for row in _own(given, homes)
        )
        packages = [
            index for index in packages if scripts_known and _clients(given, index) is not None
        ]
    called = {
        name
        for package in every
        if package.manager not in SYSTEM
        for name in given.sources.callers.get(package.name.lower(), ())
    }
    programs = programs_of(given, packages)
    for index in packages:
        if (clients := _clients(given, index)) is not None:
            programs[index] = frozenset(name.encode() for name in clients.programs)
    return frozenset(
        index
        for index in packages
        if every[index].name not in called
        and every[index].name.encode() not in words
        and programs[index]
        and words.isdisjoint(programs[index])
    )


def _clients(given: Given, package: int) -> Clients | None:
    name = given.graph.packages[package].name
    return next((each for each in given.sources.clients if each.packages.match(name)), None)


def _own(given: Given, homes: Collection[bytes]) -> Iterator[int]:
    """Rows of the application's files, without those of libraries, virtual environments and tests."""
    view, files = given.view, given.view.files
    environments = given.facts.roots.of("venv")
    without = named(view, _NOT_RUN | given.sources.libraries)
    without.update(node for path in environments if (node := node_at(view, path)) is not None)
    for home in homes:
        if any((home + b"/").startswith(path + b"/") for path in environments):
            continue
        for row in below(view, home, without):
            if files.kind[row] == Kind.FILE and (
                given.owned.owner[row] == NOBODY
                or given.graph.packages[given.owned.owner[row]].manager not in SYSTEM
            ):
                yield row
