"""What people call an image in a registry: `[HOST[:PORT]/]NAME[:TAG][@DIGEST]`.

Source: the grammar of distribution's `reference` package, which docker, podman and skopeo share. The first
component is a host if it has a dot or a colon, or is `localhost`; without a host the name is Docker
Hub's, where a name of one word is in `library/`. A host of one word in capitals is not taken for one:
written in lower case it would be a name.

>>> str(parse_reference("debian:12"))
'docker.io/library/debian:12'
"""

from __future__ import annotations

import re

from msgspec import Struct

from slim.errors import InputError, UsageError
from slim.image.documents import check_digest
from slim.patterns import regex

HUB = "docker.io"
"""How Docker Hub is written in references …"""
HUB_API = "registry-1.docker.io"
"""… and where it answers."""

_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_HOST = regex(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:.]{{2,45}}\])(?::[0-9]{{1,5}})?", re.ASCII)
_COMPONENT = regex(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*", re.ASCII)
_TAG = regex(r"[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}", re.ASCII)
_NAME_LENGTH = 255
_ALGORITHMS = ("sha256", "sha512")


class Reference(Struct, frozen=True):
    """An image in a registry. Of tag and digest the digest counts, as in every engine."""

    host: str
    """`host[:port]` as written, in lower case; `docker.io` for Docker Hub."""
    repository: str
    tag: str
    """Empty where only a digest is given."""
    digest: str = ""

    @property
    def api_host(self) -> str:
        """`host[:port]` that answers for it."""
        return HUB_API if self.host == HUB else self.host

    @property
    def name(self) -> str:
        """Host and repository, and the tag if there is one."""
        name = f"{self.host}/{self.repository}"
        return f"{name}:{self.tag}" if self.tag else name

    def __str__(self) -> str:
        return f"{self.name}@{self.digest}" if self.digest else self.name


def parse_reference(text: str) -> Reference:
    """The image that a reference names; without tag and digest the tag is `latest`.

    Raises:
        UsageError: it is none; the message says which part is wrong.
    """
    if not text or len(text) > 1024:
        raise _refused(text, "it is empty" if not text else "it is too long")
    rest, at, digest = text.partition("@")
    if at:
        digest = _check_digest(text, digest)
    host, slash, name = rest.partition("/")
    if not slash or not _is_host(host):
        host, name = HUB, rest
    elif not _HOST.fullmatch(host) or _port(host) > 65_535:
        raise _refused(text, f"{host[:80]!r} is not a host")
    host = host.lower()
    if host == f"index.{HUB}":
        host = HUB
    repository, colon, tag = name.partition(":")
    if colon and not _TAG.fullmatch(tag):
        raise _refused(text, f"{tag[:80]!r} is not a tag")
    if host == HUB and "/" not in repository:
        repository = f"library/{repository}"
    for part in repository.split("/"):
        if not _COMPONENT.fullmatch(part):
            raise _refused(text, f"{part[:80]!r} cannot be a part of a name{_case(part)}")
    if len(host) + 1 + len(repository) > _NAME_LENGTH:
        raise _refused(text, f"its name has more than {_NAME_LENGTH} characters")
    return Reference(host, repository, tag or ("" if digest else "latest"), digest)


def looks_remote(text: str) -> bool:
    """Whether a word that is not a file must mean an image in a registry: it has a host, a tag or a digest.

    >>> looks_remote("registry.example.com/app"), looks_remote("app:1"), looks_remote("app.tar")
    (True, True, False)
    """
    return is_name(text) and ("@" in text or ":" in text or has_host(text))


def has_host(text: str) -> bool:
    """Whether a reference says which registry it is in.

    >>> has_host("registry.example.com/app"), has_host("team/app:1")
    (True, False)
    """
    first, slash, _ = text.partition("/")
    return bool(slash and _is_host(first))


def is_name(text: str) -> bool:
    """Whether a word follows the grammar."""
    try:
        parse_reference(text)
    except UsageError:
        return False
    return True


def is_tag(text: str) -> bool:
    """Whether a word can be a tag."""
    return _TAG.fullmatch(text) is not None


def _is_host(first: str) -> bool:
    return "." in first or ":" in first or first.lower() == "localhost"


def _port(host: str) -> int:
    port = host.rpartition("]")[2].partition(":")[2]
    return int(port) if port else 0


def _check_digest(text: str, digest: str) -> str:
    try:
        check_digest(digest, "the reference")
    except InputError:
        raise _refused(text, f"{digest[:80]!r} is not a digest") from None
    if digest.partition(":")[0] not in _ALGORITHMS:
        raise _refused(text, "only sha256 and sha512 digests can be verified")
    return digest


def _case(part: str) -> str:
    return ": names are in lower case" if part != part.lower() else ""


def _refused(text: str, why: str) -> UsageError:
    return UsageError(
        "bad-reference",
        f"{text[:200]!r} is not an image reference: {why}",
        "write [HOST[:PORT]/]NAME[:TAG][@DIGEST], such as registry.example.com/team/app:1.2",
    )
