""".NET: the published application and the shared runtimes that it is started with; no SDK.

Which runtimes, `NAME.runtimeconfig.json` says: each framework by name and version, for which the latest
patch of the same minor version is taken, or the next that is there. `dotnet run` starts the output that
`bin/` holds; a publication holds the same.
Source: .NET, "Select which .NET version to use", "Runtime configuration options", "dotnet publish".
"""

from __future__ import annotations

from collections.abc import Iterable

from slim.ecosystems.shared import without
from slim.ecosystems.versions import version_of
from slim.entrypoint.runs import Command
from slim.files.view import below as join
from slim.files.view import decoded, encoded
from slim.packages.documents import load_object, object_of, objects_of, text_of
from slim.packages.owners import NOBODY
from slim.packages.package import SYSTEM, PackageWarnings
from slim.rebuild.build_steps import is_of_toolchain
from slim.rebuild.interpreted import home_of, listed, main_command
from slim.rebuild.model import FROM_APPLICATION, Given, KeptFiles, Plan
from slim.rebuild.trees import below, row_at, rows_at

_CONFIG = b".runtimeconfig.json"
_SOURCES = (b".cs", b".csproj", b".fs", b".fsproj", b".vb", b".vbproj", b".sln", b".slnx")
_LEAST_WITH_RUNTIME = 20_000_000
"""Bytes of a program of a single file that holds the runtime."""
_BEFORE = {"Microsoft.AspNetCore.App": ("Microsoft.NETCore.App",)}
"""Framework → those that it stands on."""


def plan(given: Given) -> Plan | None:
    """What to keep of an image that runs a .NET application; None where it is not known which."""
    command = main_command(given, "dotnet")
    if command is None or command.name == "pwsh":
        return None
    application = _application(given, command)
    if application is None:
        return None
    home = application.rpartition(b"/")[0]
    project = _project(given, home)
    frameworks = _frameworks(given, application)
    unsure = not frameworks and _may_need_runtime(given, command, application)
    if unsure:
        frameworks = [(name, "") for name in ("Microsoft.AspNetCore.App", "Microsoft.NETCore.App")]
    # An application that brings its own runtime is no argument of `dotnet`.
    root = _root(given, command) if frameworks or command.name == "dotnet" else None
    frameworks = frameworks if root is not None or not unsure else []
    if frameworks and root is None:
        return None
    places = [] if root is None else _runtimes(given, root, frameworks)
    runtime = [] if root is None else [*rows_at(given.view, (join(root, b"dotnet"),))]
    runtime += [row for place in places for row in below(given.view, place)]
    packages = _owners(given, runtime)
    outputs = () if project is None else (b"bin", b"obj")
    beside = [] if project is None else _beside(given, project, outputs)
    # Sources stay in the build stage, wherever their output lies.
    homes = [home if project is None else project, *given.facts.roots.projects_of("dotnet")]
    homes += [] if root is None else [root]
    names = [f"{name} {version}".strip() for name, version in frameworks]
    return Plan(
        stack="dotnet",
        parts=(
            KeptFiles(
                "the application",
                "what publishing made, and files of the project that are not sources",
                [*below(given.view, home), *beside],
                loses=FROM_APPLICATION,
                paths=tuple(dict.fromkeys([home, *homes[:1]])),
            ),
            KeptFiles(
                ".NET's runtime",
                f"what {decoded(application.rpartition(b'/')[2])}{decoded(_CONFIG)} asks for: "
                f"{listed(names)}",
                [row for row in runtime if given.owned.owner[row] == NOBODY],
                unsure=unsure,
                paths=tuple(places),
            ),
        ),
        runtime=() if root is None else (join(root, b"dotnet"),),
        packages=packages,
        homes=tuple(homes),
        values={
            "home": f"/{decoded(project)}" if project is not None else "/src",
            "output": f"/{decoded(home)}",
            **(
                {"own_toolchain": "yes", "any_toolchain": "yes"}
                if any(is_of_toolchain(given, row) for row in runtime[:1])
                else {}
            ),
        },
        copies=tuple(
            (f"/{decoded(path)}", f"/{decoded(path)}")
            for path in dict.fromkeys(
                [home, *([] if packages or root is None else [join(root, b"dotnet"), *places])]
            )
        ),
        guesses=()
        if project is None
        else (f"/{decoded(home)} holds what `dotnet publish` would write",),
    )


