"""Where things are: project directories, virtual environments, modules, SDKs, compilers. Pure.

One pass over all names finds the marks (`mix.exs`, `pyvenv.cfg`, `node_modules`, `cc1`); what stands around
a mark decides. Every list is sorted and bounded; no value is the image's root.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from slim.ecosystems.elixir.releases import Release, otp_roots, releases
from slim.entrypoint.tables import raw_names
from slim.files.view import View, below

MAX_ROOTS = 256
"""Most values of one list."""

PROJECTS = {
    "elixir": raw_names("mix.exs rebar.config"),
    "node": raw_names("package.json"),
    "python": raw_names("pyproject.toml requirements.txt setup.py Pipfile manage.py"),
    "ruby": raw_names("Gemfile config.ru"),
    "java": raw_names("pom.xml build.gradle build.gradle.kts BOOT-INF WEB-INF"),
    "go": raw_names("go.mod"),
    "rust": raw_names("Cargo.toml"),
    "php": raw_names("composer.json artisan"),
    "dotnet": raw_names(".csproj .fsproj .vbproj"),
}
"""Files and directories that stand in the main directory of a project, by stack; with a dot in front:
endings."""
_ENDINGS = (b".csproj", b".fsproj", b".vbproj", b".runtimeconfig.json")
_COMPILERS = raw_names(
    "cc1 cc1plus clang clang++ rustc ghc javac swiftc zig tcc f951 ocamlopt dmd ldc2 nim gdc crystal csc.dll "
    "compile"
)
_MARKS = _COMPILERS | raw_names(
    "pyvenv.cfg site-packages dist-packages node_modules specifications conda-meta java BUILD_ID "
    "start_erl.data erlexec Microsoft.NETCore.App installed.json"
)
_LIBRARIES = raw_names(
    "node_modules bower_components site-packages dist-packages vendor deps _build gems bundler erlang jvm "
    "testdata __pycache__ conda-meta pkgs .git toolchains registry"
)
"""Directories whose contents were written by others."""
_SYSTEM = (
    *b"bin sbin lib lib64 dev proc sys run etc boot usr/bin usr/sbin usr/lib usr/lib64 usr/libexec".split(),
    *b"usr/share usr/include usr/games usr/local/lib usr/local/share usr/local/include usr/local/go".split(),
    *b"usr/local/cargo usr/local/rustup usr/local/bin usr/local/sbin usr/local/etc var/lib/dpkg".split(),
    *b"var/lib/apt var/cache var/log go/pkg opt/conda opt/java nix".split(),
)
"""No project of the image's own is below these."""


class Roots(Struct, frozen=True):
    """What was found; paths without leading slash."""

    projects: Mapping[bytes, tuple[str, ...]] = field(default_factory=dict)
    """Directory → stacks that it has marks of."""
    releases: tuple[Release, ...] = ()
    otp: tuple[bytes, ...] = ()
    venvs: tuple[bytes, ...] = ()
    sites: tuple[bytes, ...] = ()
    node_modules: tuple[bytes, ...] = ()
    gems: tuple[bytes, ...] = ()
    condas: tuple[bytes, ...] = ()
    javas: tuple[bytes, ...] = ()
    dotnets: tuple[bytes, ...] = ()
    next_builds: tuple[bytes, ...] = ()
    """Directories with a `.next/BUILD_ID`."""
    dotnet_apps: tuple[bytes, ...] = ()
    """Files `*.runtimeconfig.json` outside of SDKs."""
    composer: tuple[bytes, ...] = ()
    """Directories with `vendor/composer/installed.json`."""
    compilers: tuple[bytes, ...] = ()


