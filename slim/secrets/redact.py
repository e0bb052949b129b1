"""Values that look like secrets, out of everything that is printed.

History entries keep build arguments and ENV in clear text; whoever can read a pull request must not read
them there. A value is hidden for its name (`slim.secrets.names`), its shape (`slim.secrets.shapes`), or
its place in an address or a command. Where its end cannot be known more is hidden rather than less.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from slim.patterns import regex
from slim.secrets.names import is_secret
from slim.secrets.programs import BEFORE_PASSWORD, PIPED_PASSWORD
from slim.secrets.shapes import hide_shapes
from slim.secrets.shell import word_end

REDACTED = "[redacted]"
ASSIGNMENT = regex(r"(?<!\S)([A-Za-z_][A-Za-z0-9_.-]{0,99})=")
_BLANKS = r"(?:\\?[ \t]|\\\r?\n){1,16}"
"""Between an option or name and its value; a line may be continued there."""
_NAMES = (
    regex(r"(?<![\w.-])([A-Za-z_][A-Za-z0-9_.-]{0,99})(?:=(?!=)|[ \t]{1,4}=[ \t]{1,4})"),
    regex(
        rf"""(?<![\w-])(--?[A-Za-z][A-Za-z0-9_.:-]{{0,99}})(?:=|(?:\\{{0,8}}["'])?,?{_BLANKS}|["'],(?=["']))"""
    ),
    regex(
        r"""(?<![\w./-])([A-Za-z_][A-Za-z0-9_.-]{0,99})(?:\\{0,8}["'])?[ \t]{0,8}:(?:\\?[ \t\n]){0,16}"""
    ),
    regex(
        rf"(?<![\w-])set(?:[ \t]{{1,4}}-\S{{1,40}}){{0,4}}{_BLANKS}([^\s=\"']{{1,300}}){_BLANKS}"
    ),
)
"""Assignments, options with their value, headers and JSON, `config set NAME VALUE`."""
_SCHEME = regex(
    r"(?:bearer|basic|digest|token|apikey|negotiate|bot|aws4-hmac-sha256)\\?[ \t]{1,8}", re.I
)
_VERSION = regex(r"v?\d{1,9}(?:\.\d{1,9}){1,5}[\w.+-]{0,40}(?:@sha256:[0-9a-f]{64})?(?=[\s\"',]|$)")
"""After a colon: the tag of an image."""
_QUOTE = regex(r"\\{0,8}[\"']")
_USER = regex(
    r"""(?<![\w-])(?:-u|--user|--proxy-user)(?:["']?,?[ \t]{0,4}|=)(["']?)"""
    r"""(?!\d{1,10}:)[^\s:=()$"',]{1,100}:"""
)
_CHPASSWD = regex(
    r"""(["' \t][a-z_][a-z0-9_-]{0,31}:)([^\s"'|]{1,500})(?=["']?[ \t]{0,8}\|[ \t]{0,8}(?:sudo )?chpasswd)"""
)
_ADDRESS = regex(r"""://(?=[^\s/"'<>`]{0,65536}?:)[^\s"'<>`]+""")
_TOKEN_AS_USER = regex(
    r"(https?://)(?!(?:git|oauth2|x-access-token|x-token-auth|anonymous|user)@)[\w.~+%-]{1,500}@(?!sha\d{3}:)(?=\w)"
    r"|(://)(?=[^\s/@]{0,100}\d)[\w.~+-]{20,500}@(?!sha\d{3}:)"
)
"""A user without a password: on the web mostly a token, elsewhere if the name is so long."""
_PORT = regex(r"(?:[^:/@]*@)?(?:\[[0-9A-Fa-f:.]*\]|[^\s/@:]*)(?::\d{0,5})?(?:[/?#]|$)")
"""A host, and no password: `git@host:22/`, `[::1]:80/`."""
_SHELL = regex(r"/bin/[a-z]{0,3}sh (?:-\S{1,20} (?:pipefail )?){0,8}-c ")
INSTRUCTION = regex(r"(?:/bin/sh -c )?(?:#\(nop\)\s+)?(?:ENV|ARG|LABEL)\s+", re.IGNORECASE)
_SPACED = regex(r"([A-Za-z_][A-Za-z0-9_.-]{0,99})[ \t]+")
_ARGUMENTS = regex(r"(?:RUN )?\|\d+ ")
_WORD = regex(r"(-{0,2}[A-Za-z_][\w.-]{0,99}(?:=|:\s*))")
_LINE = 300
"""Characters of the words before, which say what the next one is."""
_OPTION_OF_USER = frozenset(("-u", "--user", "--proxy-user"))


def value(name: str, text: str) -> str:
    """The value of a variable, or `[redacted]`."""
    return REDACTED if text and is_secret(name) else _everywhere(text)


def words(items: Iterable[str]) -> list[str]:
    """A command as a list of words: the one after an option that looks secret is its value."""
    shown: list[str] = []
    before = line = ""
    for word in items:
        start = len(line)
        line += word
        passwords = (found.end() - start for found in BEFORE_PASSWORD.finditer(line))
        at = next((at for at in passwords if at >= 0), len(word))
        shown.append(_word(before, word) if at == len(word) else word[:at] + REDACTED)
        before, line = word, f"{line[-_LINE:]} "
    return shown


