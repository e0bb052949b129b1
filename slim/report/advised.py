"""What a report has of the advice: findings, packages and the rebuild. Imported where there is some."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from slim.image.base import BaseImage
from slim.image.model import Image
from slim.report import model
from slim.report.findings import findings
from slim.report.packages import packages
from slim.report.rebuild import rebuild
from slim.report.snippets import snippets_of
from slim.report.untrusted import Untrusted, bare

if TYPE_CHECKING:
    from slim.advice.advise import Advice
    from slim.dockerfile.align import Placement
    from slim.report.build import Rulebook

_PACKAGES = 10_000


class Advised(Struct, frozen=True):
    """These parts of a report."""

    findings: list[model.Finding]
    packages: list[model.PackageInfo]
    rebuild: model.Rebuild | None
    left_out: int
    """Packages that are not listed."""


def advised_parts(
    advice: Advice,
    rulebook: Rulebook,
    image: Image,
    base: BaseImage,
    *,
    placements: Sequence[Placement | None],
    created_by: Sequence[Untrusted],
    places: Sequence[model.Place | None],
    example: Callable[[int], model.Example],
    top: int,
    redacted: bool,
) -> Advised:
    """The advice in the words of the report.

    Args:
        advice, rulebook: what was found, and by which rules.
        image, base: what it was found in.
        placements: by history entry; empty without a Dockerfile.
        created_by, places: by layer, what made it, and where the user's Dockerfile has that.
        example: names the file of a row.
        top: bounds the findings. Packages are all listed, up to a bound that no image reaches.
        redacted: hide values that look like secrets.
    """
    rebuilt = rebuild(
        advice.rebuild,
        image.config,
        base,
        rulebook.snippets,
        redacted=redacted,
        placed={
            index: placement.instruction
            for index, placement in enumerate(placements)
            if placement
            and "<<" not in placement.instruction
            and "--from" not in placement.instruction
        },
    )
    most = max(top, _PACKAGES)
    dockerfile = bare(rebuilt.dockerfile) if rebuilt else ""
    return Advised(
        findings=findings(
            advice,
            created_by=created_by,
            places=places,
            snippets=snippets_of(image, rulebook.snippets, advice.image.facts.env, dockerfile),
            example=example,
            ignores=advice.suppressions,
            top=top,
        ),
        packages=packages(advice, most),
        rebuild=rebuilt,
        left_out=max(0, len(advice.image.owned.packages) - most),
    )
