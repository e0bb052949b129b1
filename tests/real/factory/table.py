"""Writes what was measured as Markdown: a row per project, and the details of each as text."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from statistics import median

from tabulate import tabulate

from tests.real.factory.measure import Result
from tests.real.factory.project import all_projects

_LEFT_OVER = ("DEB001", "DEB009", "DEB010", "DEB011")
"""Rules about what apt and dpkg leave behind wherever they install something: right of any image."""
_NAMES = ("project", "careless", "careful", "rebuild", "error", "low to high", "all", "error",
          "Dockerfile", "safe", "all claims", "claimed", "on the careful", "measured")  # fmt: skip
HALVES = {
    "test": "Projects whose writer had not seen slim's advice",
    "train": "Projects that slim's advice was written with",
}


def page(results: Sequence[Result]) -> str:
    """The tables of both halves, each with what they come to, and the projects that nobody measured."""
    parts = []
    for half, title in HALVES.items():
        rows = [one for one in results if one["half"] == half]
        known = {one["name"] for one in rows}
        missing = [one.name for one in all_projects() if one.half == half and one.name not in known]
        parts.append(f"### {title}\n")
        parts += [_table(rows), _summary(rows)] if rows else []
        if missing:
            parts.append(f"Not measured: {', '.join(missing)}.\n")
    whole = [one for one in results if "broken" not in one]
    return "\n".join([*parts, *([_on_careful(whole)] if whole else [])])


def _on_careful(results: Sequence[Result]) -> str:
    """What is claimed of careful images, by rule."""
    sizes: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for one in results:
        for finding in one["careful"]["findings"]:
            size = finding["claimed_bytes"]
            share = size / one["careful"]["disk_bytes"]
            sizes.setdefault((finding["rule"], finding["title"]), []).append((size, share))
    rows = sorted(
        (
            (
                *rule,
                len(found),
                _mb(sum(size for size, _ in found)),
                max(share for _, share in found),
            )
            for rule, found in sizes.items()
        ),
        key=lambda row: -row[-1],
    )
    table = [(*row[:-1], f"{row[-1]:.2%}") for row in rows]
    names = ("rule", "what it claims of careful images", "images", "together", "at most")
    align = ("left", "left", "right", "right", "right")
    tried = [one for one in results if "careful_breaks" in one]
    working = _count(tried, lambda one: not one["careful_breaks"])
    return (
        "### What is claimed of careful images\n\n"
        + tabulate(table, names, tablefmt="github", colalign=align, disable_numparse=True)
        + f"\n\nCareful images that answer without all of this: {working}.\n"
    )


def _table(results: Sequence[Result]) -> str:
    table = [_row(one) for one in results]
    align = ("left", *["right"] * 7, "left", "left", "left", "right", "right", "left")
    return tabulate(table, _NAMES, tablefmt="github", colalign=align, disable_numparse=True) + "\n"


def _row(one: Result) -> Sequence[str]:
    if "broken" in one:
        return one["name"], *["—"] * 7, one["broken"].splitlines()[0][:60], *["—"] * 5
    careless, careful, rebuild = one["careless"], one["careful"], one["careless"]["rebuild"]
    changes = one["differences"]
    guilty = ", ".join(one["rules_that_break"]) or "only together"
    return (
        one["name"],
        _mb(careless["disk_bytes"]),
        _mb(careful["disk_bytes"]),
        _mb(rebuild["disk_bytes"]) if rebuild else "none",
        f"{rebuild_error(one):+.1%}" if rebuild else "—",
        f"{_range(one)}, {'inside' if is_inside(one) else 'outside'}" if rebuild else "—",
        _mb(all_bytes(one))
        + ("" if all_bytes(one) == careless["all_bytes"] else " on another base"),
        f"{all_error(one):+.1%}",
        one["written"],
        "breaks" if one["safe_breaks"] else "works",
        f"{guilty} breaks" if one["all_breaks"] else "works" + _without(one),
        f"{changes['claimed_bytes'] / max(changes['only_careless_bytes'], 1):.1%}",
        f"{flagged(one):.2%}, {flagged(one, _LEFT_OVER):.2%}"
        + (", breaks" if one.get("careful_breaks") else ""),
        one["measured"],
    )


def _without(one: Result) -> str:
    """Findings that hold only for another start were not followed."""
    return f" (without {', '.join(one['conditional'])})" if one["conditional"] else ""


def _range(one: Result) -> str:
    rebuild = one["careless"]["rebuild"]
    return f"{rebuild['low_disk_bytes'] / 1e6:,.0f}–{rebuild['high_disk_bytes'] / 1e6:,.0f}"


def is_inside(one: Result) -> bool:
    """Whether the careful image's size lies within the bounds of the prediction."""
    rebuild = one["careless"]["rebuild"]
    size: int = one["careful"]["disk_bytes"]
    return bool(rebuild["low_disk_bytes"] <= size <= rebuild["high_disk_bytes"])


def width(one: Result) -> float:
    """How far the bounds of the prediction are apart, of the careful image's size; 1 = 100 %."""
    rebuild = one["careless"]["rebuild"]
    return float(
        (rebuild["high_disk_bytes"] - rebuild["low_disk_bytes"]) / one["careful"]["disk_bytes"]
    )


def rebuild_error(one: Result) -> float:
    """Of the rebuild's size, 1 = 100 %."""
    return float(one["careless"]["rebuild"]["disk_bytes"] / one["careful"]["disk_bytes"] - 1)


def all_bytes(one: Result) -> int:
    """Once all advice is followed: that about another base, too, where the rebuild stands on one."""
    careless = one["careless"]
    origin = (careless["rebuild"] or {}).get("origin", "layers")
    other_base: int = 0 if origin == "layers" else careless["other_base_bytes"]
    return int(careless["all_bytes"]) - other_base


