"""A long instruction cut to what tells: the commands that put something into the layer, not their frame.

`RUN set -eux; apt-get update; apt-get install -y build-essential git; rm -rf /var/lib/apt/lists/*` is told
from others by `apt-get install build-essential git`, and that is what is shown of it.
"""

from __future__ import annotations

import re

from slim.formats.terminal import columns, shorten, visible
from slim.patterns import regex
from slim.report.instruction import instruction
from slim.report.untrusted import Text, Untrusted, bare, untrusted

_LONGEST = 8_000
"""Characters that are looked at; the rest of an instruction explains nothing more."""
_MOST = 40
"""Commands that are tried: more never fit."""
_SPACE = regex(r"\s+")
_AND = regex(r"\s*(?:&&|\|\||;)\s*")
_HASH = regex(r"\b(dir|file|multi):([0-9a-f]{6})[0-9a-f]{10,}")
_FLAG = regex(
    r"^--(?:mount|chown|chmod|link|network|security|parents|checksum|keep-git-dir)\b\S*\s+"
)
_QUIET = regex(
    r"\s(?:-y|-qq?|-yqq?|-qqy|--yes|--assume-yes|--quiet|--no-cache|--no-cache-dir|--no-progress|--no-audit"
    r"|--no-install-recommends|--no-fund|--force|--root-user-action=ignore|--disable-pip-version-check)(?=\s|$)"
)
_INSTALLS = regex(
    r"^(?:sudo |yes \| |DEBIAN_FRONTEND=\w+ |[A-Z_]+=\S+ )*(?:"
    r"(?:apt-get|apt|apk|dnf|microdnf|yum|zypper|pacman|tdnf)\b.*?\s(?:install|add|-S\w*|upgrade|dist-upgrade)\b"
    r"|(?:pip3?|pipx|poetry|uv|conda|mamba|npm|pnpm|yarn|bun|gem|bundle|composer|cargo|go|mix|rebar3|mvn|gradle"
    r"|dotnet|stack|cabal|make|cmake|ninja|meson|javac|tsc|curl|wget|git|tar|unzip|dpkg|rpm)\s"
    r"|(?:python3?|\S+/python3?) -m pip\s|\./configure\b|\./gradlew\b|\./mvnw\b|(?:chown|chmod) -\w*R)"
)
_FRAME = regex(
    r"^(?:set|cd|export|unset|echo|printf|mkdir|rm|rmdir|true|:|\[|test|if|then|else|fi|for|do|done|case|esac"
    r"|find|command|which|ldconfig|hash|sleep|exit|umask|ulimit|source|\.|local|trap|apt-mark|ls|cat|touch"
    r"|(?:apt-get|apt)\s+(?:-\S+\s+)*(?:update|clean|autoremove|autoclean|purge)|apk\s+(?:update|del)"
    r"|(?:dnf|yum|microdnf)\s+clean|[A-Za-z_]\w*=\S*$|\w+\s+--version|npm cache|pip cache|\{|\}|\))(?:\s|$)"
)


def shown(created_by: Text) -> str:
    """The instruction that a history entry records, on one line; digests of what was copied are cut.

    >>> shown("/bin/sh -c #(nop) COPY dir:958dc7ccd82293b71cc3736c05fdf43f in /app")
    'COPY dir:958dc7… in /app'
    """
    return _HASH.sub(r"\1:\2…", visible(bare(instruction(created_by))[:_LONGEST]))


def shortened(created_by: Text, width: int) -> Untrusted:
    """The instruction that a history entry records, of which the telling part is kept."""
    return untrusted(abbreviated(shown(created_by), width))


def abbreviated(text: str, width: int) -> str:
    """An instruction on one line, at most `width` columns of it.

    >>> abbreviated("RUN apt-get update && apt-get install -y build-essential git curl inotify-tools", 44)
    'RUN … apt-get install build-essential git …'
    >>> abbreviated("COPY --chown=app:app --from=build /srv/app /srv/app", 38)
    'COPY --from=build /srv/app /srv/app'
    """
    if _fits(text, width):
        return text
    at = re.match(r"(?:\d+: )?[A-Z]+ ", text)
    if at is None:
        return shorten(text, width)
    head, rest = text[: at.end()], text[at.end() :]
    while flag := _FLAG.match(rest):
        rest = rest[flag.end() :]
    if not head.endswith("RUN "):
        return shorten(head + rest, width)
    return head + _commands(rest, width - len(head))


def _commands(text: str, room: int) -> str:
    """As many commands as fit, those that tell most first, in their order; `…` for what is left out."""
    commands = [_QUIET.sub("", _SPACE.sub(" ", each)) for each in _AND.split(text) if each.strip()]
    ranks = [_rank(command) for command in commands]
    # What only frames the others is shown where there are no others.
    telling_ones = [at for at, rank in enumerate(ranks) if rank < 2] or [*range(len(commands))]
    by_rank = sorted(telling_ones, key=lambda at: (ranks[at], at))[:_MOST]
    kept = dict[int, str]()
    for at in by_rank:
        longer = {**kept, at: commands[at]}
        if _fits(_joined(longer, len(commands)), room):
            kept = longer
    if kept:
        return _joined(kept, len(commands))
    # Not even the one that tells most fits: its beginning says what it does.
    first = by_rank[0] if by_rank else 0
    before = "… " if first else ""
    return before + _start(commands[first] if commands else text, max(1, room - len(before)))


def _rank(command: str) -> int:
    """0 for what installs or builds, 2 for what only frames it."""
    if _FRAME.match(command):
        return 2
    return 0 if _INSTALLS.match(command) else 1


def _joined(kept: dict[int, str], count: int) -> str:
    text, last = "", -1
    for at in sorted(kept):
        skipped = at - last > 1
        text += ("… " if skipped else "") if last < 0 else (" … " if skipped else " && ")
        text += kept[at]
        last = at
    return text if last == count - 1 else f"{text} …"


def _start(text: str, width: int) -> str:
    """Whole words from the beginning, as far as they fit, and `…`; of a long word the beginning."""
    if _fits(text, width):
        return text
    kept = ""
    for word in text.split(" "):
        longer = f"{kept} {word}" if kept else word
        if not _fits(f"{longer} …", width):
            break
        kept = longer
    if len(kept) * 4 >= width * 3:
        return f"{kept} …"
    while text and not _fits(f"{text}…", width):
        text = text[: min(len(text) - 1, width)]
    return f"{text}…"


def _fits(text: str, width: int) -> bool:
    return len(text) <= width and columns(text) <= width
