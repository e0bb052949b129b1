"""The certificate of a repacking: what went and why, and the proof that nothing else did."""

from __future__ import annotations

import binascii
from typing import Literal

from msgspec import Struct

SCHEMA_VERSION = "1.0"
"""Of this document; the report's schema has a version of its own."""
What = Literal["base", "unchanged", "frozen", "rewritten", "emptied", "merged"]


class Amount(Struct, frozen=True):
    """Bytes of an image: those of the files of all layers, and those of the layers as stored."""

    disk_bytes: int
    pull_bytes: int
    layers: int
    files: int
    """Names of regular files that the final filesystem shows."""
    dead_bytes: int
    """The part of `disk_bytes` that nothing shows, the base image's among them."""


class Side(Struct, frozen=True):
    """One of the two images."""

    digest: str
    """Of the manifest; of the config where there is no manifest."""
    config_digest: str
    platform: str
    names: tuple[str, ...]
    amount: Amount


class RemovedPath(Struct, frozen=True):
    """A file that is not in the result any more."""

    path: str
    layer: int
    """The layer of the source that stored it."""
    disk_bytes: int
    pull_bytes: int
    """Its share of the source's blob."""
    rule: str
    """Id of the rule, or the class of dead bytes: `deleted`, `rewritten`, `metadata-only`, …"""
    visible: bool
    """The final filesystem showed it: it is missed there now, and was chosen to be."""
    path_b64: str | None = None
    """The bytes of a path that is not UTF-8."""

    @property
    def raw_path(self) -> bytes:
        """The path as it stands in the layer."""
        if self.path_b64 is None:
            return self.path.encode("utf-8", "replace")
        return binascii.a2b_base64(self.path_b64)


class Reason(Struct, frozen=True):
    """Why paths of one rule went."""

    rule: str
    text: str
    paths: int
    disk_bytes: int


class LayerChange(Struct, frozen=True):
    """What happened to a layer of the source."""

    layer: int
    what: What
    diff_id: str
    new_diff_id: str
    """Empty where nothing of it is left."""
    pull_bytes: int
    new_pull_bytes: int
    entries: int
    kept_entries: int
    added_entries: int
    """Whiteouts and directories that had to be put in place of what went."""
    why: str = ""


class Difference(Struct, frozen=True):
    """A path at which the two filesystems differ."""

    path: str
    what: str
    """`only in the source`, `only in the result`, or the attributes that differ."""
    path_b64: str | None = None


class Proof(Struct, frozen=True):
    """Both filesystems, compared path by path: type, mode, owner, mtime, xattrs, link target, device,
    content (byte by byte or by SHA-256) and which names are one file."""

    paths: int
    """Compared."""
    read: int
    """Those of them that were read; the others are the same bytes of the same layer."""
    expected: int
    """Paths that are missing as the list of removed paths says."""
    differences: tuple[Difference, ...]
    """All others: none, or nothing is written."""
    omitted_differences: int = 0


class Unapplied(Struct, frozen=True):
    """Bytes of a chosen finding that repacking cannot free."""

    rule: str
    disk_bytes: int
    why: str


class Predicted(Struct, frozen=True):
    """What the report says of the source."""

    disk_bytes: int
    pull_bytes: int
    unreported_disk_bytes: int
    """Dead bytes besides, too few to be reported."""


class LeftOut(Struct, frozen=True):
    """Something beside the source that does not match the result and was not copied."""

    digest: str
    kind: str


class PlatformCertificate(Struct, frozen=True):
    """Of one image; of a multi-platform image there are several."""

    source: Side
    result: Side
    layers: tuple[LayerChange, ...]
    reasons: tuple[Reason, ...]
    removed: tuple[RemovedPath, ...]
    observed: tuple[str, ...]
    """Paths that findings claim and that stay since a run was seen to use them."""
    unapplied: tuple[Unapplied, ...]
    predicted: Predicted | None
    """None at levels without a prediction."""
    proof: Proof
    format_files: tuple[str, ...] = ()
    """Files by which eStargz layers can be pulled file by file: they belong to neither filesystem."""


class Certificate(Struct, frozen=True):
    """Of one run."""

    schema_version: str
    kind: Literal["repack-certificate"]
    tool: str
    """`slim` and its version."""
    level: str
    layer_mode: str
    source: str
    """As the user named it."""
    images: tuple[PlatformCertificate, ...]
    left_out: tuple[LeftOut, ...]


def shown_path(path: bytes) -> tuple[str, str | None]:
    """A path as text, and its bytes as base64 where they are not UTF-8."""
    try:
        return path.decode("utf-8"), None
    except UnicodeDecodeError:
        encoded = binascii.b2a_base64(path, newline=False).decode("ascii")
        return path.decode("utf-8", "replace"), encoded
