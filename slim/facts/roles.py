"""The names of roles, and how an image's label says which it has."""

from __future__ import annotations

ROLES = ("release", "builder", "dev", "base", "tool")
"""The roles, besides `unknown`."""
LABEL = "org.slim.role"
"""Image label that says what the role is."""
LABEL_SAYS = f": the label {LABEL} says so"
"""Behind the role in the first line of the evidence, where the label decides."""
