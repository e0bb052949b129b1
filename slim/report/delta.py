"""Two reports → what changed from one image to the other [pure].

Layers are the same by diff id; of the others those of one instruction are one layer built again. Findings
are the same by fingerprint. Files and directories are not compared: reports hold only the largest.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence

from slim.report import model, words
from slim.report.comparison import Comparison, FindingChange, LayerChange, LayerStatus, Side
from slim.report.model import Finding, LayerInfo, Report

_SUM = re.compile(r"\b(file|dir|multi):[0-9a-f]{64}")
"""What the classic builder writes for copied files: their checksum changes with them."""
_ORDER = {"new": 0, "still": 1, "fixed": 2}


def compare(base: Report, image: Report) -> Comparison:
    """What `image` has more, less or different than `base`."""
    layers = [_layer_change(*pair) for pair in _pairs(base.layers, image.layers)]
    layers.sort(
        key=lambda one: (
            one.base_disk_bytes - one.disk_bytes,
            one.index is None,
            one.index or 0,
            one.base_index or 0,
        )
    )
    return Comparison(
        tool=image.tool,
        base=_side(base),
        image=_side(image),
        layers=layers,
        findings=_findings(base, image),
        warnings=list(_warnings(base, image)),
    )


def _side(report: Report) -> Side:
    return Side(
        name=report.image.name,
        input=report.source.input,
        digest=report.image.digest,
        platform=report.image.platform,
        verified=report.source.verified,
        totals=report.totals,
    )


def _pairs(
    base: Sequence[LayerInfo], image: Sequence[LayerInfo]
) -> Iterator[tuple[LayerInfo | None, LayerInfo | None, LayerInfo]]:
    """(in the base, in the image, the one to show), in order of the image; what only the base has last."""
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
        yield partner.get(number), layer, layer
    for layer in left:
        yield layer, None, layer


def _contents(layer: LayerInfo) -> str:
    return layer.diff_id


def _instruction(layer: LayerInfo) -> str:
    return _SUM.sub(r"\1", words.instruction(layer.created_by))


def _layer_change(base: LayerInfo | None, image: LayerInfo | None, shown: LayerInfo) -> LayerChange:
    before = base.disk_bytes if base else 0
    after = image.disk_bytes if image else 0
    return LayerChange(
        status=_status(base, image),
        base_index=base.index if base else None,
        index=image.index if image else None,
        created_by=shown.created_by,
        dockerfile=shown.dockerfile,
        base_disk_bytes=before,
        base_pull_bytes=base.pull_bytes if base else 0,
        disk_bytes=after,
        pull_bytes=image.pull_bytes if image else 0,
    )


def _status(base: LayerInfo | None, image: LayerInfo | None) -> LayerStatus:
    if base is None:
        return "added"
    if image is None:
        return "removed"
    if image.disk_bytes != base.disk_bytes:
        return "grew" if image.disk_bytes > base.disk_bytes else "shrank"
    return "same" if image.diff_id and image.diff_id == base.diff_id else "rebuilt"


def _findings(base: Report, image: Report) -> list[FindingChange]:
    """Of findings that claim bytes; one that is only a note on a side is not there."""
    before, after = _claims(base), _claims(image)
    changes = [
        FindingChange(
            status="still" if key in before else "new",
            base_claimed_bytes=before[key].claimed_bytes if key in before else 0,
            finding=one,
        )
        for key, one in after.items()
    ]
    changes += [
        FindingChange(status="fixed", base_claimed_bytes=one.claimed_bytes, finding=one)
        for key, one in before.items()
        if key not in after
    ]
    changes.sort(key=lambda one: (_ORDER[one.status], -one.finding.claimed_bytes, one.finding.id))
    return changes


def _claims(report: Report) -> dict[str, Finding]:
    return {one.id: one for one in report.findings if one.mode == "claim"}


def _warnings(base: Report, image: Report) -> Iterator[model.Warning]:
    if base.image.platform != image.image.platform:
        yield model.Warning(
            id="other-platform",
            text=f"{base.image.platform} is compared with {image.image.platform}",
        )
    if base.tool.rules != image.tool.rules:
        yield model.Warning(
            id="other-rules",
            text="the two reports are by other rules: findings may differ for that",
        )
    if base.truncated.findings or image.truncated.findings:
        yield model.Warning(
            id="findings-left-out",
            text="a report leaves out findings: some may seem new or fixed (use a larger --top)",
        )
    if any(layer.missing for layer in (*base.layers, *image.layers)):
        yield model.Warning(id="contents-unknown", text="the contents of a layer are not known")
