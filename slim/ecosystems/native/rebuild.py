"""Go and Rust: the program alone, where the image carries what compiled it.

A program that is linked statically needs nothing of a distribution but data: TLS roots and time zones.
One of Go that only asks for the C library does so for names and users, and need not: with CGO_ENABLED=0
it is static. Any other keeps the base and the libraries that it links to. Symbols and debugging
information go, as `-ldflags="-s -w"` and `strip = true` leave them out.
Source: Go's cmd/link, cmd/cgo; net, "Name Resolution"; Cargo's profiles, `strip`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from slim.files.extract.found import Elf
from slim.files.view import decoded, encoded
from slim.packages.package import SYSTEM
from slim.rebuild.application import MAY_BE_READ, Leftover, beside, paths_of
from slim.rebuild.model import FROM_APPLICATION, Given, KeptFiles, Plan
from slim.rebuild.trees import row_at

_GO_LIBC = frozenset((b"libc.so.6", b"libresolv.so.2", b"libpthread.so.0"))
"""What Go's own packages `net` and `os/user` link to."""
_ROOTS = b"etc/ssl/certs/ca-certificates.crt"
_ZONES = 406_000, 94_000
"""By how much `-tags timetzdata` makes a program larger: measured with Go 1.24."""
_NAMES, _CGO = 5, 50_000
"""By how much a program is smaller with `-trimpath`, which shortens the names of its sources, in ‰ (2 to 4),
and with CGO_ENABLED=0, in bytes (29,000 to 45,000): measured with Go 1.24."""
STRIPPED_HEADERS = 2_000
"""What `strip` takes at most besides sections, in bytes: their headers, 64 each, and padding."""
_LEFTOVER = {
    "go": Leftover(
        endings=(b".go", b".s", b".c", b".h", b".proto", b".test"),
        names=frozenset((b"go.mod", b"go.sum", b"go.work", b"go.work.sum", b"vendor")),
    ),
    "rust": Leftover(
        endings=(b".rs", b".c", b".h", b".proto"),
        names=frozenset(
            (b"Cargo.toml", b"Cargo.lock", b"target", b"rust-toolchain.toml", b".cargo")
        ),
    ),
}
"""What a project has besides the files that its program may read."""


_BUILD_ENVIRONMENT = {
    "go": "# Without symbol table and debug information; panics keep their line numbers.\n"
    'ENV GOFLAGS="-trimpath -ldflags=-s"',
    "rust": "ENV CARGO_PROFILE_RELEASE_STRIP=true",
}


def plan(given: Given) -> Plan | None:
    """What to keep of an image that runs one program of Go or Rust."""
    facts = given.facts
    for command in facts.runs.final:
        family = facts.families[command]
        elf = given.view.elf(encoded(command.path)) if command.path else None
        row = row_at(given.view, encoded(command.path)) if command.path else None
        if (
            family not in ("go", "rust")
            or elf is None
            or row is None
            or command.name in ("go", "cargo")
        ):
            continue
        if given.owned.owner[row] >= 0:
            return None
        return _plan(given, family, encoded(command.path), row, elf)
    return None


def _plan(given: Given, stack: str, path: bytes, row: int, elf: Elf) -> Plan:
    pure = stack == "go" and _GO_LIBC.issuperset(elf.links.needed)
    static = (elf.static or pure) and _starts_alone(given, path)
    homes = tuple(given.facts.roots.projects_of(stack))
    guesses: list[str] = []
    if static and not elf.static:
        guesses.append("built with CGO_ENABLED=0 the program needs no C library, and is as large")
    rows = beside(given, homes, _LEFTOVER[stack])
    paths = [(home, path) for home in homes for path in paths_of(given, rows, home)]
    if rows:
        guesses.append(MAY_BE_READ)
    parts = [
        KeptFiles(
            "the program",
            "it is what runs, without symbols",
            [row],
            strip=True,
            spare=_spare(elf, given.view.files.size[row], static),
            paths=(path,),
        ),
        files_beside(rows, [path for _, path in paths]),
    ]
    if static:
        roots = row_at(given.view, _ROOTS)
        parts += [
            KeptFiles(
                "TLS roots",
                "a program that speaks TLS reads them",
                () if roots is None else [roots],
                paths=(_ROOTS,),
                unsure=True,
            )
        ]
    zones = stack == "go" and static and "TZ" in given.facts.env
    if zones:
        parts += [KeptFiles("time zones", "TZ names one, and they are built in", (), extra=_ZONES)]
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
            (f"/src/{decoded(path[len(home) + 1 :])}", f"/{decoded(path)}") for home, path in paths
        ),
        build_environment=_BUILD_ENVIRONMENT[stack]
        + (" CGO_ENABLED=0" if stack == "go" and static else ""),
        guesses=tuple(guesses),
    )


def files_beside(rows: Sequence[int], paths: Iterable[bytes]) -> KeptFiles:
    """The part of what stays of a project besides its program."""
    return KeptFiles(
        "files beside it",
        "files of the project that are not sources: a program may read them",
        rows,
        loses=FROM_APPLICATION,
        paths=tuple(paths),
    )


def _starts_alone(given: Given, path: bytes) -> bool:
    """Whether nothing else is started, no shell and no health check either."""
    runs = given.facts.runs
    return all(encoded(each.path or "") == path for each in (*runs.commands, *runs.healthcheck))


def _spare(elf: Elf, size: int, static: bool) -> int:
    """Bytes that the flags of the written Dockerfile may save besides symbols."""
    if elf.go is None:
        return STRIPPED_HEADERS
    settings = dict(elf.go.settings)
    named = settings.get(b"-trimpath") != b"true"
    calls = static and (not elf.static or settings.get(b"CGO_ENABLED") == b"1")
    return named * size * _NAMES // 1000 + calls * _CGO


def _packaged(given: Given, stack: str) -> bool:
    """Whether a package of the system brings the compiler."""
    names = {"go": ("golang", "go"), "rust": ("rustc", "rust", "cargo")}[stack]
    return any(
        package.manager in SYSTEM and (package.name in names or package.name.startswith("golang-"))
        for package in given.graph.packages
    )


def _main(elf: Elf) -> str:
    """The main package as `go build` takes it inside the module; `.` where it is not known."""
    go = elf.go
    if go is None or not go.module or not go.main.startswith(go.module):
        return "."
    return "." + decoded(go.main[len(go.module) :])
