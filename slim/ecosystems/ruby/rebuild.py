"""Ruby: the interpreter, the gems that the application runs with, and the application.

Gems are those of the Gemfile outside of the groups of development, with what they need; where they are
packages of the distribution, these are installed. Without a Gemfile all gems stay that no finding takes.
Compilers, headers, documentation and the archives of installed gems stay in the build stage.
Source: Bundler, "bundle install" (groups, BUNDLE_WITHOUT); RubyGems' directories; Debian's Ruby policy.
"""

from __future__ import annotations

import re

from slim.ecosystems.ruby.bundle import DEVELOPMENT, Lock, closure, gemfile, installed_needs, lock
from slim.ecosystems.shared import without
from slim.entrypoint.runs import Command
from slim.files.view import below as join
from slim.files.view import decoded, encoded
from slim.packages.owners import NOBODY
from slim.packages.package import parent
from slim.patterns import regex
from slim.rebuild.interpreted import copied, home_of, listed, main_command, named, system_owner
from slim.rebuild.model import FROM_APPLICATION, Given, KeptFiles, Plan
from slim.rebuild.trees import below, row_at, rows_at

_BUILDS = frozenset(
    (
        *("ruby-full", "ruby-dev", "ri", "ruby-rspec", "rubocop", "gem2deb"),
        *("nodejs", "npm", "yarn", "yarnpkg"),
    )
)
"""Packages that install all of Ruby, build assets or test."""
_PROGRAM = regex(rb"ruby[0-9.]*")
_SCRIPTS = (b"bundle", b"bundler", b"gem", b"rake")
"""Scripts beside the interpreter that applications start."""


def plan(given: Given) -> Plan | None:
    """What to keep of an image that runs a program of Ruby; None where it is not known which."""
    command = main_command(given, "ruby")
    if command is None:
        return None
    binary = _binary(given, command)
    home = home_of(given, command, "ruby")
    if binary is None or home is None:
        return None
    owner = system_owner(given, binary)
    prefix = given.view.files.path(binary).rpartition(b"/bin/")[0]
    needed, left = _gems(given, home)
    own_gems = join(prefix, b"lib/ruby/gems")
    places = [
        home for home in given.facts.roots.of("gem_home") if not (b"/" + home).endswith(b"-doc")
    ]
    packages: list[int] = []
    gem_rows: list[int] = []
    kept = frozenset(index for index in _indexes(given) if _stays(given, index, needed, left))
    for index in sorted(kept):
        record = row_at(given.view, given.graph.packages[index].record)
        system = None if record is None else system_owner(given, record)
        # Gems of the distribution that the Gemfile names; others come along with what needs them.
        if system is not None and needed is not None:
            packages.append(system)
    installed: list[bytes] = []
    for place in places:
        rows = _of_home(given, place, kept)
        gem_rows += rows
        installed += [place] if rows else []
    stdlib = join(prefix, b"lib/ruby")
    runtime: list[int] = []
    if owner is None:
        runtime = [
            binary,
            *rows_at(given.view, [join(prefix, b"bin/" + name) for name in _SCRIPTS]),
        ]
        runtime += [
            row
            for row in below(given.view, stdlib)
            if not given.view.files.path(row).startswith(own_gems + b"/")
            and not given.view.files.name[row].endswith(b".a")
        ]
    names = (
        sorted({given.graph.packages[index].name for index in kept}) if needed is not None else []
    )
    inside = (home + b"/", *((stdlib + b"/",) if owner is None else ()))
    gem_places = [place for place in installed if not place.startswith(inside)]
    by_hand = [] if owner is not None else [given.view.files.path(binary), stdlib]
    return Plan(
        stack="ruby",
        parts=(
            KeptFiles(
                "the application",
                "the project, without what findings would delete",
                [
                    row
                    for row in without(given, home, (b"node_modules",))
                    if not _in_any(given, row, places)
                ],
                loses=FROM_APPLICATION,
                paths=(home,),
            ),
            KeptFiles(
                "gems",
                f"those of the Gemfile for production, and what they need: {listed(names)}"
                if names
                else "all that are installed: no Gemfile says which are needed",
                gem_rows,
                loses=FROM_APPLICATION,
                paths=tuple(places),
            ),
            KeptFiles("Ruby", "interpreter and standard library", runtime, paths=(stdlib,)),
        ),
        runtime=(given.view.files.path(binary),),
        packages=tuple(
            dict.fromkeys(
                [*([] if owner is None else [*named(given, ("ruby",)), owner]), *packages]
            )
        ),
        builds=_BUILDS,
        homes=(home, *(place for place in places if not given.facts.roots.is_system(place))),
        values={
            "home": f"/{decoded(home)}",
            **({} if owner is not None else {"own_toolchain": "yes"}),
            **({"bundle": "yes"} if installed and _has_gemfile(given, home) else {}),
            **({"assets": "yes"} if given.view.is_dir(join(home, b"public/assets")) else {}),
        },
        copies=tuple(
            pair
            for path in dict.fromkeys([home, *gem_places, *by_hand])
            for pair in copied(path, ())
        ),
    )


