"""The shared libraries that programs need, by what their ELF headers ask the loader for.

A name is looked up in the file's own RPATH or RUNPATH, in LD_LIBRARY_PATH and in the system's library
directories, as ld.so(8) does; musl's loader knows fewer directories, and finds no less here. What the C
library loads by name at run time, name services and character sets, is kept by package: they are the C
library's own files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from slim.files.extract.found import Elf
from slim.files.view import View, below, encoded
from slim.rebuild.trees import row_at

_SYSTEM = (
    *(b"lib", b"usr/lib", b"lib64", b"usr/lib64", b"usr/local/lib", b"usr/local/lib64"),
    b"usr/lib/private",
)
_MAX_DIRECTORIES = 256
_MAX_FILES = 100_000


def libraries(view: View, programs: Iterable[int], env: Mapping[str, str]) -> list[int]:
    """Rows of the libraries and the loader that programs need, and that these need; sorted.

    Args:
        programs: rows of any files; those that are not programs or libraries need nothing.
    """
    places = [*_split(env.get("LD_LIBRARY_PATH", "")), *_system(view)]
    known: dict[bytes, int | None] = {}
    found: set[int] = set()
    seen: set[int] = set()
    todo = list(programs)
    while todo and len(seen) < _MAX_FILES:
        row = todo.pop()
        body = view.files.body.get(row, row)
        if body in seen:
            continue
        seen.add(body)
        elf = view.files.elfs.get(body)
        if elf is None:
            continue
        own = _own(elf, view.files.path(row).rpartition(b"/")[0])
        for needed in (*elf.links.needed, elf.links.interpreter):
            target = _find(view, needed, own, places, known)
            if target is not None and target not in found:
                found.add(target)
                todo.append(target)
    return sorted(found)


def _find(
    view: View, needed: bytes, own: list[bytes], places: list[bytes], known: dict[bytes, int | None]
) -> int | None:
    if not needed:
        return None
    if b"/" in needed:
        return _library(view, needed)
    for place in own:
        row = _library(view, below(place, needed))
        if row is not None:
            return row
    if needed not in known:
        rows = (_library(view, below(place, needed)) for place in places)
        known[needed] = next((row for row in rows if row is not None), None)
    return known[needed]


def _library(view: View, path: bytes) -> int | None:
    """The row of the library at a path. The loader takes ELF files only: `libc.so` of the GNU C library is
    a text for the linker, and a module that was built with musl asks for a library of that name."""
    row = row_at(view, path)
    body = None if row is None else view.files.body.get(row, row)
    return row if body in view.files.elfs else None


def _own(elf: Elf, home: bytes) -> list[bytes]:
    """The directories that the file itself names."""
    paths = (elf.links.runpath or elf.links.rpath).split(b":")[:_MAX_DIRECTORIES]
    replaced = (path.replace(b"${ORIGIN}", b"$ORIGIN") for path in paths if path)
    return [path.replace(b"$ORIGIN", b"/" + home).lstrip(b"/") for path in replaced]


def _split(value: str) -> list[bytes]:
    return [encoded(path).lstrip(b"/") for path in value.split(":")[:_MAX_DIRECTORIES] if path]


def _system(view: View) -> list[bytes]:
    """The system's directories, with those of the machine's architecture below them."""
    found: list[bytes] = []
    for place in _SYSTEM:
        found.append(place)
        triplets = [
            name for name in view.names_in(place) if name.count(b"-") >= 2 and b"linux" in name
        ]
        found += [place + b"/" + name for name in sorted(triplets)[:_MAX_DIRECTORIES]]
    return found
