"""Random stacks of layers: the result shows what the source shows, says the slow oracle, entry by entry."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slim.errors import InputError
from slim.image.ref import ImageRef
from slim.repack.model import LAYER_MODES, LayerMode
from tests.support.building import (
    Entry,
    delete,
    device,
    directory,
    file,
    hardlink,
    image,
    layer,
    opaque,
    save,
    symlink,
)
from tests.support.oracle import InvalidWhiteoutError, overlay
from tests.support.repacking import dead_bytes, repack, seen, stored_layers
from tests.support.tidy_stacks import tidy

NAMES = st.sampled_from(["a", "b", "c", "ä", "n" * 120])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
XATTRS = st.sampled_from([(), ((b"SCHILY.xattr.user.x", b"1"),)])
MODES = st.sampled_from([0o644, 0o755, 0o4755, 0o600])
TIMES = st.sampled_from([0, 1_000_000_000])
IDS = st.sampled_from([0, 1000])
SAID = {"mode": MODES, "mtime": TIMES, "uid": IDS, "pax": XATTRS}
FILES = st.builds(file, PATHS, st.sampled_from([b"", b"1", b"22", b"3" * 600]), **SAID)
DIRECTORIES = st.builds(directory, PATHS, mode=MODES, mtime=TIMES, uid=IDS)
LINKS = st.builds(hardlink, PATHS, PATHS)
OTHERS = st.builds(symlink, PATHS, PATHS) | st.builds(device, PATHS, st.just(1), st.just(3))
MARKS = st.builds(delete, PATHS) | st.builds(opaque, PATHS)
ENTRIES = FILES | FILES | DIRECTORIES | LINKS | OTHERS | MARKS
STACKS = st.lists(st.lists(ENTRIES, max_size=8), min_size=1, max_size=4)


def check(stack: Sequence[Sequence[Entry]], mode: LayerMode, base: int = 0) -> None:
    """The first `base` layers are a base image's, and are not touched."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        source = save(image(*map(layer, stack)), folder / "source.tar")
        if base:
            given = save(image(*map(layer, stack[:base])), folder / "base.tar")
            ref = ImageRef(str(given))
            layers = repack(source, folder / "result.tar", mode=mode, base=ref).images[0].layers
            assert seen(stored_layers(folder / "result.tar")) == seen(list(map(list, stack)))
            if mode != "flat":
                assert [layer_change.new_diff_id for layer_change in layers[:base]] == [
                    layer.diff_id for layer in layers[:base]
                ]
        certificate = repack(source, folder / "result.tar", mode=mode)
        after = stored_layers(folder / "result.tar")
        assert seen(after) == seen([list(items) for items in stack])
        again = repack(folder / "result.tar", folder / "again.tar", mode=mode)
        assert (folder / "again.tar").read_bytes() == (folder / "result.tar").read_bytes()
        assert not again.images[0].removed
        if not any(each.what == "frozen" for each in certificate.images[0].layers):
            assert dead_bytes(certificate) == 0


@pytest.mark.parametrize("mode", LAYER_MODES)
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(STACKS)
def test_any_stack(mode: LayerMode, stack: list[list[Entry]]) -> None:
    try:
        found = overlay(stack)
    except InvalidWhiteoutError:
        return
    if found.undecided:
        return
    try:
        check(stack, mode)
    except InputError as error:
        if error.slug != "cannot-merge" or mode == "keep":
            raise


@pytest.mark.parametrize("mode", LAYER_MODES)
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 1 << 32))
def test_a_stack_as_builders_make_it(mode: LayerMode, seed: int) -> None:
    stack = tidy(seed)
    check(stack, mode, seed % len(stack))
