"""The command line: exit codes, streams, output files, settings from the environment."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from slim.__main__ import main
from slim.cli.app import app
from slim.version import VERSION
from tests.conftest import LONG, require
from tests.support.attacks import Attack
from tests.support.building import (
    Layer,
    archive,
    delete,
    file,
    header,
    image,
    layer,
    save,
    zstandard,
)
from tests.support.layouts import BYE, HELLO, config, docker, pack, simple, with_config, write

SECRET = "hunter2-do-not-print"  # noqa: S105

ATTACKS = (
    Attack(
        id="X15-link",
        given="an output path that is a symbolic link to another file",
        outcome="the link is replaced, the other file untouched",
        proof="test_a_link_in_the_place_of_an_output_is_replaced",
    ),
    Attack(
        id="X15-device",
        given="an output path that is a device or a pipe",
        outcome="it is written to, and never replaced by a file",
        proof="test_devices_are_written_to",
    ),
    Attack(
        id="X15-private",
        given="a report with secrets, written to a file",
        outcome="the file is for its owner alone",
        proof="test_a_report_with_secrets_is_private",
    ),
    Attack(
        id="CLI-pipe",
        given="a reader that goes away in the middle of the output",
        outcome="exit code 0 and no message",
        proof="test_a_reader_that_goes_away_is_no_failure",
    ),
    Attack(
        id="CLI-full",
        given="a full disk behind stdout, or no stdout",
        outcome="error no-output (exit code 2)",
        proof="test_an_output_that_cannot_be_written_is_an_error",
    ),
    Attack(
        id="CLI-interrupt",
        given="an interrupt while a bomb unfolds",
        outcome="exit code 130, at once",
        proof="test_an_interrupt_ends_with_130",
    ),
)

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """slim in this process: exit code, stdout, stderr."""
    for name in [name for name in os.environ if name.startswith("SLIM_")]:
        monkeypatch.delenv(name)

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["slim", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, out, err

    return call


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A small image with waste and a secret."""
    built = image(
        layer({"etc/a": b"one"}, created_by=f"RUN |1 TOKEN={SECRET} /bin/sh -c make"),
        layer(delete("etc/a"), created_by="RUN rm /etc/a"),
        config={"Env": [f"PASSWORD={SECRET}"]},
    )
    return save(built, tmp_path / "image.tar", "docker")


