"""The variables of rule patterns: which a pattern uses, and putting values in.

A variable stands for directories that are found per image (`{home}`, `{otp_root}`); it may have
several values, or none, and then the pattern matches nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import product

from slim.patterns import regex
from slim.rules.glob_syntax import GlobError, escape
from slim.rules.suggestions import suggestion

MAX_BOUND_PATTERNS = 4096
"""Most patterns that the values of one pattern's variables may make of it."""

# A class is skipped, so that `[{home}]` stays a class.
_VARIABLE = regex(r"\[[^\]]*\]|\{([A-Za-z][A-Za-z0-9_]*)\}", re.ASCII)


def variables_of(pattern: str) -> tuple[str, ...]:
    """The names that `pattern` uses, each once, in order."""
    if "{" not in pattern:
        return ()
    return tuple(dict.fromkeys(found[1] for found in _VARIABLE.finditer(pattern) if found[1]))


def bind(pattern: str, values: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """`pattern` with each choice of values for its variables; values are taken literally.

    A value is a path without a leading slash. One that is empty (the image's root) or that no path
    can have is left out, so that no rule ever claims the whole image through a variable.

    Args:
        values: every variable that there is, those without a value too.

    >>> bind("{home}/.cache/**", {"home": ["root", "home/a*"]})
    ('root/.cache/**', 'home/a[*]/.cache/**')

    Raises:
        GlobError: a name is not a variable, or the values make too many patterns.
    """
    names = variables_of(pattern)
    if not names:
        return (pattern,)
    for name in names:
        if name not in values:
            reason = f"no variable `{{{name}}}`{suggestion(name, values)}"
            raise GlobError(pattern, pattern.index(f"{{{name}}}"), reason)
    usable = [[value for value in values[name] if _is_path(value)] for name in names]
    bound: dict[str, None] = {}
    for count, choice in enumerate(product(*usable)):
        if count == MAX_BOUND_PATTERNS:
            reason = f"its variables make more than {MAX_BOUND_PATTERNS} patterns of it"
            raise GlobError(pattern, 0, reason)
        chosen = dict(zip(names, choice, strict=True))
        bound[_substitute(pattern, chosen)] = None
    return tuple(bound)


def _substitute(pattern: str, chosen: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: escape(chosen[found[1]]) if found[1] else found[0], pattern)


def _is_path(value: str) -> bool:
    return "\0" not in value and not {"", ".", ".."} & set(value.split("/"))
