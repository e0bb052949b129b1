"""The directories of a layer that are put into the image at once: what makes one plain, and what does not."""

from __future__ import annotations

import pytest

from slim.files.blob import scan_blob
from slim.files.simple_directories import NOT_SIMPLE
from tests.support.building import (
    Entry,
    MemoryBlob,
    delete,
    device,
    directory,
    file,
    hardlink,
    layer,
    opaque,
    symlink,
)

PLAIN = [directory("a"), file("a/x"), symlink("a/y", "x"), directory("a/b"), device("a/b/z", 1, 3)]


def plain_paths(entries: list[Entry]) -> dict[str, int]:
    """Path of a plain directory → the row of its entry."""
    table = scan_blob(MemoryBlob(layer(entries).blob))
    assert len(table.simple) == len(table.dirs)
    return {
        table.directory_path(own).decode(): row
        for own, row in enumerate(table.simple)
        if row != NOT_SIMPLE
    }


def test_a_directory_with_all_below_it() -> None:
    assert plain_paths(PLAIN) == {"a": 0, "a/b": 3}


@pytest.mark.parametrize(
    "entry",
    [
        hardlink("a/b/c", "a/x"),
        delete("a/b/c"),
        opaque("a/b"),
        file("a/b/Z"),
        file("a/b/z", b"again"),
        file("a/b/ä"),
        file("a/b/c/d"),
        file("a/b/.wh.c/d"),
    ],
    ids=lambda entry: entry.name.decode(),
)
def test_what_needs_a_look_of_its_own(entry: Entry) -> None:
    """It is not plain, nor is what is above it; what is beside it is."""
    assert plain_paths([*PLAIN, directory("c"), file("c/x"), entry]) == {"c": 5}


def test_a_second_entry_is_one_too_many_above() -> None:
    assert plain_paths([*PLAIN, directory("a/b")]) == {"a/b": 3}


def test_an_entry_comes_before_what_is_in_it() -> None:
    assert plain_paths([file("a/x"), directory("a"), directory("b"), file("b/x")]) == {"b": 2}


def test_nothing_is_plain_where_a_directory_takes_the_place_of_a_file() -> None:
    assert plain_paths([*PLAIN, file("c"), directory("c")]) == {}
