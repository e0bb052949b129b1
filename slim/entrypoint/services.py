"""Programs that start several others: supervisord, s6, runit, cron, init scripts, Procfiles, buildpacks.

Each reader takes what the image has at the places that these programs read, and returns texts for a shell
and paths of scripts; what is not captured is left out.
Source: the manuals of supervisord ("Configuration File"), s6-overlay, runit, crontab(5); the Cloud
Native Buildpacks platform specification ("Labels").
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from itertools import pairwise

from msgspec import Struct

from slim.entrypoint.init_scripts import program_of, starts_service
from slim.entrypoint.operands import option_values
from slim.entrypoint.tables import names
from slim.files.view import View, below, decoded, encoded
from slim.patterns import regex

MAX_SERVICES = 64
"""Most commands that one supervisor starts."""
_MAX_FILES = 200
_MAX_INCLUDES = 32
_MAX_LINES = 5_000
_MAX_LINE = 4_096

CRON = frozenset(("cron", "crond", "supercronic", "anacron", "fcron", "yacron"))
PROCFILE = frozenset(("foreman", "honcho", "overmind", "hivemind", "goreman", "forego"))
_PROCFILE_VALUED = names(
    "-f --procfile -e --env -d --root -p --port -c --concurrency -m --formation"
)
"""Options of those whose value is the next word."""
RUNIT = frozenset(
    ("runsvdir", "runsvdir-start", "runit", "runit-init", "my_init", "runit_bootstrap")
)
S6 = frozenset(("s6-svscan", "s6-overlay-init", "s6-linux-init", "rc.init"))
_S6_MARKS = (b"etc/s6-overlay", b"etc/services.d")
SUPERVISORS = (
    frozenset(("supervisord",)) | CRON | PROCFILE | RUNIT | S6 | frozenset(("init", "systemd"))
)
"""Programs that are there to start others."""
_VARIABLE = regex(r"(\w{1,100})=(\"[^\"]*\"|'[^']*'|[^,\"']*)")
_QUOTES = "\"'"
_PROGRAMS = frozenset(("program", "eventlistener", "fcgi-program"))
"""Sections of supervisord's settings that start something."""


class Service(Struct, frozen=True):
    """Something that a supervisor starts."""

    text: str = ""
    """For a shell."""
    script: bytes = b""
    """Path of a file to run."""
    where: str = ""
    """File that says so."""
    main: bool = True
    cwd: bytes | None = None
    """The directory in which it is started, if its settings say one."""
    sets: tuple[str, ...] = ()
    """Variables that are set for it, as `NAME=value`."""


def services(name: str, words: tuple[str, ...], cwd: bytes, view: View) -> tuple[Service, ...]:
    """What the supervisor `name`, called with `words`, starts; nothing for other programs."""
    found: list[Service] = []
    service = starts_service(words)
    program = program_of(service, view) if service else None
    if program is not None:
        found = [Service(text=shlex.quote(program[0]), where=program[1])]
    elif name == "supervisord":
        found = _supervisord(words, cwd, view)
    elif name in CRON:
        found = _cron(words, cwd, view)
    elif name in PROCFILE:
        found = _procfile(words, cwd, view)
    elif name in RUNIT:
        found = _runs(view, (b"etc/service", b"etc/sv", b"service", b"etc/runit/runsvdir/default"))
        found += _runs(view, _named(words, cwd)) + _scripts(view, b"etc/my_init.d")
    elif name in S6 or (name == "init" and any(map(view.is_dir, _S6_MARKS))):
        found = _s6(view) + (_runs(view, _named(words, cwd)) if name == "s6-svscan" else [])
    return tuple(found[:MAX_SERVICES])


def buildpack_processes(labels: Mapping[str, str]) -> tuple[str, ...]:
    """Command lines of the processes that buildpacks launch, from the label they leave."""
    try:
        data = json.loads(labels.get("io.buildpacks.build.metadata", "")[: 1 << 20])
        processes = data["processes"] if isinstance(data, dict) else ()
    except (ValueError, KeyError, RecursionError):
        return ()
    lines: list[str] = []
    for process in processes[:MAX_SERVICES] if isinstance(processes, list) else ():
        if not isinstance(process, dict):
            continue
        command = process.get("command", "")
        parts = [*command] if isinstance(command, list) else [command]
        parts += process["args"] if isinstance(process.get("args"), list) else []
        lines.append(" ".join(part for part in parts if isinstance(part, str))[:_MAX_LINE])
    return tuple(line for line in lines if line)


def _lines(content: bytes | None) -> list[str]:
    text = (content or b"").decode("utf-8", "replace")
    return [line[:_MAX_LINE] for line in text.split("\n", _MAX_LINES)[:_MAX_LINES]]


def _supervisord(words: tuple[str, ...], cwd: bytes, view: View) -> list[Service]:
    named = option_values(words, ("-c", "--configuration"))
    places = [below(cwd, name.encode("utf-8", "replace")) for name in named] or [
        below(cwd, b"supervisord.conf"),
        b"etc/supervisord.conf",
        b"etc/supervisor/supervisord.conf",
    ]
    for directory in (b"etc/supervisor/conf.d", b"etc/supervisor.d", b"etc/supervisord.d"):
        places += [directory + b"/" + name for name in view.children(directory)[:MAX_SERVICES]]
    found: list[Service] = []
    todo, seen, includes = [*places], set[bytes](), 0
    while todo and len(seen) < _MAX_FILES:
        place = todo.pop(0).lstrip(b"/")
        if place in seen:
            continue
        seen.add(place)
        for section, settings in _sections(view.read(place)):
            kind = section.partition(":")[0]
            if kind == "include" and includes < _MAX_INCLUDES:
                includes += 1
                todo += _included(settings.get("files", ""), place, view)
            elif kind in _PROGRAMS and settings.get("command"):
                folder = settings.get("directory")
                found.append(
                    Service(
                        text=settings["command"],
                        where=decoded(place),
                        cwd=below(cwd, encoded(folder)) if folder else None,
                        sets=tuple(
                            f"{name}={value.strip(_QUOTES)}"
                            for name, value in _VARIABLE.findall(settings.get("environment", ""))
                        ),
                    )
                )
    return found


