"""Completion: what `slim completion` prints, what a shell is answered, and the shells themselves."""

from __future__ import annotations

import os
import pty
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Timer

import pytest

from slim.__main__ import main
from tests.conftest import require

SHELLS = ("bash", "zsh", "fish", "powershell")

Slim = Callable[..., tuple[int, str, str]]


@pytest.fixture
def slim(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Slim:
    """slim in this process, with these variables: exit code, stdout, stderr."""

    def call(*words: str, **variables: str) -> tuple[int, str, str]:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["slim", *words])
            for name, value in variables.items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                main()
        assert isinstance(ended.value.code, int)
        return ended.value.code, *capfd.readouterr()

    return call


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("slim ana", ["plain,analyze"]),
        (
            "slim rules ",
            [f"plain,{command}" for command in ("list", "show", "check", "new", "try")],
        ),
        ("slim analyze --max-s", ["plain,--max-size"]),
        ("slim analyze --no-verif", ["plain,--no-verify"]),
        ("slim analyze ap", ["file,ap"]),
        ("slim analyze --dockerfile Do", ["file,Do"]),
        ("slim compare main.json ap", ["file,ap"]),
        ("slim analyze --max-size 3", []),
    ],
)
def test_a_shell_is_answered(shell: str, line: str, expected: list[str], slim: Slim) -> None:
    """The protocols are those of click; of zsh and PowerShell three lines a word: kind, word, meaning."""
    words = line.split(" ")
    place = words[-1] if shell == "fish" else str(len(words) - 1)
    code, out, err = slim(_SLIM_COMPLETE=f"{shell}_complete", COMP_WORDS=line, COMP_CWORD=place)
    assert (code, err) == (0, "")
    lines = out.splitlines() if out.strip() else []
    if shell in ("zsh", "powershell"):
        lines = [",".join(lines[at : at + 2]) for at in range(0, len(lines), 3)]
    assert [line.partition("\t")[0] for line in lines] == expected


@pytest.mark.parametrize("shell", [*SHELLS, "pwsh"])
def test_the_script_is_for_the_shell(shell: str, slim: Slim) -> None:
    code, out, err = slim("completion", shell)
    assert (code, err) == (0, "")
    name = "powershell" if shell == "pwsh" else shell
    assert f"_SLIM_COMPLETE={name}_complete" in out or f"'{name}_complete'" in out
    assert slim(_SLIM_COMPLETE=f"{name}_source") == (0, out, "")


def test_there_are_shells_without_completion(slim: Slim) -> None:
    code, out, err = slim("completion", "tcsh")
    assert (code, out) == (2, "")
    assert err.startswith("slim: error: no completion for 'tcsh' [bad-choice]\n")
    assert "bash, zsh, fish, powershell, pwsh" in err
    assert slim(_SLIM_COMPLETE="tcsh_complete") == (2, "", "")


# --- the shells -----------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with an image; the `slim` on its PATH answers shells, and else writes its words to a file."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "app.tar").touch()
    command = tmp_path / "bin" / "slim"
    command.write_text(
        f'#!/bin/sh\n[ -n "$_SLIM_COMPLETE" ] && exec {shlex.quote(sys.executable)} -m slim\n'
        f'printf "%s\\n" "$@" > {shlex.quote(str(tmp_path))}/words\n'
    )
    command.chmod(0o755)
    return tmp_path


def environment(home: Path) -> Mapping[str, str]:
    path = f"{home / 'bin'}:{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "HOME": str(home), "TERM": "vt100", "INPUTRC": "/dev/null"}


def type_into(shell: Sequence[str], keys: str, home: Path) -> list[str]:
    """The words that `slim` is called with when these keys are hit in a shell at a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        shell,
        cwd=home,
        env=environment(home),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as running:
        late = Timer(30, running.kill)
        late.start()
        os.close(theirs)
        os.write(ours, f"{keys}\rexit\r".encode())
        with suppress(OSError):  # the shell has closed the terminal
            while os.read(ours, 4096):
                pass
        running.wait(30)
        late.cancel()
    os.close(ours)
    return (home / "words").read_text().split()


@pytest.mark.real
@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("slim ana\tap\t", "analyze app.tar"),
        ("slim compare main.json --max-gr\t5% ap\t", "compare main.json --max-growth 5% app.tar"),
    ],
)
@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_the_shell_completes(shell: str, keys: str, words: str, home: Path, slim: Slim) -> None:
    require(shell)
    start = {"bash": "", "zsh": "autoload -Uz compinit\ncompinit -u\n"}[shell]
    (home / f".{shell}rc").write_text(start + slim("completion", shell)[1])
    assert type_into([shell, "-i"], keys, home) == words.split()


@pytest.mark.real
@pytest.mark.parametrize(
    ("line", "word"),
    [("ana", "analyze"), ("analyze ap", "app.tar"), ("compare --max-gr", "--max-growth")],
)
def test_fish_completes(line: str, word: str, home: Path, slim: Slim) -> None:
    require("fish")
    (home / "slim.fish").write_text(slim("completion", "fish")[1])
    done = subprocess.run(
        ["fish", "--no-config", "-c", f"source slim.fish; complete -C 'slim {line}'"],
        cwd=home,
        env=environment(home),
        capture_output=True,
        text=True,
        check=True,
    )
    assert [line.partition("\t")[0] for line in done.stdout.splitlines()] == [word]
