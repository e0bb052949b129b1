"""The options that suppress findings, and what they do to a saved report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

from msgspec import Struct

from slim.advice.suppression import Suppression, parse_suppression
from slim.cli.command import flag, option
from slim.cli.environment import read_now
from slim.errors import UsageError
from slim.formats.model import Document
from slim.report.suppress import suppress, unsuppress


class SuppressOptions(Struct, frozen=True):
    """Which findings are suppressed."""

    heading: ClassVar[str] = "Suppressing findings"

    ignore: Annotated[
        Sequence[str],
        option(
            "--ignore",
            "Suppress a rule's findings, or those at some paths: VCS001:/app/.git/**.",
            "RULE[:GLOB]",
            multiple=True,
        ),
    ]
    no_ignore: Annotated[
        bool,
        flag(
            "--no-ignore", "Ignore all suppressions, including those in slim.toml and image labels."
        ),
    ]

    def named(self) -> tuple[str, ...]:
        """Ids and slugs of the rules that options suppress; errors as for `suppressions`."""
        return tuple(each.rule for each in self.suppressions())

    def suppressions(self, in_file: Sequence[Suppression] = ()) -> tuple[Suppression, ...]:
        """Those of options, then of the file; the image's label may have more.

        Raises:
            UsageError: an option that is not a suppression.
        """
        if self.no_ignore:
            return ()
        try:
            return (*(parse_suppression(text, "--ignore") for text in self.ignore), *in_file)
        except ValueError as error:
            raise UsageError("bad-ignore", f"--ignore: {error}", "RULE or RULE:GLOB") from None

    def applied_to(
        self, document: Document, in_file: Sequence[Suppression] = ()
    ) -> tuple[Document, int]:
        """A saved report or comparison with these suppressions; and how many findings were suppressed in
        the analysis and are no longer."""
        if self.no_ignore:
            return unsuppress(document)
        return suppress(document, self.suppressions(in_file), read_now().date()), 0
