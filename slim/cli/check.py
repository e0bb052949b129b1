"""`slim check`: saved reports or comparisons against budgets."""

from __future__ import annotations

from slim.cli.command import command
from slim.cli.environment import read_limits
from slim.cli.gates import (
    Conclusion,
    GateOptions,
    conclude,
    conclusion_of,
    warn_of_rule_names,
)
from slim.cli.options import Limit, ReportFiles, SettingsOptions, Timeout
from slim.cli.output import (
    Output,
    Outputs,
    Text,
    apart,
    check_apart,
    named,
    parse_outputs,
    placed,
    short_names,
    write_outputs,
)
from slim.cli.pages import PageOptions, ShowOptions, render_options, rendered
from slim.cli.progress import MessageOptions, deadline
from slim.cli.suppress_options import SuppressOptions
from slim.errors import UsageError
from slim.formats.model import Document
from slim.report.comparison import Comparison
from slim.report.judge import judge, judge_comparison
from slim.report.load import load_document


@command(
    epilog="Examples:\n\n"
    "  slim check report.json --max-size 340MB --fail-on high,SEC001\n\n"
    "  slim check comparison.json --max-growth 5%,1MB --fail-on new:high\n\n"
    "  slim check api.json web.json --key {}"
)
def check(
    report: ReportFiles,
    output: Outputs,
    gates: GateOptions,
    suppress: SuppressOptions,
    settings: SettingsOptions,
    pages: PageOptions,
    show: ShowOptions,
    limit: Limit,
    timeout: Timeout,
    messages: MessageOptions,
) -> None:
    """Check saved reports or comparisons against budgets and --fail-on.

    No output unless -o asks for one. --max-growth and `new:` in --fail-on are for comparisons. With several
    reports each is checked, and `{}` in --key and in an output path is replaced by the report's short name.

    --ignore takes findings out of the gates. Only an analysis knows which of their bytes
    other rules would then claim, so --max-reclaimable stays undecided where it depends on that.
    """
    messages.begin()
    names = short_names(report)
    keys = [named(settings.key, name) for name in names]
    configs = {key: settings.read(key) for key in dict.fromkeys(keys)}
    limits = read_limits(limit, timeout, configs[keys[0]].limits)
    verdicts: list[tuple[str, Conclusion]] = []
    targets: list[list[Output]] = []
    texts: list[Text] = []
    found: list[Document] = []
    fail_on: dict[str, None] = {}
    with deadline(limits.timeout):
        for file, name, key in zip(report, names, keys, strict=True):
            image = configs[key].image
            document = load_document(file, limits=limits)
            found.append(document)
            document, unsuppressed = suppress.applied_to(document, image.ignores)
            compared = isinstance(document, Comparison)
            budget = gates.gates(image.gates, compared=compared)
            if not budget:
                raise UsageError(
                    "no-gate",
                    "there is nothing to check",
                    "give a limit or --fail-on: --max-size 340MB, or [budget] in slim.toml",
                )
            fail_on.update(dict.fromkeys(budget.fail_on))
            outputs = parse_outputs(output, compared=compared) if output else []
            targets.append(placed(outputs, name))
            trusted = gates.trusts_labels(image.trust_labels)
            document = (
                judge_comparison(document, budget, unsuppressed=unsuppressed, trust_labels=trusted)
                if isinstance(document, Comparison)
                else judge(document, budget, unsuppressed=unsuppressed, trust_labels=trusted)
            )
            options = render_options(show, pages, key, image)
            more = rendered(document, targets[-1], options)
            texts += apart(more) if texts else more
            conclusion = conclusion_of(document, options.units)
            verdicts.append((name if len(report) > 1 else "", conclusion))
    warn_of_rule_names(found, suppress.named(), fail_on, configs[keys[0]].packs)
    check_apart(targets)
    write_outputs(texts)
    conclude(verdicts, gates.exit_zero)
