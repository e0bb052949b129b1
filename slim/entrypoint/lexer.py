"""Shell text → words and operators, with variables and arguments put in as far as they are known.

One walk over the text, without recursion. Quotes, comments, here-documents and `$(…)` are understood; what
cannot be known stays in a word as it is written (`$NAME`), so that it names no file. Bad syntax is read
as something, never refused. Tokens come one by one, so that an assignment counts for what follows it.
Source: POSIX.1-2017, Shell Command Language §2.2, §2.3, §2.6 and §2.7.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from slim.entrypoint.expansion import MAX_WORD, Shell, expand, parameter_end
from slim.patterns import regex

REDIRECTION = "<>"
"""Sign of any redirection: the word that follows is its target."""
HERE_STRING = "<<<"
"""Sign of a redirection from the word that follows itself."""
ARRAY = "=("
"""Sign behind the word `NAME=` or `NAME+=`: the words up to `)` are an array."""

MAX_MORE = 64 << 10
"""Characters of the further words of one word, as long as not one parameter alone has more."""

_PLAIN = regex(r"[^\s'\"\\$`;&|<>()#]+")
_QUOTED = regex(r'[^"\\$`]+')
_HERE = regex(r"<<-?[ \t]*(?:'([^'\n]{1,256})'|\"([^\"\n]{1,256})\"|\\?([^\s;&|<>()'\"]{1,256}))")
_OPERATOR = regex(r";;&|;;|;&|;|&&|&|\|\||\|&|\||\n|\(|\)")
_LOOKUP = regex(
    r"\s{0,9}(?:command\s{1,9}-v|which|type\s{1,9}-p)\s{1,9}[\"']?([A-Za-z0-9_./+-]{1,255})[\"']?\s{0,9}",
    re.ASCII,
)
_PATH = regex(
    r"\s{0,9}(dirname|basename|readlink_f|readlink|greadlink|realpath)(?:\s{1,9}-{1,2}[a-z-]{0,20}){0,3}"
    r"\s{1,9}(\"?)(\$\{?[A-Za-z0-9_]{1,255}\}?)\2\s{0,9}",
    re.ASCII,
)
"""What becomes of one path; links have been followed already."""
_NESTING = regex(r"[()]|\\.|'[^']*'", re.DOTALL)
_ASSIGNED = regex(r"[A-Za-z_][A-Za-z0-9_]*\+?=", re.ASCII)


class Word(Struct, frozen=True):
    """One word; `text` is cut at `MAX_WORD` characters."""

    text: str
    quoted: bool
    """Part of it was quoted: it is not a reserved word."""
    more: tuple[str, ...] | None = None
    """The words, also none, that `"$@"`, an array or an unquoted variable in it stands for."""


Token = Word | str
"""A word, or a sign: an operator of the shell, a line's end, `REDIRECTION`, `HERE_STRING` or `ARRAY`."""


