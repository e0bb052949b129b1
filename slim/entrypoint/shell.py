"""Shell text → the simple commands in it. Nothing is executed, conditions are not decided.

All branches of `if` and `case` are read, and the bodies of functions. Commands inside of substitutions
are read afterwards, a few levels deep.
Source: POSIX.1-2017, Shell Command Language §2.9 and §2.10; the Bash manual for arrays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from slim.entrypoint.expansion import MAX_WORD, Shell
from slim.entrypoint.lexer import ARRAY, REDIRECTION, Lexer, Word

MAX_TEXT = 64 << 10
"""Characters that are read of a text."""
MAX_COMMANDS = 1_000
"""Most simple commands that are read of a text."""
MAX_READ = 1 << 20
"""Most characters of all words of a text, once variables are put in."""
MAX_ARRAY = 1_000
"""Most words of an array."""
MAX_NESTING = 4
"""Levels of `$(…)` inside each other that are read."""

_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]{0,255})(\+?)=", re.ASCII)
_OPENING = frozenset(
    (
        "{",
        "}",
        "if",
        "then",
        "elif",
        "else",
        "fi",
        "while",
        "until",
        "do",
        "done",
        "!",
        "time",
        "esac",
    )
)
_DECLARING = frozenset(("export", "local", "declare", "readonly", "typeset"))
_CASE_ENDS = (";;", ";&", ";;&")
_JOINING = ("&&", "||", "|", "|&")
_BLOCKS = {"if": 1, "fi": -1, "do": 1, "done": -1, "{": 1, "}": -1}
"""Words that begin or end what is run under a condition, or when a function is called."""


class Simple(Struct, frozen=True):
    """One simple command."""

    words: tuple[str, ...]
    background: bool = False
    """Followed by `&`."""
    inner: bool = False
    """From a substitution: its output is used."""
    sets: tuple[str, ...] = ()
    """The assignments in front of it, as `NAME=value`."""
    search: str | None = None
    """PATH, where the text has set it."""
    function: str = ""
    """The function in whose body it is."""


def read_shell(
    text: str,
    *,
    variables: Mapping[str, str],
    arguments: Sequence[str] = (),
    zero: str = "sh",
    known: bool = True,
) -> tuple[Simple, ...]:
    """The simple commands of `text`, in order; commands of substitutions are last.

    Args:
        variables: the environment.
        arguments: what `$1` and the following are.
        zero: what `$0` is.
        known: whether the first argument names a program; if not, `set -- program "$@"` is believed.

    >>> [one.words for one in read_shell('exec "$@" --port=${PORT:-80}', variables={}, arguments=["web"])]
    [('exec', 'web', '--port=80')]
    """
    shell = Shell(dict(variables), tuple(arguments), zero, known)
    parser = _Parser(shell, search=variables.get("PATH"))
    texts = [text[:MAX_TEXT]]
    for level in range(MAX_NESTING):
        nested: list[str] = []
        for source in texts:
            lexer = Lexer(source, parser.shell)
            parser.read(lexer, inner=level > 0)
            nested += lexer.nested
        texts = nested
    return tuple(command for command in parser.commands if command.words[0] not in parser.functions)


class _Parser(Struct):
    """The commands so far, and the state of the one being read."""

    shell: Shell
    commands: list[Simple] = field(default_factory=list)
    functions: set[str] = field(default_factory=set)
    inner: bool = False
    words: list[str] = field(default_factory=list)
    target: bool = False
    """The next word is the target of a redirection."""
    opened: bool = False
    """The last token was a `(` behind one word: the definition of a function, if `)` follows."""
    cases: int = 0
    """Open `case` commands."""
    pattern: bool = False
    """Between `in` or `;;` and `)`: words are patterns."""
    array: tuple[str, list[str]] | None = None
    """Inside `NAME=(…)`: the name, and the words in front of it."""
    total: int = 0
    blocks: int = 0
    """Open `if`, `do` and `{`."""
    joined: bool = False
    """The command being read is behind `&&`, `||` or `|`."""
    search: str | None = None
    """PATH as it was at first."""
    function: str = ""
    """The function whose body is being read, …"""
    body: int = 0
    """… and the number of open blocks outside of it."""

    def read(self, lexer: Lexer, *, inner: bool) -> None:
        """Take the commands of one text."""
        self.inner, self.words, self.target, self.opened = inner, [], False, False
        self.cases, self.pattern, self.array = 0, False, None
        self.blocks, self.joined, self.function, self.body = 0, False, "", 0
        for piece in lexer.tokens():
            if len(self.commands) >= MAX_COMMANDS or self.total > MAX_READ:
                break
            opened, self.opened = self.opened, False
            if isinstance(piece, Word):
                if opened:
                    self._end()
                self._word(piece)
            elif piece == ")" and opened:
                self._define(self.words.pop())
            else:
                self._sign(piece)
        self._end()

    def _define(self, name: str = "") -> None:
        """The body of a function follows; those inside of others count as the outer one's."""
        self.functions.add(name)
        if not self.function:
            self.function, self.body = name, self.blocks

    def _sign(self, sign: str) -> None:
        if sign == REDIRECTION:
            self.target = True
        elif sign == ARRAY:
            name = self.words.pop() if self.words else ""
            self.array, self.words = (name, self.words), []
        elif sign == "(" and len(self.words) == 1 and self.array is None and not self.pattern:
            self.opened = True
        elif sign == ")" and self.array is not None:
            self._end_array(*self.array)
        elif sign == ")" and self.pattern:
            self.words, self.pattern = [], False
        else:
            continues = self.joined and sign == "\n" and not self.words
            self._end(background=sign == "&")
            self.joined = continues or sign in _JOINING
            if self.cases and sign in _CASE_ENDS:
                self.pattern = True

    def _word(self, word: Word) -> None:
        text = word.text
        more = word.more or ()
        self.total += 1 + len(text) + len(more) + sum(map(len, more))
        if self.target:
            self.target = False
        elif word.more is not None or (not text and not word.quoted):
            self.words += [*([text] if text else []), *more]
        elif word.quoted or self.array is not None:
            self.words.append(text)
        elif text == "{" and self.words[:1] == ["function"]:
            self._end()
        elif text == "esac" and (self.pattern or not self.words):
            self.cases, self.pattern = max(self.cases - 1, 0), False
        elif text == "in" and self.words[:1] == ["case"]:
            self.cases, self.pattern, self.words = self.cases + 1, True, []
        elif self.words or text not in _OPENING:
            self.words.append(text)
        else:
            self.blocks = max(self.blocks + _BLOCKS.get(text, 0), 0)
            if text == "}" and self.blocks <= self.body:
                self.function = ""

    def _end_array(self, name: str, before: list[str]) -> None:
        found = _ASSIGNMENT.match(name)
        if found is not None:
            kept = self.shell.arrays.get(found[1], ()) if found[2] else ()
            self.shell.arrays[found[1]] = (*kept, *self.words)[:MAX_ARRAY]
        self.words, self.array = before, None

    def _end(self, *, background: bool = False) -> None:
        """The command is complete, unless this is the end of a line inside of an array."""
        self.target = False
        if self.array is not None:
            return
        words, self.words = self.words, []
        if self.pattern or not words or words[0] in ("case", "for", "select"):
            return
        if words[0] == "function":
            self._define(*words[1:2])
            return
        given, words = words, self._assign(words)
        if not words:
            return
        always = not (self.blocks or self.cases or self.joined or self.inner)
        if words[:2] == ["set", "--"]:
            self.shell.set_arguments(words[2:], always=always)
        elif words[0] == "shift" and always:
            self.shell.shift("".join(words[1:2]))
        sets = tuple(given[: len(given) - len(words)])
        search = self.shell.variables.get("PATH")
        self.commands.append(
            Simple(
                tuple(words),
                background,
                self.inner,
                sets,
                None if search == self.search else search,
                self.function,
            )
        )

    def _assign(self, words: list[str]) -> list[str]:
        """Note the assignments in front; what is left is the command."""
        declaring = words[0] in _DECLARING
        count = 0
        for word in words[1:] if declaring else words:
            found = _ASSIGNMENT.match(word)
            if found is not None:
                value = word[found.end() :]
                if found[2]:
                    value = self.shell.variables.get(found[1], "") + value
                if "$(" not in value:
                    self.shell.variables[found[1]] = value[:MAX_WORD]
            elif not declaring:
                break
            count += 1
        return [] if declaring else words[count:]
