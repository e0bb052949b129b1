"""Why a rule fired or not, as text for people; names and paths are strangers' [pure]."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slim.advice.explain import Explanation, LeftOut, Stop
from slim.formats.terminal import clean
from slim.formats.words import count, fix, instruction
from slim.report.model import Finding, Report
from slim.rules.rule import Rule
from slim.secrets import redact
from slim.units import format_bytes

_PATH, _LINE = 100, 160
_LEFT = {
    "hidden": "not in the final filesystem, which is all that the rule looks at",
    "excepted": "excepted by the rule",
    "protected": "protected: slim never proposes to delete these",
    "owned": "owned by a package of the system: a rule by path leaves those alone",
    "suppressed": "suppressed",
    "base": "in the base image: only another base leaves them out",
    "claimed": "claimed by another rule already",
    "linked": "would not free a byte: another name or copy of the same content stays",
}
_STOPS: dict[Stop, str] = {
    "role-off": "the rule is off in an image of its role",
    "when": "a condition of the rule does not hold",
    "no-rebuild": "no multi-stage build is proposed for this image",
    "nothing": "nothing in the image matches",
    "hidden": "matching files are hidden by later layers",
    "excepted": "matching files are excepted by the rule",
    "protected": "matching files are protected: slim never proposes to delete them",
    "owned": "matching files belong to packages of the system",
    "floor": "what matches is smaller than the rule speaks of",
    "suppressed": "it is suppressed",
    "role-note": "in an image of its role the rule gives a note, and claims nothing",
    "secret": "secrets are warnings, whose bytes are never counted as savings",
    "base": "what matches is in the base image, which no instruction here can change",
    "claimed": "other rules claim the same bytes",
    "linked": "other names or copies of the same content stay",
}


def render(explained: Explanation, report: Report) -> str:
    """One rule in one image."""
    one, rule = explained, explained.rule
    found = [finding for finding in report.findings if finding.rule == rule.id]
    lines = [*_head(rule), f"{_verdict(one)}", ""]
    lines.append(f"role {one.role}: the rule is {_MODES[one.mode]}")
    lines += [f"  {clean(redact.command(text), _LINE)}" for text in one.evidence]
    if one.conditions:
        lines.append("conditions (all must hold)")
    for answer in one.conditions:
        lines.append(f"  {'holds' if answer.holds else 'FALSE'}")
        for reason in answer.reasons:
            sign = "needed" if reason.wanted else "needed absent"
            mark = "+" if reason.agrees else "-"
            text = clean(redact.command(reason.text), _LINE)
            lines.append(f"    {mark} {text} ({sign})")
    lines += _selection(one)
    lines += [line for left in one.left_out for line in _left(left)]
    for finding in found:
        lines += _causes(finding)
    return "\n".join(lines) + "\n"


def render_reported(rule: Rule, report: Report, *, digest: str) -> str:
    """What a report knows of one rule; `digest` is that of the rules at hand."""
    lines = list(_head(rule))
    found = [finding for finding in report.findings if finding.rule == rule.id]
    for one in found:
        said = "suppressed" if one.suppressed else "a note" if one.mode == "note" else "a claim"
        lines += [
            f"The report has a finding of it, {said}: {count(one.files, 'file')},"
            f" {format_bytes(one.disk_bytes)}, of which {format_bytes(one.claimed_bytes)} are claimed",
            f"  {one.severity}, {one.confidence}, {fix(one.safety)}",
        ]
        if one.suppressed:
            lines.append(
                f"  suppressed by {clean(one.suppressed.by, _PATH)}: "
                f"{clean(one.suppressed.reason, _LINE)}"
            )
        if one.base_bytes:
            lines.append(f"  {format_bytes(one.base_bytes)} more in the base image")
        lines += [
            f"  {format_bytes(each.disk_bytes):>8}  /{clean(each.path, _PATH)}"
            for each in one.examples
        ]
        lines += [f"  package {clean(name, _PATH)}" for name in one.packages]
        lines += [f"  goes along: package {clean(name, _PATH)}" for name in one.along]
        lines += _causes(one)
    if not found:
        lines += ["The report has no finding of it.", *_absent(rule, report, digest)]
    return "\n".join(lines) + "\n"


def _absent(rule: Rule, report: Report, digest: str) -> Iterator[str]:
    role = report.image.role
    if report.tool.rules is None:
        yield "  No rules were applied when it was made."
        return
    if report.tool.rules != digest:
        yield "  It was made with other rules than those of this slim."
    if report.truncated.findings:
        yield f"  It leaves out {count(report.truncated.findings, 'finding')}: it may be one of them."
    if rule.audience != "default":
        yield f"  The rule is for the audience {rule.audience!r}, and is not applied."
    yield f"  The image's role is {role.name}: there the rule is {_MODES[rule.roles.of(role.name)]}."
    yield f"  A report does not hold more of the why; the image does: slim explain {rule.id} IMAGE"


_MODES = {"on": "on", "info": "a note", "off": "off"}


def _head(rule: Rule) -> tuple[str, ...]:
    how = f"{rule.confidence}, {fix(rule.safety)}"
    return f"{rule.id} {rule.slug}: {rule.title} ({how})", ""


def _verdict(one: Explanation) -> str:
    if not one.stops and one.claimed:
        return f"It fired: it claims {format_bytes(one.claimed)}."
    reasons = []
    for stop in one.stops:
        if stop == "audience":
            reasons.append(f"it is for the audience {one.rule.audience!r}")
        else:
            reasons.append(_STOPS[stop])
    said = "It is told as a note, and claims nothing" if one.reported else "It says nothing here"
    return f"{said}: {'; '.join(reasons)}."


def _selection(one: Explanation) -> Iterator[str]:
    silent = {"audience", "role-off", "when"}.intersection(one.stops)
    verb = "would select" if silent else "selects"
    yield f"{verb} {count(one.files, 'file')}, {format_bytes(one.disk)}"
    if one.files and one.disk < one.least:
        yield f"  it is silent below {format_bytes(one.least)} in this image"
    for path, size in one.paths:
        yield f"  {format_bytes(size):>8}  /{_shown(path)}"
    for name in one.packages:
        yield f"  package {clean(name, _PATH)}"
    for name in one.along:
        yield f"  goes along: package {clean(name, _PATH)}"
    for name in one.variables:
        yield f"  variable {clean(name, _PATH)}"
    for name in one.unset:
        yield f"  the image has no {{{name}}}: patterns with it match nothing"
    if not one.files and not one.variables:
        rule = one.rule
        asked = [*rule.match, *(f"package {glob.pattern}" for glob in rule.packages)]
        asked += [f"query {rule.query}"] * (rule.query is not None)
        yield "  looked for " + clean(", ".join(asked), 2 * _LINE)


def _left(left: LeftOut) -> Iterator[str]:
    by = f": {clean(', '.join(left.by), _LINE)}" if left.by else ""
    yield f"left out: {count(left.files, 'file')}, {format_bytes(left.disk)}, {_LEFT[left.why]}{by}"
    for path in left.examples:
        yield f"  /{_shown(path)}"


def _causes(finding: Finding) -> Sequence[str]:
    lines = []
    for cause in finding.where:
        place = cause.dockerfile
        line = f"{clean(place.path, 40)}:{place.line} " if place else ""
        made = clean(instruction(cause.created_by), _LINE)
        lines.append(f"from layer {cause.layer}: {line}{made}")
    return lines


def _shown(path: bytes) -> str:
    return clean(path.decode("utf-8", "surrogateescape"), _PATH)
