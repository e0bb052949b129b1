"""The built-in rules as they were parsed once: reading their TOML takes a fifth of a second.

A wheel has them in a file that its build writes. For a checkout they are kept in the user's cache folder,
under the rules that tables of layers have there: only in a folder that belongs to the user and that nobody
else can write to, and in msgspec's encoding, which is decoded into these types and runs nothing.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress

import msgspec
import xxhash

from slim.files.cache import is_private
from slim.rules.rule import Rules
from slim.version import VERSION

SUFFIX = ".rules"
_MAX_BYTES = 32 << 20
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_DECODER = msgspec.msgpack.Decoder(Rules)


def encode(rules: Rules) -> bytes:
    """The rules as `decode` reads them."""
    return msgspec.msgpack.encode(rules)


def decode(data: bytes) -> Rules | None:
    """The rules; None if that is not what the bytes hold."""
    try:
        return _DECODER.decode(data)
    except msgspec.DecodeError:
        return None


def name_of(folders: Iterable[str], words: str) -> str:
    """The file for what is made of the files in these folders: another one whenever one of them changes.

    Args:
        words: the digest of the vocabulary.
    """
    state = hashlib.sha256(f"{VERSION} {words}\n".encode())
    for folder in folders:
        with os.scandir(folder) as entries:
            files = sorted((entry.name, entry.stat()) for entry in entries if entry.is_file())
        for name, status in files:
            state.update(f"{folder}/{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return state.hexdigest()[:24] + SUFFIX


def load(folder: str, name: str) -> Rules | None:
    """What was stored there; None if nothing was, or the folder is not the user's own."""
    if not is_private(folder):
        return None
    try:
        with open(os.open(os.path.join(folder, name), _FLAGS), "rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError:
        return None
    sum_bytes = xxhash.xxh3_128().digest_size
    if len(data) > _MAX_BYTES or xxhash.xxh3_128_digest(data[sum_bytes:]) != data[:sum_bytes]:
        return None
    return decode(data[sum_bytes:])


def store(folder: str, name: str, rules: Rules) -> None:
    """Keep the rules in place of earlier ones; where that cannot be done, nothing happens."""
    if not is_private(folder):
        return
    # Imported by who writes a file.
    import tempfile

    with suppress(OSError):
        os.makedirs(folder, mode=0o700, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".new-", suffix=SUFFIX, dir=folder)
        try:
            with open(handle, "wb") as file:
                data = encode(rules)
                file.write(xxhash.xxh3_128_digest(data) + data)
            os.replace(temporary, os.path.join(folder, name))
        except BaseException:
            os.unlink(temporary)
            raise
        remove(folder, keep=name)


def remove(folder: str, *, keep: str = "") -> None:
    """Delete what `store` left there, but for the file `keep`."""
    if not is_private(folder):
        return
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(SUFFIX) and entry.name != keep:
                os.unlink(entry.path)
