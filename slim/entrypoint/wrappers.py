"""Commands that only start another command: `tini --`, `gosu user`, `env A=B`, `bundle exec`.

Each is described by the options that take a value and by the number of operands before the command. A
wrapper that is in no table is not unwrapped: then it is what runs.
Source: the manual pages of the tools.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import pairwise, takewhile

from msgspec import Struct
from msgspec.structs import replace

from slim.entrypoint.operands import behind_options, option_values
from slim.entrypoint.runners import NO_TOOLS, Runner, Tools
from slim.entrypoint.tables import names
from slim.patterns import regex

_ASSIGNMENT = regex(r"[A-Za-z_][A-Za-z0-9_]{0,255}=", re.ASCII)
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
    cwd: str = ""
    """The directory that it changes to, as written."""


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
    catatonit nohup setsid linux32 linux64 catchsegv unbuffer eatmydata torsocks torify fakeroot entr: 0
    dbus-run-session dbus-launch: 0 --config-file --dbus-daemon
    proxychains proxychains4: 0 -f
    cpulimit: 0 -l -e -c
    faketime: 1
    xargs: 0 -I -n -P -L -d -a -E -s --max-args --max-procs --delimiter --arg-file --replace
    systemd-cat: 0 -t -p
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
    launcher entrykit jemalloc.sh ddtrace-run: 0
    opentelemetry-instrument: 0 --*
    env-cmd: 0 -f --file -e --environments -r --rc-file
    dotenv: 0 -f --file -e -v -c -q
    mpirun mpiexec orterun: 0 -np -n -c -N -H --host -hostfile --hostfile -machinefile --map-by --bind-to -x
    watchmedo: 1 -d --directory -p --pattern --patterns -i --ignore-patterns --signal --kill-after --interval
    authbind: 0 --depth
    valgrind strace ltrace heaptrack: 0 -o -e -p
    dockerize: 0 -wait -timeout -template -stdout -stderr -wait-retry-interval -wait-http-header -poll
    s6-notifyoncheck: 0 -s -T -t -w -n -c
    """
)
_DASHES = names(
    "wait-for-it.sh wait-for-it wait-for wait-for.sh doppler infisical chamber aws-vault op gomplate "
    "envconsul secrets-init berglas teller newrelic-admin dotenvx mise rtx"
)
"""Wrappers whose command stands behind `--`."""


_TEXTS = {
    "litestream": ("-exec",),
    "doppler": ("--command",),
    "infisical": ("--command",),
    "watchmedo": ("--command", "-c"),
    "flock": ("-c", "--command"),
    "su": ("-c", "--command"),
    "runuser": ("-c", "--command"),
    "script": ("-c", "--command"),
}
"""Wrappers that are given a text for a shell → the options that have it, also at the end of a cluster."""


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
    text = _option_text(rest, _TEXTS[name]) if name in _TEXTS else None
    if text is not None:
        return Inner(text=text)
    if name == "capsh":
        return _shell(rest[rest.index("--") + 1 :]) if "--" in rest else None
    if name == "sops" and rest[:1] in (("exec-env",), ("exec-file",)):
        return Inner(text=rest[-1])
    if name == "multirun":
        return Inner(text=" & ".join(word for word in rest if not word.startswith("-")))
    if name == "eval":
        return Inner(text=" ".join(rest)) if rest else None
    if name in ("command", "builtin") and rest[:1] in (("-v",), ("-V",)):
        return None
    form = _FORMS.get(name)
    if form is not None:
        behind = behind_options(rest, form.valued, form.operands)
        if name == "dotenv" and behind[:1] == ("run",):
            behind = behind_options(behind[1:], form.valued)
        return _some(behind)
    if name in _DASHES:
        if name == "newrelic-admin" and rest[:1] in (("run-program",), ("run-python",)):
            return _some(rest[1:] if rest[0] == "run-program" else ("python", *rest[1:]))
        return _some(rest[rest.index("--") + 1 :]) if "--" in rest else None
    runner = tools.runners.get(name)
    return _runner(rest, runner) if runner is not None else None


def is_wrapper(name: str) -> bool:
    """Whether a program of this name is there only to start another one."""
    return name in _FORMS or name in _DASHES or name == "env"


def behind_dashes(words: tuple[str, ...]) -> tuple[str, ...]:
    """What stands behind the first `--` of a command line: with some programs a command of its own.

    >>> behind_dashes(("watchexec", "-r", "--", "web", "--port=80"))
    ('web', '--port=80')
    """
    return words[words.index("--") + 1 :] if "--" in words else ()


def _some(words: tuple[str, ...]) -> Inner | None:
    """A command, and the assignments in front of it."""
    sets = tuple(takewhile(_ASSIGNMENT.match, words))
    return Inner(words[len(sets) :], sets=sets) if len(sets) < len(words) else None


def _option_text(words: tuple[str, ...], options: Collection[str]) -> str | None:
    """The value of an option, which may stand at the end of a cluster of letters."""
    for option, value in pairwise(words):
        cluster = option[:1] == "-" and option[1:2] != "-" and f"-{option[-1]}" in options
        if option in options or cluster:
            return value
        if option == "--":
            break
    return None


def _shell(words: tuple[str, ...]) -> Inner | None:
    """`sh [options] -c text [name arguments…]`, or `sh [options] script arguments…`."""
    at = 0
    text = False
    while at < len(words) and words[at][:1] in ("-", "+") and len(words[at]) > 1:
        word = words[at]
        at += 1
        if word == "--":
            break
        if word in ("--rcfile", "--init-file"):
            at += 1
        elif not word.startswith("--"):
            text |= "c" in word[1:]
            # `-euo pipefail`
            at += word[-1] in "oO"
    if at >= len(words):
        return None
    if text:
        return Inner(text=words[at], arguments=words[at + 1 :])
    return Inner(words[at:])


def _env(words: tuple[str, ...]) -> Inner | None:
    at, cwd = 0, ""
    sets: list[str] = []
    while at < len(words):
        word = words[at]
        if word in ("-S", "--split-string"):
            return Inner(text=" ".join(words[at + 1 :])) if at + 1 < len(words) else None
        if word.startswith("-S"):
            return Inner(text=" ".join((word[2:], *words[at + 1 :])))
        if word in ("-u", "--unset", "-C", "--chdir"):
            cwd = words[at + 1] if word in ("-C", "--chdir") and at + 1 < len(words) else cwd
            at += 2
        elif word.startswith("-") or _ASSIGNMENT.match(word):
            sets += [] if word.startswith("-") else [word]
            cwd = word.partition("=")[2] if word.startswith("--chdir=") else cwd
            at += 1
        else:
            return Inner(words[at:], sets=tuple(sets), cwd=cwd)
    return None


def _runner(words: tuple[str, ...], runner: Runner) -> Inner | None:
    found = _some(runner.starts(words))
    if found is None:
        return None
    own = takewhile(lambda word: word not in found.words, words)
    moved = option_values(tuple(own), runner.moves)
    return replace(found, runner=True, cwd=moved[-1] if moved else "")
