"""What CI systems take for commands in the logs of a job, and how text is kept from being one.

A step's output is read by the runner, so a file name such as `##vso[task.setvariable …]` would be obeyed. One
character of each such opening is written out: `\\x23` for people, an escape of the language in JSON and HTML.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from slim.patterns import regex


class CiSystem(NamedTuple):
    """How one system writes commands in a log."""

    name: str
    anywhere: tuple[str, ...] = ()
    """Openings that count wherever they stand in a line."""
    at_start: tuple[str, ...] = ()
    """Openings that count at the start of a line, also after blanks for `::`."""


CI_SYSTEMS = (
    CiSystem("AppVeyor"),  # commands are programs (`appveyor AddMessage`): none in logs
    CiSystem("Azure Pipelines", ("##vso[", "##[")),
    CiSystem("Bitrise"),  # commands are programs (`envman add`): none in logs
    CiSystem("Buildkite", at_start=("---", "+++", "~~~", "^^^")),
    CiSystem("CircleCI"),  # none in logs
    CiSystem("Gitea and Forgejo Actions", ("##[",), ("::",)),
    CiSystem("GitHub Actions", ("##[",), ("::",)),
    CiSystem("GitLab CI", ("section_start:", "section_end:")),
    CiSystem("Jenkins", ("\x1b[8mha:",)),  # console notes: no escape character gets as far as a log
    CiSystem("Octopus Deploy", ("##octopus[",)),
    CiSystem("TeamCity", ("##teamcity[",)),
    CiSystem("Travis CI", ("travis_fold:", "travis_time:")),
)
"""The systems by name; those without an opening are listed since somebody looked."""

_BRACKETS = regex(r"##(?=\w{0,40}\[)")
"""All openings of that form, those of systems that are not listed too."""
_WORDS = sorted(
    {
        opening.rstrip(":")
        for system in CI_SYSTEMS
        for opening in system.anywhere
        if opening[0].isalpha()
    }
)
"""Without their colon, which may be one of ours."""
_STARTS = tuple(sorted({opening for system in CI_SYSTEMS for opening in system.at_start}))
_PAGE_STARTS = regex(
    f"^[ \t]*(?:{'|'.join(f'{re.escape(opening[0])}(?={re.escape(opening[1:])})' for opening in _STARTS)})",
    re.MULTILINE,
)


def quiet(text: str) -> str:
    """One line in which no command begins, wherever in a line of a log it is put."""
    return quiet_start(quiet_middle(text))


def quiet_middle(text: str) -> str:
    """Text without the openings that count anywhere in a line."""
    return _without(text, "#\\x23", "\\x5f")


def quiet_start(line: str) -> str:
    """A line without the openings that count at its start."""
    blanks = len(line) - len(line.lstrip())
    if line.startswith("::", blanks):
        return f"{line[:blanks]}:\\x3a{line[blanks + 2 :]}"
    return f"\\x{ord(line[0]):02x}{line[1:]}" if line.startswith(_STARTS) else line


def quiet_json(text: str) -> str:
    """JSON that means the same and holds no opening: its lines begin with blanks, quotes and brackets."""
    return _without(text, "#\\u0023", "\\u005f")


def quiet_url(text: str) -> str:
    """Percent-encoded text that means the same and holds no opening."""
    return _without(text, "#%23", "%5F")


def quiet_page(page: str) -> str:
    """HTML or SVG that means the same and holds no opening."""
    page = _without(page, "#&#35;", "&#95;")
    return _PAGE_STARTS.sub(_written_out, page)


def _written_out(found: re.Match[str]) -> str:
    return f"{found[0][:-1]}&#{ord(found[0][-1])};"


def _without(text: str, hashes: str, line: str) -> str:
    if "##" in text:
        text = _BRACKETS.sub(hashes.replace("\\", "\\\\"), text)
    for word in _WORDS:
        if word in text:
            text = text.replace(word, word.replace("_", line))
    return text
