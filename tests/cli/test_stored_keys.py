"""`--key` stays in the report: what is made of it later knows which image it is about."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slim.report.load import load_comparison, load_report
from slim.report.untrusted import bare
from tests.support.building import image, layer, save
from tests.support.commands import run

SMALL = layer({"etc/a": b"a" * 1000})
GROWN = layer({"etc/b": b"b" * 9_000_000})


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two images that have one name, before and after."""
    save(image(SMALL), tmp_path / "before.tar")
    save(image(SMALL, GROWN), tmp_path / "app.tar")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_two_comparisons_in_one_comment_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    for key in ("linux-amd64", "linux-arm64"):
        words = ("compare", "before.tar", "app.tar", "--key", key, "-o", f"json={key}.json")
        assert run(*words) == 0
        assert bare(load_comparison(f"{key}.json").key) == key
    capsys.readouterr()
    assert run("comment", "linux-amd64.json", "linux-arm64.json") == 0
    page = capsys.readouterr().out
    assert page.count("linux-amd64") >= 2, "the marker and the section"
    assert page.count("linux-arm64") >= 2


def test_a_report_keeps_its_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("analyze", "app.tar", "--key", "{}-x", "-o", "json=app.json", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out)["key"] == "app-x"
    assert bare(load_report("app.json").key) == "app-x"
    assert run("analyze", "before.tar", "-o", "json=before.json") == 0
    assert bare(load_report("before.json").key) == ""
    assert run("compare", "before.json", "app.json", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out)["key"] == "app-x"
    assert run("render", "app.json", "-o", "markdown") == 0
    assert "app-x" in capsys.readouterr().out.splitlines()[0]


def test_another_key_takes_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("analyze", "app.tar", "--key", "one", "-o", "json=app.json") == 0
    assert run("compare", "before.tar", "app.json", "--key", "two", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out)["key"] == "two"
