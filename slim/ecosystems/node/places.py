"""Where an application of Node has its packages and its build, and where Node itself is."""

from __future__ import annotations

from collections.abc import Iterator

from slim.ecosystems.model import Runtime
from slim.ecosystems.prefixes import in_prefix, is_program
from slim.entrypoint.runs import Runs
from slim.entrypoint.tables import raw_names
from slim.facts.gather import Facts
from slim.facts.roots import Marks, cut, is_real, last
from slim.files.view import View, below
from slim.packages.package import parent

_TOOLS = raw_names(
    "site-packages dist-packages gems .npm .cache .nvm .yarn .bun .vscode-server .volta"
)
_SYSTEM = (b"usr/lib", b"usr/share", b"usr/local/lib", b"usr/local/share")


def application_modules(found: Marks, view: View, _: Runs) -> tuple[bytes, ...]:
    """The outermost `node_modules` of projects, not of an installation of Node."""
    return cut(
        path
        for path in found[b"node_modules"]
        if _is_application(path, view) and is_real(path, view)
    )


def _is_application(path: bytes, view: View) -> bool:
    home = parent(path)
    parts = home.split(b"/")
    if b"node_modules" in parts or not _TOOLS.isdisjoint(parts):
        return False
    if home.startswith(_SYSTEM) or last(home) == b"erlang":
        return False
    return last(home) != b"lib" or not view.exists(below(parent(home), b"bin/node"))


def next_builds(found: Marks, _view: View, _: Runs) -> tuple[bytes, ...]:
    """Directories with a `.next/BUILD_ID`."""
    return cut(parent(path, 2) for path in found[b"BUILD_ID"] if last(parent(path)) == b".next")


def runtimes(view: View, facts: Facts) -> Iterator[Runtime]:
    """Each Node, with npm and headers."""
    for path in facts.roots.named[b"node"]:
        if last(parent(path)) == b"bin" and is_program(view, path):
            own = [
                *(b"lib/node_modules/npm", b"lib/node_modules/corepack", b"include/node"),
                *(b"share/doc/node", b"share/systemtap"),
            ]
            yield from in_prefix(view, path, parent(path, 2), own, facts.roots)