class Lexer:
    """A walk over one text."""

    def __init__(self, text: str, shell: Shell) -> None:
        self.nested: list[str] = []
        """The texts of substitutions."""
        self._text = text
        self._shell = shell
        self._parts: list[str] | None = None
        """Of the word being read; None between words."""
        self._length = 0
        self._quoted = False
        self._more: list[str] | None = None
        self._more_length = 0
        self._here: list[str] = []
        """Delimiters of here-documents that begin at the next line."""

    def tokens(self) -> Iterator[Token]:
        """The tokens in order."""
        text, at, end = self._text, 0, len(self._text)
        while at < end:
            char = text[at]
            if (found := _PLAIN.match(text, at)) is not None:
                self._add(found[0])
                at = found.end()
            elif char == "\\":
                if text[at + 1 : at + 2] != "\n":
                    self._add(text[at + 1 : at + 2], quoted=True)
                at += 2
            elif char == "'":
                close = text.find("'", at + 1)
                close = end if close < 0 else close
                self._add(text[at + 1 : close], quoted=True)
                at = close + 1
            elif char == '"':
                at = self._double_quoted(at + 1)
            elif char in "$`":
                at = self._expansion(at, quoted=False)
            elif char == "#" and self._parts is not None:
                self._add(char)
                at += 1
            elif char == "#":
                line = text.find("\n", at)
                at = end if line < 0 else line
            elif char in "<>" or text.startswith("&>", at):
                if self._parts is not None and not self._quoted and "".join(self._parts).isdigit():
                    self._parts = None
                yield from self._word()
                sign = HERE_STRING if text.startswith(HERE_STRING, at) else REDIRECTION
                at = self._redirection(at)
                if at < 0:
                    at = -at
                else:
                    yield sign
            elif (found := _OPERATOR.match(text, at)) is not None:
                opens = char == "(" and self._parts is not None
                array = opens and _ASSIGNED.fullmatch("".join(self._parts or ())) is not None
                yield from self._word()
                yield ARRAY if array else found[0]
                at = found.end()
                if char == "\n":
                    at = self._here_documents(at)
            else:
                yield from self._word()
                at += 1
        yield from self._word()

    def _word(self) -> Iterator[Word]:
        if self._parts is not None:
            more = None if self._more is None else tuple(self._more)
            yield Word("".join(self._parts)[:MAX_WORD], self._quoted, more)
        self._parts, self._more, self._more_length = None, None, 0

    def _add(self, part: str, *, quoted: bool = False) -> None:
        if self._parts is None:
            self._parts, self._length, self._quoted = [], 0, False
        self._quoted |= quoted
        if self._length < MAX_WORD:
            self._parts.append(part)
            self._length += len(part)

    def _double_quoted(self, at: int) -> int:
        """Read up to the closing quote."""
        text, end = self._text, len(self._text)
        self._add("", quoted=True)
        while at < end:
            char = text[at]
            if (found := _QUOTED.match(text, at)) is not None:
                self._add(found[0])
                at = found.end()
            elif char == '"':
                return at + 1
            elif char == "\\":
                following = text[at + 1 : at + 2]
                if following != "\n":
                    self._add(following if following in '$`"\\' else "\\" + following)
                at += 2
            else:
                at = self._expansion(at, quoted=True)
        return at

    def _expansion(self, at: int, *, quoted: bool) -> int:
        """Put in what `$…` or a backquoted command stands for."""
        text = self._text
        if text[at] == "`":
            close = text.find("`", at + 1)
            close = len(text) if close < 0 else close
            self._substitution(text[at + 1 : close])
            return close + 1
        if text.startswith("$(", at):
            close = _closing(text, at + 2)
            if text.startswith("$((", at):
                self._add("$(())")
            else:
                self._substitution(text[at + 2 : close])
            return close + 1
        if not quoted and text.startswith(("$'", '$"'), at):
            return at + 1
        close = parameter_end(text, at)
        written = text[at:close]
        found = expand(written, self._shell)
        if isinstance(found, str) and not quoted and self._parts is None and found != written:
            # Outside of quotes a value is split at its blanks.
            several = tuple(found.split())
            found = several if len(several) > 1 else found
        if isinstance(found, str):
            self._add(found, quoted=quoted)
        else:
            self._add("")
            self._more = self._more or []
            if self._more_length < MAX_MORE:
                self._more += found
                self._more_length += sum(map(len, found)) + len(found)
        return close

    def _substitution(self, inner: str) -> None:
        """`$(…)`: its commands are read later; of its output only programs and paths are known."""
        found, of_path = _LOOKUP.fullmatch(inner), _PATH.fullmatch(inner)
        path = expand(of_path[3], self._shell) if of_path is not None else ""
        own = "$0" in inner or "BASH_SOURCE" in inner
        if found is not None:
            self._add(found[1])
        elif of_path is not None and isinstance(path, str) and path.startswith("/"):
            above, _, last = path.rpartition("/")
            self._add({"dirname": above or "/", "basename": last}.get(of_path[1], path))
        elif own and inner.lstrip().startswith(("dirname", "cd ")):
            self._add(self._shell.zero.rpartition("/")[0] or ".")
        else:
            self._add("$()")
        self.nested.append(inner)

    def _redirection(self, at: int) -> int:
        """The place behind an operator; negative behind a here-document's delimiter, its target."""
        text = self._text
        found = None if text.startswith("<<<", at) else _HERE.match(text, at)
        if found is not None:
            self._here.append((found[1] or found[2] or found[3]).strip())
            return -found.end()
        begin = at
        while at < len(text) and at - begin < 3 and text[at] in "<>&|":
            at += 1
        return at

    def _here_documents(self, at: int) -> int:
        """Skip the bodies of here-documents; `at` is the beginning of a line."""
        text = self._text
        for delimiter in self._here:
            while at < len(text):
                line = text.find("\n", at)
                line = len(text) if line < 0 else line
                found = text[at:line].strip() == delimiter
                at = line + 1
                if found:
                    break
        self._here = []
        return at


def _closing(text: str, at: int) -> int:
    """The place of the `)` that closes a substitution; the end of the text where there is none."""
    depth = 1
    for found in _NESTING.finditer(text, at):
        sign = found[0]
        if sign == "(":
            depth += 1
        elif sign == ")":
            depth -= 1
            if not depth:
                return found.start()
    return len(text)
