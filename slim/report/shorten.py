"""A report that was made with all files, with only the largest of them."""

from __future__ import annotations

from msgspec.structs import replace

from slim.report.model import Report


def shorten(report: Report, files: int | None, most: int) -> Report:
    """`files` of the largest files, without the hashes of their contents: what the report would be had it
    not been made with all; None: all, but at most `most`."""
    keep = most if files is None else files
    left = max(0, len(report.largest_files) - keep)
    shown = report.largest_files[:keep]
    if files is not None:
        shown = [replace(file, content=None) for file in shown]
    if not left and shown == report.largest_files:
        return report
    truncated = replace(report.truncated, largest_files=report.truncated.largest_files + left)
    return replace(report, largest_files=shown, truncated=truncated)
