"""What is messages on stderr, and how loud; colours; the time of a report."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from dataclasses import replace
from pathlib import Path

import pytest

from slim.report.gates import Gates
from slim.report.judge import judge, judge_comparison
from tests.conftest import LONG
from tests.support.building import image, layer, save
from tests.support.commands import run
from tests.support.comparisons import before, compared
from tests.support.fake_registry import Answer, Fake, Request, serve
from tests.support.pages import rendered
from tests.support.reports import REPORTS, wasteful

CODES = re.compile(r"\x1b\[[0-9;]*m")
LAYER = re.compile(
    r"slim: layer (\d): \S+ \S+ stored \(\w+\), \S+ \S+ of tar, names: \d+, \d+\.\d\d s"
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    save(image(layer({"etc/a": b"a" * 1000}), layer({"etc/b": b"b"})), tmp_path / "app.tar")
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


# How loud


def test_a_line_per_layer_on_stderr_and_the_same_on_stdout(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("analyze", "app.tar", "-o", "json") == 0
    silent = capsys.readouterr()
    assert silent.err == ""
    assert run("analyze", "app.tar", "-o", "json", "-v", "--no-cache") == 0
    captured = capsys.readouterr()
    assert captured.out == silent.out
    first, *layers = captured.err.splitlines()
    assert first == "slim: app.tar: oci-archive, linux/amd64, 2 layers"
    assert sorted(found[1] for layer in layers if (found := LAYER.fullmatch(layer))) == ["0", "1"]
    assert len(layers) == 2
    assert run("analyze", "app.tar", "-o", "json", "-vv", "--no-cache") == 0
    more = capsys.readouterr().err.splitlines()
    assert len(more) > 3
    # Nothing of it is left for the next command of the process.
    assert run("analyze", "app.tar", "-o", "json") == 0
    assert capsys.readouterr() == silent


def test_quiet_leaves_errors_and_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    call = ["analyze", "app.tar", "-o", "json=report.json", "--max-size", "1B"]
    assert run(*call) == 1
    assert capsys.readouterr().err.startswith("slim: over budget")
    assert run(*call, "-q") == 1
    assert run("check", "report.json", "--max-size", "1B", "--quiet") == 1
    assert run("comment", "report.json", "--dry-run", "-q") == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith("<!-- slim:report")
    assert run("analyze", "none.tar", "-q") == 3
    assert "[unreadable]" in capsys.readouterr().err
    assert run("analyze", "app.tar", "-q", "-v") == 2


def test_names_from_an_image_are_harmless_in_lines_about_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "app.tar").rename("\x1b[2J\n::error::.tar")
    assert run("analyze", "\x1b[2J\n::error::.tar", "-v", "-o", "json=x.json") == 0
    err = capsys.readouterr().err
    assert "\x1b" not in err
    assert not any(line.startswith("::") for line in err.splitlines())


def test_requests_are_told_without_what_is_secret_in_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def script(fake: Fake, request: Request) -> Answer | None:
        if "/blobs/" in request.path and "signed" not in request.path:
            where = f"http://{fake.host}{request.path}?signed=hunter2-secret"
            return Answer(307, b"", {"Location": where})
        if "signed" in request.path:
            return fake.answer(replace(request, path=request.path.partition("?")[0]))
        return None

    with serve(image(layer({"etc/a": b"a" * 1000})), script) as fake:
        call = ["analyze", fake.name, "--plain-http", fake.host, "--no-cache", "-o", "json=x.json"]
        assert run(*call, "-vv") == 0
        messages = capsys.readouterr().err
        requests = [line for line in messages.splitlines() if line.startswith("slim: GET ")]
        assert len(requests) == len(fake.log)
        assert requests[0] == f"slim: GET http://{fake.host}/v2/team/app/manifests/1: 200"
        assert any(line.endswith(": 307") for line in requests)
    assert "hunter2" not in messages


# Colours


@pytest.mark.parametrize(
    ("environment", "flags", "colored"),
    [
        ({}, [], False),
        ({}, ["--color", "always"], True),
        ({"NO_COLOR": "1"}, ["--color", "always"], True),
        ({"SLIM_COLOR": "always"}, [], True),
        ({"SLIM_COLOR": "always"}, ["--no-color"], False),
        ({"FORCE_COLOR": "1"}, [], True),
        ({"CLICOLOR_FORCE": "1"}, [], True),
        ({"CLICOLOR_FORCE": "0"}, [], False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1", "CLICOLOR_FORCE": "1"}, [], False),
        ({"FORCE_COLOR": "1"}, ["--color", "never"], False),
        ({"FORCE_COLOR": "1"}, ["--no-color"], False),
    ],
)
def test_colours(
    environment: dict[str, str],
    flags: list[str],
    colored: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for call in (["analyze", "app.tar"], ["compare", "app.tar", "app.tar"]):
        assert run(*call, *flags, "-o", "text", "-o", "text=file.txt") == 0
        out = capsys.readouterr().out
        assert bool(CODES.search(out)) == colored
        assert CODES.sub("", out) == Path("file.txt").read_text(), "files have none"


@LONG
def test_a_terminal_has_colours_unless_it_is_dumb() -> None:
    for term, colored in (("xterm", True), ("dumb", False)):
        ours, theirs = pty.openpty()
        call = [sys.executable, "-m", "slim", "analyze", "app.tar"]
        environment = {**os.environ, "TERM": term}
        subprocess.run(call, env=environment, stdout=theirs, check=True, timeout=60)
        os.close(theirs)
        assert (b"\x1b[1m" in os.read(ours, 100_000)) == colored
        os.close(ours)


@pytest.mark.parametrize(
    ("terminal", "variable", "widest"),
    [(60, "", 60), (80, "", 80), (120, "", 100), (40, "", 60), (120, "64", 64), (0, "", 100)],
)
@LONG
def test_text_is_as_wide_as_the_terminal(terminal: int, variable: str, widest: int) -> None:
    """Paragraphs end at 100; below 60 nothing becomes narrower; COLUMNS counts before the terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, terminal, 0, 0))
    environment = {**os.environ, "TERM": "dumb", "COLUMNS": variable}
    call = [sys.executable, "-m", "slim", "analyze", "app.tar", "-o", "text", "-o", "text=f"]
    subprocess.run(call, env=environment, stdout=theirs, check=True, timeout=60)
    os.close(theirs)
    lines = os.read(ours, 100_000).decode().splitlines()
    os.close(ours)
    assert widest - 12 < max(map(len, lines)) <= widest
    done = subprocess.run(call, env=environment, stdout=subprocess.PIPE, check=True, timeout=60)
    assert done.stdout.decode() == Path("f").read_text(), "pipes and files are the same everywhere"
    assert widest == 100 or len(lines) > len(Path("f").read_text().splitlines())


