"""Rows and directories by path: what is below some, at one itself, above others."""

from __future__ import annotations

from itertools import compress

import pytest

from slim.files.view import View
from slim.rebuild.trees import (
    below,
    below_any,
    below_first,
    directory_id,
    named,
    node_at,
    with_all_above,
)
from tests.support.views import view

TREE = "a/{x,y} a/lib/z a/lib/in/v b/lib/w link->a/lib"


def paths(seen: View, mask: bytearray) -> set[bytes]:
    return {seen.files.directory_path(own) for own in compress(range(len(mask)), mask)}


def test_below_a_directory_without_some() -> None:
    seen = view(TREE)

    def found(*nodes: int | None) -> set[bytes]:
        rows = below(seen, b"a", {node for node in nodes if node is not None})
        return {seen.files.path(row) for row in rows}

    assert found() == {b"a/x", b"a/y", b"a/lib/z", b"a/lib/in/v"}
    assert found(node_at(seen, b"a/lib/in"), node_at(seen, b"a/x")) == {b"a/y", b"a/lib/z"}
    assert found(*named(seen, {b"lib"})) == {b"a/x", b"a/y"}
    assert not list(below(seen, b"missing"))


@pytest.mark.parametrize("path", ["link/z", "a/x/y", "missing", "a//x"])
def test_no_link_is_followed_to_what_is_at_a_path_itself(path: str) -> None:
    assert node_at(view(TREE), path.encode()) is None


def test_a_directory_is_in_the_first_of_several() -> None:
    seen = view(TREE)
    numbers = below_first(seen, (b"missing", b"a/lib", b"a", b"link"))
    assert {seen.files.directory_path(own): number for own, number in enumerate(numbers)} == {
        b"": 0,
        b"a": 3,
        b"a/lib": 2,
        b"a/lib/in": 2,
        b"b": 0,
        b"b/lib": 0,
    }
    assert paths(seen, below_any(seen, (b"link", b"missing"))) == {b"a/lib", b"a/lib/in"}


def test_all_above_some_directories() -> None:
    seen = view(TREE)
    inner = directory_id(seen, b"link/in")
    assert inner is not None
    assert paths(seen, with_all_above(seen, (inner,))) == {b"", b"a", b"a/lib", b"a/lib/in"}
    assert not any(with_all_above(seen, ()))
