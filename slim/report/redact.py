"""Values that look like secrets, out of everything that is printed [pure].

History entries keep build arguments and ENV in clear text; whoever can read a pull request must not
read them there. A name decides, never a value: guessing at values would hide the wrong half.
"""

from __future__ import annotations

import re

REDACTED = "[redacted]"
_SECRET = re.compile(
    r"passw(?:or)?d|passphrase|secret|token|credential|private[_-]?key|api[_-]?key|access[_-]?key"
    r"|auth(?:orization)?$|^pw$|_pw$|cookie|dsn$|connection[_-]?string",
    re.IGNORECASE,
)
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]{0,99})=(\"[^\"]*\"|'[^']*'|[^\s\"';&|]+)")
_OPTION = re.compile(r"(--?[A-Za-z][A-Za-z0-9-]{0,60})([= ])(\S+)")
_USERINFO = re.compile(r"(://)[^\s/@:]{1,200}:[^\s/@]{1,500}@")


def is_secret(name: str) -> bool:
    """Whether a variable of this name should not be shown."""
    return _SECRET.search(name) is not None


def value(name: str, text: str) -> str:
    """The value of a variable, or `[redacted]`."""
    if is_secret(name) and text:
        return REDACTED
    return _USERINFO.sub(rf"\1{REDACTED}@", text)


def command(text: str) -> str:
    """An instruction without the values of assignments, options and URLs that look secret."""
    text = _ASSIGNMENT.sub(
        lambda found: f"{found[1]}={REDACTED}" if is_secret(found[1]) else found[0], text
    )
    text = _OPTION.sub(
        lambda found: f"{found[1]}{found[2]}{REDACTED}" if is_secret(found[1]) else found[0], text
    )
    return _USERINFO.sub(rf"\1{REDACTED}@", text)
