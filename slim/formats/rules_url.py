"""Addresses of pages about rules: what a template of the user's makes of a rule.

The template is the user's own (`--rules-url`); what is put into it comes from a report and has to have
the form of a rule's id or slug, or there is no address.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from slim.errors import UsageError
from slim.formats.gfm import address
from slim.patterns import regex
from slim.report.model import Finding

_LONGEST = 500
_ID = regex(r"[A-Z][A-Z0-9]{2}[0-9]{3}", re.ASCII)
_SLUG = regex(r"[a-z0-9-]{1,60}/[a-z0-9-]{1,60}", re.ASCII)
_EXAMPLE = "https://docs.example/rules/{id}"


def parse_rules_url(text: str) -> str:
    """The template, fit to make links of: https, with `{id}` or `{slug}` behind the host.

    Raises:
        UsageError: it is not such a template.
    """
    filled = text.replace("{id}", "AAA000").replace("{slug}", "a/b")
    try:
        parts, before = urlsplit(filled), urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    why = ""
    if not host or parts.scheme != "https":
        why = "it does not start with https:// and a host"
    elif parts.username is not None or parts.netloc != before.netloc:
        why = "only a host may come before the path"
    elif filled == text:
        why = "it has neither {id} nor {slug}"
    elif "{" in filled or "}" in filled:
        why = "it has braces other than {id} and {slug}"
    elif len(text) > _LONGEST or address(filled) != filled:
        why = "it is too long or has characters that are not allowed in an address"
    if why:
        raise UsageError(
            "bad-rules-url",
            f"{text[:100]!r} is not a template of rule addresses: {why}",
            f"for example {_EXAMPLE}",
        )
    return text


def page_of(template: str, finding: Finding) -> str:
    """The address of the page about a finding's rule; empty without a template, or where the report
    names no rule."""
    if not template or not _ID.fullmatch(finding.rule) or not _SLUG.fullmatch(finding.slug):
        return ""
    return template.replace("{id}", finding.rule).replace("{slug}", finding.slug)
