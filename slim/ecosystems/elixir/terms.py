"""Erlang terms as text, such as `{application, kernel, [{vsn, "10.2"}]}.`: enough for .app and .rel.

Source: Erlang reference manual, "Data Types"; file:consult/1.
"""

from __future__ import annotations

import re

from msgspec import Struct

from slim.patterns import regex

MAX_TOKENS = 500_000
MAX_DEPTH = 64

_TOKEN = regex(
    r"""
    [ \t\r\n\f,]*                                         # nothing, as are comments
    (?: (?P<comment>%)[^\n]*
    | (?P<atom>[a-z][A-Za-z0-9_@]*)
    | (?P<number>[-+]?[0-9][0-9A-Za-z_.\#]*(?<!\.))
    | \$(?P<char>\\.|.)
    | (?P<quote>['"])
    | (?P<open><<|\#\{|[\[{])
    | (?P<close>>>|[]}])
    | (?P<stop>\.)
    | (?P<other>=>|[()|:/]|[A-Z_][A-Za-z0-9_@]*)
    | (?P<end>\Z))
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_NOTHING = " \t\r\n\f,"
_PLAIN = {quote: regex(rf"[^\\{quote}]+", re.DOTALL) for quote in "'\""}
_OPEN = {"{": "}", "[": "]", "<<": ">>", "#{": "}"}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "s": " ", "e": "\x1b", "b": "\b", "f": "\f", "v": "\v"}


class TermError(ValueError):
    """The text is not a term; the message says why, to follow "because"."""


class Atom(Struct, frozen=True):
    """An atom; strings are `str`."""

    name: str


class Compound(Struct, frozen=True):
    """A tuple, list, map or binary, with its elements in order."""

    kind: str
    """`{`, `[`, `#{` or `<<`."""
    items: tuple[Term, ...]

    def tagged(self, tag: str) -> bool:
        """Whether it is a tuple that begins with an atom."""
        return self.kind == "{" and bool(self.items) and self.items[0] == Atom(tag)


Term = Atom | str | int | Compound


def parse_term(source: str) -> Term:
    """The first term of a text; what follows its full stop is left alone.

    >>> parse_term("[a, 'B c', \\"d\\\\n\\"]. % end")
    Compound(kind='[', items=(Atom(name='a'), Atom(name='B c'), 'd\\n'))

    Raises:
        TermError: no term, too deep, or too long.
    """
    frames: list[tuple[str, list[Term]]] = [("", [])]
    at = tokens = 0
    while at < len(source):
        found = _TOKEN.match(source, at)
        tokens += 1
        if found is None:
            raise TermError(f"{source[at:].lstrip(_NOTHING)[0]!r} begins no term")
        if tokens > MAX_TOKENS:
            raise TermError("it is too long")
        at = found.end()
        items = frames[-1][1]
        kind = found.lastgroup or ""
        written = found[kind]
        if kind == "atom":
            items.append(Atom(written))
        elif kind == "open":
            if len(frames) > MAX_DEPTH:
                raise TermError("it is too deep")
            frames.append((written, []))
        elif kind == "close":
            opened, inner = frames.pop()
            if not frames or _OPEN[opened] != written:
                raise TermError(f"{written!r} closes nothing")
            frames[-1][1].append(Compound(opened, tuple(inner)))
        elif kind == "stop" and len(frames) == 1:
            break
        elif kind == "number":
            items.append(_number(written))
        elif kind == "char":
            items.append(ord(written[-1]))
        elif kind == "quote":
            value, at = _quoted(source, at, written)
            items.append(value if written == '"' else Atom(value))
    if len(frames) != 1 or not frames[0][1]:
        raise TermError("it ends within a term")
    return frames[0][1][0]


def _quoted(source: str, at: int, quote: str) -> tuple[str, int]:
    """The text up to the closing quote, and the position behind it."""
    parts: list[str] = []
    while at < len(source):
        unescaped = _PLAIN[quote].match(source, at)
        if unescaped is not None:
            parts.append(unescaped[0])
            at = unescaped.end()
        elif source[at] == quote:
            return "".join(parts), at + 1
        else:
            escaped = source[at + 1 : at + 2]
            parts.append(_ESCAPES.get(escaped, escaped))
            at += 2
    raise TermError("a quote is not closed")


def _number(text: str) -> int:
    """Whole numbers; the value of others does not matter to anyone here."""
    digits = text.replace("_", "")
    return int(digits) if len(digits) <= 18 and digits.lstrip("+-").isdigit() else 0
