"""Reports and comparisons → the texts of outputs, all made before any is written."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Annotated, ClassVar

from msgspec import Struct
from msgspec.structs import replace

from slim.cli.command import flag, option
from slim.cli.options import UnitsName, read_units
from slim.cli.output import OWN_REPORT, Output, Text, write_outputs
from slim.cli.progress import is_terminal
from slim.config.settings import ImageSettings
from slim.errors import (
    InputError,
    IntegrityError,
    LimitError,
    NetworkError,
    SlimError,
    UsageError,
)
from slim.formats import words
from slim.formats.flavors import flavor_of
from slim.formats.formats import find_format, render
from slim.formats.model import Document, RenderOptions
from slim.report.model import Report
from slim.report.shorten import shorten
from slim.secrets import redact

MAX_FILES = 250_000
"""Files that a report lists with `--all-files`: so many can be read back."""
_PAGE_WIDTH = 100
"""Columns of text that goes to a file or a pipe: the same wherever it is written."""
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


class ShowOptions(Struct, frozen=True):
    """How outputs for people are written."""

    heading: ClassVar[str] = "How outputs look"

    units: UnitsName
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

    def is_colored(self) -> bool:
        """Whether text at stdout is coloured.

        Raises:
            UsageError: the choice is not one of the three.
        """
        if self.color not in _COLORS:
            raise UsageError(
                "bad-choice", f"--color: {self.color!r} is not one of {', '.join(_COLORS)}"
            )
        return not self.no_color and wants_color(self.color)


class PageOptions(Struct, frozen=True):
    """What pages say of where they come from."""

    heading: ClassVar[str] = "Pull requests and links"

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


def render_options(
    show: ShowOptions, pages: PageOptions, key: str | None, settings: ImageSettings
) -> RenderOptions:
    """How the pages about an image are written.

    Raises:
        UsageError: a value that is not one of the choices, or a template of addresses that is not valid.
    """
    flavor_of(pages.flavor)
    return RenderOptions(
        units=read_units(show.units, settings.units),
        show_suppressed=show.show_suppressed,
        color=show.is_colored(),
        width=_width(),
        flavor=pages.flavor,
        key=key or "",
        base_head=pages.base_head,
        head=pages.head,
        run=pages.run,
        report_url=pages.report_url,
        run_url=pages.run_url,
        rules_url=pages.rules_url or settings.rules_url,
    )


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
    options: RenderOptions,
    *,
    report: Report | None = None,
    files: int | None = None,
) -> list[Text]:
    """All outputs of a report or comparison.

    Args:
        document: the report or comparison.
        outputs: what to make of it.
        options: how pages are written; colour and width are for stdout alone.
        report: the image's report, where `document` is a comparison.
        files: how many files the report lists where it was made with more; None: all of them, as far
            as they can be read back.
    """
    own = document if isinstance(document, Report) else report
    short = own and shorten(own, files, MAX_FILES)
    texts = []
    for output in outputs:
        name, shown = output.format, document
        if output.format == OWN_REPORT:
            if short is None:
                raise UsageError(
                    "no-report",
                    "a comparison does not hold the report of an image",
                    "-o report is for slim analyze --against and slim compare",
                )
            name, shown = "json", short
        elif isinstance(document, Report) and short and not find_format(name).all_files:
            shown = short
        looks = options if not output.path else replace(options, color=False, width=_PAGE_WIDTH)
        text = render(shown, name, looks)
        texts.append(Text(text, output))
    return texts


def _width() -> int:
    """Columns of the terminal, or what COLUMNS says of it."""
    if not is_terminal(sys.stdout):
        return _PAGE_WIDTH
    wished = os.environ.get("COLUMNS", "")
    if wished.isdecimal() and wished.isascii() and len(wished) < 6:
        return int(wished)
    with suppress(OSError, ValueError):
        return os.get_terminal_size(sys.stdout.fileno()).columns or _PAGE_WIDTH
    return _PAGE_WIDTH


@contextmanager
def failure_pages(outputs: Sequence[Output], options: RenderOptions, source: str) -> Iterator[None]:
    """When an image cannot be analyzed, its pages say so: neither nothing nor an old page is left.

    The error goes on. A wrong call makes no page.
    """
    try:
        yield
    except SlimError as error:
        if isinstance(error, InputError | IntegrityError | LimitError | NetworkError):
            write_outputs(_failures(error, outputs, options, source))
        raise


def _failures(
    error: SlimError, outputs: Sequence[Output], options: RenderOptions, source: str
) -> list[Text]:
    labelled = replace(options, key=options.key or words.short("", redact.message(source)))
    texts = []
    for output in outputs:
        page = None if output.format == OWN_REPORT else find_format(output.format).failure
        if page is not None:
            texts.append(Text(page(error.message, labelled), output))
    return texts
