"""The shell-like syntax of Dockerfiles: quotes, escapes, flags, variables, heredoc markers.

A value that depends on something outside the Dockerfile (a build argument, the base image's
environment) is partly unknown: a `Text` has pieces of known text, and `None` where text is missing.

Rules: Dockerfile reference, sections "Environment replacement" and "Here-Documents".
Everything here is linear in its input; only nested `${a:-${b}}` recurses, and no deeper than
`MAX_NESTING`.
"""

from collections.abc import Mapping

Text = tuple[str | None, ...]
UNKNOWN: Text = (None,)

MAX_NESTING = 8
MAX_EXPANDED = 4096
"""Characters that a value may grow to by substitution; one that grows further is UNKNOWN.
Without it, lines such as `ENV A=$A$A` would double a value at each step."""

_NAME_START = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_NAME = _NAME_START | frozenset("0123456789")


class _Malformed(ValueError):
    """A word that a builder would refuse."""


def concat(*texts: Text) -> Text:
    """Join texts; neighbouring known pieces become one, neighbouring unknown ones too.

    >>> concat(("a",), ("b", None), (None, "c"))
    ('ab', None, 'c')
    """
    pieces: list[str | None] = []
    known: list[str] = []
    for piece in (piece for text in texts for piece in text):
        if piece is not None:
            known.append(piece)
            continue
        _settle(pieces, known)
        if not pieces or pieces[-1] is not None:
            pieces.append(None)
    _settle(pieces, known)
    return tuple(pieces)


def literal(text: Text) -> str | None:
    """The text itself if all of it is known, else None."""
    return None if None in text else "".join(piece for piece in text if piece is not None)


def fits(text: Text, candidate: str, *, across_spaces: bool = True) -> bool:
    """Whether `candidate` can be `text` with its unknown pieces filled in.

    With `across_spaces=False` an unknown piece holds no space. Taking the leftmost place of each
    known piece is enough, so this is one pass.
    """
    if None not in text:
        return candidate == literal(text)
    head, tail = text[0] or "", text[-1] or ""
    end = len(candidate) - len(tail)
    if len(head) > end or not candidate.startswith(head) or not candidate.endswith(tail):
        return False
    at = len(head)
    for piece in text[1:-1]:
        if piece is None:
            continue
        found = candidate.find(piece, at, end)
        if found < 0 or (not across_spaces and " " in candidate[at:found]):
            return False
        at = found + len(piece)
    return across_spaces or " " not in candidate[at:end]


def expand(
    word: str,
    variables: Mapping[str, Text | None],
    *,
    otherwise: Text | None = UNKNOWN,
    escape: str = "\\",
) -> Text:
    """Remove quotes and escapes from a word and substitute its variables, as builders do.

    A variable's value is its Text, or None where it is known to be unset; `otherwise` is the value
    of a name that is not in `variables`. Understands `$X ${X} ${X:-w} ${X-w} ${X:+w} ${X+w}
    ${X:?w} ${X?w}`; a pattern operator (`${X#w}`, `${X/a/b}`, …) or a malformed word is UNKNOWN.

    >>> expand("/app/$NAME/'$x'", {"NAME": ("web",)})
    ('/app/web/$x',)
    >>> expand("${A:-b}/${C}", {"A": None})
    ('b/', None)
    """
    room = max(MAX_EXPANDED, 2 * len(word))
    try:
        text, _ = _scan(word, 0, "", variables, otherwise, escape, room, MAX_NESTING)
    except _Malformed:
        return UNKNOWN
    return text


def split_words(text: str, escape: str = "\\") -> list[str]:
    """Split at white space outside quotes, as ENV and ARG do; quotes and escapes stay."""
    words: list[str] = []
    word: list[str] = []
    quote = ""
    at = 0
    while at < len(text):
        char = text[at]
        if char == escape and quote != "'" and at + 1 < len(text):
            word.append(text[at : at + 2])
            at += 2
            continue
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char.isspace():
            if word:
                words.append("".join(word))
                word = []
            at += 1
            continue
        word.append(char)
        at += 1
    if word:
        words.append("".join(word))
    return words


def split_flags(text: str, escape: str = "\\") -> tuple[list[str], str]:
    """Split leading `--flag[=value]` words from the rest of an instruction; quotes are removed."""
    flags: list[str] = []
    at = 0
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        if not text.startswith("--", at):
            return flags, text[at:]
        flag: list[str] = []
        quote = ""
        while at < len(text) and (quote or not text[at].isspace()):
            char = text[at]
            if char == quote:
                quote = ""
            elif not quote and char in "'\"":
                quote = char
            elif char == escape and at + 1 < len(text):
                at += 1
                flag.append(text[at])
            else:
                flag.append(char)
            at += 1
        if flag == ["-", "-"]:
            return flags, text[at:].lstrip()
        flags.append("".join(flag))


