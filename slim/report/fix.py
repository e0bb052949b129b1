"""The words of a fix, as they fit the instruction that it is about: a COPY is not mended like a RUN."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from slim.dockerfile.history import recorded, shells

if TYPE_CHECKING:
    from slim.advice.findings import Finding
    from slim.files.table import Files
    from slim.image.model import Image

_OF_RUN = (
    "A RUN made them, and no .dockerignore keeps that out: delete them in the same RUN, or make them in an"
    " earlier stage."
)
_COPIES = ("ADD", "COPY")


def keywords(image: Image) -> tuple[str, ...]:
    """The instruction of each layer: `RUN`, `COPY`; empty where the history does not say.

    No RUN makes a first layer, whatever its text: it was packed somewhere else, and counts as added.
    """
    texts = [layer.history.created_by if layer.history else "" for layer in image.layers]
    known = shells(texts, ())
    found = [recorded(text, known).keyword for text in texts]
    return ("ADD", *found[1:]) if found else ()


def fix_text(finding: Finding, files: Files, instructions: Sequence[str]) -> str:
    """What to do about a finding, where it was caused."""
    fix, where = finding.rule.fix, finding.rule.where
    if not finding.causes:
        return fix.text
    cause = instructions[finding.causes[0]]
    if cause in _COPIES:
        return fix.for_copy or fix.text
    text = fix.for_run or (_OF_RUN if where == "dockerignore" else "")
    if not text or cause != "RUN":
        return fix.text
    # A RUN may only have changed the owner of what a COPY brought.
    first = _first_layer(finding, files)
    return text if first is not None and instructions[first] == "RUN" else fix.text


def _first_layer(finding: Finding, files: Files) -> int | None:
    """The first layer that has the finding's largest file."""
    if not finding.examples:
        return None
    row = finding.examples[0]
    home, name = files.directory[row], files.name[row]
    at = 0
    while (at := files.name.index(name, at)) != row and files.directory[at] != home:
        at += 1
    return files.layer_of(at)
