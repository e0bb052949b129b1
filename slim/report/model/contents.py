"""What the final filesystem holds: packages, directories, and the tree of both."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from slim.report.model.sizes import Architecture, Count, Size
from slim.report.untrusted import Untrusted, untrusted


class PackageInfo(Struct, frozen=True, kw_only=True):
    """An installed package and the live files that it owns; a file has at most one owner."""

    manager: str
    name: Untrusted
    version: Untrusted
    disk_bytes: Size
    pull_bytes: Size
    files: Count
    reclaimable_bytes: Size = 0
    """What findings claim of its files, be it by the package or by path."""
    reclaimable_pull_bytes: Size = 0
    layer: int | None
    """The layer that has most of it; null when no live file is its own."""
    why: str
    """`manual`, `needed by git`, `recommended by git`, `base system` or `unknown`."""
    rule: str = ""
    """Which claims most of what is reclaimable."""


class GpuCode(Struct, frozen=True, kw_only=True):
    """Code for one architecture of GPUs in the programs and libraries of the final filesystem."""

    architecture: Architecture
    """`sm_90` for machine code, `compute_90` for PTX, which the driver compiles; `other` of unknown kinds."""
    disk_bytes: Size
    files: Count


class DirectoryInfo(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A directory of the final filesystem with all below it."""

    path: Untrusted
    disk_bytes: Size = field(default=0)
    pull_bytes: Size = field(default=0)
    files: Count = field(default=0)
    path_b64: str | None = None


class TreeNode(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A directory or file of the final filesystem, with all below it.

    A directory is the sum of its children in every number: where not all have a node of their own, the
    last child is the rest of them. The first node is the root: the image's live bytes and files.
    """

    parent: Count | None = None
    """Index of the directory that it is in, which is an earlier node; null for the root."""
    kind: Literal["directory", "file", "rest"] = "directory"
    """`rest`: the files and directories of `parent` that have no node of their own."""
    name: Untrusted = untrusted("")
    """Last part of the path; empty for the root and for a rest."""
    name_b64: str | None = None
    """Its bytes, where they are not UTF-8: those then are U+FFFD in `name`."""
    disk_bytes: Size = 0
    pull_bytes: Size = 0
    files: Count = 0
    """Names of regular files. A file with several has its bytes at the first of them."""
    reclaimable_bytes: Size = 0
    """What findings claim of `disk_bytes`."""
    reclaimable_pull_bytes: Size = 0
    layer: Count | None = None
    """The layer that has most of its bytes; null when it has none."""
    rule: str = ""
    """Which claims most of what is reclaimable."""
