"""`WWW-Authenticate`: what a registry asks for before it answers.

Source: RFC 9110 §11.6.1; distribution's token authentication specification.
"""

from __future__ import annotations

import re

from msgspec import Struct

from slim.patterns import regex

_SCHEME = regex(r"\s*(?:,\s*)*([A-Za-z][A-Za-z0-9-]{0,30})(?=\s|$|,)", re.ASCII)
_PARAMETER = regex(
    r'\s*(?:,\s*)*([A-Za-z][A-Za-z0-9_-]{0,30})\s?=\s?(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))', re.ASCII
)
_LENGTH = 8192


class Challenge(Struct, frozen=True):
    """One way in: `bearer` with the URL of a token server, or `basic`."""

    scheme: str
    realm: str = ""
    service: str = ""


def read_challenge(header: str) -> Challenge | None:
    """The way in that we can take; a token before a password. None when there is none.

    >>> read_challenge('Bearer realm="https://auth.example.com/token",service="registry"').realm
    'https://auth.example.com/token'
    """
    found: dict[str, Challenge] = {}
    at, text = 0, header[:_LENGTH]
    while scheme := _SCHEME.match(text, at):
        at = scheme.end()
        values: dict[str, str] = {}
        while parameter := _PARAMETER.match(text, at):
            at = parameter.end()
            name, quoted, unquoted = parameter.groups()
            value = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else unquoted
            # Of two values of one name the first counts: what comes later was added.
            values.setdefault(name.lower(), value)
        name = scheme[1].lower()
        found.setdefault(name, Challenge(name, values.get("realm", ""), values.get("service", "")))
    return found.get("bearer") or found.get("basic")
