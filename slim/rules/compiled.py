"""The built-in rules as they were parsed once, in `__pycache__` beside their files, as Python keeps modules.

Reading them takes a tenth of a second of each run. What is kept belongs to the files by their names, sizes
and times of change, as a `.pyc` does, to this version and to this Python; another one is not used.
It is trusted as the modules' own `.pyc` files are: who can write there can change slim itself. Where
nothing may be written, the rules are parsed each time.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
from collections.abc import Iterable
from contextlib import suppress

from slim.version import VERSION

_SUFFIX = ".rules"
_ERRORS = (OSError, pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError)


def place_of(folder: str, made_of: Iterable[str], words: str) -> str:
    """Where the parsed form of the files in `folder` belongs, if it is made of what is in these folders.

    Args:
        words: the digest of the vocabulary.
    """
    state = hashlib.sha256(f"{VERSION} {sys.version} {words}".encode())
    for one in made_of:
        with os.scandir(one) as entries:
            files = sorted((entry.name, entry.stat()) for entry in entries if entry.is_file())
        for name, known in files:
            state.update(f"{name} {known.st_size} {known.st_mtime_ns}\n".encode())
    tag = sys.implementation.cache_tag or "python"
    return os.path.join(folder, "__pycache__", f"{tag}-{state.hexdigest()[:24]}{_SUFFIX}")


def load(place: str) -> object | None:
    """What was stored there; None if nothing is, or nothing of use."""
    try:
        with open(place, "rb") as file:
            known: object = pickle.load(file)  # noqa: S301 - as trusted as a .pyc file
        return known
    except _ERRORS:
        return None


def store(place: str, value: object) -> None:
    """Store a value in place of those of earlier files, if Python may write its own modules too."""
    if sys.dont_write_bytecode:
        return
    import tempfile

    folder = os.path.dirname(place)
    with suppress(OSError):
        os.makedirs(folder, exist_ok=True)
        handle, temporary = tempfile.mkstemp(suffix=_SUFFIX, dir=folder)
        with open(handle, "wb") as file:
            pickle.dump(value, file, protocol=5)
        os.replace(temporary, place)
        for name in os.listdir(folder):
            if name.endswith(_SUFFIX) and name != os.path.basename(place):
                os.unlink(os.path.join(folder, name))
