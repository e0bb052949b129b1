"""All package databases of an image, read from the files that `slim.files.extract.texts` keeps. Pure."""

from __future__ import annotations

from msgspec import Struct

from slim.advice.packages.apk import read_apk
from slim.advice.packages.conda import read_conda
from slim.advice.packages.dotnet import read_dotnet
from slim.advice.packages.dpkg import read_dpkg
from slim.advice.packages.model import Contents, Notice, Notices, Package
from slim.advice.packages.node import read_node
from slim.advice.packages.otp import Release, read_otp, read_releases
from slim.advice.packages.php import read_php
from slim.advice.packages.python import read_python
from slim.advice.packages.rpm import read_rpm
from slim.advice.packages.ruby import read_ruby

_READERS = (
    *(read_dpkg, read_apk, read_rpm),
    *(read_conda, read_python, read_node, read_otp, read_ruby, read_php, read_dotnet),
)


class Catalog(Struct, frozen=True):
    """Everything that is installed, as far as it is known."""

    packages: tuple[Package, ...]
    releases: tuple[Release, ...]
    """Releases of Erlang/OTP."""
    notices: tuple[Notice, ...]


def read_catalog(contents: Contents) -> Catalog:
    """Run all readers; each says what it could not read."""
    ordered = dict(sorted(contents.items()))
    found = [reader(ordered) for reader in _READERS]
    notices = Notices()
    releases = read_releases(ordered, notices)
    return Catalog(
        tuple(package for one in found for package in one.packages),
        releases,
        tuple(notice for one in found for notice in one.notices) + notices.all(),
    )
