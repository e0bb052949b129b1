"""Images → reports or comparisons → verdicts → outputs: what `slim analyze` and `slim compare` do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from slim.cli import groups
from slim.cli.cache import open_cache
from slim.cli.outputs import (
    Output,
    Text,
    failure_pages,
    needs_all_files,
    parse_outputs,
    rendered,
    write_outputs,
)
from slim.cli.registry import RegistryOptions
from slim.cli.settings import read_now
from slim.cli.several import apart, check_apart, named, placed, short_names
from slim.cli.verdicts import Conclusion, conclude, conclusion_of
from slim.errors import UsageError

if TYPE_CHECKING:
    from slim.config.load import Config
    from slim.report.comparison import Comparison
    from slim.report.gates import Gates
    from slim.report.model import Report

CHANGES = 1_000
"""Changes that are listed unless somebody asks for another number. And findings at least that are kept of
images that are compared: one that is left out seems new or fixed."""


class _Task(NamedTuple):
    """One image, and what is asked of it."""

    image: str
    against: str
    """Empty for nothing to compare with."""
    settings: Config
    outputs: Sequence[Output]
    gates: Gates
    labels: dict[str, str]
    words: dict[str, Any]
    """Keywords of `rendered`."""
    trust_labels: bool


def measure(
    images: Sequence[str],
    against: str | None,
    output: Sequence[str],
    *,
    choice: groups.ImageOptions,
    registry: RegistryOptions,
    reports: groups.ReportOptions,
    ignoring: groups.IgnoreOptions,
    show: groups.ShowOptions,
    work: groups.WorkOptions,
    gates: groups.GateOptions,
    settings: groups.SettingsOptions,
    pages: groups.PageOptions,
    top: int,
    changes: int,
) -> None:
    """Make a report of each image, or compare each with `against`, and write all outputs.

    `{}` in `against`, in the key and in the paths of outputs is the image's short name. With something to
    compare with, each may also be the report of an image. `top` is the length of the lists of a report,
    `changes` of those of a comparison.
    """
    # What reads images is imported only here: --help and --version stay quick.
    from msgspec.structs import replace

    from slim import pipeline
    from slim.advice.vocabulary import VOCABULARY
    from slim.cli.cache import cache_folder
    from slim.dockerfile.load import NO_DOCKERFILE, DockerfileRef
    from slim.files.options import ReadOptions
    from slim.image.ref import ImageRef
    from slim.rules.builtin import builtin_rules
    from slim.rules.user_packs import with_user_packs

    compared = against is not None
    names = short_names(images)
    keys = [named(settings.key, name) for name in names]
    told = {key: settings.read(key) for key in dict.fromkeys(keys)}
    tasks = [
        _task(
            image,
            name,
            against,
            output,
            told[key],
            gates,
            pages.labels(key, told[key].image.rules_url),
            show,
        )
        for image, name, key in zip(images, names, keys, strict=True)
    ]
    check_apart([one.outputs for one in tasks])
    limits = work.limits(tasks[0].settings.limits)
    access = registry.access(limits.timeout)
    now = read_now()
    stamp = f"{now.replace(microsecond=0, tzinfo=None).isoformat()}Z"
    tables = open_cache(kept=work.cache, share=compared or len(tasks) > 1)
    every_file = reports.all_files or compared or any(needs_all_files(one.outputs) for one in tasks)

    if compared:
        from slim.report.compare import compare
        from slim.report.load import is_report, load_report
    if compared and choice.dockerfile and (made := [one for one in images if is_report(one)]):
        raise UsageError(
            "no-image", "--dockerfile is for images", f"{made[0]!r} is a report already"
        )

    builtin = builtin_rules(VOCABULARY, cache_folder()) if reports.advice else None

    def advice_of(task: _Task) -> pipeline.AdviceOptions | None:
        image = task.settings.image
        if builtin is None:
            return None
        return pipeline.AdviceOptions(
            with_user_packs(builtin, [*task.settings.packs, *reports.rules], VOCABULARY),
            now.date(),
            choice.role or image.role,
            ignoring.ignores(image.ignores),
            not ignoring.no_ignore,
            task.trust_labels or not task.gates.rest_on_findings,
        )

    def report_of(task: _Task, ref: ImageRef, dockerfile: DockerfileRef = NO_DOCKERFILE) -> Report:
        if compared and is_report(ref.name):
            return load_report(ref.name, limits=limits)
        return pipeline.analyze(
            ref,
            ReadOptions(reports.verify, work.jobs, limits, tables, progress),
            advice_of(task),
            pipeline.ReportOptions(
                max(top, CHANGES) if compared else top, every_file, reports.redact
            ),
            base=choice.base_ref(access, task.settings.image),
            dockerfile=dockerfile,
        )

    befores: dict[tuple[str, Config], Report] = {}
    texts: list[Text] = []
    verdicts: list[tuple[str, Conclusion]] = []
    with work.watched(limits.timeout) as progress:
        for task, name in zip(tasks, names, strict=True):
            document: Report | Comparison
            with failure_pages(task.outputs, task.labels, task.image):
                before = (task.against, task.settings)
                if compared and before not in befores:
                    befores[before] = report_of(
                        task, choice.before(task.against, access, task.settings.image)
                    )
                ref = choice.ref(
                    task.image,
                    access,
                    task.settings.image,
                    manifest_only=reports.manifest_only,
                )
                report = report_of(task, ref, choice.dockerfile_ref(task.settings.image))
                if reports.timestamp:
                    report = replace(report, timestamp=stamp)
                document = report
                if compared:
                    document = compare(befores[before], report, top=changes)
            if task.gates:
                from slim.report.comparison import Comparison
                from slim.report.judge import judge, judge_comparison

                document = (
                    judge_comparison(document, task.gates, trust_labels=task.trust_labels)
                    if isinstance(document, Comparison)
                    else judge(document, task.gates, trust_labels=task.trust_labels)
                )
                said = conclusion_of(document, task.words["units"])
                verdicts.append((name if len(tasks) > 1 else "", said))
            more = rendered(
                document,
                task.outputs,
                task.labels,
                report=report,
                files=None if reports.all_files else top,
                **task.words,
            )
            texts += apart(more) if texts else more
    if tables is not None:
        tables.prune()
    write_outputs(texts, private=not reports.redact)
    conclude(verdicts, gates.exit_zero)


def _task(
    image: str,
    name: str,
    against: str | None,
    output: Sequence[str],
    settings: Config,
    gates: groups.GateOptions,
    labels: dict[str, str],
    show: groups.ShowOptions,
) -> _Task:
    """What is asked of the image whose short name is `name`; all wrong calls are found here."""
    compared = against is not None
    outputs = parse_outputs(output or settings.image.output, compared=compared)
    return _Task(
        image=image,
        against=named(against, name) or "",
        settings=settings,
        outputs=placed(outputs, name),
        gates=gates.gates(settings.image.gates, compared=compared),
        labels=labels,
        words=show.words(settings.image.units),
        trust_labels=gates.trusts_labels(settings.image.trust_labels),
    )
