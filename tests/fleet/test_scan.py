"""A scan reads each layer once, records what it cannot read, and goes on where it was."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from slim.errors import InputError, UsageError
from slim.fleet.database import database, select
from slim.fleet.folder import LocalFolder, folder_of, only_one
from slim.fleet.scan import Task
from slim.fleet.store import Store
from slim.fleet.work import Done
from tests.conftest import LONG
from tests.support.building import image, layer, save
from tests.support.fleets import Inline, fleet, scan, truth_of, write_fleet


def ask(store: Path, statement: str) -> list[tuple[Any, ...]]:
    with database(Store(folder_of(str(store)))) as connection:
        return select(connection, statement)[1]


class Killed(Exception):
    """Stands for a signal that nobody catches."""


class Dies(Inline):
    """Ends the scan after some tasks, as a kill does: nothing is cleaned up."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after

    def run(self, tasks: Iterable[Task]) -> Iterator[Done]:
        for done in super().run(tasks):
            yield done
            if len(self.keys) >= self.after:
                raise Killed


def layers_of(runner: Inline) -> list[str]:
    return [key for key in runner.keys if key.startswith("layer-")]


@LONG
def test_each_layer_is_read_once(tmp_path: Path) -> None:
    images = fleet(12, 3)
    write_fleet(tmp_path / "in", images)
    runner = Inline()
    summary = scan(tmp_path / "store", tmp_path / "in", runner=runner)
    distinct = {layer.diff_id for each in images for layer in each.layers}
    blobs = {layer.blob for each in images for layer in each.layers}
    assert (summary.images, summary.layers, summary.failures) == (12, len(blobs), [])
    assert summary.read_bytes == sum(map(len, blobs))
    assert len(layers_of(runner)) == len(set(layers_of(runner))) == len(blobs)
    rows = ask(tmp_path / "store", "SELECT count(*), count(DISTINCT diff_id) FROM layers")
    assert rows == [(len(blobs), len(distinct))]


@LONG
def test_the_largest_layer_is_first(tmp_path: Path) -> None:
    images = fleet(6, 2)
    write_fleet(tmp_path / "in", images)
    runner = Inline()
    scan(tmp_path / "store", tmp_path / "in", runner=runner)
    sizes = [int(key.rpartition("/")[0].rpartition("-")[2]) for key in layers_of(runner)]
    assert sizes == sorted(sizes, reverse=True)


@LONG
@pytest.mark.parametrize("form", ["oci-dir", "oci-archive", "docker", "docker-old"])
def test_images_are_what_analyze_says(tmp_path: Path, form: str) -> None:
    from slim import analyze

    images = fleet(3, 2)
    paths = write_fleet(tmp_path / "in", images, form)
    scan(tmp_path / "store", tmp_path / "in")
    rows = ask(
        tmp_path / "store",
        "SELECT pull_bytes, disk_bytes, live_bytes, dead_bytes, reclaimable_bytes, files, layers"
        " FROM images ORDER BY ALL",
    )
    reports = [analyze(path).totals for path in paths]
    # What is stored, which for layers that are not compressed is not what a pull would take.
    stored = [sum({part.blob: len(part.blob) for part in each.layers}.values()) for each in images]
    assert rows == sorted(
        (
            size,
            t.disk_bytes,
            t.live_bytes,
            t.dead_bytes,
            t.reclaimable_bytes,
            t.files,
            t.layers,
        )
        for size, t in zip(stored, reports, strict=True)
    )


@LONG
def test_a_second_scan_reads_only_what_is_new(tmp_path: Path) -> None:
    images = fleet(5, 2)
    write_fleet(tmp_path / "in", images)
    scan(tmp_path / "store", tmp_path / "in")
    again = scan(tmp_path / "store", tmp_path / "in")
    assert (again.kept, again.layers, again.removed) == (5, 0, 0)
    extra = layer({"new": b"n" * 1000})
    save(image(*images[0].layers, extra), tmp_path / "in" / "new", "oci-dir")
    more = scan(tmp_path / "store", tmp_path / "in")
    assert (more.images, more.kept, more.layers, more.read_bytes) == (6, 5, 1, len(extra.blob))


