"""Shell text → the simple commands in it. Nothing is executed, conditions are not decided.

All branches of `if` and `case` are read, and the bodies of functions. Commands inside of substitutions
are read afterwards, a few levels deep.
Source: POSIX.1-2017, Shell Command Language §2.9 and §2.10; the Bash manual for arrays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from slim.entrypoint.expansion import MAX_WORD, Shell
from slim.entrypoint.lexer import ARRAY, HERE_STRING, REDIRECTION, Lexer, Word
from slim.patterns import regex

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

_ASSIGNMENT = regex(r"([A-Za-z_][A-Za-z0-9_]{0,255})(\+?)=", re.ASCII)
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
_BEHIND = ("&", *_JOINING)
_BEGINS = ("if", "do", "{")
_ENDS = ("fi", "done", "}")
"""Words that begin or end what is run under a condition, or when a function is called."""
_MAX_DEPTH = 16
"""Blocks inside each other whose branches are told apart."""


class Simple(Struct, frozen=True):
    """One simple command."""

    words: tuple[str, ...]
    sign: str = ""
    """The operator behind it, or behind the group that it ends: `&`, `|`, `&&` or `||`."""
    inner: bool = False
    """From a substitution: its output is used."""
    sets: tuple[str, ...] = ()
    """The assignments in front of it, as `NAME=value`."""
    search: str | None = None
    """PATH, where the text has set it."""
    function: str = ""
    """The function in whose body it is."""
    branches: tuple[tuple[int, int], ...] = ()
    """The branches of `if` and `case` in which it is, the outermost first: (which block, which branch)."""
    always: bool = True
    """No condition, loop, group or function is around it, and no `&&` or `||` in front."""
    calls: bool = False
    """It calls a function of the text."""

    @property
    def background(self) -> bool:
        """Whether it runs beside what follows."""
        return self.sign == "&"


class _Block(Struct):
    """An open `if`, `case`, `do`, `{` or `(`."""

    first: int
    """The place of its first command."""
    word: str
    number: int
    branch: int = -1
    """Of `if` and `case`, from 0; negative for a condition."""


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
    return tuple(
        replace(command, calls=True) if command.words[0] in parser.functions else command
        for command in parser.commands
    )


class _Parser(Struct):
    """The commands so far, and the state of the one being read."""

    shell: Shell
    commands: list[Simple] = field(default_factory=list)
    functions: set[str] = field(default_factory=set)
    inner: bool = False
    words: list[str] = field(default_factory=list)
    target: str = ""
    """The sign of a redirection, whose target the next word is."""
    given: str | None = None
    """The here-string of the command being read."""
    opened: bool = False
    """The last token was a `(` behind one word: the definition of a function, if `)` follows."""
    cases: int = 0
    """Open `case` commands."""
    pattern: bool = False
    """Between `in` or `;;` and `)`: words are patterns."""
    array: tuple[str, list[str]] | None = None
    """Inside `NAME=(…)`: the name, and the words in front of it."""
    total: int = 0
    blocks: list[_Block] = field(default_factory=list)
    number: int = 0
    """Blocks so far."""
    closed: int = -1
    """The place of the first command of a block that ends here; negative for none."""
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
        self.inner, self.words, self.target, self.opened = inner, [], "", False
        self.cases, self.pattern, self.array, self.given = 0, False, None, None
        self.blocks, self.joined, self.function, self.body = [], False, "", 0
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
            self.function, self.body = name, len(self.blocks)

    def _open(self, word: str, branch: int = -1) -> None:
        self.number += 1
        self.blocks.append(_Block(len(self.commands), word, self.number, branch))

    def _close(self) -> None:
        if self.blocks:
            self.closed = self.blocks.pop().first
        if len(self.blocks) <= self.body:
            self.function = ""

    def _sign(self, sign: str) -> None:
        if sign in (REDIRECTION, HERE_STRING):
            self.target = sign
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
            if self.closed >= 0 and not self.words and sign in _BEHIND:
                self._end_group(sign)
            self._end(sign if sign in _BEHIND else "")
            self.joined = continues or sign in _JOINING
            if sign == "(" and not self.pattern:
                self._open(sign)
            elif sign == ")" and self.blocks and self.blocks[-1].word == "(":
                self._close()
            elif self.cases and sign in _CASE_ENDS:
                self.pattern = True
                if self.blocks and self.blocks[-1].word == "case":
                    self.blocks[-1].branch += 1

    def _end_group(self, sign: str) -> None:
        """What a group ends with runs beside what follows, or into it."""
        if self.closed < len(self.commands) and not self.commands[-1].sign:
            self.commands[-1] = replace(self.commands[-1], sign=sign)

    def _word(self, word: Word) -> None:
        text = word.text
        more = word.more or ()
        self.total += 1 + len(text) + len(more) + sum(map(len, more))
        if self.target:
            self.given = text if self.target == HERE_STRING else self.given
            self.target = ""
        elif word.more is not None or (not text and not word.quoted):
            self.words += [*([text] if text else []), *more]
        elif word.quoted or self.array is not None:
            self.words.append(text)
        elif text == "{" and self.words[:1] == ["function"]:
            self._end()
        elif text == "esac" and (self.pattern or not self.words):
            self.cases, self.pattern = max(self.cases - 1, 0), False
            self._close()
        elif text == "in" and self.words[:1] == ["case"]:
            self.cases, self.pattern, self.words = self.cases + 1, True, []
            self._open("case", 0)
        elif self.words or text not in _OPENING:
            self.words.append(text)
        else:
            self._reserved(text)

    def _reserved(self, word: str) -> None:
        if word in _BEGINS:
            self._open(word)
        elif word in _ENDS:
            self._close()
        elif self.blocks and self.blocks[-1].word == "if":
            block = self.blocks[-1]
            # While a condition is read, the number of the branch behind it is below zero.
            after = {"then": abs(block.branch), "elif": -block.branch - 1, "else": block.branch + 1}
            block.branch = after.get(word, block.branch)

    def _end_array(self, name: str, before: list[str]) -> None:
        found = _ASSIGNMENT.match(name)
        if found is not None:
            kept = self.shell.arrays.get(found[1], ()) if found[2] else ()
            self.shell.arrays[found[1]] = (*kept, *self.words)[:MAX_ARRAY]
        self.words, self.array = before, None

    def _end(self, sign: str = "") -> None:
        """The command is complete, unless this is the end of a line inside of an array."""
        self.target, self.closed = "", -1
        if self.array is not None:
            return
        words, self.words = self.words, []
        given, self.given = self.given, None
        if self.pattern or not words or words[0] in ("case", "for", "select"):
            return
        if words[0] == "function":
            self._define(*words[1:2])
            return
        written, words = words, self._assign(words)
        if not words:
            return
        always = not (self.blocks or self.joined)
        if given is not None and words[0] == "read":
            self._read_variables(words[1:], given)
        if words[:2] == ["set", "--"]:
            self.shell.set_arguments(words[2:], always=always and not self.inner)
        elif words[0] == "shift" and always and not self.inner:
            self.shell.shift("".join(words[1:2]))
        sets = tuple(written[: len(written) - len(words)])
        search = self.shell.variables.get("PATH")
        self.commands.append(
            Simple(
                tuple(words),
                sign,
                self.inner,
                sets,
                None if search == self.search else search,
                self.function,
                tuple(
                    (block.number, block.branch)
                    for block in self.blocks[:_MAX_DEPTH]
                    if block.branch >= 0
                ),
                always and not self.function,
            )
        )

    def _read_variables(self, words: list[str], line: str) -> None:
        """`read a b <<< "line"`."""
        names = [word for word in words if not word.startswith("-")]
        values = line.split(maxsplit=max(len(names) - 1, 0))
        self.shell.variables.update(zip(names, values, strict=False))

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
