"""`slim render`: a saved report or comparison in other formats."""

from __future__ import annotations

from slim.cli.command import command
from slim.cli.environment import read_limits
from slim.cli.gates import warn_of_rule_names
from slim.cli.options import Limit, ReportFiles, SettingsOptions, Timeout
from slim.cli.output import Outputs, Text, named, parse_outputs, placed, short_names, write_outputs
from slim.cli.pages import PageOptions, ShowOptions, render_options, rendered
from slim.cli.progress import MessageOptions, deadline
from slim.cli.suppress_options import SuppressOptions
from slim.formats.formats import render_together
from slim.report.comparison import Comparison
from slim.report.load import load_document


@command(
    epilog="Examples:\n\n"
    "  slim render report.json -o markdown=comment.md -o sarif=slim.sarif\n\n"
    '  slim render api.json web.json -o summary=+"$GITHUB_STEP_SUMMARY"'
)
def render(
    report: ReportFiles,
    output: Outputs,
    suppress: SuppressOptions,
    settings: SettingsOptions,
    pages: PageOptions,
    show: ShowOptions,
    limit: Limit,
    timeout: Timeout,
    messages: MessageOptions,
) -> None:
    """Convert a saved report or comparison to other formats; the image is not needed.

    Several reports make one page: text, markdown or summary. For one, slim.toml may say what to write.
    """
    messages.begin()
    alone = short_names(report)[0] if len(report) == 1 else ""
    key = named(settings.key, alone) if alone else settings.key
    config = settings.read(key if alone else None, judging=False)
    limits = read_limits(limit, timeout, config.limits)
    options = render_options(show, pages, key, config.image)
    with deadline(limits.timeout):
        saved = [load_document(file, limits=limits) for file in report]
        warn_of_rule_names(saved, suppress.named(), (), config.packs)
        documents = [suppress.applied_to(each, config.image.ignores)[0] for each in saved]
        if alone:
            compared = isinstance(documents[0], Comparison)
            outputs = parse_outputs(output or config.image.output, compared=compared)
            texts = rendered(documents[0], placed(outputs, alone), options)
        else:
            texts = [
                Text(render_together(documents, target.format, options), target)
                for target in parse_outputs(output, several=True)
            ]
    write_outputs(texts)
