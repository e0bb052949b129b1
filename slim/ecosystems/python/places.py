"""Where libraries, virtual environments and interpreters of Python are."""

from __future__ import annotations

from collections.abc import Iterator

from slim.ecosystems.model import Runtime
from slim.ecosystems.prefixes import in_prefix, is_program
from slim.entrypoint.runs import Runs
from slim.facts.gather import Facts
from slim.facts.roots import Marks, Roots, cut, is_real, last
from slim.facts.variables import Directories
from slim.files.view import View, below
from slim.packages.package import parent


def venvs(found: Marks, _view: View, _: Runs) -> tuple[bytes, ...]:
    """Virtual environments."""
    return cut(parent(path) for path in found[b"pyvenv.cfg"])


def sites(found: Marks, view: View, _: Runs) -> tuple[bytes, ...]:
    """The directories of installed libraries: `lib/python3.12/site-packages`."""
    return cut(
        path
        for path in (*found[b"site-packages"], *found[b"dist-packages"])
        if last(parent(path)).startswith((b"python", b"pypy")) and is_real(path, view)
    )


def installed_here(directories: Directories, _: Roots) -> Iterator[bytes]:
    """Directories of PYTHONPATH into which libraries were installed."""
    for path in directories.named(("PYTHONPATH",)):
        if any(name.endswith(b".dist-info") for name in directories.view.names_in(path)):
            yield path


def runtimes(view: View, facts: Facts) -> Iterator[Runtime]:
    """Each Python, by its standard library."""
    for path in facts.roots.named[b"os.py"]:
        library = parent(path)
        name, prefix = last(library), parent(library, 2)
        program = below(prefix, b"bin/" + name)
        if (
            name.startswith(b"python3.")
            and last(parent(library)) == b"lib"
            and is_program(view, program)
        ):
            own = [b"lib/" + name, b"include/" + name, b"include/" + name + b"m"]
            libraries = [
                b"lib/" + file
                for file in view.names_in(below(prefix, b"lib"))
                if file.startswith(b"lib" + name + b".")
            ]
            yield from in_prefix(view, program, prefix, [*own, *libraries], facts.roots)


def used_programs(view: View, facts: Facts) -> Iterator[bytes]:
    """The interpreters that virtual environments lead to."""
    for venv in facts.roots.of("venv"):
        for line in (view.read(below(venv, b"pyvenv.cfg")) or b"").splitlines():
            key, _, value = line.partition(b"=")
            if key.strip() == b"home":
                home = value.strip()
                for name in view.names_in(home):
                    if name.startswith(b"python3"):
                        yield below(home, name)
        yield below(venv, b"bin/python")
