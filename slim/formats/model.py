"""What an output format is: the functions that write it, and what a page is told beside the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from slim.report.comparison import Comparison
from slim.report.model import Report
from slim.report.untrusted import Text
from slim.units import SI, Units

Document = Report | Comparison


class RenderOptions(Struct, frozen=True, kw_only=True):
    """How to write a page, and where it says that it comes from.

    A format ignores what it has no place for.

    Raises:
        UsageError: `rules_url` is not a template of addresses.
    """

    units: Units = SI
    """Of sizes for people; numbers for programs are bytes."""
    show_suppressed: bool = False
    """List the findings that are suppressed, instead of only counting them."""
    color: bool = False
    """Colour `text`, for a terminal."""
    width: int = 100
    """Columns of `text`, from 60 to 160."""
    flavor: str = "github"
    """Of Markdown: github, gitlab, gitea, bitbucket or plain."""
    max_bytes: int | None = None
    """Bounds a Markdown page, in UTF-8; what stands before its folds is always kept."""
    key: Text = ""
    """Tells several images of one pull request apart; by default the image's short name."""
    base_head: str = ""
    """The base's commit."""
    head: str = ""
    """The commit."""
    run: str = ""
    """Number of the CI job."""
    report_url: str = ""
    run_url: str = ""
    rules_url: str = ""
    """Template of the addresses of pages about rules, as in `slim.formats.rules_url`."""

    def __post_init__(self) -> None:
        if self.rules_url:
            # Imported by who gives one.
            from slim.formats.rules_url import parse_rules_url

            parse_rules_url(self.rules_url)


def marked(options: RenderOptions, document: Document) -> RenderOptions:
    """The options for a document whose sizes to pull may be estimates."""
    sides = (document.base, document.image) if isinstance(document, Comparison) else (document,)
    if not any(side.totals.estimated for side in sides):
        return options
    return replace(options, units=options.units.of_estimate())


class Format(Struct, frozen=True, kw_only=True):
    """One output format. A function that is None: the format has no such page."""

    name: str
    """What `-o` takes."""
    about: str
    """A sentence for the documentation."""
    ending: str
    """How names of such files end, with the dot."""
    report: Callable[[Report, RenderOptions], str]
    comparison: Callable[[Comparison, RenderOptions], str] | None = None
    several: Callable[[Sequence[Document], RenderOptions], str] | None = None
    """Several documents on one page."""
    failure: Callable[[str, RenderOptions], str] | None = None
    """The page for an image that could not be analysed, by the error's message."""
    all_files: bool = False
    """It shows every file: the report has to be made with all of them."""
