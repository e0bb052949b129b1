"""Random stacks of layers against docker, containerd and buildah on a kernel overlay, live.

Device nodes 0/0 and the attribute by which an overlay file system hides are among the entries: slim warns
of them, and what engines make of them is what slim makes of whiteouts and opaque markers in their place.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import LONGER
from tests.real.daemons import daemons
from tests.real.overlay_engines import CONTAINERD, DOCKER, Engine, buildah, each_unpacked, placed
from tests.real.tools import Store, need, words_of
from tests.support.building import (
    Entry,
    delete,
    device,
    directory,
    file,
    hardlink,
    opaque,
    symlink,
)
from tests.support.checked import shown_words
from tests.support.oracle import Path as Parts
from tests.support.oracle import Tree, Upper, clean, stack
from tests.support.stacks import Stack, stacked

pytestmark = pytest.mark.real

OPAQUE = ((b"SCHILY.xattr.trusted.overlay.opaque", b"y"),)
COUNT, AT_ONCE, SEED = 60 * LONGER, 60, 7
REFUSED = (
    "no such file or directory|not a directory|file exists|too many|not permitted|is a directory"
)
"""What engines say of stacks that contradict themselves; slim reads them, with warnings."""


def random_entry(rng: random.Random) -> Entry:
    name = "/".join(rng.choices("abc", k=rng.randint(1, 3)))
    other = "/".join(rng.choices("abc", k=rng.randint(1, 3)))
    kind = rng.choices(
        (
            "file",
            "directory",
            "symlink",
            "hardlink",
            "delete",
            "opaque",
            "null",
            "zero",
            "attribute",
        ),
        (8, 6, 3, 3, 5, 3, 1, 1, 1),
    )[0]
    match kind:
        case "file":
            content = rng.choice((b"", b"1", b"22", b"3" * 600))
            return file(name, content, mode=rng.choice((0o644, 0o755)))
        case "directory":
            return directory(name)
        case "symlink":
            return symlink(name, rng.choice((other, "/" + other, "../" + other, ".", "..")))
        case "hardlink":
            return hardlink(name, other)
        case "delete":
            return delete(name)
        case "opaque":
            return opaque(name)
        case "null":
            return device(name, 1, 3)
        case "zero":
            return device(name, 0, 0)
    return directory(name, pax=OPAQUE)


def random_stack(rng: random.Random, *, strict: bool) -> Stack:
    stacked_items: Stack = []
    for _ in range(rng.randint(1, 4)):
        items = sound([random_entry(rng) for _ in range(rng.randint(0, 8))])
        if strict and stacked_items:
            items = without_names_below_others(
                items, stack(as_markers(stacked_items, attributes=False))[0]
            )
        stacked_items.append(items)
    return stacked_items


def without_names_below_others(items: Sequence[Entry], lower: Tree) -> list[Entry]:
    """A layer without names that run through something of lower layers that is no directory."""
    kept: list[Entry] = []
    for item in items:
        upper = Upper(0, [*kept, item], {})
        ends = {
            clean(item.name),
            *upper.tree,
            *upper.whiteouts,
            *((*p, b"") for p in upper.opaques),
        }
        above = {path[:depth] for path in ends for depth in range(1, len(path))}
        if not any(path in lower and lower[path].kind != "directory" for path in above):
            kept.append(item)
    return kept


def sound(items: Sequence[Entry]) -> list[Entry]:
    """A layer without most of what makes it contradict itself: engines refuse the image for one entry."""
    kept: list[Entry] = []
    for item in items:
        before, after = Upper(0, kept, {}), Upper(0, [*kept, item], {})
        names = places(after) - places(before) | {clean(item.name)}
        others = {
            path for path, node in before.tree.items() if node.kind not in ("directory", "symlink")
        }
        blocked = any(
            path[:depth] in others | before.whiteouts
            for path in names
            for depth in range(1, len(path))
        )
        twice = clean(item.name) in {clean(other.name) for other in kept}
        without_target = item.type == b"1" and len(after.tree) == len(before.tree)
        gone = before.tree.keys() - after.tree.keys()
        hides_own = after.whiteouts & (after.tree.keys() | ways(after))
        wrong = blocked or twice or without_target or gone or hides_own
        if not (wrong or after.undecided or after.conflicting):
            kept.append(item)
    return kept


def ways(upper: Upper) -> set[Parts]:
    """Directories on the way to the markers of a layer: engines make those that are missing."""
    ends = {*upper.opaques, *(place[:-1] for place in upper.whiteouts)}
    return {path[:depth] for path in ends for depth in range(1, len(path) + 1)}


def places(upper: Upper) -> set[Parts]:
    return {*upper.tree, *upper.whiteouts, *upper.opaques}


def as_markers(stacked_items: Stack, *, attributes: bool) -> Stack:
    """What overlay file systems read in device nodes and attributes, as layers have it."""
    layers: Stack = []
    for items in stacked_items:
        layers.append([])
        for item in items:
            if is_whiteout(item, items):
                layers[-1].append(delete(item.name))
            elif item.pax and attributes:
                layers[-1] += [replace(item, pax=()), opaque(item.name)]
            else:
                layers[-1].append(item)
    return layers


def is_whiteout(entry: Entry, items: Sequence[Entry]) -> bool:
    """A device 0/0, or a hard link to one."""
    if entry.type == b"1":
        node = Upper(0, items, {}).tree.get(clean(entry.name))
        entry = items[node.row[1]] if node is not None and node.row is not None else entry
    return entry.type == b"3" and entry.device == (0, 0)


def shown_by(words: set[str], number: int) -> set[str]:
    start = f"s{number}/"
    return {word for word in words if word.startswith(start) and word != start}


def brought_back(stacked_items: Stack) -> bool:
    """Whether a layer deletes a directory and makes it again: in overlays the lower one shows through."""
    for items in stacked_items:
        upper = Upper(0, items, {})
        if any(place in upper.tree for place in upper.whiteouts):
            return True
    return False


def explained(ours: set[str], theirs: set[str], stacked_items: Stack) -> str:
    """Why the two differ on purpose; empty if nobody knows."""
    uppers = [stack(stacked_items[: number + 1])[1] for number in range(len(stacked_items))]
    extra = {b"/".join(path).decode() + "/" for upper in uppers for path in ways(upper)}
    if ours <= theirs and theirs - ours <= extra:
        return "directories that only markers name"
    if brought_back(stacked_items):
        return "a directory deleted and made again"
    if any(id == "missing-parents-opaque" for _, id, _ in stacked(stacked_items).files.warnings):
        return "an opaque marker after files whose directories have no entries"
    return ""


def through_own_link(made: Stack) -> bool:
    """Whether a marker or device runs through a symbolic link of its own layer: engines refuse many of these,
    since what the link leads to is in another layer."""
    for items in made:
        links = {clean(one.name) for one in items if one.type == b"2"}
        for one in items:
            path = clean(one.name)
            special = one.type == b"3" or path[-1].startswith(b".wh.")
            if special and any(path[:depth] in links for depth in range(1, len(path))):
                return True
    return False


def batches(stacks: Sequence[tuple[int, Stack]]) -> Iterator[Sequence[tuple[int, Stack]]]:
    """What goes into an image: many stacks, or one that may well be refused."""
    usual = [one for one in stacks if not through_own_link(one[1])]
    for at in range(0, len(usual), AT_ONCE):
        yield usual[at : at + AT_ONCE]
    for one in stacks:
        if through_own_link(one[1]):
            yield [one]


def compare(engine: Engine, folder: Path, seed: int) -> Counter[str]:
    rng = random.Random(seed)  # noqa: S311
    stacks = list(enumerate(random_stack(rng, strict=engine.strict) for _ in range(COUNT)))
    tally: Counter[str] = Counter()
    for batch in batches(stacks):
        for some, found in each_unpacked(engine, batch, folder, words_of):
            if isinstance(found, str):
                assert re.search(REFUSED, found, re.IGNORECASE), (found, some)
                tally["refused"] += 1
                continue
            for number, stacked_items in some:
                own = as_markers(placed(stacked_items, number), attributes=engine.restores)
                ours = shown_by(shown_words(stacked(own)), number)
                theirs = shown_by(found, number)
                why = "the same" if ours == theirs else explained(ours, theirs, own)
                assert why, (ours - theirs, theirs - ours, stacked_items)
                tally[why] += 1
    print(f"\n{tally}")
    assert tally["the same"] > COUNT / 3, tally
    assert tally["refused"] < COUNT / 10, tally
    return tally


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    need("mount", "umount")
    with daemons(tmp_path_factory.mktemp("daemons"), "overlay2"):
        yield


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("engine", [DOCKER, CONTAINERD], ids=["docker", "containerd"])
def test_random_stacks_in_a_daemon(engine: Engine, tmp_path: Path) -> None:
    compare(engine, tmp_path, SEED)


def test_random_stacks_in_buildah(tmp_path: Path) -> None:
    need("buildah")
    (tmp_path / "store").mkdir()
    compare(buildah(Store(tmp_path / "store", "overlay")), tmp_path, SEED)
