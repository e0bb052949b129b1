"""Which bases images stand on, how far behind they are, and whether anybody still mends them."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path

import pytest

from slim.fleet.end_of_life import read_table, support_ends
from slim.fleet.folder import folder_of
from slim.fleet.pages import facts
from slim.fleet.report import FleetReport, make_report
from slim.fleet.store import Store
from slim.fleet.teams import Teams
from slim.units import SI
from tests import end_of_life
from tests.conftest import LONG
from tests.support.building import Layer, image, layer, save
from tests.support.fleets import scan

RELEASE = 'ID=alpine\nVERSION_ID="{}"\nPRETTY_NAME="Alpine"\n'


def reported(store: Path, today: date = date(2026, 2, 1)) -> FleetReport:
    return make_report(Store(folder_of(str(store))), Teams(), {}, 100, today)


def bases(report: FleetReport) -> list[dict[str, object]]:
    section = next(each for each in report.sections if each.name == "bases")
    names = [column[0] for column in section.columns]
    return [dict(zip(names, row, strict=True)) for row in section.rows]


def rootfs(version: str, size: int) -> Layer:
    return layer({"etc/os-release": RELEASE.format(version).encode(), "lib/libc.so": b"c" * size})


def built(folder: Path, name: str, days: str, *layers: Layer) -> None:
    """An archive; the layers are of these days."""
    history = [{"created": f"{day}T00:00:00Z", "created_by": "RUN make"} for day in days.split()]
    made = image(*layers, tags=(name,), history=history, config={}, annotations={})
    folder.mkdir(exist_ok=True)
    save(made, folder / f"{name.replace('/', '_').replace(':', '_')}.tar", "docker")


@LONG
def test_bases_that_are_in_the_store_need_no_annotation(tmp_path: Path) -> None:
    """Two builds of one base, the older one in use; the newer one is known by its repository alone."""
    old, new = rootfs("3.18.4", 40_000), rootfs("3.21.0", 30_000)
    tools = layer({"usr/bin/tool": b"t" * 5_000})
    folder = tmp_path / "in"
    built(folder, "registry.example/base:1", "2025-01-01 2025-01-01", old, tools)
    built(folder, "registry.example/base:2", "2025-12-01 2025-12-01", new, tools)
    for number in range(2):
        own = layer({f"app{number}": b"x" * 100})
        days = "2025-01-01 2025-01-01 2026-01-01"
        built(folder, f"registry.example/app{number}:1", days, old, tools, own)
    scan(tmp_path / "store", folder)
    report = reported(tmp_path / "store")
    (row,) = bases(report)
    assert (row["name"], row["images"], row["layers"]) == ("registry.example/base:1", 2, 2)
    assert (row["behind"], row["behind_days"]) == (1, 334)
    assert row["newest"] == "registry.example/base:2"
    # `tools` is in the newer base, too.
    assert row["saves_bytes"] == len(old.blob)
    assert (row["os"], row["support_ends"], row["support"]) == (
        "alpine 3.18.4",
        "2025-05-09",
        "ended",
    )
    assert report.totals["ended"] == 3
    assert "3 images are of a distribution" in " ".join(facts(report, SI))
    before = bases(reported(tmp_path / "store", date(2024, 1, 1)))
    soon = bases(reported(tmp_path / "store", date(2025, 4, 1)))
    assert [before[0]["support"], soon[0]["support"]] == ["supported", "ends soon"]


@LONG
def test_what_the_image_says_of_its_support_goes_first(tmp_path: Path) -> None:
    text = b'ID="amzn"\nVERSION_ID="2023"\nSUPPORT_END="2029-06-30"\n'
    base = layer({"usr/lib/os-release": text, "lib/a": b"a"})
    folder = tmp_path / "in"
    built(folder, "registry.example/base:1", "2025-01-01", base)
    built(folder, "registry.example/app:1", "2025-01-01 2025-01-02", base, layer({"b": b"b"}))
    scan(tmp_path / "store", folder)
    (row,) = bases(reported(tmp_path / "store"))
    assert (row["os"], row["support_ends"], row["support"]) == (
        "amzn 2023",
        "2029-06-30",
        "supported",
    )


@pytest.mark.parametrize(
    ("os", "day"),
    [
        ("debian 12", "2028-06-30"),
        ("ubuntu 22.04", "2027-06-01"),
        ("alpine 3.20", "2026-04-01"),
        ("alpine 3.20.10", "2026-04-01"),
        ("rhel 9.4", "2032-05-31"),
        ("alpine 3.21.0_alpha20240807", ""),
        ("debian", ""),
        ("debian 12'; DROP TABLE", ""),
        ("somebody's 12", ""),
    ],
)
def test_the_day_of_a_distribution(os: str, day: str) -> None:
    assert support_ends(os) == day


def test_every_row_has_a_day_and_a_source() -> None:
    with end_of_life.TABLE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(read_table()) > 80
    for row in rows:
        assert date.fromisoformat(row["ends"])
        assert row["source"] == "distro-info-data" or row["source"].startswith("https://")


def test_the_table_is_brought_up_to_date_from_its_sources() -> None:
    """In the forms of distro-info-data and of Alpine's releases.json."""
    old = "alpine,3.2,2017-05-01,x\ndebian,12,2000-01-01,y\nrhel,9,2032-05-31,z\n"
    debian = "12,B,b,1,2,2026-07-11,2028-06-30\n14,F,f,1\n"
    ubuntu = "24.04 LTS,N,n,1,2,2029-05-31,2029-05-31,2034-04-25\n"
    columns = "version,codename,series,created,release,eol,"
    alpine = {
        "release_branches": [
            {"rel_branch": "edge"},
            {"rel_branch": "v3.20", "eol_date": "2026-04-01"},
        ]
    }
    fresh = [
        *end_of_life.debian_rows(columns + "eol-lts\n" + debian),
        *end_of_life.ubuntu_rows(columns + "eol-server,eol-esm\n" + ubuntu),
        *end_of_life.alpine_rows(json.dumps(alpine)),
    ]
    found = [
        line.rpartition(",")[0]
        for line in end_of_life.updated(
            ",".join(end_of_life.FIELDS) + "\n" + old, fresh
        ).splitlines()[1:]
    ]
    assert found == [
        "alpine,3.2,2017-05-01",
        "alpine,3.20,2026-04-01",
        "debian,12,2028-06-30",
        "rhel,9,2032-05-31",
        "ubuntu,24.04,2029-05-31",
    ]
