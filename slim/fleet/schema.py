"""The tables of a store: what each column holds and its type in DuckDB. docs/fleet.md is made from it.

All sizes are bytes. `disk` is uncompressed, `pull` compressed: they are never added to each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

SCHEMA = 1
"""To be raised when a column changes its meaning or goes; a new one does not raise it."""


class Column(NamedTuple):
    """A column."""

    name: str
    type: str
    about: str


_IMAGE = Column("image", "VARCHAR", "Key of the image: its name and platform, as a hash.")
_BYTES = "BIGINT"


def _sizes(*names: tuple[str, str]) -> tuple[Column, ...]:
    return tuple(Column(name, _BYTES, about) for name, about in names)


TABLES: Mapping[str, tuple[Column, ...]] = {
    "images": (
        _IMAGE,
        Column("source", "VARCHAR", "The word of the command line that the image was found by."),
        Column("registry", "VARCHAR", "Host of the registry; empty for archives and layouts."),
        Column("repository", "VARCHAR", "Name without tag, with the host in front."),
        Column("tag", "VARCHAR", "Tag; empty where there is none."),
        Column("name", "VARCHAR", "Name as people write it, with the tag."),
        Column("platform", "VARCHAR", "`linux/amd64`."),
        Column("digest", "VARCHAR", "Digest of the manifest; empty where an archive has none."),
        Column("config_digest", "VARCHAR", "Digest of the config."),
        Column(
            "top_digest", "VARCHAR", "Digest that the tag led to: of the index, where there is one."
        ),
        Column("created", "VARCHAR", "When it was built, by its own config."),
        Column(
            "labels", "VARCHAR", "Labels of the config, as a JSON object; secrets are redacted."
        ),
        Column("scan", "BIGINT", "Number of the scan that read it."),
        Column("fingerprint", "VARCHAR", "What the rows were made from: contents, rules, version."),
        Column(
            "attached", "BOOLEAN", "The numbers are those of a report attached in the registry."
        ),
        Column("error", "VARCHAR", "Why the image could not be analyzed; empty where it was."),
        Column("layers", "BIGINT", "Number of layers."),
        *_sizes(
            ("pull_bytes", "Stored bytes of its layers, each once."),
            (
                "disk_bytes",
                "Bytes of the files in its layers; NULL where unknown, as are those below.",
            ),
            ("live_bytes", "The part that the final filesystem shows."),
            ("dead_bytes", "The part that a later layer hides."),
            ("reclaimable_bytes", "What findings claim, on disk."),
            ("reclaimable_pull_bytes", "The same of the pull."),
        ),
        Column("files", "BIGINT", "Names of regular files."),
        Column(
            "base_name", "VARCHAR", "Base image by annotation or label; empty where neither says."
        ),
        Column("base_digest", "VARCHAR", "Its digest, in the same way."),
        Column("base_layers", "BIGINT", "Layers that belong to the base image."),
        Column("role", "VARCHAR", "What the image is for: release, builder, …"),
        Column("stacks", "VARCHAR", "Languages and frameworks, with blanks between them."),
    ),
    "layers": (
        Column("digest", "VARCHAR", "Digest of the stored blob."),
        Column("diff_id", "VARCHAR", "Digest of the uncompressed tar, as computed."),
        Column("compression", "VARCHAR", "`none`, `gzip`, `zstd`, `bzip2` or `xz`."),
        *_sizes(
            ("pull_bytes", "Stored bytes."),
            ("tar_bytes", "Bytes of the uncompressed tar."),
            ("disk_bytes", "Sizes of its regular files."),
        ),
        Column("files", "BIGINT", "Regular files, hard links included."),
        Column("os", "VARCHAR", "`debian 12`, by an os-release in this layer; empty without one."),
        Column("support_end", "VARCHAR", "`SUPPORT_END` of that file; empty where it has none."),
    ),
    "image_layers": (
        _IMAGE,
        Column("position", "BIGINT", "Position in the image, from 0."),
        Column("digest", "VARCHAR", "Digest of the stored blob."),
        Column("diff_id", "VARCHAR", "Digest of the uncompressed tar, by the config."),
        Column(
            "chain",
            "VARCHAR",
            "Chain ID: the layer with all below it. Engines share unpacked layers by it.",
        ),
        *_sizes(
            ("pull_bytes", "Stored bytes."),
            ("disk_bytes", "Sizes of its regular files; NULL where unknown, as are those below."),
            ("dead_bytes", "The part of this layer that a later one hides."),
            ("reclaimable_bytes", "What findings claim of it."),
        ),
        Column("created", "VARCHAR", "When its instruction ran, by the image's history."),
        Column("created_by", "VARCHAR", "Its instruction; secrets are redacted."),
        Column("from_base", "BOOLEAN", "It belongs to the base image."),
    ),
    "image_blobs": (
        _IMAGE,
        Column("registry", "VARCHAR", "Host of the registry; empty for archives and layouts."),
        Column("digest", "VARCHAR", "Digest."),
        Column("kind", "VARCHAR", "`layer`, `config`, `manifest` or `index` (with attestations)."),
        Column("bytes", _BYTES, "Stored bytes."),
    ),
    "files": (
        Column("layer", "VARCHAR", "Digest of the layer's blob."),
        Column("path", "VARCHAR", "Path without leading slash; U+FFFD for what is not UTF-8."),
        Column("bytes", _BYTES, "Size."),
        Column("pull_bytes", _BYTES, "Share of the stored blob."),
        Column(
            "content", "UBIGINT", "Hash of the contents: equal for equal files, and no proof of it."
        ),
    ),
    "packages": (
        _IMAGE,
        Column("manager", "VARCHAR", "`dpkg`, `apk`, `npm`, …"),
        Column("name", "VARCHAR", "Name."),
        Column("version", "VARCHAR", "Version."),
        *_sizes(
            ("disk_bytes", "Its live files on disk."),
            ("pull_bytes", "Their share of the pull."),
            ("reclaimable_bytes", "What findings claim of them."),
        ),
        Column("files", "BIGINT", "Their number."),
        Column(
            "position", "BIGINT", "The layer that has most of it; NULL where no file is its own."
        ),
        Column("why", "VARCHAR", "`manual`, `needed by …`, `recommended by …`, …"),
    ),
    "findings": (
        _IMAGE,
        Column("rule", "VARCHAR", "Rule ID."),
        Column("title", "VARCHAR", "What the rule finds."),
        Column("fix", "VARCHAR", "What to do."),
        Column("mode", "VARCHAR", "`claim`, or `note`, which counts no bytes."),
        Column("severity", "VARCHAR", "`high`, `medium`, `low` or `info`."),
        Column("confidence", "VARCHAR", "`certain`, `likely` or `possible`."),
        Column("safety", "VARCHAR", "Of the fix: `safe`, `check` or `risky`."),
        *_sizes(
            ("claimed_bytes", "What counts here and in no other finding, on disk."),
            ("claimed_pull_bytes", "The same of the pull."),
            ("base_bytes", "What the rule finds in the base image."),
        ),
        Column("files", "BIGINT", "Number of files."),
        Column("position", "BIGINT", "The layer with most of it; NULL where it is about no layer."),
        Column("created_by", "VARCHAR", "The instruction of that layer."),
        Column("dockerfile", "VARCHAR", "`PATH:LINE` of it, where an attached report knows it."),
        Column("packages", "VARCHAR[]", "Packages that it names."),
        Column("example", "VARCHAR", "Its largest file."),
    ),
    "waste": (
        _IMAGE,
        Column(
            "class",
            "VARCHAR",
            "`rewritten`, `metadata-only`, `deleted`, `duplicate-entry`, `orphan`.",
        ),
        Column("origin_layer", "BIGINT", "Position of the layer that ships the bytes."),
        Column("ended_by", "BIGINT", "Position of the layer that hides them."),
        Column("created_by", "VARCHAR", "Instruction of that layer."),
        Column("disk_bytes", _BYTES, "On disk."),
        Column("pull_bytes", _BYTES, "Share of the pull."),
        Column("files", "BIGINT", "Number of files."),
        Column("example", "VARCHAR", "The largest of them."),
    ),
    "scans": (
        Column("scan", "BIGINT", "Number of the scan, from 1."),
        Column("time", "VARCHAR", "When it ended, in UTC."),
        _IMAGE,
        Column("name", "VARCHAR", "Name of the image."),
        Column("repository", "VARCHAR", "Its repository."),
        Column("digest", "VARCHAR", "Digest of the manifest."),
        *_sizes(
            ("pull_bytes", "As in `images`."),
            ("disk_bytes", "As in `images`."),
            ("unique_pull_bytes", "Stored bytes that no other image had."),
            ("reclaimable_bytes", "As in `images`."),
        ),
    ),
}
"""By name. Those of LAYER_TABLES are never changed once written; those of IMAGE_TABLES are replaced image by
image; `scans` has what each scan ended with."""
LAYER_TABLES = ("files", "layers")
"""`layers` last: it says that the others are complete."""
IMAGE_TABLES = ("image_layers", "image_blobs", "packages", "findings", "waste", "images")


def columns_of(table: str) -> str:
    """The columns as DuckDB's JSON reader takes them."""
    inner = ", ".join(f"'{column.name}': '{column.type}'" for column in TABLES[table])
    return f"{{{inner}}}"
