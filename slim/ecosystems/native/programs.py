"""Programs of C, C++ and other languages of machine code: the program, without symbols, and what it links to.

What is known of them is in their files: the libraries. How they are built only the image's history says; a
program that was linked here is stripped in the build stage, with the `strip` that came with the linker.
Source: GNU binutils' manual, "strip"; GNU coding standards, "Makefile Conventions".
"""

from __future__ import annotations

from slim.ecosystems.native.rebuild import STRIPPED_HEADERS
from slim.entrypoint.runs import Command
from slim.files.view import decoded, encoded
from slim.packages.owners import NOBODY
from slim.rebuild.application import Leftover, beside, paths_of
from slim.rebuild.interpreted import copied, home_of, system_owner
from slim.rebuild.model import FROM_APPLICATION, Given, KeptFiles, Plan
from slim.rebuild.trees import copies, row_at

_LEFTOVER = Leftover(
    endings=(
        *(b".c", b".cc", b".cpp", b".cxx", b".h", b".hh", b".hpp", b".hxx", b".s", b".S", b".asm"),
        *(
            b".f",
            b".f90",
            b".hs",
            b".ml",
            b".mli",
            b".zig",
            b".nim",
            b".d",
            b".adb",
            b".ads",
            b".cr",
        ),
        *(b".la", b".lo", b".gch", b".cmake", b".ninja", b".m4", b".ac", b".am", b".in"),
    ),
    names=frozenset(
        (
            *(
                b"CMakeLists.txt",
                b"CMakeCache.txt",
                b"CMakeFiles",
                b"CMakePresets.json",
                b"configure",
            ),
            *(
                b"config.log",
                b"config.status",
                b"autom4te.cache",
                b"libtool",
                b"compile_commands.json",
            ),
            *(
                b"meson.build",
                b"meson_options.txt",
                b"meson-private",
                b"meson-info",
                b".deps",
                b".libs",
            ),
            *(b"conanfile.txt", b"conanfile.py", b"vcpkg.json", b"BUILD.bazel", b"WORKSPACE"),
        )
    ),
)
"""What a project has besides the files that its program may read."""
_STRIP = (b"usr/bin/strip", b"usr/local/bin/strip", b"bin/strip")


def plan(given: Given) -> Plan | None:
    """What to keep of an image that runs a program that no package has; None where it runs none.

    Where another stack runs, a program of a package stays with it.
    """
    families = given.facts.families
    native = [command for command in given.facts.runs.final if families[command] == "native"]
    owners: list[int] = []
    for command in native:
        row = row_at(given.view, encoded(command.path)) if command.path else None
        owner = None if row is None else system_owner(given, row)
        if row is not None and given.owned.owner[row] == NOBODY:
            return _plan(given, command, row)
        if owner is not None:
            owners.append(owner)
    others = any(stack.runs and stack.name != "native" for stack in given.facts.stacks)
    return Plan(stack="native", parts=(), packages=tuple(owners)) if owners and others else None


def _plan(given: Given, command: Command, row: int) -> Plan:
    path = given.view.files.path(row)
    home = home_of(given, command, "native")
    homes = () if home is None else (home,)
    rows = beside(given, homes, _LEFTOVER)
    paths = [path for home in homes for path in paths_of(given, rows, home)]
    strip = _was_linked_here(given, row)
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
            KeptFiles(
                "files beside it",
                "files of the project that are not sources: a program may read them",
                rows,
                loses=FROM_APPLICATION,
                paths=tuple(paths),
            ),
        ),
        runtime=(path,),
        homes=homes,
        strips=(path,) if strip else (),
        values={"program": "/" + decoded(path)},
        copies=copied(b"", [path, *paths]),
        guesses=("files of the project that are not sources may be read when the program runs",)
        if rows
        else (),
    )


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
