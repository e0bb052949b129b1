"""What of an image's contents changed: packages, directories and files, and that all of it adds up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import slim
from slim.report.compare import compare
from slim.report.comparison import Comparison
from slim.report.model import Base, Example, PackageInfo, Report
from slim.report.sums import fault
from slim.report.untrusted import bare, untrusted
from tests.conftest import LONG
from tests.support.building import Layer, delete, file, hardlink, image, layer, save
from tests.support.comparisons import package
from tests.support.reports import MB, report
from tests.support.reports import layer as info


def analyzed(folder: Path, *layers: Layer, **options: Any) -> Report:
    path = save(image(*layers), folder / "one.tar")
    return slim.analyze(path, **{"all_files": True, **options})


def rows(comparison: Comparison) -> list[tuple[Any, ...]]:
    return [
        (file.status, file.path, file.base_path, file.base_disk_bytes, file.disk_bytes)
        for file in comparison.files
    ]


BASE = layer(
    {
        "etc/same": b"s" * 700,
        "etc/grows": b"g" * 100,
        "etc/shrinks": b"h" * 900,
        "etc/other": b"x" * 50,
        "etc/goes": b"q" * 300,
        "lib/app-1/big": b"b" * 5000,
        "lib/app-1/ebin/a.beam": b"a" * 400,
        "lib/app-1/ebin/b.beam": b"a" * 400,
    },
    created_by="RUN make",
)
AFTER = layer(
    {
        "etc/same": b"s" * 700,
        "etc/grows": b"g" * 1100,
        "etc/shrinks": b"h" * 890,
        "etc/other": b"y" * 50,
        "etc/comes": b"c" * 2000,
        "lib/app-2/ebin/b.beam": b"a" * 400,
        "lib/app-2/ebin/c.beam": b"a" * 400,
        "lib/app-2/big": b"b" * 5000,
    },
    created_by="RUN make",
)


def test_files_of_two_images_are_compared_by_path_and_contents(tmp_path: Path) -> None:
    comparison = compare(analyzed(tmp_path, BASE), analyzed(tmp_path, AFTER))
    assert rows(comparison)[:4] == [
        ("new", "etc/comes", None, 0, 2000),
        ("grew", "etc/grows", None, 100, 1100),
        ("gone", "etc/goes", None, 300, 0),
        ("shrank", "etc/shrinks", None, 900, 890),
    ]
    assert sorted(rows(comparison)[4:]) == [
        ("changed", "etc/other", None, 50, 50),
        ("moved", "lib/app-2/big", "lib/app-1/big", 5000, 5000),
        ("moved", "lib/app-2/ebin/b.beam", "lib/app-1/ebin/b.beam", 400, 400),
        ("moved", "lib/app-2/ebin/c.beam", "lib/app-1/ebin/a.beam", 400, 400),
    ]
    assert comparison.files_rest.count == 0
    assert not any(
        (comparison.partial.files, comparison.partial.contents, comparison.partial.directories)
    )
    found = {
        directory.path: (directory.change.disk_bytes, directory.files, directory.layer)
        for directory in comparison.directories
    }
    assert found == {
        "lib/app-1/ebin": (-800, 0, None),
        "lib/app-2/ebin": (800, 2, None),
        "lib/app-1": (-5800, 0, None),
        "lib/app-2": (5800, 3, None),
        "etc": (2690, 5, 0),
    }
    assert fault(comparison) == ""


def test_what_the_list_does_not_show_is_its_rest(tmp_path: Path) -> None:
    comparison = compare(analyzed(tmp_path, BASE), analyzed(tmp_path, AFTER), top=2)
    assert (len(comparison.files), comparison.files_rest.count) == (2, 6)
    assert comparison.files_rest.change.disk_bytes == -310
    assert comparison.growth.live.disk_bytes == 2690
    assert fault(comparison) == ""


def test_hard_links_are_one_file_whatever_their_order(tmp_path: Path) -> None:
    built = layer(file("bin/a", b"x" * 100), hardlink("bin/b", "bin/a"))
    two = layer(file("bin/b", b"x" * 100), hardlink("bin/a", "bin/b"))
    assert rows(compare(analyzed(tmp_path, built), analyzed(tmp_path, two))) == []
    gone = compare(analyzed(tmp_path, built), analyzed(tmp_path, built, layer(delete("bin/a"))))
    assert rows(gone) == [("moved", "bin/b", "bin/a", 100, 100)]
    assert gone.growth.dead.disk_bytes == 0


def test_dead_weight_is_a_part_of_the_growth_and_no_file(tmp_path: Path) -> None:
    comparison = compare(
        analyzed(tmp_path, BASE), analyzed(tmp_path, BASE, layer({"etc/grows": b"G" * 100}))
    )
    assert rows(comparison) == [("changed", "etc/grows", None, 100, 100)]
    growth = comparison.growth
    assert (growth.disk_bytes, growth.live.disk_bytes, growth.dead.disk_bytes) == (100, 0, 100)


def test_reports_that_leave_files_out_say_what_cannot_be_known(tmp_path: Path) -> None:
    short = analyzed(tmp_path, BASE, all_files=False, top=2)
    after = analyzed(tmp_path, AFTER)
    comparison = compare(short, after)
    assert comparison.partial.files
    assert comparison.partial.contents
    # The two largest files of the base are known, 5000 and 900 bytes: what is larger is new or grew.
    assert rows(comparison) == [
        ("gone", "lib/app-1/big", None, 5000, 0),
        ("larger", "lib/app-2/big", None, None, 5000),
        ("larger", "etc/comes", None, None, 2000),
        ("larger", "etc/grows", None, None, 1100),
        ("shrank", "etc/shrinks", None, 900, 890),
    ]
    assert fault(comparison) == ""
    back = compare(after, short)
    assert ("gone", "etc/comes", None, 2000, 0) not in rows(back)
    assert ("smaller", "etc/comes", None, 2000, None) in rows(back)
    assert fault(back) == ""


def test_layers_without_contents_make_nothing_of_files_certain(tmp_path: Path) -> None:
    base, after = analyzed(tmp_path, BASE), analyzed(tmp_path, AFTER)
    unknown = replace(base, layers=[replace(base.layers[0], missing="a foreign layer")])
    comparison = compare(unknown, after)
    assert {file.status for file in comparison.files} <= {"grew", "shrank", "changed", "gone"}
    assert comparison.partial.files


def with_packages(*packages: PackageInfo) -> Report:
    return report([info(0, "RUN a", 100 * MB)], packages=list(packages))


def test_packages_are_compared_by_manager_name_and_version() -> None:
    base = with_packages(
        package("same", "1", 500),
        package("old", "1", 400),
        package("up", "1", 300),
        package("grows", "1", 200),
        package("x", "1", 100, "npm"),
        package("x", "2", 90, "npm"),
        package("x", "2", 80, "npm"),
    )
    after = with_packages(
        package("same", "1", 500),
        package("up", "2", 350),
        package("grows", "1", 230),
        package("x", "2", 90, "npm"),
        package("x", "3", 70, "npm"),
        package("new", "1", 60),
        package("x", "1", 7, "pip"),
    )
    comparison = compare(base, after)
    assert [
        (
            package.status,
            package.manager,
            *map(bare, (package.name, package.base_version, package.version)),
        )
        for package in comparison.packages
    ] == [
        ("removed", "dpkg", "old", "1", ""),
        ("removed", "npm", "x", "2", ""),
        ("added", "dpkg", "new", "", "1"),
        ("updated", "dpkg", "up", "1", "2"),
        ("grew", "dpkg", "grows", "1", "1"),
        ("updated", "npm", "x", "1", "3"),
        ("added", "pip", "x", "", "1"),
    ]
    assert comparison.packages_rest.change.disk_bytes == -sum(
        package.disk_bytes - package.base_disk_bytes for package in comparison.packages
    )
    assert not comparison.partial.packages


def test_packages_that_a_report_may_leave_out_are_no_changes() -> None:
    base = with_packages(package("a", "1", 5), package("gone", "1", 5))
    after = with_packages(package("a", "2", 6), package("b", "1", 5))
    cut = replace(base, truncated=replace(base.truncated, packages=3))
    comparison = compare(cut, after)
    assert [(package.status, bare(package.name)) for package in comparison.packages] == [
        ("removed", "gone"),
        ("updated", "a"),
    ]
    assert comparison.partial.packages
    none = replace(after, packages=[], tool=replace(after.tool, rules=None))
    assert compare(base, none).packages == []


@pytest.mark.parametrize(
    ("base", "after", "of_base"),
    [
        ((100, 2), (100, 5), 0),  # the same base image, another layer of ours
        ((100, 2), (130, 2), 30),
        ((90, 2), (100, 1), 10),
    ],
)
def test_the_base_image_is_told_apart(
    base: tuple[int, int], after: tuple[int, int], of_base: int
) -> None:
    def report_of(sizes: tuple[int, int]) -> Report:
        return report(
            [
                info(0, "# debian.sh", sizes[0], from_base=True, diff_id=f"sha256:{sizes[0]}"),
                info(1, "RUN a", sizes[1], diff_id=f"sha256:own{sizes[1]}"),
            ]
        )

    growth = compare(report_of(base), report_of(after)).growth
    assert growth.base_image is not None
    assert growth.own is not None
    assert growth.base_image.disk_bytes == of_base
    assert growth.own.disk_bytes == growth.disk_bytes - of_base


def test_where_one_side_alone_knows_its_base_image() -> None:
    def report_of(first: str, known: bool) -> Report:
        layers = [info(0, "x", 10, diff_id=first, from_base=known), info(1, "RUN a", 5)]
        sample = report(layers)
        base = Base(layers=int(known), name=untrusted(""), digest="", how="given", guessed=False)
        return replace(sample, image=replace(sample.image, base=base))

    same = compare(report_of("sha256:a", True), report_of("sha256:a", False))
    assert same.growth.base_image is not None
    assert same.growth.base_image.disk_bytes == 0
    assert {layer.index: layer.from_base for layer in same.layers} == {0: True, 1: False}
    assert (
        compare(report_of("sha256:a", True), report_of("sha256:b", False)).growth.base_image is None
    )


paths = st.sampled_from(["a", "b/c", "b/d", "b/e/f", "g"])
contents = st.dictionaries(paths, st.integers(1, 5), max_size=5)
stacks = st.lists(contents, min_size=1, max_size=3)


@given(stacks, stacks, st.integers(0, 3))
@settings(max_examples=40)
@LONG
def test_any_two_images_add_up(
    tmp_path_factory: pytest.TempPathFactory, base: list[Any], after: list[Any], top: int
) -> None:
    folder = tmp_path_factory.mktemp("pair")

    def report_of(stack: list[dict[str, int]]) -> Report:
        parts = [layer({path: b"x" * 100 * n for path, n in sizes.items()}) for sizes in stack]
        return analyzed(folder, *parts)

    def final(stack: list[dict[str, int]]) -> dict[str, int]:
        return {path: 100 * n for sizes in stack for path, n in sizes.items()}

    first, second = report_of(base), report_of(after)
    found = compare(first, second, top=top)
    assert fault(found) == fault(first) == ""
    whole = compare(first, second)
    before, now = final(base), final(after)
    seen = dict(before)
    for change in whole.files:
        if change.status in ("moved", "gone"):
            seen.pop(bare(change.base_path or change.path))
    for change in whole.files:
        if change.disk_bytes:
            seen[bare(change.path)] = change.disk_bytes
    assert seen == now
    assert len(found.files) + found.files_rest.count == len(whole.files)
    assert compare(first, first).files == []


def test_a_file_is_named_so_that_bytes_that_are_no_text_do_not_clash(tmp_path: Path) -> None:
    built = layer(file(b"a\xff", b"x" * 10), file(b"a\xfe", b"y" * 20))
    second = layer(file(b"a\xff", b"x" * 30), file(b"a\xfe", b"y" * 20))
    comparison = compare(analyzed(tmp_path, built), analyzed(tmp_path, second))
    assert [(each.status, each.disk_bytes, each.path_b64) for each in comparison.files] == [
        ("grew", 30, "Yf8=")
    ]


def test_a_list_that_is_no_whole_is_not_taken_for_one() -> None:
    listed = [Example(layer=0, path=untrusted("a"), disk_bytes=5)]
    base = report([info(0, "RUN a", 10)], largest_files=listed)
    after = report([info(0, "RUN a", 10)], largest_files=[])
    assert compare(base, after).files == []
    assert compare(base, after).partial.files