def command(text: str) -> str:
    """An instruction without values that look secret."""
    head, shell = parts(text)
    return _everywhere(_arguments(head)) + _everywhere(shell)


def message(text: str) -> str:
    """A message that repeats what the user typed, without the passwords of addresses and without tokens."""
    return _addresses(hide_shapes(text, REDACTED))


def _word(before: str, word: str) -> str:
    """A word of a list, which may hold blanks: all of it is the value. After `-c` it is a script."""
    if not word:
        return word
    if before.startswith("-") and "=" not in before and is_secret(before):
        return REDACTED
    if before in _OPTION_OF_USER and ":" in word and not word.partition(":")[0].isdigit():
        return f"{word.partition(':')[0]}:{REDACTED}"
    assigned = None if before == "-c" else _WORD.match(word)
    if assigned and assigned.end() < len(word) and is_secret(assigned[1].rstrip("=: \t\n")):
        return assigned[1] + REDACTED
    return command(word)


def parts(text: str) -> tuple[str, str]:
    """An instruction as (assignments whose values may have blanks in them, shell command)."""
    if INSTRUCTION.match(text):
        return text, ""
    if _ARGUMENTS.match(text) is None:
        return "", text
    shell = _SHELL.search(text)
    return (text[: shell.start()], text[shell.start() :]) if shell else (text, "")


def _arguments(text: str) -> str:
    """`A=b C=d e`: a value ends with its word, or where the next name begins; `ENV NAME value` has one."""
    instruction = INSTRUCTION.match(text)
    spaced = _SPACED.match(text, instruction.end()) if instruction else None
    if spaced and is_secret(spaced[1]) and spaced.end() < len(text):
        return text[: spaced.end()] + REDACTED
    parts: list[str] = []
    at = 0
    while found := ASSIGNMENT.search(text, at):
        parts.append(text[at : found.end()])
        at = found.end()
        if not is_secret(found[1]):
            continue
        following = ASSIGNMENT.search(text, word_end(text, at))
        at = following.start() if following else len(text)
        parts.append(REDACTED + (" " if text[at - 1] == " " else ""))
    return "".join(parts) + text[at:]


def _everywhere(text: str) -> str:
    text = hide_shapes(text, REDACTED)
    for names in _NAMES:
        text = _hide(names, text)
    text = _after(_USER, text)
    text = _after(BEFORE_PASSWORD, text)
    if "|" in text:
        text = PIPED_PASSWORD.sub(rf"\1{REDACTED}", text)
    if "chpasswd" in text:
        text = _CHPASSWD.sub(rf"\1{REDACTED}", text)
    return _addresses(text)


def _after(pattern: re.Pattern[str], text: str) -> str:
    """Without the word after each match, or what is left of a quotation in its first group."""
    parts: list[str] = []
    at = 0
    while found := pattern.search(text, at):
        parts += (text[at : found.end()], REDACTED)
        quote = found[1] if pattern.groups else ""
        at = _closing(text, found.end(), quote) if quote else word_end(text, found.end())
    return "".join(parts) + text[at:]


def _hide(names: re.Pattern[str], text: str) -> str:
    """Without the values that follow names."""
    parts: list[str] = []
    at = 0
    while found := names.search(text, at):
        parts.append(text[at : found.end()])
        at = found.end()
        if not is_secret(found[1]):
            # What looks like a separator and a value may begin with the next name.
            parts[-1] = parts[-1][: found.end(1) - found.end() or None]
            at = found.end(1)
            continue
        end = _value_end(text, found)
        if end > at:
            parts.append(REDACTED)
        at = end
    return "".join(parts) + text[at:]


def _value_end(text: str, found: re.Match[str]) -> int:
    """Where the value after a name ends: at the closing quote of both, of its own, or with its word."""
    at = found.end()
    before = text[found.start() - 1 : found.start()]
    if before in ("'", '"') and before not in found[0]:
        return _closing(text, at, before)
    if found[0].endswith(":") and _VERSION.match(text, at):
        return at
    if text.startswith(REDACTED, at):
        return at
    quote = _QUOTE.match(text, at)
    if quote and "\\" in quote[0]:
        closing = text.find(quote[0], quote.end())
        return len(text) if closing < 0 else closing + len(quote[0])
    if text.startswith("[", at) and found[0].rstrip().endswith(":"):
        closing = text.find("]", at)
        return len(text) if closing < 0 else closing + 1
    scheme = _SCHEME.match(text, at)
    return word_end(text, scheme.end() if scheme else at)


def _closing(text: str, at: int, quote: str) -> int:
    """Where the quotation that is open at `at` is closed."""
    while (end := text.find(quote, at)) >= 0:
        if quote == "'" or text[end - 1] != "\\" or end == at:
            return end
        at = end + 1
    return len(text)


def _addresses(text: str) -> str:
    """Without user and password of addresses; a password may have `@` and `/` in it."""
    if "://" not in text:
        return text
    return _TOKEN_AS_USER.sub(rf"\1\2{REDACTED}@", _ADDRESS.sub(_without_user, text))


def _without_user(found: re.Match[str]) -> str:
    rest = found[0][3:]
    user, at, place = rest.rpartition("@")
    # `host:8080/x@y` has a port, no password.
    if not at or not user.partition(":")[2] or "/" in user.partition(":")[0] or _PORT.match(user):
        return found[0]
    return f"://{REDACTED}@{place}"
