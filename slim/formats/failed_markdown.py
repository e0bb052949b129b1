"""The page for an image of which there is no report: nobody shall take silence for a pass [pure]."""

from __future__ import annotations

from slim.formats.flavors import flavor_of
from slim.formats.gfm import code, link, marker, prose
from slim.formats.page import page
from slim.report.untrusted import Text
from slim.secrets import redact
from slim.version import VERSION


def render(
    why: str,
    *,
    key: Text,
    flavor: str = "github",
    head: str = "",
    run: str = "",
    run_url: str = "",
) -> str:
    """One sentence, why, and a footer; the arguments are those of `slim.formats.markdown`."""
    style = flavor_of(flavor)
    glyph = " ❌" if style.glyphs else ""
    said = f"### {code(key, 60)} image could not be analysed: {prose(redact.message(why)).rstrip('.')}{glyph}"
    footer = f"slim {VERSION}" + (f" · {link('run', run_url)}" if run_url else "")
    return page(marker(key, head, run), [said], [], footer, style)
