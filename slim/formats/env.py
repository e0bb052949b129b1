"""The result as `name=value` lines, for later steps of a job: GITHUB_OUTPUT and DRONE_OUTPUT.

Numbers, words of a fixed list and an address that the user gave, percent-encoded: no text of an image
gets here, so that none can end a line and set another name.
"""

from __future__ import annotations

from slim.formats.code_findings import totals
from slim.formats.gfm import address
from slim.formats.model import Document, Format, RenderOptions
from slim.report.comparison import Comparison


def render(document: Document, options: RenderOptions) -> str:
    """`size_bytes`, `pull_bytes`, `reclaimable_bytes`, `verdict` (pass, fail or unknown); of a comparison
    `delta_bytes` and `pull_delta_bytes`; `report`, where its address is given."""
    image = totals(document)
    values: dict[str, int | str] = {
        "size_bytes": image.disk_bytes,
        "pull_bytes": image.pull_bytes,
        "reclaimable_bytes": image.reclaimable_bytes,
        "verdict": document.verdict.result,
    }
    if isinstance(document, Comparison):
        values["delta_bytes"] = document.growth.disk_bytes
        values["pull_delta_bytes"] = document.growth.pull_bytes
    if options.report_url:
        values["report"] = address(options.report_url)
    return "".join(f"{name}={value}\n" for name, value in values.items())


ENV = Format(
    name="env",
    about="The result as `name=value` lines, for later steps of a job: GITHUB_OUTPUT and DRONE_OUTPUT.",
    ending=".env",
    report=render,
    comparison=render,
)
