"""The recipe for Dask Gateway in docs/fleet.md, with a gateway that starts its clusters on this machine."""

from __future__ import annotations

import getpass
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent

import pytest

from tests.conftest import skip_or_fail
from tests.support.building import save
from tests.support.fleets import fleet

pytestmark = pytest.mark.real

IMAGES = 3
PAGE = Path(__file__).parents[2] / "docs" / "fleet.md"
SETTINGS = """
c.DaskGateway.backend_class = "dask_gateway_server.backends.local.UnsafeLocalBackend"
c.DaskGateway.authenticator_class = "dask_gateway_server.auth.SimpleAuthenticator"
c.DaskGateway.address = "127.0.0.1:{server}"
c.Proxy.address = "127.0.0.1:{web}"
c.Proxy.tcp_address = "127.0.0.1:{scheduler}"
c.UnsafeLocalBackend.clusters_directory = "{folder}"
c.ClusterConfig.scheduler_cmd = ["{python}", "-m", "distributed.cli.dask_scheduler"]
c.ClusterConfig.worker_cmd = ["{python}", "-m", "distributed.cli.dask_worker"]
"""


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens at."""
    with ExitStack() as stack:
        sockets = [
            stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)
        ]
        return [each.getsockname()[1] for each in sockets]


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Dask's settings for a gateway, as environment variables."""
    if find_spec("dask_gateway_server") is None:
        skip_or_fail("not installed: dask-gateway-server (the extra real)")
    names = ("server", "web", "scheduler")
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    folder = tmp_path / "clusters"
    (tmp_path / "settings.py").write_text(
        SETTINGS.format(**ports, folder=folder, python=sys.executable)
    )
    command = [sys.executable, "-m", "dask_gateway_server", "-f", str(tmp_path / "settings.py")]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log)
        try:
            for _ in range(300):
                if "server started" in (tmp_path / "log").read_text():
                    break
                time.sleep(0.1)
            yield {
                "DASK_GATEWAY__ADDRESS": f"http://127.0.0.1:{ports['web']}",
                "DASK_GATEWAY__PROXY_ADDRESS": f"tls://127.0.0.1:{ports['scheduler']}",
                "DASK_GATEWAY__AUTH__TYPE": "basic",
                "USER": getpass.getuser(),
            }
        finally:
            server.terminate()
            server.wait(30)


def test_the_recipe_scans_on_the_clusters_of_a_gateway(
    gateway: dict[str, str], tmp_path: Path
) -> None:
    recipe = re.search(r"```python\n(.*?from dask_gateway .*?)  ```", PAGE.read_text(), re.DOTALL)
    assert recipe is not None
    (tmp_path / "gateway.py").write_text(dedent(recipe[1]))
    for number, built in enumerate(fleet(IMAGES, 2)):
        save(built, tmp_path / "in" / f"app{number}", "oci-dir")
    command = [
        *(sys.executable, "gateway.py", sys.executable, "-m", "slim", "fleet", "scan"),
        *(str(tmp_path / "in"), "--store", str(tmp_path / "store")),
    ]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=os.environ | gateway,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr + (tmp_path / "log").read_text()
    assert f"{IMAGES} images: {IMAGES} analyzed" in done.stdout
