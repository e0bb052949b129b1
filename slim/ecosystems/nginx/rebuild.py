"""nginx and Caddy: the server, its settings, and what they serve.

What built the files is not needed to serve them: Node, `node_modules` and the sources of a
site stay in the build stage.
"""

from __future__ import annotations

from msgspec import Struct

from slim.ecosystems.nginx.modules import unused_modules
from slim.ecosystems.sites import site_of
from slim.entrypoint.runs import Command
from slim.files.view import below as join
from slim.files.view import decoded, encoded
from slim.packages.owners import NOBODY
from slim.packages.package import SYSTEM
from slim.rebuild.interpreted import listed, main_command, named, script_names, system_owner
from slim.rebuild.model import FROM_APPLICATION, Given, KeptFiles, Plan
from slim.rebuild.trees import below, row_at, rows_at

_BUILDS = frozenset(("nodejs", "npm", "yarn", "yarnpkg", "hugo", "zola", "mkdocs", "ruby-jekyll"))
"""Packages that make sites."""
_SERVERS = frozenset(("nginx", "caddy"))


class Server(Struct, frozen=True):
    """A web server that serves files."""

    name: str
    """Of its family, its package and its settings."""
    programs: tuple[bytes, ...]
    """Where its program is, if the command does not say it."""
    settings: bytes
    """The directory of its settings."""


_NGINX = Server(
    "nginx",
    (b"usr/sbin/nginx", b"usr/local/sbin/nginx", b"usr/local/nginx/sbin/nginx"),
    b"etc/nginx",
)


def plan(given: Given) -> Plan | None:
    """What to keep of an image that runs nginx; None where its program is not found."""
    return plan_of(given, _NGINX)


def plan_of(given: Given, server: Server) -> Plan | None:
    """What to keep of an image that runs a web server; None where its program is not found."""
    command = main_command(given, server.name)
    binary = None if command is None else _binary(given, command, server)
    if command is None or binary is None:
        return None
    view = given.view
    cwd = view.real(encoded(given.config.working_dir)) or b""
    site = site_of(view, server.name, given.facts.runs.main, cwd)
    served = [row for root in site.roots for row in (*rows_at(view, (root,)), *below(view, root))]
    named_files = rows_at(view, (*site.settings, *site.files))
    owner = system_owner(given, binary)
    program = [] if owner is not None else [binary, *_compiled(given, binary)]
    idle = unused_modules(given, site.settings, named_files)
    loaded = [row for row in named_files if given.owned.owner[row] in idle]
    named_files = [row for row in named_files if given.owned.owner[row] not in idle]
    owners = [owner, *(system_owner(given, row) for row in named_files)]
    packages = [
        *named(given, (server.name,)),
        *(owner for owner in owners if owner is not None),
    ]
    left = left_behind(given, cwd)
    guesses: tuple[str, ...] = ()
    if left:
        guesses = (
            f"nothing that runs reads {listed([f'/{decoded(project)}' for project in left])} "
            f"but what {server.name} serves of it",
        )
    return Plan(
        stack=server.name,
        parts=(
            KeptFiles(
                "the files that are served",
                "the settings name their directories",
                served,
                loses=FROM_APPLICATION,
                paths=site.roots,
            ),
            KeptFiles(
                f"{server.name}'s settings",
                "the main file and what it includes",
                [*named_files, *below(view, server.settings)],
                paths=site.settings[:20],
            ),
            KeptFiles(server.name, "the server, without what compiled it", program),
        ),
        runtime=(view.files.path(binary),),
        packages=tuple(dict.fromkeys(packages)),
        unnamed=idle,
        loaded=tuple(loaded),
        builds=_builds(given),
        homes=tuple(left),
        values={"home": f"/{decoded(cwd)}" if cwd else "/src", **_build(given, left)},
        copies=tuple(
            (f"/{decoded(path)}", f"/{decoded(path)}")
            for path in (
                *site.roots,
                *_own_settings(given, site.settings),
                *((view.files.path(binary),) if owner is None else ()),
            )
        ),
        guesses=guesses,
    )


def _builds(given: Given) -> frozenset[str]:
    """Packages that only make the site. Web servers start no programs: where nothing else runs, these are
    all that neither the servers nor scripts on the way need."""
    running = {stack.name for stack in given.facts.stacks if stack.runs}
    if not running <= _SERVERS:
        return _BUILDS
    packages = given.graph.packages
    modules = ("libnginx-mod-", "nginx-mod-", "nginx-module-")
    return frozenset(
        package.name
        for package in packages
        if package.manager in SYSTEM and not package.name.startswith((*_SERVERS, *modules))
    )


def left_behind(given: Given, cwd: bytes) -> list[bytes]:
    """Projects of languages of which nothing runs; where only web servers run, the working directory, too.

    What was built from them is all that is needed.
    """
    running = {stack.name for stack in given.facts.stacks if stack.runs}
    found = {
        home: None
        for home, stacks in given.facts.roots.projects.items()
        if running.isdisjoint(stacks) and not given.facts.roots.is_system(home)
    }
    if cwd and running <= _SERVERS and not given.facts.roots.is_system(cwd):
        found[cwd] = None
    return list(found)


def _build(given: Given, left: list[bytes]) -> dict[str, str]:
    """Whether a script of npm builds the site."""
    scripts = (script_names(given.view.read(join(project, b"package.json"))) for project in left)
    return {"build": "yes"} if any("build" in names for names in scripts) else {}


def _binary(given: Given, command: Command, server: Server) -> int | None:
    for path in (encoded(command.path), *server.programs):
        row = row_at(given.view, path) if path else None
        if row is not None and given.view.elf(given.view.files.path(row)) is not None:
            return row
    return None


def _compiled(given: Given, binary: int) -> list[int]:
    """What lies in the directory into which nginx was installed by hand."""
    prefix, found, _ = given.view.files.path(binary).rpartition(b"/sbin/")
    own = found and prefix.rpartition(b"/")[2] in (b"nginx", b"openresty")
    rows = list(below(given.view, prefix)) if own else []
    return rows + list(below(given.view, b"usr/lib/nginx/modules"))


def _own_settings(given: Given, settings: tuple[bytes, ...]) -> list[bytes]:
    """Files of settings that no package brings."""
    rows = ((path, row_at(given.view, path)) for path in settings)
    return [path for path, row in rows if row is not None and given.owned.owner[row] == NOBODY]
