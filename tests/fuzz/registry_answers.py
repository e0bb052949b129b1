"""What a registry says in headers: who it wants to know, and where it redirects to.

Oracle: nothing but a NetworkError; whatever is followed has TLS or is the registry itself, is not written
as an address inside a network, and has no user in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from slim.errors import NetworkError
from slim.http.origin import is_private
from slim.image.registry.access import Access
from slim.image.registry.challenge import read_challenge
from slim.image.registry.origin import check_target, follow, origin_of, registry_origin
from tests.fuzz.targets import assert_clear

_HOME = registry_origin("registry.example.com", plain_http=False)
_URL = "https://registry.example.com/v2/team/app/blobs/x"


def seeds() -> Iterator[bytes]:
    yield b'Bearer realm="https://auth.example.com/token",service="registry",scope="x"'
    yield b'Basic realm="x", Bearer realm="http://169.254.169.254/"'
    yield from (
        b"/v2/x",
        b"//10.0.0.1/x",
        b"https://[::ffff:7f00:1]/",
        b"https://0x7f.1/",
        b"http:x",
    )
    yield from (b"https://a@b/", b"https://registry.example.com:444/", b"https://a.test\\@b/")


def check(data: bytes) -> None:
    text = data.decode("latin-1")
    challenge = read_challenge(text)
    try:
        if challenge is not None and challenge.scheme == "bearer":
            check_target(origin_of(challenge.realm), _HOME, Access(), "a token server")
        target = follow(_URL, text, _HOME, Access())
    except NetworkError as error:
        assert_clear(error, 6)
        return
    parts = urlsplit(target)
    assert parts.scheme == "https"
    assert "@" not in parts.netloc
    assert not is_private(origin_of(target).host)
    assert target.isascii()
