"""What users write to name an image: references with a prefix, platforms, tags, limits, sizes.

Oracle: nothing but a UsageError or ValueError; what is accepted is written as it was read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from slim.errors import UsageError
from slim.image.reference import parse_reference
from slim.image.select import Candidate, Choice, choose, parse_platform
from slim.image.source import PREFIXES, _split
from slim.limits import with_limits
from slim.report.gates import parse_fail_on, parse_growth
from slim.units import parse_bytes


def seeds() -> Iterator[bytes]:
    yield from (b"docker-archive:a.tar", b"oci-dir:build/layout", b"oci-archive:", b"a:b:c", b"-")
    yield from (b"linux/arm64/v8", b"linux/amd64", b"registry.example:5000/team/app:1@sha256:00")
    yield from (b"layer-bytes=100GiB", b"1.5 GB", b"340MB", b"5%,1MB", b"high,DEB001,new:low")


def check(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    with suppress(UsageError):
        prefix, path = _split(text)
        assert (f"{prefix}:{path}" if prefix else path) == text
        assert prefix in ("", *PREFIXES)
    with suppress(UsageError):
        found = parse_reference(text)
        assert parse_reference(str(found)) == found
        assert not set(f"{found.host}/{found.repository}{found.tag}") & set("%?#@\\ \0")
    with suppress(UsageError):
        assert str(parse_platform(text)) == text
    named = [Candidate((name,), None, "sha256:0") for name in ("app:1", "x/app:2", text)]
    with suppress(UsageError):
        assert text in named[choose(named, Choice(tag=text))].names or text in "x/app:2"
    with suppress(UsageError):
        with_limits([text])
    with suppress(ValueError):
        assert parse_bytes(text) >= 0
    with suppress(ValueError, UsageError):
        parse_growth(text)
    with suppress(UsageError):
        assert parse_fail_on([text], compared=True)
