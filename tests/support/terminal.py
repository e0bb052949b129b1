"""Texts that mislead a terminal or a log, and the check that an output does not let them."""

from __future__ import annotations

import unicodedata

from slim.formats.log_commands import CI_SYSTEMS

HOSTILE = (
    "\x1b[31mred\x1b[0m",
    "\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1bP$q\x1b\\",
    "\x9b31mred",
    "\x9d52;c;x\x9c",
    "a\rb",
    "a\nb",
    "\n::error file=a::b",
    "a\b\b\b",
    "\x07\x00\x7f",
    "\x85next line",
    "\u202egnp.exe",
    "\u2066a\u2069",
    "a\u200b\u200c\u200d\ufeffb",
    "\u2028\u2029",
    "\u061c\u180e\u00ad\u3164\u115f\u2800\ufe0f",
    "\U000e0001\U000e0041\ue000\u0378",
    "caf\udce9\udcff",
    "::error::x",
    " ::set-output name=a::b",
    "::::stop-commands::x",
    "##[error]x",
    "##[command]x",
    "##vso[task.setvariable variable=a]b",
    "#\u200b#[error]",
    "section_start:1:a\r\x1b[0K",
    "section_end:1:a\r\x1b[0K",
    "##teamcity[publishArtifacts 'a']",
    "##octopus[setVariable name='a']",
    "travis_fold:start:a",
    "travis_time:start:a",
    "--- a",
    "+++ a",
    "~~~ a",
    "^^^ +++",
    "日本語" * 60,
    "e\u0301\u0301" * 200,
    "x" * 10_000,
    "a b" * 5_000,
    "[link=https://evil.example]x[/link]",
    "| a | b |",
)
COMMANDS = ("::", *(text for system in CI_SYSTEMS for text in system.anywhere))
STARTS = tuple(text for system in CI_SYSTEMS for text in system.at_start)
FORBIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def allowed(character: str) -> bool:
    """Letters, marks, digits, punctuation, symbols and the plain blank."""
    return character == " " or (
        unicodedata.category(character) not in FORBIDDEN and not character.isspace()
    )


def columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def assert_tame(text: str) -> None:
    for line in text.split("\n"):
        assert all(map(allowed, line)), repr(line)
        assert not any(command in line for command in COMMANDS), repr(line)
        assert not line.startswith(STARTS), repr(line)
