"""What commands write: `-o FORMAT[=PATH]` → texts → files and stdout.

A PATH that begins with `+` is appended to, for the files that CI systems give to a step: `-o
summary=+"$GITHUB_STEP_SUMMARY"`. Where the variable is not set nothing is left after the `+`, and that
output is left out: one command serves on every machine.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from slim.errors import (
    InputError,
    IntegrityError,
    LimitError,
    NetworkError,
    SlimError,
    UsageError,
)
from slim.secrets import redact

if TYPE_CHECKING:
    from slim.report.comparison import Comparison
    from slim.report.model import Report

    Document = Report | Comparison

MAX_FILES = 250_000
"""Files that a report lists with `--all-files`: so many can be read back."""
_REPORT = "report"
"""The JSON of the image's own report, where `json` is that of a comparison."""


class Output(NamedTuple):
    """Where a format goes."""

    format: str
    path: str
    """Empty for stdout."""
    append: bool = False


class Text(NamedTuple):
    """An output that is made and not written yet."""

    text: str
    to: Output


def parse_outputs(
    values: Sequence[str] | None, *, compared: bool = False, several: bool = False
) -> list[Output]:
    """`FORMAT[=PATH]` → where each goes; `several`: of several reports there is one page.

    Raises:
        UsageError: an unknown format, two outputs for stdout or for one file.
    """
    from slim.cli.console import STDOUT, is_terminal, print_notice
    from slim.formats.formats import find_format

    values = values or ["text" if is_terminal(sys.stdout) else "markdown" if several else "json"]
    outputs = []
    for value in values:
        name, _, path = value.partition("=")
        if several or name != _REPORT:
            find_format(name, compared=compared, several=several)
        if path == "+":
            print_notice(f"slim: {name} is left out: there is no path after the +")
            continue
        append = path.startswith("+")
        outputs.append(Output(name, "" if path in STDOUT else path.removeprefix("+"), append))
    paths = [one.path for one in outputs if not one.append]
    for path in paths:
        if paths.count(path) > 1:
            raise UsageError(
                "two-outputs",
                f"two outputs would go to {path or 'stdout'}",
                "give each a path of its own: -o text -o json=report.json",
            )
    return outputs


def needs_all_files(outputs: Sequence[Output]) -> bool:
    """Whether an output is about every file."""
    from slim.formats.formats import find_format

    return any(one.format != _REPORT and find_format(one.format).all_files for one in outputs)


def rendered(
    document: Document,
    outputs: Sequence[Output],
    labels: Mapping[str, str] | None = None,
    *,
    report: Report | None = None,
    files: int | None = None,
    show_suppressed: bool = False,
    units: str = "si",
    color: bool = False,
) -> list[Text]:
    """All outputs, made before any is written.

    Args:
        document: the report or comparison.
        outputs: what to make of it.
        labels: fields of `RenderOptions` that say where the page comes from; empty ones are not given.
        report: the image's report, where `document` is a comparison.
        files: how many files the report lists where it was made with more; None: all of them, as far
            as they can be read back.
        show_suppressed: list suppressed findings on pages for people.
        units: of sizes for people, `si` or `iec`.
        color: colour text at stdout.
    """
    from slim.formats.formats import find_format, render
    from slim.formats.model import RenderOptions
    from slim.report.model import Report
    from slim.report.shorten import shorten
    from slim.units import UNITS

    own = document if isinstance(document, Report) else report
    short = own and shorten(own, files, MAX_FILES)
    given: dict[str, Any] = {name: value for name, value in (labels or {}).items() if value}
    texts = []
    for one in outputs:
        if one.format == _REPORT and short is None:
            raise UsageError(
                "no-report",
                "a comparison does not hold the report of an image",
                "-o report is for slim analyze --against and slim compare",
            )
        name = "json" if one.format == _REPORT else one.format
        shown: Document | None = document
        if one.format == _REPORT or (
            isinstance(document, Report) and not find_format(name).all_files
        ):
            shown = short
        assert shown is not None  # noqa: S101
        options = RenderOptions(
            units=UNITS[units],
            show_suppressed=show_suppressed,
            color=color and not one.path,
            **given,
        )
        text = render(shown, name, options)
        texts.append(Text(text, one))
    return texts


def write_outputs(texts: Sequence[Text], *, private: bool = False) -> None:
    """Write what was rendered, stdout last: when a file cannot be written, nothing has been printed.

    `private` files are for the user's eyes only: they may hold secrets.
    """
    from slim.cli.console import append_output, print_output, write_output

    for one in sorted(texts, key=lambda one: not one.to.path):
        if one.to.append:
            append_output(one.text, one.to.path)
        elif one.to.path:
            write_output(one.text, one.to.path, private=private)
        else:
            print_output(one.text)


@contextmanager
def failure_pages(
    outputs: Sequence[Output], labels: Mapping[str, str], source: str
) -> Iterator[None]:
    """When an image cannot be analysed, the pages that were asked for say so: no silence, no old page.

    The error goes on. A wrong call makes no page.
    """
    try:
        yield
    except SlimError as error:
        if isinstance(error, InputError | IntegrityError | LimitError | NetworkError):
            write_outputs(_failures(error, outputs, labels, source))
        raise


def _failures(
    error: SlimError, outputs: Sequence[Output], labels: Mapping[str, str], source: str
) -> list[Text]:
    from slim.formats.formats import find_format
    from slim.formats.model import RenderOptions
    from slim.formats.words import short

    given: dict[str, Any] = {"key": short("", redact.message(source)), **labels}
    options = RenderOptions(**given)
    texts = []
    for output in outputs:
        page = None if output.format == _REPORT else find_format(output.format).failure
        if page is not None:
            texts.append(Text(page(error.message, options), output))
    return texts
