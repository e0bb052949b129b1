"""Machine code: programs of C and C++ and what compiles them."""

from __future__ import annotations

from slim.ecosystems.model import Ecosystem
from slim.ecosystems.native.programs import plan
from slim.ecosystems.native.queries import debug_sections, symbol_tables
from slim.ecosystems.shared import calls
from slim.entrypoint.tables import names, raw_names
from slim.facts.programs import Programs
from slim.facts.roots import Compilers
from slim.rebuild.model import Building, Recipe, Sources

_COMPILING = names("gcc g++ cc c++ clang clang++ make cmake ninja nvcc")

NATIVE = Ecosystem(
    name="native",
    compilers=(
        Compilers(raw_names("cc1 cc1plus f951"), b"gcc"),
        Compilers(raw_names("clang clang++ ghc swiftc zig tcc ocamlopt dmd ldc2 nim gdc crystal")),
    ),
    # What another ecosystem knows more closely comes before it in the list.
    programs=Programs(
        family="native", is_file=lambda path, view: view.elf(path) is not None, interpreted=False
    ),
    facts={"jit.cxx": calls(dict.fromkeys(_COMPILING, frozenset[str]()))},
    queries={"elf.debug": debug_sections, "elf.symtab": symbol_tables},
    building=Building(
        packages=names(
            "build-essential gcc g++ clang make cmake ninja-build meson autoconf automake libtool "
            "pkg-config pkgconf bison flex nasm yasm gdb valgrind ccache"
        ),
        variables=("C(?:C|XX)", "C(?:|XX|PP)FLAGS", "LDFLAGS", "GCC_VERSION"),
    ),
    rebuild=Recipe(plan, "gcc", "GCC_VERSION"),
    sources=Sources(unread=(b".c", b".cc", b".cpp", b".cxx")),
)
