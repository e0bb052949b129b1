"""The gems that an application runs with: of its Gemfile those outside of development, with what these need.

A Gemfile is Ruby code, which nobody runs here; what is read is the form in which people and generators
write it: `gem "NAME", …` in `group :NAME do` or with `group:`.
Source: Bundler, "Gemfile" (groups) and "Gemfile.lock".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from msgspec import Struct

from slim.packages.package import Package, text
from slim.patterns import regex

_GEM = regex(r"^gem[ (]\s*['\"]([A-Za-z0-9._-]{1,100})['\"](.*)$")
_GROUP = regex(r"^group[ (](.*?)\)?\s*(?:,\s*optional:.*)?\s+do\b")
_INLINE = regex(r"(?::groups?\s*=>|\bgroups?:)\s*(\[[^\]]*\]|[:'\"]\w+['\"]?|%i\[[^\]]*\])")
_NAME = regex(r"\w+")
_OPENS = regex(r"(?:\bdo(?:\s*\|[^|]*\|)?\s*$)|^(?:if|unless|case|begin|def|while)\b")
_LOCKED = regex(r"^    ([A-Za-z0-9._-]{1,100}) \(([0-9A-Za-z.]{1,60})[^)]{0,100}\)\s*$")
_NEEDS = regex(r"^      ([A-Za-z0-9._-]{1,100})(?: \(|!?\s*$)")
_DEPENDS = regex(r"^  ([A-Za-z0-9._-]{1,100})(?:!| \(|\s*$)")
DEVELOPMENT = frozenset(("development", "test"))


class Lock(Struct, frozen=True):
    """What a lock file says."""

    versions: Mapping[str, str]
    needs: Mapping[str, tuple[str, ...]]
    roots: tuple[str, ...]
    """What the Gemfile asks for."""


def gemfile(content: bytes, without: Collection[str]) -> tuple[frozenset[str], frozenset[str]]:
    """The gems of a Gemfile that are needed, and those that are only in groups of development.

    >>> needed, left = gemfile(b'gem "puma"\\ngroup :test do\\n  gem "rspec"\\nend\\n', {"test"})
    >>> sorted(needed), sorted(left)
    (['puma'], ['rspec'])
    """
    blocks: list[frozenset[str]] = []
    needed: set[str] = set()
    left: set[str] = set()
    for written in text(content).split("\n"):
        line = written[:2_000].strip()
        if line.startswith("#"):
            continue
        if found := _GROUP.match(line):
            blocks.append(frozenset(_NAME.findall(found[1])))
        elif line == "end":
            blocks[-1:] = []
        elif found := _GEM.match(line):
            inline = _INLINE.search(found[2])
            groups = frozenset(_NAME.findall(inline[1])) - {"i"} if inline else frozenset[str]()
            groups = groups.union(*blocks)
            (left if groups and groups <= frozenset(without) else needed).add(found[1])
        elif _OPENS.search(line):
            blocks.append(frozenset())
    return frozenset(needed), frozenset(left) - needed


def lock(content: bytes) -> Lock:
    """Versions, requirements and roots of a lock file."""
    versions: dict[str, str] = {}
    needs: dict[str, list[str]] = {}
    roots: list[str] = []
    section = current = ""
    for written in text(content).split("\n"):
        line = written.rstrip("\r")
        if line[:1].isupper():
            section = line.strip()
        elif section == "DEPENDENCIES" and (found := _DEPENDS.match(line)):
            roots.append(found[1])
        elif found := _LOCKED.match(line):
            current = found[1]
            versions[current] = found[2]
        elif current and (found := _NEEDS.match(line)):
            needs.setdefault(current, []).append(found[1])
    return Lock(versions, {name: tuple(found) for name, found in needs.items()}, tuple(roots))


def closure(roots: Iterable[str], needs: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """Gems and all that they need, by name."""
    found: set[str] = set()
    pending = list(roots)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += needs.get(name, ())
    return frozenset(found)


def installed_needs(gems: Iterable[Package]) -> dict[str, tuple[str, ...]]:
    """Gem → the names of what its installed versions need."""
    found: dict[str, tuple[str, ...]] = {}
    for gem in gems:
        # `usr/local/bundle:rack`: where it is looked for, and its name.
        names = [name.rpartition(":")[2] for need in gem.depends for name in need.names]
        found[gem.name] = (*found.get(gem.name, ()), *names)
    return found