@LONG
def test_what_a_source_no_longer_has_leaves(tmp_path: Path) -> None:
    images = fleet(4, 1)
    paths = write_fleet(tmp_path / "in", images, "oci-archive")
    other = write_fleet(tmp_path / "other", fleet(1, 1, seed=9), "oci-archive")
    scan(tmp_path / "store", tmp_path / "in", other[0])
    paths[2].unlink()
    summary = scan(tmp_path / "store", tmp_path / "in")
    assert (summary.images, summary.removed) == (3, 1)
    for table in ("images", "image_layers", "image_blobs"):
        rows = ask(tmp_path / "store", f"SELECT count(DISTINCT image) FROM {table}")  # noqa: S608
        assert rows == [(4,)], table


@LONG
@pytest.mark.parametrize("after", [1, 8, 13])
def test_a_killed_scan_goes_on_where_it_was(tmp_path: Path, after: int) -> None:
    images = fleet(6, 2)
    write_fleet(tmp_path / "in", images)
    dying = Dies(after)
    with pytest.raises(Killed):
        scan(tmp_path / "store", tmp_path / "in", runner=dying)
    going_on = Inline()
    scan(tmp_path / "store", tmp_path / "in", runner=going_on)
    read = layers_of(dying) + layers_of(going_on)
    assert (
        len(read) == len(set(read)) == len({layer.blob for each in images for layer in each.layers})
    )
    scan(tmp_path / "whole", tmp_path / "in")
    for table in ("images", "layers", "image_layers", "image_blobs", "files", "findings", "waste"):
        columns = "* EXCLUDE (scan)" if table == "images" else "*"
        rows = f"SELECT {columns} FROM {table} ORDER BY ALL"  # noqa: S608
        assert ask(tmp_path / "store", rows) == ask(tmp_path / "whole", rows), table


@LONG
def test_a_broken_image_is_recorded_and_the_rest_goes_on(tmp_path: Path) -> None:
    images = fleet(4, 2)
    paths = write_fleet(tmp_path / "in", images)
    blob = images[1].layers[-1]
    name = str(blob.descriptor["digest"]).replace(":", "/")
    (paths[1] / "blobs" / name).write_bytes(bytes(len(blob.blob)))
    (tmp_path / "in" / "rubbish.tar").write_bytes(b"no tar at all" * 100)
    summary = scan(tmp_path / "store", tmp_path / "in")
    assert summary.exit_code == 4
    assert len(summary.failures) == 2
    rows = dict(ask(tmp_path / "store", "SELECT name, error FROM images WHERE error <> ''"))
    assert len(rows) == 2
    assert any("[layer-digest]" in error for error in rows.values())
    # What its manifest says of it counts all the same.
    assert ask(tmp_path / "store", "SELECT count(DISTINCT image) FROM image_blobs") == [(4,)]
    assert ask(tmp_path / "store", "SELECT count(*) FROM images WHERE disk_bytes > 0") == [(3,)]
    (paths[1] / "blobs" / name).write_bytes(blob.blob)
    (tmp_path / "in" / "rubbish.tar").unlink()
    healed = scan(tmp_path / "store", tmp_path / "in")
    assert (healed.exit_code, healed.layers, healed.kept, healed.removed) == (0, 1, 3, 1)


def test_a_manifest_that_lies_about_a_layer_harms_only_its_image(tmp_path: Path) -> None:
    honest = image(layer({"a": b"x" * 5000}), layer({"b": b"y"}))
    save(honest, tmp_path / "in" / "honest", "oci-dir")
    lying = save(honest, tmp_path / "in" / "lying", "oci-dir")
    index = json.loads((lying / "index.json").read_bytes())
    config = json.loads(honest.config_json())
    config["rootfs"]["diff_ids"][0] = "sha256:" + "0" * 64
    _rewrite(lying, honest.manifest_json(), index, json.dumps(config).encode())
    summary = scan(tmp_path / "store", tmp_path / "in")
    assert [code for _, _, code in summary.failures] == [4]
    rows = ask(
        tmp_path / "store", "SELECT error LIKE '%layer-diff-id%', disk_bytes FROM images ORDER BY 1"
    )
    assert rows == [(False, 5001), (True, None)]


def _rewrite(root: Path, manifest: bytes, index: dict[str, Any], config: bytes) -> None:
    """Another config, and the digests that lead to it."""
    from tests.support.building import descriptor, encode

    def keep(data: bytes) -> dict[str, object]:
        found = descriptor("", data)
        path = root / "blobs" / str(found["digest"]).replace(":", "/")
        path.write_bytes(data)
        return {"digest": found["digest"], "size": found["size"]}

    document = json.loads(manifest)
    document["config"] |= keep(config)
    index["manifests"][0] |= keep(encode(document))
    (root / "index.json").write_bytes(encode(index))


