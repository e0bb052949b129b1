"""Bytes to words and back. Shown in SI units (1 MB = 1,000,000 bytes) or IEC units, parsed strictly."""

from __future__ import annotations

import re
from typing import NamedTuple

from slim.patterns import regex

_SI = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
_IEC = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


class Units(NamedTuple):
    """How sizes are written for people: whoever writes a page hands one of the two on to its parts."""

    step: int
    """How many of a unit are the next one: 1000 or 1024."""
    names: tuple[str, ...]
    definition: str
    """What a unit is, for the foot of a page."""
    estimated: bool = False
    """Sizes to pull are estimates, and marked as such."""

    def size(self, count: int) -> str:
        """Bytes with three significant digits: `999 B`, `12.4 MB`, `343 MB`.

        >>> SI.size(54_320_000), SI.size(0), SI.size(-1500), SI.size(999_999), IEC.size(54_320_000)
        ('54.3 MB', '0 B', '-1.50 kB', '1.00 MB', '51.8 MiB')
        """
        sign, value, unit = ("-" if count < 0 else ""), float(abs(count)), 0
        # 999.5 would be printed as "1000": it belongs to the next unit.
        while value >= 999.5 and unit < len(self.names) - 1:
            value /= self.step
            unit += 1
        if unit == 0:
            return f"{sign}{value:.0f} B"
        digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
        return f"{sign}{value:.{digits}f} {self.names[unit]}"

    def pull(self, count: int) -> str:
        """Bytes to pull: as `size`, marked where they are an estimate.

        >>> SI.pull(41_000_000), SI.of_estimate().pull(41_000_000)
        ('41.0 MB', '≈41.0 MB')
        """
        return self.mark(self.size(count), count)

    def mark(self, text: str, count: int) -> str:
        """A text for bytes to pull, marked where they are an estimate."""
        return f"≈{text}" if self.estimated and count else text

    def pull_change(self, count: int) -> str:
        """A difference in bytes to pull."""
        return self.mark(self.change(count), count)

    def of_estimate(self) -> Units:
        """The same where sizes to pull are estimates."""
        return self._replace(estimated=True)

    def change(self, count: int) -> str:
        """A difference in bytes: `+4.10 MB`, `-4.10 MB`, `0 B`."""
        return f"+{self.size(count)}" if count > 0 else self.size(count)


SI = Units(1000, _SI, "1 MB = 1,000,000 bytes")
IEC = Units(1024, _IEC, "1 MiB = 1,048,576 bytes")
UNITS = {"si": SI, "iec": IEC}
"""By the name that `--units` takes."""
_FACTOR = {u.lower(): 1000**i for i, u in enumerate(_SI)} | {
    u.lower(): 1024**i for i, u in enumerate(_IEC)
}
_SIZE = regex(r"(\d{1,18})(?:\.(\d{1,9}))? ?([A-Za-z]{1,3})?", re.ASCII)
_PERCENT = regex(r"(\d{1,6}(?:\.\d{1,6})?) ?%", re.ASCII)


def format_bytes(count: int) -> str:
    """Bytes in SI units, where nobody chose any."""
    return SI.size(count)


def parse_bytes(text: str) -> int:
    """`"340 MB"` is 340,000,000 and `"1 MiB"` 1,048,576; a bare number is bytes.

    Units are never guessed: `MB` is decimal and `MiB` binary, unlike some peers that read both alike.

    Raises:
        ValueError: the text is not a size, or not a whole number of bytes.
    """
    found = _SIZE.fullmatch(text.strip())
    factor = _FACTOR.get((found[3] or "B").lower()) if found else None
    if found is None or factor is None:
        raise ValueError(f"invalid size {text!r}: use a number and a unit, such as 340MB or 1MiB")
    fraction = found[2] or ""
    scaled: int = int(found[1] + fraction) * factor
    parts: int = 10 ** len(fraction)
    whole, rest = divmod(scaled, parts)
    if rest:
        raise ValueError(f"{text!r} is not a whole number of bytes")
    if whole >= 2**63:
        raise ValueError(f"{text!r} is larger than any image")
    return whole


def parse_limit(text: str) -> int:
    """The same where a number without a unit is a slip of the pen: 340 meant as 340 MB. 0 needs none.

    Raises:
        ValueError: as `parse_bytes`, or there is no unit.
    """
    count = parse_bytes(text)
    if count and text.strip().isdecimal():
        number = text.strip()
        raise ValueError(f"{number!r} has no unit: write {number}MB, or {number}B for bytes")
    return count


def parse_percent(text: str) -> float:
    """`"5%"` is 5.0.

    Raises:
        ValueError: the text is not a percentage.
    """
    found = _PERCENT.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"invalid percentage {text!r}: use a number and %, such as 5%")
    return float(found[1])


def format_percent(part: int, whole: int) -> str:
    """`part` of `whole` for people: `12%`, `0.4%`, `<0.1%`; `0%` of nothing."""
    if whole <= 0 or part <= 0:
        return "0%"
    share = 100 * part / whole
    if share < 0.1:
        return "<0.1%"
    return f"{share:.1f}%" if share < 9.95 else f"{share:.0f}%"
