"""Reads an image's history: each `created_by` text as the keys that it may stand for.

The texts that builders write:
BuildKit     `RUN |1 A=b /bin/sh -c make # buildkit`, `COPY a /b # buildkit`, `CMD ["x"]`
classic      `|1 A=b /bin/sh -c make`, `/bin/sh -c #(nop) COPY dir:HASH in /b `
buildah      the same shapes, with most instructions as they were written
kaniko       the instructions as they were written, only those that made a layer
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct

from slim.dockerfile import canon
from slim.dockerfile.parse import first_word
from slim.dockerfile.syntax import split_flags

MAX_SHELLS = 16

KEYWORDS = frozenset(
    {"ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL"}
    | {"MAINTAINER", "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"}
)
"""The instructions that a history entry may name."""
_BUILDKIT = "# buildkit"
_NOP = "#(nop)"
_TIMESTAMPS = ("|force-mtime=", "|clamp-mtime=")
_CONTENT = ("file:", "dir:", "multi:")
_HEX = frozenset("0123456789abcdef")


class Entry(Struct, frozen=True):
    """One history entry; it has no keys if its text is not understood."""

    keyword: str
    keys: frozenset[str]


class Recorded(Struct, frozen=True):
    """One history entry as the instruction that it records."""

    keyword: str
    """Empty where the text is not understood."""
    value: str
    """What follows the keyword; of a RUN the command alone, of copied files `dir:HASH in /app` or words."""
    arguments: str = ""
    """The build arguments that a RUN shows: `A=b C=d`."""


def recorded(text: str, shells: Sequence[str]) -> Recorded:
    """The instruction of a `created_by` text; a shell in front of a command is left out."""
    text = _without_timestamp(text.strip().removesuffix(_BUILDKIT).rstrip())
    keyword, _, rest = text.partition(" ")
    if keyword in KEYWORDS and keyword != "RUN":
        return Recorded(keyword, rest.strip())
    bare = canon.without_shell(text, shells)
    if bare is not text and bare.startswith(_NOP):
        return Recorded(*first_word(bare.removeprefix(_NOP)))
    _, shown, commands = _arguments(rest if keyword == "RUN" else text, shells)
    if len(commands) != 1 or not commands[0] or "\0" in text:
        return Recorded("", "")
    return Recorded("RUN", canon.without_shell(commands[0], shells), shown)


def shells(history: Iterable[str], written: Iterable[str]) -> tuple[str, ...]:
    """The shells that commands may be run by, joined by spaces, longer ones first.

    The default ones, those of the Dockerfile's SHELL instructions (`written`), and those that the
    history records, at most MAX_SHELLS in all.
    """
    found = dict.fromkeys(("/bin/sh -c", "cmd /S /C"))
    recorded = (_recorded_shell(text) for text in history)
    for shell in (*written, *recorded):
        if shell and len(found) < MAX_SHELLS:
            found[shell] = None
    return tuple(sorted(found, key=len, reverse=True))


def entries(
    history: Iterable[str], shells: Sequence[str], arguments: Collection[str]
) -> list[Entry]:
    """Read each text; `arguments` are the names of the Dockerfile's ARGs."""
    return [_entry(text.strip(), shells, arguments) for text in history]


def argument_values(
    history: Iterable[str], shells: Sequence[str], arguments: Collection[str]
) -> Mapping[str, str]:
    """The values of build arguments that RUN entries show (`|2 A=b C=d e …`).

    Only values that are not empty and the same in all entries; otherwise the value in effect is unknown.
    """
    values: dict[str, set[str]] = {}
    for text in history:
        count, shown, _ = _arguments(text.strip().removeprefix("RUN "), shells)
        pairs: dict[str, list[str]] = {}
        last: list[str] = []
        for word in shown.split(" "):
            name, equals, value = word.partition("=")
            if equals and name in arguments and name not in pairs:
                pairs[name] = last = [value]
            else:
                last.append(word)
        if len(pairs) == count:
            for name, words in pairs.items():
                values.setdefault(name, set()).add(" ".join(words))
    return {name: min(seen) for name, seen in values.items() if len(seen) == 1 and seen != {""}}


def _entry(text: str, shells: Sequence[str], arguments: Collection[str]) -> Entry:
    if not text or "\0" in text:
        return Entry("", frozenset())
    text = _without_timestamp(text.removesuffix(_BUILDKIT).rstrip())
    keyword, _, rest = text.partition(" ")
    if keyword == "RUN":
        return _run(rest, shells)
    if keyword in KEYWORDS:
        return Entry(keyword, frozenset({_key(keyword, rest.strip(), shells, arguments)}))
    bare = canon.without_shell(text, shells)
    if bare is not text and bare.startswith(_NOP):
        keyword, rest = first_word(bare.removeprefix(_NOP))
        if keyword in ("ADD", "COPY"):
            return Entry(keyword, frozenset({_content_key(keyword, rest)}))
        return Entry(keyword, frozenset({_key(keyword, rest, shells, arguments)}))
    return _run(text, shells)


