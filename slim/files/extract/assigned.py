"""Settings files that assign a secret, recognised by their first bytes. Nothing of them is kept.

Files of these names mostly hold no secret; the ones that do assign a literal to a name that promises one
(`_authToken=…`, `password = …`, `<password>…`), or have a user and a password in an address.
Source: npmrc(5), yarn's and bun's settings, pip's and uv's configuration, Maven's settings.xml, Gradle's
gradle.properties, Bundler's configuration, NuGet.Config.
"""

from __future__ import annotations

from slim.secrets.names import is_literal, is_secret

HEAD_BYTES = 64 << 10
"""What is looked at."""
NAMES = frozenset(
    b".npmrc npmrc .yarnrc.yml .yarnrc .pnpmrc bunfig.toml .bunfig.toml pip.conf uv.toml settings.xml"
    b" gradle.properties config NuGet.Config nuget.config NuGet.config".split()
)
"""Names of such files."""
_MAX_LINES = 4096
_MAX_LINE = 2048


def assigns_secret(head: bytes) -> bool:
    """Whether a file that begins like this has a secret in it.

    >>> assigns_secret(b"//registry.example.org/:_authToken=abc123")
    True
    >>> assigns_secret(b"//registry.example.org/:_authToken=${NPM_TOKEN}")
    False
    """
    lines = head.decode("utf-8", "replace").split("\n", _MAX_LINES)[:_MAX_LINES]
    return any(_in_line(line[:_MAX_LINE].strip()) for line in lines)


def _in_line(line: str) -> bool:
    if line.startswith(("#", ";", "!")):
        return False
    return _assignment(line) or _address(line) or _element(line)


def _assignment(line: str) -> bool:
    """`name = value`, `name: value`, `//host/:name=value`."""
    at = line.find("=")
    if at < 0:
        at = line.find(": ")
    if at < 0:
        return False
    name = line[:at].rstrip().rpartition(":")[2].rpartition(" ")[2].strip("\"'")
    return is_secret(name) and is_literal(line[at + 1 :])


def _address(line: str) -> bool:
    """`scheme://user:password@host`."""
    for part in line.split("://")[1:]:
        place = part.partition("/")[0].split(None, 1)
        user, at, _ = (place[0] if place else "").rpartition("@")
        if at and is_literal(user.partition(":")[2]):
            return True
    return False


def _element(line: str) -> bool:
    """`<password>value</password>`, and NuGet's `<add key="ClearTextPassword" value="…" />`."""
    if not line.startswith("<"):
        return False
    name, closed, rest = line[1:].partition(">")
    if closed and is_secret(name) and is_literal(rest.partition("<")[0]):
        return True
    key = _attribute(line, "key")
    return is_secret(key) and is_literal(_attribute(line, "value"))


def _attribute(line: str, name: str) -> str:
    return line.partition(f' {name}="')[2].partition('"')[0]
