"""Facts about whole images: what each runs, which stacks it has, which role, where its roots are.

The images are in test_facts_images.txt, described by their config, their paths and the contents of a few
files.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from slim.advice.vocabulary import VOCABULARY
from slim.ecosystems import KEEPS, KNOWLEDGE
from slim.entrypoint.resolve import script_paths
from slim.facts.gather import Facts, gather
from slim.files.blob import scan_blob
from slim.files.extract.found import Elf
from slim.files.overlay import resolve
from slim.files.table import settled
from slim.files.view import view_of
from slim.image.model import History
from slim.packages.package import Package
from slim.rules.variables import bind
from tests.support.building import MemoryBlob, layer
from tests.support.views import GO, C, config, entries_of, view, with_elfs

ELFS = {"c": C, "go": GO, "rust": replace(C, rustc=b"rustc version 1.80.0")}


ACCOUNTS = "root:x:0:0:root:/root:/bin/sh\nbin:x:2:2:bin:/bin:/usr/sbin/nologin\n"
BASE_TEXTS = {
    "debian": {
        "etc/os-release": 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\n',
        "etc/passwd": ACCOUNTS
        + "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
        + "app:x:1000:1000::/home/app:/bin/sh\n",
    },
    "alpine": {
        "etc/os-release": 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.20.1\n',
        "etc/passwd": ACCOUNTS,
    },
    "distroless": {
        "etc/os-release": 'PRETTY_NAME="Distroless"\nID=debian\n',
        "etc/passwd": "nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n",
    },
    "ubi": {"etc/os-release": 'NAME="Red Hat Enterprise Linux"\nID="rhel"\nID_LIKE="fedora"\n'},
}
TEXTS = {
    "server": '#!/bin/sh\nset -eu\n\ncd -P -- "$(dirname -- "$0")"\nPHX_SERVER=true exec ./demo start\n',
    "mix-script": (
        '#!/bin/sh\nset -e\nRELEASE_ROOT="$(cd "$(dirname "$0")/.." && pwd -P)"\n'
        'RELEASE_VSN="$(cut -d" " -f2 "$RELEASE_ROOT/releases/start_erl.data")"\n'
        'start () {\n  exec "$RELEASE_ROOT/releases/$RELEASE_VSN/iex" "$@"\n}\nstart "$@"\n'
    ),
    "node-entry": (
        '#!/bin/sh\nset -e\nif [ "${1#-}" != "${1}" ] || [ -z "$(command -v "${1}")" ]; then\n'
        '  set -- node "$@"\nfi\nexec "$@"\n'
    ),
}


@dataclass
class Case:
    """An image, and what is true about it."""

    name: str
    config: dict[str, Any] = field(default_factory=dict)
    tree: list[str] = field(default_factory=list)
    contents: dict[str, str] = field(default_factory=dict)
    elfs: dict[str, Elf] = field(default_factory=dict)
    history: list[History] = field(default_factory=list)
    packages: list[Package] = field(default_factory=list)
    expected: dict[str, str] = field(default_factory=dict)

    def add(self, key: str, rest: str, text: str) -> None:
        """Take one line; `text` is what was indented below it."""
        words = rest.split()
        if key == "FROM":
            self.tree.append(f"@{rest}")
            self.contents.update(BASE_TEXTS[rest])
        elif key == "FILES":
            self.tree.append(rest)
        elif key == "ELF":
            self.elfs[words[1]] = ELFS[words[0]]
        elif key == "TEXT":
            self.contents[words[0]] = TEXTS[words[1][1:]] if len(words) > 1 else text
        elif key == "HISTORY":
            self.history.append(History(rest))
        elif key == "PACKAGE":
            files = tuple(word.encode() for word in words[2:])
            self.packages.append(Package(words[0], words[1], files=files))
        elif key == "=":
            name, _, value = rest.partition(" ")
            self.expected[name] = value
        elif key in ("ENTRYPOINT", "CMD", "HEALTHCHECK"):
            self.config[key.lower()] = tuple(json.loads(rest))
        elif key in ("ENV", "EXPOSE"):
            words = [rest[1:-1]] if rest.startswith('"') else words
            self.config[{"ENV": "env", "EXPOSE": "exposed_ports"}[key]] = tuple(words)
        elif key == "LABEL":
            name, _, value = rest.partition("=")
            self.config.setdefault("labels", {})[name] = value
        else:
            name = {"USER": "user", "WORKDIR": "working_dir", "ONBUILD": "onbuild"}[key]
            self.config[name] = (rest,) if key == "ONBUILD" else rest

    def facts(self) -> Facts:
        seen = view(" ".join(self.tree), self.contents, self.elfs)
        return gather(config(**self.config), self.history, seen, self.packages, knowledge=KNOWLEDGE)

    def facts_as_scanned(self) -> Facts:
        """The same with the contents that are kept while an image is read."""
        image = config(**self.config)
        made = layer(entries_of(" ".join(self.tree), self.contents, self.elfs))
        named = script_paths(image)
        table = scan_blob(MemoryBlob(made.blob), extract=True, keeps=KEEPS, extra=named)
        table = settled(table, named)
        files = with_elfs(resolve([table]), self.elfs)
        return gather(image, self.history, view_of(files), self.packages, knowledge=KNOWLEDGE)


def read_cases(text: str) -> list[Case]:
    cases: list[Case] = []
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        key, _, rest = lines[at].partition(" ")
        at += 1
        indented = []
        while cases and "".join(lines[at : at + 2]).startswith("    "):
            indented.append(lines[at][4:] + "\n")
            at += 1
        if key == "##":
            cases.append(Case(rest))
        elif key and cases:
            cases[-1].add(key, rest, "".join(indented))
    return cases


CASES = read_cases(Path(__file__).with_suffix(".txt").read_text(encoding="utf-8"))
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def dotted(facts: Facts, *kinds: str) -> set[str]:
    return {fact for fact in facts.facts if fact.partition(".")[0] in kinds}


@each_case
def test_an_image_is_understood(case: Case) -> None:
    facts = case.facts()
    expected = dict(case.expected)
    shown = "\n".join((*facts.runs.evidence, *facts.role.evidence, *map(str, facts.stacks)))
    assert facts.role.name == expected.pop("role"), shown
    assert [stack.name for stack in facts.stacks] == expected.pop("stacks", "").split(), shown
    kinds = set(filter(None, expected.pop("kinds", "").split(", ")))
    assert kinds <= {kind for stack in facts.stacks for kind in stack.kinds}, shown
    base = {f"base.{name}" for name in expected.pop("base", "").split()}
    assert dotted(facts, "base") == base
    others = facts.facts - dotted(facts, "base", "stack")
    assert others == set(expected.pop("facts", "").split()), shown
    assert (
        dotted(facts, "stack")
        == {f"stack.{stack.name}" for stack in facts.stacks} & VOCABULARY.facts
    )
    for name, values in expected.items():
        assert facts.variables[name.strip("{}")] == tuple(values.split()), name


@each_case
def test_every_fact_has_evidence_and_every_variable_a_value_or_none(case: Case) -> None:
    facts = case.facts()
    assert set(facts.evidence) == facts.facts <= VOCABULARY.facts
    assert all(facts.evidence.values())
    assert set(facts.variables) == set(VOCABULARY.samples)
    for name, values in facts.variables.items():
        assert len(values) <= 64
        assert len(bind(f"{{{name}}}/**", {name: values})) == len(values)
    total = sum(score for _, score in facts.role.scores)
    given = [line.partition(":")[0].split(", ") for line in facts.role.evidence]
    points = [int(one.rpartition(" ")[2]) for line in given for one in line if one[-1].isdigit()]
    assert sum(points) == total, "the evidence adds up to the scores"


@each_case
def test_what_is_kept_while_reading_is_enough(case: Case) -> None:
    assert case.facts_as_scanned() == case.facts()


def test_there_are_many_images() -> None:
    assert len(CASES) >= 40
    assert len({case.name for case in CASES}) == len(CASES)
    roles = {case.expected["role"] for case in CASES}
    assert roles == {"release", "builder", "dev", "base", "tool", "unknown"}
    seen = {fact for case in CASES for fact in case.facts().facts}
    assert seen == VOCABULARY.facts, "each fact holds somewhere"
