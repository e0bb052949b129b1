"""What every proposed fix must keep to: it never brings back what its finding removes, and is complete."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator

from slim.advice.vocabulary import VOCABULARY
from slim.dockerfile.parse import Instruction, parse_dockerfile
from slim.report.model import Finding, Report
from slim.report.untrusted import bare
from slim.rules.builtin import builtin_rules
from slim.rules.rule import rules_of

_BUILTIN = builtin_rules(VOCABULARY)
_NAMES = {
    name
    for text in _BUILTIN.snippets.values()
    for name in re.findall(r"(?<!\$)\{([a-z_]+)\}", text)
}
PLACEHOLDER = re.compile(rf"(?<!\$)\{{(?:{'|'.join(sorted(_NAMES))})\}}")
"""A placeholder of any template; other braces may be the image's own."""
_REMOVES = {rule.id: rule.remove for rule in rules_of(_BUILTIN.packs)}
_INSTALLS = re.compile(
    r"\b(?:apt(?:-get)?|apk|(?:micro)?dnf|yum|zypper|pacman)\s+(?:-\S+\s+)*(?:install|add|in|-S\w*)\s([^;&|]*)"
)


def check_fixes(report: Report) -> int:
    """All proposals of a report; how many have something to be copied."""
    shown = 0
    rebuild = report.predicted.rebuild
    written = bare(rebuild.dockerfile).rstrip() if rebuild is not None else ""
    for finding in report.findings:
        snippet = bare(finding.fix.snippet or "")
        shown += bool(snippet)
        for text in (finding.fix.text, snippet):
            assert not PLACEHOLDER.search(text), (finding.rule, text)
        if snippet == written:
            continue  # its stages are looked at apart
        again = installed(snippet) & removed(finding)
        assert not again, f"{finding.rule} installs {sorted(again)}, which it removes"
    if rebuild is not None:
        text = bare(rebuild.dockerfile)
        assert not PLACEHOLDER.search(text), text
        _check_written(report, text)
        shown += 1
    return shown


def removed(finding: Finding) -> set[str]:
    """The packages that go."""
    return {bare(name) for name in (*finding.packages, *finding.along)}


def installed(dockerfile: str) -> set[str]:
    """The packages that a fragment's commands install; comments are no commands."""
    lines = [line for line in dockerfile.splitlines() if not line.lstrip().startswith("#")]
    text = "\n".join(lines).replace("\\\n", " ")
    words = [word for found in _INSTALLS.findall(text) for word in found.split()]
    names = (word.strip("'\"") for word in words if not word.startswith("-"))
    return {re.split(r"[=:~<>]", name)[0] for name in names}


def _check_written(report: Report, text: str) -> None:
    """The last stage of a written Dockerfile has nothing that it is proposed for to leave out."""
    *earlier, last = parse_dockerfile(text).stages
    builds = [
        step.value for stage in earlier for step in stage.instructions if step.keyword == "RUN"
    ]
    copies = list(_copied(last.instructions))
    installs = installed("\n".join(f"RUN {step.value}" for step in last.instructions))
    for finding in report.findings:
        if not finding.claimed_bytes or finding.fix.where != "other-stage":
            continue
        if _REMOVES[finding.rule] not in ("delete", "uninstall"):
            continue  # a file that the build makes smaller stays
        again = installs & removed(finding)
        assert not again, f"{finding.rule}: the written Dockerfile installs {sorted(again)}"
        if _uninstalls(builds):
            continue
        gone = {word.rstrip("/") for value in builds for word in _deleted(value)}
        for example in finding.examples:
            path = f"/{bare(example.path)}"
            kept = any(_below(path, [source]) for source in copies)
            assert not kept or _below(path, gone), f"{finding.rule}: {path} is copied"


def _copied(steps: Collection[Instruction]) -> Iterator[str]:
    """What is copied from the build stage."""
    for step in steps:
        if step.keyword == "COPY" and "--from=build" in step.value:
            words = [word for word in shlex.split(step.value) if not word.startswith("--")]
            yield from (word.rstrip("/") for word in words[:-1])


def _uninstalls(commands: Collection[str]) -> bool:
    """Whether a package manager of a language takes away files whose names do not stand there."""
    return any(re.search(r"\b(?:prune|uninstall|--production)\b", value) for value in commands)


def _deleted(command: str) -> list[str]:
    return shlex.split(command)[2:] if command.startswith("rm -rf ") else []


def _below(path: str, folders: Collection[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)
