"""The grammar of rule patterns: one text becomes sequences of components.

A pattern is encoded as UTF-8 (surrogate escapes become the bytes they stand for). Inside one
component:

    *       any bytes, also none          [a-z]   one of these ASCII characters
    ?       one byte                      [!a-z]  one byte that is none of them
    {a,b}   either text; braces nest and may hold slashes; `{,x}` is "x or nothing"

`**` as a whole component is any number of components (none too, except at the end of a pattern,
where it needs at least one: `a/**` is everything below `a`, not `a`). `[*]` is a literal star:
a class of one character is how every special character is written literally.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

from msgspec import Struct

from slim.patterns import regex
from slim.rules.component import ANY_BYTE, ANY_DEPTH, STAR, Component, Part, Sign, Token, component

MAX_PATTERN_BYTES = 4096
"""Longest pattern, as written."""
MAX_ALTERNATIVES = 64
"""Most texts that the braces of one pattern may stand for."""
MAX_BRACE_DEPTH = 8
"""Deepest nesting of braces."""
MAX_COMPONENT = 255
"""Longest component, a wildcard counted as one byte: no file system has a name of more bytes (NAME_MAX)."""
MAX_KEPT = 1024
"""Patterns that stay parsed for the next image; the built-in rules have a quarter of that."""

SPECIAL = "*?[{}"
"""Characters that mean something; in a class they are literal."""


class GlobError(ValueError):
    """A pattern is not valid. `offset` counts characters from its start."""

    def __init__(self, pattern: str, offset: int, reason: str) -> None:
        super().__init__(f"{reason} (at character {offset + 1} of {pattern[:200]!r})")
        self.pattern = pattern
        self.offset = offset
        self.reason = reason


_SLASH, _OPEN, _COMMA, _CLOSE = (Sign(text) for text in "/{,}")
_SIGNS: dict[str, Token] = {
    "*": STAR, "?": ANY_BYTE, "/": _SLASH, "{": _OPEN, ",": _COMMA, "}": _CLOSE,
}  # fmt: skip

# A class with its bracket, an opening bracket without one, or a sign: what is between is literal.
_SPECIAL = regex(r"\[[^\]]*\]|[\[*?/{},]")
_LITERAL = regex(r"[^*?{}]+")

Choices = tuple[tuple[Part, ...], ...]
"""A pattern, parsed: the sequences of components that it stands for, one per choice of its braces."""
_ANY_DEPTH: tuple[Token, ...] = (STAR, STAR)
_END = -1
"""In place of the offset of a slash behind the last component."""
_Placed = tuple[Token, int]
"""A token and the offset of its first character."""


@lru_cache(MAX_KEPT)
def parse_glob(pattern: str) -> Choices:
    """The sequences of components that `pattern` stands for, one per choice of its braces.

    Raises:
        GlobError: the pattern is not valid, too long, or stands for too many texts.
    """
    return tuple(
        dict.fromkeys(_components(pattern, text) for text in _alternatives(pattern, is_path=True))
    )


def needed_names(pattern: str) -> list[bytes | None]:
    """The last name of every path that a valid pattern matches, and names before it; None for what is not
    seen without parsing."""
    found: list[bytes | None] = []
    depth = 0
    for part in pattern.split("/"):
        if "[" in part:
            return [*found, None]
        found.append(None if depth or not _LITERAL.fullmatch(part) else _encode(part))
        depth += part.count("{") - part.count("}")
    return found


class TextGlob(Struct, frozen=True):
    """A glob over one text instead of a path: a package name, a value, a command word.

    `*` also passes slashes, and there is no `**`.
    """

    pattern: str
    choices: tuple[bytes | Component, ...]

    def matches(self, text: bytes) -> bool:
        """Whether the whole of `text` matches."""
        return any(
            choice == text if isinstance(choice, bytes) else choice.matches(text)
            for choice in self.choices
        )


@lru_cache(MAX_KEPT)
def parse_text_glob(pattern: str) -> TextGlob:
    """Compile a glob over a text.

    Raises:
        GlobError: as for `parse_glob`.
    """
    choices: dict[bytes | Component, None] = {}
    for text in _alternatives(pattern, is_path=False):
        choices[component([token for token, _ in text])] = None
    return TextGlob(pattern, tuple(choices))


def matching(globs: Iterable[TextGlob], texts: Iterable[bytes]) -> set[bytes]:
    """The texts that any of the globs matches; most others are ruled out by their first or last bytes."""
    every = list(texts)
    choices = [choice for glob in globs for choice in glob.choices]
    found = {choice for choice in choices if isinstance(choice, bytes)}.intersection(every)
    wild = [choice for choice in choices if isinstance(choice, Component)]
    heads = tuple({component.head for component in wild if component.head})
    tails = tuple({component.tail for component in wild if not component.head})
    found.update(
        text
        for text in every
        if (text.startswith(heads) or text.endswith(tails))
        and any(component.matches(text) for component in wild)
    )
    return found


def escape(text: str) -> str:
    """`text` as a pattern that matches only it.

    >>> escape("srv/[app]*")
    'srv/[[]app][*]'
    """
    return "".join(f"[{char}]" if char in SPECIAL or char == "," else char for char in text)


def _tokens(pattern: str) -> list[_Placed]:
    """Split a pattern into placed tokens.

    Raises:
        GlobError: too long, a class without end, a character that no path has.
    """
    try:
        size = len(_encode(pattern))
    except UnicodeEncodeError as error:
        raise GlobError(pattern, error.start, "a lone surrogate is not text") from None
    if not pattern:
        raise GlobError(pattern, 0, "the pattern is empty")
    if "\0" in pattern:
        raise GlobError(pattern, pattern.index("\0"), "a path has no NUL character")
    if size > MAX_PATTERN_BYTES:
        reason = f"the pattern has {size} bytes, more than the limit of {MAX_PATTERN_BYTES}"
        raise GlobError(pattern, 0, reason)
    tokens: list[_Placed] = []
    at = 0
    for found in _SPECIAL.finditer(pattern):
        if at < found.start():
            tokens.append((_encode(pattern[at : found.start()]), at))
        sign = found[0]
        token = _SIGNS[sign] if sign in _SIGNS else _class(pattern, found.start(), sign)
        tokens.append((token, found.start()))
        at = found.end()
    if at < len(pattern):
        tokens.append((_encode(pattern[at:]), at))
    return tokens


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _class(pattern: str, start: int, text: str) -> Token:
    """The token of the class `text`, which opens at `start`; literal if it has one member."""
    if text == "[":
        raise GlobError(pattern, start, "`[` has no `]`: write a literal bracket as `[[]`")
    body = text[1:-1]
    negated = body.startswith("!") and body != "!"
    if negated:
        body = body[1:]
    if not body:
        raise GlobError(pattern, start, "the class `[]` is empty")
    if not body.isascii() or "/" in body:
        raise GlobError(pattern, start, "a class holds ASCII characters other than `/`")
    if body.startswith("^") and body != "^":
        raise GlobError(pattern, start, "write `[!…]` for the characters that must not be there")
    members: set[int] = set()
    at = 0
    while at < len(body):
        low = high = ord(body[at])
        if at + 2 < len(body) and body[at + 1] == "-":
            high = ord(body[at + 2])
            at += 2
        if high < low:
            raise GlobError(pattern, start, f"the range {chr(low)}-{chr(high)} is backwards")
        members.update(range(low, high + 1))
        at += 1
    if negated:
        return ANY_BYTE - members
    return bytes(members) if len(members) == 1 else frozenset(members)


def _alternatives(pattern: str, *, is_path: bool) -> list[list[_Placed]]:
    """Multiply the braces out: the token sequences of a pattern, without braces and commas.

    One stack of open groups, no recursion: `done` holds a group's finished alternatives, `current`
    the texts of the one being read.
    """
    done: list[list[list[_Placed]]] = []
    current: list[list[_Placed]] = [[]]
    opened: list[tuple[int, list[list[_Placed]], bool]] = []
    for token, at in _tokens(pattern):
        if token is _OPEN:
            if len(opened) == MAX_BRACE_DEPTH:
                raise GlobError(pattern, at, f"braces nest deeper than {MAX_BRACE_DEPTH}")
            opened.append((at, current, False))
            done.append([])
            current = [[]]
        elif token is _COMMA and opened:
            opened[-1] = (*opened[-1][:2], True)
            done[-1] += current
            current = [[]]
        elif token is _CLOSE:
            if not opened:
                raise GlobError(pattern, at, "`}` without `{`: write a literal brace as `[}]`")
            start, before, several = opened.pop()
            if not several:
                group = pattern[start : at + 1]
                reason = f"`{group}` is not a known variable and offers no alternatives"
                raise GlobError(pattern, start, reason)
            choices = done.pop() + current
            if len(before) * len(choices) > MAX_ALTERNATIVES:
                reason = f"the braces stand for more than {MAX_ALTERNATIVES} texts"
                raise GlobError(pattern, start, reason)
            current = [text + choice for text in before for choice in choices]
        else:
            is_literal = token is _COMMA or (token is _SLASH and not is_path)
            literal = _encode(pattern[at]) if is_literal else token
            for text in current:
                text.append((literal, at))
    if opened:
        raise GlobError(pattern, opened[-1][0], "`{` without `}`: write a literal brace as `[{]`")
    return current


def _components(pattern: str, text: list[_Placed]) -> tuple[Part, ...]:
    """Cut one token sequence at its slashes; runs of `**` become one."""
    parts: list[Part] = []
    tokens: list[Token] = []
    at = 0
    for token, offset in (*text, (_SLASH, _END)):
        if token is not _SLASH:
            at = at if tokens else offset
            tokens.append(token)
            continue
        if not tokens:
            if offset == _END:
                reason = (
                    "a component is empty at the end: to match everything below, end with `/**`"
                )
            else:
                reason = "a component is empty: paths have no leading slash and no `//`"
            raise GlobError(pattern, at, reason)
        try:
            part = _part(tuple(tokens))
        except ValueError as error:
            raise GlobError(pattern, at, str(error)) from None
        if part is not ANY_DEPTH or not parts or parts[-1] is not ANY_DEPTH:
            parts.append(part)
        tokens, at = [], offset
    return tuple(parts)


@lru_cache(4 * MAX_KEPT)
def _part(tokens: tuple[Token, ...]) -> Part:
    """The component of these tokens, which many patterns have in common.

    Raises:
        ValueError: why no component of a pattern is like this.
    """
    if sum(len(token) if isinstance(token, bytes) else 1 for token in tokens) > MAX_COMPONENT:
        raise ValueError(f"a component is longer than {MAX_COMPONENT} bytes, as no file name is")
    if tokens == _ANY_DEPTH:
        return ANY_DEPTH
    if any(first is second is STAR for first, second in pairwise(tokens)):
        raise ValueError("`**` must be a whole component")
    part = component(tokens)
    if part in (b".", b".."):
        raise ValueError("paths have no `.` and no `..`")
    return part
