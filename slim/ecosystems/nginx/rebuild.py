"""nginx: the server, its settings, and what they serve.

What made the files that are served is not there when they are: Node, `node_modules` and the sources of a
site stay in the build stage.
"""

from __future__ import annotations

from slim.ecosystems.sites import site_of
from slim.entrypoint.runs import Command
from slim.files.view import decoded, encoded
from slim.packages.owners import NOBODY
from slim.rebuild.interpreted import listed, main_command, named, system_owner
from slim.rebuild.model import FROM_APPLICATION, Given, Plan, Wanted
from slim.rebuild.trees import below, row_at, rows_at

_BUILDS = frozenset(("nodejs", "npm", "yarn", "yarnpkg", "hugo", "zola", "mkdocs", "ruby-jekyll"))
"""Packages that make sites."""
_PROGRAMS = (b"usr/sbin/nginx", b"usr/local/sbin/nginx", b"usr/local/nginx/sbin/nginx")


def plan(given: Given) -> Plan | None:
    """What to keep of an image that runs nginx; None where its program is not found."""
    command = main_command(given, "nginx")
    binary = None if command is None else _binary(given, command)
    if command is None or binary is None:
        return None
    cwd = given.view.real(encoded(given.config.working_dir)) or b""
    site = site_of(given.view, "nginx", given.facts.runs.main, cwd)
    served = [
        row
        for root in site.roots
        for row in (*rows_at(given.view, (root,)), *below(given.view, root))
    ]
    named_files = rows_at(given.view, (*site.settings, *site.files))
    settings = [*named_files, *below(given.view, b"etc/nginx")]
    owner = system_owner(given, binary)
    program = [binary] if owner is None else []
    program += _compiled(given, binary) if owner is None else []
    owners = [owner, *(system_owner(given, row) for row in named_files)]
    packages = [*named(given, ("nginx",)), *(one for one in owners if one is not None)]
    projects = left_projects(given)
    guesses: tuple[str, ...] = ()
    if projects:
        guesses = (
            f"nothing that runs reads {listed([f'/{decoded(one)}' for one in projects])} "
            "but what nginx serves of it",
        )
    return Plan(
        stack="nginx",
        parts=(
            Wanted(
                "the files that are served",
                "the settings name their directories as root or alias",
                served,
                loses=FROM_APPLICATION,
                paths=site.roots,
            ),
            Wanted(
                "nginx's settings",
                "nginx.conf and what it includes",
                settings,
                paths=site.settings[:20],
            ),
            Wanted("nginx", "the server, without what compiled it", program),
        ),
        runtime=(given.view.files.path(binary),),
        packages=tuple(
            dict.fromkeys(
                [*([] if owner is None else [owner]), *named(given, ("nginx",)), *packages]
            )
        ),
        builds=_BUILDS,
        homes=tuple(projects),
        values={"home": f"/{decoded(cwd)}" if cwd else "/src"},
        copies=tuple(
            (f"/{decoded(path)}", f"/{decoded(path)}")
            for path in (*site.roots, *_own_settings(given, site.settings))
        ),
        guesses=guesses,
    )


def left_projects(given: Given) -> list[bytes]:
    """Projects of languages of which nothing runs: what was built from them is all that is needed."""
    running = {stack.name for stack in given.facts.stacks if stack.runs}
    return [
        home
        for home, stacks in given.facts.roots.projects.items()
        if running.isdisjoint(stacks) and not given.facts.roots.is_system(home)
    ]


def _binary(given: Given, command: Command) -> int | None:
    for path in (encoded(command.path), *_PROGRAMS):
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
