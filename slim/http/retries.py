"""Which answers are temporary, and how long to wait before the next try.

Source: RFC 9110 §10.2.3 (Retry-After), RFC 6585 §4 (429), GitHub's documentation of its rate limits.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from random import SystemRandom

TRIES = 4
LONGEST_WAIT = 60.0
"""Seconds; a server that asks for more is not asked again."""
_jitter = SystemRandom().uniform


def is_temporary(status: int, headers: Mapping[str, str]) -> bool:
    """Whether a later try may have another answer."""
    if status == 403:
        # GitHub's way to say 429.
        return "Retry-After" in headers or headers.get("X-RateLimit-Remaining") == "0"
    return status in (408, 429) or status >= 500


def asked_to_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds until the next try, where the server says so."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    with suppress(ValueError, TypeError, OverflowError):
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    reset = headers.get("X-RateLimit-Reset", "").strip()
    if headers.get("X-RateLimit-Remaining") == "0" and reset.isascii() and reset.isdigit():
        return max(0.0, float(reset[:12]) - time.time())
    return None


def backoff(pause: float, attempt: int) -> float:
    """Seconds after a failed attempt (1 is the first), where the server says nothing.

    Clients that started together should not come back together.
    """
    return pause * (1 << attempt) * _jitter(0.5, 1.0)
