"""Two reports → what changed from one image to the other.

Layers are the same by diff id; of the others those of one instruction are one layer built again. Findings
are the same by fingerprint, packages by manager, name and version, files by path and contents.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence

from slim.patterns import regex
from slim.report import model
from slim.report.compare_directories import directories
from slim.report.compare_files import files
from slim.report.compare_packages import packages
from slim.report.comparison import (
    Change,
    Comparison,
    FindingChange,
    Growth,
    LayerChange,
    LayerStatus,
    Partial,
)
from slim.report.instruction import instruction
from slim.report.model import LayerInfo, Report
from slim.report.sides import side
from slim.report.untrusted import bare, joined, untrusted

_SUM = regex(r"\b(file|dir|multi):[0-9a-f]{64}")
"""What the classic builder writes for copied files: their checksum changes with them."""
_ORDER = {"new": 0, "still": 1, "fixed": 2}


def compare(base: Report, image: Report, *, top: int = 1_000) -> Comparison:
    """What `image` has more, less or different than `base`.

    Files are compared as far as the reports list them: completely, where both were made with
    `all_files`. `top` bounds the lists of packages, directories and files.
    """
    ends = _base_images(base, image)
    layers = [_layer_change(*pair, ends) for pair in _pairs(base.layers, image.layers)]
    layers.sort(
        key=lambda change: (
            change.base_disk_bytes - change.disk_bytes,
            change.index is None,
            change.index or 0,
            change.base_index or 0,
        )
    )
    growth = _growth(base, image, ends)
    owned, owned_rest, owned_partial = packages(base, image, growth.live, top)
    compared = files(base, image)
    changed, changed_rest = compared.largest(growth.live, top)
    return Comparison(
        timestamp=image.timestamp,
        key=image.key,
        tool=image.tool,
        base=side(base),
        image=side(image),
        growth=growth,
        layers=layers,
        findings=_findings(base, image, "claim"),
        notes=_findings(base, image, "note"),
        packages=owned,
        packages_rest=owned_rest,
        directories=directories(base, image, compared, top),
        files=changed,
        files_rest=changed_rest,
        partial=Partial(
            findings=bool(base.truncated.findings or image.truncated.findings),
            packages=owned_partial,
            directories=not compared.complete,
            files=not compared.complete,
            contents=not compared.identified,
        ),
        warnings=list(_warnings(base, image)),
    )


def _base_images(base: Report, image: Report) -> tuple[int, int] | None:
    """How many layers on both sides are of the image that it was built from; None when not known.

    Where the longer of both is in both images, it is the same: only one side knew its end.
    """
    ends = base.image.base.layers, image.image.base.layers
    longest = max(ends)
    first, second = ([layer.diff_id for layer in side.layers[:longest]] for side in (base, image))
    if longest and first == second and all(first):
        return longest, longest
    return ends if all(ends) else None


def _growth(base: Report, image: Report, ends: tuple[int, int] | None) -> Growth:
    before, after = base.totals, image.totals
    disk = after.disk_bytes - before.disk_bytes
    pull = after.pull_bytes - before.pull_bytes
    of_base = None
    if ends is not None:
        first, second = base.layers[: ends[0]], image.layers[: ends[1]]
        of_base = Change(
            disk_bytes=sum(layer.disk_bytes for layer in second)
            - sum(layer.disk_bytes for layer in first),
            pull_bytes=sum(layer.pull_bytes for layer in second)
            - sum(layer.pull_bytes for layer in first),
        )
    return Growth(
        disk_bytes=disk,
        pull_bytes=pull,
        live=Change(
            disk_bytes=after.live_bytes - before.live_bytes,
            pull_bytes=after.live_pull_bytes - before.live_pull_bytes,
        ),
        dead=Change(
            disk_bytes=after.dead_bytes - before.dead_bytes,
            pull_bytes=after.dead_pull_bytes - before.dead_pull_bytes,
        ),
        overhead_pull_bytes=after.overhead_pull_bytes - before.overhead_pull_bytes,
        base_image=of_base,
        own=of_base
        and Change(disk_bytes=disk - of_base.disk_bytes, pull_bytes=pull - of_base.pull_bytes),
    )


def _pairs(
    base: Sequence[LayerInfo], image: Sequence[LayerInfo]
) -> Iterator[tuple[LayerInfo | None, LayerInfo | None]]:
    """(in the base, in the image), in order of the image; what only the base has last."""
    partner: dict[int, LayerInfo] = {}
    left = list(base)
    for key in (_contents, _instruction):
        waiting: dict[str, deque[LayerInfo]] = defaultdict(deque)
        for layer in left:
            waiting[key(layer)].append(layer)
        for number, layer in enumerate(image):
            name = key(layer)
            if number not in partner and name and waiting[name]:
                partner[number] = waiting[name].popleft()
        taken = {id(layer) for layer in partner.values()}
        left = [layer for layer in left if id(layer) not in taken]
    for number, layer in enumerate(image):
        yield partner.get(number), layer
    for layer in left:
        yield layer, None


def _contents(layer: LayerInfo) -> str:
    return layer.diff_id


def _instruction(layer: LayerInfo) -> str:
    return _SUM.sub(r"\1", bare(instruction(layer.created_by)))


def _layer_change(
    base: LayerInfo | None, image: LayerInfo | None, ends: tuple[int, int] | None
) -> LayerChange:
    shown = image or base
    assert shown is not None  # noqa: S101
    from_base = shown.from_base if ends is None else shown.index < ends[image is not None]
    return LayerChange(
        status=_status(base, image),
        base_index=base.index if base else None,
        index=image.index if image else None,
        diff_id=shown.diff_id,
        created_by=shown.created_by,
        dockerfile=shown.dockerfile,
        from_base=from_base,
        base_disk_bytes=base.disk_bytes if base else 0,
        base_pull_bytes=base.pull_bytes if base else 0,
        disk_bytes=image.disk_bytes if image else 0,
        pull_bytes=image.pull_bytes if image else 0,
        reclaimable_bytes=image.reclaimable_bytes if image else 0,
    )


def _status(base: LayerInfo | None, image: LayerInfo | None) -> LayerStatus:
    if base is None:
        return "added"
    if image is None:
        return "removed"
    if image.disk_bytes != base.disk_bytes:
        return "grew" if image.disk_bytes > base.disk_bytes else "shrank"
    return "same" if image.diff_id and image.diff_id == base.diff_id else "rebuilt"


def _findings(base: Report, image: Report, mode: str) -> list[FindingChange]:
    """Of findings of one mode: a finding that claims bytes on one side only is new or fixed."""
    before, after = (
        {finding.id: finding for finding in side.findings if finding.mode == mode}
        for side in (base, image)
    )
    changes = [
        FindingChange(
            status="still" if key in before else "new",
            base_claimed_bytes=before[key].claimed_bytes if key in before else 0,
            finding=finding,
        )
        for key, finding in after.items()
    ]
    if mode == "claim":
        suppressed = {finding.id for finding in image.findings if finding.suppressed}
        changes += [
            FindingChange(status="fixed", base_claimed_bytes=finding.claimed_bytes, finding=finding)
            for key, finding in before.items()
            if key not in after and key not in suppressed
        ]
    changes.sort(
        key=lambda change: (_ORDER[change.status], -change.finding.claimed_bytes, change.finding.id)
    )
    return changes


def _warnings(base: Report, image: Report) -> Iterator[model.Warning]:
    if base.image.platform != image.image.platform:
        yield model.Warning(
            id="other-platform",
            text=joined(base.image.platform, " is compared with ", image.image.platform),
        )
    if base.tool.rules != image.tool.rules:
        yield model.Warning(
            id="other-rules",
            text=untrusted(
                "the two reports were made with different rules, so findings may differ"
            ),
        )
    if base.truncated.findings or image.truncated.findings:
        yield model.Warning(
            id="findings-left-out",
            text=untrusted(
                "a report leaves findings out: some may only seem new or fixed (use a larger --top)"
            ),
        )
    estimated = base.totals.estimated, image.totals.estimated
    if any(estimated):
        if all(estimated):
            text = "the sizes to pull are estimates: both archives store layers uncompressed"
        else:
            which = "the base's" if estimated[0] else "the image's"
            other = "the image's" if estimated[0] else "the base's"
            text = (
                f"{which} size to pull is an estimate, since its archive stores layers uncompressed;"
                f" {other} was measured"
            )
        yield model.Warning(
            id="pull-estimated", text=untrusted(f"{text} (--exact-pull compresses them)")
        )
    if any(layer.missing for layer in (*base.layers, *image.layers)):
        yield model.Warning(
            id="contents-unknown", text=untrusted("the contents of a layer are not known")
        )
