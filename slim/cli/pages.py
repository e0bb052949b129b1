"""Reports and comparisons → the texts of outputs, all made before any is written."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated

from msgspec import Struct

from slim.cli.command import flag, option
from slim.cli.options import Document, Units, read_units
from slim.cli.output import OWN_REPORT, Output, Text, write_outputs
from slim.cli.progress import is_terminal
from slim.errors import (
    InputError,
    IntegrityError,
    LimitError,
    NetworkError,
    SlimError,
    UsageError,
)
from slim.formats import failed_markdown, words
from slim.formats.flavors import flavor_of
from slim.formats.formats import render
from slim.formats.rules_url import parse_rules_url
from slim.report.model import Report
from slim.report.shorten import shorten

MAX_FILES = 250_000
"""Files that a report lists with `--all-files`: so many can be read back."""
_PAGES = ("markdown", "summary")
_COLORS = ("auto", "always", "never")

ReportUrl = Annotated[str, option("--report-url", "Link to the HTML report.", "URL", default="")]
RulesUrl = Annotated[
    str,
    option(
        "--rules-url",
        "Link rule IDs to pages about them: https, with {id} or {slug} in it.",
        "TEMPLATE",
        default="",
    ),
]


class Style(Struct, frozen=True):
    """How outputs for people are written."""

    units: str
    """Of sizes, `si` or `iec`."""
    show_suppressed: bool
    color: bool
    """Colour text at stdout."""


class ShowOptions(Struct, frozen=True):
    """How outputs for people are written."""

    units: Units
    show_suppressed: Annotated[
        bool, flag("--show-suppressed", "List what is suppressed in text and markdown.")
    ]
    color: Annotated[
        str,
        option(
            "--color",
            "When to colour text output: auto (only on a terminal; honours NO_COLOR and FORCE_COLOR),"
            " always or never.",
            "auto|always|never",
            default="auto",
        ),
    ]
    no_color: Annotated[bool, flag("--no-color", "The same as --color never.", has_variable=False)]

    def style(self, units_in_file: str | None = None) -> Style:
        """The values of all places where they can be set.

        Raises:
            UsageError: a value that is not one of the choices.
        """
        if self.color not in _COLORS:
            raise UsageError(
                "bad-choice", f"--color: {self.color!r} is none of {', '.join(_COLORS)}"
            )
        color = not self.no_color and wants_color(self.color)
        return Style(read_units(self.units, units_in_file), self.show_suppressed, color)


class PageOptions(Struct, frozen=True):
    """What pages say of where they come from."""

    flavor: Annotated[
        str,
        option(
            "--flavor",
            "Markdown flavour: github, gitlab, gitea, bitbucket or plain.",
            "NAME",
            default="github",
        ),
    ]
    base_head: Annotated[
        str, option("--base-head", "The commit that it is compared with.", "SHA", default="")
    ]
    head: Annotated[str, option("--head", "The commit that the page is about.", "SHA", default="")]
    run: Annotated[
        str,
        option(
            "--run",
            "CI run number; a comment from a newer run is never overwritten by an older one.",
            "N",
            default="",
        ),
    ]
    report_url: ReportUrl
    run_url: Annotated[str, option("--run-url", "Link to the job.", "URL", default="")]
    rules_url: RulesUrl

    def labels(self, key: str | None, rules_url_in_file: str = "") -> dict[str, str]:
        """Those of `slim.formats.formats.render`; without the empty ones.

        Raises:
            UsageError: there is no such flavour, or a template of addresses is not valid.
        """
        flavor_of(self.flavor)
        if self.rules_url:
            parse_rules_url(self.rules_url)
        labels = {
            "flavor": self.flavor,
            "key": key or "",
            "base_head": self.base_head,
            "head": self.head,
            "run": self.run,
            "report_url": self.report_url,
            "run_url": self.run_url,
            "rules_url": self.rules_url or rules_url_in_file,
        }
        return {name: value for name, value in labels.items() if value}


def wants_color(choice: str) -> bool:
    """Whether stdout is coloured: `always`, `never`, or with `auto` what the environment says.

    NO_COLOR (no-color.org) counts before FORCE_COLOR (force-color.org) and CLICOLOR_FORCE.
    """
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR") or os.environ.get("CLICOLOR_FORCE", "0") not in ("", "0"):
        return True
    return is_terminal(sys.stdout) and os.environ.get("TERM") != "dumb"


def rendered(
    document: Document,
    outputs: Sequence[Output],
    labels: Mapping[str, str],
    style: Style,
    *,
    report: Report | None = None,
    files: int | None = None,
) -> list[Text]:
    """All outputs of a report or comparison.

    Args:
        document: the report or comparison.
        outputs: what to make of it.
        labels: those of `slim.formats.formats.render`.
        style: of outputs for people.
        report: the image's report, where `document` is a comparison.
        files: how many files the report lists where it was made with more; None: all of them, as far
            as they can be read back.
    """
    own = document if isinstance(document, Report) else report
    short = own and shorten(own, files, MAX_FILES)
    texts = []
    for one in outputs:
        if one.format == OWN_REPORT and short is None:
            raise UsageError(
                "no-report",
                "a comparison does not hold the report of an image",
                "-o report is for slim analyze --against and slim compare",
            )
        shown = short if isinstance(document, Report) and one.format != "ncdu" else document
        if one.format == OWN_REPORT:
            shown = short
        assert shown is not None  # noqa: S101
        name = "json" if one.format == OWN_REPORT else one.format
        text = render(
            shown,
            name,
            show_suppressed=style.show_suppressed,
            units=style.units,
            color=style.color and not one.path,
            **labels,
        )
        texts.append(Text(text, one))
    return texts


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
    def page(one: Output) -> str:
        return failed_markdown.render(
            error.message,
            key=labels.get("key") or words.short("", source),
            flavor="summary" if one.format == "summary" else labels.get("flavor") or "github",
            head=labels.get("head", ""),
            run=labels.get("run", ""),
            run_url=labels.get("run_url", ""),
        )

    return [Text(page(one), one) for one in outputs if one.format in _PAGES]
