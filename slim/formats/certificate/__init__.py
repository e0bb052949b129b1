"""The certificate of a repacking, and what `slim verify` found: as JSON, and as pages for people."""

from __future__ import annotations

from slim.formats.certificate.page import render_certificate
from slim.formats.certificate.verified import render_verified

FORMS = ("json", "txt", "md", "html")
"""Endings of files that a certificate is written to."""

__all__ = ["FORMS", "render_certificate", "render_verified"]
