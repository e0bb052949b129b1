"""Erlang/OTP applications (`NAME/ebin/NAME.app`) and releases (`releases/VSN/NAME.rel`).

A release lists the applications that it boots; what else is in its `lib` is not used by it.
Source: Erlang/OTP app(4), rel(4); OTP design principles, "Releases".
"""

from __future__ import annotations

from msgspec import Struct

from slim.ecosystems.elixir.terms import Atom, Compound, Term, TermError, parse_term
from slim.packages.package import (
    MAX_PACKAGES,
    Contents,
    Package,
    PackageWarnings,
    Read,
    dependencies,
    parent,
    text,
)


class Release(Struct, frozen=True):
    """What one `.rel` file says."""

    path: bytes
    root: bytes
    """Directory of the release: above `releases`."""
    name: str
    version: str
    erts: str
    """Version of the run-time system."""
    applications: tuple[tuple[str, str], ...]
    """(name, version) of every application, in order."""


def read_otp(contents: Contents) -> Read:
    """All applications: of Erlang/OTP, of releases, and of build directories."""
    warnings = PackageWarnings()
    packages: list[Package] = []
    for path in sorted(contents):
        if not path.endswith(b".app") or parent(path).rpartition(b"/")[2] != b"ebin":
            continue
        term = _term(contents, path, warnings)
        if not isinstance(term, Compound) or not term.tagged("application") or len(term.items) < 3:
            if term is not None:
                warnings.add(path, "it describes no application")
            continue
        if len(packages) == MAX_PACKAGES:
            warnings.add(path, f"there are more than {MAX_PACKAGES:,} applications")
            break
        packages.append(_application(path, term))
    return Read(tuple(packages), warnings.all())


def read_releases(contents: Contents, warnings: PackageWarnings) -> tuple[Release, ...]:
    """All releases, in order of paths."""
    releases: list[Release] = []
    for path in sorted(contents):
        if not path.endswith(b".rel"):
            continue
        # A release has a copy beside the directories of its versions.
        folder = parent(path, 2)
        if folder.rpartition(b"/")[2] != b"releases":
            continue
        term = _term(contents, path, warnings)
        if not isinstance(term, Compound) or not term.tagged("release") or len(term.items) != 4:
            if term is not None:
                warnings.add(path, "it describes no release")
            continue
        _, named, erts, listed = term.items
        applications = [_pair(item) for item in _items(listed)]
        releases.append(
            Release(
                path=path,
                root=parent(folder),
                name=_pair(named)[0],
                version=_pair(named)[1],
                erts=_pair(erts)[1],
                applications=tuple(application for application in applications if application[0]),
            )
        )
    return tuple(releases)


def _application(path: bytes, term: Compound) -> Package:
    name = _word(term.items[1])
    options = {_word(option.items[0]): option.items[1] for option in _tuples(term.items[2])}
    ebin = parent(path)
    home = parent(ebin)
    folder = home.rpartition(b"/")[2]
    # Sources may have an `ebin` in a project's directory, which is more than the application.
    whole = folder == name.encode() or folder.startswith(name.encode() + b"-")
    # Applications are found beside each other, in one library directory.
    scope = text(parent(home)) + ":"
    applications = _names(options.get("applications")) + _names(
        options.get("included_applications")
    )
    optional = frozenset(_names(options.get("optional_applications")))
    return Package(
        manager="otp",
        name=name,
        version=_word(options.get("vsn", "")),
        record=path,
        directories=(home if whole else ebin,),
        depends=dependencies([(scope + name,) for name in applications if name not in optional]),
        suggests=dependencies([(scope + name,) for name in applications if name in optional]),
        provides=(scope + name,),
    )


def _term(contents: Contents, path: bytes, warnings: PackageWarnings) -> Term | None:
    try:
        return parse_term(text(contents[path]))
    except TermError as error:
        warnings.add(path, str(error))
        return None


def _word(term: Term) -> str:
    if isinstance(term, Atom):
        return term.name
    return term if isinstance(term, str) else ""


def _items(term: Term | None) -> tuple[Term, ...]:
    return term.items if isinstance(term, Compound) and term.kind == "[" else ()


def _names(term: Term | None) -> list[str]:
    return [word for item in _items(term) if (word := _word(item))]


def _tuples(term: Term) -> list[Compound]:
    """The pairs of a list."""
    return [
        item
        for item in _items(term)
        if isinstance(item, Compound) and item.kind == "{" and len(item.items) == 2
    ]


def _pair(term: Term) -> tuple[str, str]:
    """`{name, "1.0", …}` and `{"name", "1.0"}`."""
    if isinstance(term, Compound) and term.kind == "{" and len(term.items) >= 2:
        return _word(term.items[0]), _word(term.items[1])
    return "", ""
