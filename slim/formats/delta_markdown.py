"""A comparison as Markdown, for a pull request: what grew, because of which line, and what to do [pure].

The same frame as the report's page: a marker, one sentence, one table, the causes, folds, a footer.
"""

from __future__ import annotations

from slim.formats import words
from slim.formats.delta_folds import directories, files, findings, layers, packages
from slim.formats.flavors import Flavor, flavor_of
from slim.formats.gfm import code, link, marker, prose, signed, size, table, unit_definition
from slim.formats.markdown import limit_words, place_and_instruction, silenced
from slim.formats.page import Cut, Said, page
from slim.formats.results import suppressed
from slim.report.comparison import Comparison, LayerChange
from slim.report.model import Finding

_CAUSES = 3
_UNCHANGED = 100_000
"""Less than this many bytes and 0.1 % of the image is no change worth a word."""


def render(
    comparison: Comparison,
    *,
    flavor: str = "github",
    max_bytes: int | None = None,
    key: str = "",
    base_head: str = "",
    head: str = "",
    run: str = "",
    report_url: str = "",
    run_url: str = "",
    rules_url: str = "",
    show_suppressed: bool = False,
) -> str:
    """The page; the arguments are those of `slim.formats.markdown`, `base_head` the base's commit.

    Raises:
        UsageError: there is no such flavor.
    """
    style = flavor_of(flavor)
    told = say(
        comparison,
        style,
        key=key,
        base_head=base_head,
        head=head,
        report_url=report_url,
        run_url=run_url,
        rules_url=rules_url,
        show_suppressed=show_suppressed,
    )
    return page(
        marker(told.name, head, run),
        [f"### {code(told.name, 60)} image {told.sentence}", *told.parts],
        told.folds,
        told.footer,
        style,
        max_bytes,
    )


def say(
    comparison: Comparison,
    style: Flavor,
    *,
    key: str = "",
    base_head: str = "",
    head: str = "",
    report_url: str = "",
    run_url: str = "",
    rules_url: str = "",
    show_suppressed: bool = False,
) -> Said:
    """The parts of the page; the arguments are those of `render`."""
    cut = Cut(style.rows, report_url, rules_url)
    parts = []
    quiet = is_unchanged(comparison)
    if not quiet:
        parts.append(_sizes(comparison, style, base_head, head))
        if causes := _causes(comparison, cut):
            parts.append(causes)
    notes = list(_notes(comparison, style))
    if notes:
        parts.append("\n".join(f"- {note}" for note in notes))
    folds = [fold(comparison, cut) for fold in (layers, findings, packages, directories, files)]
    if show_suppressed:
        folds.insert(2, silenced(suppressed(comparison), cut))
    return Said(
        key or words.short_name(comparison),
        _sentence(comparison, style, " compared with ".join(_platforms(comparison))),
        _sentence(comparison, style, "another platform is compared"),
        parts,
        [] if quiet else [fold for fold in folds if fold is not None],
        _footer(comparison, style, report_url, run_url),
    )


def is_unchanged(comparison: Comparison) -> bool:
    """Whether there is nothing to say: no size, no finding and no gate that is worth a comment."""
    base, image = comparison.base, comparison.image
    before, after = base.totals, image.totals
    return (
        all(
            abs(change) < _UNCHANGED and abs(change) * 1000 <= whole
            for change, whole in (
                (after.disk_bytes - before.disk_bytes, before.disk_bytes),
                (after.pull_bytes - before.pull_bytes, before.pull_bytes),
            )
        )
        and all(one.status == "still" for one in comparison.findings)
        and comparison.verdict.result == "pass"
        and base.platform == image.platform
    )


def _sentence(comparison: Comparison, style: Flavor, platforms: str) -> str:
    """`platforms`: what to say when they differ."""
    before = comparison.base.totals.disk_bytes
    after = comparison.image.totals.disk_bytes
    change = after - before
    verdict = words.verdict(comparison)
    if verdict and style.glyphs:
        glyph = {"pass": " ✅", "fail": " ❌", "unknown": ""}[comparison.verdict.result]
        verdict += "" if comparison.over_on_base else glyph
    if is_unchanged(comparison) or not change:
        text = f"unchanged at {size(after)}" + (f" ({signed(change)})" if change else "")
        between = ", "
    elif not comparison.base.totals.layers:
        text, between = f"new: {size(after)} on disk", ", "
    else:
        grew = "grew" if change > 0 else "shrank"
        text = f"{grew} {size(abs(change))}{_share(change, before)} to {size(after)}"
        between = ": "
    if comparison.base.platform != comparison.image.platform:
        text += f" ({platforms})"
    return f"{text}{between}{verdict}" if verdict else text


def _platforms(comparison: Comparison) -> list[str]:
    return [
        prose(one.platform or "unknown platform", 40) for one in (comparison.base, comparison.image)
    ]


def _share(change: int, before: int) -> str:
    return f" ({100 * change / before:+.1f}%)" if before else ""


