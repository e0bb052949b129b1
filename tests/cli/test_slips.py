"""Slips of the pen: what was silently accepted is an error or a warning that says what to do."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import LONG
from tests.support.building import image, layer, save
from tests.support.commands import run

FIRST = layer({"etc/a": b"a" * 1000}, created_by="RUN one")
SECOND = layer({"etc/b": "é".encode() * 500}, created_by="RUN two → " + "x" * 200)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    save(image(FIRST, SECOND), tmp_path / "app.tar")
    save(image(FIRST), tmp_path / "base.tar")
    save(image(SECOND), tmp_path / "other.tar")
    (tmp_path / "Dockerfile").write_text("FROM scratch\nRUN something else\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "error", "hint"),
    [
        (["--role", "relase"], "unknown role 'relase': did you mean `release`?", "builder, dev"),
        (["--max-size", "340"], "'340' has no unit: write 340MB, or 340B", ""),
        (["--max-reclaimable", " 25 "], "'25' has no unit", ""),
        (["--ignore", "DEB999"], "--ignore: unknown rule 'DEB999'", "slim rules list"),
        (["--ignore", "deb/apt-list"], "did you mean `deb/apt-lists`?", ""),
        (["--fail-on", "DEB999"], "--fail-on: unknown rule 'DEB999'", ""),
        (["--fail-on", "new:high"], "'new:high' needs a base to compare with", "--against BASE"),
        (["--against", "base.tar", "--fail-on", "new:DEB999"], "unknown rule 'DEB999'", ""),
        (["--against", "base.tar", "--max-growth", "5%,1"], "'1' has no unit", ""),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_is_an_error(
    words: list[str], error: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("analyze", "app.tar", *words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert error in err
    assert hint in err


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--ignore", "DEB999"], "--ignore: unknown rule 'DEB999'"),
        (["--role", "relase"], "--role: unknown role 'relase': did you mean `release`?"),
    ],
    ids=["ignore", "role"],
)
def test_is_an_error_of_explain_too(
    words: list[str], error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("explain", "deb/apt-lists", "app.tar", *words) == 2
    out, err = capsys.readouterr()
    assert (out, error in err) == ("", True)


@pytest.mark.parametrize("command", ["check", "render"])
def test_an_unknown_rule_is_a_warning_where_the_report_is_saved(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may have been made with rules that are not here."""
    assert run("analyze", "app.tar", "-o", "json=app.json") == 0
    more = ["--max-size", "1GB"] if command == "check" else ["-o", "text"]
    capsys.readouterr()
    assert run(command, "app.json", *more, "--ignore", "deb/apt-list") == 0
    err = capsys.readouterr().err
    assert "warning: --ignore: unknown rule 'deb/apt-list': did you mean `deb/apt-lists`?" in err
    assert run(command, "app.json", *more, "--ignore", "DEB001") == 0
    assert "warning" not in capsys.readouterr().err


def test_an_unknown_rule_that_is_to_fail_a_saved_report_is_a_warning(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("analyze", "app.tar", "-o", "json=app.json") == 0
    assert run("check", "app.json", "--fail-on", "DEB999") == 0
    assert "warning: --fail-on: unknown rule 'DEB999'" in capsys.readouterr().err


def test_a_limit_of_nothing_needs_no_unit() -> None:
    assert run("analyze", "app.tar", "-o", "json=x.json", "--max-reclaimable", "0") == 0


@pytest.mark.parametrize(
    ("words", "id", "text"),
    [
        (["--base", "other.tar"], "other-base", "other.tar is not the base of this image"),
        (["--dockerfile", "Dockerfile"], "other-dockerfile", "0 of 2 instructions"),
    ],
)
def test_is_a_warning_in_the_report_and_at_once(
    words: list[str], id: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("analyze", "app.tar", *words, "-o", "json=x.json") == 0
    warnings = {
        each["id"]: each["text"] for each in json.loads(Path("x.json").read_text())["warnings"]
    }
    assert text in warnings[id]
    assert text in capsys.readouterr().err


def test_what_fits_is_no_warning(capsys: pytest.CaptureFixture[str]) -> None:
    Path("Dockerfile").write_text("FROM scratch\nRUN one\nRUN two → " + "x" * 200 + "\n")
    call = ["--base", "base.tar", "--dockerfile", "Dockerfile", "-o", "json=x.json"]
    assert run("analyze", "app.tar", *call) == 0
    assert json.loads(Path("x.json").read_text())["warnings"] == []
    assert capsys.readouterr().err == ""


def slim(*words: str, text: bytes = b"", **variables: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "slim", *words],
        input=text,
        env=os.environ | variables,
        capture_output=True,
        check=False,
        timeout=60,
    )


def test_an_empty_pipe_is_the_fault_of_what_wrote_to_it() -> None:
    done = slim("analyze", "-")
    assert done.returncode == 3
    assert b"stdin is empty: did the command before the pipe fail?" in done.stderr


@LONG
def test_in_the_c_locale_people_get_ascii_and_programs_utf_8() -> None:
    for words in (["analyze", "app.tar", "-o", "text"], ["analyze", "--help"]):
        assert slim(*words, LC_ALL="C").stdout.decode().isascii()
        assert not slim(*words, LC_ALL="C.UTF-8").stdout.decode().isascii()
    report = ["analyze", "app.tar", "-o", "json", "--all-files"]
    assert slim(*report, LC_ALL="C").stdout == slim(*report, LC_ALL="C.UTF-8").stdout


@LONG
def test_the_terminal_has_its_cursor_again_after_sigterm() -> None:
    terminal, inside = os.openpty()
    reading, writing = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-m", "slim", "analyze", "-"], stdin=reading, stderr=inside
    ) as process:
        os.close(inside)
        os.write(writing, bytes(range(1, 200)))
        time.sleep(2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 128 + signal.SIGTERM
    assert b"\x1b[?25h" in os.read(terminal, 4096)
    for handle in (terminal, reading, writing):
        os.close(handle)


@LONG
def test_a_pipe_that_gets_json_is_told_to_whoever_looks(tmp_path: Path) -> None:
    terminal, inside = os.openpty()
    subprocess.run(
        [sys.executable, "-m", "slim", "analyze", "app.tar"],
        stdout=subprocess.DEVNULL,
        stderr=inside,
        check=True,
        timeout=60,
    )
    os.close(inside)
    assert b"-o text is the report for people" in os.read(terminal, 4096)
    os.close(terminal)
    assert slim("analyze", "app.tar").stderr == b""
