"""Where there is no wheel of isal, zlib does its work: same report, and estimates that are as near."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import slim
from tests.conftest import LONG
from tests.support.building import image, layer, save

RUN = "from slim.__main__ import script; script()"
BLOCKED = "import sys; sys.modules['isal'] = None; sys.argv[0] = 'slim'; "


def report(path: Path, before: str) -> dict[str, Any]:
    words = [sys.executable, "-c", before + RUN, "analyze", str(path), "-o", "json", "--no-cache"]
    done = subprocess.run(words, capture_output=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@LONG
@pytest.mark.parametrize("form", ["oci-archive", "docker"])
def test_a_report_is_the_same_without_isal(form: str, tmp_path: Path) -> None:
    sources = {
        f"app/{number}.py": file.read_bytes()
        for number, file in enumerate(sorted(Path(slim.__file__).parent.rglob("*.py")))
    }
    stored = "gzip" if form == "oci-archive" else "none"
    path = save(image(layer(sources, compression=stored)), tmp_path / "a.tar", form)
    with_isal, without = report(path, "import sys; sys.argv[0] = 'slim'; "), report(path, BLOCKED)
    sizes = with_isal["totals"]["pull_bytes"], without["totals"]["pull_bytes"]
    assert (
        with_isal["totals"]["disk_bytes"]
        == without["totals"]["disk_bytes"]
        == sum(map(len, sources.values()))
    )
    if form == "oci-archive":
        assert with_isal == without
    else:
        assert abs(sizes[0] - sizes[1]) * 20 <= sizes[0]
        assert with_isal["totals"]["estimated"]
        assert without["totals"]["estimated"]
