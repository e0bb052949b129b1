"""Comparisons that tests of several rooms look at, made of the reports of `tests.support.reports`."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from slim.report.compare import compare
from slim.report.comparison import Comparison
from slim.report.gates import Gates, Growth
from slim.report.judge import judge_comparison
from slim.report.model import Base, Example, PackageInfo, Report
from slim.report.untrusted import untrusted
from tests.support.reports import (
    MB,
    clean,
    example,
    finding,
    hostile,
    layer,
    place,
    report,
    undecided,
    wasteful,
)

TOOLS = "RUN apt-get install -y build-essential"
GATES = Gates(size=340 * MB, pull_size=130 * MB, reclaimable=25 * MB, fail_on=("new:high",))


def before() -> Report:
    """Without build tools; the same leftover lists, and a cache that the change removes."""
    keep = wasteful().findings[1]
    return report(
        [
            layer(0, "# debian.sh --arch 'amd64'", 117 * MB, from_base=True),
            layer(1, "RUN apt-get update", 20 * MB),
            layer(9, "COPY . . # buildkit", 81 * MB),
            layer(10, "RUN make docs", 3 * MB),
        ],
        findings=[keep, finding(7, "PYT004", 2 * MB, title="pip's cache")],
    )


def compared(base: Report, after: Report, gates: Gates | None = None) -> Comparison:
    comparison = compare(base, after)
    return judge_comparison(comparison, gates) if gates else comparison


def before_contents() -> Report:
    """A base image, our layer with a toolchain, and all files with their contents."""
    return report(
        [
            layer(0, "# debian.sh --arch 'amd64'", 80 * MB, from_base=True),
            layer(1, "RUN apt-get install -y tools", 20 * MB, dockerfile=place(3)),
        ],
        packages=[package("libc6", "2.40", 9 * MB), package("gcc", "13", 8 * MB)],
        largest_files=[
            contents("usr/lib/libc.so", 80 * MB, 0, "a"),
            contents("opt/tool-1/bin/tool", 12 * MB, 1, "b"),
            contents("usr/bin/gcc", 8 * MB, 1, "c"),
        ],
    )


def after_contents() -> Report:
    """The same from a newer base image, with a moved, a grown and many new files."""
    new = [contents(f"app/static/{number}.js", MB, 2, f"n{number}") for number in range(20)]
    return report(
        [
            layer(0, "# debian.sh --arch 'amd64'", 84 * MB, from_base=True, diff_id="sha256:new"),
            layer(1, "RUN apt-get install -y tools", 21 * MB, dockerfile=place(3), diff_id="x"),
            layer(2, "COPY . /app # buildkit", 20 * MB, dockerfile=place(9)),
        ],
        packages=[
            package("libc6", "2.41", 13 * MB),
            package("gcc", "13", 9 * MB),
            package("left-pad", "1.0.0", MB, "npm"),
        ],
        largest_files=[
            contents("usr/lib/libc.so", 84 * MB, 0, "A"),
            contents("opt/tool-2/bin/tool", 12 * MB, 1, "b"),
            contents("usr/bin/gcc", 9 * MB, 1, "C"),
            *new,
        ],
    )


def contents(path: str, disk: int, index: int, identity: str) -> Example:
    return replace(example(path, disk, index), content=identity)


def on_arm(report: Report) -> Report:
    return replace(report, image=replace(report.image, platform="linux/arm64"))


def built_on(report: Report, name: str, layers: int = 1, how: str = "given") -> Report:
    base = Base(layers=layers, name=name, digest="", how=how, guessed=how != "given")  # type: ignore[arg-type]
    return replace(report, image=replace(report.image, base=base))


def drifted(
    name: str = "debian:13-slim", other: str = "debian:13-slim", how: str = "given"
) -> tuple[Report, Report]:
    """The base image grew 4 MB, the image's own layers 21 MB."""
    return built_on(before_contents(), name, how=how), built_on(after_contents(), other, how=how)


def package(name: str, version: str, disk: int, manager: str = "dpkg") -> PackageInfo:
    return PackageInfo(
        manager=manager,
        name=untrusted(name),
        version=untrusted(version),
        disk_bytes=disk,
        pull_bytes=disk // 2,
        files=1,
        layer=0,
        why="manual",
    )


PAGES: dict[str, Callable[[], Comparison]] = {
    "grew": lambda: compared(before(), wasteful(), GATES),
    "shrank": lambda: compared(wasteful(), before(), GATES),
    "unchanged": lambda: compared(clean(), clean(), GATES),
    "on-base": lambda: compared(before(), wasteful(), Gates(size=200 * MB, layers=3)),
    "ungated": lambda: compared(before(), wasteful()),
    "contents": lambda: compared(before_contents(), after_contents(), Gates(size=340 * MB)),
    "arm": lambda: compared(clean(), on_arm(clean()), Gates(size=340 * MB)),
    "undecided": lambda: compared(clean(), undecided(), Gates(reclaimable=1)),
    "new": lambda: compared(report([]), clean(), Gates(size=340 * MB)),
    "drifted": lambda: compared(*drifted(), Gates(growth=Growth(22.0, MB))),
    "drifted-guess": lambda: compared(*drifted(how="history"), Gates(growth=Growth(22.0, MB))),
    "failing": lambda: compared(before(), wasteful(), Gates(fail_on=("new:high",))),
    "hostile": lambda: compared(
        hostile(["@a/b#1", "`|x", "<b>"]), hostile(), Gates(growth=Growth(1, 1), layers=1)
    ),
}
