"""Bytes to words and back: three digits, units that say what they are, nothing guessed."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from slim import units
from slim.units import IEC, SI, format_bytes, format_percent, parse_bytes, parse_percent

COUNTS = st.integers(0, 2**63 - 1)


@pytest.mark.parametrize(
    ("count", "si", "iec"),
    [
        (0, "0 B", "0 B"),
        (1, "1 B", "1 B"),
        (999, "999 B", "999 B"),
        (1000, "1.00 kB", "0.98 KiB"),
        (1023, "1.02 kB", "1.00 KiB"),
        (1024, "1.02 kB", "1.00 KiB"),
        (9_994, "9.99 kB", "9.76 KiB"),
        (9_995, "10.0 kB", "9.76 KiB"),
        (99_949, "99.9 kB", "97.6 KiB"),
        (99_950, "100 kB", "97.6 KiB"),
        (999_499, "999 kB", "976 KiB"),
        (999_500, "1.00 MB", "976 KiB"),
        (12_345_678, "12.3 MB", "11.8 MiB"),
        (1_500_000_000, "1.50 GB", "1.40 GiB"),
        (2**63 - 1, "9.22 EB", "8.00 EiB"),
        (-1500, "-1.50 kB", "-1.46 KiB"),
    ],
)
def test_sizes_for_people(count: int, si: str, iec: str) -> None:
    assert format_bytes(count) == SI.size(count) == si
    assert IEC.size(count) == iec


@given(COUNTS, st.booleans())
@example(999_999, False)
@example(1023 * 1024, True)
def test_a_size_has_at_most_three_digits_and_is_near(count: int, iec: bool) -> None:
    number, unit = (IEC if iec else SI).size(count).split(" ")
    assert len(number.replace(".", "")) <= 3
    back = float(number) * units._FACTOR[unit.lower()]
    assert abs(back - count) <= max(0.5, 0.0051 * count)


@given(COUNTS, COUNTS)
def test_a_larger_size_is_never_shown_smaller(size: int, other: int) -> None:
    def value(count: int) -> float:
        number, unit = format_bytes(count).split(" ")
        factor: int = units._FACTOR[unit.lower()]
        return float(number) * factor

    assert (value(size) <= value(other)) or size > other


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("0", 0),
        ("340 MB", 340_000_000),
        ("340MB", 340_000_000),
        ("1 MiB", 1 << 20),
        ("1GiB", 1 << 30),
        ("1 GB", 10**9),
        ("1.5 kB", 1500),
        ("0.5KiB", 512),
        ("12 b", 12),
        ("12 B", 12),
        ("  7 kb ", 7000),
        ("100GIB", 100 << 30),
    ],
)
def test_sizes_that_people_write(text: str, count: int) -> None:
    assert parse_bytes(text) == count


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "MB", "-1", "+1", "1,5 MB", "1_000", "1e3", "0x10", "1 M", "1 K", "1 GG"),
        *(
            "1.5",
            "0.3 KiB",
            "1  MB",
            "1 MB x",
            "٣ MB",
            "1 XB",
            "9.3 EB",
            "9" * 30,
            "NaN",
            "1.MB",
            ".5MB",
        ),
    ],
)
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"size|bytes|larger"):
        parse_bytes(text)


@given(COUNTS)
def test_bytes_are_read_back(count: int) -> None:
    if len(str(count)) <= 18:
        assert parse_bytes(str(count)) == parse_bytes(f"{count} B") == count


@given(st.text(max_size=20))
def test_any_text_is_a_size_or_refused(text: str) -> None:
    try:
        assert 0 <= parse_bytes(text) < 2**63
    except ValueError as error:
        assert repr(text) in str(error)  # noqa: PT017


@pytest.mark.parametrize(
    ("text", "percent"), [("5%", 5.0), ("0%", 0.0), ("12.5 %", 12.5), (" 250% ", 250.0)]
)
def test_percentages(text: str, percent: float) -> None:
    assert parse_percent(text) == percent


@pytest.mark.parametrize("text", ["5", "", "%", "-5%", "1e2%", "5%%", "nan%", "5 percent", "٣%"])
def test_what_is_no_percentage_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="invalid percentage"):
        parse_percent(text)


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 0, "0%"),
        (5, 0, "0%"),
        (-1, 10, "0%"),
        (1, 10_000, "<0.1%"),
        (1, 1000, "0.1%"),
        (995, 10_000, "10%"),
        (994, 10_000, "9.9%"),
        (1, 3, "33%"),
        (10, 10, "100%"),
        (25, 10, "250%"),
    ],
)
def test_shares_for_people(part: int, whole: int, text: str) -> None:
    assert format_percent(part, whole) == text


def test_the_examples_of_the_documentation() -> None:
    assert doctest.testmod(units).failed == 0
