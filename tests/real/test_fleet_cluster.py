"""Clusters that others started: `dask scheduler` and `dask worker`, in the clear and with Dask's TLS."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import require, skip_or_fail
from tests.real.registries import Registry, docker_registry, make_certificate
from tests.support.building import save
from tests.support.fleets import fleet

pytestmark = pytest.mark.real

IMAGES = 4


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Some images behind a password."""
    require("docker-registry", "skopeo", "htpasswd", "openssl")
    folder = tmp_path_factory.mktemp("registry")
    with docker_registry(folder, password=True) as found:
        for number, built in enumerate(fleet(IMAGES, 2)):
            layout = save(built, folder / f"layout{number}", "oci-dir")
            found.push(f"oci:{layout}:1", f"team/app{number}:1")
        yield found


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Dask's own settings for TLS, as environment variables: whoever has the key is let in."""
    certificate, key = make_certificate(tmp_path_factory.mktemp("tls"))
    found = {"DASK_DISTRIBUTED__COMM__TLS__CA_FILE": str(certificate)}
    for role in ("SCHEDULER", "WORKER", "CLIENT"):
        found[f"DASK_DISTRIBUTED__COMM__TLS__{role}__CERT"] = str(certificate)
        found[f"DASK_DISTRIBUTED__COMM__TLS__{role}__KEY"] = str(key)
    return found


