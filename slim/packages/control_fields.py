"""`Name: value` paragraphs: the control files of dpkg, and the metadata of Python distributions.

Source: Debian policy §5.1 (syntax of control files); Python packaging "Core metadata specifications".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from slim.packages.package import Dependency, dependencies, text
from slim.patterns import regex

_LINE_ENDS = regex(rb"\r+(?=\n|\Z)")
_NAME = regex(r"[^\s(\[{<>=!~:;@]*")
_NAMES = regex(r"(?:^|[,|])\s*([^\s(\[{<>=!~:;@,|]+)")


def paragraphs(data: bytes, names: Collection[str]) -> Iterator[dict[str, str]]:
    """The paragraphs, each with the wanted fields (names in lower case).

    The lines of a value, and the values of a field that occurs again, are joined by line ends. Lines
    that are neither a field nor its continuation are skipped. A line of spaces ends no paragraph: licences
    in the metadata of Python distributions have such lines, and dpkg writes none.

    >>> list(paragraphs(b"Package: a\\nDepends: b,\\n c\\n\\nPackage: d\\n", {"package", "depends"}))
    [{'package': 'a', 'depends': 'b,\\nc'}, {'package': 'd'}]
    """
    if b"\r" in data:
        data = _LINE_ENDS.sub(b"", data)
    find_fields = _fields(frozenset(names)).findall
    start = 0
    while start < len(data):
        end = data.find(b"\n\n", start)
        end = len(data) if end < 0 else end
        found: dict[str, str] = {}
        for name, value in find_fields("\n" + text(data[start:end])):
            key, one_line = name.lower(), "\n" not in value
            short = value.strip() if one_line else "\n".join(map(str.strip, value.split("\n")))
            found[key] = f"{found[key]}\n{short}" if key in found else short
        if found:
            yield found
        start = end + 2


@lru_cache(16)
def _fields(names: frozenset[str]) -> re.Pattern[str]:
    """Finds (name, value) of some fields, each with the line end before it."""
    choice = "|".join(map(re.escape, sorted(names)))
    return re.compile(rf"(?ai)\n({choice}):(.*(?:\n[ \t].*)*)")


def relations(value: str) -> tuple[Dependency, ...]:
    """Requirements of a relationship field, without versions, architectures and profiles.

    Source: Debian policy §7.1.

    >>> [one.names for one in relations("libc6 (>= 2.4), debconf | debconf-2.0, python3:any")]
    [('libc6',), ('debconf', 'debconf-2.0'), ('python3',)]
    """
    if "|" not in value:
        return dependencies(zip(_NAMES.findall(value))) if value else ()
    groups = (tuple(dict.fromkeys(_NAMES.findall(group))) for group in value.split(","))
    return dependencies(names for names in groups if names)


def bare_name(relation: str) -> str:
    """The name at the beginning of `name:arch (>= 1) [arch] <profile>` or of `name[extra]>=1`."""
    found = _NAME.match(relation.lstrip())
    return found[0] if found else ""
