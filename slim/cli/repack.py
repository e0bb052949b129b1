"""`slim repack`: the image written again without what goes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, TypeVar

from msgspec.structs import replace

from slim import pipeline
from slim.advice.rule_set import rule_set
from slim.cli.command import argument, command, option
from slim.cli.environment import read_limits, read_now
from slim.cli.gates import check_rule_names
from slim.cli.options import (
    RulePaths,
    SettingsOptions,
    UnitsName,
    read_units,
)
from slim.cli.progress import deadline, print_warning, progress
from slim.cli.push import push_result
from slim.cli.read import read_small
from slim.cli.repack_options import RunOptions, ShapeOptions, SourceOptions, WhatOptions
from slim.cli.repack_output import beside, opened
from slim.cli.suppress_options import SuppressOptions
from slim.cli.write import print_output, stage_output
from slim.config.load import Config
from slim.errors import UsageError
from slim.files.options import ReadOptions
from slim.formats.certificate import FORMS, render_certificate
from slim.formats.terminal import clean
from slim.image.ref import ImageRef
from slim.limits import Limits
from slim.repack.certificate import Certificate
from slim.repack.model import LAYER_MODES, LEVELS, Level, Selection
from slim.repack.plan import read_plan
from slim.repack.traces import used_paths
from slim.rules.suggestions import suggestion

Word = TypeVar("Word", bound=str)


@command(
    epilog="Examples:\n\n"
    "  slim repack app.tar -o app.slim.tar\n\n"
    "  slim repack app.tar -o docker-archive:app.slim.tar --level safe --layers squash\n\n"
    "  slim repack app.tar -o podman:app:slim\n\n"
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
            "Where the image goes. Without a format: an OCI archive, which `docker load` reads, too."
            " oci-archive:PATH, oci-dir:PATH and docker-archive:PATH say which; docker:NAME and podman:NAME"
            " load it into the engine.",
            "[FORMAT:]PATH",
            file=True,
        ),
    ],
    push: Annotated[
        str | None,
        option(
            "--push",
            "Push the image to a registry: blobs that are there are not sent again. Without -o nothing else"
            " is written but the certificate.",
            "HOST/NAME:TAG",
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
    """Rewrite an image without its waste, and certify what was removed.

    Entries of layers are copied as they are, never unpacked. Before the result gets its name, its filesystem
    is compared with the source's, path by path.
    """
    run.messages.begin()
    config = settings.read(settings.key)
    shown = read_units(units, config.image.units)
    if not output and not push:
        raise UsageError("no-output", "--output is missing", "slim repack app.tar -o app.slim.tar")
    certificates = list(certificate) or [beside(output or f"docker:{push}")]
    for path in certificates:
        _check_certificate(path)
    limits = read_limits(run.limit, run.timeout, config.limits)
    access = run.registry.access(limits.timeout)
    selection = replace(_selection(what, limits), include_base=shape.include_base)
    mode = _one_of(shape.layers, LAYER_MODES, "--layers")
    advice = None if selection.level == "dead" else _advice(config, rules, suppress)
    base = source.base or config.image.base

    def certify(found: Certificate) -> None:
        for path in certificates:
            stage_output(render_certificate(found, _form(path), shown), path, certified)

    with (
        ExitStack() as certified,
        opened(output, push, shape.compression) as target,
        deadline(limits.timeout),
        progress(run.progress) as advance,
    ):
        found = pipeline.repack(
            ImageRef(image, source.tag, None, source.platform, access, full=True),
            ReadOptions(True, run.jobs or os.cpu_count() or 1, limits, None, advance),
            advice,
            target,
            selection,
            mode,
            base=ImageRef(base, access=access) if base else None,
            proved=certify,
        )
        if push:
            push_result(target.path, push, image, access, limits)
    _tell_left_out(found)
    print_output("".join(render_certificate(found, "text", shown)))


def _selection(what: WhatOptions, limits: Limits) -> Selection:
    level: Level = _one_of(what.level, LEVELS, "--level")
    kept = tuple(
        path
        for name in what.keep_trace
        for path in used_paths(read_small(name, limits.report_bytes, "a trace is a file"), name)
    )
    if sum((level != "dead", bool(what.apply), what.plan is not None)) > 1:
        raise UsageError(
            "bad-choice", "--level, --apply and --plan each choose what goes", "give one of them"
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
    every = rule_set([*config.packs, *rules])
    check_rule_names(every, suppress.named(), ())
    return pipeline.AdviceOptions(
        every,
        read_now().date(),
        config.image.role,
        suppress.suppressions(config.image.ignores),
        not suppress.no_ignore,
    )


def _form(path: str) -> str:
    return Path(path).suffix.lstrip(".").lower()


def _check_certificate(path: str) -> None:
    if _form(path) not in FORMS:
        raise UsageError(
            "bad-choice",
            f"--certificate: {path!r} must end in one of {', '.join(FORMS)}",
            "name it app.slim.json",
        )
    folder = Path(path).parent
    if not folder.is_dir():
        raise UsageError("no-output", f"cannot write {path!r}: there is no folder {str(folder)!r}")


def _tell_left_out(certificate: Certificate) -> None:
    for each in certificate.left_out:
        print_warning(
            f"slim: not copied, since it is about the source: {clean(each.kind)}"
            f" {clean(each.digest)}"
        )
