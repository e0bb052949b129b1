"""`slim repack`: the image written again without what goes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, ClassVar, TypeVar

import click
from msgspec import Struct

from slim import pipeline
from slim.advice.vocabulary import VOCABULARY
from slim.cli.command import argument, command, flag, option
from slim.cli.environment import read_limits, read_now
from slim.cli.options import (
    RulePaths,
    SettingsOptions,
    SuppressOptions,
    UnitsName,
    read_units,
)
from slim.cli.progress import MessageOptions, deadline, print_notice, progress
from slim.cli.read import read_small
from slim.cli.registry import RegistryOptions
from slim.cli.write import print_output, write_output
from slim.config.load import Config
from slim.errors import UsageError
from slim.files.options import ReadOptions
from slim.formats.certificate import FORMS, render_certificate
from slim.formats.terminal import clean
from slim.image.ref import ImageRef
from slim.limits import Limits
from slim.repack.certificate import Certificate
from slim.repack.compressors import Compression, parse_compression
from slim.repack.model import LAYER_MODES, LEVELS, Level, Selection
from slim.repack.plan import read_plan
from slim.repack.run import Form, Target
from slim.repack.traces import used_paths
from slim.rules.builtin import builtin_rules
from slim.rules.suggestions import suggestion
from slim.rules.user_packs import with_user_packs

Word = TypeVar("Word", bound=str)
_FORMS: dict[str, Form] = {
    "oci-archive": "oci-archive",
    "oci-dir": "oci-dir",
    "docker-archive": "docker-archive",
}


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
            "How layers that are written are stored: gzip, zstd or none, with a level after a colon."
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
    tag: Annotated[str | None, option("--tag", "Choose an image by its tag.", "TAG")]
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
    limit: Annotated[
        Sequence[str],
        option(
            "--limit",
            "Raise or lower a limit on what is read, such as layer-bytes=100GiB.",
            "NAME=VALUE",
            multiple=True,
        ),
    ]
    timeout: Annotated[
        int | None,
        option(
            "--timeout",
            "Give up after so many seconds; 0: never. Default: 900.",
            "SECONDS",
            kind=click.IntRange(min=0, max=10_000_000),
        ),
    ]
    progress: Annotated[
        bool,
        flag(
            "--progress/--no-progress",
            "Show a progress bar on stderr when it is a terminal.",
            default=True,
        ),
    ]
    registry: RegistryOptions
    messages: MessageOptions


@command(
    epilog="Examples:\n\n"
    "  slim repack app.tar -o app.slim.tar\n\n"
    "  slim repack app.tar -o docker-archive:app.slim.tar --level safe --layers squash\n\n"
    "  slim repack app.tar -o oci-dir:build/slim --apply ELX009 --base debian.tar"
)
def repack(
    image: Annotated[
        str,
        argument(
            "IMAGE", "A docker save archive, OCI archive, layout or registry image.", file=True
        ),
    ],
    output: Annotated[
        str | None,
        option(
            "--output -o",
            "Where the image goes. Without a format: an OCI archive, which `docker load` reads, too, if"
            " IMAGE is a docker archive.",
            "[oci-archive:|oci-dir:|docker-archive:]PATH",
            file=True,
        ),
    ],
    certificate: Annotated[
        Sequence[str],
        option(
            "--certificate",
            "Where the certificate goes; .md, .html and .txt are written for people. Default: the"
            " output's path with .json at its end.",
            "FILE",
            multiple=True,
            file=True,
        ),
    ],
    what: WhatOptions,
    shape: ShapeOptions,
    source: SourceOptions,
    rules: RulePaths,
    suppress: SuppressOptions,
    settings: SettingsOptions,
    units: UnitsName,
    run: RunOptions,
) -> None:
    """Write an image again without what is waste, with a certificate of what went.

    Entries of layers are copied as they are, never unpacked. Before the result gets its name, its filesystem
    is compared with the source's, path by path.
    """
    run.messages.begin()
    config = settings.read(settings.key)
    shown = read_units(units, config.image.units)
    if not output:
        raise UsageError("no-output", "--output is missing", "slim repack app.tar -o app.slim.tar")
    target = _target(output, image, shape.compression)
    papers = list(certificate) or [_beside(target.path)]
    for paper in papers:
        _check_paper(paper)
    limits = read_limits(run.limit, run.timeout, config.limits)
    access = run.registry.access(limits.timeout)
    selection = _selection(what, limits)
    mode = _one_of(shape.layers, LAYER_MODES, "--layers")
    advice = None if selection.level == "dead" else _advice(config, rules, suppress)
    base = source.base or config.image.base
    with deadline(limits.timeout), progress(run.progress) as advance:
        found = pipeline.repack(
            ImageRef(image, source.tag, None, source.platform, access, full=True),
            ReadOptions(True, run.jobs, limits, None, advance),
            advice,
            target,
            selection,
            mode,
            base=ImageRef(base, access=access) if base else None,
            include_base=shape.include_base,
            threads=run.jobs or os.cpu_count() or 1,
        )
    for paper in papers:
        write_output(render_certificate(found, _form(paper), shown), paper, private=False)
    _notices(found)
    print_output(render_certificate(found, "text", shown))


def _selection(what: WhatOptions, limits: Limits) -> Selection:
    level: Level = _one_of(what.level, LEVELS, "--level")
    kept = tuple(
        path
        for name in what.keep_trace
        for path in used_paths(read_small(name, limits.report_bytes, "a trace is a file"), name)
    )
    if sum((level != "dead", bool(what.apply), what.plan is not None)) > 1:
        raise UsageError(
            "bad-choice", "--level, --apply and --plan each say what goes", "give one of them"
        )
    if what.plan is not None:
        hint = "slim analyze IMAGE -o plan=plan.json writes one"
        plan = read_plan(read_small(what.plan, limits.report_bytes, hint), what.plan)
        return Selection("chosen", plan.rules, plan.config_digest, kept)
    if what.apply:
        return Selection("chosen", tuple(what.apply), kept=kept)
    return Selection(level, kept=kept)


def _one_of(word: str, words: tuple[Word, ...], flag: str) -> Word:
    if word not in words:
        raise UsageError(
            "bad-choice",
            f"{flag}: there is no {word!r}{suggestion(word, words)}",
            f"one of {', '.join(words)}",
        )
    return words[words.index(word)]


def _advice(
    config: Config, rules: Sequence[str], suppress: SuppressOptions
) -> pipeline.AdviceOptions:
    every = with_user_packs(builtin_rules(VOCABULARY, None), [*config.packs, *rules], VOCABULARY)
    return pipeline.AdviceOptions(
        every,
        read_now().date(),
        config.image.role,
        suppress.suppressions(config.image.ignores),
        not suppress.no_ignore,
    )


def _target(output: str, image: str, compression: str | None) -> Target:
    prefix, colon, path = output.partition(":")
    how: Compression | None = parse_compression(compression) if compression else None
    if colon and prefix in _FORMS:
        if not path:
            raise UsageError("no-output", f"{output!r} names no file", f"write {prefix}:PATH")
        return Target(path, _FORMS[prefix], how)
    return Target(output, "archive", how)


def _beside(path: str) -> str:
    """`app.slim.tar` → `app.slim.json`."""
    return str(Path(path).with_suffix(".json")) if Path(path).suffix else f"{path}.json"


def _form(paper: str) -> str:
    return Path(paper).suffix.lstrip(".").lower()


def _check_paper(paper: str) -> None:
    if _form(paper) not in FORMS:
        raise UsageError(
            "bad-choice",
            f"--certificate: {paper!r} has none of the endings {', '.join(FORMS)}",
            "name it app.slim.json",
        )
    folder = Path(paper).parent
    if not folder.is_dir():
        raise UsageError("no-output", f"cannot write {paper!r}: there is no folder {str(folder)!r}")


def _notices(certificate: Certificate) -> None:
    for each in certificate.left_out:
        print_notice(
            f"slim: not copied, since it is about the source: {clean(each.kind)}"
            f" {clean(each.digest)}"
        )
