"""The manual pages that are committed: all commands and options are there, and roff reads them as meant."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import require
from tests.generate import ROOT, _commands, manual
from tests.support.manual import _plain, _text

FILES = sorted((ROOT / "man").iterdir())


def shown(page: str) -> str:
    """What a reader sees, without the breaks of lines."""
    require("groff")
    call = ("groff", "-man", "-ww", "-Tutf8", "-P-cbou", "-rHY=0", "-rLL=2000n")
    done = subprocess.run(call, input=page, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return " ".join(done.stdout.split())


def test_every_command_has_a_page_and_every_page_a_command() -> None:
    made = manual()
    assert {f"man/{file.name}" for file in FILES} == set(made)
    assert {f"man/{words.replace(' ', '-')}.1" for words in _commands()} < set(made)


@pytest.mark.real
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_page_says_what_help_says(file: Path) -> None:
    page = shown(file.read_text())
    command = _commands().get(file.stem.replace("-", " "))
    if command is None:
        assert all(words in page for words in _commands())
        assert "EXIT STATUS Exit codes: 0 pass" in page
        return
    for one in command.params:
        if one.name != "help":
            assert one.opts[0] in page or one.param_type_name == "argument"
            assert " ".join(re.sub("`", "", one.help).split()) in page
    assert all(" ".join(part.split()) in page for part in command.epilog.split("\n\n")[1:])


@pytest.mark.real
@pytest.mark.parametrize(
    "text",
    [
        ".SH a request",
        "'br",
        'it\'s -x "q" \\\\e \\\\fB ^~ …–é',
        "a -- b",
        "\\\\(rs",
        "$HOME/*",
        "``",
        "…",
    ],
)
def test_any_text_is_only_text(text: str) -> None:
    page = f'.TH X 1 "" x x\n.SH NAME\n.TP\n\\fB{_plain(text)}\\fR\n{_text(text)}\n'
    assert f"NAME {text} {text} " in shown(page)