def all_error(one: Result) -> float:
    """Of the size once all advice is followed, 1 = 100 %."""
    return float(all_bytes(one) / one["careful"]["disk_bytes"] - 1)


def flagged(one: Result, besides: Collection[str] = ()) -> float:
    """What findings claim of the careful image, some rules aside, of its size; 1 = 100 %."""
    careful = one["careful"]
    bytes_ = (each["claimed_bytes"] for each in careful["findings"] if each["rule"] not in besides)
    return float(sum(bytes_) / careful["disk_bytes"])


def _summary(results: Sequence[Result]) -> str:
    whole = [one for one in results if "broken" not in one]
    if not whole:
        return "Nothing could be measured.\n"
    rebuilt = [one for one in whole if one["careless"]["rebuild"]]

    def median_of(error: Callable[[Result], float], some: Sequence[Result]) -> str:
        return f"{median(abs(error(one)) for one in some):.1%}" if some else "—"

    tried = [one for one in whole if one["written"] != "not built"]
    worst = max((abs(rebuild_error(one)) for one in rebuilt), default=0)
    return (
        f"Of {len(whole)} projects {len(rebuilt)} have a rebuild: median error"
        f" {median_of(rebuild_error, rebuilt)}, worst {worst:.1%}; of `all` the median is"
        f" {median_of(all_error, whole)}.\nThe careful image lies within the bounds of"
        f" {_count(rebuilt, is_inside)}; they are {median_of(width, rebuilt)} of its size apart (median)."
        f"\nDockerfiles that build and answer:"
        f" {_count(tried, lambda one: one['written'] == 'works')}. Applications that answer without"
        f" what is called safe to delete: {_count(whole, lambda one: not one['safe_breaks'])};"
        f"\nwithout all that is claimed: {_count(whole, lambda one: not one['all_breaks'])}."
        f" Role `release` or `tool`:"
        f" {_count(whole, lambda one: one['careless']['role'] in ('release', 'tool'))}.\n"
        f"Claimed on careful images: {median(map(flagged, whole)):.2%} (median); besides what apt and"
        f" dpkg leave behind {median(flagged(one, _LEFT_OVER) for one in whole):.2%},"
        f" at most {max(flagged(one, _LEFT_OVER) for one in whole):.2%}.\n"
    )


def _count(results: Sequence[Result], holds: Callable[[Result], bool]) -> str:
    return f"{sum(map(holds, results))} of {len(results)}"


def details(results: Sequence[Result]) -> str:
    """Everything that helps to mend what is wrong, as plain text."""
    return "\n".join(_details(one) for one in results)


def _details(one: Result) -> str:
    lines = [f"## {one['name']} ({one['ecosystem']})", ""]
    if "broken" in one:
        return "\n".join([*lines, one["broken"], ""])
    careless, careful = one["careless"], one["careful"]
    rebuild = careless["rebuild"]
    lines += [
        f"careless {_mb(careless['disk_bytes'])}, careful {_mb(careful['disk_bytes'])},"
        f" role {careless['role']} ({'; '.join(careless['role_evidence'])}),"
        f" stacks {', '.join(careless['stacks'])}; careful's role: {careful['role']}",
        f"predicted.rebuild {_mb(rebuild['disk_bytes'])} ({rebuild_error(one):+.1%},"
        f" stack {rebuild['stack']})"
        if rebuild
        else "predicted.rebuild: NONE",
        f"predicted.all {_mb(all_bytes(one))} ({all_error(one):+.1%}),"
        f" predicted.safe {_mb(careless['safe_bytes'])}",
        "",
        f"written Dockerfile: {one['written']}"
        + (f" ({_mb(one['written_bytes'])} as built)" if one.get("written_bytes") else ""),
    ]
    if one.get("written_problem"):
        lines += _quoted(one["written_problem"])
    for what, key in (("safe claims deleted", "safe_breaks"), ("all claims", "all_breaks")):
        lines.append(f"{what}: {'BREAKS' if one[key] else 'works'}")
        if one[key]:
            lines += _quoted(one[key])
    for rule, problem in one["rules_that_break"].items():
        lines += [f"rule {rule} alone BREAKS:", *_quoted(problem)]
    lines.append("claims on the careless image:")
    lines += [f"  {_finding(finding)}" for finding in careless["findings"]]
    lines.append("claims on the careful image (false flags or true?):")
    lines += [f"  {_finding(finding)}" for finding in careful["findings"]]
    changes = one["differences"]
    lines.append(
        f"only in the careless image: {_mb(changes['only_careless_bytes'])},"
        f" claimed or of the base: {_mb(changes['claimed_bytes'])}"
    )
    for key, title in (
        ("unclaimed", "nobody claims, though the careful image has it not"),
        ("overclaimed", "claimed, though the careful image has it"),
        ("kept_only", "the rebuild keeps, though the careful image has it not"),
        ("not_kept", "the careful image has, though the rebuild leaves it out"),
    ):
        lines.append(f"{title}:")
        lines += [f"  {_mb(size):>9}  {name}" for name, size in changes[key]]
    return "\n".join([*lines, ""])


def _finding(finding: Result) -> str:
    packages = ", ".join(finding["packages"][:12])
    examples = " ".join(finding["examples"][:5])
    return (
        f"{finding['rule']} {finding['safety']} {_mb(finding['claimed_bytes'])} {finding['title']}"
        + (f" [{packages}]" if packages else "")
        + f" ({examples})"
    )


def _quoted(text: str) -> list[str]:
    return [f"  | {line}" for line in text.strip().splitlines()[-25:]]


def _mb(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