def _sections(content: bytes | None) -> Iterator[tuple[str, dict[str, str]]]:
    """The sections of a settings file, each with its settings."""
    section, settings = "", dict[str, str]()
    for line in map(str.strip, _lines(content)):
        if line.startswith("["):
            yield section, settings
            section, settings = line.strip("[]"), {}
        elif not line.startswith((";", "#")):
            key, _, value = line.partition("=")
            settings[key.strip()] = value.partition(" ;")[0].strip()
    yield section, settings


def _included(value: str, place: bytes, view: View) -> list[bytes]:
    """The files that `[include]` names, relative to the file that it stands in; `*` only in their names."""
    found: list[bytes] = []
    for pattern in value.partition(" ;")[0].split()[:_MAX_INCLUDES]:
        path = below(place.rpartition(b"/")[0], pattern.encode("utf-8", "replace"))
        folder, _, last = path.rpartition(b"/")
        names = view.children(folder)[:_MAX_FILES] if b"*" in last else [last]
        glob = last.decode("latin-1")
        found += [below(folder, n) for n in names if fnmatchcase(n.decode("latin-1"), glob)]
    return found


def _cron(words: tuple[str, ...], cwd: bytes, view: View) -> list[Service]:
    tables = [
        (below(cwd, word.encode("utf-8", "replace")), False) for word in words[1:] if "/" in word
    ]
    tables.append((b"etc/crontab", True))
    tables += [
        (b"etc/cron.d/" + name, True) for name in view.children(b"etc/cron.d")[:MAX_SERVICES]
    ]
    for spool in (b"var/spool/cron/crontabs", b"etc/crontabs", b"var/spool/cron"):
        tables += [(spool + b"/" + name, False) for name in view.children(spool)[:MAX_SERVICES]]
    found: list[Service] = []
    for path, has_user in tables:
        for line in _lines(view.read(path)):
            fields = line.split(None, 7)
            if not fields or fields[0].startswith("#") or "=" in fields[0]:
                continue
            skip = (1 if fields[0].startswith("@") else 5) + has_user
            parts = line.split(None, skip)
            if len(parts) > skip and (parts[0][0] in "@*" or parts[0][0].isdigit()):
                found.append(Service(text=parts[skip], where=decoded(path.lstrip(b"/"))))
    for period in (b"hourly", b"daily", b"weekly", b"monthly"):
        found += _scripts(view, b"etc/cron." + period)
    return found


def _procfile(words: tuple[str, ...], cwd: bytes, view: View) -> list[Service]:
    named = option_values(words, ("-f", "--procfile"))
    chosen = _operands(words, _PROCFILE_VALUED)
    chosen = chosen[1:] if chosen[:1] in (["start"], ["s"]) else []
    root = option_values(words, ("-d", "--root"))
    home = below(cwd, encoded(root[0])) if root else None
    path = below(
        cwd if home is None or named else home, encoded(named[0]) if named else b"Procfile"
    )
    found: list[Service] = []
    for line in _lines(view.read(path)):
        name, colon, text = line.partition(":")
        if chosen and name not in chosen:
            continue
        if colon and name and not name.startswith("#") and text.strip():
            found.append(Service(text=text.strip(), where=decoded(path.lstrip(b"/")), cwd=home))
    return found


def _operands(words: tuple[str, ...], valued: Collection[str]) -> list[str]:
    """The words behind the first that are neither options nor their values."""
    return [
        word
        for before, word in pairwise(words)
        if not word.startswith("-") and before not in valued
    ]


def _named(words: tuple[str, ...], cwd: bytes) -> tuple[bytes, ...]:
    """The directory of services that is an operand."""
    return tuple(below(cwd, encoded(word)) for word in words[1:] if not word.startswith("-"))


def _s6(view: View) -> list[Service]:
    places = (b"etc/s6-overlay/s6-rc.d", b"etc/services.d", b"run/service", b"etc/s6/services")
    found = _runs(view, places)
    for name in view.children(b"etc/s6-overlay/s6-rc.d")[:MAX_SERVICES]:
        up = b"etc/s6-overlay/s6-rc.d/" + name + b"/up"
        text = " ".join(line for line in _lines(view.read(up)) if not line.startswith("#")).strip()
        if text:
            found.append(Service(text=text, where=decoded(up), main=False))
    return found + _scripts(view, b"etc/cont-init.d")


def _runs(view: View, places: Iterable[bytes]) -> list[Service]:
    """Service directories: each has a script `run`."""
    found: list[Service] = []
    for place in places:
        for name in view.children(place)[:MAX_SERVICES]:
            path = place + b"/" + name + b"/run"
            if view.is_file(path):
                found.append(Service(script=path, where=decoded(path)))
    return found


def _scripts(view: View, place: bytes) -> list[Service]:
    """Scripts that are run one after the other before the services start."""
    paths = [place + b"/" + name for name in view.children(place)[:MAX_SERVICES]]
    return [
        Service(script=path, where=decoded(path), main=False)
        for path in paths
        if view.is_file(path)
    ]
