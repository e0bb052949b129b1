"""Where every byte of a container image comes from, which are waste, and what to change.

>>> from slim import analyze                                        # doctest: +SKIP
>>> analyze("image.tar").totals.dead_bytes                          # doctest: +SKIP
27131904
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from slim.errors import SlimError
from slim.version import VERSION as __version__

__all__ = ["Report", "SlimError", "__version__", "analyze"]

if TYPE_CHECKING:
    from slim.pipeline import analyze
    from slim.report.model import Report


def __getattr__(name: str) -> object:
    """Load what reads images only when it is asked for: `slim --version` needs none of it."""
    if name == "analyze":
        from slim.pipeline import analyze

        return analyze
    if name == "Report":
        from slim.report.model import Report

        return Report
    raise AttributeError(f"module 'slim' has no attribute {name!r}")
