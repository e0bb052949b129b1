"""Python's installed distributions: pip, uv, poetry, distribution packages, old eggs.

`NAME-VERSION.dist-info` in a site directory has `METADATA` and `RECORD`, a CSV of files relative to the
site directory that may lead out of it (`../../../bin/pip`). Older installers leave `NAME.egg-info` with
`PKG-INFO` and maybe `installed-files.txt`, relative to itself.
Source: Python packaging "Recording installed projects", "Core metadata specifications"; PEP 376, PEP 503.
"""

from __future__ import annotations

import csv
from itertools import islice

from slim.packages.control_fields import bare_name, paragraphs
from slim.packages.package import (
    MAX_DEPENDENCIES,
    MAX_PACKAGES,
    Contents,
    Dependency,
    Package,
    PackageWarnings,
    Read,
    below,
    dependencies,
    lines,
    normal,
    parent,
    text,
)
from slim.patterns import regex

_FIELDS = frozenset(("name", "version", "requires-dist", "provides-dist"))
_SEPARATORS = regex(r"[-_.]+")
_RECORD_FILES = 1_000_000
"""Most files of one distribution."""


def read_python(contents: Contents) -> Read:
    """All distributions of all site directories."""
    warnings = PackageWarnings()
    packages: list[Package] = []
    for path in sorted(contents):
        folder, _, name = path.rpartition(b"/")
        if name == b"METADATA" and folder.endswith(b".dist-info"):
            read = _dist_info
        elif name.endswith(b".egg-info") or (
            name == b"PKG-INFO" and folder.endswith((b".egg-info", b"/EGG-INFO"))
        ):
            read = _egg_info
        else:
            continue
        if len(packages) == MAX_PACKAGES:
            warnings.add(path, f"there are more than {MAX_PACKAGES:,} distributions")
            break
        found = read(contents, path, warnings)
        if found is not None:
            packages.append(found)
    return Read(tuple(packages), warnings.all())


def normalized(name: str) -> str:
    """The name under which a distribution is looked up (PEP 503).

    >>> normalized("Zope.Interface")
    'zope-interface'
    """
    return _SEPARATORS.sub("-", name).lower()


def _dist_info(contents: Contents, path: bytes, warnings: PackageWarnings) -> Package | None:
    folder = parent(path)
    site = parent(folder)
    record = contents.get(below(folder, b"RECORD"))
    listed = None if record is None else _record(record, below(folder, b"RECORD"), warnings)
    auto: bool | None = None
    if listed is not None and contents.get(below(folder, b"INSTALLER"), b"").strip() == b"pip":
        # pip marks what was asked for, and lists the mark.
        auto = folder.rpartition(b"/")[2] + b"/REQUESTED" not in listed
    joined = (normal(below(site, path)) for path in listed or ())
    files = tuple(path for path in joined if path is not None)
    directories = _modules(contents, folder) if listed is None else (folder,)
    return _package(contents[path], path, site, files, directories, auto, warnings)


def _egg_info(contents: Contents, path: bytes, warnings: PackageWarnings) -> Package | None:
    folder = path if path.endswith(b".egg-info") else parent(path)
    site = parent(folder)
    listed = contents.get(below(folder, b"installed-files.txt"))
    if folder.endswith(b"/EGG-INFO"):
        # An unpacked egg is a directory of its own.
        return _package(contents[path], path, parent(site), (), (site,), None, warnings)
    if listed is not None:
        joined = (normal(below(folder, line.strip())) for line in lines(listed) if line)
        files = tuple(path for path in joined if path is not None)
        return _package(contents[path], path, site, files, (folder,), None, warnings)
    if folder == path:
        return _package(contents[path], path, site, (path,), (), None, warnings)
    return _package(contents[path], path, site, (), _modules(contents, folder), None, warnings)


def _modules(contents: Contents, folder: bytes) -> tuple[bytes, ...]:
    """The metadata directory and the top-level packages it names, where no files are listed."""
    names = contents.get(below(folder, b"top_level.txt"), b"").split()
    modules = [name for name in names if b"/" not in name and name not in (b".", b"..")]
    return (folder, *(below(parent(folder), name) for name in modules))


def _package(
    data: bytes,
    path: bytes,
    site: bytes,
    files: tuple[bytes, ...],
    directories: tuple[bytes, ...],
    auto: bool | None,
    warnings: PackageWarnings,
) -> Package | None:
    fields = next(paragraphs(data, _FIELDS), {})
    name = fields.get("name", "").split("\n")[0]
    if not name:
        warnings.add(path, "it names no distribution")
        return None
    # A distribution is seen only by what is in the same site directory.
    scope = text(site) + ":"
    return Package(
        manager="python",
        name=name,
        version=fields.get("version", "").split("\n")[0],
        record=path,
        files=files,
        directories=directories,
        depends=_requirements(fields.get("requires-dist", ""), scope),
        provides=(scope + normalized(name),),
        auto=auto,
    )


def _requirements(value: str, scope: str) -> tuple[Dependency, ...]:
    """Names of `Requires-Dist` lines, without those that only an extra asks for."""
    names: list[tuple[str, ...]] = []
    for line in value.split("\n")[:MAX_DEPENDENCIES]:
        requirement, _, marker = line.partition(";")
        name = bare_name(requirement)
        if name and "extra" not in marker:
            names.append((scope + normalized(name),))
    return dependencies(names)


def _record(data: bytes, path: bytes, warnings: PackageWarnings) -> list[bytes] | None:
    """First column of a RECORD."""
    lines = data.decode("utf-8", "surrogateescape").splitlines()
    try:
        rows = list(islice(csv.reader(lines), _RECORD_FILES))
    except csv.Error as error:
        warnings.add(path, f"it is no CSV: {error}")
        return None
    return [row[0].encode("utf-8", "surrogateescape") for row in rows if row and row[0]]
