"""What a report says of a fleet is what sets and loops over the manifests say, to the byte."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from slim.errors import UsageError
from slim.fleet.database import database, select
from slim.fleet.folder import folder_of
from slim.fleet.pages import to_csv, to_html, to_json, to_markdown
from slim.fleet.report import FleetReport, make_report
from slim.fleet.store import Store
from slim.fleet.teams import Team, Teams
from slim.formats.model import RenderOptions
from tests.conftest import LONG
from tests.support.building import digest, image, layer, save
from tests.support.fleets import NOW, fleet, scan, truth_of, write_fleet

LOOKS = RenderOptions()


def reported(
    store: Path, teams: Teams | None = None, top: int = 1000, pulls: dict[str, int] | None = None
) -> FleetReport:
    return make_report(Store(folder_of(str(store))), teams or Teams(), pulls or {}, top, NOW.date())


def rows(report: FleetReport, name: str) -> list[dict[str, Any]]:
    section = next(each for each in report.sections if each.name == name)
    names = [column[0] for column in section.columns]
    return [dict(zip(names, row, strict=True)) for row in section.rows]


@LONG
@pytest.mark.parametrize(("images", "bases"), [(1, 1), (10, 3), (17, 2)])
def test_every_sum_against_the_manifests(tmp_path: Path, images: int, bases: int) -> None:
    built = fleet(images, bases, seed=images)
    write_fleet(tmp_path / "in", built)
    scan(tmp_path / "store", tmp_path / "in")
    report = reported(tmp_path / "store")
    truth = truth_of({app.tags[0]: app.manifest_json() for app in built})
    totals = report.totals
    assert totals["unique_bytes"] + totals["shared_bytes"] == totals["blob_bytes"]
    assert totals["blob_bytes"] == truth.distinct_bytes == stored_in(tmp_path / "in")
    assert totals["unique_bytes"] == truth.unique_bytes
    repositories: dict[str, set[str]] = {}
    teams: dict[str, set[str]] = {}
    stems = {f"app{number}": app.tags[0] for number, app in enumerate(built)}
    for row in rows(report, "images"):
        name = stems[row["name"].partition(":")[0]]
        assert row["unique_bytes"] == truth.freed(name), name
        assert row["pull_bytes"] == truth.taken(name)
        assert row["unique_bytes"] + row["shared_bytes"] == row["pull_bytes"]
        repositories.setdefault(row["name"].rpartition(":")[0], set()).add(name)
        teams.setdefault(row["team"], set()).add(name)
    for kind, key, groups in (
        ("repositories", "repository", repositories),
        ("teams", "team", teams),
    ):
        found = rows(report, kind)
        assert {row[key] for row in found} == set(groups)
        for row in found:
            assert row["pull_bytes"] == truth.taken(*groups[row[key]])
            assert row["unique_bytes"] == truth.freed(*groups[row[key]])
            assert row["unique_bytes"] + row["shared_bytes"] == row["pull_bytes"]


def stored_in(folder: Path) -> int:
    """What all blobs of the layouts take, each once: as `du` counts in a registry."""
    return sum(
        {path.name: path.stat().st_size for path in folder.glob("*/blobs/sha256/*")}.values()
    )


@LONG
def test_engines_share_by_chain(tmp_path: Path) -> None:
    first, other, top = (layer({name: name.encode() * 1000}) for name in ("one", "other", "top"))
    save(image(first, top), tmp_path / "in" / "a", "oci-dir")
    save(image(other, top), tmp_path / "in" / "b", "oci-dir")
    scan(tmp_path / "store", tmp_path / "in")
    totals = reported(tmp_path / "store").totals
    # A registry has the layer `top` once, an engine on each of the two layers below it.
    assert totals["disk_bytes"] == 3000 + 5000 + 3000 + 3000
    assert totals["unique_disk_bytes"] == totals["disk_bytes"]
    assert totals["shared_bytes"] == len(top.blob)


@LONG
def test_same_content_in_different_layers(tmp_path: Path) -> None:
    big = b"z" * 50_000
    for number in range(3):
        own = layer({f"d{number}/copy": big, f"d{number}/own": bytes([number]) * 40_000})
        save(image(own, layer({"x": b"x" * number})), tmp_path / "in" / str(number), "oci-dir")
    # The same tar, compressed: no copy of its own once it is unpacked.
    packed = layer({"d0/copy": big, "d0/own": bytes(40_000)}, compression="gzip")
    save(image(packed), tmp_path / "in" / "packed", "oci-dir")
    scan(tmp_path / "store", tmp_path / "in")
    (row,) = rows(reported(tmp_path / "store"), "same_content")
    assert (row["layers"], row["bytes"], row["saves_bytes"]) == (3, 50_000, 100_000)


@LONG
def test_growth_between_two_scans(tmp_path: Path) -> None:
    images = fleet(3, 1)
    write_fleet(tmp_path / "in", images)
    scan(tmp_path / "store", tmp_path / "in")
    assert rows(reported(tmp_path / "store"), "growth") == []
    extra = layer({"more": b"m" * 9000})
    grown = image(*images[1].layers, extra, tags=images[1].tags)
    save(grown, tmp_path / "in" / "app1", "oci-dir")
    save(image(extra), tmp_path / "in" / "fresh", "oci-dir")
    scan(tmp_path / "store", tmp_path / "in")
    found = {row["status"]: row for row in rows(reported(tmp_path / "store"), "growth")}
    assert set(found) == {"grew", "new"}
    assert found["grew"]["change_bytes"] == found["new"]["change_bytes"] == len(extra.blob)
    assert found["grew"]["disk_change_bytes"] == 9000


@LONG
def test_budgets_and_teams(tmp_path: Path) -> None:
    images = fleet(3, 1)
    write_fleet(tmp_path / "in", images)
    scan(tmp_path / "store", tmp_path / "in")
    stored = rows(reported(tmp_path / "store"), "teams")[0]["pull_bytes"]
    tight = Team("all", ("app*",), pull_size=1, reclaimable=10**9)
    report = reported(tmp_path / "store", Teams(teams=(tight,)))
    assert [(each.team, each.budget, each.limit_bytes) for each in report.exceeded] == [
        ("all", "pull-size", 1)
    ]
    assert report.exceeded[0].value_bytes == report.totals["blob_bytes"] > stored
    by_label = {row["team"] for row in rows(reported(tmp_path / "store"), "teams")}
    assert by_label == {"team0", "team1", "team2"}


@LONG
def test_findings_are_ranked_by_pulls(tmp_path: Path) -> None:
    waste = layer({"var/cache/apk/x.apk": b"a" * 4_000_000}, created_by="RUN apk add x")
    gone = layer({"big": b"b" * 3_000_000}), layer("a/ .wh.big")
    save(image(waste, tags=("few:1",)), tmp_path / "in" / "few", "oci-dir")
    save(image(*gone, tags=("many:1",)), tmp_path / "in" / "many", "oci-dir")
    scan(tmp_path / "store", tmp_path / "in")
    without_teams = rows(reported(tmp_path / "store"), "rules")
    assert without_teams
    pulled = rows(reported(tmp_path / "store", pulls={"many:1": 1000}), "rules")
    assert sum(row["weight_bytes"] for row in pulled) > 100 * sum(
        row["weight_bytes"] for row in without_teams if row["weight_bytes"] < 4_000_000
    )


EVIL = ("<script>alert(1)</script>", "'; DROP TABLE images; --", "=cmd|' /C calc'!A0", "a|b`c\n# x")


class Tags(HTMLParser):
    """The scripts of a page, and its attributes that could run something."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts = 0
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


