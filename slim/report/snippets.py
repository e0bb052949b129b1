"""Dockerfile fragments for findings: a rule's template, filled in from what the image itself says.

A fragment is shown only where all of it is known, so that whoever copies it has nothing to invent, and it
never installs or repeats what its finding removes. Commands are the image's own, from its history.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from slim.dockerfile.history import Recorded, recorded, shells
from slim.image.model import History, Image
from slim.patterns import regex
from slim.rebuild.quoting import PLAIN_VERSION, one_line
from slim.report.naming import utf8
from slim.secrets import redact

if TYPE_CHECKING:
    from slim.advice.findings import Finding
    from slim.files.table import Files

_PLACEHOLDER = regex(r"(?<!\$)\{([a-z_]{1,40})\}")
_VERSIONS = {
    "go_version": "GOLANG_VERSION",
    "java_version": "JAVA_VERSION",
    "node_version": "NODE_VERSION",
    "python_version": "PYTHON_VERSION",
    "rust_version": "RUST_VERSION",
}
"""Placeholder → the variable in which official images say their version."""
_INSTALLS = {
    "apt": regex(r"\bapt(?:-get)?\s(?:[^;&|]*\s)?install\b"),
    "dnf": regex(r"\b(?:micro)?dnf\s(?:[^;&|]*\s)?install\b"),
    "zypper": regex(r"\bzypper\s(?:[^;&|]*\s)?(?:install|in)\b"),
    "pacman": regex(r"\bpacman\s(?:[^;&|]*\s)?-S[a-z]*\b"),
}
"""Package manager → how its commands install."""
_LEAN = {
    "apt": ("--no-install-recommends",),
    "dnf": ("--setopt=tsflags=nodocs", "--setopt=install_weak_deps=0"),
    "zypper": ("--no-recommends",),
}
"""Options of an installation that brings nothing else."""
_NOTHING = regex(r"\b(?:install|-S[a-z]*)(?:\s+-\S+)*\s*(?:[;&|)]|$)")
"""An installation that names no package."""
_WORD = regex(r"\s+([^\s;&|]+)")
_VERSION = regex(r"[=:~<>]")
"""What follows a package's name: `gcc=4:14`, `libc6:amd64`, `gcc~13`."""
_MOST_JOINED = 5


class Snippets(Struct, frozen=True):
    """What is known of one image for the templates of its findings."""

    templates: Mapping[str, str]
    """Fragments of a Dockerfile with placeholders, by name."""
    values: Mapping[str, str]
    """Placeholder → value, the same for all findings."""
    steps: tuple[str, ...]
    """The shell command of each history entry; empty for one that is no RUN, or that cannot be repeated."""
    entry: tuple[int, ...]
    """Layer → index of its history entry; empty where the history does not say."""

    def of(self, finding: Finding, files: Files) -> str | None:
        """The fragment for a finding; None where the image does not say all that it needs."""
        name = finding.rule.fix.snippet
        text = self.templates.get(name) if name else None
        if text is None:
            return None
        values = {**self.values, **self._commands(finding, files)}
        if not values.keys() >= set(_PLACEHOLDER.findall(text)):
            return None
        return _PLACEHOLDER.sub(lambda found: values[found[1]], text)

    def _commands(self, finding: Finding, files: Files) -> Mapping[str, str]:
        """The commands that a finding is about, without the packages that it removes."""
        found: dict[str, str] = {}
        if not self.entry or not finding.causes:
            return found
        gone = frozenset((*finding.packages, *finding.along))
        command = _without(self.steps[self.entry[finding.causes[0]]], gone)
        if not command:
            return found
        for manager, installs in _INSTALLS.items():
            if installs.search(command):
                found[f"{manager}_command"] = command
                lean = _LEAN.get(manager, ())
                found[f"lean_{manager}_command"] = _with_options(command, installs, lean)
        row = finding.examples[0] if finding.examples else None
        if row is not None and files.fate[row]:
            first = self.entry[files.layer_of(row)]
            steps = self.steps[first : self.entry[files.ended_by[row]] + 1]
            if 1 < len(steps) <= _MOST_JOINED and all(steps):
                found["joined_commands"] = " \\\n && ".join(steps)
        return found


def snippets_of(
    image: Image, templates: Mapping[str, str], env: Mapping[str, str], dockerfile: str
) -> Snippets:
    """What `image` says for `templates`.

    Args:
        env: its environment.
        dockerfile: the one that is written for it; empty where there is none.
    """
    config = image.config
    values: dict[str, str] = {}
    if config.working_dir not in ("", "/"):
        values["app_dir"] = utf8(config.working_dir)
    for name, variable in _VERSIONS.items():
        if PLAIN_VERSION.fullmatch(env.get(variable, "")):
            values[name] = env[variable]
    if dockerfile:
        values["rebuild"] = dockerfile.rstrip("\n")
    entry = tuple(at for at, each in enumerate(image.history) if not each.empty_layer)
    if len(entry) != len(image.layers):
        entry = ()
    return Snippets(templates, values, _commands(image.history) if entry else (), entry)


def _commands(history: Sequence[History]) -> tuple[str, ...]:
    texts = [entry.created_by for entry in history]
    known = shells(texts, ())
    return tuple(_command(recorded(text, known)) for text in texts)


def _command(step: Recorded) -> str:
    """What a RUN runs; empty where it cannot be written after RUN again."""
    if step.keyword != "RUN" or redact.command(step.value) != step.value:
        return ""
    return one_line(utf8(step.value))


def _without(command: str, packages: Collection[str]) -> str:
    """The command without the names of these packages; empty where nothing is left to install."""

    def kept(word: re.Match[str]) -> str:
        name = _VERSION.split(word[1].strip("'\""), maxsplit=1)[0]
        return "" if name in packages else word[0]

    shorter = _WORD.sub(kept, command) if packages else command
    return "" if shorter != command and _NOTHING.search(shorter) else shorter


def _with_options(command: str, installs: re.Pattern[str], options: Sequence[str]) -> str:
    more = "".join(f" {option}" for option in options if option not in command)
    return installs.sub(lambda found: found[0] + more, command)
