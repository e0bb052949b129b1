"""Registries that lie in catalogue, tags, referrers and sizes, and stores with rubbish in them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

import slim
from slim.errors import SlimError
from slim.fleet.database import database, select
from slim.fleet.folder import folder_of
from slim.fleet.report import make_report
from slim.fleet.scan import Summary
from slim.fleet.store import Store
from slim.fleet.teams import Teams
from tests.conftest import LONG
from tests.support.building import digest, encode, image, layer, save
from tests.support.fake_registry import Answer, Fake, Request, serve
from tests.support.fleets import NOW, fleet, scan, write_fleet

REPORT = "application/vnd.slim.report.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
SERVED = image(
    layer({"etc/a": b"a" * 9_000}, compression="gzip"), layer({"srv/b": b"b" * 5_000}), tags=("1",)
)


def ask(store: Path, statement: str) -> list[tuple[Any, ...]]:
    with database(Store(folder_of(str(store)))) as connection:
        return select(connection, statement)[1]


def scanned(fake: Fake, store: Path, word: str = "", **more: Any) -> Summary:
    return scan(store, word or fake.name, access=fake.access(), **more)


def layers_read(fake: Fake) -> int:
    """Requests for the contents of layers."""
    digests = {each["digest"] for each in json.loads(fake.manifest)["layers"]}
    return sum(request.path.rpartition("/")[2] in digests for request in fake.log)


# --- referrers --------------------------------------------------------------------------


def report_of(tmp_path: Path) -> bytes:
    report = slim.analyze(save(SERVED, tmp_path / "analyzed", "oci-dir"), all_files=True)
    return slim.render(report, "json").encode()


Changes = Mapping[str, Any]


def artifact(fake: Fake, report: bytes, **changes: Any) -> dict[str, Any]:
    """An artifact as `slim attach` pushes it, but for the changes; the descriptor of its manifest."""
    blob = {"mediaType": REPORT, "digest": digest(report), "size": len(report)}
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": REPORT,
        "config": {
            "mediaType": "application/vnd.oci.empty.v1+json",
            "digest": digest(b"{}"),
            "size": 2,
        },
        "layers": [blob | changes.get("blob", {})],
        "subject": {
            "mediaType": MANIFEST,
            "digest": changes.get("subject", digest(fake.manifest)),
            "size": len(fake.manifest),
        },
    }
    data = encode(manifest)
    content: bytes = changes.get("content", report)
    fake.documents[digest(data)] = data
    fake.blobs[digest(report)] = content
    return {
        "mediaType": MANIFEST,
        "digest": digest(data),
        "size": len(data),
        "artifactType": REPORT,
    }


def listed(fake: Fake, *descriptors: object) -> None:
    """By the tag that stands for the referrers: this registry does not have their API."""
    data = encode({"schemaVersion": 2, "mediaType": INDEX, "manifests": descriptors})
    fake.documents[digest(fake.manifest).replace(":", "-")] = data


@LONG
@pytest.mark.parametrize("signed", [False, True])
def test_a_report_that_is_attached_is_used(tmp_path: Path, signed: bool) -> None:
    with serve(SERVED) as fake:
        listed(fake, artifact(fake, report_of(tmp_path)))
        assert scanned(fake, tmp_path / "unsigned", signed=True).layers == 2
        fake.log.clear()
        if signed:
            fake.documents[digest(fake.manifest).replace(":", "-") + ".sig"] = fake.manifest
        assert scanned(fake, tmp_path / "store", signed=signed).layers == 0
        assert layers_read(fake) == 0
        assert ask(tmp_path / "store", "SELECT attached, disk_bytes FROM images") == [
            (True, 14_000)
        ]
        assert scanned(fake, tmp_path / "other", attached=False).layers == 2


def other_config(report: bytes) -> bytes:
    document = json.loads(report)
    document["image"]["config_digest"] = "sha256:" + "1" * 64
    return json.dumps(document).encode()


def other_layers(report: bytes) -> bytes:
    document = json.loads(report)
    document["layers"][0]["diff_id"] = "sha256:" + "2" * 64
    return json.dumps(document).encode()


LIES: dict[str, Callable[[Fake, bytes], list[object]]] = {
    "about another image": lambda fake, report: [
        artifact(fake, report, subject="sha256:" + "3" * 64)
    ],
    "of another config": lambda fake, report: [artifact(fake, other_config(report))],
    "of other layers": lambda fake, report: [artifact(fake, other_layers(report))],
    "not what its digest says": lambda fake, report: [
        artifact(fake, report, content=report.replace(b"14000", b"14001"))
    ],
    "larger than it says": lambda fake, report: [
        artifact(fake, report, content=report + b" " * 1000)
    ],
    "endless": lambda fake, report: [artifact(fake, report, blob={"size": 1 << 50})],
    "of a negative size": lambda fake, report: [artifact(fake, report, blob={"size": -1})],
    "no report": lambda fake, report: [artifact(fake, b'{"schema_version": "1.0"}')],
    "no JSON": lambda fake, report: [artifact(fake, b"<html>" * 100)],
    "the image itself": lambda fake, report: [
        {"mediaType": MANIFEST, "digest": digest(fake.manifest), "size": len(fake.manifest)}
    ],
    "not there": lambda fake, report: [
        {"mediaType": MANIFEST, "digest": "sha256:" + "4" * 64, "size": 10, "artifactType": REPORT}
    ],
    "no descriptor": lambda fake, report: [7, None, {"digest": "x"}, {"artifactType": [REPORT]}],
}


@LONG
@pytest.mark.parametrize("lie", LIES)
def test_what_lies_about_a_report_is_passed_over(tmp_path: Path, lie: str) -> None:
    """Whoever may push may attach: then the layers are read, as if nothing were there."""
    with serve(SERVED) as fake:
        listed(fake, *LIES[lie](fake, report_of(tmp_path)))
        summary = scanned(fake, tmp_path / "store")
        assert (summary.failures, summary.layers) == ([], 2)
        assert ask(tmp_path / "store", "SELECT attached, disk_bytes FROM images") == [
            (False, 14_000)
        ]
        assert fake.sent < 1_000_000


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"manifests": 1}',
        b'{"a":' * 5_000,
        b'{"manifests": [' + b"1," * 9_999,
    ],
    ids=["empty", "html", "list", "number", "nested", "cut off"],
)
def test_lists_of_referrers_that_are_none(tmp_path: Path, body: bytes) -> None:
    def script(fake: Fake, request: Request) -> Answer | None:
        if "/referrers/" in request.path:
            return Answer(200, body, {"Content-Type": INDEX})
        return None

    with serve(SERVED, script) as fake:
        summary = scanned(fake, tmp_path / "store")
    assert (summary.failures, summary.layers) == ([], 2)


# --- catalogue, tags, sizes -------------------------------------------------------------

NAMES = [
    "team/app",
    "../etc/passwd",
    "x'; DROP TABLE images; --",
    "<script>alert(1)</script>",
    "A",
    "",
]


def catalogue(names: list[str], tags: list[str]) -> Callable[[Fake, Request], Answer | None]:
    def script(fake: Fake, request: Request) -> Answer | None:
        if request.path.startswith("/v2/_catalog"):
            return Answer(200, encode({"repositories": names}))
        if "/tags/list" in request.path:
            if "/team/broken/" in request.path:
                return Answer(403, b"{}")
            return Answer(200, encode({"name": "x", "tags": tags}))
        return None

    return script


def test_names_that_a_catalogue_invents_are_counted(tmp_path: Path) -> None:
    tags = ["1", "../../x", "a b", "<b>", "x" * 200, "'; --"]
    with serve(SERVED, catalogue(NAMES, tags)) as fake:
        summary = scanned(fake, tmp_path / "store", f"registry:{fake.host}/*")
        assert summary.images == 1
        assert "5 names that are no repositories" in " ".join(summary.warnings)
        assert not [each.path for each in fake.log if ".." in each.path or "<" in each.path]
        assert ask(tmp_path / "store", "SELECT name, error FROM images") == [(fake.name, "")]


def test_a_repository_that_is_refused_leaves_the_others(tmp_path: Path) -> None:
    names = ["team/app", "team/broken"]
    with serve(SERVED, catalogue(names, ["1"])) as fake:
        summary = scanned(fake, tmp_path / "store", f"registry:{fake.host}/*")
        assert (summary.images, len(summary.failures), summary.exit_code) == (1, 1, 6)
        # What a source that failed had before, stays.
        again = scanned(fake, tmp_path / "store", f"registry:{fake.host}/*")
        assert (again.kept, again.removed) == (1, 0)


@pytest.mark.parametrize("size", [1, 10**15])
@LONG
def test_a_size_that_is_wrong_harms_only_its_image(tmp_path: Path, size: int) -> None:
    """Two images have a layer; one of them lies about it."""
    with serve(SERVED) as fake:
        document = json.loads(fake.manifest)
        document["layers"][0]["size"] = size
        lying = encode(document)
        fake.documents |= {"2": lying, digest(lying): lying}
        words = tmp_path / "list"
        words.write_text(f"{fake.name}\n{fake.host}/team/app:2\n")
        summary = scanned(fake, tmp_path / "store", str(words))
        assert [code in (4, 5) for _, _, code in summary.failures] == [True]
        rows = ask(tmp_path / "store", "SELECT tag, error <> '', disk_bytes FROM images ORDER BY 1")
        assert rows == [("1", False, 14_000), ("2", True, None)]
        assert fake.sent < 1_000_000
    totals = make_report(
        Store(folder_of(str(tmp_path / "store"))), Teams(), {}, 9, NOW.date()
    ).totals
    assert totals["unique_bytes"] + totals["shared_bytes"] == totals["blob_bytes"]


def test_a_layer_of_a_busy_registry_is_tried_again(tmp_path: Path) -> None:
    asked: list[str] = []

    def script(fake: Fake, request: Request) -> Answer | None:
        if request.path.endswith(fake.layer_digest()):
            asked.append(request.path)
            if len(asked) <= 8:
                return Answer(429, b"{}", {"Retry-After": "0"})
        return None

    with serve(SERVED, script) as fake:
        summary = scanned(fake, tmp_path / "store")
    assert (summary.failures, summary.layers) == ([], 2)
    assert len(asked) == 9


# --- stores -----------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Path:
    write_fleet(tmp_path / "in", fleet(2, 1))
    scan(tmp_path / "store", tmp_path / "in")
    return tmp_path / "store"


@LONG
@pytest.mark.parametrize(
    ("table", "rows"),
    [
        ("images", "SELECT 'text' AS pull_bytes, 7 AS name"),
        ("images", "SELECT 'k' AS image, 's' AS source, -1 AS pull_bytes, 'x' AS layers"),
        ("image_layers", "SELECT [1, 2] AS image, {'a': 1} AS digest, 'text' AS position"),
        ("files", "SELECT 'text' AS bytes, 7 AS layer, 'text' AS content"),
        ("scans", "SELECT 'text' AS scan, 'text' AS pull_bytes"),
    ],
)
def test_parquet_of_other_columns_is_one_error_or_nothing(
    store: Path, table: str, rows: str
) -> None:
    """Somebody else's Parquet in the place of ours: no report is made of it by a crash."""
    with duckdb.connect() as connection:
        (store / table).mkdir(exist_ok=True)
        connection.execute(f"COPY ({rows}) TO '{store / table / '0.parquet'}' (FORMAT parquet)")
    opened = Store(folder_of(str(store)))
    for use in (
        lambda: make_report(opened, Teams(), {}, 10, NOW.date()),
        lambda: ask(store, f"SELECT * FROM {table}"),  # noqa: S608
        lambda: scan(store, store.parent / "in"),
    ):
        assert exit_code(use) in (0, 3)


