"""Commands on reports, without the image: render one again, judge it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from slim.cli import groups, options
from slim.cli.outputs import Output, Text, parse_outputs, rendered, write_outputs
from slim.cli.settings import read_limits
from slim.cli.several import apart, check_apart, named, placed, short_names
from slim.cli.verdicts import Conclusion, conclude, conclusion_of
from slim.errors import UsageError

_files = click.argument(
    "report",
    metavar="REPORT.json…",
    nargs=-1,
    required=True,
    shell_complete=options.files,
    help="Reports or comparisons that slim wrote as json.",
)


@click.command(
    epilog="Examples:\n\n"
    "  slim render report.json -o markdown=comment.md -o sarif=slim.sarif\n\n"
    '  slim render api.json web.json -o summary=+"$GITHUB_STEP_SUMMARY"'
)
@_files
@options.output
@groups.IgnoreOptions.options
@groups.SettingsOptions.options
@groups.PageOptions.options
@groups.ShowOptions.options
@options.limit
@options.timeout
@groups.VoiceOptions.options
def render(
    report: Sequence[str],
    output: Sequence[str],
    limit: Sequence[str],
    timeout: int | None,
    ignoring: groups.IgnoreOptions,
    settings: groups.SettingsOptions,
    pages: groups.PageOptions,
    show: groups.ShowOptions,
    voice: groups.VoiceOptions,
) -> None:
    """Write any output from a report or comparison, without images.

    Of several there is one page: text, markdown or summary. Of one, slim.toml may say what to write.
    """
    from slim.cli.deadline import deadline
    from slim.formats.formats import render_together
    from slim.formats.model import RenderOptions
    from slim.report.comparison import Comparison
    from slim.report.load import load_document
    from slim.units import UNITS

    voice.begin()
    alone = short_names(report)[0] if len(report) == 1 else ""
    key = named(settings.key, alone) if alone else settings.key
    told = settings.read(key if alone else None, judging=False)
    limits = read_limits(limit, timeout, told.limits)
    labels: dict[str, Any] = pages.labels(key, told.image.rules_url)
    said = show.words(told.image.units)
    with deadline(limits.timeout):
        documents = [
            ignoring.on(load_document(one, limits=limits), told.image.ignores)[0] for one in report
        ]
        if alone:
            compared = isinstance(documents[0], Comparison)
            outputs = placed(parse_outputs(output or told.image.output, compared=compared), alone)
            texts = rendered(documents[0], outputs, labels, **said)
        else:
            options_ = RenderOptions(units=UNITS[said["units"]], **labels)
            texts = [
                Text(render_together(documents, one.format, options_), one)
                for one in parse_outputs(output, several=True)
            ]
    write_outputs(texts)


@click.command(
    epilog="Examples:\n\n"
    "  slim check report.json --max-size 340MB --fail-on high,SEC001\n\n"
    "  slim check comparison.json --max-growth 5%,1MB --fail-on new:high\n\n"
    "  slim check api.json web.json --key {}"
)
@_files
@options.output
@groups.GateOptions.options
@groups.IgnoreOptions.options
@groups.SettingsOptions.options
@groups.PageOptions.options
@groups.ShowOptions.options
@options.limit
@options.timeout
@groups.VoiceOptions.options
def check(
    report: Sequence[str],
    output: Sequence[str],
    limit: Sequence[str],
    timeout: int | None,
    gates: groups.GateOptions,
    ignoring: groups.IgnoreOptions,
    settings: groups.SettingsOptions,
    pages: groups.PageOptions,
    show: groups.ShowOptions,
    voice: groups.VoiceOptions,
) -> None:
    """Judge reports or comparisons by budgets and findings.

    No output unless -o asks for one. --max-growth and `new:` in --fail-on are for comparisons. Of several
    reports each is judged, and {} in the key and in the path of an output becomes the report's short name.

    --ignore takes findings out of the gates. What other rules would claim of their bytes only an analysis
    knows: --max-reclaimable that hangs on it is not decided.
    """
    from slim.cli.deadline import deadline
    from slim.report.comparison import Comparison
    from slim.report.judge import judge, judge_comparison
    from slim.report.load import load_document

    voice.begin()
    names = short_names(report)
    keys = [named(settings.key, name) for name in names]
    told = {key: settings.read(key) for key in dict.fromkeys(keys)}
    limits = read_limits(limit, timeout, told[keys[0]].limits)
    verdicts: list[tuple[str, Conclusion]] = []
    targets: list[list[Output]] = []
    texts: list[Text] = []
    with deadline(limits.timeout):
        for file, name, key in zip(report, names, keys, strict=True):
            document = load_document(file, limits=limits)
            document, unsuppressed = ignoring.on(document, told[key].image.ignores)
            compared = isinstance(document, Comparison)
            asked = gates.gates(told[key].image.gates, compared=compared)
            if not asked:
                raise UsageError(
                    "no-gate",
                    "there is nothing to check",
                    "give a limit or --fail-on: --max-size 340MB, or [budget] in slim.toml",
                )
            outputs = parse_outputs(output, compared=compared) if output else []
            targets.append(placed(outputs, name))
            trusts = gates.trusts_labels(told[key].image.trust_labels)
            document = (
                judge_comparison(document, asked, unsuppressed=unsuppressed, trust_labels=trusts)
                if isinstance(document, Comparison)
                else judge(document, asked, unsuppressed=unsuppressed, trust_labels=trusts)
            )
            said = show.words(told[key].image.units)
            labels = pages.labels(key, told[key].image.rules_url)
            more = rendered(document, targets[-1], labels, **said)
            texts += apart(more) if texts else more
            verdicts.append(
                (name if len(report) > 1 else "", conclusion_of(document, said["units"]))
            )
    check_apart(targets)
    write_outputs(texts)
    conclude(verdicts, gates.exit_zero)