def process(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """slim in a process of its own."""
    command = [sys.executable, "-m", "slim", *map(str, arguments)]
    return subprocess.run(command, timeout=60, check=False, **options)


def is_error(err: str, slug: str) -> bool:
    """One line that says what, at most one that says what to do."""
    lines = err.splitlines()
    first = re.fullmatch(r"slim: error: \S.* \[([a-z0-9-]+)\]", lines[0])
    assert first is not None, err
    assert len(lines) <= 2
    assert all(line.startswith("      hint: ") for line in lines[1:])
    return first[1] == slug


def broken_layer(folder: Path) -> Path:
    return pack(folder, with_config(config(BYE), HELLO))


FAILURES: Mapping[str, tuple[Sequence[str], int, str]] = {
    "no command": (["bogus"], 2, "usage"),
    "no such option": (["analyze", "{image}", "--bogus"], 2, "usage"),
    "no image": (["analyze"], 2, "usage"),
    "two images, one file": (["analyze", "{image}", "{image}", "-o", "json=x"], 2, "two-outputs"),
    "no number": (["analyze", "{image}", "--top", "many"], 2, "usage"),
    "number out of range": (["analyze", "{image}", "--top", "0"], 2, "usage"),
    "no jobs": (["analyze", "{image}", "-j", "0"], 2, "usage"),
    "unknown format": (["analyze", "{image}", "-o", "yaml"], 2, "unknown-format"),
    "empty format": (["analyze", "{image}", "-o", "=x"], 2, "unknown-format"),
    "two to stdout": (["analyze", "{image}", "-o", "text", "-o", "json=-"], 2, "two-outputs"),
    "two to a file": (["analyze", "{image}", "-o", "text=x", "-o", "json=x"], 2, "two-outputs"),
    "unknown limit": (["analyze", "{image}", "--limit", "x=1"], 2, "unknown-limit"),
    "bad limit": (["analyze", "{image}", "--limit", "layers=x"], 2, "bad-limit"),
    "bad platform": (["analyze", "{image}", "--platform", "linux"], 2, "bad-platform"),
    "no such tag": (["analyze", "{image}", "--tag", "x"], 2, "no-such-tag"),
    "no such position": (["analyze", "{image}", "--image-index", "7"], 2, "no-such-image"),
    "no Dockerfile": (["analyze", "{image}", "--dockerfile", "{folder}/no"], 2, "no-dockerfile"),
    "target without Dockerfile": (["analyze", "{image}", "--target", "x"], 2, "no-dockerfile"),
    "empty prefix": (["analyze", "oci-dir:"], 2, "no-input"),
    "missing": (["analyze", "{folder}/missing"], 3, "unreadable"),
    "no image inside": (["analyze", "{text}"], 3, "not-an-image"),
    "folder": (["analyze", "{folder}"], 3, "not-an-image"),
    "missing base": (["analyze", "{image}", "--base", "{folder}/missing"], 3, "unreadable"),
    "wrong diff id": (["analyze", "{broken}"], 4, "layer-diff-id"),
    "limit": (["analyze", "{image}", "--limit", "layers=1"], 5, "limit-layers"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_a_code_a_line_and_a_hint(
    name: str, run: Run, path: Path, tmp_path: Path
) -> None:
    (tmp_path / "b").mkdir()
    places = {
        "image": path,
        "folder": tmp_path,
        "text": write(tmp_path, b"hello " * 200, "text"),
        "broken": broken_layer(tmp_path / "b"),
    }
    arguments, code, slug = FAILURES[name]
    found, out, err = run(*(argument.format(**places) for argument in arguments))
    assert (found, out) == (code, "")
    assert is_error(err, slug)


@LONG
def test_faults_of_rules_are_a_failed_gate(run: Run, tmp_path: Path) -> None:
    code, out, err = run("rules", "check", write(tmp_path, b"[[rule]]\n", "bad.toml"))
    assert (code, err) == (1, "")
    assert "bad.toml" in out


def test_success_is_silent_on_stderr(run: Run, path: Path) -> None:
    code, out, err = run("analyze", path)
    assert (code, err) == (0, "")
    assert json.loads(out)["totals"]["layers"] == 2


def test_without_arguments_the_help_is_shown(run: Run) -> None:
    code, out, err = run()
    assert (code, out) == (2, "")
    assert "Usage: slim" in err


def test_a_bug_is_said_to_be_one(run: Run, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any, **options: Any) -> None:
        raise RuntimeError("oops\n::error::x\x1b[31m")

    monkeypatch.setattr("slim.pipeline.analyze", broken)
    code, out, err = run("analyze", path)
    assert (code, out) == (70, "")
    assert is_error(err, "internal")
    assert "RuntimeError: oops" in err
    assert "\x1b" not in err
    assert "::error" not in err
    monkeypatch.setenv("SLIM_TRACEBACK", "1")
    code, out, err = run("analyze", path)
    assert (code, out) == (70, "")
    assert "Traceback" in err


@pytest.mark.parametrize(
    "error", [MemoryError, RecursionError, OSError(5, "I/O error"), ValueError]
)
def test_every_surprise_is_70(
    error: Any, run: Run, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: Any, **options: Any) -> None:
        raise error

    monkeypatch.setattr("slim.pipeline.analyze", broken)
    code, out, err = run("analyze", path)
    assert (code, out) == (70, "")
    assert is_error(err, "internal")


def test_an_interrupt_is_130(run: Run, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("slim.pipeline.analyze", interrupted)
    assert run("analyze", path) == (130, "", "slim: interrupted\n")


@LONG
def test_an_interrupt_ends_with_130(tmp_path: Path) -> None:
    """Also in the middle of a layer that would unfold for minutes."""
    start, zeros = zstandard(header(file("f", size=1 << 40))), zstandard(bytes(32 << 20))
    layer = Layer((), b"", start + zeros * 20_000)
    bomb = write(tmp_path, archive(docker(config(layer), layer)))
    # Zeros unfold so fast that the usual limit is reached in a few seconds.
    limits = ("--limit", f"layer-bytes={1 << 50}", "--limit", f"image-bytes={1 << 50}")
    command = [sys.executable, "-m", "slim", "analyze", str(bomb), "--no-verify", *limits]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # What a shell starts in the background ignores it, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as child:
        time.sleep(3)
        assert child.poll() is None, "it is still at work"
        started = time.monotonic()
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=30)
    assert time.monotonic() - started < 10
    assert (child.returncode, out, err) == (130, b"", b"slim: interrupted\n")


# Outputs


def test_outputs_to_files_and_stdout(run: Run, path: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    code, out, _ = run("analyze", path, "-o", "text", "-o", f"json={report}")
    assert code == 0
    assert out.startswith("app:1:")
    assert report.read_text() == run("analyze", path, "-o", "json")[1]
    assert run("analyze", path, "-o", f"text={tmp_path / 'text'}", "-o", "json=-")[1] == (
        report.read_text()
    )
    assert (tmp_path / "text").read_text() == out


def test_nothing_is_printed_when_a_file_cannot_be_written(
    run: Run, path: Path, tmp_path: Path
) -> None:
    code, out, err = run("analyze", path, "-o", "text", "-o", f"json={tmp_path}/no/report.json")
    assert (code, out) == (2, "")
    assert is_error(err, "no-output")


def test_a_file_is_replaced_as_a_whole(run: Run, path: Path, tmp_path: Path) -> None:
    report = write(tmp_path, b"x" * 100_000, "report.json")
    with report.open("rb") as before:
        assert run("analyze", path, "-o", f"json={report}")[0] == 0
        assert before.read() == b"x" * 100_000, "who reads the old one reads all of it"
    assert json.loads(report.read_text())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["image.tar", "report.json"]


def test_a_link_in_the_place_of_an_output_is_replaced(run: Run, path: Path, tmp_path: Path) -> None:
    other = write(tmp_path, b"precious", "other")
    link = tmp_path / "report.json"
    link.symlink_to(other)
    assert run("analyze", path, "-o", f"json={link}")[0] == 0
    assert other.read_bytes() == b"precious"
    assert not link.is_symlink()


def test_a_folder_is_not_replaced(run: Run, path: Path, tmp_path: Path) -> None:
    code, out, err = run("analyze", path, "-o", f"json={tmp_path}")
    assert (code, out) == (2, "")
    assert is_error(err, "no-output")


@pytest.mark.parametrize("at", ["/dev/null", "null", "/dev/stdout", "/dev/fd/1"])
@LONG
def test_devices_are_written_to(at: str, path: Path, tmp_path: Path) -> None:
    (tmp_path / "null").symlink_to("/dev/null")
    before = os.lstat("/dev/null").st_ino, os.lstat("/dev/stdout").st_ino
    with (tmp_path / "out").open("wb") as out:
        done = process(
            "analyze", path, "-o", f"json={at}", stdout=out, stderr=subprocess.PIPE, cwd=tmp_path
        )
    assert (done.returncode, done.stderr) == (0, b"")
    assert (os.lstat("/dev/null").st_ino, os.lstat("/dev/stdout").st_ino) == before
    assert (tmp_path / "null").is_symlink()
    output = (tmp_path / "out").read_text()
    assert output == "" if "null" in at else json.loads(output)["kind"] == "analysis"


def test_a_named_pipe_is_written_to(run: Run, path: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    assert run("analyze", path, "-o", f"text={tmp_path / 'fifo'}")[0] == 0
    assert os.read(reader, 65536).decode().startswith("app:1: 3 B on disk")
    os.close(reader)


@pytest.mark.parametrize(("to", "output"), [("cat", "app:1: 3 B on disk"), ("true", "")])
@LONG
def test_a_shell_takes_outputs_by_descriptors(to: str, output: str, path: Path) -> None:
    require("bash")
    script = f'{{ "$@" -o text=>({to} >&3) && sleep 0.2; }} 3>&1'
    call = ["bash", "-c", script, "slim", sys.executable, "-m", "slim", "analyze", str(path)]
    done = subprocess.run(call, capture_output=True, check=True, timeout=60)
    assert done.stdout.decode().startswith(output)
    assert done.stderr == b""


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o000])
def test_a_report_with_secrets_is_private(umask: int, run: Run, path: Path, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        assert run("analyze", path, "-o", f"json={tmp_path / 'public'}")[0] == 0
        assert run("analyze", path, "--no-redact", "-o", f"json={tmp_path / 'private'}")[0] == 0
    finally:
        os.umask(before)
    public, private = tmp_path / "public", tmp_path / "private"
    assert stat.S_IMODE(public.stat().st_mode) == 0o666 & ~umask
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert SECRET not in public.read_text()
    assert private.read_text().count(SECRET) >= 2


def test_a_terminal_gets_text_and_a_pipe_json(path: Path) -> None:
    ours, theirs = pty.openpty()
    environ = {**os.environ, "NO_COLOR": "1"}
    done = process("analyze", path, env=environ, stdout=theirs, stderr=subprocess.PIPE)
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert done.returncode == 0
    assert shown.startswith("app:1: 3 B on disk")
    assert "\x1b" not in shown
    into_pipe = process("analyze", path, stdout=subprocess.PIPE)
    assert json.loads(into_pipe.stdout)["image"]["name"] == "app:1"


@pytest.mark.parametrize(
    "arguments", [["schema"], ["--help"], ["--version"], ["analyze", "{image}"]]
)
@LONG
def test_a_reader_that_goes_away_is_no_failure(arguments: list[str], path: Path) -> None:
    read, written = os.pipe()
    os.close(read)
    filled = [argument.format(image=path) for argument in arguments]
    done = process(*filled, stdout=written, stderr=subprocess.PIPE)
    os.close(written)
    assert (done.returncode, done.stderr) == (0, b"")


@LONG
def test_a_gone_reader_of_a_long_output_is_no_failure(tmp_path: Path) -> None:
    """More than a pipe holds, so that writing fails in the middle."""
    big = image(*(layer({f"f{number}": b"x"}) for number in range(100)))
    path = save(big, tmp_path / "image.tar", "docker")
    command = [sys.executable, "-m", "slim", "analyze", str(path), "-o", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.read(10)
        child.stdout.close()
        assert child.stderr.read() == b""
    assert child.returncode == 0


@pytest.mark.parametrize("where", ["full", "closed"])
def test_an_output_that_cannot_be_written_is_an_error(where: str, path: Path) -> None:
    target = "/dev/full" if where == "full" else "&-"
    command = f"'{sys.executable}' -m slim analyze '{path}' >{target}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert is_error(done.stderr, "no-output")


@pytest.mark.parametrize("where", ["closed", "gone"])
def test_without_stderr_the_code_says_it(where: str, tmp_path: Path) -> None:
    read, written = os.pipe()
    os.close(read)
    closed = "2>&-" if where == "closed" else ""
    command = f"'{sys.executable}' -m slim analyze '{tmp_path}/missing' {closed}"
    done = subprocess.run(
        ["sh", "-c", command], stdout=subprocess.PIPE, stderr=written, check=False
    )
    os.close(written)
    assert (done.returncode, done.stdout) == (3, b"")


def test_names_that_the_encoding_lacks_are_written_out(tmp_path: Path) -> None:
    rewritten = (layer({"é": content * 100_000}) for content in (b"1", b"2"))
    path = save(image(*rewritten), tmp_path / "image.tar", "docker")
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = process("analyze", path, "-o", "text", env=env, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"/\\xe9" in done.stdout


@LONG
def test_a_file_whose_own_name_is_not_utf_8(path: Path, tmp_path: Path) -> None:
    undecodable = os.fsencode(tmp_path) + b"/\xff.tar"
    os.rename(path, undecodable)
    done = subprocess.run(
        [sys.executable, "-m", "slim", "analyze", undecodable, "-o", "json"],
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout)["source"]["input"].endswith("/\ufffd.tar")


# Settings from the environment


def commands() -> dict[str, Any]:
    group: Any = app
    return {name: group.get_command(None, name) for name in group.list_commands(None)}


@pytest.mark.parametrize("name", commands())
def test_every_option_has_its_variable(name: str) -> None:
    for option in commands()[name].params:
        if option.param_type_name == "option":
            assert option.envvar == f"SLIM_{option.name.upper()}" or option.name in RENAMED
            assert option.help


RENAMED = {"no_color"}
"""SLIM_COLOR=never says it."""


@pytest.mark.parametrize(
    ("variables", "arguments"),
    [
        ({"SLIM_OUTPUT": "text"}, ["-o", "text"]),
        ({"SLIM_TOP": "1", "SLIM_OUTPUT": "json"}, ["--top", "1"]),
        ({"SLIM_VERIFY": "0"}, ["--no-verify"]),
        ({"SLIM_REDACT": "false"}, ["--no-redact"]),
        ({"SLIM_JOBS": "3"}, ["-j", "3"]),
        ({"SLIM_PLATFORM": "linux/amd64"}, ["--platform", "linux/amd64"]),
        ({"SLIM_TAG": "app:1"}, ["--tag", "app:1"]),
        ({"SLIM_IMAGE_INDEX": "0"}, ["--image-index", "0"]),
        ({"SLIM_LIMIT": "layers=2 members=100"}, ["--limit", "layers=2"]),
    ],
)
def test_a_variable_is_a_flag(
    variables: dict[str, str],
    arguments: list[str],
    run: Run,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    by_flag = run("analyze", path, *arguments)
    assert by_flag[0] == 0
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert run("analyze", path) == by_flag


def test_a_flag_wins_over_a_variable(run: Run, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIM_OUTPUT", "text")
    monkeypatch.setenv("SLIM_LIMIT", "layers=1")
    assert run("analyze", path)[0] == 5
    code, out, _ = run("analyze", path, "--limit", "layers=2", "-o", "json")
    assert code == 0
    assert json.loads(out)


@pytest.mark.parametrize("name", ["SLIM_TOP", "SLIM_VERIFY", "SLIM_LIMIT", "SLIM_OUTPUT"])
def test_a_bad_variable_is_a_usage_error(
    name: str, run: Run, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "bogus")
    code, out, err = run("analyze", path)
    assert (code, out) == (2, "")
    assert name in err or "bogus" in err


# Help, version


@pytest.mark.parametrize("name", ["", *commands()])
@pytest.mark.parametrize("columns", ["80", "200"])
def test_help_fits_and_is_whole(
    name: str, columns: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    for flag in ("-h", "--help"):
        code, out, err = run(*([name] if name else []), flag)
        assert (code, err) == (0, "")
        assert max(map(len, out.splitlines())) <= min(int(columns), 100)
        assert out.startswith(f"Usage: slim{' ' + name if name else ''} ")
    assert "..." not in out.partition("Commands:")[2], "no description is cut"


def test_help_has_examples_that_parse(run: Run) -> None:
    """Every example is a call that the command line understands."""
    out = run("analyze", "--help")[1]
    examples = re.findall(r"slim (analyze .+)", out.partition("Examples:")[2])
    assert len(examples) >= 3
    group: Any = app
    for example in examples:
        with group.make_context("slim", example.split(), resilient_parsing=True):
            pass


def test_exit_codes_are_in_the_help(run: Run) -> None:
    out = " ".join(run("--help")[1].split())
    for code in ("0", "1", "2", "3", "4", "5", "6", "70", "130"):
        assert re.search(rf"[ ,]{code} [a-z]", out), code


def test_version_reads_no_image_code(run: Run) -> None:
    assert run("--version") == (0, f"slim {VERSION}\n", "")
    code = (
        "import sys; sys.argv = ['slim', '--version']; from slim.__main__ import _run; _run();"
        "print({'isal', 'xxhash', 'slim.image', 'slim.rules'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"slim {VERSION}\nset()\n"


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['slim', '--help']; from slim.__main__ import _run; _run();"
        "print({'oras', 'requests', 'jinja2', 'sqlite3', 'blake3'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("\nset()\n")


HEAVY = "requests oras jinja2 sqlite3 subprocess slim.image.registry.client"
"""What an image with one package database, all its layers in the cache, as JSON has no use for."""


def test_what_an_image_has_no_use_for_is_not_imported(tmp_path: Path) -> None:
    status = b"Package: tzdata\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n"
    base = layer({"var/lib/dpkg/status": status, "srv/data": bytes(100_000)})
    path = save(image(base), tmp_path / "image.tar")
    code = (
        "import sys; from slim.__main__ import _run; _run();"
        f"print(*sorted({set(HEAVY.split())} & set(sys.modules)), file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, "analyze", str(path), "--cache", "-o", "json"]
    env = {**os.environ, "SLIM_CACHE_DIR": str(tmp_path / "cache")}
    for _ in range(2):
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        assert json.loads(done.stdout)["packages"][0]["name"] == "tzdata"
    assert done.stderr == "\n"


@pytest.mark.parametrize("name", commands())
def test_every_command_has_an_example_in_its_help(name: str) -> None:
    waiting = [commands()[name]]
    while waiting:
        command = waiting.pop()
        waiting += getattr(command, "commands", {}).values()
        assert (
            getattr(command, "commands", None)
            or "  slim " in command.epilog
            or "_" in command.epilog
        )


@LONG
def test_simple_runs_as_a_module(path: Path) -> None:
    done = process("analyze", path, "-o", "text", capture_output=True)
    assert done.returncode == 0
    assert pack(path.parent, simple(HELLO)).exists()


# Several images


def test_several_images_are_a_report_each(run: Run, path: Path, tmp_path: Path) -> None:
    other = save(image({"etc/b": b"12345"}, tags=("other:2",)), tmp_path / "other.tar")
    single = [run("analyze", archive_path)[1] for archive_path in (path, other)]
    code, out, err = run("analyze", path, other, "-o", f"json={tmp_path}/r-{{}}.json", "-o", "text")
    assert (code, err) == (0, "")
    assert out.startswith("app:1: ")
    assert "\n\n2: 5 B on disk" in out
    assert (tmp_path / "r-image.json").read_text() == single[0]
    assert (tmp_path / "r-other.json").read_text() == single[1]
    assert run("analyze", path, other, "-o", "json")[1] == "".join(single)


def test_outputs_of_several_images_do_not_meet(run: Run, path: Path, tmp_path: Path) -> None:
    code, out, err = run("analyze", path, path, "-o", f"json={tmp_path}/one.json")
    assert (code, out) == (2, "")
    assert is_error(err, "two-outputs")
    assert "{}" in err
    code, out, err = run("analyze", path, path, "-o", "junit")
    assert (code, out) == (2, "")
    assert run("analyze", path, path, "-o", f"json={tmp_path}/{{}}.json")[0] == 0
    assert (tmp_path / "image.json").read_text() == (tmp_path / "image-2.json").read_text()


def test_one_bad_image_of_several_is_an_error_and_nothing_is_written(
    run: Run, path: Path, tmp_path: Path
) -> None:
    bad = write(tmp_path, b"no tar" * 200, "bad.tar")
    code, out, err = run("analyze", path, bad, "-o", f"json={tmp_path}/{{}}.json", "-o", "text")
    assert (code, out) == (3, "")
    assert is_error(err, "not-an-image")
    assert not (tmp_path / "image.json").exists()


def test_one_image_over_budget_fails_the_run(run: Run, path: Path, tmp_path: Path) -> None:
    other = save(image({"etc/b": b"12345"}, tags=("other:2",)), tmp_path / "other.tar")
    code, out, err = run("analyze", other, path, "-o", "text", "--max-size", "4B")
    assert code == 1
    assert out
    assert "over the limit of 4 B" in err
    assert len(err.splitlines()) == 2
    assert run("analyze", other, path, "-o", "text", "--max-size", "4B", "--exit-zero")[0] == 0
    assert run("analyze", other, path, "-o", "text", "--max-size", "5B")[0] == 0


def test_what_layers_images_share_is_read_once(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from slim.cli.app import app
    from slim.files import layer as read_layers
    from slim.files.blob import scan_blob

    reads: list[int] = []

    def counted(blob: Any, **options: Any) -> Any:
        reads.append(blob.size)
        return scan_blob(blob, **options)

    monkeypatch.setattr(read_layers, "scan_blob", counted)
    output = f"json={tmp_path}/{{}}.json"
    arguments = ["analyze", str(path), str(path), "--no-cache", "-o", output]
    app(arguments, standalone_mode=False)
    assert len(reads) == 2, "two layers, twice"
