"""A report that was found in a registry: whether it is about this very image."""

from __future__ import annotations

from slim.errors import SlimError
from slim.image.model import Image
from slim.limits import Limits
from slim.report.load import parse_report
from slim.report.model import Report


def parse_attached(data: bytes, image: Image, limits: Limits) -> Report | None:
    """The report, if it is a sound one about this image with its contents known; else None.

    Whoever may push can attach anything: what is not about the image's own config and layers is passed
    over, and the layers are read.
    """
    try:
        report = parse_report(data, "the attached report", limits)
    except SlimError:
        return None
    diff_ids = [layer.diff_id for layer in report.layers]
    if report.image.config_digest != image.config_digest:
        return None
    if diff_ids != [layer.diff_id for layer in image.layers]:
        return None
    if any(layer.missing or not layer.verified for layer in report.layers):
        return None
    return report
