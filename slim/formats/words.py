"""Phrases that several formats share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slim.report.comparison import Comparison
from slim.report.model import Base, Finding, KeepPart, Rebuild, Report, Waste
from slim.report.noteworthy import best_remedy, is_trifle
from slim.report.stages import is_multi_stage
from slim.report.untrusted import Text, Untrusted, bare, joined, untrusted
from slim.units import Units, format_percent

_NAMED = 8
_FIXES = {
    "safe": "the fix is safe",
    "check": "review the fix before applying it",
    "risky": "the fix is risky",
}
_CAUSES = {
    "rewritten": "replaced by different content",
    "metadata-only": "duplicated only to change owner, mode or timestamps",
    "deleted": "deleted later but still shipped",
    "duplicate-entry": "stored twice in one layer",
    "orphan": "at a path that nothing can reach",
}


def fix(safety: str) -> str:
    """How safe a fix is: `review the fix before applying it`."""
    return _FIXES[safety]


def cause(kind: str) -> str:
    """What happened to dead bytes of a class: `deleted later but still shipped`."""
    return _CAUSES[kind]


def count(number: int, noun: str) -> str:
    """`1 file`, `2,310 files`, `2 directories`, `3 fixes`."""
    if number == 1:
        return f"1 {noun}"
    if noun.endswith("y"):
        return f"{number:,} {noun[:-1]}ies"
    return f"{number:,} {noun}{'es' if noun.endswith('x') else 's'}"


def base_guess(base: Base) -> str:
    """How sure it is where the base image ends: ` (likely, from …)`; empty where that is known."""
    if not base.guessed:
        return ""
    signs = "its own instructions in the history" if base.how == "known" else "the history"
    confidence = f"{base.confidence}, " if base.confidence else ""
    return f" ({confidence}guessed from {signs}; pass --base IMAGE to be exact)"


def gpu_code(report: Report, units: Units) -> str:
    """`1.2 GB of code for GPUs: 300 MB for sm_80, …`; empty where there is none."""
    if not report.gpu_code:
        return ""
    total = sum(code.disk_bytes for code in report.gpu_code)
    shown = ", ".join(
        f"{units.size(code.disk_bytes)} for {code.architecture}"
        for code in report.gpu_code[:_NAMED]
    )
    more = len(report.gpu_code) - _NAMED
    rest = f", and {count(more, 'other')}" if more > 0 else ""
    return f"{units.size(total)} of code for GPUs: {shown}{rest}"


def suppressed(finding: Finding) -> str:
    """Why a finding is suppressed, and by what; empty for one that is not."""
    if finding.suppressed is None:
        return ""
    until = f", until {finding.suppressed.until}" if finding.suppressed.until else ""
    return f"{finding.suppressed.reason or 'no reason given'} ({finding.suppressed.by}{until})"


def short_name(document: Report | Comparison) -> Untrusted:
    """The key that was given; else the image's name without registry, tag and digest: `api`; else the name
    of the archive."""
    if document.key:
        return document.key
    if isinstance(document, Comparison):
        return short(document.image.name, document.image.input)
    return short(document.image.name, document.source.input)


def short(name: Text, source: Text) -> Untrusted:
    """`registry.example/team/api:1` → `api`; without a name the last part of the source."""
    last = bare(name).partition("@")[0].rpartition("/")[2].partition(":")[0]
    return untrusted(last or bare(source).rstrip("/").rpartition("/")[2] or "image")


def other_layers(finding: Finding) -> str:
    """` and 2 other layers` after the layer that has most of a finding; empty where it has all."""
    more = len(finding.where) - 1
    return f" and {count(more, 'other layer')}" if more > 0 else ""


def causes_of_waste(report: Report) -> list[Waste]:
    """What ended dead bytes, the largest first, without what hid only empty files."""
    return [waste for waste in report.waste if waste.disk_bytes or waste.pull_bytes]


def package_sizes(report: Report) -> dict[Untrusted, int]:
    """Name → bytes on disk, of packages whose name no other manager has."""
    sizes: dict[Untrusted, int] = {}
    ambiguous: set[Untrusted] = set()
    for package in report.packages:
        if package.name in sizes:
            ambiguous.add(package.name)
        sizes[package.name] = package.disk_bytes
    return {name: size for name, size in sizes.items() if name not in ambiguous}


def also_removed(finding: Finding, sizes: Mapping[Untrusted, int], units: Units) -> Untrusted:
    """A sentence about the packages that go with those that a finding removes; empty where none do.

    `sizes` are bytes on disk, of the packages for which they are known; the largest come first.
    """
    if not finding.along:
        return untrusted("")
    removed = finding.packages[0] if len(finding.packages) == 1 else "them"
    named = named_packages(finding.along, sizes, units, "other package")
    return joined("Removing ", removed, " also removes ", named, ", which nothing else depends on.")


def named_packages(
    names: Sequence[Untrusted],
    sizes: Mapping[Untrusted, int],
    units: Units,
    noun: str,
    most: int = _NAMED,
) -> Untrusted:
    """`libllvm19 (130 MB), make (1.61 MB) and 3 packages`: the largest first, as far as `sizes` has them."""
    largest = sorted(names, key=lambda name: -sizes.get(name, 0))
    named = [
        joined(name, f" ({units.size(sizes[name])})") if name in sizes else name
        for name in largest[:most]
    ]
    more = len(largest) - most
    return joined(joined(*named, by=", "), f" and {count(more, noun)}" if more > 0 else "")


def rebuilt(report: Report, units: Units) -> str:
    """A sentence about the multi-stage rebuild; empty where there is none."""
    rebuild, totals = report.predicted.rebuild, report.totals
    if rebuild is None:
        return ""
    share = format_percent(totals.disk_bytes - rebuild.disk_bytes, totals.disk_bytes)
    what = "A last stage without the rest" if is_multi_stage(report) else "A multi-stage build"
    return (
        f"{what} would be {rebuilt_size(rebuild, units)} on disk, {share} less,"
        f" and {units.pull(rebuild.pull_bytes)} to pull ({rebuild.confidence})."
    )


def rebuilt_size(rebuild: Rebuild, units: Units) -> str:
    """`104 MB (98.0–131 MB)`: the likely size on disk of a rebuilt image, and its bounds."""
    size, bounds = units.size(rebuild.disk_bytes), rebuilt_bounds(rebuild, units)
    return f"{size} ({bounds})" if bounds else size


def rebuilt_bounds(rebuild: Rebuild, units: Units) -> str:
    """`98.0–131 MB`; empty where they are not known, or one."""
    low, high = units.size(rebuild.low_disk_bytes), units.size(rebuild.high_disk_bytes)
    if not rebuild.high_disk_bytes or low == high:
        return ""
    number, _, unit = low.partition(" ")
    return f"{number if high.endswith(' ' + unit) else low}–{high}"


def unused(rebuild: Rebuild, units: Units) -> Untrusted:
    """A sentence about packages that nothing kept uses, the largest first; empty where there are none."""
    if not rebuild.unused:
        return untrusted("")
    shown = [
        joined(package.name, f" {units.size(package.disk_bytes)}")
        for package in rebuild.unused[:_NAMED]
    ]
    more = len(rebuild.unused) - len(shown)
    rest = f" and {count(more, 'other')}" if more > 0 else ""
    return joined("Installed by name; nothing kept uses them: ", joined(*shown, by=", "), rest, ".")


def other_base(report: Report, units: Units) -> str:
    """A sentence about what only another base image leaves out; empty where there is nothing."""
    waste = report.predicted.other_base_bytes
    if not waste or is_trifle(report.totals, waste):
        return ""
    rules = [finding.rule for finding in report.findings if finding.base_bytes]
    more = f" and {count(len(rules) - _NAMED, 'other')}" if len(rules) > _NAMED else ""
    named = f" ({', '.join(rules[:_NAMED])}{more})" if rules else ""
    rebuild = report.predicted.rebuild if best_remedy(report) == "rebuild" else None
    such = ", such as that of the Dockerfile" if rebuild and rebuild.origin != "layers" else ""
    return (
        f"Another {units.size(waste)} of waste sits in the base image;"
        f" only a different base would remove it{such}{named}."
    )


def dive(report: Report, units: Units) -> str:
    """dive's own numbers: `96.28% efficiency, 146 MB wasted (8.6% of the non-base layers)`."""
    score = report.dive
    return (
        f"{100 * score.efficiency:.2f}% efficiency, {units.size(score.wasted_bytes)} wasted"
        f" ({100 * score.user_wasted_percent:.1f}% of the non-base layers)"
    )


def contents(part: KeepPart) -> Untrusted:
    """What a part of a rebuild is: names of packages, else directories, else the reason."""
    named = part.packages or part.paths
    if not named:
        return part.why
    shown = joined(*named[:_NAMED], by=" ")
    more = len(named) - _NAMED
    return joined(shown, f" and {more:,} more") if more > 0 else shown
