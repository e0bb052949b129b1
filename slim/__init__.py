"""Find out where every byte of a container image comes from, what is waste, and how to remove it.

>>> from slim import analyze                                        # doctest: +SKIP
>>> analyze("image.tar").totals.dead_bytes                          # doctest: +SKIP
27131904
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from slim.errors import SlimError
from slim.version import VERSION as __version__

__all__ = [
    "Access",
    "Comparison",
    "Login",
    "RenderOptions",
    "Report",
    "SlimError",
    "__version__",
    "analyze",
    "compare",
    "load_comparison",
    "load_report",
    "render",
]

if TYPE_CHECKING:
    from slim.formats.formats import render
    from slim.formats.model import RenderOptions
    from slim.image.registry.access import Access, Login
    from slim.library import analyze
    from slim.report.compare import compare
    from slim.report.comparison import Comparison
    from slim.report.load import load_comparison, load_report
    from slim.report.model import Report

_FROM = {
    "Access": "slim.image.registry.access",
    "Comparison": "slim.report.comparison",
    "RenderOptions": "slim.formats.model",
    "Report": "slim.report.model",
    "Login": "slim.image.registry.access",
    "analyze": "slim.library",
    "compare": "slim.report.compare",
    "load_comparison": "slim.report.load",
    "load_report": "slim.report.load",
    "render": "slim.formats.formats",
}


def __getattr__(name: str) -> object:
    """Load what reads images only when it is used: `slim --version` needs none of it."""
    if name in _FROM:
        from importlib import import_module

        return getattr(import_module(_FROM[name]), name)
    raise AttributeError(f"module 'slim' has no attribute {name!r}")
