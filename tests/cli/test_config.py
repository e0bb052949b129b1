"""`slim config`: every option, its value, and where that is from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.commands import run

FILE = """
dockerfile = "Dockerfile"
fail-on = ["new:high"]
[budget]
size = "340 MB"
growth = { percent = 5, min = "1 MB" }
[image.api.budget]
size = "300 MB"
[comment]
behavior = "new"
[[ignore]]
rule = "VCS001"
paths = ["/app/.git/**"]
reason = "needed"
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in os.environ:
        if name.startswith("SLIM_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


Rows = list[tuple[str, str, str, str]]


def table(capsys: pytest.CaptureFixture[str], *call: str) -> tuple[Rows, str]:
    assert run("config", *call) == 0
    out, err = capsys.readouterr()
    header, *lines = out.splitlines()
    at = [header.index(word) for word in ("option", "value", "from", "environment")]
    cuts = list(zip(at, [*at[1:], None], strict=True))
    rows = [tuple(line[start:end].strip() for start, end in cuts) for line in lines]
    return rows, err  # type: ignore[return-value]


def test_every_option_has_a_default_and_a_variable(capsys: pytest.CaptureFixture[str]) -> None:
    rows, err = table(capsys)
    assert err == ""
    assert {source for _, _, source, _ in rows} == {"default"}
    assert ("--top", "20", "default", "SLIM_TOP") in rows
    assert ("--behavior", "update", "default", "SLIM_BEHAVIOR") in rows
    names = [option for option, *_ in rows]
    assert len(names) == len(set(names)) > 50
    assert all(variable.startswith("SLIM_") for *_, variable in rows)


def test_where_values_are_from(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "slim.toml").write_text(FILE)
    for name, value in {
        "SLIM_TOP": "5",
        "SLIM_FAIL_ON": "low",
        "SLIM_IGNORE": "DEB001",
        "SLIM_LIMIT_LAYERS": "7",
        "SLIM_PROXY": "http://user:hunter2@proxy:3128",
        "SLIM_TOKEN": "hunter2",
    }.items():
        monkeypatch.setenv(name, value)
    rows, err = table(capsys, "--key", "api")
    assert err == ""
    for row in (
        ("--config", "slim.toml", "found", "SLIM_CONFIG"),
        ("--key", "api", "command line", "SLIM_KEY"),
        ("--dockerfile", "Dockerfile", "slim.toml", "SLIM_DOCKERFILE"),
        ("--max-size", "300000000B", "slim.toml", "SLIM_MAX_SIZE"),
        ("--max-growth", "5%,1000000B", "slim.toml", "SLIM_MAX_GROWTH"),
        ("--behavior", "new", "slim.toml", "SLIM_BEHAVIOR"),
        ("--when", "changed", "default", "SLIM_WHEN"),
        ("--fail-on", "low", "SLIM_FAIL_ON", "SLIM_FAIL_ON"),
        ("--ignore", "DEB001", "SLIM_IGNORE", "SLIM_IGNORE"),
        ("--ignore", "VCS001:/app/.git/**", "slim.toml", "SLIM_IGNORE"),
        ("--limit", "layers=7", "SLIM_LIMIT_LAYERS", "SLIM_LIMIT_LAYERS"),
        ("--top", "5", "SLIM_TOP", "SLIM_TOP"),
        ("--proxy", "http://proxy:3128", "SLIM_PROXY", "SLIM_PROXY"),
        ("", "(set)", "SLIM_TOKEN", "SLIM_TOKEN"),
    ):
        assert row in rows
    assert "hunter2" not in str(rows)
    rows, _ = table(capsys, "--no-config")
    assert ("--max-size", "", "default", "SLIM_MAX_SIZE") in rows


def test_a_misspelt_variable_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SLIM_MAX_SIZ", "1MB")
    _, err = table(capsys)
    assert err == "slim: nothing reads the variable SLIM_MAX_SIZ: did you mean `SLIM_MAX_SIZE`?\n"


def test_a_wrong_file_is_an_error(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "slim.toml").write_text("[budgets]\nsize = 1\n")
    assert run("config") == 2
    err = capsys.readouterr().err
    assert "[bad-config]" in err
    assert "did you mean `budget`" in err
