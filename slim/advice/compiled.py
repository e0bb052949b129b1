"""The built-in rules as they were parsed once, in `__pycache__` beside their files, as Python keeps modules.

Reading them takes a tenth of a second of each run. A file belongs to the texts, to this version and to
this Python; another one is not used. It is trusted as the modules' own `.pyc` files are: who can write
there can change slim itself. Where nothing may be written, the rules are parsed each time.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from slim.version import VERSION

_SUFFIX = ".rules"
_ERRORS = (OSError, pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError)


def place_of(folder: Path, texts: Iterable[tuple[str, str]]) -> Path:
    """Where the parsed form of these (name, text) belongs."""
    state = hashlib.sha256(f"{VERSION} {sys.version}".encode())
    for name, text in texts:
        state.update(f"{len(name)} {name} {len(text)} {text}".encode())
    tag = sys.implementation.cache_tag or "python"
    return folder / "__pycache__" / f"{tag}-{state.hexdigest()[:24]}{_SUFFIX}"


def load(place: Path) -> object | None:
    """What was stored there; None if nothing is, or nothing of use."""
    try:
        known: object = pickle.loads(place.read_bytes())  # noqa: S301 - as trusted as a .pyc file
        return known
    except _ERRORS:
        return None


def store(place: Path, value: object) -> None:
    """Store a value in place of those of earlier texts, if Python may write its own modules too."""
    if sys.dont_write_bytecode:
        return
    with suppress(OSError):
        place.parent.mkdir(exist_ok=True)
        handle, temporary = tempfile.mkstemp(suffix=_SUFFIX, dir=place.parent)
        with open(handle, "wb") as file:
            pickle.dump(value, file, protocol=5)
        os.replace(temporary, place)
        for other in place.parent.glob(f"*{_SUFFIX}"):
            if other != place:
                other.unlink(missing_ok=True)
