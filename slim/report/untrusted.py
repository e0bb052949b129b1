"""Text of strangers, as a type of its own: it goes into an output only through the encoder of a sink.

Paths, history, labels, names and versions of packages, evidence and Dockerfiles filled in with them are
what an image says. The fields of the report that hold them are `Untrusted`, and what is made of them is so
again. To the type checker that is no `str` but a kind of `bytes`, so that joining it to our own text,
formatting it (mypy's `str-bytes-safe`) or handing it to what takes `str` is an error; only the encoders
take it: `terminal.clean`, `visible` and `cut`, `gfm.code`, the cells of CSV, the values of the page, the
addresses of SARIF. At run time it is `str`, at no cost, and JSON Schema and decoders see just that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:

    class Untrusted(bytes):
        """Not `bytes` at all: comparing, sorting, hashing, `len` and `bool` are all that is to be used."""

        def __eq__(self, other: object) -> bool: ...

        def __hash__(self) -> int: ...
else:
    Untrusted = str

Text = str | Untrusted
"""What encoders take."""


def untrusted(text: str) -> Untrusted:
    """What an image, or a report that is read back, says."""
    return cast("Untrusted", text)


def bare(text: Text) -> str:
    """The text for an encoder to encode, or to look something up by: never to be shown as it is.

    tests/report/test_untrusted.py lists who may.
    """
    return cast("str", text)


def joined(*parts: Text, by: str = "") -> Untrusted:
    """Several texts as one, which is no more trusted than any of them."""
    return untrusted(by.join(bare(part) for part in parts))


def rooted(path: Untrusted) -> Untrusted:
    """A path of a report, which has no leading slash, as people write it."""
    return joined("/", path)