def test_there_is_no_other_colour(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("analyze", "app.tar", "--color", "blue") == 2
    assert "[bad-choice]" in capsys.readouterr().err


@pytest.mark.parametrize("name", REPORTS)
def test_colours_change_no_text(name: str) -> None:
    report = REPORTS[name]()
    uncoloured = rendered(report, "text")
    assert CODES.sub("", rendered(report, "text", color=True)) == uncoloured


def test_the_verdict_and_high_findings_stand_out() -> None:
    for size, code in ((1, "\x1b[1;31m"), (10**12, "\x1b[1;32m")):
        judged = judge(wasteful(), Gates(size=size))
        assert rendered(judged, "text", color=True).startswith(code)
        change = judge_comparison(compared(before(), wasteful()), Gates(layers=size and size % 7))
        assert rendered(change, "text", color=True).startswith("\x1b[1;3")
    lines = rendered(judged, "text", color=True).splitlines()
    high = [line for line in lines if "(high, " in line]
    assert high
    assert all(line.startswith("  \x1b[1;31m") for line in high)


# When


def test_a_report_says_when_it_was_made_only_if_it_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stamp(*call: str) -> object:
        assert run(*call, "-o", "json=made.json") == 0
        return json.loads(Path("made.json").read_text()).get("timestamp")

    assert stamp("analyze", "app.tar") is None
    assert re.fullmatch(r"20\d\d-.*Z", str(stamp("analyze", "app.tar", "--timestamp")))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert stamp("analyze", "app.tar") is None
    assert stamp("analyze", "app.tar", "--timestamp") == "2023-11-14T22:13:20Z"
    Path("made.json").rename("report.json")
    assert stamp("render", "report.json") == "2023-11-14T22:13:20Z"
    assert stamp("compare", "app.tar", "report.json") == "2023-11-14T22:13:20Z"
    forged = Path("report.json").read_text().replace("13:20Z", "13:20Z\\n::error::")
    Path("forged.json").write_text(forged)
    assert run("render", "forged.json", "-o", "text") == 3
    monkeypatch.setenv("SLIM_TIMESTAMP", "1")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert stamp("compare", "report.json", "app.tar") == "1970-01-01T00:00:00Z"
