"""Queries about Erlang and Elixir: applications that no release boots, a second run-time system, chunks."""

from __future__ import annotations

from collections import defaultdict

from slim.ecosystems.elixir.otp import read_releases
from slim.ecosystems.elixir.releases import releases_of
from slim.ecosystems.model import Subject
from slim.files.table import Fate
from slim.packages.package import PackageWarnings
from slim.rules.match import QueryResult


def erts_twice(subject: Subject) -> QueryResult:
    """The installed OTP, when every release brings a run-time system of its own.

    Its commands in `bin` directories are links into it and hold no bytes. Where a release is in it, or
    it in a release, what they share stays.
    """
    view, roots = subject.view, subject.facts.roots
    releases = releases_of(roots, view)
    if not releases or not all(release.has_erts for release in releases):
        return QueryResult()
    installed = {row for root in roots.of("otp_root") for row in view.rows_below(root)}
    for release in releases:
        installed.difference_update(view.rows_below(release.root))
    return QueryResult(rows=sorted(installed))


def not_in_releases(subject: Subject) -> QueryResult:
    """Erlang applications that no `.rel` file of the image lists; nothing where there is none."""
    owned, releases = subject.owned, read_releases(subject.contents, PackageWarnings())
    if not releases:
        return QueryResult()
    booted = {name for release in releases for name, _ in release.applications}
    chosen = [
        index
        for index, package in enumerate(owned.packages)
        if package.manager == "otp" and package.name not in booted
    ]
    return QueryResult(rows=owned.rows(chosen))


def old_versions(subject: Subject) -> QueryResult:
    """Applications in a version that no `.rel` lists, where another version of them is listed."""
    owned = subject.owned
    listed: dict[str, set[str]] = defaultdict(set)
    for release in read_releases(subject.contents, PackageWarnings()):
        for name, version in release.applications:
            listed[name].add(version)
    chosen = [
        index
        for index, package in enumerate(owned.packages)
        if package.manager == "otp"
        and listed.get(package.name)
        and package.version not in listed[package.name]
    ]
    return QueryResult(rows=owned.rows(chosen))


def beam_chunks(subject: Subject) -> QueryResult:
    """The chunks that `mix release` leaves out with `strip_beams: true`."""
    files = subject.files
    parts = {
        row: beam.strip_bytes
        for row, beam in files.beams.items()
        if beam.strip_bytes and files.fate[row] == Fate.LIVE
    }
    return QueryResult(parts=dict(sorted(parts.items())))
