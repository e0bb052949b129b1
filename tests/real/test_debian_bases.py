"""Debian as it is distributed, full and slim: what its makers keep on purpose is not claimed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import slim
from tests.real.tools import Store, need
from tests.real.twin_images import debian_base

pytestmark = pytest.mark.real

LEFT_OVER = {"DEB009", "DEB010"}
"""Copies of databases that the installation leaves behind, `*-old`: under a megabyte, and for nobody."""


@pytest.mark.parametrize("full", [False, True], ids=["slim", "full"])
def test_debian_keeps_what_it_has(
    full: bool, debian_roots: Callable[[bool], Path], tmp_path: Path
) -> None:
    need("mmdebstrap", "buildah")
    store = Store(tmp_path / "store")
    debian_base(store, debian_roots(not full))
    report = slim.analyze(store.save("debian", tmp_path / "layout"), top=1000)
    claims = {
        finding.rule: finding.claimed_bytes
        for finding in report.findings
        if finding.mode == "claim"
    }
    assert claims.keys() <= LEFT_OVER
    assert sum(claims.values()) < 1_000_000
    notes = {finding.rule for finding in report.findings if finding.mode == "note"}
    assert notes <= ({"DEB016"} if full else set()), "the full image could be the slim one"
    assert report.image.role.name == "base"
