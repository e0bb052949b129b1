"""The packages of the report: what each takes, and why it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slim.packages.closure import why
from slim.report import model
from slim.report.naming import largest_rule, utf8
from slim.report.untrusted import untrusted

if TYPE_CHECKING:
    from slim.advice.advise import Advice


def packages(advice: Advice, top: int) -> list[model.PackageInfo]:
    """The `top` packages with most bytes on disk."""
    owned = advice.image.owned
    reasons = why(advice.image.graph)
    # The last of each is for files that no package owns: their owner is -1.
    gone_disk, gone_pull = ([0] * (len(owned.packages) + 1) for _ in range(2))
    rules: list[dict[str, int]] = [{} for _ in range(len(owned.packages) + 1)]
    for gone in advice.reclaimed:
        for owner, disk, pull in gone.sums(map(owned.owner.__getitem__, gone.rows)):
            gone_disk[owner] += disk
            gone_pull[owner] += pull
            if gone.why:
                rules[owner][gone.why] = rules[owner].get(gone.why, 0) + disk
    order = sorted(
        range(len(owned.packages)),
        key=lambda number: (-owned.disk[number], owned.packages[number].name, number),
    )
    return [
        model.PackageInfo(
            manager=owned.packages[number].manager,
            name=untrusted(utf8(owned.packages[number].name)),
            version=untrusted(utf8(owned.packages[number].version)),
            disk_bytes=owned.disk[number],
            pull_bytes=owned.pull[number],
            files=owned.files[number],
            reclaimable_bytes=gone_disk[number],
            reclaimable_pull_bytes=gone_pull[number],
            layer=owned.layer[number] if owned.layer[number] >= 0 else None,
            why=utf8(reasons[number].text(advice.image.graph)),
            rule=largest_rule(rules[number]),
        )
        for number in order[:top]
    ]
