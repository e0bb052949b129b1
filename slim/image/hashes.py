"""The digest algorithms that can name a blob (OCI image-spec descriptor.md, "Digests")."""

from __future__ import annotations

import hashlib
from importlib import import_module
from typing import Protocol

from slim.errors import IntegrityError


class Hash(Protocol):
    """A digest in the making, as hashlib has it."""

    def update(self, data: bytes, /) -> object:
        """Add bytes."""

    def hexdigest(self) -> str:
        """Of all bytes so far."""


def new(algorithm: str, where: str) -> Hash:
    """A digest of nothing; `where` says in errors what is named by it.

    Raises:
        IntegrityError: one that cannot be computed here, or that hashlib may have but nobody registered.
    """
    if algorithm in ("sha256", "sha512"):
        return hashlib.new(algorithm)
    hint = "slim verifies sha256, sha512 and blake3"
    if algorithm == "blake3":
        try:
            state: Hash = import_module("blake3").blake3()
        except ImportError:
            hint = "pip install 'slim-advisor[blake3]'"
        else:
            return state
    raise IntegrityError(
        "unknown-digest",
        f"{where} is named by a {algorithm[:40]} digest, which cannot be verified",
        hint,
    )


def digest_of(data: bytes, algorithm: str, where: str) -> str:
    """`algorithm:hex` of some bytes; errors are those of `new`."""
    state = new(algorithm, where)
    state.update(data)
    return f"{algorithm}:{state.hexdigest()}"


def algorithm_of(digest: str) -> str:
    """The algorithm that a digest names; sha256 for none."""
    return digest.partition(":")[0] or "sha256"
