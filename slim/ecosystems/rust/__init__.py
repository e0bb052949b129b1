"""Rust: programs that its compiler made, cargo and rustup."""

from __future__ import annotations

from slim.ecosystems.model import Ecosystem
from slim.ecosystems.native.rebuild import plan
from slim.ecosystems.shared import calls
from slim.entrypoint.tables import names, raw_names
from slim.facts.programs import Programs
from slim.facts.roots import Compilers
from slim.facts.signs import RoleSigns
from slim.facts.variables import Variable
from slim.files.view import View
from slim.rebuild.model import Building, Recipe, Sources


def _is_rust(path: bytes, view: View) -> bool:
    elf = view.elf(path)
    return elf is not None and bool(elf.rustc)


RUST = Ecosystem(
    name="rust",
    projects=raw_names("Cargo.toml"),
    compilers=(Compilers(raw_names("rustc")),),
    foreign=raw_names("toolchains registry"),
    system=frozenset((b"usr/local/cargo", b"usr/local/rustup")),
    # A program written in Rust is machine code and needs nothing else.
    programs=Programs(
        family="rust",
        is_file=_is_rust,
        interpreted=False,
        fact="native",
        builds={"cargo": names("build test check clippy install doc")},
    ),
    stack=True,
    role=RoleSigns(builder=frozenset(("RUSTUP_HOME", "CARGO_HOME"))),
    variables=(
        Variable(
            name="cargo",
            samples=("usr/local/cargo", "root/.cargo"),
            env=("CARGO_HOME",),
            fixed=(b"usr/local/cargo",),
            in_home=(b".cargo",),
        ),
        Variable(
            name="rustup",
            samples=("usr/local/rustup", "root/.rustup"),
            env=("RUSTUP_HOME",),
            fixed=(b"usr/local/rustup",),
            in_home=(b".rustup",),
        ),
    ),
    facts={"jit.cxx": calls({"cargo": names("run build install")})},
    building=Building(
        packages=names("cargo rustc"),
        variables=("(?:CARGO|RUSTUP)_HOME", "RUST_(?:VERSION|SHA256)"),
        caches=((r"\bcargo (?:build|install|fetch)\b", ("/root/.cargo/registry",)),),
    ),
    rebuild=Recipe(plan, "rust", "RUST_VERSION"),
    sources=Sources(unread=(b".rs",)),
)
