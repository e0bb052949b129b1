"""Composer's packages: `vendor/composer/installed.json`.

Source: Composer's documentation, "The vendor/composer/installed.json"; Composer 1 wrote the list alone.
"""

from __future__ import annotations

from slim.packages.documents import load_object, object_of, objects_of, text_of, texts_of
from slim.packages.package import (
    MAX_PACKAGES,
    Contents,
    Package,
    PackageWarnings,
    Read,
    below,
    dependencies,
    normal,
    parent,
    text,
)

_PATH = b"vendor/composer/installed.json"


def read_php(contents: Contents) -> Read:
    """All packages of all vendor directories."""
    warnings = PackageWarnings()
    packages: list[Package] = []
    for path in sorted(contents):
        if path != _PATH and not path.endswith(b"/" + _PATH):
            continue
        data = contents[path]
        # Composer 1: an array of packages and nothing else.
        document = load_object(_as_object(data), path, warnings)
        if document is None:
            continue
        names = document.get("dev-package-names")
        dev = frozenset(texts_of(names)) if isinstance(names, list) else None
        for entry in objects_of(document.get("packages")):
            if len(packages) == MAX_PACKAGES:
                warnings.add(path, f"there are more than {MAX_PACKAGES:,} packages")
                break
            found = _package(entry, path, dev)
            if found is None:
                warnings.add(path, "an entry names no package")
            else:
                packages.append(found)
    return Read(tuple(packages), warnings.all())


def _as_object(data: bytes) -> bytes:
    return b'{"packages":' + data + b"}" if data.lstrip()[:1] == b"[" else data


def _package(entry: dict[str, object], path: bytes, dev: frozenset[str] | None) -> Package | None:
    name = text_of(entry.get("name"))
    if not name:
        return None
    folder = parent(path)
    vendor = parent(folder)
    place = text_of(entry.get("install-path")).encode("utf-8", "replace")
    # Composer 1 does not say where; it is where the name says. A metapackage is nowhere.
    home = normal(below(folder, place)) if place else below(vendor, name.encode("utf-8", "replace"))
    if entry.get("type") == "metapackage":
        home = None
    scope = text(vendor) + ":"
    provided = [*object_of(entry.get("provide")), *object_of(entry.get("replace"))]
    return Package(
        manager="composer",
        name=name,
        version=text_of(entry.get("version")),
        record=path,
        directories=(home,) if home else (),
        depends=dependencies([(scope + other,) for other in object_of(entry.get("require"))]),
        provides=tuple(scope + other for other in (name, *provided)),
        dev=None if dev is None else name in dev,
    )
