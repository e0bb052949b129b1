"""Which commands of a shell text the container runs for: what replaces the shell, what goes on beside it,
and what it ends with.

A text that ends with something that only waits (`tail -f /dev/null`, `sleep infinity`, `wait`) or that only
shows what comes through a pipe is there for what stands in front of that.
Source: POSIX.1-2017, Shell Command Language §2.9; the manuals of the daemons.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from slim.entrypoint.init_scripts import starts_service
from slim.entrypoint.shell import Simple
from slim.entrypoint.tables import names
from slim.entrypoint.wrappers import SHELLS
from slim.patterns import regex

BUILTINS = names(
    ": [ [[ alias bg break cd continue declare dirs disown echo exit export false fg getopts hash help "
    "history jobs kill let local popd printf pushd pwd read readonly return set shift shopt test times trap "
    "true type typeset ulimit umask unalias unset wait"
)
"""Commands of shells that start no program."""
_FILTERS = names("tee ts logger rotatelogs multilog svlogd pino-pretty bunyan")
"""Programs that the output of another one goes through, …"""
_TEXT_FILTERS = names(
    "cat grep egrep fgrep sed awk gawk mawk jq yq cut sort uniq tr head less more column pv nl fold xxd od"
)
"""… and those that do so in a pipe."""
_SHOWS = names("logs log tail monit status attach")
"""Operands with which a program shows what it has started before."""
_PREPARES = _TEXT_FILTERS | names(
    "mkdir rmdir chown chmod chgrp cp mv ln rm touch install find tar gzip gunzip unzip curl wget sysctl "
    "mount usermod groupmod useradd groupadd adduser addgroup date id whoami printenv ls stat which sync "
    "ldconfig update-ca-certificates locale-gen nc rsync git apt-get apt apk dnf yum envsubst"
)
"""Programs that make something ready and end."""
_DAEMONS = names(
    "cron crond anacron sshd rsyslogd syslogd syslog-ng klogd dnsmasq httpd apache2 apachectl apache2ctl "
    "lighttpd named unbound slapd postfix dovecot squid smbd nmbd vsftpd proftpd pure-ftpd xinetd inetd ntpd "
    "chronyd exim exim4 opendkim rpcbind snmpd mosquitto varnishd keepalived nscd sssd atd"
)
"""Servers of no ecosystem that go into the background unless they are told not to."""
_IN_BACKGROUND = names("--daemon --daemonize --detach --detached --background --fork -daemon")
"""Options with which a program goes into the background."""
_NO_SERVER = names("-t -T -v -V -h --help --version --test --validate --check")
"""Options with which a server only checks or says something."""
_STARTS = names("start restart force-reload")
_OPERAND = regex(r"[a-z][a-z-]*", re.ASCII)
_FOLLOWS = regex(r"-[A-Za-z0-9]*[fF]|--follow", re.ASCII)
_PIPES = ("|", "|&")
_MAX_CALLS = 32
"""Functions that are looked into for the end of one text."""


def lasting(
    commands: Sequence[Simple],
    daemons: Collection[str],
    given: Sequence[str] = (),
    *,
    ends: bool = True,
) -> set[int]:
    """The places of the commands that the container runs for.

    Args:
        daemons: names of further programs that go into the background by themselves.
        given: the command that the text is given: where it waits, that is what the image is for.
        ends: whether the shell ends with the text; not with one that is read into another.
    """
    text = _Text(commands, daemons, tuple(given))
    outer = [at for at, command in enumerate(commands) if not command.inner]
    replacing = {at for at in outer if replaces(commands[at]) and not text.waits(at)}
    found = replacing | {at for at in outer if text.goes_on(at)}
    if ends and not any(commands[at].always for at in replacing):
        found |= text.last([at for at in outer if not commands[at].function], 0)
    waiting = [at for at in outer if text.waits(at)]
    return found or set(waiting[-1:])


def replaces(command: Simple) -> bool:
    """Whether a command takes the place of its shell; `exec` alone only changes where output goes."""
    words = command.words[1:] if command.words[0] == "eval" else command.words
    return words[:1] == ("exec",) and len(words) > 1


def goes_into_background(words: Sequence[str], daemons: Collection[str]) -> bool:
    """Whether a program lets the shell go on while it serves, or does so with these options."""
    if not _IN_BACKGROUND.isdisjoint(words) or starts_service(words):
        return True
    name = _name(words)
    if name not in daemons and name.rstrip("0123456789.").rstrip("-") not in daemons:
        return False
    operands = [word for word in words[1:] if _OPERAND.fullmatch(word)]
    return _NO_SERVER.isdisjoint(words) and (not operands or operands[0] in _STARTS)


class _Text:
    """The commands of one text, and what each of them does."""

    def __init__(
        self, commands: Sequence[Simple], daemons: Collection[str], given: tuple[str, ...]
    ) -> None:
        self._commands = commands
        self._daemons = _DAEMONS.union(daemons)
        self._given = given
        self._calls = _MAX_CALLS
        self._beside = any(map(self.goes_on, range(len(commands))))

    def waits(self, at: int) -> bool:
        """Whether a command only waits, or shows what another one writes."""
        words = self._commands[at].words
        if words[0] == "exec" and len(words) > 1:
            words = words[1:]
            if words == self._given:
                return False
        name, operands = _name(words), [word for word in words[1:] if word[:1] != "-"]
        if name in ("sleep", "wait", "pause"):
            return True
        if name in ("tail", "journalctl"):
            return any(map(_FOLLOWS.match, words[1:]))
        if operands and operands[0] in _SHOWS:
            return any(_name(command.words) == name for command in self._commands[:at])
        return name == "cat" and len(words) == 1

    def goes_on(self, at: int) -> bool:
        """Whether a command runs beside what follows."""
        command = self._commands[at]
        if command.inner or command.calls or command.words[0] in BUILTINS or self.waits(at):
            return False
        return command.background or goes_into_background(command.words, self._daemons)

    def last(self, places: Sequence[int], depth: int) -> set[int]:
        """The commands with which a sequence may end.

        Args:
            depth: number of blocks around it whose branches are sequences of their own.
        """
        rest = list(places)
        ready, waits = set[int](), False
        while rest:
            at = rest[-1]
            command = self._commands[at]
            if len(command.branches) > depth:
                block = command.branches[depth][0]
                branches = self._branches(rest, block, depth)
                rest = rest[: rest.index(min(map(min, branches)))]
                ends = set[int]().union(*(self.last(branch, depth + 1) for branch in branches))
            else:
                rest.pop()
                if command.words[0] == "wait" and self._beside:
                    return set()
                waits |= self.waits(at)
                ends = self._end(at, rest)
                if ends == {at} and _name(command.words) in _PREPARES:
                    ready, ends = ready or ends, set()
            if ends:
                return ends
        return set() if waits else ready

    def _branches(self, places: Sequence[int], block: int, depth: int) -> list[list[int]]:
        """The branches of a block; the commands of its conditions are in none."""
        found: dict[int, list[int]] = {}
        for at in places:
            branches = self._commands[at].branches
            if len(branches) > depth and branches[depth][0] == block:
                found.setdefault(branches[depth][1], []).append(at)
        return list(found.values())

    def _end(self, at: int, before: Sequence[int]) -> set[int]:
        """A command with which a sequence ends, with what it stands in for; nothing for one that the
        container does not run for."""
        command, name = self._commands[at], _name(self._commands[at].words)
        previous = self._commands[before[-1]] if before else None
        if command.calls and self._calls:
            self._calls -= 1
            body = [
                place
                for place, inside in enumerate(self._commands)
                if inside.function == command.words[0] and not inside.inner
            ]
            return self.last(body, 0)
        is_filter = name in _TEXT_FILTERS and previous is not None and previous.sign in _PIPES
        is_shell = name in SHELLS and len(command.words) == 1 and self._beside
        if name in BUILTINS or name in _FILTERS or is_filter or is_shell or self.waits(at):
            return set()
        if previous is not None and previous.sign == "||" and previous.branches == command.branches:
            return {at} | self._end(before[-1], ())
        return {at}


def _name(words: Sequence[str]) -> str:
    return words[0].rpartition("/")[2]
