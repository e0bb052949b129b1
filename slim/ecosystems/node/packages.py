"""Node's packages: every package directory below a `node_modules`, whoever installed it.

A directory `node_modules/NAME` or `node_modules/@SCOPE/NAME` with a `package.json` is a package, and owns
what is below it up to the next one. What a package requires is looked up in the nearest `node_modules`
on the way to the root, so that dependencies lead to places and not to names.
Source: Node.js "Modules: Loading from node_modules folders"; npm's documentation, package.json.
"""

from __future__ import annotations

from collections.abc import Iterable

from slim.ecosystems.node.flags import Flags, find_flags
from slim.ecosystems.node.tree import Manifest, Tree
from slim.packages.documents import load_object, text_of
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
    parent,
    text,
)

_MODULES = b"node_modules"
_MANIFEST = b"package.json"


def read_node(contents: Contents) -> Read:
    """All packages in `node_modules` directories.

    Whether one is needed only for development is what the installer's own record says, or what follows
    from the projects' `package.json`; None where there is neither.
    """
    warnings = PackageWarnings()
    manifests: dict[bytes, Manifest] = {}
    homes: set[bytes] = set()
    others: list[bytes] = []
    for path in sorted(contents):
        folder, _, name = path.rpartition(b"/")
        if name != _MANIFEST:
            continue
        home = modules_of(folder)
        if home is None:
            # Deeper in a package, `package.json` only says how files are to be read.
            if not _inside(folder):
                others.append(folder)
            continue
        document = load_object(contents[path], path, warnings)
        if document is None:
            continue
        if len(manifests) == MAX_PACKAGES:
            warnings.add(path, f"there are more than {MAX_PACKAGES:,} packages")
            break
        # The directory is what programs ask for; an alias has another name inside.
        manifests[folder] = _manifest(text(folder[len(home) :].strip(b"/")), document)
        homes.add(home)
    tree = Tree(manifests, homes)
    projects = _projects(contents, others, tree, warnings)
    flags = find_flags(contents, projects, tree, warnings)
    packages = tuple(
        _package(folder, manifest, tree, flags) for folder, manifest in manifests.items()
    )
    if tree.exhausted:
        warnings.add(next(iter(manifests)), "its packages require too much to follow all of it")
    return Read(packages, warnings.all())


def modules_of(folder: bytes) -> bytes | None:
    """The `node_modules` that a package directory is in; None for any other directory.

    >>> modules_of(b"app/node_modules/@babel/core"), modules_of(b"app/node_modules/@babel")
    (b'app/node_modules', None)
    """
    above, _, name = folder.rpartition(b"/")
    if name.startswith((b"@", b".")) or not name:
        return None
    if above.rpartition(b"/")[2].startswith(b"@"):
        above = parent(above)
    return above if above.rpartition(b"/")[2] == _MODULES else None


def _inside(folder: bytes) -> bool:
    return folder.startswith(_MODULES + b"/") or b"/" + _MODULES + b"/" in folder


def _projects(
    contents: Contents, folders: Iterable[bytes], tree: Tree, warnings: PackageWarnings
) -> dict[bytes, Manifest]:
    """What those of some directories ask for that have packages: Debian's own libraries have none."""
    projects: dict[bytes, Manifest] = {}
    for folder in folders:
        path = below(folder, _MANIFEST)
        if tree.has_packages(folder) and (document := load_object(contents[path], path, warnings)):
            projects[folder] = _manifest(text(folder), document)
    return projects


def _manifest(name: str, document: dict[str, object]) -> Manifest:
    def names(kind: str) -> tuple[str, ...]:
        found = document.get(kind)
        return tuple(found)[:MAX_DEPENDENCIES] if isinstance(found, dict) else ()

    return Manifest(
        name=name,
        version=text_of(document.get("version")),
        dependencies=names("dependencies"),
        optional=names("optionalDependencies"),
        peers=names("peerDependencies"),
        development=names("devDependencies"),
    )


def _package(folder: bytes, manifest: Manifest, tree: Tree, flags: Flags) -> Package:
    def found(names: tuple[str, ...]) -> tuple[Dependency, ...]:
        return dependencies(
            [tuple(map(text, places)) for name in names if (places := tree.resolve(folder, name))]
        )

    return Package(
        manager="node",
        name=manifest.name,
        version=manifest.version,
        record=below(folder, _MANIFEST),
        directories=(folder,),
        depends=found(manifest.dependencies + manifest.peers),
        recommends=found(manifest.optional),
        provides=(text(folder),),
        auto=None
        if folder not in flags.direct and not flags.direct
        else folder not in flags.direct,
        dev=flags.dev.get(folder),
        optional=folder in flags.optional,
    )
