"""Fleets in a real registry, read by Dask's workers: what the registry's own log and disk say."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from slim.fleet.database import database, select
from slim.fleet.folder import folder_of
from slim.fleet.report import make_report
from slim.fleet.store import Store
from slim.fleet.teams import Teams
from tests.conftest import require
from tests.real.registries import Registry, docker_registry
from tests.support.building import Image, image, layer, save
from tests.support.fleets import NOW, fleet

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def images() -> list[Image]:
    return fleet(12, 3, seed=7)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory, images: list[Image]) -> Iterator[Registry]:
    require("docker-registry", "skopeo")
    folder = tmp_path_factory.mktemp("registry")
    with docker_registry(folder) as found:
        push(found, folder, images)
        yield found


def push(registry: Registry, folder: Path, images: list[Image]) -> None:
    for number, built in enumerate(images):
        layout = save(built, folder / f"layout{number}", "oci-dir")
        registry.push(f"oci:{layout}:1", f"team{number % 3}/app{number}:1")


def command(registry: Registry, store: Path, *words: str) -> list[str]:
    return [
        *(sys.executable, "-m", "slim", "fleet", "scan", f"registry:{registry.host}/*"),
        *("--plain-http", registry.host, "--store", str(store), *words),
    ]


def layer_requests(registry: Registry, images: list[Image], since: int = 0) -> Counter[str]:
    """How often slim asked for each layer, by the registry's access log."""
    expected = {str(layer.descriptor["digest"]) for each in images for layer in each.layers}
    log = (registry.folder / "access").read_text()[since:]
    fetched = re.findall(r'"GET \S+/blobs/(sha256:[0-9a-f]+) [^"]*" 200 \d+ "[^"]*" "slim/', log)
    return Counter(digest for digest in fetched if digest in expected)


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_the_registry_sends_each_layer_once(
    registry: Registry, images: list[Image], tmp_path: Path, workers: int
) -> None:
    before = len((registry.folder / "access").read_text())
    words = command(registry, tmp_path / "store", "--workers", str(workers))
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    counts = layer_requests(registry, images, before)
    assert set(counts.values()) == {1}
    assert len(counts) == len({layer.blob for each in images for layer in each.layers})
    # What is known is not asked for again.
    before = len((registry.folder / "access").read_text())
    again = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "12 images: 0 analyzed, 12 known" in again.stdout
    assert not layer_requests(registry, images, before)


def test_sums_are_what_the_registry_stores(registry: Registry, tmp_path: Path) -> None:
    subprocess.run(command(registry, tmp_path / "store"), capture_output=True, check=True)
    report = make_report(Store(folder_of(str(tmp_path / "store"))), Teams(), {}, 100, NOW.date())
    stored = sum(path.stat().st_size for path in (registry.folder / "data").rglob("blobs/**/data"))
    assert report.totals["blob_bytes"] == stored
    assert report.totals["unique_bytes"] + report.totals["shared_bytes"] == stored


def test_after_a_worker_was_killed_nothing_is_lost_and_nothing_twice(tmp_path: Path) -> None:
    require("docker-registry", "skopeo")
    random = Random(3)  # noqa: S311
    shared = [layer({f"s{part}": random.randbytes(24 << 20)}) for part in range(4)]
    images = [
        image(shared[number % 4], layer({f"o{number}": random.randbytes(12 << 20)}))
        for number in range(12)
    ]
    with docker_registry(tmp_path / "registry") as registry:
        push(registry, tmp_path, images)
        words = command(registry, tmp_path / "store", "--workers", "2")
        running = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        tables = tmp_path / "store" / "tables"
        while running.poll() is None and len(list(tables.glob("*.table"))) < 2:
            time.sleep(0.01)
        assert running.poll() is None, "the scan was over before a worker could be killed"
        victim = workers_of(running.pid)[0]
        os.kill(victim, signal.SIGKILL)
        output, errors = running.communicate(timeout=600)
        assert running.returncode == 0, errors
        assert "12 images: 12 analyzed" in output
        counts = layer_requests(registry, images)
        distinct = {layer.blob for each in images for layer in each.layers}
        assert len(counts) == len(distinct)
        # What the killed worker was reading has to be read again.
        assert counts.total() <= len(distinct) + 1
        with database(Store(folder_of(str(tmp_path / "store")))) as connection:
            for statement in (
                "SELECT count(*), count(DISTINCT digest) FROM layers",
                "SELECT count(*), count(DISTINCT (layer, path)) FROM files",
            ):
                assert select(connection, statement)[1] == [(len(distinct), len(distinct))]


