"""The options of `slim repack`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

import click
from msgspec import Struct

from slim.cli.command import flag, option
from slim.cli.options import Limit, Progress, Tag, Timeout
from slim.cli.progress import MessageOptions
from slim.cli.registry import RegistryOptions


class WhatOptions(Struct, frozen=True):
    """What goes."""

    heading: ClassVar[str] = "What goes"

    level: Annotated[
        str,
        option(
            "--level",
            "dead: only bytes that no filesystem shows, so that the result shows the same; safe: also what"
            " findings with a safe fix claim; all: what all findings claim.",
            "dead|safe|all",
            default="dead",
        ),
    ]
    apply: Annotated[
        Sequence[str],
        option(
            "--apply",
            "Also remove what the findings of this rule claim, and no others.",
            "RULE",
            multiple=True,
        ),
    ]
    plan: Annotated[
        str | None,
        option(
            "--plan",
            "Also remove what is marked in this file, which `slim analyze IMAGE -o plan=FILE` writes.",
            "FILE",
            file=True,
        ),
    ]
    keep_trace: Annotated[
        Sequence[str],
        option(
            "--keep-trace",
            "Never remove what a run was seen to use: creport.json of mint, the output of strace -f -e"
            " trace=file, or a list of paths.",
            "FILE",
            multiple=True,
            file=True,
        ),
    ]


class ShapeOptions(Struct, frozen=True):
    """How the result is made up."""

    heading: ClassVar[str] = "Layers"

    layers: Annotated[
        str,
        option(
            "--layers",
            "keep: each layer stays, without its dead entries; squash: those above the base become"
            " one; flat: all become one.",
            "keep|squash|flat",
            default="keep",
        ),
    ]
    compression: Annotated[
        str | None,
        option(
            "--compression",
            "How layers that are written are stored: gzip, zstd or none, with a level after a colon; or"
            " zstd:chunked or estargz, of which engines can pull single files."
            " Default: as in the source, gzip:9 where it has none.",
            "NAME[:LEVEL]",
        ),
    ]
    include_base: Annotated[
        bool,
        flag(
            "--include-base",
            "Treat the base image's layers like all others. Other images then no longer share them.",
        ),
    ]


class SourceOptions(Struct, frozen=True):
    """Which image."""

    heading: ClassVar[str] = "Which image"

    base: Annotated[
        str | None,
        option(
            "--base",
            "The base image (same forms as IMAGE), whose layers stay as they are.",
            "IMAGE",
            file=True,
        ),
    ]
    tag: Tag
    platform: Annotated[
        str | None,
        option("--platform", "Only the image of this platform. Default: all.", "OS/ARCH[/VARIANT]"),
    ]


class RunOptions(Struct, frozen=True):
    """How it is done."""

    heading: ClassVar[str] = "Time and memory"

    jobs: Annotated[
        int | None,
        option(
            "--jobs -j",
            "Threads that read and compress.",
            "N",
            kind=click.IntRange(min=1, max=256),
        ),
    ]
    limit: Limit
    timeout: Timeout
    progress: Progress
    registry: RegistryOptions
    messages: MessageOptions
