"""What `slim verify` found, as text."""

from __future__ import annotations

from collections.abc import Iterator

from slim.formats.certificate.sections import proof_sentence
from slim.formats.model import RenderOptions
from slim.formats.terminal import clean
from slim.formats.text.layout import layout_of
from slim.repack.verify import Verified
from slim.report.untrusted import untrusted

_MOST = 50


def render_verified(found: Verified) -> str:
    """One sentence for each platform, and the differences."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Verified) -> Iterator[str]:
    page = layout_of(RenderOptions())
    for fault in found.faults:
        yield page.wrapped(f"The certificate does not fit: {clean(fault)}.", rest="")
    for each in found.images:
        yield page.wrapped(f"{clean(each.platform, 40)}: {proof_sentence(each.proof)}", rest="")
        rows = [
            (difference.what, clean(untrusted(f"/{difference.path}"), 200))
            for difference in each.proof.differences
        ][:_MOST]
        if rows:
            yield page.table(rows, ("differs", "path"), "ll")
            more = len(each.proof.differences) + each.proof.omitted_differences - len(rows)
            if more:
                yield f"  and {more:,} more"
        for side, layer, ids in each.divergent[:_MOST]:
            yield page.wrapped(
                f"Engines unpack layer {layer} of the {side} differently ({', '.join(ids)}): this compares"
                " what the specification makes of it.",
                rest="",
            )
