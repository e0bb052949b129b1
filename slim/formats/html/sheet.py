"""Templates → pages: what every expression in them goes through.

Templates are part of the program; what they are filled with may come from strangers. So every text is
made visible (no control, bidirectional or invisible characters) and escaped by the environment itself,
templates put it nowhere but between tags and into quoted attributes that hold no code and no address,
and the page's policy allows one style sheet and one script, by hash.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from slim.formats import verdicts, words
from slim.formats.html import draw
from slim.formats.html.tones import FILLS, STRIPES, TEXT
from slim.formats.instructions import shortened
from slim.formats.log_commands import quiet_page
from slim.formats.model import RenderOptions
from slim.formats.plan import cause
from slim.formats.rules_url import page_of
from slim.formats.terminal import cut
from slim.units import Units

if TYPE_CHECKING:
    import jinja2

_LONGEST = 500
_SNIPPET, _LINE = 16_000, 4_000
"""Characters of a snippet, and of a line of it: which is there to be copied."""


def fill(template: str, values: Mapping[str, Any], options: RenderOptions) -> str:
    """A page from one of the templates beside this module."""
    rule_page = partial(page_of, options.rules_url)
    page = _environment(options.units).get_template(template)
    return quiet_page(page.render({**values, "rule_page": rule_page}))


@cache
def _environment(units: Units) -> jinja2.Environment:
    import jinja2  # Heavy, and for this format alone.

    loader = jinja2.PackageLoader("slim.formats", "html")
    environment = jinja2.Environment(
        loader=loader,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "size": units.size,
        "signed": units.change,
        "pull": units.pull,
        "pull_signed": units.pull_change,
        "cut": cut,
        "instruction": shortened,
        "prose": prose,
        "lines": _lines,
        "count": words.count,
        "also_removed": lambda finding, sizes: words.also_removed(finding, sizes, units),
        "named_cause": lambda finding, sizes: cause(finding, sizes, units),
        "limit": lambda budget: verdicts.limit(budget, units),
        "budget_value": lambda budget: verdicts.budget_value(budget.name, budget.value, units.size),
        "kept": words.contents,
        "why_suppressed": words.suppressed,
        "cause": words.cause,
        "fix": words.fix,
        "swatch": lambda tone: Markup(draw.swatch(tone)),  # noqa: S704
    }
    style = _source(loader, environment, "page.css").replace("@FILLS@", _fills())
    script = "\n".join(_source(loader, environment, name) for name in ("page.js", "map.js"))
    environment.globals |= {
        "style": Markup(style),  # noqa: S704
        "style_hash": _hash(style),
        "script": Markup(script),  # noqa: S704
        "script_hash": _hash(script),
        "patterns": Markup(draw.patterns()),  # noqa: S704
        "unit_definition": units.definition,
        "units": units,
    }
    return environment


def safe(drawing: str) -> Markup:
    """A drawing of ours, in which every text has been escaped already."""
    return Markup(drawing)  # noqa: S704


def prose(text: str, width: int = _LONGEST) -> Markup:
    """A sentence in which `` `words` `` are code."""
    pieces = cut(" ".join(text.split()), width).split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(piece)
        if number % 2 and number < len(pieces) - 1
        else escape(piece)
        for number, piece in enumerate(pieces)
    )


def _shown(value: Any) -> Any:
    """What the environment does with every expression, before it escapes it."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return cut(value, _LONGEST)
    return value


def _lines(text: str) -> Markup:
    """Lines as they are, each made visible."""
    lines = text[:_SNIPPET].splitlines()
    return Markup("\n").join(escape(cut(line, _LINE)) for line in lines[:120])


def _source(loader: jinja2.PackageLoader, environment: jinja2.Environment, name: str) -> str:
    return loader.get_source(environment, name)[0].strip()


def _hash(text: str) -> str:
    """As a content security policy names an inline element (CSP level 3 §8.3)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _fills() -> str:
    """Rules for the drawings' colours, which the drawings themselves have for light pages only."""
    light = [f".{tone}{{fill:{fills[0]}}}" for tone, fills in FILLS.items()]
    dark = [f".{tone}{{fill:{fills[1]}}}" for tone, fills in FILLS.items()]
    light += [f".{tone}-stripe{{fill:{stripes[0]}}}" for tone, stripes in STRIPES.items()]
    dark += [f".{tone}-stripe{{fill:{stripes[1]}}}" for tone, stripes in STRIPES.items()]
    light.append(f".map text{{fill:{TEXT[0]}}}")
    dark.append(f".map text{{fill:{TEXT[1]}}}")
    frames = ".map rect.frame{fill:var(--frame);stroke:var(--frame-line)}"
    print_ = f"@media print{{{''.join(light)}}}"
    return f"{''.join(light)}{frames}@media (prefers-color-scheme:dark){{{''.join(dark)}}}{print_}"
