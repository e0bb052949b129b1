"""The database of dpkg: Debian, Ubuntu and what is made of their packages, distroless too.

`var/lib/dpkg/status` (or a file for each package in `status.d`, as distroless images have it) names
the packages, `info/NAME[:ARCH].list` their files, apt's `extended_states` which of them were not asked
for by name, and `diversions` files that were moved aside for another package's.
Source: dpkg(1), dpkg-query(1), dpkg-divert(1), deb-control(5), apt-mark(8).
"""

from __future__ import annotations

from slim.packages.control_fields import bare_name, paragraphs, relations
from slim.packages.package import MAX_PACKAGES, Contents, Package, PackageWarnings, Read, lines

_ADMIN = b"var/lib/dpkg/"
_STATES = b"var/lib/apt/extended_states"
_FIELDS = frozenset(
    (
        *("package", "status", "version", "architecture", "section", "priority", "essential"),
        *("protected", "important", "source", "provides", "depends", "pre-depends"),
        *("recommends", "suggests", "multi-arch", "conffiles"),
    )
)
_GONE = ("not-installed", "config-files")
"""States of packages that have no files any more."""

_Diversions = dict[bytes, tuple[bytes, str]]
"""Path → where it is diverted to, and the package whose own file stays in place."""


def read_dpkg(contents: Contents) -> Read:
    """All packages that are unpacked or installed."""
    warnings = PackageWarnings()
    packages: list[Package] = []
    diversions = _read_diversions(contents.get(_ADMIN + b"diversions", b""))
    states = contents.get(_STATES)
    automatic = _read_states(states or b"")
    for path, stanza in _stanzas(contents, warnings):
        if len(packages) == MAX_PACKAGES:
            warnings.add(path, f"it has more than {MAX_PACKAGES:,} packages")
            break
        name = stanza.get("package", "")
        if not name:
            warnings.add(path, "a paragraph names no package")
            continue
        arch = stanza.get("architecture", "")
        files = _files_of(contents, path, stanza, warnings)
        if not diversions.keys().isdisjoint(files):
            files = tuple(_diverted(file, name, diversions) for file in files)
        # Without a database of its own apt takes every package for one that was asked for; where
        # there is no apt either, nobody knows.
        known = states is not None or path == _ADMIN + b"status"
        packages.append(
            Package(
                manager="dpkg",
                name=name,
                version=stanza.get("version", ""),
                arch=arch,
                section=stanza.get("section", ""),
                source=bare_name(stanza.get("source", "")),
                record=path,
                files=files,
                stems=tuple(_ADMIN + b"info/" + stem for stem in _stems(stanza)),
                depends=relations(f"{stanza.get('pre-depends', '')},{stanza.get('depends', '')}"),
                recommends=relations(stanza.get("recommends", "")),
                suggests=relations(stanza.get("suggests", "")),
                provides=tuple(
                    provided
                    for relation in relations(stanza.get("provides", ""))
                    for provided in relation.names
                ),
                essential=_is_essential(stanza),
                required=stanza.get("priority") == "required",
                auto=(name, arch) in automatic if known else None,
            )
        )
    return Read(tuple(packages), warnings.all())


def _stanzas(contents: Contents, warnings: PackageWarnings) -> list[tuple[bytes, dict[str, str]]]:
    """(file, paragraph) of each package that has files."""
    found: list[tuple[bytes, dict[str, str]]] = []
    status = _ADMIN + b"status"
    for stanza in paragraphs(contents.get(status, b""), _FIELDS):
        state = stanza.get("status", "").split()
        if len(state) != 3:
            warnings.add(
                status, f"the state of {stanza.get('package', 'a package')[:80]} is unclear"
            )
        elif state[2] not in _GONE:
            found.append((status, stanza))
    folder = _ADMIN + b"status.d/"
    for path in sorted(path for path in contents if path.startswith(folder)):
        if not path.endswith(b".md5sums"):
            found += ((path, stanza) for stanza in paragraphs(contents[path], _FIELDS))
    return found


