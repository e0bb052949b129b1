"""The page for an image of which there is no report: nobody shall take silence for a pass."""

from __future__ import annotations

from slim.formats.flavors import flavor_of
from slim.formats.gfm import code, link, marker, prose
from slim.formats.markdown.page import page
from slim.formats.model import RenderOptions
from slim.secrets import redact
from slim.version import VERSION


def render(why: str, options: RenderOptions) -> str:
    """One sentence with the error's message `why`, and a footer; `options.key` names the image."""
    flavor = flavor_of(options.flavor)
    mark = " ❌" if flavor.glyphs else ""
    sentence = f"image could not be analysed: {prose(redact.message(why)).rstrip('.')}{mark}"
    footer = f"slim {VERSION}" + (f" · {link('run', options.run_url)}" if options.run_url else "")
    return page(
        marker(options.key, options.head, options.run),
        [f"### {code(options.key, 60)} {sentence}"],
        [],
        footer,
        flavor,
    )
