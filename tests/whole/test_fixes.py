"""Over all rules and all images at hand: no fix installs, copies or keeps what its finding removes."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import slim
from fixtures.build import FOLDER
from slim import pipeline
from slim.advice.vocabulary import VOCABULARY
from slim.errors import SlimError
from slim.files.options import ReadOptions
from slim.image.ref import ImageRef
from slim.report.model import Report
from slim.report.untrusted import bare
from slim.rules.builtin import builtin_rules
from slim.rules.glob_syntax import parse_text_glob
from slim.rules.rule import Pack, Roles, Rule, rules_of
from tests.conftest import LONG, THOROUGH
from tests.support.building import delete, image, layer, save
from tests.support.corpus import IMAGES, images
from tests.support.debian import MEGA, Debian, base, program
from tests.support.fixes import PLACEHOLDER, check_fixes, installed
from tests.support.shared import TABLES

BUILTIN = builtin_rules(VOCABULARY)
WITH_SNIPPET = [rule for rule in rules_of(BUILTIN.packs) if rule.fix.snippet]
ROLES = ("release", "builder", "base", "tool", "unknown")
APT = "RUN /bin/sh -c apt-get update && apt-get install -y gcc git=1:2 'make' curl:amd64 # buildkit"


def reports(path: Path) -> list[Report]:
    """Of every image in it, for every role."""
    choices: list[dict[str, Any]]
    try:
        whole = slim.analyze(path, cache=TABLES)
    except SlimError as error:
        choices = [{"image_index": 0}, {"image_index": 1}] if "ambiguous" in error.slug else []
    else:
        choices = [{"platform": bare(whole.image.platform)}]
    found = []
    for role in ROLES:
        for choice in choices:
            found.append(slim.analyze(path, role=role, top=1000, cache=TABLES, **choice))
    return found


@LONG
@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.tar")), ids=lambda path: path.stem)
def test_the_fixtures_fixes(path: Path) -> None:
    shown = sum(map(check_fixes, reports(path)))
    assert shown or path.stem != "phoenix-fat"


@pytest.mark.corpus
@pytest.mark.parametrize("name", images())
def test_the_corpus_images_fixes(corpora: Path, name: str) -> None:
    for report in reports(corpora / IMAGES / name):
        check_fixes(report)


@cache
def archive(folder: Path, install: str) -> Path:
    """A Debian image whose own RUN installs a compiler, and whose next one deletes something."""
    debian = Debian()
    root = base(debian)
    for name in ("gcc", "git", "make", "curl"):
        debian.add(name, {f"usr/bin/{name}": program(b"libc.so.6", size=MEGA)})
    lists = {"var/lib/apt/lists/deb_main_Packages": b"p" * MEGA}
    built = image(
        layer(root, created_by="# debian.sh"),
        layer({**debian.layer(), **lists, "srv/notes": b"n" * MEGA}, created_by=install),
        layer([delete("srv/notes")], created_by="RUN /bin/sh -c rm /srv/notes # buildkit"),
        config={"Cmd": ["curl"], "Env": ["PATH=/usr/bin:/bin", "API_TOKEN=hush"], "User": "1"},
    )
    return save(built, folder / f"{abs(hash(install))}.tar")


def alone(rule: Rule, path: Path, *packages: str) -> Report:
    """The report where `rule` is the only one; with `packages` it is about these."""
    if packages:
        rule = replace(
            rule,
            when=(),
            match=(),
            query=None,
            packages=tuple(map(parse_text_glob, packages)),
            except_packages=(),
            manager="any",
            roles=Roles(),
            floor=0,
            share=0,
            remove="uninstall",
            audience="default",
        )
    pack = Pack("one", (), "", (rule,), "")
    options = pipeline.AdviceOptions(replace(BUILTIN, packs=(pack,)), date(2026, 1, 1), "release")
    return pipeline.analyze(
        ImageRef(str(path)), ReadOptions(cache=TABLES), options, pipeline.ReportOptions()
    )


@LONG
@pytest.mark.parametrize(
    "packages", [["gcc"], ["gcc", "make"], ["gcc", "git", "make", "curl"]], ids="+".join
)
def test_no_rule_installs_the_packages_that_it_is_about(
    packages: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = archive(tmp_path_factory.getbasetemp(), APT)
    found = []
    # The written Dockerfile installs in its build stage what its last one leaves out.
    rules = [rule for rule in WITH_SNIPPET if rule.fix.snippet != "rebuild"]
    once = {rule.fix.snippet: rule for rule in rules}
    for rule in rules if packages == ["gcc"] else once.values():
        report = alone(rule, path, *packages)
        check_fixes(report)
        found += [
            finding
            for finding in report.findings
            if finding.rule == rule.id and finding.fix.snippet
        ]
    # A RUN made the files: fragments of a .dockerignore are not shown for them.
    assert len({finding.rule for finding in found}) > (45 if packages == ["gcc"] else 9)
    names = set().union(*(installed(bare(finding.fix.snippet or "")) for finding in found))
    # The image runs curl, so that no finding removes it.
    assert names == {"git", "make", "curl", "gcc"} - set(packages) | {"curl"}


def finding_of(rule: str, install: str, folder: Path) -> str:
    """The fragment that a built-in rule shows."""
    report = slim.analyze(archive(folder, install), role="release", cache=TABLES)
    (found,) = (finding for finding in report.findings if finding.rule == rule)
    check_fixes(report)
    return bare(found.fix.snippet or "")


def test_a_fix_is_the_image_s_own_instruction_made_better(tmp_path: Path) -> None:
    lines = finding_of("DEB001", APT, tmp_path).splitlines()
    assert lines[-1] == (
        "    && apt-get update && apt-get install -y gcc git=1:2 'make' curl:amd64"
    )
    assert "target=/var/lib/apt" in lines[-3]


def test_files_that_a_later_run_deletes_are_joined_with_it(tmp_path: Path) -> None:
    shown = finding_of("LYR001", APT, tmp_path)
    assert shown.endswith("curl:amd64 \\\n && rm /srv/notes\n")


@pytest.mark.parametrize(
    "install",
    [
        "RUN /bin/sh -c API_KEY=4f1c9a7b2e8d6f3a5c0b apt-get install -y curl # buildkit",
        "COPY packages / # buildkit",
        "RUN /bin/sh -c apt-get install -y curl <<EOF\nUSER root\nEOF # buildkit",
        "",
    ],
    ids=["secret", "copied", "several-lines", "unknown"],
)
def test_without_a_command_that_can_be_repeated_there_is_only_the_text(
    install: str, tmp_path: Path
) -> None:
    assert finding_of("DEB001", install, tmp_path) == ""


@pytest.mark.parametrize(
    "rule", WITH_SNIPPET if THOROUGH else WITH_SNIPPET[::20], ids=lambda rule: rule.id
)
def test_no_text_has_a_placeholder(rule: Rule) -> None:
    assert not PLACEHOLDER.search(" ".join((rule.fix.text, rule.verify or "", rule.why)))
