"""Node: the program, the packages of production, and node without npm and compilers.

Where a build writes the program to a directory of its own (`dist`), its sources stay behind, with the
packages that only build; whether a package does is what npm's or pnpm's records say.
Source: npm's documentation, npm-prune and package-lock.json; Node.js best practices for containers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from slim.ecosystems.node.standalone import Standalone, port_of, standalone
from slim.entrypoint.runs import Command
from slim.files.view import below as join
from slim.files.view import decoded, encoded
from slim.packages.documents import load_object
from slim.packages.package import PackageWarnings
from slim.rebuild.application import Leftover, beside, paths_of
from slim.rebuild.interpreted import (
    copied,
    home_of,
    listed,
    main_command,
    script_names,
    search_path,
    system_owner,
)
from slim.rebuild.model import FROM_APPLICATION, Given, KeptFiles, Plan, Uninstall
from slim.rebuild.quoting import literal
from slim.rebuild.trees import below, in_context, node_at, row_at

_GYP = frozenset(("python3", "python", "python2", "python-is-python3"))
"""node-gyp runs Python to compile; Node itself does not."""
_OUTPUTS = (b"dist", b"build", b"out", b"output", b".output", b"lib-dist", b"compiled")
_LEFTOVER = Leftover(
    endings=(
        b".ts",
        b".tsx",
        b".mts",
        b".cts",
        b".tsbuildinfo",
        b".map",
        b".scss",
        b".sass",
        b".less",
    ),
    names=frozenset((b"tsconfig.json", b"package-lock.json", b"yarn.lock", b"pnpm-lock.yaml")),
    sources=frozenset((b"src",)),
    in_sources=(b".js", b".mjs", b".cjs", b".jsx", b".vue", b".svelte", b".astro", b".css"),
)
"""What a project has whose build writes the program to a directory of its own."""
_SOURCES = (b".js", b".mjs", b".cjs", b".jsx", b".css", b".ico")
"""What the build of Next.js compiles, besides TypeScript and style sheets."""
_LOCKS = {
    b"package-lock.json": "npm_lock",
    b"npm-shrinkwrap.json": "npm_lock",
    b"pnpm-lock.yaml": "pnpm_lock",
    b"yarn.lock": "yarn_lock",
}
_RECORDS = {
    b"node_modules/.modules.yaml": "pnpm_lock",
    b"node_modules/.yarn-integrity": "yarn_lock",
    b"node_modules/.package-lock.json": "npm_lock",
}
"""What an installer writes beside the packages."""
_PRUNES = {
    "pnpm_lock": "CI=true pnpm prune --prod",
    "yarn_lock": "yarn install --production --ignore-scripts --prefer-offline",
}
"""What takes packages for development out, where it is not npm."""
_RUNNERS = frozenset(("npm", "npx", "yarn", "yarnpkg", "pnpm", "corepack"))
"""Commands that the final stage does not have."""
_INSTALLERS = (b"npm", b"corepack")
"""Packages beside which programs are that were installed for all."""


def plan(given: Given) -> Plan | None:
    """What to keep of an image that runs a program of Node; None where it is not known which."""
    command = main_command(given, "node", _RUNNERS)
    if command is None:
        return None
    own = home_of(given, command, "node")
    binary = _binary(given, command)
    if own is None or binary is None:
        return None
    found = standalone(given, command, own)
    if found is not None:
        return _traced(given, command, own, binary, found)
    home = _workspace_root(given, own)
    modules = join(home, b"node_modules")
    output = _output(given, command, home)
    if output is not None:
        beside_it = beside(given, (home,), _LEFTOVER)
        code = list(dict.fromkeys((*below(given.view, output), *beside_it)))
        kept = paths_of(given, code, home)
        why = f"what the build wrote to /{decoded(output)}, and files that are not sources"
        guesses: tuple[str, ...] = (
            f"the program needs no more of /{decoded(home)} than {_list(kept)} and its packages",
        )
    else:
        kept = [home]
        code = list(_without(given, home, modules))
        why, guesses = "the project, without what findings would delete", ()
    owner = system_owner(given, binary)
    runtime = [] if owner is not None else [binary]
    through = given.facts.runs.words[0].rpartition("/")[2] in _RUNNERS
    # Where more than other words would be needed without npm, it stays.
    direct = given.facts.runs.direct
    skips = _RUNNERS if through and direct else frozenset[str]()
    searched, outside = _other_modules(given, home, skips)
    around = _around(given, command, home)
    return Plan(
        stack="node",
        parts=(
            KeptFiles("the application", why, code, loses=FROM_APPLICATION, paths=tuple(kept)),
            KeptFiles(
                "files around it",
                "it is started in a directory above, and may read what others built there",
                around,
                loses=FROM_APPLICATION,
            ),
            KeptFiles(
                "packages for production",
                "node_modules without what is only for development",
                [*_production(given, modules), *outside],
                paths=(modules, *searched),
            ),
            KeptFiles("Node", "the program alone, without npm and headers", runtime),
        ),
        runtime=(given.view.files.path(binary),),
        packages=() if owner is None else (owner,),
        uninstalls=_prune(given, home),
        builds=_GYP,
        homes=(home,),
        values={
            "home": f"/{decoded(home)}",
            _installer(given, home): "yes",
            **({"build": "yes"} if _builds(given, home) else {}),
            **({} if owner is not None else _own(given, binary)),
        },
        copies=copied(home, [*kept, modules, *searched])
        if output is not None
        else copied(home, [home, *searched]),
        command=direct,
        skips=skips,
        guesses=guesses,
    )


def _traced(given: Given, command: Command, home: bytes, binary: int, found: Standalone) -> Plan:
    """A server of Next.js as its build traced it, with what is served and read besides."""
    view = given.view
    owner = system_owner(given, binary)
    public = [*below(view, join(home, b"public"))]
    data = [
        row
        for row in beside(given, (home,), _LEFTOVER)
        if not view.files.path(row).startswith((join(home, b".next/"), join(home, b"public/")))
        and not view.files.name[row].endswith(_SOURCES)
    ]
    kept = [join(home, b"public")] if public else []
    kept += paths_of(given, data, home)
    here = f"/{decoded(home)}"
    inside = found.folder.removeprefix("standalone").strip("/")
    root = here.removesuffix("/" + inside) if inside else here
    return Plan(
        stack="node",
        parts=(
            KeptFiles(
                "the application",
                "what the build of Next.js wrote, and files that are no sources",
                [*found.built, *public, *data],
                paths=(join(home, b".next"), *kept),
            ),
            KeptFiles(
                "packages for production",
                "the files of node_modules that the build traced",
                found.traced,
                loses=frozenset(),
                paths=(join(home, b"node_modules"),),
            ),
            KeptFiles(
                "the starter of Next.js",
                "what the program of the standalone output loads; this build did not trace it",
                found.starter,
                loses=frozenset(),
                unsure=True,
                paths=(join(home, b"node_modules/next/dist"),),
            ),
            KeptFiles(
                "Node",
                "the program alone, without npm and headers",
                [] if owner is not None else [binary],
            ),
        ),
        runtime=(view.files.path(binary),),
        packages=() if owner is None else (owner,),
        builds=_GYP,
        homes=(home,),
        values={
            "home": here,
            "standalone": "yes",
            "standalone_port": port_of(command) or given.facts.env.get("PORT", "") or "3000",
            **({f"next_{found.config}": "yes"} if found.config else {}),
            _installer(given, home): "yes",
            "build": "yes",
            **({} if owner is not None else _own(given, binary)),
        },
        copies=(
            (f"{here}/.next/standalone", root),
            (f"{here}/.next/static", f"{here}/.next/static"),
            *((f"/{decoded(path)}", f"/{decoded(path)}") for path in kept),
        ),
        command=("node", f"{here}/server.js"),
        skips=_RUNNERS,
        guesses=(
            "the server reads no more than what its build traced, and what is neither source nor package in "
            f"{here}",
        ),
    )


def _workspace_root(given: Given, home: bytes) -> bytes:
    """The project that has the packages of all its workspaces, of which the program is one.

    Source: npm's documentation ("Workspaces"), pnpm's (`pnpm-workspace.yaml`); Node looks for modules in all
    directories above.
    """
    view, found, place = given.view, home, home
    while place and not given.facts.roots.is_system(place):
        place = place.rpartition(b"/")[0]
        manifest = view.read(join(place, b"package.json"))
        if manifest is None or not view.is_dir(join(place, b"node_modules")):
            continue
        document = load_object(manifest, b"package.json", PackageWarnings()) or {}
        workspaces = "workspaces" in document or view.is_file(join(place, b"pnpm-workspace.yaml"))
        if workspaces or not view.is_dir(join(home, b"node_modules")):
            found = place
    return found


def _own(given: Given, binary: int) -> dict[str, str]:
    """Of a program that no package has."""
    return {"node": f"/{decoded(given.view.files.path(binary))}", "own_toolchain": "yes"}


def _binary(given: Given, command: Command) -> int | None:
    """The row of `node`: what the command is, or else what is on the usual places."""
    for path in (encoded(command.path), b"usr/local/bin/node", b"usr/bin/node", b"usr/bin/nodejs"):
        row = row_at(given.view, path) if path else None
        if row is not None and given.view.files.name[row] in (b"node", b"nodejs"):
            return row
    return None


def _installer(given: Given, home: bytes) -> str:
    """By what the packages are installed again."""
    return next((_LOCKS[name] for name in _LOCKS if in_context(given, join(home, name))), "no_lock")


def _prune(given: Given, home: bytes) -> tuple[Uninstall, ...]:
    """How packages for development leave node_modules."""
    place = literal(f"/{decoded(home)}")
    packages = given.graph.packages
    development = frozenset(
        index for index, package in enumerate(packages) if package.manager == "node" and package.dev
    )
    records = (name for name in _RECORDS if given.view.is_file(join(home, name)))
    installer = next((_RECORDS[name] for name in records), _installer(given, home))
    remove = _PRUNES.get(installer, "npm prune --omit=dev")
    return (Uninstall(development, f"cd {place} && {remove}", by_name=False),) if place else ()


def _output(given: Given, command: Command, home: bytes) -> bytes | None:
    """The directory that a build writes and the program is run from."""
    if not _builds(given, home):
        return None
    for file in command.files:
        first = encoded(file).removeprefix(home + b"/").partition(b"/")[0]
        if first in _OUTPUTS and encoded(file).startswith(home + b"/" + first + b"/"):
            return join(home, first)
    return None


def _builds(given: Given, home: bytes) -> bool:
    """Whether the project has a script that builds it."""
    return "build" in script_names(given.view.read(join(home, b"package.json")))


def _around(given: Given, command: Command, home: bytes) -> list[int]:
    """Files in the directory in which the program is started, where that is above its project: no sources and
    no packages, but what is built of another project, such as a client that it serves."""
    place = given.view.real(encoded(command.cwd))
    if not place or not home.startswith(place + b"/") or given.facts.roots.is_system(place):
        return []
    files = given.view.files
    return [
        row
        for row in beside(given, (place,), _LEFTOVER)
        if not (files.path(row)).startswith(home + b"/")
        and b"/node_modules/" not in files.path(row)
    ]


def _other_modules(
    given: Given, home: bytes, skips: frozenset[str]
) -> tuple[list[bytes], list[int]]:
    """Directories of packages outside of the project, and what to keep of them: those of NODE_PATH, and of
    programs that were installed for all (`npm install --global`), without installers that nothing starts."""
    started = [
        encoded(path)
        for command in given.facts.runs.commands
        if command.name not in skips
        for path in (command.path, *command.files)
    ]
    found = dict.fromkeys(search_path(given, "NODE_PATH", (home,)))
    for path in started:
        above, inside, _ = path.partition(b"/node_modules/")
        if inside and not path.startswith(home + b"/"):
            found[join(above, b"node_modules")] = None
    rows: list[int] = []
    for place in found:
        kept: Iterable[int] = _production(given, place)
        for installer in (join(place, name) for name in _INSTALLERS):
            if not any(path.startswith(installer + b"/") for path in started):
                kept = _outside(given, kept, installer)
        rows += (row for row in kept if system_owner(given, row) is None)
    return list(found), rows


def _production(given: Given, modules: bytes) -> list[int]:
    """Files of node_modules; those of packages for development are left out, and installers' caches."""
    owner, packages = given.owned.owner, given.graph.packages
    cache = join(modules, b".cache")
    development = {
        index for index, package in enumerate(packages) if package.manager == "node" and package.dev
    }
    rows = _without(given, modules, cache)
    return [row for row in rows if owner[row] not in development]


def _without(given: Given, directory: bytes, left_out: bytes) -> Iterator[int]:
    """Rows below a directory that are neither at a path nor below it."""
    node = node_at(given.view, left_out)
    return below(given.view, directory, () if node is None else (node,))


def _outside(given: Given, rows: Iterable[int], directory: bytes) -> Iterator[int]:
    """The rows that are neither at a path nor below it."""
    files = given.view.files
    inside: dict[int, bool] = {}
    name = directory.rpartition(b"/")[2]
    for row in rows:
        home = files.directory[row]
        if home not in inside:
            inside[home] = (files.directory_path(home) + b"/").startswith(directory + b"/")
        if not inside[home] and (files.name[row] != name or files.path(row) != directory):
            yield row


def _list(paths: list[bytes]) -> str:
    return listed([decoded(path.rpartition(b"/")[2]) for path in paths])
