"""Advice → the findings of the report: texts, places and snippets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from slim.packages.owners import NOBODY
from slim.report import model
from slim.report.fix import fix_text, keywords
from slim.report.naming import utf8
from slim.report.untrusted import Untrusted, untrusted

if TYPE_CHECKING:
    from slim.advice.advise import Advice
    from slim.advice.findings import Finding
    from slim.advice.suppression import Suppression
    from slim.files.table import Files
    from slim.report.snippets import Snippets

Example = Callable[[int], model.Example]
"""Names the file of a row."""


def findings(
    advice: Advice,
    *,
    created_by: Sequence[Untrusted],
    places: Sequence[model.Place | None],
    snippets: Snippets,
    example: Example,
    ignores: Sequence[Suppression] = (),
    top: int,
) -> list[model.Finding]:
    """The first `top` findings."""
    files = advice.image.files
    elsewhere = _claimed_elsewhere(advice)
    instructions = keywords(advice.image.source)
    return [
        _finding(
            finding,
            files,
            fix_text(finding, files, instructions),
            created_by,
            places,
            snippets,
            example,
            ignores,
            elsewhere.get(finding.rule.id, frozenset()),
        )
        for finding in advice.findings[:top]
    ]


def _claimed_elsewhere(advice: Advice) -> Mapping[str, frozenset[str]]:
    """Rule → packages of which other rules claim files, and it none; of rules that claim something."""
    owned = advice.image.owned
    claimed: dict[str, set[int]] = {}
    for gone in advice.reclaimed:
        if gone.why:
            claimed.setdefault(gone.why, set()).update(map(owned.owner.__getitem__, gone.rows))
    every = set().union(*claimed.values()) - {NOBODY}
    return {
        rule: frozenset(owned.packages[index].name for index in every - own)
        for rule, own in claimed.items()
    }


def _finding(
    finding: Finding,
    files: Files,
    fix: str,
    created_by: Sequence[Untrusted],
    places: Sequence[model.Place | None],
    snippets: Snippets,
    example: Example,
    ignores: Sequence[Suppression],
    elsewhere: frozenset[str],
) -> model.Finding:
    rule = finding.rule
    # A fragment belongs to the words of the rule, not to those for another instruction.
    snippet = snippets.of(finding, files) if fix == rule.fix.text else None
    return model.Finding(
        id=finding.id,
        rule=rule.id,
        slug=rule.slug,
        title=rule.title,
        why=rule.why,
        category=rule.category,
        mode=finding.mode,
        severity=finding.severity,
        confidence=rule.confidence,
        safety=rule.safety,
        disk_bytes=finding.total.disk,
        pull_bytes=finding.total.pull,
        claimed_bytes=finding.claimed.disk,
        claimed_pull_bytes=finding.claimed.pull,
        base_bytes=finding.base.disk,
        files=finding.files,
        where=[
            model.Cause(
                layer=layer,
                created_by=created_by[layer],
                dockerfile=places[layer],
                claimed_bytes=claimed,
            )
            for layer, claimed in zip(finding.causes, finding.claimed_there, strict=True)
        ],
        fix=model.FixInfo(
            text=fix,
            snippet=None if snippet is None else untrusted(snippet),
            where=rule.where,
            verify=rule.verify,
        ),
        breaks_when=list(rule.breaks_when),
        packages=[untrusted(name) for name in finding.packages if name not in elsewhere],
        examples=[example(row) for row in finding.examples],
        sources=list(rule.sources),
        variables=[untrusted(name) for name in finding.variables],
        along=[untrusted(name) for name in finding.along if name not in elsewhere],
        claimed_files=finding.claimed_files,
        in_rebuild=finding.in_rebuild,
        suppressed=_suppressed(ignores[finding.suppressed_by])
        if finding.suppressed_by is not None
        else None,
    )


def _suppressed(by: Suppression) -> model.Suppressed:
    return model.Suppressed(
        by=utf8(by.by),
        reason=utf8(by.reason),
        until=by.until.isoformat() if by.until else None,
    )
