"""A rule as a page for people, and an empty one to fill in."""

from __future__ import annotations

import re
from textwrap import fill

from slim.errors import UsageError
from slim.formats.words import fix
from slim.rules.rule import Rule
from slim.units import format_bytes

_WIDTH = 96


def describe(rule: Rule) -> str:
    """The whole rule as text."""
    lines = [f"{rule.id} {rule.slug}", rule.title, "", fill(rule.why, _WIDTH), ""]
    lines.append(f"{rule.confidence}, {fix(rule.safety)}; category {rule.category}")
    if rule.audience != "default":
        lines.append(f"only for the audience {rule.audience!r}")
    if rule.floor:
        lines.append(f"only from {format_bytes(rule.floor)} on")
    if rule.share:
        lines.append(f"only from {rule.share} % of the image on")
    for title, values in (
        ("Selects", _selects(rule)),
        ("But not", (*rule.except_paths, *(glob.pattern for glob in rule.except_packages))),
        ("Breaks when", rule.breaks_when),
        ("Related", tuple(f"{tool}: {id}" for tool, id in rule.related)),
        ("Sources", rule.sources),
    ):
        if values:
            lines += ["", title, *(f"  {value}" for value in values)]
    lines += ["", "Fix", fill(rule.fix.text, _WIDTH, initial_indent="  ", subsequent_indent="  ")]
    for what, text in (("a COPY brought", rule.fix.for_copy), ("a RUN made", rule.fix.for_run)):
        if text:
            line = f"Where {what} them: {text}"
            lines.append(fill(line, _WIDTH, initial_indent="  ", subsequent_indent="  "))
    if rule.verify:
        lines += ["", "Verify", f"  {rule.verify}"]
    return "\n".join(lines) + "\n"


def template(id: str) -> str:
    """A pack with one rule to fill in.

    Raises:
        UsageError: the id is not three capitals and three digits.
    """
    if not re.fullmatch(r"[A-Z][A-Z0-9]{2}[0-9]{3}", id):
        raise UsageError(
            "bad-rule-id", f"{id!r} is not a rule id", "write three capitals and three digits"
        )
    name = id[:3].lower()
    return _TEMPLATE.replace("@ID", id).replace("@PREFIX", id[:3]).replace("@name", name)


def _selects(rule: Rule) -> tuple[str, ...]:
    query = (f"query {rule.query}",) if rule.query else ()
    packages = tuple(f"package {glob.pattern}" for glob in rule.packages)
    return (*query, *packages, *rule.match)


_TEMPLATE = """\
[pack]
name = "@name"
prefix = ["@PREFIX"]
title = "…"

[[rule]]
id = "@ID"
slug = "@name/what-is-found"
title = "What is found"
why = "Why these bytes are not needed at run time."
category = "cache"
confidence = "likely"
safety = "check"
match = ["var/cache/@name/**"]
fix = { text = "What to change in the Dockerfile." }
where = "same-layer"
breaks_when = ["when the fix breaks something"]
sources = ["https://example.org/where-this-is-known-from"]
hits = ["var/cache/@name/a-path-that-is-found"]
misses = ["var/lib/@name/a-path-that-is-not"]
"""
