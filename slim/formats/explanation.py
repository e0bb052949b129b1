"""Why a rule fired or not, as text for people; names and paths are strangers'."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slim.advice.explain import Explanation, LeftOut, Stop
from slim.formats.terminal import clean
from slim.formats.words import count, fix
from slim.report.instruction import instruction
from slim.report.model import Finding, Report
from slim.rules.rule import Rule
from slim.secrets import redact
from slim.units import format_bytes

_PATH, _LINE = 100, 160
_LEFT = {
    "hidden": "not in the final filesystem, the only place where the rule looks",
    "excepted": "excepted by the rule",
    "protected": "protected: slim never proposes to delete these",
    "owned": "owned by a system package, which rules by path leave alone",
    "suppressed": "suppressed",
    "base": "in the base image: only a different base would remove them",
    "claimed": "already claimed by another rule",
    "linked": "would not free a byte: another name or copy of the same content remains",
}
_STOPS: dict[Stop, str] = {
    "role-off": "the rule is off for an image of this role",
    "when": "a condition of the rule does not hold",
    "no-rebuild": "no multi-stage build is proposed for this image",
    "nothing": "nothing in the image matches",
    "hidden": "matching files are hidden by later layers",
    "excepted": "matching files are excepted by the rule",
    "protected": "matching files are protected: slim never proposes to delete them",
    "owned": "matching files belong to system packages",
    "floor": "what matches is smaller than the rule's threshold",
    "suppressed": "it is suppressed",
    "role-note": "for an image of this role the rule is only a note and claims nothing",
    "secret": "secrets are warnings; their bytes are never counted as savings",
    "base": "what matches is in the base image, which no instruction here can change",
    "claimed": "other rules claim the same bytes",
    "linked": "other names or copies of the same content remain",
}


def render(explained: Explanation, report: Report) -> str:
    """One rule in one image."""
    rule = explained.rule
    found = [finding for finding in report.findings if finding.rule == rule.id]
    lines = [*_head(rule), _verdict(explained), ""]
    lines.append(f"role {explained.role}: the rule is {_MODES[explained.mode]}")
    lines += [f"  {clean(redact.command(text), _LINE)}" for text in explained.evidence]
    if explained.conditions:
        lines.append("conditions (all must hold)")
    for answer in explained.conditions:
        lines.append(f"  {'holds' if answer.holds else 'FALSE'}")
        for reason in answer.reasons:
            sign = "needed" if reason.expected else "needed absent"
            mark = "+" if reason.agrees else "-"
            text = clean(redact.command(reason.text), _LINE)
            lines.append(f"    {mark} {text} ({sign})")
    lines += _selection(explained)
    lines += [line for left in explained.left_out for line in _left(left)]
    for finding in found:
        lines += _causes(finding)
    return "\n".join(lines) + "\n"


def render_reported(rule: Rule, report: Report, *, digest: str) -> str:
    """What a report knows of one rule; `digest` is that of the rules at hand."""
    lines = list(_head(rule))
    found = [finding for finding in report.findings if finding.rule == rule.id]
    for finding in found:
        lines += _reported(finding)
    if not found:
        lines += ["The report has no finding of this rule.", *_absent(rule, report, digest)]
    return "\n".join(lines) + "\n"


def _reported(finding: Finding) -> Iterator[str]:
    kind = "a note" if finding.mode == "note" else "a claim"
    if finding.suppressed:
        kind = "suppressed"
    yield (
        f"The report has a finding of this rule, {kind}: {count(finding.files, 'file')},"
        f" {format_bytes(finding.disk_bytes)}, of which {format_bytes(finding.claimed_bytes)}"
        " are claimed"
    )
    yield f"  {finding.severity}, {finding.confidence}, {fix(finding.safety)}"
    if finding.suppressed:
        by, reason = finding.suppressed.by, finding.suppressed.reason
        yield f"  suppressed by {clean(by, _PATH)}: {clean(reason, _LINE)}"
    if finding.base_bytes:
        yield f"  another {format_bytes(finding.base_bytes)} in the base image"
    for example in finding.examples:
        yield f"  {format_bytes(example.disk_bytes):>8}  /{clean(example.path, _PATH)}"
    yield from (f"  package {clean(name, _PATH)}" for name in finding.packages)
    yield from (f"  also removed: package {clean(name, _PATH)}" for name in finding.along)
    yield from _causes(finding)


def _absent(rule: Rule, report: Report, digest: str) -> Iterator[str]:
    role = report.image.role
    if report.tool.rules is None:
        yield "  No rules were applied when it was made."
        return
    if report.tool.rules != digest:
        yield "  It was made with different rules than this slim has."
    if report.truncated.findings:
        yield f"  It leaves out {count(report.truncated.findings, 'finding')}: it may be one of them."
    if rule.audience != "default":
        yield f"  The rule is for the audience {rule.audience!r} and was not applied."
    yield f"  The image's role is {role.name}: there the rule is {_MODES[rule.roles.of(role.name)]}."
    yield f"  A report does not say more; the image does: slim explain {rule.id} IMAGE"


_MODES = {"on": "on", "info": "a note", "off": "off"}


def _head(rule: Rule) -> tuple[str, ...]:
    how = f"{rule.confidence}, {fix(rule.safety)}"
    return f"{rule.id} {rule.slug}: {rule.title} ({how})", ""


def _verdict(explained: Explanation) -> str:
    if not explained.stops and explained.claimed:
        return f"It fired: it claims {format_bytes(explained.claimed)}."
    reasons = [
        f"it is for the audience {explained.rule.audience!r}"
        if stop == "audience"
        else _STOPS[stop]
        for stop in explained.stops
    ]
    result = "It is only a note and claims nothing" if explained.reported else "It did not fire"
    return f"{result}: {'; '.join(reasons)}."


def _selection(explained: Explanation) -> Iterator[str]:
    silent = {"audience", "role-off", "when"}.intersection(explained.stops)
    verb = "would select" if silent else "selects"
    yield f"{verb} {count(explained.files, 'file')}, {format_bytes(explained.disk)}"
    if explained.files and explained.disk < explained.least:
        yield f"  the rule's threshold in this image is {format_bytes(explained.least)}"
    longest = None if explained.has_every_path else _PATH
    for path, size in explained.paths:
        yield f"  {format_bytes(size):>8}  /{_shown(path, longest)}"
    for name in explained.packages:
        yield f"  package {clean(name, _PATH)}"
    for name in explained.along:
        yield f"  also removed: package {clean(name, _PATH)}"
    for name in explained.variables:
        yield f"  variable {clean(name, _PATH)}"
    for name in explained.unset:
        yield f"  the image has no {{{name}}}: patterns with it match nothing"
    if not explained.files and not explained.variables:
        rule = explained.rule
        patterns = [*rule.match, *(f"package {glob.pattern}" for glob in rule.packages)]
        patterns += [f"query {rule.query}"] * (rule.query is not None)
        yield "  looked for " + clean(", ".join(patterns), 2 * _LINE)


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
        text = clean(instruction(cause.created_by), _LINE)
        lines.append(f"from layer {cause.layer}: {line}{text}")
    return lines


def _shown(path: bytes, longest: int | None = _PATH) -> str:
    text = path.decode("utf-8", "surrogateescape")
    return clean(text) if longest is None else clean(text, longest)
