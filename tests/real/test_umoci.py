"""Random stacks of layers against `umoci unpack`, live: paths, kinds, contents, targets, hard links.

The stacks are those that are held against the slow model; here a tool that others wrote applies them.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.conftest import LONGER
from tests.real.tools import TAG, need, words_of
from tests.support.building import Entry, fifo, image, layer, save
from tests.support.checked import shown_words
from tests.support.oracle import Tree, Upper, clean, overlay, stack
from tests.support.stacks import STACKS, Stack, footprint, hides, stacked

pytestmark = pytest.mark.real

REFUSED = {
    r"link: no such file or directory": "a hard link without its target: slim ignores it",
    r"link: operation not permitted": "a hard link to a directory: slim ignores it",
    r"link: not a directory": "a hard link to a name below a file: slim ignores it",
    r"mkdir parent: .*: not a directory": "a name below a file: it is a directory in overlay engines",
    r"too many levels of symbolic links": "a name that runs in circles: slim takes it as it is written",
}
"""What umoci says of stacks that it does not unpack, and what slim does with them, on purpose."""


def without_devices(drawn: Stack) -> Stack:
    """Device nodes as pipes: making one needs a right that root in a container may lack."""
    return [[fifo(item.name) if item.type == b"3" else item for item in items] for items in drawn]


def lower_on_the_way(items: Sequence[Entry], lower: Tree, upper: Upper) -> bool:
    """Whether a name of the layer runs through something of lower layers that is no directory."""
    names = {*upper.tree, *upper.whiteouts, *((*path, b"") for path in upper.opaques)}
    names |= {path for item in items for path in ways(item)}
    above = {path[:depth] for path in names for depth in range(1, len(path))}
    return any(path in lower and lower[path].kind != "directory" for path in above)


def ways(entry: Entry) -> list[tuple[bytes, ...]]:
    """Names as they are written; of a marker its own, which stands in the directory."""
    return [clean(entry.name)] if hides(entry) else footprint(entry)


def file_for_a_moment(items: Sequence[Entry], lower: Tree, upper: Upper) -> bool:
    """Whether the layer has a path as something else before it is the directory that it is below."""
    names = [clean(item.name) for item in items if item.type != b"5" and not hides(item)]
    return any(
        path in lower and lower[path].kind == "directory" == upper.tree[path].kind
        for path in names
        if path in upper.tree
    )


DIFFERENCES: tuple[tuple[str, Callable[[Sequence[Entry], Tree, Upper], bool]], ...] = (
    (
        "a lower link or file on the way to a name is a directory in overlay engines; umoci follows"
        " the link, and takes no warning of markers below a file",
        lower_on_the_way,
    ),
    (
        "a layer is unpacked on its own in overlay engines, and what it shows in the end counts; in"
        " umoci a file that the layer itself turns into a directory has emptied the lower one",
        file_for_a_moment,
    ),
)
"""Why slim differs from umoci on purpose, and the layers on which it may."""


def differences(drawn: Stack) -> list[str]:
    found = []
    for count in range(2, len(drawn) + 1):
        (lower, _), (_, upper) = stack(drawn[: count - 1]), stack(drawn[:count])
        found += [why for why, may in DIFFERENCES if may(drawn[count - 1], lower, upper)]
    if overlay(drawn).undecided:
        found.append("no text gives it a meaning")
    return found


def unpacked(drawn: Stack, folder: Path) -> set[str] | str:
    """What umoci makes of a stack, in the notation of the slow model, or the line of its error."""
    for name in ("layout", "root"):
        shutil.rmtree(folder / name, ignore_errors=True)
    built = image(*(layer(items) for items in drawn), tags=(f"x:{TAG}",))
    save(built, folder / "layout", "oci-dir")
    command = ("umoci", "raw", "unpack", "--image", f"{folder / 'layout'}:{TAG}", folder / "root")
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done.stderr.strip().splitlines()[-1] if done.returncode else words_of(folder / "root")


def test_random_stacks(tmp_path: Path) -> None:
    need("umoci")
    tally: Counter[str] = Counter()

    @settings(
        max_examples=200 * LONGER,
        derandomize=LONGER == 1,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(STACKS.map(without_devices))
    def compare(drawn: Stack) -> None:
        theirs, ours = unpacked(drawn, tmp_path), shown_words(stacked(drawn)) - {"/"}
        if isinstance(theirs, str):
            reasons = [why for pattern, why in REFUSED.items() if re.search(pattern, theirs)]
            assert reasons, theirs
            tally[reasons[0]] += 1
        elif theirs == ours:
            tally["the same"] += 1
        else:
            reasons = differences(drawn)
            assert reasons, (ours - theirs, theirs - ours)
            tally["otherwise"] += 1

    compare()
    # A run in which umoci refuses nearly everything would show nothing.
    assert tally["the same"] >= 40, tally
    assert tally["otherwise"] < tally["the same"] / 5, tally
