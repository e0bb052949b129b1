"""`Name: value` paragraphs: the control files of dpkg, and the metadata of Python distributions.

Source: Debian policy §5.1 (syntax of control files); Python packaging "Core metadata specifications".
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from slim.packages.package import Dependency, dependencies, lines, text
from slim.patterns import regex

_NAME = regex(r"[^\s(\[{<>=!~:;@]*")
_GROUP = regex(r"[^,]+")
_NAMES = regex(r"(?:^|[,|])\s*([^\s(\[{<>=!~:;@,|]+)")


def paragraphs(data: bytes, names: Collection[str]) -> Iterator[dict[str, str]]:
    """The paragraphs, each with some of its fields (names in lower case).

    The lines of a value, and the values of a field that occurs again, are joined by line ends. Lines
    that are neither a field nor its continuation are skipped. A line of spaces ends no paragraph: licences
    in the metadata of Python distributions have such lines, and dpkg writes none.

    >>> list(paragraphs(b"Package: a\\nDepends: b,\\n c\\n\\nPackage: d\\n", {"package", "depends"}))
    [{'package': 'a', 'depends': 'b,\\nc'}, {'package': 'd'}]
    """
    keys = {name.encode(): name for name in names}
    fields: dict[str, list[str]] = {}
    current: list[str] | None = None
    for raw in lines(data):
        line = raw.rstrip(b"\r")
        if not line:
            if fields:
                yield {name: "\n".join(values) for name, values in fields.items()}
            fields, current = {}, None
        elif line[:1] in b" \t":
            if current is not None:
                current.append(text(line).strip())
        else:
            name, colon, value = line.partition(b":")
            key = keys.get(name.lower()) if colon else None
            current = None
            if key is not None:
                current = fields.setdefault(key, [])
                current.append(text(value).strip())
    if fields:
        yield {name: "\n".join(values) for name, values in fields.items()}


def relations(value: str) -> tuple[Dependency, ...]:
    """Requirements of a relationship field, without versions, architectures and profiles.

    Source: Debian policy §7.1.

    >>> [one.names for one in relations("libc6 (>= 2.4), debconf | debconf-2.0, python3:any")]
    [('libc6',), ('debconf', 'debconf-2.0'), ('python3',)]
    """
    if "|" not in value:
        return dependencies((found[1],) for found in _NAMES.finditer(value))
    groups = (tuple(dict.fromkeys(_NAMES.findall(group[0]))) for group in _GROUP.finditer(value))
    return dependencies(names for names in groups if names)


def bare_name(relation: str) -> str:
    """The name at the beginning of `name:arch (>= 1) [arch] <profile>` or of `name[extra]>=1`."""
    found = _NAME.match(relation.lstrip())
    return found[0] if found else ""
