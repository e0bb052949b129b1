"""Where there is no wheel of isal, zlib does its work: same sizes, and estimates that are as near."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import slim
from tests.conftest import LONG
from tests.support.building import image, layer, save

RUN = "from slim.__main__ import script; script()"
BLOCKED = "import sys; sys.modules['isal'] = None; sys.argv[0] = 'slim'; "
_SHARE = 0.01
"""How far a file's share of a layer's pull may be off where a checkpoint lies a byte further on."""


def sources() -> dict[str, bytes]:
    """Files that compress as real sources do: slim's own."""
    files = sorted(Path(slim.__file__).parent.rglob("*.py"))
    return {f"app/{number}.py": file.read_bytes() for number, file in enumerate(files)}


def report(path: Path, before: str) -> dict[str, Any]:
    words = [sys.executable, "-c", before + RUN, "analyze", str(path), "-o", "json", "--no-cache"]
    done = subprocess.run(words, capture_output=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def differences(one_side: Any, other: Any, at: str = "") -> list[tuple[str, Any, Any]]:
    """(where, value, value) of all that is not equal."""
    if isinstance(one_side, dict) and isinstance(other, dict) and one_side.keys() == other.keys():
        return [
            each
            for key in one_side
            for each in differences(one_side[key], other[key], f"{at}.{key}")
        ]
    if isinstance(one_side, list) and isinstance(other, list) and len(one_side) == len(other):
        return [
            each
            for left, right in zip(one_side, other, strict=True)
            for each in differences(left, right, at)
        ]
    return [] if one_side == other else [(at, one_side, other)]


@LONG
def test_a_report_of_compressed_layers_is_the_same_without_isal(tmp_path: Path) -> None:
    """All of it, but for shares of files: zlib gives the last byte of its input out at once, isal with the
    next piece, so that a checkpoint of 64 KiB may lie a byte further on."""
    files = sources()
    path = save(image(layer(files, compression="gzip")), tmp_path / "a.tar", "oci-archive")
    with_isal, without = report(path, "import sys; sys.argv[0] = 'slim'; "), report(path, BLOCKED)
    assert with_isal["totals"]["disk_bytes"] == sum(map(len, files.values()))
    for key in ("pull_bytes", "disk_bytes", "tar_bytes"):
        assert with_isal["totals"][key] == without["totals"][key]
        assert [each[key] for each in with_isal["layers"]] == [
            each[key] for each in without["layers"]
        ]
    for where, left, right in differences(with_isal, without):
        assert where.endswith("pull_bytes")
        assert abs(left - right) <= max(8, left * _SHARE), where


@LONG
def test_an_estimate_is_as_near_without_isal(tmp_path: Path) -> None:
    path = save(image(layer(sources(), compression="none")), tmp_path / "a.tar", "docker")
    with_isal, without = report(path, "import sys; sys.argv[0] = 'slim'; "), report(path, BLOCKED)
    sizes = with_isal["totals"]["pull_bytes"], without["totals"]["pull_bytes"]
    assert abs(sizes[0] - sizes[1]) * 20 <= sizes[0]
    assert with_isal["totals"]["estimated"]
    assert without["totals"]["estimated"]
