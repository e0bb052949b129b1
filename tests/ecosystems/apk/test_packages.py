"""apk's database. What `apk del` takes was found with apk-tools 3.0.6 on packages like these."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from slim.ecosystems.apk.packages import read_apk
from slim.packages.closure import removal_closure, why
from slim.packages.graph import link
from slim.packages.package import Package
from tests.support.installed_apk import INSTALLED, WORLD


def read(place: bytes = b"lib/apk/db/installed") -> dict[str, Package]:
    found = read_apk({place: INSTALLED, b"etc/apk/world": WORLD})
    assert not found.warnings
    return {package.name: package for package in found.packages}


def test_fields_and_files() -> None:
    app = read()["app"]
    assert (app.version, app.arch, app.source) == ("1.0-r0", "x86_64", "application")
    assert app.files == (b"etc/app.conf", b"usr/bin/app")
    assert [dependency.names for dependency in app.depends] == [("cmd:sh",), ("so:libx.so",)]
    assert read()["busybox"].provides == ("cmd:sh", "cmd:ls")
    assert read()["busybox"].files == (b"linuxrc",)
    assert [package.names for package in read()["app-doc"].install_if] == [("app",), ("docs",)]


def test_both_places_of_the_database() -> None:
    newer = b"usr/lib/apk/db/installed"
    assert read(newer) == {name: replace(package, record=newer) for name, package in read().items()}


def test_world_says_what_was_asked_for() -> None:
    found = read()
    requested = {name for name, package in found.items() if package.auto is False}
    assert requested == {".build-deps", "app", "busybox", "docs", "make"}
    without = read_apk({b"lib/apk/db/installed": INSTALLED}).packages
    assert {package.auto for package in without} == {None}


def test_why() -> None:
    packages = list(read().values())
    graph = link(packages)
    reasons = {p.name: package.text(graph) for p, package in zip(packages, why(graph), strict=True)}
    assert reasons["app"] == reasons[".build-deps"] == "manual"
    assert reasons["gcc"] == "needed by .build-deps"
    assert reasons["binutils"] == "needed by gcc"
    assert reasons["libx"] == "needed by app"
    assert reasons["app-doc"] == "comes with docs"


@pytest.mark.parametrize(
    ("name", "gone"),
    [
        (".build-deps", {".build-deps", "gcc", "binutils"}),
        ("app", {"app", "app-doc"}),
        ("docs", {"docs", "docs-base", "app-doc"}),
        ("busybox", set()),
        ("make", set()),
        ("gcc", set()),
        ("libx", set()),
        ("musl", set()),
        ("app-doc", set()),
    ],
)
def test_what_goes_along(name: str, gone: set[str]) -> None:
    packages = list(read().values())
    chosen = [index for index, package in enumerate(packages) if package.name == name]
    closure = removal_closure(link(packages), chosen)
    assert {packages[index].name for index in closure} == gone


def test_damaged_lines_are_skipped_and_noted() -> None:
    data = b"P:a\nV:1\nx\nR:no-directory\nF:usr\nR:" + b"n" * 5000 + b"\nR:ok\n\nV:1\n\nP:b"
    found = read_apk({b"lib/apk/db/installed": data})
    assert [(package.name, package.files) for package in found.packages] == [
        ("a", (b"usr/ok",)),
        ("b", ()),
    ]
    assert len(found.warnings) == 4
