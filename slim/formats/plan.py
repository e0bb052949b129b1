"""What an expert would say about an image: one recommendation, and the steps that it takes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from slim.formats import words
from slim.formats.terminal import cut
from slim.patterns import regex
from slim.report.model import Finding, Rebuild, Report
from slim.report.noteworthy import best_remedy, is_trifle
from slim.report.stages import is_multi_stage
from slim.report.untrusted import Text, Untrusted, bare, joined, untrusted
from slim.units import Units, format_percent

_FROM = regex(r"^FROM\s+(?:--\S+\s+)*(\S+)", re.MULTILINE | re.IGNORECASE)
_NUMBERS = ("no", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")
_NOT_SHIPPED = ("the base image", "the package database")
_PATH = 60
_NEAR = 20
"""Sizes that differ by less than one part in so many need no explanation."""
MULTI_STAGE = "Leave in a build stage what only the build needs"
"""Title of the step that several findings share …"""
REBUILD = "Use the multi-stage Dockerfile below"
"""… and where a Dockerfile is written that takes care of them, …"""
LAST_STAGE = "Use the Dockerfile below, with a smaller last stage"
"""… or one for an image that is built in stages already."""


class Step(NamedTuple):
    """Something to do: about one finding, or what a multi-stage build does about several."""

    saves: int
    """Bytes on disk."""
    findings: Sequence[Finding]
    """Most bytes first."""
    title: str = ""
    """What to do, where it is about several findings."""


class Recommendation(NamedTuple):
    """The one thing to say first."""

    before: str
    """The sentence up to `image` …"""
    image: Text
    """What the final stage is built on: text from the image; empty where the sentence is whole."""
    after: str
    """… and behind it."""
    because: str
    """Why the two predictions differ; empty where they do not."""

    @property
    def sentence(self) -> Untrusted:
        """The whole sentence."""
        return joined(self.before, self.image, self.after)


def steps(report: Report) -> list[Step]:
    """The steps in order: what another stage takes care of is one, and the first; then the largest first.

    Trifles are left out, so that nobody is asked to save thirteen bytes.
    """
    claims = [
        finding
        for finding in report.findings
        if finding.claimed_bytes
        and not finding.suppressed
        and not is_trifle(report.totals, finding.claimed_bytes)
    ]
    title, rebuild = MULTI_STAGE, report.predicted.rebuild
    staged = [finding for finding in claims if finding.fix.where == "other-stage"]
    saves = sum(finding.claimed_bytes for finding in staged)
    if rebuild is not None and best_remedy(report) == "rebuild":
        in_rebuild = [finding for finding in claims if finding.in_rebuild]
        if in_rebuild:
            title, staged = LAST_STAGE if is_multi_stage(report) else REBUILD, in_rebuild
            # With another base image, which no finding claims.
            saves = report.totals.disk_bytes - rebuild.disk_bytes
    if len(staged) < 2:
        staged = []
    alone = [Step(each.claimed_bytes, (each,)) for each in claims if each not in staged]
    together = [Step(saves, staged, title)] if staged else []
    return together + sorted(alone, key=lambda step: -step.saves)


def recommend(report: Report, units: Units) -> Recommendation | None:
    """The recommendation; None where no rules were applied."""
    remedy = best_remedy(report)
    if remedy is None:
        return None
    disk, rebuild = report.totals.disk_bytes, report.predicted.rebuild
    if remedy == "nothing":
        saved = disk - report.predicted.all.disk_bytes
        return Recommendation(_nothing(report, saved, units), "", "", "")
    because = _because(report, units)
    if remedy == "fixes" or rebuild is None:
        return Recommendation(_lines(report, units), "", "", because)
    image = _last_base(rebuild)
    share = format_percent(disk - rebuild.disk_bytes, disk)
    sizes = f"{units.size(disk)} → {words.rebuilt_size(rebuild, units)} on disk (−{share})"
    on = " on " if image else ""
    if is_multi_stage(report):
        before = f"The last stage ships more than it needs. {_capital(_shipped(rebuild))} alone{on}"
        after = f": {sizes}."
    else:
        before, after = f"Ship {_shipped(rebuild)}{on}", f", built in an earlier stage: {sizes}."
    return Recommendation(before, image, f"{after} The Dockerfile is below.", because)


def _change(before: int, after: int, units: Units) -> str:
    share = format_percent(before - after, before)
    return f"{units.size(before)} → {units.size(after)} on disk (−{share})"


def _nothing(report: Report, saved: int, units: Units) -> str:
    found = "Nothing worth changing"
    if saved > 0:
        share = format_percent(saved, report.totals.disk_bytes)
        found += f": all fixes together would save {units.size(saved)} ({share})"
    role = report.image.role.name
    if role not in ("builder", "dev"):
        return f"{found}."
    noted = max((finding.disk_bytes for finding in report.findings), default=0)
    if noted * 100 < report.totals.disk_bytes:
        return f"{found}."
    return (
        f"{found}, if this is a {'development' if role == 'dev' else role} image, as it seems: there"
        f" compilers and tools belong. If it is what runs in production, --role release judges it as"
        f" that (one rule alone points at {units.size(noted)})."
    )


def _lines(report: Report, units: Units) -> str:
    """How few instructions hold nine tenths of what the fixes save."""
    by_layer: dict[int, int] = {}
    places = {}
    for step in steps(report):
        for finding in step.findings:
            for cause in finding.where[:1]:
                by_layer[cause.layer] = by_layer.get(cause.layer, 0) + finding.claimed_bytes
                places[cause.layer] = cause.dockerfile
    disk, after = report.totals.disk_bytes, report.predicted.all.disk_bytes
    needed, reached = 0, 0
    layers = sorted(by_layer, key=lambda layer: -by_layer[layer])
    for layer in layers:
        if reached * 10 >= sum(by_layer.values()) * 9:
            break
        needed, reached = needed + 1, reached + by_layer[layer]
    if not needed:
        return f"The fixes below save {units.size(disk - after)}: {_change(disk, after, units)}."
    what = "line" if all(places[layer] for layer in layers[:needed]) else "instruction"
    number = _NUMBERS[needed] if needed < len(_NUMBERS) else f"{needed:,}"
    subject = (
        f"{number} {what} of your Dockerfile can"
        if needed == 1
        else (f"{number} {what}s of your Dockerfile can")
    )
    return f"{subject} save {units.size(disk - after)}: {_change(disk, after, units)}."


def _last_base(rebuild: Rebuild) -> Text:
    """What the final stage of the Dockerfile starts from."""
    named = _FROM.findall(bare(rebuild.dockerfile))
    return untrusted(named[-1]) if named else ""


def _shipped(rebuild: Rebuild) -> str:
    """`the application`, `the release`: what the rebuilt image is for."""
    names = [part.what for part in rebuild.keep if part.what.startswith("the ")]
    return next((name for name in names if name not in _NOT_SHIPPED), "the application")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _because(report: Report, units: Units) -> str:
    """Why the fixes one by one and the multi-stage build lead to other sizes."""
    rebuild, fixed = report.predicted.rebuild, report.predicted.all.disk_bytes
    if rebuild is None:
        return ""
    built = rebuild.disk_bytes
    if abs(built - fixed) * _NEAR <= max(built, fixed):
        return ""
    kept = report.predicted.other_base_bytes
    if rebuild.origin != "layers" and built < fixed and (fixed - built) <= 2 * kept:
        return (
            f"The fixes one by one come to {units.size(fixed)}: they keep the base image, of which"
            f" {units.size(kept)} go only where the new stage starts from another."
        )
    if built < fixed:
        return (
            f"The fixes one by one come to {units.size(fixed)}: they remove only what a rule names,"
            " where the new stage starts from a plain base and takes only what the application loads."
        )
    if best_remedy(report) == "rebuild":
        return (
            f"With the other steps below it would be {units.size(fixed)}: they delete parts of what it"
            " installs whole."
        )
    return (
        f"The fixes one by one come to {units.size(fixed)}, less than the multi-stage build's"
        f" {units.size(built)}: it installs packages whole, of which some fixes delete parts."
    )


def cause(
    finding: Finding, sizes: Mapping[Untrusted, int], units: Units, most: int = 8
) -> Untrusted:
    """What a finding is about, by name and size: its packages, the largest first, or its largest file."""
    if finding.packages:
        return words.named_packages(finding.packages, sizes, units, "package", most)
    if finding.examples and finding.claimed_bytes:
        largest = finding.examples[0]
        text = joined(
            "/", untrusted(cut(largest.path, _PATH)), f" ({units.size(largest.disk_bytes)})"
        )
        more = (finding.claimed_files or finding.files) - 1
        return joined(text, f" and {words.count(more, 'other file')}") if more > 0 else text
    return untrusted("")
