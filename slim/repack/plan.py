"""A choice among an image's findings, written by `slim analyze -o plan` and edited by hand."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

from slim.errors import InputError


class PlannedFinding(Struct, frozen=True):
    """A finding, and whether it is carried out."""

    rule: str
    slug: str
    title: str
    safety: str
    claimed_bytes: int
    """On disk."""
    apply: bool


class Plan(Struct, frozen=True):
    """All findings that claim something."""

    schema_version: str
    kind: Literal["repack-plan"]
    config_digest: str
    """Of the image that the findings are about."""
    findings: tuple[PlannedFinding, ...]

    @property
    def rules(self) -> tuple[str, ...]:
        """Ids of the rules that are chosen."""
        return tuple(each.rule for each in self.findings if each.apply)


def read_plan(data: bytes, name: str) -> Plan:
    """A plan as it was written, or edited.

    Raises:
        InputError: it is none.
    """
    try:
        return msgspec.json.decode(data, type=Plan)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError) as error:
        raise InputError(
            "not-a-plan",
            f"{name!r} is not a plan: {error}"[:500],
            "slim analyze IMAGE -o plan=plan.json writes one",
        ) from None
