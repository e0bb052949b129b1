"""The encoder of terminals and logs, and error lines.

Oracle: one line of characters that show only themselves, without the beginning of any CI command, of at
most the width; it does not change when it is encoded again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import redirect_stderr
from io import StringIO

from slim.cli.progress import print_error
from slim.errors import InputError
from slim.formats.terminal import clean
from tests.support.terminal import HOSTILE, assert_tame, columns


def seeds() -> Iterator[bytes]:
    yield from (text.encode("utf-8", "surrogateescape")[:2000] for text in HOSTILE)


def check(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    for width in (1, 7, 60, 4096):
        shown = clean(text, width)
        assert "\n" not in shown
        assert_tame(shown)
        assert_tame(f":{shown}:" if shown else "")
        assert columns(shown) <= width
        assert clean(shown, width) == shown
    with redirect_stderr(StringIO()) as err:
        print_error(InputError("some-slug", text, text))
    assert_tame(err.getvalue())
    assert err.getvalue().count("\n") == 1 + bool(text)