def roots_of(view: View) -> Roots:
    """Find everything in one pass."""
    kinds = {mark: stack for stack, marks in PROJECTS.items() for mark in marks}
    found = view.find(_MARKS | kinds.keys(), _ENDINGS)
    projects: dict[bytes, set[str]] = {}
    for mark, stack in kinds.items():
        for path in found.get(mark, ()):
            home = _parent(path)
            if home and is_own(home):
                projects.setdefault(home, set()).add(stack)
    modules = [path for path in found[b"node_modules"] if _is_app_modules(path, view)]
    javas = [_parent(path, 2) for path in found[b"java"] if path.endswith(b"/bin/java")]
    shared = [path for path in found[b"Microsoft.NETCore.App"] if _last(_parent(path)) == b"shared"]
    nexts = [path for path in found[b"BUILD_ID"] if _last(_parent(path)) == b".next"]
    composer = [
        path
        for path in found[b"installed.json"]
        if path.endswith(b"/vendor/composer/installed.json")
    ]
    sites = [*found[b"site-packages"], *found[b"dist-packages"]]
    return Roots(
        projects={home: tuple(sorted(projects[home])) for home in _nearest(projects)},
        releases=releases(found[b"start_erl.data"], view),
        otp=otp_roots(found[b"erlexec"], view),
        venvs=_cut(_parent(path) for path in found[b"pyvenv.cfg"]),
        sites=_cut(path for path in sites if _is_site(path) and _is_real(path, view)),
        node_modules=_cut(path for path in modules if _is_real(path, view)),
        gems=_cut(
            _parent(path)
            for path in found[b"specifications"]
            if view.is_dir(below(_parent(path), b"gems")) and not path.startswith(b"usr/share/")
        ),
        condas=_cut(home for path in found[b"conda-meta"] if (home := _conda(path, view))),
        javas=_cut(home for home in javas if _is_real(below(home, b"bin/java"), view)),
        dotnets=_cut(_parent(path, 2) for path in shared),
        next_builds=_cut(_parent(path, 2) for path in nexts),
        dotnet_apps=_cut(
            path for path in found[b".runtimeconfig.json"] if b"/sdk/" not in path and is_own(path)
        ),
        composer=_cut(_parent(path, 3) for path in composer),
        compilers=_cut(
            path for name in _COMPILERS for path in found[name] if _compiles(path, view)
        ),
    )


def is_own(path: bytes) -> bool:
    """Whether a path is outside of what the system and package managers put into an image."""
    parts = path.split(b"/")
    if not _LIBRARIES.isdisjoint(parts) or any(
        path == one or path.startswith(one + b"/") for one in _SYSTEM
    ):
        return False
    # Caches and tools of users; `.output` and `.next` are builds.
    return not any(part[:1] == b"." and part not in (b".output", b".next") for part in parts)


def is_system(path: bytes) -> bool:
    """Whether a directory is one that every system has, or the parent of many things."""
    return path in _SHARED or path in _SYSTEM


_SHARED = raw_names("usr usr/local usr/src var var/lib var/www tmp opt srv home mnt media data")


def _parent(path: bytes, levels: int = 1) -> bytes:
    for _ in range(levels):
        path = path.rpartition(b"/")[0]
    return path


def _last(path: bytes) -> bytes:
    return path.rpartition(b"/")[2]


def _is_real(path: bytes, view: View) -> bool:
    return view.real(path) == path


def _cut(paths: Iterable[bytes]) -> tuple[bytes, ...]:
    """Each once, the nearest to the root first, the root itself left out."""
    return tuple(_nearest(set(paths)))


def _nearest(paths: Iterable[bytes]) -> list[bytes]:
    ordered = sorted(paths, key=lambda path: (path.count(b"/"), path))
    return [path for path in ordered if path][:MAX_ROOTS]


def _is_site(path: bytes) -> bool:
    return _last(_parent(path)).startswith((b"python", b"pypy"))


def _is_app_modules(path: bytes, view: View) -> bool:
    """The outermost `node_modules` of a project, not of an installation of Node."""
    above = _parent(path)
    parts = above.split(b"/")
    if b"node_modules" in parts or not _TOOLS.isdisjoint(parts):
        return False
    if (
        above.startswith((b"usr/lib", b"usr/share", b"usr/local/lib", b"usr/local/share"))
        or _last(above) == b"erlang"
    ):
        return False
    return _last(above) != b"lib" or not view.exists(below(_parent(above), b"bin/node"))


_TOOLS = raw_names(
    "site-packages dist-packages gems .npm .cache .nvm .yarn .bun .vscode-server .volta"
)


def _conda(path: bytes, view: View) -> bytes:
    """The installation that `conda-meta` belongs to; empty for an environment of another one."""
    home = _parent(path)
    if _last(_parent(home)) == b"envs" and view.is_dir(below(_parent(home, 2), b"conda-meta")):
        return b""
    return home


def _compiles(path: bytes, view: View) -> bool:
    name = _last(path)
    if name == b"compile":
        return b"/pkg/tool/" in path
    if name in (b"cc1", b"cc1plus", b"f951"):
        return b"gcc" in path
    return view.is_file(path)
