"""The plugin's image: built from its Dockerfile on a Debian with Python, and run as a step.

No registry is asked for the base: it is made of Debian's packages, as the bases of the other tests are.
The libraries come from the package index, as they do for everybody who builds the image.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import slim
from tests.real.recipes import put
from tests.real.tools import Store, need, run
from tests.real.twin_images import CERTIFICATES, TRUST
from tests.support.environments import WOODPECKER
from tests.support.forges import TOKEN, serve

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[2]
LIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096")


def base(folder: Path) -> Path:
    """A tar of the smallest Debian with Python in it."""
    target = folder / "base.tar"
    options = ("--quiet", "--mode=root", "--variant=minbase", "--include=python3-venv")
    run("mmdebstrap", *options, "trixie", target)
    return target


def test_the_plugin_s_image_is_built_and_run_on_a_real_image(tmp_path: Path) -> None:
    need("buildah", "mmdebstrap")
    store = Store(tmp_path / "store")
    container = store.buildah("from", "scratch")
    store.buildah("add", "--quiet", container, base(tmp_path), "/")
    store.buildah("commit", "--quiet", "--rm", container, "localhost/python")
    store.buildah(
        *("build", "--quiet", "--pull=never", *LIMITS),
        *("--build-arg", "PYTHON=localhost/python"),
        *("--build-arg", f"PIP_ARGS=--cert={TRUST}", "--volume", f"{CERTIFICATES}:{TRUST}:ro"),
        *("--file", ROOT / "plugin" / "Dockerfile", "--tag", "localhost/plugin", ROOT),
    )
    # What slim adds to its base is small, and nothing of it is dead.
    report = slim.analyze(store.save("localhost/plugin", tmp_path / "plugin"))
    (_, added) = report.layers
    assert added.disk_bytes < 30_000_000
    assert report.totals.dead_bytes == 0
    assert not [
        finding for finding in report.findings if any(at.layer == 1 for at in finding.where)
    ]

    workspace = tmp_path / "workspace"
    workspace.mkdir()
    built = store.layers(
        "step", lambda root: put(root, opt__app=700_000), lambda root: (root / "opt/app").unlink()
    )
    store.buildah("push", "--quiet", built, f"docker-archive:{workspace}/image.tar:shop:pr")
    about = json.loads(store.buildah("inspect", "--type", "image", "localhost/plugin"))
    entry = about["OCIv1"]["config"]["Entrypoint"]
    step = store.buildah("from", "--pull=never", *LIMITS, "localhost/plugin")
    with serve("forgejo") as forge:
        variables = {
            **WOODPECKER,
            "CI_FORGE_URL": forge.url,
            "PLUGIN_API_URL": forge.url,
            "PLUGIN_COMMENT": "true",
            "PLUGIN_IMAGE": "image.tar",
            "PLUGIN_MAX_SIZE": "100kB",
            "PLUGIN_OUTPUT": '["text", "json=size.json"]',
            "PLUGIN_TOKEN": TOKEN,
            "no_proxy": "127.0.0.1",
        }
        words = [word for name, value in variables.items() for word in ("--env", f"{name}={value}")]
        place = ("--volume", f"{workspace}:/workspace", "--workingdir", "/workspace")
        with pytest.raises(AssertionError, match="over budget: size 700 kB is over the limit"):
            store.buildah("run", *words, *place, step, "--", *entry)
        assert "### `shop` image: 700" in forge.comments[0].body
        assert "over budget" in forge.comments[0].body
        output = store.buildah(
            *("run", *words, "--env", "PLUGIN_MAX_SIZE=1MB", *place, step, "--", *entry)
        )
        assert "of it is dead weight" in output
        assert len(forge.comments) == 1
        assert "within budget" in forge.comments[0].body
    written = slim.load_report(workspace / "size.json")
    assert (written.totals.disk_bytes, written.totals.dead_bytes) == (700_000, 700_000)
