"""Images → reports or comparisons → verdicts → outputs: what `slim analyze` and `slim compare` do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import click
from msgspec import Struct
from msgspec.structs import replace

from slim import pipeline
from slim.cli.environment import read_now
from slim.cli.gates import Conclusion, GateOptions, check_rule_names, conclude, conclusion_of
from slim.cli.located import find_image
from slim.cli.options import (
    ImageOptions,
    ReportOptions,
    SettingsOptions,
    WorkOptions,
)
from slim.cli.output import (
    Output,
    Text,
    apart,
    check_apart,
    named,
    needs_all_files,
    parse_outputs,
    placed,
    short_names,
    tell_of_json,
    write_outputs,
)
from slim.cli.pages import PageOptions, ShowOptions, failure_pages, render_options, rendered
from slim.cli.progress import MessageOptions, print_warning
from slim.cli.registry import AttachedOptions, RegistryOptions
from slim.cli.suppress_options import SuppressOptions
from slim.config.load import Config
from slim.dockerfile.load import NO_DOCKERFILE, DockerfileRef
from slim.errors import UsageError
from slim.files.options import ReadOptions
from slim.formats.model import Document, RenderOptions
from slim.formats.terminal import clean
from slim.image.ref import ImageRef
from slim.image.source import find_reference
from slim.limits import Limits
from slim.report.compare import compare
from slim.report.comparison import Comparison
from slim.report.gates import Gates
from slim.report.judge import judge, judge_comparison
from slim.report.load import is_report, load_report
from slim.report.model import Report
from slim.report.naming import utf8
from slim.report.untrusted import bare, untrusted
from slim.report.warnings import OTHER_BASE, OTHER_DOCKERFILE

if TYPE_CHECKING:
    from slim.rules.rule import Rules

LENGTHS = click.IntRange(min=1, max=100_000)
"""Of the lists of a report."""
CHANGES = 1_000
"""Changes that are listed by default. And findings at least that are kept of images that are compared: one
that is left out seems new or fixed."""


class SubjectOptions(Struct, frozen=True):
    """Which image, what of it is read, and what is shown."""

    image: ImageOptions
    content: ReportOptions
    suppress: SuppressOptions
    show: ShowOptions


class RunOptions(Struct, frozen=True):
    """What an analysis is judged by, and how it is done."""

    gates: GateOptions
    settings: SettingsOptions
    pages: PageOptions
    work: WorkOptions
    registry: RegistryOptions
    attached: AttachedOptions
    messages: MessageOptions


class _Task(NamedTuple):
    """One image, and what is asked of it."""

    image: str
    against: str
    """Empty for nothing to compare with."""
    config: Config
    outputs: Sequence[Output]
    gates: Gates
    options: RenderOptions
    trust_labels: bool


def measure(
    images: Sequence[str],
    against: str | None,
    output: Sequence[str],
    subject: SubjectOptions,
    run: RunOptions,
    *,
    top: int,
    changes: int,
) -> None:
    """Make a report of each image, or compare each with `against`, and write all outputs.

    `{}` in `against`, in the key and in the paths of outputs is the image's short name. With something to
    compare with, each may also be the report of an image. `top` is the length of the lists of a report,
    `changes` of those of a comparison.
    """
    run.messages.begin()
    compared = against is not None
    names = short_names(images)
    keys = [named(run.settings.key, name) for name in names]
    configs = {key: run.settings.read(key) for key in dict.fromkeys(keys)}
    tasks = [
        _task(image, name, key, against, output, configs[key], subject, run)
        for image, name, key in zip(images, names, keys, strict=True)
    ]
    check_apart([task.outputs for task in tasks])
    limits = run.work.limits(tasks[0].config.limits)
    access = run.registry.access(limits.timeout)
    now = read_now()
    cache = run.work.open_cache(share=compared or len(tasks) > 1)
    dockerfile = subject.image.dockerfile
    if compared and dockerfile and (saved := [image for image in images if is_report(image)]):
        raise UsageError(
            "no-image", "--dockerfile is for images", f"{saved[0]!r} is a report already"
        )
    content = subject.content
    report_options = pipeline.ReportOptions(
        max(top, CHANGES) if compared else top,
        content.all_files or compared or any(needs_all_files(task.outputs) for task in tasks),
        content.redact,
    )
    rules: dict[Config, Rules] = {}
    if content.advice:
        # Rules, and all that they are about, are imported for advice only.
        from slim.advice.rule_set import rule_set

        for task in tasks:
            packs = [*task.config.packs, *content.rules]
            rules[task.config] = rule_set(packs, run.work.cache_folder)
    for task in tasks:
        # A saved report may be of other rules.
        if rules and not is_report(task.image):
            check_rule_names(rules[task.config], subject.suppress.named(), task.gates.fail_on)
    if not output and any(task.outputs[0].format == "json" for task in tasks if task.outputs):
        tell_of_json()
    befores: dict[tuple[str, Config], Report] = {}
    texts: list[Text] = []
    verdicts: list[tuple[str, Conclusion]] = []
    with run.work.watched(limits.timeout) as progress:
        read_options = ReadOptions(
            content.verify, run.work.jobs, limits, cache, progress, content.exact_pull
        )

        def report_of(
            task: _Task, ref: ImageRef, dockerfile: DockerfileRef = NO_DOCKERFILE
        ) -> Report:
            if compared and is_report(ref.name):
                return load_report(ref.name, limits=limits)
            if compared and run.attached.attached and dockerfile.path is None:
                signed = run.attached.require_signature
                if attached := _attached_report(find_image(ref), limits, signed):
                    print_warning(f"slim: {clean(ref.name)}: its attached report is used")
                    return attached
            base = subject.image.base_ref(access, task.config.image)
            return pipeline.analyze(
                find_image(ref),
                read_options,
                _advice(subject, task, rules[task.config], now) if rules else None,
                report_options,
                base=find_image(base) if base else None,
                dockerfile=dockerfile,
            )

        for task, name in zip(tasks, names, strict=True):
            document: Document
            settings = task.config.image
            with failure_pages(task.outputs, task.options, task.image):
                before = (task.against, task.config)
                if compared and before not in befores:
                    ref = subject.image.against_ref(task.against, access, settings)
                    befores[before] = report_of(task, ref)
                ref = subject.image.ref(
                    task.image, access, settings, manifest_only=content.manifest_only
                )
                report = report_of(task, ref, subject.image.dockerfile_ref(settings))
                for warning in report.warnings:
                    if warning.id in (OTHER_BASE, OTHER_DOCKERFILE):
                        print_warning(f"slim: warning: {clean(warning.text)}")
                if content.timestamp:
                    moment = now.replace(microsecond=0, tzinfo=None).isoformat()
                    report = replace(report, timestamp=f"{moment}Z")
                if task.options.key:
                    key = untrusted(utf8(bare(task.options.key)))
                    report = replace(report, key=key)
                document = report
                if compared:
                    document = compare(befores[before], report, top=changes)
            if task.gates:
                document = (
                    judge_comparison(document, task.gates, trust_labels=task.trust_labels)
                    if isinstance(document, Comparison)
                    else judge(document, task.gates, trust_labels=task.trust_labels)
                )
                verdict = conclusion_of(document, task.options.units)
                verdicts.append((name if len(tasks) > 1 else "", verdict))
            more = rendered(
                document,
                task.outputs,
                task.options,
                report=report,
                files=None if content.all_files else top,
            )
            texts += apart(more) if texts else more
    if cache is not None:
        cache.prune()
    write_outputs(texts, private=not content.redact)
    conclude(verdicts, run.gates.exit_zero)


def _task(
    image: str,
    name: str,
    key: str | None,
    against: str | None,
    output: Sequence[str],
    config: Config,
    subject: SubjectOptions,
    run: RunOptions,
) -> _Task:
    """What is asked of the image whose short name is `name`; all wrong calls are found here."""
    subject.image.read_role()
    subject.image.read_gpus(config.image)
    compared = against is not None
    outputs = parse_outputs(output or config.image.output, compared=compared)
    return _Task(
        image=image,
        against=named(against, name) or "",
        config=config,
        outputs=placed(outputs, name),
        gates=run.gates.gates(config.image.gates, compared=compared),
        options=render_options(subject.show, run.pages, key, config.image),
        trust_labels=run.gates.trusts_labels(config.image.trust_labels),
    )


def _attached_report(ref: ImageRef, limits: Limits, signed: bool) -> Report | None:
    if find_reference(ref.name) is None:
        return None
    # What speaks HTTP is imported only for an image in a registry.
    from slim.report.pushed import attached_report

    return attached_report(ref, limits, signed=signed)


def _advice(
    subject: SubjectOptions, task: _Task, rules: Rules, now: datetime
) -> pipeline.AdviceOptions:
    image = task.config.image
    return pipeline.AdviceOptions(
        rules,
        now.date(),
        subject.image.read_role() or image.role,
        subject.suppress.suppressions(image.ignores),
        not subject.suppress.no_ignore,
        task.trust_labels or not task.gates.rest_on_findings,
        subject.image.read_gpus(image),
    )
