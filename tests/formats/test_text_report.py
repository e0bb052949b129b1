"""Sentences of the report at a terminal that depend on more than one number."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from slim.formats import words
from slim.report.gates import Gates
from slim.report.judge import judge_comparison
from slim.report.model import Base, PackageInfo, Report
from slim.report.untrusted import Untrusted, bare, untrusted
from slim.units import SI
from tests.support.comparisons import compared
from tests.support.pages import rendered
from tests.support.reports import MB, REPORTS, clean, finding, report, wasteful
from tests.support.terminal import columns


def with_steps(steps: int, *, notes: int = 0, left_out: int = 0) -> Report:
    found = [finding(number, "DEB001", 100 * MB - number) for number in range(steps)]
    found += [finding(1_000 + number, "LAY003", 0, mode="note") for number in range(notes)]
    return report(
        clean().layers,
        findings=found,
        truncated=replace(clean().truncated, findings=left_out),
    )


@pytest.mark.parametrize(
    ("sample", "line"),
    [
        (with_steps(10), ""),
        (with_steps(11), "  … and 1 smaller one (-o json lists them)"),
        (with_steps(32), "  … and 22 smaller ones (-o json lists them)"),
        # What the report leaves out is smaller than all that it lists.
        (with_steps(20, left_out=12), "  … and 22 smaller ones (-o json --top 40 lists them)"),
        (with_steps(10, left_out=1), "  … and 1 smaller one (-o json --top 20 lists them)"),
        # It lists findings that claim nothing, so those that it leaves out claim nothing either.
        (with_steps(12, notes=1, left_out=5), "  … and 2 smaller ones (-o json lists them)"),
        (with_steps(10, notes=1, left_out=5), ""),
    ],
)
def test_smaller_steps_are_counted_with_those_that_are_left_out(sample: Report, line: str) -> None:
    shown = [text for text in rendered(sample, "text").splitlines() if "smaller" in text]
    assert shown == ([line] if line else [])


def test_the_plan_begins_with_the_sizes_before_and_after() -> None:
    assert "\nWhat to change: 343 MB → 301 MB with all fixes\n" in rendered(wasteful(), "text")
    some = replace(
        wasteful().predicted, safe=replace(wasteful().predicted.safe, disk_bytes=320 * MB)
    )
    page = rendered(replace(wasteful(), predicted=some), "text")
    assert "\nWhat to change: 343 MB → 320 MB with the safe fixes → 301 MB with all fixes\n" in page


@pytest.mark.parametrize(
    ("base", "sentence"),
    [
        (
            Base(layers=2, name=untrusted("debian:13"), digest="", how="given", guessed=False),
            "Base image debian:13: layers 0–1, 0 B on disk.",
        ),
        (
            Base(layers=1, name=untrusted(""), digest="", how="history", guessed=True),
            "Base image: layer 0, 0 B on disk (guessed from the history; pass --base IMAGE to be exact).",
        ),
        (
            Base(layers=0, name=untrusted("shop:slim"), digest="", how="given", guessed=False),
            "Base image shop:slim: not recognised in this image; pass the right one with --base IMAGE.",
        ),
        (
            Base(layers=0, name=untrusted(""), digest="", how="unknown", guessed=False),
            "Base image: its layers are not known; pass it with --base IMAGE.",
        ),
    ],
)
def test_what_is_known_of_the_base_image(base: Base, sentence: str) -> None:
    sample = report([])
    page = rendered(replace(sample, image=replace(sample.image, base=base)), "text")
    assert f"\n{sentence}\n" in page


def package(name: str, disk: int, manager: str = "dpkg") -> PackageInfo:
    return PackageInfo(
        manager=manager,
        name=untrusted(name),
        version=untrusted("1"),
        disk_bytes=disk,
        pull_bytes=0,
        files=1,
        layer=0,
        why="manual",
    )


def names(*texts: str) -> list[Untrusted]:
    return [untrusted(text) for text in texts]


def test_packages_that_go_along_are_named_largest_first() -> None:
    packages = [package("libllvm19", 130 * MB), package("gtk", MB), package("x", 1)]
    packages.append(package("x", 2, "npm"))
    sizes = words.package_sizes(replace(clean(), packages=packages))
    assert {bare(name) for name in sizes} == {"libllvm19", "gtk"}, "two packages are called x"
    alone = finding(
        1, "DEB001", MB, packages=names("erlang-dev"), along=names("gtk", "libllvm19", "x")
    )
    assert bare(words.also_removed(alone, sizes, SI)) == (
        "Removing erlang-dev also removes libllvm19 (130 MB), gtk (1.00 MB), x,"
        " which nothing else depends on."
    )
    many = replace(alone, packages=names("a", "b"), along=names(*(f"p{at}" for at in range(208))))
    text = bare(words.also_removed(many, sizes, SI))
    assert text.startswith("Removing them also removes p0, p1, ")
    assert text.endswith(" and 200 other packages, which nothing else depends on.")
    assert words.also_removed(finding(1, "DEB001", MB), sizes, SI) == ""


def test_a_limit_that_has_no_row_in_the_table_is_a_reason_below_it() -> None:
    sample = compared(clean(), wasteful())
    after = replace(sample.image, dive=replace(sample.image.dive, wasted_bytes=3 * MB))
    judged = judge_comparison(replace(sample, image=after), Gates(layers=1, dive_wasted_bytes=MB))
    page = rendered(judged).replace("\u00a0", " ")
    assert "\n- dive-wasted-bytes 3.00 MB is over the limit of 1.00 MB by 2.00 MB\n" in page
    assert "- layers" not in page


@pytest.mark.parametrize("width", [60, 72, 80, 100, 120, 160])
@pytest.mark.parametrize("name", [*REPORTS, "comparison"])
def test_no_line_is_wider_than_the_terminal(name: str, width: int) -> None:
    sample = compared(clean(), wasteful()) if name == "comparison" else REPORTS[name]()
    page = rendered(sample, "text", width=width)
    # The Dockerfile is there to be copied.
    page = re.sub(r"(?s)\nThe Dockerfile that builds it:\n.*?\n\n", "\n", page)
    assert max(map(columns, page.splitlines())) <= width


def test_a_narrow_terminal_loses_columns_before_instructions() -> None:
    head = "  #      on disk     dead    to pull    files  instruction"
    assert head in rendered(wasteful(), "text")
    narrow = rendered(wasteful(), "text", width=60)
    assert head not in narrow
    assert re.search(r"(?m)^  #      on disk +(dead +)?instruction$", narrow)
    assert len(rendered(wasteful(), "text", width=10)) == len(narrow), "nothing below 60"


def test_a_size_is_not_torn_apart() -> None:
    for width in range(60, 110):
        assert not re.search(r"(?m)\d\n *[kMG]?B\b", rendered(wasteful(), "text", width=width))


def test_rows_of_nothing_are_left_out() -> None:
    nothing = [replace(each, disk_bytes=0, pull_bytes=0) for each in wasteful().waste]
    assert wasteful().waste
    assert "Dead weight, by what caused it" in rendered(wasteful(), "text")
    for format in ("text", "markdown", "html"):
        page = rendered(replace(wasteful(), waste=nothing), format).replace("\u00a0", " ")
        assert "eight, by what" not in page
        assert "<b>Dead weight</b>" not in page
        assert 'id="dead"' not in page
    rows = rendered(compared(clean(), clean()), "text").splitlines()
    assert not [row for row in rows if row.startswith(("  Dead", "  Reclaimable"))]
