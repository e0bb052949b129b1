"""Every way in which slim can fail on purpose.

An error has a `slug` (stable, for machines and documentation), a message of one line that says what
and where, a `hint` that says what to do next, and an exit code: 0 pass, 1 a gate failed, 2 usage,
3 unreadable or unsupported, 4 integrity, 5 limit, 6 network, 70 internal ("1 = decided no; 2 and up =
could not decide"). Addresses in it are shown without user and password.
"""

from __future__ import annotations

from typing import ClassVar

from slim.patterns import regex

_LOGIN = regex(
    r"(?<=://)\S+@(?!sha(?:256|512):)|(?<![^\s'\"(=])[^\s:/@'\"]+:[^\s@/]+@(?=[\w-]+[.:/])"
)
"""User and password before a host. Passwords may have `@` and `/` in them where somebody typed them in."""


def hide_logins(text: str) -> str:
    """A text without users and passwords in its addresses.

    >>> hide_logins("no file 'https://me:pass@host.example/app'")
    "no file 'https://***@host.example/app'"
    """
    return _LOGIN.sub("***@", text) if "@" in text else text


class SlimError(Exception):
    """Base of all errors that slim raises on purpose."""

    exit_code: ClassVar[int] = 70

    def __init__(
        self, slug: str, message: str, hint: str = "", details: tuple[str, ...] = ()
    ) -> None:
        message, hint = hide_logins(message), hide_logins(hint)
        super().__init__(message)
        self.slug = slug
        """Stable identifier, such as `layer-truncated`."""
        self.message = message
        """One line: what is wrong and where (layer, offset, both numbers)."""
        self.hint = hint
        """One line: what to do next; empty when there is nothing to add."""
        self.details = tuple(map(hide_logins, details))
        """Where there are several faults: one line for each."""

    def __str__(self) -> str:
        return "\n".join([f"{self.message} ({self.slug})", *self.details])


class UsageError(SlimError):
    """The call is wrong: options, prefixes, ambiguous choices, configuration."""

    exit_code = 2


class InputError(SlimError):
    """The input cannot be read, or is of a kind that is not supported."""

    exit_code = 3


class IntegrityError(SlimError):
    """The bytes are not what a digest, a diff id or a size says."""

    exit_code = 4


class LimitError(SlimError):
    """A limit was exceeded. The message names the value and the limit, the hint names the flag."""

    exit_code = 5


class NetworkError(SlimError):
    """A registry or a forge could not be reached or refused."""

    exit_code = 6


class InternalError(SlimError):
    """A sum did not add up: a bug in slim, never the user's fault."""

    exit_code = 70
