"""Hostile images through `slim repack`: an error and nothing written, or a result that is proved.

Where a row of the tables has to be told which of several images is meant, a repacking takes them all.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from slim.errors import InternalError, SlimError
from slim.repack.compressors import parse_compression
from tests.conftest import LONG
from tests.support.attacks import Attack, everywhere
from tests.support.building import image, layer, save
from tests.support.mutated_images import mutations
from tests.support.repacking import repack, seen, stored_layers
from tests.support.tidy_stacks import tidy

ATTACKS = everywhere(3, lambda attack: not attack.options and attack.error != "ambiguous-image")


@pytest.mark.parametrize("attack", ATTACKS)
def test_attack(attack: Attack, tmp_path: Path) -> None:
    check(attack, tmp_path, "gzip:1")


@LONG
@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("name", ["zstd:chunked:1", "estargz:1"])
def test_attack_on_a_table_of_contents(attack: Attack, name: str, tmp_path: Path) -> None:
    check(attack, tmp_path, name)


def check(attack: Attack, tmp_path: Path, compression: str) -> None:
    assert attack.make is not None
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    source = attack.make(tmp_path / "in")
    failed: SlimError | None = None
    try:
        how = parse_compression(compression)
        result = repack(Path(source), tmp_path / "out" / "result.tar", compression=how)
    except SlimError as error:
        failed = error
    left = [each.name for each in (tmp_path / "out").iterdir()]
    if failed is not None:
        assert not left
        assert not isinstance(failed, InternalError), failed
        assert not attack.error or failed.exit_code == attack.code
        return
    assert not attack.error, "what cannot be read cannot be repacked"
    assert not any(image.proof.differences for image in result.images)
    assert left == ["result.tar"]


@pytest.mark.parametrize("seed", range(4))
@LONG
def test_mutated_images(seed: int, tmp_path: Path) -> None:
    """Whatever byte of an archive is another one: an error, or what the changed archive shows."""
    source = save(image(*map(layer, tidy(seed))), tmp_path / "source.tar")
    out = tmp_path / "out"
    out.mkdir()
    for at, data in enumerate(mutations(source.read_bytes(), random.Random(seed), 25)):  # noqa: S311
        changed = tmp_path / f"changed-{at}.tar"
        changed.write_bytes(data)
        try:
            repack(changed, out / "result.tar")
        except InternalError:
            raise
        except SlimError:
            assert not list(out.iterdir())
        else:
            assert seen(stored_layers(out / "result.tar")) == seen(stored_layers(changed))
            (out / "result.tar").unlink()