class Tap:
    """Stands between a client and a scheduler, and keeps what both say."""

    def __init__(self, host: str, port: int) -> None:
        self._target = host, port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.heard = bytearray()
        self._ends: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self._ends.append(near)
                far = socket.create_connection(self._target)
                self._ends.append(far)
                for source, target in ((near, far), (far, near)):
                    self._start(self._pass, source, target)

    def _start(self, function: Callable[..., None], *words: socket.socket) -> None:
        thread = threading.Thread(target=function, args=words, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                self.heard += data
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Take no more, and let go of what is there."""
        for each in (self._listener, *self._ends):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        for each in (self._listener, *self._ends):
            each.close()


@contextmanager
def cluster(folder: Path, settings: dict[str, str], login: Registry | None = None) -> Iterator[Tap]:
    """A scheduler and a worker as `dask` starts them, and the tap in front of the scheduler.

    With `login` the worker's own environment has the log-in of a registry.
    """
    folder.mkdir()
    protocol = "tls" if settings else "tcp"
    file = folder / "scheduler.json"
    # What both of them say is in files that nobody reads unless something fails.
    environment = {**os.environ, **settings, "HOME": str(folder)}
    for name in ("DOCKER_CONFIG", "REGISTRY_AUTH_FILE"):
        environment.pop(name, None)
    with ExitStack() as stack:
        log = stack.enter_context((folder / "log").open("wb"))

        def start(kind: str, *words: str, **more: str) -> None:
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--no-dashboard", *words],
                cwd=folder,
                env=environment | more,
                stdout=log,
                stderr=log,
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)

        start(
            "scheduler",
            *("--host", "127.0.0.1", "--port", "0", "--protocol", protocol),
            *("--scheduler-file", str(file)),
        )
        for _ in range(600):
            if file.exists() and file.read_text().strip():
                break
            time.sleep(0.1)
        own = {}
        if login is not None:
            own = {"DOCKER_CONFIG": str(log_in(folder / "docker", login))}
        start(
            "worker",
            *("--nworkers", "1", "--nthreads", "1", "--scheduler-file", str(file)),
            *("--host", "127.0.0.1", "--protocol", protocol),
            **own,
        )
        host, _, port = json.loads(file.read_text())["address"].partition("://")[2].partition(":")
        tap = Tap(host, int(port))
        stack.callback(tap.close)
        yield tap


def log_in(folder: Path, registry: Registry) -> Path:
    """A folder with the log-in of a registry as docker keeps it."""
    assert registry.login is not None
    folder.mkdir()
    (folder / "config.json").write_text(
        json.dumps({"auths": {registry.host: {"auth": encoded(registry).decode()}}})
    )
    return folder


def encoded(registry: Registry) -> bytes:
    assert registry.login is not None
    return base64.b64encode(f"{registry.login.user}:{registry.login.password}".encode())


def scan(
    registry: Registry, store: Path, scheduler: str, *words: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    call = [
        *(sys.executable, "-m", "slim", "fleet", "scan", f"registry:{registry.host}/team/*"),
        *("--plain-http", registry.host, "--store", str(store), "--scheduler", scheduler, *words),
    ]
    return subprocess.run(
        call, capture_output=True, text=True, check=False, timeout=300, env=os.environ | environment
    )


def secrets(registry: Registry) -> list[bytes]:
    """The password in the forms in which it could be sent."""
    assert registry.login is not None
    return [registry.login.password.encode(), encoded(registry)]


def by_option(registry: Registry) -> tuple[tuple[str, str], dict[str, str]]:
    assert registry.login is not None
    user = ("--registry-user", f"{registry.host}={registry.login.user}")
    return user, {"SLIM_REGISTRY_PASSWORD": registry.login.password}


def test_over_tls_workers_get_the_password(
    registry: Registry, tls: dict[str, str], tmp_path: Path
) -> None:
    """The workers have no log-in of their own; what passes on the wire and what is written do not show it."""
    user, password = by_option(registry)
    with cluster(tmp_path / "cluster", tls) as tap:
        address = f"tls://127.0.0.1:{tap.port}"
        done = scan(registry, tmp_path / "store", address, *user, **password, **tls)
        assert done.returncode == 0, done.stderr
        assert f"{IMAGES} images: {IMAGES} analyzed" in done.stdout
        assert len(tap.heard) > 10_000
        written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
        for secret in secrets(registry):
            assert secret not in tap.heard
            assert not any(secret in data for data in written)
        # Whoever has no certificate, or one that nobody there knows, is not let in.
        none = scan(registry, tmp_path / "other", address, *user, **password)
        assert (none.returncode, "[no-certificate]" in none.stderr) == (2, True)
        (tmp_path / "strange").mkdir()
        certificate, key = make_certificate(tmp_path / "strange")
        strange = {name: str(key if name.endswith("KEY") else certificate) for name in tls}
        stranger = scan(registry, tmp_path / "other", address, *user, **password, **strange)
        assert (stranger.returncode, "[no-scheduler]" in stranger.stderr) == (6, True)


def test_in_the_clear_workers_use_their_own(registry: Registry, tmp_path: Path) -> None:
    """A password is refused before anything is sent; log-ins in files stay on their machines."""
    user, password = by_option(registry)
    mine = {"DOCKER_CONFIG": str(log_in(tmp_path / "mine", registry))}
    with cluster(tmp_path / "cluster", {}, login=registry) as tap:
        address = f"tcp://127.0.0.1:{tap.port}"
        refused = scan(registry, tmp_path / "refused", address, *user, **password)
        assert refused.returncode == 2
        assert "[open-channel]" in refused.stderr
        assert not tap.heard
        done = scan(registry, tmp_path / "store", address, **mine)
        assert done.returncode == 0, done.stderr
        assert f"{IMAGES} images: {IMAGES} analyzed" in done.stdout
        assert len(tap.heard) > 10_000
        for secret in secrets(registry):
            assert secret not in tap.heard


def test_without_a_login_of_their_own_workers_have_none(registry: Registry, tmp_path: Path) -> None:
    """The log-in in a file of this machine reads the manifests here; over there the layers are refused."""
    mine = {"DOCKER_CONFIG": str(log_in(tmp_path / "mine", registry))}
    with cluster(tmp_path / "cluster", {}) as tap:
        done = scan(registry, tmp_path / "store", f"tcp://127.0.0.1:{tap.port}", **mine)
    assert done.returncode == 6
    assert f"{IMAGES} failed" in done.stdout
    for secret in secrets(registry):
        assert secret not in tap.heard


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--proxy", "http://me:hunter2@127.0.0.1:9"), "--proxy"),
        (("--store", "ftp://me:hunter2@127.0.0.1/fleet"), "store"),
    ],
)
def test_other_passwords_are_not_sent_in_the_clear(words: Any, what: str) -> None:
    from slim.errors import UsageError
    from slim.fleet.cluster import cluster as connect
    from slim.fleet.work import Context, Sealed
    from slim.image.registry.access import Access
    from tests.support.fleets import NOW, scan_options

    options = dict([words])
    made = scan_options(Path("store"))
    context = Context(
        options.get("--store", "store"),
        1,
        Sealed(Access(proxy=options.get("--proxy"))),
        made.limits,
        made.rules,
        NOW.date(),
        "",
    )
    with (
        pytest.raises(UsageError, match=what) as caught,
        connect(context, scheduler="tcp://127.0.0.1:9"),
    ):
        pass
    assert "hunter2" not in str(caught.value)


JOBS = """
import subprocess, sys
from dask_jobqueue import SLURMCluster
from dask_jobqueue.local import LocalCluster
from dask_jobqueue.slurm import SLURMJob

if __name__ == "__main__":
    options = {"host": "127.0.0.1", "dashboard": False}
    with LocalCluster(cores=1, memory="2GB", scheduler_options=options) as cluster:
        cluster.scale(1)
        address = cluster.scheduler_address
        script = SLURMJob(address, name="slim", cores=4, memory="8GB").job_script()
        assert "#SBATCH --cpus-per-task=4" in script and f"dask_worker {address}" in script, script
        sys.exit(subprocess.run([*sys.argv[1:], "--scheduler", address]).returncode)
"""
"""The recipe for SLURM, with the jobs of its script run by a shell of this machine: there is no SLURM."""


def test_workers_that_a_job_script_starts(registry: Registry, tmp_path: Path) -> None:
    if find_spec("dask_jobqueue") is None:
        skip_or_fail("not installed: dask-jobqueue (the extra real)")
    (tmp_path / "jobs.py").write_text(JOBS)
    call = [
        *(sys.executable, str(tmp_path / "jobs.py"), sys.executable, "-m", "slim", "fleet", "scan"),
        *(f"registry:{registry.host}/team/*", "--plain-http", registry.host),
        *("--store", str(tmp_path / "store")),
    ]
    own = {"DOCKER_CONFIG": str(log_in(tmp_path / "mine", registry))}
    done = subprocess.run(
        call, capture_output=True, text=True, check=False, timeout=300, env=os.environ | own
    )
    assert done.returncode == 0, done.stderr
    assert f"{IMAGES} images: {IMAGES} analyzed" in done.stdout
