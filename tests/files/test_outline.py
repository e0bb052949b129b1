"""The tree of the report: few nodes, no byte lost, and every path where the final filesystem has it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slim.files.gone import Gone
from slim.files.ledger import account
from slim.files.outline import DEPTH, Node, Sort, outline
from slim.files.tree import largest_files, roll_up
from slim.report.model import TreeNode
from slim.report.untrusted import bare
from tests.conftest import LONG
from tests.support.building import Entry, delete, file, hardlink, image, layer, save
from tests.support.checked import Stacked, checked_analyze, checked_files

PATHS = st.lists(st.sampled_from("abcd"), min_size=1, max_size=5).map("/".join)
ENTRIES = st.lists(
    st.builds(file, PATHS, st.integers(0, 9).map(bytes))
    | st.builds(hardlink, PATHS, PATHS)
    | st.builds(delete, PATHS),
    max_size=12,
)


def nodes(
    stacked: Stacked, limit: int, gone: dict[int, tuple[int, int]] | None = None
) -> list[Node]:
    sums = account(stacked.files, stacked.tables, [len(layer.blob) for layer in stacked.layers])
    rollup = roll_up(stacked.files, sums.pull)
    largest = largest_files(stacked.files, limit)
    rows = sorted(gone or {})
    disk, pull = ([gone[row][side] for row in rows] if gone else [] for side in (0, 1))
    would_go = [Gone("", rows, disk, pull)]
    return outline(stacked.files, rollup, sums.pull, would_go, largest, limit)


def paths(tree: list[TreeNode]) -> dict[str, TreeNode]:
    found: list[str] = []
    for node in tree:
        name = bare(node.name) or "*"
        found.append(f"{found[node.parent]}/{name}".lstrip("/") if node.parent else name)
    found[0] = "/"
    return dict(zip(found, tree, strict=True))


def test_directories_and_files_have_what_is_below_them(tmp_path: Path) -> None:
    lower = layer({"usr/lib/a.so": bytes(500), "usr/lib/b.so": bytes(300), "etc/x": bytes(7)})
    upper = layer({"app/api": bytes(999), "usr/lib/b.so": bytes(400), "etc/empty": b""})
    report = checked_analyze(save(image(lower, upper), tmp_path / "a.tar"))
    tree = paths(report.tree)
    assert [
        (name, node.kind, node.disk_bytes, node.files, node.layer) for name, node in tree.items()
    ] == [
        ("/", "directory", 1906, 5, 1),
        ("app", "directory", 999, 1, 1),
        ("app/api", "file", 999, 1, 1),
        ("usr", "directory", 900, 2, 0),
        ("usr/lib", "directory", 900, 2, 0),
        ("usr/lib/a.so", "file", 500, 1, 0),
        ("usr/lib/b.so", "file", 400, 1, 1),
        ("etc", "directory", 7, 2, 0),
        ("etc/x", "file", 7, 1, 0),
        ("etc/*", "rest", 0, 1, None),
    ]


def test_shared_bytes_are_where_a_shown_name_is(tmp_path: Path) -> None:
    lower = layer(
        [file("old/a", bytes(100)), hardlink("new/z", "old/a"), hardlink("new/b", "old/a")]
    )
    report = checked_analyze(save(image(lower, layer(delete("old"))), tmp_path / "a.tar"))
    tree = paths(report.tree)
    assert [(name, node.disk_bytes, node.files) for name, node in tree.items()] == [
        ("/", 100, 2),
        ("new", 100, 2),
        ("new/b", 100, 1),
        ("new/*", 0, 1),
    ]
    assert [directory.path for directory in report.directories] == ["new"]


def test_names_that_are_not_utf8_keep_their_bytes(tmp_path: Path) -> None:
    report = checked_analyze(save(image(layer([file(b"d/\xff", b"x")])), tmp_path / "a.tar"))
    assert (bare(report.tree[2].name), report.tree[2].name_b64) == ("\ufffd", "/w==")


def test_an_empty_image_has_a_root(tmp_path: Path) -> None:
    report = checked_analyze(save(image(layer({})), tmp_path / "a.tar"))
    assert report.tree == [TreeNode()]


def test_what_findings_claim_is_marked(tmp_path: Path) -> None:
    entries = {"var/cache/apt/archives/a.deb": bytes(2_000_000), "var/x": bytes(5)}
    report = checked_analyze(save(image(layer(entries)), tmp_path / "a.tar"))
    tree = paths(report.tree)
    assert tree["var/cache/apt/archives/a.deb"].reclaimable_bytes == 2_000_000
    assert tree["var"].reclaimable_bytes == report.layers[0].reclaimable_live_bytes == 2_000_000
    assert tree["var/x"].reclaimable_bytes == 0


@pytest.mark.parametrize("limit", [0, 1, 5])
def test_no_more_nodes_than_asked_for(limit: int) -> None:
    many = {f"d{number}/f{inner}": bytes(10) for number in range(9) for inner in range(9)}
    found = nodes(checked_files([layer(many)]), limit)
    chosen = [node for node in found[1:] if node.sort != Sort.REST]
    assert len(chosen) == limit
    assert found[0].disk == 810
    assert len(found) <= 2 * limit + 2


def test_deep_paths_end_in_a_rest() -> None:
    deep = "/".join(["d"] * 500)
    found = nodes(checked_files([layer({f"{deep}/f": bytes(10)})]), 1_000)
    assert len(found) == DEPTH + 2
    assert (found[-1].sort, found[-1].disk, found[-1].files) == (Sort.REST, 10, 1)


@given(st.lists(ENTRIES, min_size=1, max_size=3), st.integers(0, 8))
@settings(max_examples=60)
@LONG
def test_whatever_is_chosen_the_sums_hold(stack: list[list[Entry]], limit: int) -> None:
    stacked = checked_files([layer(*entries) for entries in stack])
    files = stacked.files
    live = files.live_bodies()
    gone = {row: (files.size[row] // 2, 0) for row in range(0, len(files), 2)}
    found = nodes(stacked, limit, gone)
    all_nodes = nodes(stacked, 10_000, gone)
    assert [found[0].disk, found[0].pull, found[0].files, found[0].gone_disk, found[0].layer] == [
        all_nodes[0].disk,
        all_nodes[0].pull,
        len(list(files.live_files())),
        sum(size for row, (size, _) in gone.items() if live[row]),
        all_nodes[0].layer,
    ]
    for index, node in enumerate(found):
        children = [node for node in found if node.parent == index]
        assert node.parent < index
        assert min(node.disk, node.pull, node.files, node.gone_disk) >= 0
        assert node.gone_disk <= node.disk
        if node.sort == Sort.DIRECTORY:
            assert node.disk == sum(child.disk for child in children)
            assert node.pull == sum(child.pull for child in children)
            assert node.files == sum(child.files for child in children)
            assert node.gone_disk == sum(child.gone_disk for child in children)
        else:
            assert not children
    # With room for all there is no rest that has bytes, and each file has its own size.
    for node in all_nodes:
        assert node.sort != Sort.REST or not (node.disk or node.pull)
