"""What was read, and how the image runs."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from slim.report.model.sizes import Count, Size
from slim.report.untrusted import Untrusted


class Tool(Struct, frozen=True, kw_only=True):
    """What wrote the report."""

    name: str = "slim"
    version: str
    rules: str | None = None
    """Digest of the rule packs that were applied; null when none were."""


class Source(Struct, frozen=True, kw_only=True):
    """What was read."""

    input: Untrusted
    """As given by the user."""
    format: str
    """`docker-archive`, `oci-archive` or `oci-dir`."""
    compression: str
    """Of the archive as a whole."""
    archive_bytes: Size
    verified: bool
    """Every digest, diff id and size was checked."""


class Base(Struct, frozen=True, kw_only=True):
    """The base image, as far as it is known."""

    layers: Count
    """Number of layers that belong to it."""
    name: Untrusted
    digest: str
    how: Literal["given", "annotation", "label", "known", "history", "unknown"]
    """Where it is from; `known` is an official image, by its own instructions in the history."""
    guessed: bool
    """The number of layers is a heuristic on the history."""
    confidence: Literal["certain", "likely", "possible"] | None = None
    """Of the number of layers; null where it is 0."""


class Role(Struct, frozen=True, kw_only=True):
    """What the image is for, as far as its config and files tell."""

    name: Literal["release", "builder", "dev", "base", "tool", "unknown"]
    score: int
    evidence: list[Untrusted]


class ImageInfo(Struct, frozen=True, kw_only=True):
    """How the image runs. Values that look like secrets are replaced by `[redacted]`."""

    name: Untrusted
    tags: list[Untrusted]
    digest: str
    """Of the manifest; empty where the archive has none."""
    config_digest: str
    platform: Untrusted
    created: Untrusted
    entrypoint: list[Untrusted]
    cmd: list[Untrusted]
    user: Untrusted
    working_dir: Untrusted
    env: dict[Untrusted, Untrusted]
    labels: dict[Untrusted, Untrusted]
    exposed_ports: list[Untrusted]
    role: Role
    stacks: list[str]
    base: Base
