"""Services that init scripts of SysV or OpenRC start: `service nginx start`, `/etc/init.d/cron start`.

Such a script says in `DAEMON` (or OpenRC's `command`) which program it starts; where its text was not kept,
the program has the service's name, or one that is like it.
Source: the Debian Policy Manual, "System run levels and init.d scripts"; init-d-script(5); the OpenRC service
script guide.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from slim.entrypoint.tables import names
from slim.files.view import View, decoded, encoded
from slim.patterns import regex

_CALLERS = names("service rc-service invoke-rc.d")
_STARTS = frozenset(("start", "restart", "force-reload", "--full-restart"))
_PLACE = "/etc/init.d/"
_PROGRAM = regex(
    rb"^[ \t]{0,8}(?:export[ \t])?(?:DAEMON|command)=[\"\']?(/[^\s\"\'$;#]{1,255})", re.MULTILINE
)
_BINS = (b"usr/sbin/", b"usr/bin/", b"usr/local/sbin/", b"usr/local/bin/", b"sbin/", b"bin/")
_VERSIONED = regex(r"([a-z]+)([0-9.]+)-([a-z]+)", re.ASCII)
_MAX_TEXT = 64 << 10


def starts_service(words: Sequence[str]) -> str:
    """The name of the service that a command starts; empty for other commands."""
    operands = [word for word in words[1:] if not word.startswith("-") or word in _STARTS]
    if words[0].startswith(_PLACE):
        operands.insert(0, words[0].removeprefix(_PLACE))
    elif words[0].rpartition("/")[2] not in _CALLERS:
        return ""
    is_start = len(operands) > 1 and operands[1] in _STARTS and "/" not in operands[0]
    return operands[0] if is_start else ""


def program_of(service: str, view: View) -> tuple[str, str] | None:
    """The program of a service, and the script that says so; None where none is found."""
    script = encoded(_PLACE + service)
    found = _PROGRAM.search((view.read(script) or b"")[:_MAX_TEXT])
    if found is not None and view.is_file(found[1]):
        return decoded(found[1]), decoded(script)
    paths = (folder + encoded(name) for name in _likely(service) for folder in _BINS)
    path = next(filter(view.is_file, paths), None)
    return None if path is None else ("/" + decoded(path), decoded(script))


def _likely(service: str) -> tuple[str, ...]:
    """Names that its program may have: `ssh` → `sshd`, `php8.2-fpm` → `php-fpm8.2`."""
    found = _VERSIONED.fullmatch(service)
    versioned = (f"{found[1]}-{found[3]}{found[2]}",) if found is not None else ()
    known = {"mariadb": "mariadbd", "mysql": "mysqld", "postgresql": "postgres"}
    return (service, *versioned, known.get(service, f"{service}d"), f"{service}-server")
