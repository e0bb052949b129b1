"""All packages of an image, read from the databases and manifests that were kept."""

from __future__ import annotations

from msgspec import Struct

from slim.ecosystems import ECOSYSTEMS
from slim.packages.package import Contents, Package, PackageWarning, PackageWarnings, readable


class Catalog(Struct, frozen=True):
    """Everything that is installed, as far as it is known."""

    packages: tuple[Package, ...]
    warnings: tuple[PackageWarning, ...]


def read_catalog(contents: Contents) -> Catalog:
    """Run all readers that can find something; each says what it could not read."""
    warnings = PackageWarnings()
    ordered = readable(contents, warnings)
    paths = b"\n".join(ordered)
    readers = [ecosystem.packages for ecosystem in ECOSYSTEMS if ecosystem.packages is not None]
    found = [
        reader.read(ordered) for reader in readers if any(mark in paths for mark in reader.marks)
    ]
    return Catalog(
        tuple(package for read in found for package in read.packages),
        (*warnings.all(), *(warning for read in found for warning in read.warnings)),
    )
