"""The numbers of the wire format with their bounds, and words of a fixed form."""

from __future__ import annotations

from math import isfinite
from typing import Annotated

from msgspec import Meta

LARGEST = 2**63 - 1
Size = Annotated[int, Meta(ge=0, le=LARGEST)]
Count = Annotated[int, Meta(ge=0)]
Moment = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", max_length=20)]
"""In UTC, to the second."""
Architecture = Annotated[str, Meta(pattern=r"^(?:(?:sm|compute)_[0-9]{1,4}|other)$", max_length=20)]
"""Of GPUs."""
Ratio = Annotated[float, Meta(ge=0, le=1)]


def check_finite(*numbers: float | None) -> None:
    """See to it that JSON can say these numbers: msgspec would write null for the others.

    Raises:
        ValueError: one of them is infinite or not a number.
    """
    for number in numbers:
        if number is not None and not isfinite(number):
            raise ValueError(f"{number} is not a number for a report")