@LONG
def test_sums_are_those_of_the_manifests(tmp_path: Path) -> None:
    images = fleet(10, 3)
    write_fleet(tmp_path / "in", images)
    scan(tmp_path / "store", tmp_path / "in")
    truth = truth_of({image.tags[0]: image.manifest_json() for image in images})
    rows = ask(
        tmp_path / "store",
        "SELECT sum(bytes), sum(bytes) FILTER (n = 1), sum(bytes) FILTER (n > 1) FROM (SELECT"
        " max(bytes) AS bytes, count(DISTINCT image) AS n FROM image_blobs GROUP BY digest)",
    )
    assert rows == [(truth.distinct_bytes, truth.unique_bytes, truth.shared_bytes)]


@LONG
def test_a_store_with_rubbish_in_it(tmp_path: Path) -> None:
    write_fleet(tmp_path / "in", fleet(2, 1))
    store = tmp_path / "store"
    scan(store, tmp_path / "in")
    for place in (
        "pending/layer-zz.rows",
        "pending/image-../x",
        "tables/x",
        "images/evil.parquet",
        "x",
    ):
        path = store / place.replace("../", "__")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(os.urandom(50))
    for table in (store / "tables").glob("*.table"):
        table.write_bytes(b"rubbish")
    assert scan(store, tmp_path / "in").exit_code == 0
    save(image(layer({"z": b"z"})), tmp_path / "in" / "more", "oci-dir")
    assert scan(store, tmp_path / "in").exit_code == 0
    victim = next((store / "images").glob("[0-9a-f].parquet"))
    victim.write_bytes(b"PAR1 rubbish PAR1")
    with pytest.raises(InputError, match="cannot be read"):
        ask(store, "SELECT * FROM images")


@LONG
def test_damaged_tables_are_made_again(tmp_path: Path) -> None:
    images = fleet(2, 1)
    write_fleet(tmp_path / "in", images)
    store = tmp_path / "store"
    scan(store, tmp_path / "in")
    for table in (store / "tables").glob("*.table"):
        table.write_bytes(table.read_bytes()[:-5])
    save(image(*images[0].layers, layer({"z": b"z"})), tmp_path / "in" / "more", "oci-dir")
    summary = scan(store, tmp_path / "in")
    assert summary.failures == []
    assert ask(store, "SELECT count(*) = count(DISTINCT digest) FROM layers") == [(True,)]
    assert ask(store, "SELECT count(*) = count(DISTINCT (layer, path)) FROM files") == [(True,)]


def test_another_schema_is_refused(tmp_path: Path) -> None:
    write_fleet(tmp_path / "in", fleet(1, 1))
    scan(tmp_path / "store", tmp_path / "in")
    (tmp_path / "store" / "store.json").write_text('{"schema": 99, "tool": "9"}')
    with pytest.raises(InputError, match="schema 99"):
        scan(tmp_path / "store", tmp_path / "in")
    (tmp_path / "store" / "store.json").write_text("not JSON")
    with pytest.raises(InputError, match="not a store"):
        scan(tmp_path / "store", tmp_path / "in")


def test_one_scan_at_a_time(tmp_path: Path) -> None:
    write_fleet(tmp_path / "in", fleet(1, 1))
    with (
        only_one(LocalFolder(str(tmp_path / "store"))),
        pytest.raises(UsageError, match="another scan"),
    ):
        scan(tmp_path / "store", tmp_path / "in")


@LONG
def test_names_are_only_names(tmp_path: Path) -> None:
    evil = "'; DROP TABLE images; --", "<script>alert(1)</script>", "../../etc/passwd", 'a\nb\t"c\\'
    for number, name in enumerate(evil):
        built = image(
            layer({name.strip("/."): b"x" * 10}, created_by=name),
            tags=(name,),
            config={"Labels": {name: name}},
        )
        save(built, tmp_path / "in" / f"x{number}'; --", "oci-dir")
    store = tmp_path / "it's a store"
    assert scan(store, tmp_path / "in").failures == []
    assert ask(store, "SELECT count(*) FROM images") == [(4,)]
    found = {text for (text,) in ask(store, "SELECT created_by FROM image_layers")}
    assert found == set(evil)
