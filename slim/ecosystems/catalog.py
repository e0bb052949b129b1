"""All package databases of an image, read from the files that `slim.files.extract.texts` keeps. Pure.

An image has databases of a few kinds. What reads one is imported only where the image may have one.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, cast

from msgspec import Struct

from slim.packages.package import Contents, Notice, Notices, Package, Read, readable

if TYPE_CHECKING:
    from slim.ecosystems.elixir.otp import Release

READERS: dict[str, tuple[bytes, ...]] = {
    "dpkg": (b"var/lib/dpkg/status",),
    "apk": (b"lib/apk/db/installed",),
    "rpm": (b"rpm/",),
    "conda": (b"conda-meta/",),
    "python": (b".dist-info/METADATA", b".egg-info", b"EGG-INFO/PKG-INFO"),
    "node": (b"package.json", b"node_modules/"),
    "otp": (b"ebin/", b"releases/"),
    "ruby": (b".gemspec",),
    "php": (b"vendor/composer/installed.json",),
    "dotnet": (b".deps.json",),
}
"""Module with a function `read_…` of its name → what is in the path of a file without which it finds nothing,
one of these. The order is that of the packages."""


class Catalog(Struct, frozen=True):
    """Everything that is installed, as far as it is known."""

    packages: tuple[Package, ...]
    releases: tuple[Release, ...]
    """Releases of Erlang/OTP."""
    notices: tuple[Notice, ...]


def read_catalog(contents: Contents) -> Catalog:
    """Run all readers that can find something; each says what it could not read."""
    notices = Notices()
    ordered = readable(contents, notices)
    paths = b"\n".join(ordered)
    kinds = [kind for kind, signs in READERS.items() if any(sign in paths for sign in signs)]
    found = [_reader(kind)(ordered) for kind in kinds]
    releases: tuple[Release, ...] = ()
    if "otp" in kinds:
        from slim.ecosystems.elixir.otp import read_releases

        releases = read_releases(ordered, notices)
    return Catalog(
        tuple(package for one in found for package in one.packages),
        releases,
        tuple(notice for one in found for notice in one.notices) + notices.all(),
    )


def _reader(kind: str) -> Callable[[Contents], Read]:
    place = "elixir.otp" if kind == "otp" else f"{kind}.packages"
    module = import_module(f"slim.ecosystems.{place}")
    return cast("Callable[[Contents], Read]", getattr(module, f"read_{kind}"))
