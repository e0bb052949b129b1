"""Suppressions applied to a report that was made before, without the image.

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


def suppress(document: Document, ignores: Sequence[Suppression], today: date) -> Document:
    """The document with the findings suppressed that `ignores` name, as far as these have not expired.

    A suppression with paths takes a finding if the document lists all its files and all are at them.
    """
    in_force = [ignore for ignore in ignores if ignore.until is None or ignore.until >= today]
    if not in_force:
        return document
    return _with_findings(document, lambda finding: _suppressed(finding, in_force))


def unsuppress(document: Document) -> tuple[Document, int]:
    """The document with nothing suppressed; and how many findings were, whose claims are not known."""
    findings = (
        [change.finding for change in (*document.findings, *document.notes)]
        if isinstance(document, Comparison)
        else document.findings
    )
    count = sum(1 for finding in findings if finding.suppressed)
    return _with_findings(document, lambda finding: replace(finding, suppressed=None)), count


def _with_findings(document: Document, change: Callable[[Finding], Finding]) -> Document:
    if isinstance(document, Report):
        return replace(document, findings=[change(finding) for finding in document.findings])
    findings: list[FindingChange] = []
    notes: list[FindingChange] = []
    for entry in (*document.findings, *document.notes):
        changed = (
            entry if entry.status == "fixed" else replace(entry, finding=change(entry.finding))
        )
        (findings if changed.finding.mode == "claim" else notes).append(changed)
    return replace(document, findings=findings, notes=notes)


def _suppressed(finding: Finding, ignores: Sequence[Suppression]) -> Finding:
    if finding.suppressed is not None:
        return finding
    ignore = next((ignore for ignore in ignores if _fits(finding, ignore)), None)
    if ignore is None:
        return finding
    until = ignore.until.isoformat() if ignore.until else None
    why = Suppressed(by=ignore.by, reason=ignore.reason, until=until)
    return replace(finding, mode="note", suppressed=why)


def _fits(finding: Finding, ignore: Suppression) -> bool:
    if ignore.rule not in (finding.rule, finding.slug):
        return False
    if not ignore.paths:
        return True
    examples = finding.examples
    if len(examples) < finding.files or any(example.path_b64 for example in examples):
        return False
    globs = compile_globs(ignore.paths)
    paths = [bare(example.path).encode() for example in examples]
    return bool(paths) and all(globs.match(path) for path in paths)