def workers_of(pid: int) -> list[int]:
    """The worker processes of a scan."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            words = (path.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == pid and b"spawn_main" in words:
            found.append(int(path.parent.name))
    return found


def test_passwords_stay_where_they_are(tmp_path: Path) -> None:
    require("docker-registry", "skopeo", "htpasswd")
    images = fleet(2, 1)
    with docker_registry(tmp_path / "registry", password=True) as registry:
        push(registry, tmp_path, images)
        assert registry.login is not None
        words = command(
            registry,
            tmp_path / "store",
            "--registry-user",
            f"{registry.host}={registry.login.user}",
            "-vv",
        )
        environment = {**os.environ, "SLIM_REGISTRY_PASSWORD": registry.login.password}
        done = subprocess.run(
            words, capture_output=True, text=True, check=False, env=environment, timeout=600
        )
        assert done.returncode == 0, done.stderr
        assert registry.login.password not in done.stdout + done.stderr
        for path in (tmp_path / "store").rglob("*"):
            if path.is_file():
                assert registry.login.password.encode() not in path.read_bytes()


def test_a_report_travels_with_its_image(
    registry: Registry, images: list[Image], tmp_path: Path
) -> None:
    """Debian's registry has no referrers API: the tag stands for it."""
    name = f"{registry.host}/team0/app0:1"
    words = ["--plain-http", registry.host]

    def slim(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "slim", *command],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    report = str(tmp_path / "report.json")
    slim("analyze", name, *words, "--no-cache", "--all-files", "-o", f"json={report}")
    pushed = slim("attach", report, name, *words)
    assert pushed.returncode == 0, pushed.stderr
    assert re.fullmatch(r"sha256:[0-9a-f]{64}\n", pushed.stdout)
    before = len((registry.folder / "access").read_text())
    local = tmp_path / "layout0"
    save(images[0], local, "oci-dir")
    compared = slim("compare", name, str(local), *words, "-o", "json")
    assert compared.returncode == 0, compared.stderr
    assert "its attached report is used" in compared.stderr
    assert json.loads(compared.stdout)["growth"]["disk_bytes"] == 0
    against = slim("analyze", str(local), "--against", name, *words, "-o", "json")
    assert "its attached report is used" in against.stderr
    assert json.loads(against.stdout)["growth"]["disk_bytes"] == 0
    assert not layer_requests(registry, [images[0]], before)
    # A signature is asked for, and there is none: the layers are read.
    unsigned = slim(
        "compare", name, str(local), *words, "--require-signature", "--no-cache", "-o", "json"
    )
    assert unsigned.returncode == 0, unsigned.stderr
    assert layer_requests(registry, [images[0]], before)
    # Of another image it is refused.
    wrong = slim("attach", report, f"{registry.host}/team1/app1:1", *words)
    assert wrong.returncode == 2
    assert "[other-image]" in wrong.stderr
    source = f"registry:{registry.host}/team0/app0"
    store = tmp_path / "store"
    scanned = slim(
        "fleet", "scan", source, *words, "--tags", "1", "--store", str(store), "--workers", "1"
    )
    assert "0 layers read" in scanned.stdout, scanned.stderr
    with database(Store(folder_of(str(store)))) as connection:
        rows = select(connection, "SELECT attached, disk_bytes > 0, error FROM images")[1]
    assert rows == [(True, True, "")]


@pytest.mark.parametrize(
    ("options", "tags"),
    [
        ([], ["v1", "v2", "v3", "x1"]),
        (["--tags", "v*"], ["v1", "v2", "v3"]),
        (["--newest", "2"], ["v3", "x1"]),
        (["--since", "2026-02-01"], ["v2", "v3", "x1"]),
        (["--tags", "v*", "--newest", "1"], ["v3"]),
        (["--platform", "linux/arm64"], ["v2"]),
    ],
)
def test_a_repository_s_tags_are_chosen(
    registry: Registry, tmp_path: Path, options: list[str], tags: list[str]
) -> None:
    """By their names, by when they were built, and by their platform; all are in one repository."""
    for tag, day, architecture in (
        ("v1", "2026-01-31", "amd64"),
        ("v2", "2026-02-01", "arm64"),
        ("v3", "2026-03-01", "amd64"),
        ("x1", "2026-04-01", "amd64"),
    ):
        built = replace(
            image(layer({tag: tag.encode()})),
            architecture=architecture,
            created=f"{day}T00:00:00Z",
        )
        registry.push(f"oci:{save(built, tmp_path / tag, 'oci-dir')}:1", f"chosen/app:{tag}")
    words = [f"registry:{registry.host}/chosen/app", "--plain-http", registry.host, *options]
    store = tmp_path / "store"
    done = subprocess.run(
        [sys.executable, "-m", "slim", "fleet", "scan", *words, "--store", store, "--workers", "1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with database(Store(folder_of(str(store)))) as connection:
        rows = select(connection, "SELECT tag FROM images ORDER BY tag")[1]
    assert [tag for (tag,) in rows] == tags