def _run(text: str, shells: Sequence[str]) -> Entry:
    _, _, commands = _arguments(text, shells)
    keys: set[str] = set()
    for command in commands:
        bare = canon.without_shell(command, shells)
        keys.add(canon.key("RUN", bare))
        if bare.startswith("--"):
            keys.add(canon.key("RUN", _without_checksums(bare)))
    return Entry("RUN", frozenset(keys))


def _key(keyword: str, text: str, shells: Sequence[str], arguments: Collection[str]) -> str:
    """The key of an entry that names its instruction."""
    if keyword in ("CMD", "ENTRYPOINT"):
        argv = canon.quoted_list(text)
        if argv is None:
            return canon.shell_form_key(keyword, text)
        return canon.command_key(keyword, argv, shells)
    if keyword in ("VOLUME", "SHELL"):
        return canon.key(keyword, " ".join(_list(text)))
    if keyword == "EXPOSE":
        return canon.ports_key(_list(text.removeprefix("map").replace(":{}", "")))
    if keyword == "HEALTHCHECK":
        return _health_key(text)
    if keyword == "ARG":
        words = text.split()
        names = [word.partition("=")[0] for word in words]
        kept = [name for at, name in enumerate(names) if at == 0 or name in arguments]
        return canon.key(keyword, " ".join(kept))
    return canon.key(keyword, text)


def _content_key(keyword: str, text: str) -> str:
    """`dir:HASH in /app`: only the destination can be compared; or the instruction as written."""
    content, found, path = split_flags(text)[1].partition(" in ")
    if found and " " not in content and (content.startswith(_CONTENT) or set(content) <= _HEX):
        return canon.destination_key(keyword, path.partition(" |")[0])
    return canon.key(keyword, text)


def _health_key(text: str) -> str:
    """`&{["CMD-SHELL" "x"] "30s" …}`, `{Test:[CMD-SHELL x] Interval:30s …}`, or as written."""
    if not text.startswith(("&{", "{")):
        return canon.health_key(text)
    _, _, fields = text.partition("[")
    test = canon.quoted_list(f"[{fields}", whole=False)
    line = fields.rpartition("] Interval:")[0] if test is None else " ".join(test)
    return canon.key("HEALTHCHECK", line)


def _list(text: str) -> list[str]:
    """The items of `[/a /b]`, `["/a", "/b"]` or `/a /b`."""
    quoted = canon.quoted_list(text)
    if quoted is not None:
        return quoted
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    return text.split()


def _arguments(text: str, shells: Sequence[str]) -> tuple[int, str, list[str]]:
    """Split `|2 A=b C=d e /bin/sh -c make` into the count, the assignments and the command.

    A value may hold spaces, so the assignments end where the shell begins; a command without a
    shell (exec form) is found by the count. Where both readings hold, both commands are returned.
    """
    number, _, rest = text[1:].partition(" ")
    if not text.startswith("|") or not number.isdecimal() or len(number) > 4:
        return 0, "", [text]
    count = int(number)
    words = rest.split(" ", count)
    counted = len(words) == count + 1 and all("=" in word for word in words[:count])
    commands = [words[count].strip()] if counted else []
    shown = " ".join(words[:count]) if counted else ""
    padded = f" {rest}"
    at = min((at for at in (padded.find(f" {s} ") for s in shells) if at >= 0), default=-1)
    if at >= 0:
        shown = padded[1:at] if at else ""
        commands.append(padded[at + 1 :])
    return count, shown, list(dict.fromkeys(commands))


def _recorded_shell(text: str) -> str:
    """The shell that a SHELL entry sets; empty for any other entry."""
    before, found, inner = text.partition("SHELL [")
    if not found or not (before.strip() == "" or before.rstrip().endswith(_NOP)):
        return ""
    return " ".join(_list(f"[{inner.rstrip()}"))


def _without_timestamp(text: str) -> str:
    """buildah notes forced modification times at the end of its texts."""
    for note in _TIMESTAMPS:
        before, found, seconds = text.rpartition(note)
        if found and seconds.isdecimal():
            return before.rstrip()
    return text


def _without_checksums(text: str) -> str:
    """buildah appends a checksum for each bind mount of a RUN: `… command:sha256:HEX`."""
    for _ in range(MAX_SHELLS):
        before, _, digest = text.rpartition(":")
        if not before or len(digest) < 32 or not set(digest) <= _HEX:
            break
        text = before.removesuffix(":sha256")
    return text
