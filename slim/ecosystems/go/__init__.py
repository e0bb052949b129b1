"""Go: programs that say so themselves, modules, the tool chain."""

from __future__ import annotations

from slim.ecosystems.go.queries import hidden_programs
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


def _is_go(path: bytes, view: View) -> bool:
    elf = view.elf(path)
    return elf is not None and elf.go is not None


GO = Ecosystem(
    name="go",
    projects=raw_names("go.mod"),
    compilers=(Compilers(raw_names("compile"), b"/pkg/tool/"),),
    foreign=raw_names("testdata"),
    system=frozenset((b"usr/local/go", b"go/pkg")),
    programs=Programs(
        family="go",
        names=names("go air dlv caddy traefik"),
        ambiguous=names("air"),
        is_file=_is_go,
        interpreted=False,
        servers=names("caddy traefik"),
        builds={"go": names("build test install generate vet")},
    ),
    stack=True,
    role=RoleSigns(builder=frozenset(("GOLANG_VERSION",))),
    variables=(
        Variable(
            name="gopath",
            samples=("go", "root/go"),
            env=("GOPATH",),
            fixed=(b"go",),
            in_home=(b"go",),
        ),
        Variable(
            name="gocache",
            samples=("root/.cache/go-build",),
            env=("GOCACHE",),
            in_cache=(b"go-build",),
        ),
    ),
    facts={"jit.cxx": calls({"go": names("run build install test")})},
    older_versions=hidden_programs,
    building=Building(
        packages=names("golang"),
        variables=(
            "GO(?:PATH|TOOLCHAIN|CACHE|PROXY|FLAGS)",
            "CGO_ENABLED",
            "GOLANG_(?:VERSION|SHA256)",
        ),
        caches=(
            (
                r"\bgo (?:build|install|get|mod|test|run)\b",
                ("/root/go/pkg/mod", "/root/.cache/go-build"),
            ),
        ),
    ),
    rebuild=Recipe(plan, "golang", "GOLANG_VERSION"),
    sources=Sources(unread=(b".go",)),
)