def exit_code(use: Callable[[], object]) -> int:
    """0, or that of the error; what is none of slim's errors is not caught."""
    try:
        use()
    except SlimError as error:
        return error.exit_code
    return 0


@LONG
def test_pending_rows_that_are_rubbish_are_done_again(store: Path) -> None:
    """As a worker that lost its disk leaves them, or as somebody wrote them."""
    key = hashlib.sha256(b"x").hexdigest()
    opened = Store(folder_of(str(store)))
    opened.add_pending(
        "image", key[:32], {"images": [b'{"image": 1, "pull_bytes": "many"}', b"{not JSON"]}
    )
    opened.add_pending("image", key[:31], {"images": [b"\xff\xfe"]})
    opened.add_pending(
        "layer", f"sha256-{key}", {"layers": [b"[]"], "files": [b'{"layer": [{}]}', b"7"]}
    )
    assert scan(store, store.parent / "in").exit_code == 0
    assert ask(store, "SELECT count(*) FROM images") == [(2,)]
    assert ask(store, "SELECT count(*) FROM files WHERE layer IS NULL") == [(0,)]
    assert opened.pending() == {"layer": [], "image": []}


def test_links_in_a_store_are_not_followed(store: Path, tmp_path: Path) -> None:
    """A table that is a link to a file elsewhere is no table of the store."""
    secret = tmp_path / "secret.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT 'secret' AS name) TO '{secret}' (FORMAT parquet)")
    (store / "images" / "00.parquet").symlink_to(secret)
    assert ask(store, "SELECT count(*) FROM images WHERE name = 'secret'") == [(0,)]