def _files_of(
    contents: Contents, record: bytes, stanza: dict[str, str], warnings: PackageWarnings
) -> tuple[bytes, ...]:
    """The listed paths; from checksums and conffiles where an image has no list."""
    if record != _ADMIN + b"status":
        return _from_sums(contents.get(record + b".md5sums", b""))
    stems = _stems(stanza)
    for stem in stems:
        listed = contents.get(_ADMIN + b"info/" + stem + b".list")
        if listed is not None:
            return _listed(listed)
    conffiles = tuple(
        line.split()[0].lstrip("/").encode()
        for line in stanza.get("conffiles", "").split("\n")
        if line.startswith("/")
    )
    for stem in stems:
        sums = contents.get(_ADMIN + b"info/" + stem + b".md5sums")
        if sums is not None:
            return _from_sums(sums) + conffiles
    warnings.add(record, f"the files of {stanza['package'][:80]} are not listed")
    return conffiles


def _listed(text: bytes) -> tuple[bytes, ...]:
    """The paths of a list, without leading slash; whole at once where each line is `/` and a path."""
    if text.startswith(b"/") and b"//" not in text:
        paths = text[1:].removesuffix(b"\n").split(b"\n/")
        if len(paths) - 1 == text.count(b"\n", 0, -1):
            return tuple(paths)
    return tuple(line.lstrip(b"/") for line in lines(text) if line.startswith(b"/"))


def _stems(stanza: dict[str, str]) -> tuple[bytes, ...]:
    """Names of a package's files in `info`, without extension.

    Packages of which several architectures may be installed have the architecture in the name; a package
    that only later became one, or ceased to be, may still have the other name.
    """
    name = stanza["package"].encode()
    both = (name + b":" + stanza.get("architecture", "").encode(), name)
    return both if stanza.get("multi-arch") == "same" else both[::-1]


def _from_sums(data: bytes) -> tuple[bytes, ...]:
    """Paths of lines such as `d41d8cd98f00b204e9800998ecf8427e  usr/bin/true`."""
    found: list[bytes] = []
    for line in lines(data):
        _, gap, path = line.partition(b"  ")
        if gap and path:
            found.append(path.lstrip(b"/"))
    return tuple(found)


def _read_states(data: bytes) -> set[tuple[str, str]]:
    """(name, architecture) of what was installed automatically; also `all`, as apt writes it so."""
    automatic: set[tuple[str, str]] = set()
    for stanza in paragraphs(data, {"package", "architecture", "auto-installed"}):
        if stanza.get("auto-installed") == "1":
            name = stanza.get("package", "")
            automatic.add((name, stanza.get("architecture", "")))
            # apt files packages for all architectures under the machine's own.
            automatic.add((name, "all"))
    return automatic


def _read_diversions(data: bytes) -> _Diversions:
    """Three lines each: the path, where it goes, and the package that is not affected."""
    lines = data.split(b"\n")
    return {
        lines[at].lstrip(b"/"): (
            lines[at + 1].lstrip(b"/"),
            lines[at + 2].decode("utf-8", "replace"),
        )
        for at in range(0, len(lines) - 2, 3)
        if lines[at].startswith(b"/") and lines[at + 1].startswith(b"/")
    }


def _diverted(file: bytes, package: str, diversions: _Diversions) -> bytes:
    """Where a package's file really is; a local diversion (`:`) affects every package."""
    found = diversions.get(file)
    return file if found is None or found[1] == package else found[0]


def _is_essential(stanza: dict[str, str]) -> bool:
    """Whether apt refuses to remove it; apt counts itself among those packages."""
    flags = (stanza.get("essential"), stanza.get("protected"), stanza.get("important"))
    return "yes" in flags or stanza.get("package") == "apt"
