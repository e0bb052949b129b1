"""Suppressions on a report that is there already, without the image [pure].

What other rules would claim of a finding's bytes once it is suppressed only an analysis knows. So the
finding becomes a note that keeps its claim: the sums stay those of the analysis, and gates take care of what
they leave open (`slim.report.judge`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from msgspec.structs import replace

from slim.advice.suppression import Suppression
from slim.report.comparison import Comparison, FindingChange
from slim.report.model import Finding, Report, Suppressed
from slim.report.untrusted import bare
from slim.rules.glob import compile_globs

Document = Report | Comparison


def silence(document: Document, ignores: Sequence[Suppression], today: date) -> Document:
    """The document with what `ignores` name suppressed, as far as they have not expired.

    A suppression with paths takes a finding if the document lists all its files and all are at them.
    """
    counting = [one for one in ignores if one.until is None or one.until >= today]
    return _each(document, lambda one: _silenced(one, counting)) if counting else document


def lift(document: Document) -> tuple[Document, int]:
    """The document with nothing suppressed; and how many findings were, whose claims are not known."""
    found = (
        [one.finding for one in (*document.findings, *document.notes)]
        if isinstance(document, Comparison)
        else document.findings
    )
    count = sum(1 for one in found if one.suppressed)
    return _each(document, lambda one: replace(one, suppressed=None)), count


def _each(document: Document, change: Callable[[Finding], Finding]) -> Document:
    if isinstance(document, Report):
        return replace(document, findings=[change(one) for one in document.findings])
    findings: list[FindingChange] = []
    notes: list[FindingChange] = []
    for one in (*document.findings, *document.notes):
        made = one if one.status == "fixed" else replace(one, finding=change(one.finding))
        (findings if made.finding.mode == "claim" else notes).append(made)
    return replace(document, findings=findings, notes=notes)


def _silenced(one: Finding, ignores: Sequence[Suppression]) -> Finding:
    if one.suppressed is not None:
        return one
    by = next((ignore for ignore in ignores if _fits(one, ignore)), None)
    if by is None:
        return one
    until = by.until.isoformat() if by.until else None
    why = Suppressed(by=by.by, reason=by.reason, until=until)
    return replace(one, mode="note", suppressed=why)


def _fits(one: Finding, ignore: Suppression) -> bool:
    if ignore.rule not in (one.rule, one.slug):
        return False
    if not ignore.paths:
        return True
    if len(one.examples) < one.files or any(each.path_b64 for each in one.examples):
        return False
    globs = compile_globs(ignore.paths)
    paths = [bare(each.path).encode() for each in one.examples]
    return bool(paths) and all(globs.match(path) for path in paths)
