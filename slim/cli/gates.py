"""What a command fails on: the options, what is said of each verdict, and the exit code.

That is decided after all outputs are written, and by nothing else: 1 is a failed gate alone, and a closed
pipe at stdout changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, NamedTuple, TypeVar

import click
from msgspec import Struct

from slim.cli.command import flag, option
from slim.cli.environment import cache_folder
from slim.cli.options import ExitZero
from slim.cli.progress import print_warning
from slim.errors import InputError, UsageError
from slim.formats.model import Document
from slim.formats.terminal import clean
from slim.formats.verdicts import headline
from slim.report.comparison import Comparison
from slim.report.gates import LEVELS, NEW, Gates, parse_fail_on, parse_growth
from slim.report.model import Finding
from slim.report.reasons import reasons
from slim.rules.suggestions import suggestion
from slim.units import Units, parse_limit

if TYPE_CHECKING:
    from slim.rules.rule import Rules

T = TypeVar("T")


class GateOptions(Struct, frozen=True):
    """What to fail on."""

    heading: ClassVar[str] = "Gates: exit with 1"

    max_size: Annotated[
        str | None,
        option("--max-size", "Fail if the image is larger on disk, such as 340MB.", "SIZE"),
    ]
    max_pull_size: Annotated[
        str | None,
        option("--max-pull-size", "Fail if the compressed (pull) size exceeds SIZE.", "SIZE"),
    ]
    max_reclaimable: Annotated[
        str | None,
        option("--max-reclaimable", "Fail if the reclaimable size exceeds SIZE.", "SIZE"),
    ]
    max_layers: Annotated[
        int | None,
        option("--max-layers", "Fail if the image has more than COUNT layers.", "COUNT", kind=int),
    ]
    max_growth: Annotated[
        str | None,
        option(
            "--max-growth",
            "Fail if the image grew by more than PERCENT and by more than SIZE compared with the base.",
            "PERCENT,SIZE",
        ),
    ]
    fail_on: Annotated[
        Sequence[str],
        option(
            "--fail-on",
            "Fail on findings: high, medium, low (and what is worse), or rules such as DEB001.",
            "LEVEL|ID[,…]",
            multiple=True,
        ),
    ]
    exit_zero: ExitZero

    trust_labels: Annotated[
        bool,
        flag(
            "--trust-labels",
            "Let the image's own labels say, for the gates too, what it is for and what is suppressed.",
        ),
    ]

    def trusts_labels(self, in_file: bool | None) -> bool:
        """Whether labels of the image may say what does not count: by the option, else by the file."""
        return self.trust_labels or bool(in_file)

    def gates(self, in_file: Gates, *, compared: bool) -> Gates:
        """The gates of the options, else those of the file; `compared`: there is a base, so that growth
        and `new:` mean something.

        Raises:
            UsageError: a value that is not a size, number or level.
        """
        if self.max_growth is not None and not compared:
            raise UsageError(
                "no-base",
                "--max-growth needs something to compare with",
                "slim analyze --against BASE",
            )
        if self.max_layers is not None and self.max_layers < 0:
            raise UsageError(
                "bad-budget", f"--max-layers: {self.max_layers} is not a number of layers"
            )
        gates = Gates(
            size=_parsed("--max-size", self.max_size, parse_limit),
            pull_size=_parsed("--max-pull-size", self.max_pull_size, parse_limit),
            reclaimable=_parsed("--max-reclaimable", self.max_reclaimable, parse_limit),
            layers=self.max_layers,
            growth=_parsed("--max-growth", self.max_growth, parse_growth),
            fail_on=parse_fail_on(self.fail_on, compared=compared),
        )
        return gates.over(in_file if compared else in_file.of_one_image())


def check_rule_names(rules: Rules, ignored: Iterable[str], fail_on: Iterable[str]) -> None:
    """See to it that the rules that options name exist.

    Args:
        rules: all rules of this run.
        ignored, fail_on: ids and slugs of `--ignore` and `--fail-on`, the latter with levels among them.

    Raises:
        UsageError: there is no such rule: nothing would be suppressed, or no finding ever fail the gate.
    """
    known = {name for rule in rules.sorted() for name in (rule.id, rule.slug)}
    for option_name, names in (("--ignore", ignored), ("--fail-on", fail_on)):
        for name in (word.removeprefix(NEW) for word in names):
            if name not in known and name not in LEVELS:
                raise UsageError(
                    "unknown-rule",
                    f"{option_name}: unknown rule {name!r}{suggestion(name, known)}",
                    "`slim rules list` prints the rules; --rules FILE adds your own",
                )


def warn_of_rule_names(
    documents: Iterable[Document],
    ignored: Iterable[str],
    fail_on: Iterable[str],
    packs: Sequence[str],
) -> None:
    """Say which rules that options name are neither slim's, nor in these files, nor in `packs`.

    A warning: a saved report may be of rules that this run does not have.
    """
    reported = {
        name
        for document in documents
        for finding in _findings(document)
        for name in (finding.rule, finding.slug)
    }
    named = {"--ignore": ignored, "--fail-on": (word.removeprefix(NEW) for word in fail_on)}
    given = [
        (option_name, name)
        for option_name, names in named.items()
        for name in names
        if name not in reported and name not in LEVELS
    ]
    if not given:
        return
    # Rules are imported by who needs them.
    from slim.advice.rule_set import rule_set

    every = rule_set(packs, cache_folder())
    known = {name for rule in every.sorted() for name in (rule.id, rule.slug)}
    for option_name, name in given:
        if name not in known:
            print_warning(
                f"slim: warning: {option_name}: unknown rule {clean(name)!r}"
                f"{suggestion(name, known | reported)}"
            )


def _findings(document: Document) -> Iterator[Finding]:
    if isinstance(document, Comparison):
        yield from (change.finding for change in (*document.findings, *document.notes))
    else:
        yield from document.findings


def _parsed(flag: str, text: str | None, parse: Callable[[str], T]) -> T | None:
    try:
        return parse(text) if text is not None else None
    except ValueError as error:
        raise UsageError("bad-budget", f"{flag}: {error}") from None


class Conclusion(NamedTuple):
    """What the gates decided about an image."""

    result: str
    """`pass`, `fail` or `unknown`."""
    headline: str
    hint: str
    """How gates that are not decided could be."""


def conclusion_of(document: Document, units: Units) -> Conclusion:
    """The verdict of a document, in words with these units."""
    found = reasons(document)
    kinds = {reason.kind for reason in found}
    hint = "make the report of an archive that holds all layers, with rules and a larger --top"
    if "contents-unverified" in kinds:
        hint = "--full reads the layers that are known by their tables of contents alone"
    elif "role-from-label" in kinds:
        hint = "--trust-labels takes its word; or make the report with --fail-on or --role"
    elif all(reason.budget and reason.budget.error_bytes for reason in found if not reason.fails):
        hint = "make the report with --exact-pull, which compresses every layer"
    return Conclusion(document.verdict.result, headline(document, units), hint)


def conclude(verdicts: Sequence[tuple[str, Conclusion]], exit_zero: bool) -> None:
    """Say on stderr and by the exit code what the gates decided, once all outputs are written.

    Each verdict has the name of its image, which is empty where there is only one.

    Raises:
        click.exceptions.Exit: with 1, a gate failed.
        InputError: a report does not hold what would decide a gate.
    """
    lines = [
        (verdict, f"{name}: {verdict.headline}" if name else verdict.headline)
        for name, verdict in verdicts
    ]
    for verdict, text in lines:
        if verdict.result != "unknown":
            print_warning(f"slim: {clean(text)}")
    for verdict, text in lines:
        if verdict.result == "unknown":
            raise InputError("gate-undecided", text, verdict.hint)
    if any(verdict.result == "fail" for verdict, _ in lines) and not exit_zero:
        raise click.exceptions.Exit(1)
