"""Values of an image quoted for a place in a Dockerfile, so that none can become an instruction.

Source: Dockerfile reference, "Environment replacement", "Shell and exec form".
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from slim.patterns import regex

_PLAIN = regex(r"[A-Za-z0-9_./@:+=,~][A-Za-z0-9_./@:+=,~-]*", re.ASCII)
NAME = regex(r"[A-Za-z_][A-Za-z0-9_]{0,255}", re.ASCII)
"""A variable's."""
PLAIN_VERSION = regex(r"[0-9][0-9A-Za-z._-]{0,60}", re.ASCII)
"""A version as variables of official images say it."""
PACKAGE = regex(r"[A-Za-z0-9][A-Za-z0-9+._:@-]{0,127}")
"""Of a system's package manager."""
USER = regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,63})?", re.ASCII)
_CONTROL = regex(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LONGEST = 4096


def literal(text: str) -> str:
    """A value that is the same to a Dockerfile and to a shell, and no option; empty for any other.

    >>> literal("/srv/app-1"), literal("/x\\nRUN y"), literal("$(a)")
    ('/srv/app-1', '', '')
    """
    return text if len(text) <= _LONGEST and _PLAIN.fullmatch(text) else ""


def fits_on_line(text: str, longest: int = _LONGEST) -> bool:
    """Whether a value has no control character and is not too long."""
    return len(text) <= longest and not _CONTROL.search(text)


def one_line(command: str) -> str:
    """A shell command as it can follow RUN; empty for one that would not stay one instruction.

    >>> one_line("make\tall "), one_line("cat <<EOF"), one_line("--mount=type=secret make")
    ('make all', '', '')
    """
    shown = " ".join(command.split("\t")).strip()
    if (
        not fits_on_line(shown, longest=1 << 16)
        or "<<" in shown
        or shown.startswith(("-", "["))
        or shown.endswith("\\")
    ):
        return ""
    return shown


def quoted(text: str) -> str:
    """A value between double quotes, in which no variable is replaced; it must fit on a line.

    >>> print(quoted('a "b" $c `d`'))
    "a \\"b\\" \\$c `d`"
    """
    return '"' + re.sub(r'([\\"$])', r"\\\1", text) + '"'


def directory(path: str) -> str:
    """A path as one word of WORKDIR and of a shell; empty for one that is none to both of them."""
    return literal(path) or (
        quoted(path) if path and fits_on_line(path) and "`" not in path else ""
    )


def copied_path(path: str) -> str:
    """A path as a source of COPY, where some characters stand for others.

    Source: Dockerfile reference, "COPY"; Go's `filepath.Match`.
    """
    return re.sub(r"[\\[*?]", lambda sign: "[[]" if sign[0] == "[" else f"\\{sign[0]}", path)


def expanded_words(items: Sequence[str]) -> str:
    """The JSON form of instructions such as COPY and VOLUME, in whose words variables are replaced and quotes
    removed.

    >>> print(expanded_words(["/a b", "/$c"]))
    ["/a b", "/\\\\$c"]
    """
    return words([re.sub(r"([\\\"'$])", r"\\\1", item) for item in items])


def words(items: Sequence[str]) -> str:
    """The exec form of a command: JSON, in which no line can end. `$` is not a variable there."""
    return json.dumps(list(items))
