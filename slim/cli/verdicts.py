"""What the gates said of each image: how it is told, and the exit code.

That is decided after all outputs are written, and by nothing else: 1 is a failed gate alone, and a reader
of stdout that has gone away changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from slim.errors import InputError

if TYPE_CHECKING:
    from slim.report.comparison import Comparison
    from slim.report.model import Report


class Conclusion(NamedTuple):
    """What the gates decided about an image."""

    result: str
    """`pass`, `fail` or `unknown`."""
    headline: str


def conclusion_of(document: Report | Comparison, units: str) -> Conclusion:
    """The verdict of a document, in words with these units."""
    from slim.formats.verdicts import headline
    from slim.units import UNITS

    return Conclusion(document.verdict.result, headline(document, UNITS[units]))


def conclude(verdicts: Sequence[tuple[str, Conclusion]], exit_zero: bool) -> None:
    """Say on stderr and by the exit code what the gates said, once all outputs are written.

    Each verdict has the name of its image, which is empty where there is only one.

    Raises:
        click.exceptions.Exit: with 1, a gate failed.
        InputError: a report does not hold what would decide a gate.
    """
    from slim.cli.console import print_notice
    from slim.formats.terminal import clean

    said = [
        (verdict.result, f"{name}: {verdict.headline}" if name else verdict.headline)
        for name, verdict in verdicts
    ]
    for result, text in said:
        if result != "unknown":
            print_notice(f"slim: {clean(text)}")
    for result, text in said:
        if result == "unknown":
            raise InputError(
                "gate-undecided",
                text,
                "make the report of an archive that holds all layers, with rules and a larger --top",
            )
    if any(result == "fail" for result, _ in said) and not exit_zero:
        raise click.exceptions.Exit(1)
