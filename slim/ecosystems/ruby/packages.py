"""Ruby gems: `specifications/NAME-VERSION.gemspec` in a gem home.

A specification is Ruby code; RubyGems writes its essence into a comment in front, so that nobody has to
run it: `# stub: NAME VERSION PLATFORM PATHS`. Dependencies are read from the lines that it generates.
Source: RubyGems' Gem::Specification#to_ruby and Gem::StubSpecification.
"""

from __future__ import annotations

from slim.packages.package import (
    MAX_PACKAGES,
    Contents,
    Package,
    PackageWarnings,
    Read,
    below,
    dependencies,
    parent,
    text,
)

_STUB = b"# stub: "
_HEAD_LINES = 10
_ADD = (b"add_runtime_dependency(%q<", b"add_dependency(%q<")


def read_ruby(contents: Contents) -> Read:
    """All gems of all gem homes; default gems own only their specification."""
    warnings = PackageWarnings()
    packages: list[Package] = []
    built = _built(contents)
    for path in sorted(contents):
        folder = parent(path)
        default = folder.endswith(b"specifications/default")
        if not path.endswith(b".gemspec") or not (default or folder.endswith(b"specifications")):
            continue
        lines = contents[path].split(b"\n")
        stub = next((line for line in lines[:_HEAD_LINES] if line.startswith(_STUB)), None)
        words = text(stub or b"").removeprefix("# stub: ").split(" ")
        if stub is None or len(words) < 3:
            warnings.add(path, "it has no stub line that says which gem it is")
            continue
        if len(packages) == MAX_PACKAGES:
            warnings.add(path, f"there are more than {MAX_PACKAGES:,} gems")
            break
        name, version, platform = words[:3]
        home = parent(folder, 2 if default else 1)
        full = path.rpartition(b"/")[2].removesuffix(b".gemspec")
        scope = text(home) + ":"
        directories = () if default else (below(home, b"gems/" + full), below(home, b"doc/" + full))
        packages.append(
            Package(
                manager="gem",
                name=name,
                version=version,
                arch="" if platform == "ruby" else platform,
                record=path,
                files=(path, below(home, b"cache/" + full + b".gem")),
                directories=directories + tuple(built.get((home, full), ())),
                depends=dependencies([(scope + name,) for name in _dependencies(lines)]),
                provides=(scope + name,),
            )
        )
    return Read(tuple(packages), warnings.all())


def _built(contents: Contents) -> dict[tuple[bytes, bytes], list[bytes]]:
    """(gem home, full name) → directories of its compiled extensions.

    They are in `extensions/PLATFORM/ABI/FULL-NAME`, where RubyGems leaves a mark or a log.
    """
    found: dict[tuple[bytes, bytes], list[bytes]] = {}
    for path in contents:
        folder, _, name = path.rpartition(b"/")
        if name in (b"gem.build_complete", b"gem_make.out"):
            above = parent(folder, 3)
            if above.rpartition(b"/")[2] == b"extensions":
                found.setdefault((parent(above), folder.rpartition(b"/")[2]), []).append(folder)
    return found


def _dependencies(lines: list[bytes]) -> list[str]:
    names: list[str] = []
    for line in lines:
        for call in _ADD:
            _, found, rest = line.partition(call)
            name, closed, _ = rest.partition(b">")
            if found and closed:
                names.append(text(name))
    return names