@LONG
def test_pages_show_hostile_names(tmp_path: Path) -> None:
    for number, name in enumerate(EVIL):
        built = image(
            layer({f"etc/{name.replace('/', '')}": b"x" * 40_000}, created_by=name),
            tags=(name,),
            config={"Labels": {"team": name}},
        )
        save(built, tmp_path / "in" / str(number), "oci-dir")
    scan(tmp_path / "store", tmp_path / "in")
    report = reported(tmp_path / "store")
    page = to_html(report, LOOKS)
    tags = Tags()
    tags.feed(page)
    assert (tags.scripts, tags.handlers) == (1, [])
    assert "&lt;script&gt;alert(1)" in page
    for table in ("images", "layers", "teams"):
        for line in to_csv(report, table).split("\r\n")[1:]:
            assert not line.startswith(('"=', "="))
    markdown = to_markdown(report, LOOKS)
    assert "\n# x" not in markdown
    document = json.loads(to_json(report, LOOKS))
    assert {row["team"] for row in document["teams"]["rows"]} == set(EVIL)
    assert document["totals"]["images"] == len(EVIL)


@LONG
def test_lists_say_what_they_leave_out(tmp_path: Path) -> None:
    write_fleet(tmp_path / "in", fleet(6, 2))
    scan(tmp_path / "store", tmp_path / "in")
    section = reported(tmp_path / "store", top=2).sections[0]
    assert (len(section.rows), section.total) == (2, 6)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT content FROM read_text('/etc/hostname')",
        "SELECT * FROM glob('/etc/*')",
        "COPY (SELECT 1) TO '/tmp/out.parquet'",
        "CREATE TABLE x AS SELECT 1",
        "ATTACH '/tmp/x.db'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "PRAGMA database_list",
        "SELECT 1; SELECT 2",
        "DROP VIEW images",
        "nonsense",
        "",
    ],
)
def test_sql_only_reads_the_store(store: Path, statement: str) -> None:
    with database(Store(folder_of(str(store)))) as connection, pytest.raises(UsageError):
        select(connection, statement)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fleet")
    write_fleet(folder / "in", fleet(1, 1))
    scan(folder / "store", folder / "in")
    return folder / "store"


