"""Go and Rust: the program alone, where the image carries what compiled it [pure].

A program that is linked statically needs nothing of a distribution but data: TLS roots and time zones.
One of Go that only asks for the C library does so for names and users, and need not: with CGO_ENABLED=0
it is static. Any other keeps the base and the libraries that it links to. Symbols and debugging
information go, as `-ldflags="-s -w"` and `strip = true` leave them out.
Source: Go's cmd/link, cmd/cgo; net, "Name Resolution"; Cargo's profiles, `strip`.
"""

from __future__ import annotations

from slim.files.extract.found import Elf
from slim.files.view import below as join
from slim.files.view import decoded, encoded
from slim.packages.package import SYSTEM
from slim.rebuild.model import FROM_APPLICATION, Given, Plan, Wanted
from slim.rebuild.trees import below, directory_id, row_at

_GO_LIBC = frozenset((b"libc.so.6", b"libresolv.so.2", b"libpthread.so.0"))
"""What Go's own packages `net` and `os/user` link to."""
_ROOTS = b"etc/ssl/certs/ca-certificates.crt"
_ZONES = 406_000, 94_000
"""By how much `-tags timetzdata` makes a program larger: measured with Go 1.24."""
_BESIDE = (
    b"static",
    b"public",
    b"templates",
    b"views",
    b"migrations",
    b"assets",
    b"config",
    b"locales",
)
"""Directories of a project whose files programs read while they run."""


def plan(given: Given) -> Plan | None:
    """What to keep of an image that runs one program of Go or Rust."""
    facts = given.facts
    for one in facts.runs.final:
        family = facts.families[one]
        elf = given.view.elf(encoded(one.path)) if one.path else None
        row = row_at(given.view, encoded(one.path)) if one.path else None
        if (
            family not in ("go", "rust")
            or elf is None
            or row is None
            or one.name in ("go", "cargo")
        ):
            continue
        if given.owned.owner[row] >= 0:
            return None
        return _plan(given, family, encoded(one.path), row, elf)
    return None


def _plan(given: Given, stack: str, path: bytes, row: int, elf: Elf) -> Plan:
    pure = stack == "go" and _GO_LIBC.issuperset(elf.links.needed)
    static = elf.static or pure
    homes = tuple(given.facts.roots.projects_of(stack))
    guesses: list[str] = []
    if static and not elf.static:
        guesses.append("built with CGO_ENABLED=0 the program needs no C library, and is as large")
    beside = _beside(given, homes)
    if beside:
        guesses.append("directories such as static and templates are read when the program runs")
    parts = [
        Wanted("the program", "it is what runs, without symbols", [row], strip=True, paths=(path,)),
        Wanted(
            "files beside it",
            "directories that programs read while they run",
            [row for place in beside for row in below(given.view, place)],
            loses=FROM_APPLICATION,
            paths=tuple(beside),
        ),
    ]
    if static:
        roots = row_at(given.view, _ROOTS)
        parts += [
            Wanted(
                "TLS roots",
                "a program that speaks TLS reads them",
                () if roots is None else [roots],
                paths=(_ROOTS,),
            )
        ]
    zones = stack == "go" and static and "TZ" in given.facts.env
    if zones:
        parts += [Wanted("time zones", "TZ names one, and they are built in", (), extra=_ZONES)]
    return Plan(
        stack=stack,
        parts=tuple(parts),
        runtime=tuple(
            place for place in (b"usr/local/go/bin/go", b"usr/local/cargo/bin/cargo", path)
        ),
        homes=homes,
        static=static,
        values={
            "program": "/" + decoded(path),
            "package": _main(elf),
            **({} if _packaged(given, stack) else {"own_toolchain": "yes"}),
            "binary": decoded(path.rpartition(b"/")[2]),
            "static" if static else "dynamic": "yes",
            "zones" if zones else "no_zones": "yes",
        },
        copies=tuple(
            (f"/src/{name}", f"/{decoded(place)}")
            for place in beside
            for name in (decoded(place.rpartition(b"/")[2]),)
        ),
        guesses=tuple(guesses),
    )


def _packaged(given: Given, stack: str) -> bool:
    """Whether a package of the system brings the compiler."""
    names = {"go": ("golang", "go"), "rust": ("rustc", "rust", "cargo")}[stack]
    return any(
        one.manager in SYSTEM and (one.name in names or one.name.startswith("golang-"))
        for one in given.graph.packages
    )


def _beside(given: Given, homes: tuple[bytes, ...]) -> list[bytes]:
    places = (join(home, name) for home in homes for name in _BESIDE)
    return [place for place in places if directory_id(given.view, place) is not None]


def _main(elf: Elf) -> str:
    """The main package as `go build` takes it inside the module; `.` where it is not known."""
    go = elf.go
    if go is None or not go.module or not go.main.startswith(go.module):
        return "."
    return "." + decoded(go.main[len(go.module) :])
