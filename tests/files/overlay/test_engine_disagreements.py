"""78 stacks of layers that engines were seen to read, most of them differently.

Every case has its layers, the tree that slim shows, and the warnings that it must give. The
notation is that of `tests.support.building.entries`: `d/` directory, `d/a=A` file, `ln->d` symbolic link,
`hl=>f` hard link, `.wh.f` whiteout; in trees `*2` is the number of names that share a file.

`follows` says whose reading the tree is:
    all       every engine that unpacks the stack makes this tree
    spec      OCI image-spec layer.md, where engines differ from it and from each other
    overlay   the overlay engines (containerd and moby on a kernel overlay), which production runs
    naive     engines on a plain directory, where overlay engines cannot unpack the layer at all
    slim      no engine or not enough of them: the reading that hides least and invents nothing
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from slim.errors import InputError
from tests.conftest import LONG
from tests.real.tools import need
from tests.support.building import FORMATS, Layer, entries, image, layer, save
from tests.support.checked import checked_analyze, checked_files, shown_fates, shown_words
from tests.support.engine_disagreements import BASE, CASES, Case
from tests.support.oracle import InvalidWhiteoutError, overlay, word

REFUSED = {"bare .wh.": "d/.wh.", ".wh..": "d/.wh..", ".wh...": "d/.wh..."}
"""Whiteouts that name nothing: layer.md says to reject them, engines delete a parent or all."""


def _name(case: Case) -> str:
    return case.name


EVERY = pytest.mark.parametrize("case", CASES, ids=_name)
AGREED = pytest.mark.parametrize(
    "case", [case for case in CASES if case.follows == "all"], ids=_name
)


def _layers(case: Case) -> list[Layer]:
    return [layer(part) for part in case.layers]


def _tree(text: str) -> set[str]:
    return set(text.split())


def test_every_stack_is_here() -> None:
    names = [case.name for case in CASES] + list(REFUSED)
    assert len(names) == len(set(names)) == 78


@EVERY
def test_oracle_makes_the_tree(case: Case) -> None:
    assert overlay([entries(part) for part in case.layers]).words() == _tree(case.tree)


@pytest.mark.real
@AGREED
def test_umoci_makes_the_tree(case: Case, tmp_path: Path) -> None:
    """One real engine agrees with the oracle about what nobody disputes."""
    need("umoci")
    sample = image(*_layers(case), compression="gzip")
    path = save(sample, tmp_path / "image", "oci-dir")
    run = ["umoci", "unpack", "--image", f"{path}:1", str(tmp_path / "bundle")]
    subprocess.run(run, check=True, capture_output=True)
    assert _unpacked(tmp_path / "bundle" / "rootfs") == _tree(case.tree)


def _unpacked(root: Path) -> set[str]:
    found = set()
    for path in root.rglob("*"):
        name = path.relative_to(root).as_posix()
        if path.is_symlink():
            found.add(word(name, "symlink", link=os.fsencode(os.readlink(path))))
        elif path.is_dir():
            found.add(word(name, "directory"))
        elif path.is_file():
            names = path.stat().st_nlink
            found.add(word(name, "file", path.read_bytes(), names=names))
        else:
            found.add(word(name, "device"))
    return found


@EVERY
def test_tree(case: Case) -> None:
    assert shown_words(checked_files(_layers(case))) == _tree(case.tree)


@EVERY
def test_warnings(case: Case) -> None:
    found = {id for _, id, _ in checked_files(_layers(case)).files.warnings}
    required = set(case.warns.split())
    assert required <= found <= required | set(case.may.split())


@EVERY
def test_fates(case: Case) -> None:
    expected = overlay([entries(part) for part in case.layers]).fates
    found = shown_fates(checked_files(_layers(case)))
    assert found.keys() == expected.keys()
    for row, fate in expected.items():
        assert fate.allows(*found[row]), row


@EVERY
@LONG
def test_report(case: Case, tmp_path: Path) -> None:
    """The whole way from an archive, the formats taking turns."""
    turn = CASES.index(case)
    form = FORMATS[turn % len(FORMATS)]
    compression = None if form.startswith("docker") else ("none", "gzip", "zstd")[turn % 3]
    path = save(image(*_layers(case), compression=compression), tmp_path / "image", form)
    report = checked_analyze(path)
    assert set(case.warns.split()) <= {warning.id for warning in report.warnings}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_whiteouts_without_a_name_are_refused(text: str) -> None:
    with pytest.raises(InvalidWhiteoutError):
        overlay([entries(BASE), entries(text)])
    with pytest.raises(InputError) as caught:
        checked_files([layer(BASE), layer(text)])
    assert caught.value.slug == "invalid-whiteout"
