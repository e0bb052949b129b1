"""How architectures of GPUs are written."""

from __future__ import annotations

import re

from slim.patterns import regex

_NAME = regex(r"(?:(?:sm_|compute_)?(\d{2,3})[af]?|(1?\d)\.(\d)[af]?)", re.ASCII)


def architecture_of(text: str) -> int:
    """The compute capability that a text names, times ten.

    >>> architecture_of("sm_90"), architecture_of("8.6"), architecture_of("sm_120a")
    (90, 86, 120)

    Raises:
        ValueError: it names none.
    """
    found = _NAME.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:100]!r} is no architecture of GPUs such as sm_90")
    return int(found[1] or found[2] + found[3])
