"""`slim fleet`: what it prints, and its exit codes."""

from __future__ import annotations

import builtins
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import LONG
from tests.support.building import image, layer, save
from tests.support.commands import run
from tests.support.fleets import fleet, scan, write_fleet


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fleet")
    write_fleet(folder / "in", fleet(3, 1))
    scan(folder / "store", folder / "in")
    return folder / "store"


@LONG
def test_a_report_in_every_format(store: Path, tmp_path: Path) -> None:
    words = ["fleet", "report", "--store", str(store), "--no-config"]
    for name in ("html", "markdown", "json", "csv"):
        words += ["-o", f"{name}={tmp_path / name}"]
    assert run(*words) == 0
    document = json.loads((tmp_path / "json").read_text())
    assert document["kind"] == "fleet"
    assert document["totals"]["images"] == 3
    assert (tmp_path / "html").read_text().startswith("<!doctype html>")
    assert len((tmp_path / "csv").read_text().splitlines()) == 4


@LONG
def test_a_team_over_its_budget_fails(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "slim.toml"
    config.write_text('[fleet.team.all]\nrepositories = ["*"]\npull-size = "1 kB"\n')
    words = ["fleet", "report", "--store", str(store), "--config", str(config)]
    assert run(*words) == 1
    assert "team all: pull-size is" in capsys.readouterr().err
    assert run(*words, "--exit-zero") == 0
    config.write_text('[fleet.team.all]\nrepositorys = ["*"]\n')
    assert run(*words) == 2
    assert "repositorys" in capsys.readouterr().err


def test_pulls_come_from_a_table(store: Path, tmp_path: Path) -> None:
    pulls = tmp_path / "pulls.csv"
    pulls.write_text("image,pulls\napp0:1,50\n")
    words = ["fleet", "report", "--store", str(store), "--no-config", "--pulls", str(pulls)]
    assert run(*words) == 0
    pulls.write_text("image,pulls\napp0:1,many\n")
    assert run(*words) == 2


def test_sql(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["fleet", "sql", "--store", str(store)]
    assert run(*words, "SELECT count(*) AS n FROM images", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out) == [{"n": 3}]
    assert run(*words, "SELECT name FROM images ORDER BY 1 LIMIT 1", "-o", "csv") == 0
    assert capsys.readouterr().out == '"name"\r\n"app0:1"\r\n'
    assert run(*words, "DELETE FROM images") == 2


def test_there_must_be_a_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("fleet", "report", "--store", str(tmp_path / "none"), "--no-config") == 2
    assert "no store" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_sources_that_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "list").write_text("registry.example/app:1\nnot a reference\n")
    for source, what in (
        (str(tmp_path / "empty"), "no image in the folder"),
        (str(tmp_path / "list"), "list:2"),
        ("registry:bad host/*", "not a pattern"),
        ("./nothing", "no file"),
    ):
        assert run("fleet", "scan", source, "--store", str(tmp_path / "store")) == 2
        assert what in capsys.readouterr().err


def test_without_the_extra_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = builtins.__import__

    def missing(name: str, *rest: Any, **more: Any) -> Any:
        if name.partition(".")[0] in ("duckdb", "distributed"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *rest, **more)

    monkeypatch.setattr("slim.fleet.extra.import_module", missing)
    save(image(layer({"a": b"a"})), tmp_path / "a.tar")
    assert run("fleet", "scan", str(tmp_path / "a.tar"), "--store", str(tmp_path / "store")) == 2
    error = capsys.readouterr().err
    assert "[no-fleet-extra]" in error
    assert "pip install 'slim-advisor[fleet]'" in error


def test_other_commands_do_not_load_the_engines() -> None:
    code = (
        "import sys, slim.cli.app, slim.cli.analyze, slim.cli.fleet_scan, slim.cli.fleet_report;"
        "print([n for n in ('dask', 'distributed', 'duckdb', 'fsspec') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
