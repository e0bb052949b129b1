"""The manual pages that a wheel has: all commands and options are there, and roff reads them as meant."""

from __future__ import annotations

import re
import subprocess

import click
import pytest

from slim.cli.app import app
from slim.cli.manual import _plain, _text, all_commands, pages
from tests.conftest import require

COMMANDS = dict(all_commands(app, "slim"))
PAGES = pages(app)


def shown(page: str) -> str:
    """What a reader sees, without the breaks of lines."""
    require("groff")
    call = ("groff", "-man", "-ww", "-Tutf8", "-P-cbou", "-rHY=0", "-rLL=2000n")
    done = subprocess.run(call, input=page, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return " ".join(done.stdout.split())


def test_every_command_has_a_page() -> None:
    assert set(PAGES) == {"slim.1", *(f"{words.replace(' ', '-')}.1" for words in COMMANDS)}
    assert "slim rules try" in COMMANDS


@pytest.mark.real
@pytest.mark.parametrize("file", PAGES)
def test_a_page_says_what_help_says(file: str) -> None:
    page = shown(PAGES[file])
    command = COMMANDS.get(file.removesuffix(".1").replace("-", " "))
    if command is None:
        assert all(words in page for words in COMMANDS)
        assert "EXIT STATUS Exit codes: 0 pass" in page
        return
    for parameter in command.params:
        assert isinstance(parameter, click.Option | click.Argument)
        if parameter.name != "help":
            assert parameter.opts[0] in page or isinstance(parameter, click.Argument)
            assert " ".join(re.sub("`", "", parameter.help or "").split()) in page
    examples = (command.epilog or "").split("\n\n")[1:]
    assert all(" ".join(part.split()) in page for part in examples)


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
