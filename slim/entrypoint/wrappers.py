"""Commands that only start another command: `tini --`, `gosu user`, `env A=B`, `bundle exec`.

Each is described by the options that take a value and by the number of operands before the command. A
wrapper that is in no table is not unwrapped: then it is what runs.
Source: the manual pages of the tools.
"""

from __future__ import annotations

import re

from msgspec import Struct

from slim.entrypoint.operands import behind_options
from slim.entrypoint.runners import NO_TOOLS, Runner, Tools
from slim.entrypoint.tables import names

_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,255}=", re.ASCII)
SHELLS = frozenset(("sh", "bash", "ash", "dash", "zsh", "ksh", "mksh", "fish", "rbash", "yash"))
"""Programs that read commands."""


class Inner(Struct, frozen=True):
    """What a wrapper starts: words, or a text for a shell."""

    words: tuple[str, ...] = ()
    text: str | None = None
    arguments: tuple[str, ...] = ()
    """Of a text: what `$0`, `$1` and the following are."""
    runner: bool = False
    """The wrapper is a tool of a language, such as `bundle exec`."""
    sets: tuple[str, ...] = ()
    """Variables that it sets, as `NAME=value`."""


class _Form(Struct, frozen=True):
    """How a wrapper is called: `name [options] operands… [--] command`."""

    valued: frozenset[str] = frozenset()
    """Options whose value is the next word."""
    operands: int = 0


def _forms(text: str) -> dict[str, _Form]:
    """Lines of `names: operands, options with a value`."""
    forms: dict[str, _Form] = {}
    for line in text.strip().splitlines():
        names, _, rest = line.partition(":")
        count, *valued = rest.split()
        for name in names.split():
            forms[name] = _Form(frozenset(valued), int(count))
    return forms


_FORMS = _forms(
    """
    tini tini-static docker-init: 0 -p -e
    dumb-init: 0 -r --rewrite
    catatonit nohup setsid linux32 linux64 catchsegv: 0
    gosu su-exec setuidgid s6-setuidgid pidproxy envdir s6-envdir flock run-one: 1
    s6-applyuidgid: 0 -u -g -G
    chroot: 1 --userspec --groups
    setpriv: 0 --reuid --regid --ruid --euid --rgid --egid --groups --inh-caps --bounding-set --ambient-caps
    runuser sudo doas: 0 -u -g --user --group -C -h -p -U
    chpst: 0 -u -U -e -/ -n -l -L -m -d -o -p -f -c -t -r
    nice: 0 -n --adjustment
    ionice: 0 -c -n -p --class --classdata
    chrt taskset setarch: 1
    numactl: 0 -i -N -C -m -p
    stdbuf: 0 -i -o -e
    time: 0 -f -o
    timeout: 1 -k -s --kill-after --signal
    xvfb-run: 0 -n -s -f -e -p -w --server-num --server-args
    unshare nsenter: 0 -S -G -t
    prlimit: 0
    with-contenv exec command builtin vault-env busybox toybox: 0 -a
    launcher entrykit jemalloc.sh ddtrace-run opentelemetry-instrument: 0
    authbind: 0 --depth
    valgrind strace ltrace heaptrack: 0 -o -e -p
    dockerize: 0 -wait -timeout -template -stdout -stderr -wait-retry-interval -wait-http-header -poll
    s6-notifyoncheck: 0 -s -T -t -w -n -c
    """
)
_DASHES = names(
    "wait-for-it.sh wait-for-it wait-for wait-for.sh doppler infisical chamber aws-vault op gomplate "
    "envconsul secrets-init berglas teller newrelic-admin dotenv dotenvx mise rtx"
)
"""Wrappers whose command stands behind `--`."""


def unwrap(name: str, words: tuple[str, ...], tools: Tools = NO_TOOLS) -> Inner | None:
    """What the command `words` starts; None if it is not a wrapper, or starts nothing.

    Args:
        name: of the program, without directory.
        tools: those of languages that start commands.

    >>> unwrap("gosu", ("gosu", "app", "java", "-jar", "a.jar")).words
    ('java', '-jar', 'a.jar')
    """
    rest = words[1:]
    if name in SHELLS:
        return _shell(rest)
    if name == "env":
        return _env(rest)
    if name in ("su", "runuser") and ("-c" in rest or "--command" in rest):
        place = rest.index("-c" if "-c" in rest else "--command") + 1
        return Inner(text=rest[place]) if place < len(rest) else None
    if name == "eval":
        return Inner(text=" ".join(rest)) if rest else None
    if name in ("command", "builtin") and rest[:1] in (("-v",), ("-V",)):
        return None
    form = _FORMS.get(name)
    if form is not None:
        return _some(behind_options(rest, form.valued, form.operands))
    if name in _DASHES:
        if name == "newrelic-admin" and rest[:1] == ("run-program",):
            return _some(rest[1:])
        return _some(rest[rest.index("--") + 1 :]) if "--" in rest else None
    runner = tools.runners.get(name)
    return _runner(rest, runner) if runner is not None else None


def is_wrapper(name: str) -> bool:
    """Whether a program of this name is there only to start another one."""
    return name in _FORMS or name in _DASHES or name == "env"


def _some(words: tuple[str, ...]) -> Inner | None:
    return Inner(words) if words else None


def _shell(words: tuple[str, ...]) -> Inner | None:
    """`sh [options] -c text [name arguments…]`, or `sh [options] script arguments…`."""
    at = 0
    text = False
    while at < len(words) and words[at][:1] in ("-", "+") and len(words[at]) > 1:
        word = words[at]
        at += 1
        if word == "--":
            break
        if word in ("-o", "+o", "-O", "+O", "--rcfile", "--init-file"):
            at += 1
        elif not word.startswith("--"):
            text |= "c" in word[1:]
    if at >= len(words):
        return None
    if text:
        return Inner(text=words[at], arguments=words[at + 1 :])
    return Inner(words[at:])


def _env(words: tuple[str, ...]) -> Inner | None:
    at = 0
    sets: list[str] = []
    while at < len(words):
        word = words[at]
        if word in ("-S", "--split-string"):
            return Inner(text=" ".join(words[at + 1 :])) if at + 1 < len(words) else None
        if word.startswith("-S"):
            return Inner(text=" ".join((word[2:], *words[at + 1 :])))
        if word in ("-u", "--unset", "-C", "--chdir"):
            at += 2
        elif word.startswith("-") or _ASSIGNMENT.match(word):
            sets += [] if word.startswith("-") else [word]
            at += 1
        else:
            return Inner(words[at:], sets=tuple(sets))
    return None


def _runner(words: tuple[str, ...], runner: Runner) -> Inner | None:
    rest = runner.starts(words)
    sets: list[str] = []
    while rest and _ASSIGNMENT.match(rest[0]):
        sets.append(rest[0])
        rest = rest[1:]
    return Inner(rest, runner=True, sets=tuple(sets)) if rest else None