def _application(given: Given, command: Command) -> bytes | None:
    """The path of the application without ending: its `.dll` and `.runtimeconfig.json` are beside it."""
    view = given.view
    for file in (*command.files, command.path):
        path = encoded(file).removesuffix(b".dll")
        if path and (view.is_file(path + _CONFIG) or view.is_file(path + b".deps.json")):
            return path
    built = list(given.facts.roots.of("dotnet_application"))
    if command.name == "dotnet" and "run" in command.words[1:3]:
        home = home_of(given, command, "dotnet")
        built = [path for path in built if home is not None and path.startswith(home + b"/bin/")]
    elif command.name == "dotnet" or not command.path:
        return None
    else:
        # A program of a single file has nothing beside it that names what it needs.
        return encoded(command.path)
    # Of several outputs the published one, then the one for production.
    built.sort(key=lambda path: (b"/publish/" not in path, b"/Release/" not in path, path))
    return built[0].removesuffix(_CONFIG) if built else None


def _project(given: Given, home: bytes) -> bytes | None:
    """The project in whose `bin` the application lies."""
    found = [
        project
        for project in given.facts.roots.projects_of("dotnet")
        if home.startswith(project + b"/bin/")
    ]
    return max(found, key=len, default=None)


def _beside(given: Given, project: bytes, outputs: Iterable[bytes]) -> list[int]:
    """Files of the project that are not sources: settings, pages, data."""
    rows = without(given, project, (*outputs, b"node_modules"))
    return [row for row in rows if not given.view.files.name[row].endswith(_SOURCES)]


def _frameworks(given: Given, application: bytes) -> list[tuple[str, str]]:
    """(name, version) of the shared frameworks; none for an application that brings its own."""
    content = given.view.read(application + _CONFIG)
    if content is None:
        return []
    document = load_object(content, application + _CONFIG, PackageWarnings()) or {}
    options = object_of(document.get("runtimeOptions"))
    several = options.get("frameworks")
    entries = objects_of(several) if isinstance(several, list) else []
    found: dict[str, str] = {}
    for entry in [*entries, object_of(options.get("framework"))]:
        name, version = text_of(entry.get("name")), text_of(entry.get("version"))
        if name and "/" not in name:
            found.setdefault(name, version)
            for other in _BEFORE.get(name, ()):
                found.setdefault(other, version)
    return sorted(found.items())


def _may_need_runtime(given: Given, command: Command, application: bytes) -> bool:
    """Whether a program of a single file, which says nothing, may be one without the runtime in it."""
    row = row_at(given.view, application) if command.name != "dotnet" else None
    known = row is None or given.view.is_file(application + _CONFIG)
    return not known and given.view.files.size[row or 0] < _LEAST_WITH_RUNTIME


def _root(given: Given, command: Command) -> bytes | None:
    """The directory of `dotnet`, its shared frameworks below it."""
    path = encoded(command.path)
    roots = given.facts.roots.of("dotnet_root")
    own = [root for root in roots if path == join(root, b"dotnet")]
    return next(iter([*own, *roots]), None)


def _runtimes(given: Given, root: bytes, frameworks: list[tuple[str, str]]) -> list[bytes]:
    """Directories of the frameworks in the versions that are taken, and the host that takes them."""
    view = given.view
    places: list[bytes] = []
    for name, version in frameworks:
        folder = join(root, b"shared/" + encoded(name))
        installed = {decoded(name): name for name in view.children(folder)}
        if installed:
            places.append(join(folder, installed[_taken(version, list(installed))]))
    host = join(root, b"host/fxr")
    hosts = sorted(view.children(host), key=lambda name: version_of(decoded(name)))
    return [*places, *(join(host, name) for name in hosts[-1:])]


def _taken(version: str, installed: list[str]) -> str:
    """The latest patch of the same minor version; else the lowest later version, else the latest."""
    installed.sort(key=version_of)
    if not version:
        return installed[-1]
    line = version.rpartition(".")[0]
    same = [name for name in installed if name.rpartition(".")[0] == line]
    later = [name for name in installed if version_of(name) >= version_of(version)]
    return same[-1] if same else later[0] if later else installed[-1]


def _owners(given: Given, rows: Iterable[int]) -> tuple[int, ...]:
    """System packages that have some of the files."""
    owners = dict.fromkeys(given.owned.owner[row] for row in rows)
    packages = given.graph.packages
    return tuple(index for index in owners if index != NOBODY and packages[index].manager in SYSTEM)
