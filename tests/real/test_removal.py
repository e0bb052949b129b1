"""What slim says goes along with uninstalled packages is what apt removes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import slim
from tests.real.conftest import Pairs
from tests.real.tools import TAG, run

pytestmark = pytest.mark.real


@pytest.mark.parametrize("stack", ["elixir", "python"])
def test_apt_removes_what_goes_along(stack: str, twins: Pairs, tmp_path: Path) -> None:
    """With everything else marked as asked for by name, `purge --auto-remove` takes these and no others."""
    pair = twins(stack)
    report = slim.analyze(pair.fat, base=pair.base, top=1000)
    steps = [one for one in report.findings if one.claimed_bytes and one.packages]
    named = {name for one in steps for name in one.packages}
    along = {name for one in steps for name in one.along}
    assert along
    assert not named & along
    root = tmp_path / "root"
    run("umoci", "raw", "unpack", "--image", f"{pair.fat}:{TAG}", root)
    installed = run("chroot", root, "dpkg-query", "--show", "--showformat=${Package}\\n").split()
    stay = sorted(set(installed) - named - along)
    run("chroot", root, "apt-mark", "manual", *stay)
    done = run("chroot", root, "apt-get", "--simulate", "--auto-remove", "purge", *sorted(named))
    removed = {line.split()[1] for line in done.splitlines() if line.startswith("Purg ")}
    assert removed == named | along
    shutil.rmtree(root)
