"""Advice → the findings of the report: texts, places and snippets."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from slim.report import model
from slim.report.naming import utf8
from slim.report.untrusted import Untrusted, untrusted

if TYPE_CHECKING:
    from slim.advice.advise import Advice
    from slim.advice.findings import Finding
    from slim.advice.suppression import Suppression

Example = Callable[[int], model.Example]
"""Names the file of a row."""


def findings(
    advice: Advice,
    *,
    created_by: Sequence[Untrusted],
    places: Sequence[model.Place | None],
    snippets: Mapping[str, str],
    values: Mapping[str, str],
    example: Example,
    ignores: Sequence[Suppression] = (),
    top: int,
) -> list[model.Finding]:
    """The first `top` findings. `values` fill the placeholders of the snippets."""
    return [
        _finding(finding, created_by, places, snippets, values, example, ignores)
        for finding in advice.findings[:top]
    ]


def _finding(
    finding: Finding,
    created_by: Sequence[Untrusted],
    places: Sequence[model.Place | None],
    snippets: Mapping[str, str],
    values: Mapping[str, str],
    example: Example,
    ignores: Sequence[Suppression],
) -> model.Finding:
    rule = finding.rule
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
            text=rule.fix.text,
            snippet=_snippet(finding, snippets, values),
            where=rule.where,
            verify=rule.verify,
        ),
        breaks_when=list(rule.breaks_when),
        packages=[untrusted(name) for name in finding.packages],
        examples=[example(row) for row in finding.examples],
        sources=list(rule.sources),
        variables=[untrusted(name) for name in finding.variables],
        along=[untrusted(name) for name in finding.along],
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


_PLACEHOLDER = re.compile(r"(?<!\$)\{([a-z_]{1,40})\}")


def _snippet(
    finding: Finding, snippets: Mapping[str, str], values: Mapping[str, str]
) -> Untrusted | None:
    """The Dockerfile fragment of a rule; what the image does not say is in capitals: `PACKAGES`."""
    name = finding.rule.fix.snippet
    text = snippets.get(name) if name else None
    if text is None:
        return None
    known = dict(values)
    if finding.packages:
        # What a finding removes, no fix installs.
        gone = frozenset(finding.packages)
        kept = [package for package in values.get("packages", "").split() if package not in gone]
        known["packages"] = " ".join(kept)
        if not kept and "{packages}" in text:
            return None
    for key, value in known.items():
        text = text.replace(f"{{{key}}}", value)
    return untrusted(_PLACEHOLDER.sub(lambda found: found[1].upper(), text))