def test_python_variables_are_no_tables(store: Path) -> None:
    secret = [1]
    assert secret
    with database(Store(folder_of(str(store)))) as connection, pytest.raises(UsageError):
        select(connection, "SELECT * FROM secret")


@LONG
def test_base_images_by_chain(tmp_path: Path) -> None:
    def base(word: bytes, day: str) -> tuple[Any, dict[str, Any]]:
        built = layer({"rootfs": word * 30_000}, created_by="ADD file:" + "0" * 64 + " in / ")
        return built, {"created": f"2026-01-{day}T00:00:00Z", "created_by": built.created_by}

    (old, old_entry), (new, new_entry) = base(b"o", "01"), base(b"n", "20")
    command = {"created_by": 'CMD ["sh"]', "empty_layer": True}
    for number, (below, entry) in enumerate([(old, old_entry)] * 2 + [(new, new_entry)]):
        own = layer({f"app{number}": b"x"})
        built = image(
            below,
            own,
            history=[entry, command, {"created_by": "COPY app /"}],
            annotations={
                "org.opencontainers.image.base.name": f"registry.example/os:{entry['created'][:10]}"
            },
        )
        save(built, tmp_path / "in" / str(number), "oci-dir")
    scan(tmp_path / "store", tmp_path / "in")
    found = rows(reported(tmp_path / "store"), "bases")
    assert [(row["images"], row["behind"], row["disk_bytes"]) for row in found] == [
        (2, 1, 30_000),
        (1, 0, 30_000),
    ]
    assert [row["saves_bytes"] for row in found] == [len(old.blob), 0]
    assert digest(old.blob) != digest(new.blob)


@LONG
def test_a_common_base_saves_what_was_predicted(tmp_path: Path) -> None:
    """The proposal is built, and both fleets are scanned."""

    def database_of(*names: str) -> bytes:
        return b"\n".join(
            f"P:{name}\nV:1-r0\nA:x86_64\nF:usr/lib\nR:{name}.so\n".encode() for name in names
        )

    def files(*names: str) -> dict[str, bytes | str | None]:
        return {f"usr/lib/{name}.so": name.encode() * 20_000 for name in names}

    bottom = layer({"etc/alpine-release": b"3.20.0\n", "bin/busybox": b"b" * 90_000})
    needs = {"one": ("libbig", "libother"), "two": ("libbig", "libother"), "three": ("libbig",)}
    for name, packages in needs.items():
        contents = {**files(*packages), "lib/apk/db/installed": database_of(*packages)}
        own = layer({**contents, f"app/{name}": name.encode() * 5_000})
        save(image(bottom, own), tmp_path / "before" / name, "oci-dir")
    scan(tmp_path / "store", tmp_path / "before")
    before = reported(tmp_path / "store")
    best = before.common_bases[0]
    assert (best.images, len(best.packages)) == (["one:1", "two:1"], 2)
    moved = [name.split()[0] for name in best.packages]
    group = {name.partition(":")[0] for name in best.images}
    common = layer({**files(*moved), "lib/apk/db/installed": database_of(*moved)})
    for name, packages in needs.items():
        left = [each for each in packages if name not in group or each not in moved]
        contents = {**files(*left), "lib/apk/db/installed": database_of(*packages)}
        own = layer({**contents, f"app/{name}": name.encode() * 5_000})
        below = [bottom, common] if name in group else [bottom]
        save(image(*below, own), tmp_path / "after" / name, "oci-dir")
    scan(tmp_path / "other", tmp_path / "after")
    saved = before.totals["disk_bytes"] - reported(tmp_path / "other").totals["disk_bytes"]
    assert best.saves_bytes > 100_000
    assert abs(saved - best.saves_bytes) <= 0.05 * best.saves_bytes
