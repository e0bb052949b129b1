"""The packages that an `environment.yml` asks for.

It is YAML, of which a list of texts is all that is read here: one item to a line, as conda writes it.
Source: conda's documentation, "Creating an environment file manually".
"""

from __future__ import annotations

from collections.abc import Iterator

from slim.patterns import regex

NAMES = (b"environment.yml", b"environment.yaml", b"conda.yml", b"conda.yaml")
_ITEM = regex(
    r"\s*-\s+[\"']?(?:[A-Za-z0-9_.-]{1,100}::)?([A-Za-z0-9_][A-Za-z0-9_.-]{0,100})(?![A-Za-z0-9_.:+-])"
)
_MAX_LINES = 10_000


def asked_for(text: str) -> Iterator[str]:
    """Names of packages, those that pip installs among them.

    >>> list(asked_for("name: web\\ndependencies:\\n  - numpy=2\\n  - pip:\\n    - flask>=3\\n"))
    ['numpy', 'flask']
    """
    inside = False
    for line in text.splitlines()[:_MAX_LINES]:
        if line[:1] not in ("", " ", "-", "#", "\t"):
            inside = line.startswith("dependencies:")
        elif inside and not line.rstrip().endswith(":") and (found := _ITEM.match(line)):
            yield found[1]
