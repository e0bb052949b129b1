"""A store in S3: a server that speaks its protocol on loopback, and slim through s3fs as a user has it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.conftest import skip_or_fail
from tests.support.building import image, layer, save
from tests.support.fleets import fleet, scan, truth_of, write_fleet

pytestmark = pytest.mark.real

SECRET = "s3-secret-key-of-this-test"  # noqa: S105


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment that leads to an empty bucket `fleets`."""
    missing = [name for name in ("moto", "flask", "s3fs") if find_spec(name) is None]
    if missing:
        skip_or_fail(f"not installed: {', '.join(missing)} (the extra real)")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    folder = tmp_path_factory.mktemp("s3")
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": "reader",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "HOME": str(folder),
    }
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdout=log,
            stderr=log,
            env=environment,
        )
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert server.poll() is None, (folder / "log").read_text()
            time.sleep(0.1)
        code = "import s3fs; s3fs.S3FileSystem().mkdir('fleets')"
        subprocess.run([sys.executable, "-c", code], check=True, env=environment, timeout=60)
        yield environment
    finally:
        server.terminate()
        server.wait()


def slim(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "slim", "fleet", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env=environment,
    )


def test_a_store_in_s3(s3: dict[str, str], tmp_path: Path) -> None:
    """Scan, scan again, one image more, one less, report, SQL: as with a folder, to the byte."""
    images = fleet(6, 2)
    write_fleet(tmp_path / "in", images)
    place = ("--store", "s3://fleets/team")
    words = ("scan", str(tmp_path / "in"), *place, "--workers", "2")
    done = slim(s3, *words)
    assert done.returncode == 0, done.stderr
    blobs = {layer.blob for each in images for layer in each.layers}
    assert f"6 images: 6 analyzed, 0 known, 0 removed, 0 failed\n{len(blobs)} layers" in done.stdout
    again = slim(s3, *words)
    assert "6 images: 0 analyzed, 6 known" in again.stdout, again.stderr
    assert "0 layers read" in again.stdout
    save(image(*images[0].layers, layer({"new": b"n" * 1000})), tmp_path / "in" / "new", "oci-dir")
    more = slim(s3, *words)
    assert "7 images: 1 analyzed, 6 known, 0 removed, 0 failed\n1 layers read" in more.stdout
    report = slim(s3, "report", *place, "--no-config", "-o", "json")
    assert report.returncode == 0, report.stderr
    scan(tmp_path / "store", tmp_path / "in")
    local = slim(s3, "report", "--store", str(tmp_path / "store"), "--no-config", "-o", "json")
    found, expected = json.loads(report.stdout), json.loads(local.stdout)
    for document in (found, expected):
        document["totals"] = {
            name: value
            for name, value in document["totals"].items()
            if name not in ("scan", "time")
        }
        document.pop("growth")
    assert found == expected
    (tmp_path / "in" / "new").rename(tmp_path / "gone")
    assert "1 removed" in slim(s3, *words).stdout
    truth = truth_of({each.tags[0]: each.manifest_json() for each in images})
    asked = slim(s3, "report", *place, "--no-config", "-o", "json")
    totals = json.loads(asked.stdout)["totals"]
    assert totals["unique_bytes"] + totals["shared_bytes"] == truth.distinct_bytes
    query = slim(s3, "sql", *place, "SELECT count(*) AS n FROM images", "-o", "json")
    assert json.loads(query.stdout) == [{"n": 6}], query.stderr


def test_what_goes_wrong_is_one_line(s3: dict[str, str], tmp_path: Path) -> None:
    """No bucket, no key, no server: no traceback, and the key is not shown."""
    write_fleet(tmp_path / "in", fleet(1, 1))
    keyless = {name: value for name, value in s3.items() if not name.startswith("AWS_ACCESS")}
    nowhere = {**s3, "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}
    for environment, place in (
        (s3, "s3://no-such-bucket/x"),
        (keyless, "s3://fleets/keyless"),
        (nowhere, "s3://fleets/nowhere"),
        (s3, "nonsense://fleets/x"),
    ):
        done = slim(environment, "scan", str(tmp_path / "in"), "--store", place, "--workers", "1")
        assert done.returncode in (2, 3, 6), done.stderr
        assert "Traceback" not in done.stderr
        assert len(done.stderr.strip().splitlines()) <= 2, done.stderr
        assert SECRET not in done.stderr + done.stdout
