"""Random stacks of layers against the slow oracle, and laws that any overlay obeys.

Few names, so that entries collide: files, directories, links, whiteouts, opaque markers, changes of
type, in any order.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from slim.files.blob import scan_blob
from slim.files.overlay import resolve
from slim.files.table import Fate, Files, Kind
from tests.conftest import LONG, THOROUGH
from tests.support.building import (
    COMPRESSIONS,
    FORMATS,
    Entry,
    MemoryBlob,
    device,
    directory,
    file,
    hardlink,
    image,
    layer,
    save,
    symlink,
)
from tests.support.checked import Stacked, checked_analyze, shown_fates, shown_words
from tests.support.oracle import clean, overlay
from tests.support.stacks import (
    CONTENTS,
    ENTRIES,
    LAYERS,
    PATHS,
    STACKS,
    Stack,
    footprint,
    hides,
    stacked,
)

NESTED = st.lists(st.sampled_from(["b", "B", "ä", "Ä"]), max_size=2).map(
    lambda names: "/".join(["p", *names])
)
IN_CASES = st.builds(directory, NESTED) | st.builds(file, NESTED)
"""Mostly one below the other, with names that differ in case."""


def related(entry: Entry, other: Entry) -> bool:
    """Whether a path of one is a path of the other, or above it."""
    return any(
        a[: len(b)] == b or b[: len(a)] == a for a in footprint(entry) for b in footprint(other)
    )


def through_links(items: Sequence[Entry]) -> bool:
    """Whether a name of the layer runs through a symbolic link of the layer."""
    links = {clean(entry.name) for entry in items if entry.type == b"2"}
    return any(
        path[:depth] in links
        for entry in items
        for path in footprint(entry)
        for depth in range(len(path) + hides(entry))
    )


@settings(max_examples=400 if THOROUGH else 100)
@given(STACKS)
@LONG
def test_tree_and_fates_are_those_of_the_oracle(stack: Stack) -> None:
    expected, found = overlay(stack), stacked(stack)
    assume(not expected.undecided)
    assert shown_words(found) == expected.words()
    fates = shown_fates(found)
    assert fates.keys() == expected.fates.keys()
    wrong = {row: (fates[row], fate) for row, fate in expected.fates.items()}
    assert not {row: both for row, both in wrong.items() if not both[1].allows(*both[0])}


@settings(max_examples=400 if THOROUGH else 100)
@given(st.lists(st.lists(ENTRIES | IN_CASES, max_size=12), min_size=1, max_size=3))
@LONG
def test_what_is_put_there_at_once_is_what_is_put_there_one_by_one(stack: Stack) -> None:
    """With the plain directories of the layers, and without a word about them."""
    tables = [scan_blob(MemoryBlob(layer(items).blob)) for items in stack]
    at_once = resolve(tables)
    one_by_one = resolve([replace(table, simple=array("i")) for table in tables])
    for name in Files.__struct_fields__:
        if name != "children":
            assert getattr(at_once, name) == getattr(one_by_one, name), name
    for own in range(len(at_once.dir_parent)):
        found, expected = at_once.children[own], one_by_one.children[own]
        assert list(found.items()) == list(expected.items())


@given(STACKS)
def test_disk_bytes_are_live_and_dead_bytes(stack: Stack) -> None:
    """Counted from the entries: live are the bytes of the files that the tree shows, once each."""
    found = stacked(stack)
    files = found.files
    sizes: Counter[str] = Counter()
    for row in range(len(files)):
        fate, ended_by = Fate(files.fate[row]), files.ended_by[row]
        assert (fate == Fate.LIVE) == (ended_by == -1)
        assert fate == Fate.LIVE or files.layer_of(row) <= ended_by < len(stack)
        sizes[fate.label] += files.size[row]
    shown = {
        files.body.get(row, row) if files.kind[row] == Kind.HARDLINK else row
        for row in files.live_files()
    }
    assert sizes["live"] == sum(files.size[row] for row in shown)
    assert sum(sizes.values()) == sum(
        len(entry.content) for items in stack for entry in items if not hides(entry)
    )


PACKED = st.tuples(st.sampled_from(COMPRESSIONS), st.integers(1, 4))


@given(st.lists(st.tuples(LAYERS, PACKED), min_size=1, max_size=4), st.sampled_from(FORMATS))
@LONG
def test_reports_add_up(stack: list[tuple[list[Entry], tuple[str, int]]], form: str) -> None:
    """With any compression, in several gzip members or zstd frames, in every format."""
    layers = [
        layer(items, compression=compression, members=members)
        for items, (compression, members) in stack
    ]
    with TemporaryDirectory() as folder:
        report = checked_analyze(save(image(*layers), Path(folder) / "image", form))
    totals = report.totals
    assert totals.disk_bytes == sum(
        len(entry.content) for items, _ in stack for entry in items if not hides(entry)
    )
    # Old docker archives have one blob for a diff id, the others one for a digest.
    blobs = {layer.diff_id if form == "docker-old" else layer.blob: layer for layer in layers[::-1]}
    packed = [len(layer.blob) for layer in blobs.values() if layer.compression != "none"]
    measured = [layer.pull_bytes for layer in report.layers if layer.compression != "none"]
    assert sum(measured) == sum(packed)


@given(STACKS)
def test_an_empty_layer_changes_nothing(stack: Stack) -> None:
    before, after = stacked(stack), stacked([*stack, []])
    assert shown_words(after) == shown_words(before)
    assert shown_fates(after) == shown_fates(before)


@given(STACKS, st.dictionaries(PATHS, CONTENTS, min_size=2, max_size=6), st.integers(1, 5))
def test_splitting_a_layer_of_additions_changes_nothing(
    below: Stack, contents: dict[str, bytes], cut: int
) -> None:
    top: list[Entry] = []
    for path, content in contents.items():
        if not any(related(entry, file(path)) for entry in top):
            top.append(file(path, content))
    cut = min(cut, len(top))
    whole, split = stacked([*below, top]), stacked([*below, top[:cut], top[cut:]])
    assert shown_words(split) == shown_words(whole)
    last = len(below)

    def joined(layer_index: int, index: int) -> tuple[int, int]:
        return (last, index + cut) if layer_index > last else (layer_index, index)

    live_whole = {row for row, (label, _) in shown_fates(whole).items() if label == "live"}
    live_split = {joined(*row) for row, (label, _) in shown_fates(split).items() if label == "live"}
    assert live_split == live_whole


@given(STACKS, LAYERS, st.lists(st.integers(0, 6), max_size=12))
def test_order_of_unrelated_entries_does_not_matter(
    below: Stack, items: list[Entry], swaps: list[int]
) -> None:
    assume(not through_links(items))
    order = list(range(len(items)))
    for at in swaps:
        pair = order[at : at + 2]
        if len(pair) == 2 and not related(items[pair[0]], items[pair[1]]):
            order[at : at + 2] = reversed(pair)
    _same_in_any_order(below, items, order)


@given(STACKS, LAYERS)
@LONG
def test_whiteouts_act_alike_wherever_they_stand(below: Stack, items: list[Entry]) -> None:
    """They hide what lower layers have, never what their own layer adds (OCI layer.md)."""
    assume(not through_links(items))
    first = sorted(range(len(items)), key=lambda index: not hides(items[index]))
    last = sorted(range(len(items)), key=lambda index: hides(items[index]))
    _same_in_any_order(below, items, first)
    _same_in_any_order(below, items, last)


def _same_in_any_order(below: Stack, items: list[Entry], order: list[int]) -> None:
    whole = stacked([*below, items])
    other = stacked([*below, [items[index] for index in order]])
    assert shown_words(other) == shown_words(whole)
    top = len(below)
    fates = {
        (number, order[index] if number == top else index): fate
        for (number, index), fate in shown_fates(other).items()
    }
    assert fates == shown_fates(whole)


@given(STACKS, STACKS)
@LONG
def test_layers_one_by_one_are_all_at_once(below: Stack, above: Stack) -> None:
    """The tree of the lower layers, written as one layer, carries the upper ones alike."""
    whole, beginning = stacked([*below, *above]), stacked(below)
    split = stacked([_flat(beginning), *above])
    assert shown_words(split) == shown_words(whole)
    shift = len(below) - 1
    expected = {
        (number - shift, index): (label, max(ended_by - shift, -1))
        for (number, index), (label, ended_by) in shown_fates(whole).items()
        if number > shift
    }
    assert {row: fate for row, fate in shown_fates(split).items() if row[0]} == expected


def _flat(stacked_layers: Stacked) -> list[Entry]:
    """What the final filesystem shows, as entries; links last, so that no name runs through one."""
    files = stacked_layers.files
    owners = [entry for result in stacked_layers.layers for entry in result.entries]
    names: dict[int, bytes] = {}
    found: dict[str, list[Entry]] = {"file": [], "hard link": [], "other": []}
    folders = [files.directory_path(own) for own in range(len(files.dir_parent))]
    result = [
        directory(path + b"/") for own, path in enumerate(folders) if own and files.dir_shown[own]
    ]
    for row in range(len(files)):
        if not files.shown[row] or files.kind[row] == Kind.DIRECTORY:
            continue
        path = files.path(row)
        body = files.body.get(row, row) if files.kind[row] == Kind.HARDLINK else row
        if files.kind[body] == Kind.SYMLINK:
            found["other"].append(symlink(path, files.links[body]))
        elif files.kind[body] == Kind.DEVICE:
            found["other"].append(device(path, 1, 3))
        elif body in names:
            found["hard link"].append(hardlink(path, names[body]))
        else:
            names[body] = path
            found["file"].append(file(path, owners[body].content))
    return [*result, *found["file"], *found["hard link"], *found["other"]]
