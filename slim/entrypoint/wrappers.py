"""Commands that only start another command: `tini --`, `gosu user`, `env A=B`, `bundle exec`.

Each is described by the options that take a value and by the number of operands before the command. A
wrapper that is in no table is not unwrapped: then it is what runs.
Source: the manual pages of the tools.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

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
Runners = Mapping[str, tuple[str, ...]]
"""Tools of a language that start a command: name → the words of which one stands in front of it."""
NO_RUNNERS: Runners = {}
_RUNNER_VALUED = names(
    "-n --name -p --prefix -C --directory --project --with --python --package --cwd --group --extra "
    "--env-file -e --gemfile --filter --workspace -w --extra-index-url --index-url --with-requirements "
    "--with-editable --no-group --only-group --cwd --project-directory"
)


def unwrap(name: str, words: tuple[str, ...], runners: Runners = NO_RUNNERS) -> Inner | None:
    """What the command `words` starts; None if it is not a wrapper, or starts nothing.

    Args:
        name: of the program, without directory.
        runners: the tools of languages that start commands.

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
        return _some(_behind(rest, form.valued, form.operands))
    if name in _DASHES:
        if name == "newrelic-admin" and rest[:1] == ("run-program",):
            return _some(rest[1:])
        return _some(rest[rest.index("--") + 1 :]) if "--" in rest else None
    if name in runners:
        return _runner(name, rest, runners[name])
    return None


def is_wrapper(name: str) -> bool:
    """Whether a program of this name is there only to start another one."""
    return name in _FORMS or name in _DASHES or name == "env"


def _some(words: tuple[str, ...]) -> Inner | None:
    return Inner(words) if words else None


def _behind(words: tuple[str, ...], valued: frozenset[str], operands: int) -> tuple[str, ...]:
    """The words behind options and operands."""
    at = 0
    while at < len(words):
        word = words[at]
        if word == "--":
            at += 1
            if not operands:
                return words[at:]
        elif word.startswith("-") and len(word) > 1:
            at += 2 if word in valued else 1
        elif operands:
            operands -= 1
            at += 1
        else:
            return words[at:]
    return ()


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


def _runner(name: str, words: tuple[str, ...], subcommands: tuple[str, ...]) -> Inner | None:
    rest = _behind(words, _RUNNER_VALUED, 0)
    if subcommands:
        if rest[:1] and rest[0] in subcommands:
            module = next((at for at, word in enumerate(rest) if word in ("-m", "--module")), 0)
            if name == "uv" and module and not _behind(rest[1:module], _RUNNER_VALUED, 0):
                return Inner(("python", "-m", *rest[module + 1 :]), runner=True)
            rest = _behind(rest[1:], _RUNNER_VALUED, 0)
        else:
            return None
    sets: list[str] = []
    while rest and _ASSIGNMENT.match(rest[0]):
        sets.append(rest[0])
        rest = rest[1:]
    if name == "uv" and rest and rest[0].endswith(".py"):
        rest = ("python", *rest)
    if name == "hatch" and rest and ":" in rest[0]:
        rest = (rest[0].partition(":")[2], *rest[1:])
    return Inner(rest, runner=True, sets=tuple(sets)) if rest else None
