"""Which installed distributions an application names: in its sources, as requirements, or through others.

One that nothing names may still be loaded by a name computed at run time, so that this only parts what is
known to be used from the rest.
Source: PEP 508, PEP 621; pip's documentation, "Requirements File Format"; Poetry's, "Dependencies".
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator

from slim.ecosystems.python.packages import normalized
from slim.files.view import below as join
from slim.files.view import decoded
from slim.packages.package import Package
from slim.rebuild.mentions import words_of
from slim.rebuild.model import Given
from slim.rebuild.trees import below

_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]{0,100})\s*(?:\[|[=<>!~;@,\s]|$)")
_EXTRA = re.compile(rb"(?mi)^Requires-Dist:\s*([A-Za-z0-9._-]+)[^\n]*\bextra\b")
_DEVELOPMENT = re.compile(rb"dev|test|lint|doc|ci|debug|local")


def not_named(given: Given, home: bytes, candidates: Collection[int]) -> frozenset[int]:
    """Those of some distributions that nothing names; none where sources or requirements are not known."""
    required = _required(given, home)
    words = words_of(given, (home,)) if required else None
    if words is None:
        return frozenset()
    extras = {
        normalized(decoded(name))
        for package in given.graph.packages
        if package.manager == "python"
        for name in _EXTRA.findall(given.view.read(package.record) or b"")
    }
    packages = given.graph.packages
    return frozenset(
        index
        for index in candidates
        if (name := normalized(packages[index].name)) not in required
        and name not in extras
        and name.encode() not in words
        and words.isdisjoint(_modules(packages[index]))
    )


def _modules(package: Package) -> Iterator[bytes]:
    """The names under which it is imported and started."""
    site = package.record.rpartition(b"/")[0].rpartition(b"/")[0] + b"/"
    for file in package.files:
        if file.startswith(site):
            first, _, rest = file[len(site) :].partition(b"/")
            yield first if rest else first.partition(b".")[0]
        elif b"/bin/" in b"/" + file:
            yield file.rpartition(b"/")[2]


def _required(given: Given, home: bytes) -> frozenset[str]:
    """Distributions that the project's files ask for; empty where it has no such file that is known."""
    found: set[str] = set()
    view = given.view
    for row in below(view, home):
        path, name = view.files.path(row), view.files.name[row]
        listed = b"requirements" in path[len(home) :] and name.endswith((b".txt", b".in"))
        if not listed or _DEVELOPMENT.search(path[len(home) :].lower()):
            continue
        content = view.files.texts.get(row)
        if content is None:
            return frozenset()
        for line in decoded(content).splitlines():
            if not line.lstrip().startswith(("-", "#")) and (match := _NAME.match(line)):
                found.add(normalized(match[1]))
    found.update(map(normalized, _of_project(view.read(join(home, b"pyproject.toml")))))
    return frozenset(found)


def _of_project(content: bytes | None) -> Iterator[str]:
    try:
        document = tomllib.loads(decoded(content or b""))
    except (ValueError, RecursionError):
        return
    project = document.get("project")
    listed = project.get("dependencies") if isinstance(project, dict) else None
    for requirement in listed if isinstance(listed, list) else ():
        if isinstance(requirement, str) and (match := _NAME.match(requirement)):
            yield match[1]
    extras = project.get("optional-dependencies") if isinstance(project, dict) else None
    for group in extras.values() if isinstance(extras, dict) else ():
        for requirement in group if isinstance(group, list) else ():
            if isinstance(requirement, str) and (match := _NAME.match(requirement)):
                yield match[1]
    tool = document.get("tool")
    poetry = tool.get("poetry") if isinstance(tool, dict) else None
    table = poetry.get("dependencies") if isinstance(poetry, dict) else None
    yield from table if isinstance(table, dict) else ()
