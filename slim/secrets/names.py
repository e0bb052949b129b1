"""Which names promise a secret: shared by the advice and by what hides values."""

from __future__ import annotations

import re

from slim.patterns import regex

_SECRET = regex(
    r"passw(?:or)?d|passphrase|requirepass|(?:store|key)pass$|(?:^|[_.-])(?:pass|pwd|pat|pw)$"
    r"|secret|token(?!iz)|credential|bearer|(?:private|api|access|master|signing|encryption|deploy|account)[_-]?key"
    r"|auth(?:orization)?$|cookie|dsn$|connection[_-]?string|^sig$|^x-(?:amz|goog)-signature$",
    re.IGNORECASE,
)
_NO_SECRET = regex(r"(?:file|path|dir|stdin)$", re.IGNORECASE)
"""Says where a secret is, not what."""
_PLACEHOLDERS = ("$", "%", "{", "<", "[", "*", "/run/secrets/", "/dev/")
_EMPTY_WORDS = frozenset(
    (
        "null", "none", "nil", "true", "false", "yes", "no", "changeme", "change_me", "todo",
        "example", "placeholder", "redacted",
    )
)  # fmt: skip


def is_secret(name: str) -> bool:
    """Whether a variable of this name should not be shown."""
    return _SECRET.search(name) is not None and _NO_SECRET.search(name) is None


def is_literal(value: str) -> bool:
    """Whether a value is written out: not empty, no reference to a variable or a file, no placeholder.

    >>> [is_literal(one) for one in ("hunter2", "", "${TOKEN}", "%NPM_TOKEN%", "changeme")]
    [True, False, False, False, False]
    """
    bare = value.strip().strip("\"'").strip()
    return (
        bool(bare)
        and not bare.startswith(_PLACEHOLDERS)
        and not bare.startswith(("your-", "your_", "xxx"))
        and bare.lower() not in _EMPTY_WORDS
    )
