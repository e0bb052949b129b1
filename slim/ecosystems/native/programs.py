"""Programs of C, C++ and other languages of machine code: the program, without symbols, and what it links to.

What is known of them is in their files: the libraries. How they are built only the image's history says; a
program that was linked here is stripped in the build stage, with the `strip` that came with the linker.
Source: GNU binutils' manual, "strip"; GNU coding standards, "Makefile Conventions".
"""

from __future__ import annotations

from collections.abc import Collection

from slim.ecosystems.native.rebuild import STRIPPED_HEADERS, files_beside
from slim.entrypoint.runs import Command
from slim.entrypoint.tables import raw_names
from slim.files.view import below as join
from slim.files.view import decoded, encoded
from slim.packages.owners import NOBODY
from slim.rebuild.application import MAY_BE_READ, Leftover, beside, paths_of
from slim.rebuild.interpreted import copied, home_of
from slim.rebuild.model import FROM_APPLICATION, Given, KeptFiles, Plan
from slim.rebuild.packaged import packaged
from slim.rebuild.trees import below, copies, row_at

_LEFTOVER = Leftover(
    endings=(
        *b".c .cc .cpp .cxx .h .hh .hpp .hxx .s .S .asm .f .f90 .hs .ml .mli .zig .nim".split(),
        *b".d .adb .ads .cr .la .lo .gch .cmake .ninja .m4 .ac .am .in".split(),
    ),
    names=raw_names(
        "CMakeLists.txt CMakeCache.txt CMakeFiles CMakePresets.json configure config.log config.status "
        "autom4te.cache libtool compile_commands.json meson.build meson_options.txt meson-private "
        "meson-info .deps .libs conanfile.txt conanfile.py vcpkg.json BUILD.bazel WORKSPACE"
    ),
)
"""What a project has besides the files that its program may read."""
_PREFIX = (b"bin", b"sbin", b"lib", b"lib64", b"libexec", b"share", b"etc")
"""Where `make install` puts what runs and what it reads, …"""
_FOR_BUILDS = (b".a", b".la", b".o", b".h", b".hpp", b".pc", b".cmake")
_FOR_PEOPLE = (b"share/man/", b"share/doc/", b"share/info/", b"share/aclocal/", b"share/pkgconfig/")
"""… and what of that no program reads."""
_STRIP = (b"usr/bin/strip", b"usr/local/bin/strip", b"bin/strip")


def plan(given: Given) -> Plan | None:
    """What to keep of an image that runs a program of machine code; None where it is not known."""
    families = given.facts.families
    for command in given.facts.runs.final:
        row = row_at(given.view, encoded(command.path)) if command.path else None
        if families[command] == "native" and row is not None:
            known = given.owned.owner[row] != NOBODY
            if known:
                return packaged(given, command, "native", row, serves=True)
            return _plan(given, command, row)
    return None


def _plan(given: Given, command: Command, row: int) -> Plan:
    path = given.view.files.path(row)
    home = home_of(given, command, "native")
    homes = () if home is None else (home,)
    rows = beside(given, homes, _LEFTOVER)
    paths = [path for home in homes for path in paths_of(given, rows, home)]
    strip = _was_linked_here(given, row)
    installed = _installed_with(given, row, homes)
    return Plan(
        stack="native",
        parts=(
            KeptFiles(
                "the program",
                "it is what runs, without symbols" if strip else "it is what runs",
                [row],
                strip=strip,
                spare=STRIPPED_HEADERS if strip else 0,
                paths=(path,),
            ),
            files_beside(rows, paths),
            KeptFiles(
                "what was installed with it",
                "the same step put it below the directory in which the program was installed",
                installed,
                loses=FROM_APPLICATION,
                unsure=True,
            ),
        ),
        runtime=(path,),
        homes=homes,
        strips=(path,) if strip else (),
        values={"program": "/" + decoded(path)},
        copies=copied(b"", [path, *paths]),
        guesses=(MAY_BE_READ,) if rows else (),
    )


def _installed_with(given: Given, row: int, homes: Collection[bytes]) -> list[int]:
    """Rows that the layer of a program in PREFIX/bin has elsewhere below PREFIX, and no package owns."""
    files, view = given.view.files, given.view
    prefix, _, last = files.path(row).rpartition(b"/")[0].rpartition(b"/")
    if last not in (b"bin", b"sbin"):
        return []
    inside = tuple(home + b"/" for home in homes)
    found: list[int] = []
    for other in (each for name in _PREFIX for each in below(view, join(prefix, name))):
        path = files.path(other)
        if (
            files.layer_of(other) == files.layer_of(row)
            and given.owned.owner[other] == NOBODY
            and not path.endswith(_FOR_BUILDS)
            and not path[len(prefix) :].lstrip(b"/").startswith(_FOR_PEOPLE)
            and not path.startswith(inside)
        ):
            found.append(other)
    return found


def _was_linked_here(given: Given, row: int) -> bool:
    """Whether an instruction of this image linked the program, and the image has what strips it.

    One that was copied or downloaded may carry data behind its sections, which `strip` would take.
    """
    files = given.view.files
    body = files.body.get(row, row)
    elf = files.elfs.get(body)
    if elf is None or not elf.debug_bytes + elf.symtab_bytes:
        return False
    if copies(given.history[files.layer_of(body)].created_by):
        return False
    return any(row_at(given.view, place) is not None for place in _STRIP)
