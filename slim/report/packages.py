"""The packages of the report: what each takes, and why it is there [pure]."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slim.packages.closure import why
from slim.report import model
from slim.report.naming import utf8
from slim.report.untrusted import untrusted

if TYPE_CHECKING:
    from slim.advice.advise import Advice


def packages(advice: Advice, top: int) -> list[model.PackageInfo]:
    """The `top` packages with most bytes on disk."""
    owned = advice.image.owned
    reasons = why(advice.image.graph)
    # The last of each is for files that no package owns: their owner is -1.
    gone_disk, gone_pull = ([0] * (len(owned.packages) + 1) for _ in range(2))
    for row, (disk, pull) in advice.reclaimed.items():
        owner = owned.owner[row]
        gone_disk[owner] += disk
        gone_pull[owner] += pull
    order = sorted(
        range(len(owned.packages)),
        key=lambda one: (-owned.disk[one], owned.packages[one].name, one),
    )
    return [
        model.PackageInfo(
            manager=owned.packages[one].manager,
            name=untrusted(utf8(owned.packages[one].name)),
            version=untrusted(utf8(owned.packages[one].version)),
            disk_bytes=owned.disk[one],
            pull_bytes=owned.pull[one],
            files=owned.files[one],
            reclaimable_bytes=gone_disk[one],
            reclaimable_pull_bytes=gone_pull[one],
            layer=owned.layer[one] if owned.layer[one] >= 0 else None,
            why=utf8(reasons[one].text(advice.image.graph)),
        )
        for one in order[:top]
    ]
