"""Whether an image was built in stages already, as far as its history and its Dockerfile show."""

from __future__ import annotations

from slim.patterns import regex
from slim.report.instruction import instruction
from slim.report.model import Report
from slim.report.untrusted import bare

_FROM_STAGE = regex(r"COPY\s+(?:--\S+\s+)*?(?:--from=\S|/\S+\s)")
"""BuildKit records a copy from a stage without `--from`: its source is absolute, which those of the build
context hardly ever are."""
_SHARE = 10


def is_multi_stage(report: Report) -> bool:
    """Whether layers that were copied from a stage hold at least a tenth of what is not the base image's.

    A single tool that was copied from another image is not enough.
    """
    own = [layer for layer in report.layers if not layer.from_base]
    copied = sum(
        layer.disk_bytes
        for layer in own
        if (layer.dockerfile is not None and layer.dockerfile.from_stage)
        or _FROM_STAGE.match(bare(instruction(layer.created_by)))
    )
    return 0 < copied * _SHARE >= sum(layer.disk_bytes for layer in own)
