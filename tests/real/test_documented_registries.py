"""The commands on pages that name a registry, against Debian's docker-registry on the loopback interface."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import LONG
from tests.real.registries import docker_registry
from tests.real.tools import need
from tests.support.documents import REGISTRY, Block, blocks, run_block, workspace
from tests.support.examples import SLIM

pytestmark = pytest.mark.real

BLOCKS = [block for block in blocks() if block.names_registry]


@LONG
@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_commands(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need("docker-registry", "skopeo")
    workspace(tmp_path, monkeypatch)
    with docker_registry(tmp_path / "registry") as registry:
        for name in ("team/app:1.2", "team/app:1.1", "app:1"):
            registry.push(f"docker-archive:{SLIM}", name)
        (digest,) = {
            f"sha256:{path.parent.name}"
            for path in (tmp_path / "registry").glob(
                "data/**/repositories/team/app/_manifests/revisions/sha256/*/link"
            )
        }
        text = REGISTRY.sub(registry.host, block.text).replace("sha256:…", digest)
        done = run_block(text, {"SLIM_PLAIN_HTTP": registry.host})
    assert done.returncode == 0, done.stderr
    assert "rror:" not in done.stderr