def _has_gemfile(given: Given, home: bytes) -> bool:
    return given.view.is_file(join(home, b"Gemfile"))


def _binary(given: Given, command: Command) -> int | None:
    for path in (encoded(command.path), b"usr/local/bin/ruby", b"usr/bin/ruby"):
        row = row_at(given.view, path) if path else None
        if row is not None and _PROGRAM.fullmatch(given.view.files.name[row]):
            return row
    return None


def _indexes(given: Given) -> list[int]:
    return [index for index, package in enumerate(given.graph.packages) if package.manager == "gem"]


def _gems(given: Given, home: bytes) -> tuple[frozenset[str] | None, Lock | None]:
    """The gems that are needed, by name, and the lock file; (None, …) where no Gemfile says it."""
    view = given.view
    locked = view.read(join(home, b"Gemfile.lock"))
    read = None if locked is None else lock(locked)
    written = view.read(join(home, b"Gemfile"))
    if written is None and read is None:
        return None, None
    groups = set(DEVELOPMENT)
    groups.update(re.findall(r"\w+", given.facts.env.get("BUNDLE_WITHOUT", "")))
    declared, dropped = gemfile(written or b"", groups)
    roots = set(declared)
    if read is not None:
        roots.update(name for name in read.roots if name not in dropped)
    # What the image starts is needed, whoever asked for it: foreman, puma.
    roots.update(command.name for command in given.facts.runs.all)
    gems = [given.graph.packages[index] for index in _indexes(given)]
    needs: dict[str, tuple[str, ...]] = installed_needs(gems)
    for name, others in (read.needs if read is not None else {}).items():
        needs[name] = (*needs.get(name, ()), *others)
    return closure(roots, needs), read


def _stays(given: Given, index: int, needed: frozenset[str] | None, read: Lock | None) -> bool:
    """Whether a gem is needed, in the version that is locked."""
    gem = given.graph.packages[index]
    if needed is None or gem.record.rpartition(b"/")[0].endswith(b"specifications/default"):
        return True
    if gem.name not in needed:
        return False
    version = read.versions.get(gem.name, "") if read is not None else ""
    if not version or gem.version == version:
        return True
    return not any(
        given.graph.packages[other].name == gem.name
        and given.graph.packages[other].version == version
        for other in _indexes(given)
    )


def _of_home(given: Given, place: bytes, kept: frozenset[int]) -> list[int]:
    """What a gem home keeps: its needed gems, and what is of no gem; no archives, no documentation."""
    left = tuple(join(place, name) + b"/" for name in (b"cache", b"doc", b"build_info"))
    owner, packages = given.owned.owner, given.graph.packages
    found = []
    for row in below(given.view, place):
        index = owner[row]
        if given.view.files.path(row).startswith(left) or system_owner(given, row) is not None:
            continue
        gem = index != NOBODY and packages[index].manager == "gem"
        if not gem or index in kept or _bundled(given, index):
            found.append(row)
    return found


def _bundled(given: Given, index: int) -> bool:
    """Whether a gem came with an interpreter that was compiled: it lies in its own gem home."""
    record = given.graph.packages[index].record
    home = parent(record, 2)
    return b"/lib/ruby/gems/" in b"/" + home and given.view.is_dir(
        join(home, b"specifications/default")
    )


def _in_any(given: Given, row: int, places: list[bytes]) -> bool:
    path = given.view.files.path(row)
    return any(path.startswith(place + b"/") for place in places)