def _sizes(comparison: Comparison, style: Flavor, base_head: str, head: str) -> str:
    base, image = comparison.base.totals, comparison.image.totals
    budgets = {one.name: one for one in comparison.budgets}
    rows = []
    for label, name, before, after in (
        ("On disk", "size", base.disk_bytes, image.disk_bytes),
        ("To pull", "pull-size", base.pull_bytes, image.pull_bytes),
        ("Reclaimable", "reclaimable", base.reclaimable_bytes, image.reclaimable_bytes),
    ):
        budget = budgets.get(name)  # type: ignore[call-overload]
        change = signed(after - before)
        share = _share(after - before, before) if label != "Reclaimable" else ""
        limit = ""
        if budget is not None and name in comparison.over_on_base:
            limit = f"over {size(budget.limit)} on base too"
        elif budget is not None:
            limit = limit_words(budget, style)
            change = f"**{change}**" if budget.result == "over" else change
        rows.append((label, size(before), size(after), change + share, limit))
    if several := budgets.get("layers"):
        limit = f"over {several.limit:,} on base too"
        if "layers" not in comparison.over_on_base:
            limit = limit_words(several, style)
        change = f"{image.layers - base.layers:+d}"
        rows.append(("Layers", f"{base.layers:,}", f"{image.layers:,}", change, limit))
    before_head = f" {code(base_head, 12, in_table=True)}" if base_head else ""
    after_head = f" {code(head, 12, in_table=True)}" if head else ""
    header = ("", f"base{before_head}", f"this PR{after_head}", "change", "limit")
    return table(header, "lrrrl", rows)


def _causes(comparison: Comparison, cut: Cut) -> str:
    """The layers that grew most, each with the fix of the largest new finding in it, and the rest: the
    lines add up to the growth."""
    changes = [one for one in comparison.layers if one.disk_bytes != one.base_disk_bytes]
    grown = [one for one in changes if one.disk_bytes > one.base_disk_bytes][:_CAUSES]
    lines = [f"{number}. {_cause(comparison, one, cut)}" for number, one in enumerate(grown, 1)]
    left = len(changes) - len(grown)
    if grown and left:
        told = sum(one.disk_bytes - one.base_disk_bytes for one in grown)
        rest = signed(comparison.growth.disk_bytes - told)
        lines.append(f"{len(grown) + 1}. {rest} from {words.count(left, 'other layer')}")
    return "\n".join(lines)


def _cause(comparison: Comparison, one: LayerChange, cut: Cut) -> str:
    layer = one.index or 0
    where = place_and_instruction(layer, one.created_by, one.dockerfile, in_table=False)
    text = f"**{signed(one.disk_bytes - one.base_disk_bytes)}** from {where}"
    if one.from_base:
        text += " of the base image"
    if (found := _new_in(comparison, layer)) is not None:
        fix = prose(found.fix.text).rstrip(".")
        text += f": {fix} (saves {size(found.claimed_bytes)}, {cut.rule(found, in_table=False)})"
    return text


def _new_in(comparison: Comparison, layer: int) -> Finding | None:
    for one in comparison.findings:
        if one.status == "new" and any(cause.layer == layer for cause in one.finding.where):
            return one.finding
    return None


def _notes(comparison: Comparison, style: Flavor) -> list[str]:
    """Why the gates say so, what is the base image's doing, and what makes it hard to compare."""
    charged = [one for one in comparison.budgets if one.name not in comparison.over_on_base]
    said = sum(1 for one in charged if one.result == "over" and one.name != "growth")
    notes = [prose(reason) for reason in comparison.verdict.reasons[said:][: style.rows]]
    if whose := _whose(comparison):
        notes.append(whose)
    notes += [f"note: {prose(one.text)}" for one in comparison.warnings[: style.rows]]
    return notes


def _whose(comparison: Comparison) -> str:
    """What of the growth is the base image's; whether it is charged, where there is a limit on growth."""
    of_base, own = comparison.growth.base_image, comparison.growth.own
    if of_base is None or own is None or not of_base.disk_bytes:
        return ""
    ends = comparison.base.base, comparison.image.base
    names = list(dict.fromkeys(one.name for one in ends if one.name))
    said = "from another base image" if len(names) > 1 else "the base image's doing"
    if names:
        said += f" ({' → '.join(code(name, 60) for name in names)})"
    if any(one.guessed for one in ends):
        said += ", a guess"
    limit = next((one for one in comparison.budgets if one.name == "growth"), None)
    if limit is not None and of_base.disk_bytes > 0:
        said += ", not charged" if limit.base_image_bytes else ", charged all the same"
    own_ = f"{signed(own.disk_bytes)} that of this image's own layers"
    return f"{signed(of_base.disk_bytes)} is {said}, {own_}"


def _footer(comparison: Comparison, style: Flavor, report_url: str, run_url: str) -> str:
    parts = [
        f"slim {prose(comparison.tool.version, 30)}",
        prose(comparison.image.platform or "unknown platform", 40),
        unit_definition(),
    ]
    if not (comparison.base.verified and comparison.image.verified):
        parts.append("digests not checked")
    if report_url:
        parts.append(link("HTML report", report_url))
    if run_url:
        parts.append(link("run", run_url))
    if style.marked:
        parts.append("updated on every push")
    return " · ".join(parts)