def assignments(text: str, escape: str = "\\") -> list[tuple[str, str]]:
    """The (name, word) pairs of an ENV or LABEL, in both spellings: `A=b C=d` and `A b`."""
    words = split_words(text, escape)
    if words and "=" not in words[0]:
        name, *rest = text.split(None, 1)
        return [(name, rest[0] if rest else "")]
    pairs = (word.partition("=") for word in words)
    return [(name, value) for name, _, value in pairs]


def heredoc_markers(line: str) -> list[tuple[str, bool]]:
    """The heredocs that a logical line opens, as (terminator, whether `<<-` strips tabs).

    A marker is a word of its own outside quotes: `<<EOF`, `<<-EOF`, `<<"EOF"`, `3<<EOF`;
    `echo "<<EOF"` and `<<<word` open none.
    """
    markers: list[tuple[str, bool]] = []
    for word in heredoc_words(line):
        rest = word.lstrip("0123456789")
        if not rest.startswith("<<"):
            continue
        rest = rest[2:]
        strip = rest.startswith("-")
        rest = rest[1:].lstrip() if strip else rest.lstrip()
        name = literal(expand(rest, {})) or ""
        if name and "<" not in rest and len(split_words(rest)) == 1:
            markers.append((name, strip))
    return markers


def heredoc_words(line: str) -> list[str]:
    """Split a line as it is split to find heredocs: raw words, `<< EOF` being one of them.

    A line with an open quote has none.
    """
    words: list[str] = []
    word: list[str] = []
    at = 0
    while at < len(line):
        char = line[at]
        end = at + 1
        if char == "\\":
            end = at + 2
        elif char in "'\"":
            while end < len(line) and line[end] != char:
                end += 2 if char == '"' and line[end] == "\\" else 1
            if end >= len(line):
                return []
            end += 1
        elif line.startswith("<<", at):
            end = at + 2
            while end < len(line) and line[end] in " \t\r":
                end += 1
        elif char.isspace():
            if word:
                words.append("".join(word))
                word = []
            at = end
            continue
        word.append(line[at:end])
        at = end
    return [*words, "".join(word)] if word else words


def _settle(pieces: list[str | None], known: list[str]) -> None:
    merged = "".join(known)
    known.clear()
    if merged:
        pieces.append(merged)


def _scan(
    word: str,
    at: int,
    closing: str,
    variables: Mapping[str, Text | None],
    otherwise: Text | None,
    escape: str,
    room: int,
    nesting: int,
) -> tuple[Text, int]:
    """Expand from `at` to `closing` (or to the end): the text and the place after it."""
    texts: list[Text] = []
    used = 0
    in_quotes = False
    while at < len(word):
        char = word[at]
        if char == closing and not in_quotes:
            return concat(*texts), at + 1
        if char == "'" and not in_quotes:
            end = word.find("'", at + 1)
            if end < 0:
                raise _Malformed
            text: Text = (word[at + 1 : end],)
            at = end + 1
        elif char == '"':
            in_quotes = not in_quotes
            at += 1
            continue
        elif char == "$":
            text, at = _dollar(word, at + 1, variables, otherwise, escape, room, nesting)
        elif char == escape:
            following = word[at + 1 : at + 2]
            keeps = in_quotes and following not in ('"', "$", escape, "")
            text = (escape + following,) if keeps else (following,)
            at += 2
        else:
            text = (char,)
            at += 1
        used += sum(len(piece) if piece is not None else 1 for piece in text)
        if used > room:
            raise _Malformed
        texts.append(text)
    if closing or in_quotes:
        raise _Malformed
    return concat(*texts), at


def _dollar(
    word: str,
    at: int,
    variables: Mapping[str, Text | None],
    otherwise: Text | None,
    escape: str,
    room: int,
    nesting: int,
) -> tuple[Text, int]:
    """Expand what follows a `$` at `at - 1`: the text and the place after it."""
    if word[at : at + 1] != "{":
        name, at = _name(word, at)
        if not name:
            return ("$",), at
        value = variables.get(name, otherwise)
        return (() if value is None else value), at
    name, at = _name(word, at + 1)
    if not name or nesting == 0:
        raise _Malformed
    value = variables.get(name, otherwise)
    operator = word[at : at + 1]
    if operator == "}":
        return (() if value is None else value), at + 1
    empty_is_unset = operator == ":"
    at += 1
    if empty_is_unset:
        operator = word[at : at + 1]
        at += 1
    if not operator or operator not in "-+?#%/":
        raise _Malformed
    other, at = _scan(word, at, "}", variables, otherwise, escape, room, nesting - 1)
    if operator in "#%/" or value == UNKNOWN:
        return UNKNOWN, at
    is_set = value is not None and not (empty_is_unset and value == ())
    if operator == "+":
        return (other if is_set else ()), at
    if is_set and value is not None:
        return value, at
    return (other if operator == "-" else UNKNOWN), at


def _name(word: str, at: int) -> tuple[str, int]:
    """A variable name at `at` (empty if there is none) and the place after it."""
    end = at
    if word[at : at + 1] in _NAME_START:
        while end < len(word) and word[end] in _NAME:
            end += 1
    return word[at:end], end
