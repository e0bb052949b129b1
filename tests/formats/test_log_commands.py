"""What CI systems take for commands, in every output that may be printed into the log of a job."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest

from slim.cli.progress import print_error, print_warning
from slim.errors import UsageError
from slim.formats.flavors import FLAVORS
from slim.formats.formats import format_names
from slim.formats.log_commands import CI_SYSTEMS, quiet, quiet_json, quiet_page
from slim.formats.terminal import clean
from slim.report.comparison import Comparison
from slim.report.model import Report
from tests.conftest import LONG
from tests.support.filled import filled
from tests.support.pages import rendered

ANYWHERE = sorted({text for system in CI_SYSTEMS for text in system.anywhere})
AT_START = sorted({text for system in CI_SYSTEMS for text in system.at_start})
COMMANDS = (
    "##vso[task.setvariable variable=a]b",
    "##[error]a",
    "##[section]a",
    "##teamcity[buildStatus status='SUCCESS']",
    "##teamcity[importData type='junit' path='/etc/passwd']",
    "##octopus[createArtifact path='a']",
    "##unknown[a]",
    "###[a]",
    "####vso[a]",
    "section_start:1560896352:a",
    "section_start:1560896352:a[collapsed=true]\r\x1b[0Ka",
    "section_end:1560896352:a\r\x1b[0K",
    "travis_fold:start:a",
    "travis_fold:end:a\r\x1b[0K",
    "travis_time:start:a",
    "\x1b[8mha:AAAA\x1b[0m",
    "::error::a",
    "  ::add-mask::a",
    "::stop-commands::a",
    "--- a",
    "+++ a",
    "~~~ a",
    "^^^ +++",
    "---",
)
"""At least one of each opening."""
SINKS = [
    *((Report, name) for name in format_names()),
    *((Comparison, name) for name in format_names(compared=True)),
]


def commands(text: str) -> list[str]:
    """The lines that a runner would obey."""
    return [
        line
        for line in text.splitlines()
        if any(text in line for text in ANYWHERE)
        or line.lstrip().startswith("::")
        or line.startswith(tuple(AT_START))
    ]


def test_every_opening_of_the_table_is_tried() -> None:
    assert len({system.name for system in CI_SYSTEMS}) == len(CI_SYSTEMS) > 10
    for opening in ANYWHERE:
        assert any(opening in command for command in COMMANDS), opening
    for opening in AT_START:
        assert any(command.lstrip().startswith(opening) for command in COMMANDS), opening
    for command in COMMANDS:
        assert commands(command) or command in ("##unknown[a]", "###[a]"), command


@pytest.mark.parametrize("text", COMMANDS)
def test_no_sink_of_logs_prints_a_command(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Not at a line's start, after blanks or in the middle, nor on stderr."""
    for hostile in (text, f"a {text} {text}", f"a\n{text}\n", f"a\r\n  {text}"):
        print_error(UsageError("slug", hostile, hostile, (hostile,)))
        print_warning(clean(hostile))
        assert commands(capsys.readouterr().err) == []
        assert commands(clean(hostile)) == []


@pytest.mark.parametrize(
    ("kind", "name"), SINKS, ids=lambda value: getattr(value, "__name__", value)
)
@LONG
def test_no_format_prints_a_command(kind: type[Any], name: str) -> None:
    for turn, text in enumerate(COMMANDS):
        for hostile in (text, f"a\n{text}\n{text}"):
            for flavor in FLAVORS if name == "markdown" else ("github",):
                given = {"key": hostile, "head": hostile, "run": hostile, "flavor": flavor}
                found = commands(rendered(filled(kind, hostile, turn=turn), name, **given))
                if name == "github":  # commands are what it writes: its own alone
                    own = re.compile(r"::(error|warning|warning) [^:]*::")
                    assert all(own.match(line) for line in found)
                    found = commands("\n".join(own.sub("x", line) for line in found))
                assert found == [], (text, flavor)


@pytest.mark.parametrize("text", COMMANDS)
def test_what_is_written_out_means_the_same(text: str) -> None:
    assert json.loads(quiet_json(json.dumps([text]))) == [text]
    assert html.unescape(quiet_page(text)) == text
    assert quiet(quiet(text)) == quiet(text)


def test_harmless_text_is_left() -> None:
    for text in ("## heading", "a ## b [c]", "#[", "-- a", "a --- b", "a::b", "section: 1", ""):
        assert quiet(text) == text
        assert quiet_page(text) == text
