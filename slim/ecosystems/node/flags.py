"""Which packages of Node a project asks for itself, and which only for development.

npm 7 and later keeps the answer in `node_modules/.package-lock.json`, pnpm up to version 8 in
`node_modules/.pnpm/lock.yaml`; where neither is, it follows from what the projects' `package.json` ask
for.
Source: npm's documentation, package-lock.json "Hidden Lockfiles"; pnpm's lockfile format 5 and 6.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from slim.ecosystems.node.tree import Manifest, Tree
from slim.packages.documents import load_object, object_of
from slim.packages.package import Contents, PackageWarnings, below, normal, parent

_LOCK = b"node_modules/.package-lock.json"
_PNPM = b"node_modules/.modules.yaml"
_PNPM_LOCK = b"node_modules/.pnpm/lock.yaml"


class Flags(Struct):
    """Package directory → what is known of it."""

    dev: dict[bytes, bool] = field(default_factory=dict)
    optional: set[bytes] = field(default_factory=set)
    direct: set[bytes] = field(default_factory=set)
    """Asked for by a project."""


def find_flags(
    contents: Contents, projects: Mapping[bytes, Manifest], tree: Tree, warnings: PackageWarnings
) -> Flags:
    """Collect what records and projects say; a record's word counts more."""
    flags = Flags()
    _from_projects(projects, tree, flags)
    for path in sorted(contents):
        if path.endswith(_LOCK):
            _from_npm(path, contents, warnings, flags)
        elif path.endswith(_PNPM):
            _from_pnpm(path, contents, tree, flags)
    return flags


def _from_projects(projects: Mapping[bytes, Manifest], tree: Tree, flags: Flags) -> None:
    """What is reachable from development dependencies, and from nothing else, is for development."""
    needed: set[bytes] = set()
    development: set[bytes] = set()
    for folder, project in projects.items():
        for names, into in (
            (project.dependencies + project.optional + project.peers, needed),
            (project.development, development),
        ):
            for name in names:
                into.update(tree.resolve(folder, name))
    flags.direct.update(needed, development)
    if not flags.direct:
        return
    kept = tree.closure(needed)
    flags.dev.update((path, True) for path in tree.closure(development) - kept)
    flags.dev.update((path, False) for path in kept)


def _from_npm(path: bytes, contents: Contents, warnings: PackageWarnings, flags: Flags) -> None:
    document = load_object(contents[path], path, warnings)
    root = parent(path, 2)
    for key, value in object_of((document or {}).get("packages")).items():
        folder = normal(below(root, key.encode("utf-8", "replace")))
        if folder is None or not key:
            continue
        entry = object_of(value)
        # `devOptional` is for development, or else optional: leaving out development keeps it.
        flags.dev[folder] = entry.get("dev") is True
        if entry.get("optional") is True or entry.get("devOptional") is True:
            flags.optional.add(folder)


def _from_pnpm(path: bytes, contents: Contents, tree: Tree, flags: Flags) -> None:
    """An installation without development dependencies has none; else the lock file may know."""
    root = parent(path, 2)
    store = below(root, b"node_modules/.pnpm/")
    inside = [folder for folder in tree.manifests if folder.startswith(store)]
    if _included(contents[path]) is False:
        flags.dev.update((folder, False) for folder in inside)
        return
    marked = _marks(contents.get(below(root, _PNPM_LOCK), b""))
    for folder in inside:
        manifest = tree.manifests[folder]
        dev = marked.get((manifest.name, manifest.version))
        if dev is not None:
            flags.dev[folder] = dev


def _included(data: bytes) -> bool | None:
    """`included.devDependencies` of `.modules.yaml`, which is YAML or, as newer versions write it, JSON."""
    for line in data.decode("utf-8", "replace").split("\n"):
        key, _, value = line.strip().rstrip(",").partition(":")
        if key.strip('"') == "devDependencies" and value.strip() in ("true", "false"):
            return value.strip() == "true"
    return None


def _marks(data: bytes) -> dict[tuple[str, str], bool]:
    """(name, version) → only for development, from the `dev:` lines of a lock file.

    A version that is there several times (with different peers) is for development if all of them are.
    """
    marked: dict[tuple[str, str], bool] = {}
    key: tuple[str, str] | None = None
    inside = False
    for line in data.decode("utf-8", "replace").split("\n"):
        bare = line.strip()
        if not line.startswith(" ") and bare:
            inside = bare == "packages:"
        elif inside and line.startswith("  ") and line[2:3] not in ("", " ") and bare.endswith(":"):
            key = _pnpm_key(bare[:-1].strip("'\""))
        elif inside and key is not None and bare in ("dev: true", "dev: false"):
            marked[key] = bare == "dev: true" and marked.get(key, True)
    return marked


def _pnpm_key(key: str) -> tuple[str, str] | None:
    """`/@scope/name@1.0.0(peer@2)` of format 6, `/@scope/name/1.0.0_peer@2` of format 5.

    >>> _pnpm_key("/@a/b@1.0.0(c@2)"), _pnpm_key("/b/1.0.0_c@2")
    (('@a/b', '1.0.0'), ('b', '1.0.0'))
    """
    without_peers = key.lstrip("/").partition("(")[0]
    scope, slash, rest = (
        without_peers.partition("/") if without_peers.startswith("@") else ("", "", without_peers)
    )
    name, found, version = rest.partition("/" if "/" in rest else "@")
    if not found or not name or not version:
        return None
    return scope + slash + name, version.partition("_")[0]
