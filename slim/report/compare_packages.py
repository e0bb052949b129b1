"""The packages of two reports by manager, name and version: added, removed, updated, grew, shrank."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from slim.report.comparison import Change, PackageChange, PackageStatus, Rest
from slim.report.model import PackageInfo, Report
from slim.report.untrusted import Untrusted, untrusted


def packages(
    base: Report, image: Report, live: Change, top: int
) -> tuple[list[PackageChange], Rest, bool]:
    """The changes of most bytes, what is left of `live` beside them, and whether some may be missing.

    A package that a report may have left out is not a change: it is in the rest.
    """
    wholes = _is_whole(base), _is_whole(image)
    pairs = [
        (before, after)
        for before, after in _pairs(base.packages, image.packages)
        if (before is not None or wholes[0]) and (after is not None or wholes[1])
    ]
    changes = [_change(*pair) for pair in pairs if _is_changed(*pair)]
    changes.sort(key=_order)
    shown = changes[:top]
    rest = Rest(
        count=len(changes) - len(shown),
        change=Change(
            disk_bytes=live.disk_bytes
            - sum(change.disk_bytes - change.base_disk_bytes for change in shown),
            pull_bytes=live.pull_bytes
            - sum(change.pull_bytes - change.base_pull_bytes for change in shown),
        ),
    )
    return shown, rest, not all(wholes)


def _is_whole(report: Report) -> bool:
    """Whether the report lists all packages; without rules none were looked for."""
    return (
        report.tool.rules is not None
        and not report.truncated.packages
        and not any(layer.missing for layer in report.layers)
    )


def _pairs(
    base: Sequence[PackageInfo], image: Sequence[PackageInfo]
) -> Iterator[tuple[PackageInfo | None, PackageInfo | None]]:
    """Of one name first what stayed the same, then one version; versions that are left are updates."""
    before, after = _by_name(base), _by_name(image)
    for name in {**before, **after}:
        left, right = before.get(name, []), after.get(name, [])
        for same in (_contents, _version):
            waiting: dict[object, deque[PackageInfo]] = defaultdict(deque)
            for package in left:
                waiting[same(package)].append(package)
            unmatched = []
            for package in right:
                if waiting[same(package)]:
                    yield waiting[same(package)].popleft(), package
                else:
                    unmatched.append(package)
            left = [package for several in waiting.values() for package in several]
            right = unmatched
        yield from zip_longest(left, right)


def _contents(package: PackageInfo) -> object:
    return package.version, package.disk_bytes


def _version(package: PackageInfo) -> object:
    return package.version


def _by_name(found: Sequence[PackageInfo]) -> dict[tuple[str, Untrusted], list[PackageInfo]]:
    names = defaultdict(list)
    for package in found:
        names[package.manager, package.name].append(package)
    for several in names.values():
        several.sort(key=lambda package: (package.version, package.disk_bytes, package.pull_bytes))
    return names


def _is_changed(before: PackageInfo | None, after: PackageInfo | None) -> bool:
    """Files of the same size in the pull of another layer may differ by some bytes: no change."""
    return (
        before is None
        or after is None
        or (before.version, before.disk_bytes) != (after.version, after.disk_bytes)
    )


def _change(before: PackageInfo | None, after: PackageInfo | None) -> PackageChange:
    shown = after or before
    assert shown is not None  # noqa: S101
    return PackageChange(
        status=_status(before, after),
        manager=shown.manager,
        name=shown.name,
        base_version=before.version if before else untrusted(""),
        version=after.version if after else untrusted(""),
        base_layer=before.layer if before else None,
        layer=after.layer if after else None,
        base_disk_bytes=before.disk_bytes if before else 0,
        base_pull_bytes=before.pull_bytes if before else 0,
        disk_bytes=after.disk_bytes if after else 0,
        pull_bytes=after.pull_bytes if after else 0,
    )


def _status(before: PackageInfo | None, after: PackageInfo | None) -> PackageStatus:
    if before is None:
        return "added"
    if after is None:
        return "removed"
    if before.version != after.version:
        return "updated"
    return "grew" if after.disk_bytes > before.disk_bytes else "shrank"


def _order(change: PackageChange) -> tuple[int, int, str, Untrusted, Untrusted, Untrusted]:
    return (
        -abs(change.disk_bytes - change.base_disk_bytes),
        -abs(change.pull_bytes - change.base_pull_bytes),
        change.manager,
        change.name,
        change.base_version,
        change.version,
    )
