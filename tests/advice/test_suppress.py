"""Suppressions: what is not told claims nothing, fails nothing, and is still there to be looked at."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import slim
from slim.advice.advise import advise
from slim.advice.image_facts import ImageFacts, facts_of_image
from slim.advice.suppression import LABEL, Suppression, parse_label, parse_suppression
from slim.advice.vocabulary import VOCABULARY
from slim.ecosystems import KEEPS
from slim.files.ledger import account
from slim.files.options import ReadOptions
from slim.files.overlay import resolve
from slim.files.scan import scan
from slim.formats.formats import render
from slim.formats.model import RenderOptions
from slim.image.ref import ImageRef
from slim.image.source import open_image
from slim.report.compare import compare
from slim.report.gates import Gates
from slim.report.judge import judge
from slim.report.model import Finding, Report
from slim.report.untrusted import bare
from slim.rules.builtin import builtin_rules
from slim.rules.match import size_of
from slim.rules.rule import rules_of
from tests.conftest import LONG
from tests.support.building import layer
from tests.support.checked import checked_analyze
from tests.support.commands import run
from tests.support.layouts import config, pack, with_config
from tests.support.sarif_schema import SARIF
from tests.support.shared import FAT, TABLES

DAY = date(2026, 6, 1)


@cache
def warned_of(*ignores: Suppression) -> Report:
    return slim.analyze(FAT, ignores=ignores, today=DAY, cache=TABLES)


def by_rule(report: Report) -> dict[str, Finding]:
    return {finding.rule: finding for finding in report.findings}


def warned(report: Report) -> list[str]:
    return [bare(warning.text) for warning in report.warnings if warning.id.startswith("ignore-")]


@LONG
def test_a_suppressed_finding_claims_nothing_and_stays_in_the_report() -> None:
    before = warned_of()
    report = checked_analyze(
        FAT,
        ignores=[Suppression("VCS001", reason="wanted", by="slim.toml:3")],
        today=DAY,
        cache=TABLES,
    )
    was, now = by_rule(before)["VCS001"], by_rule(report)["VCS001"]
    assert now.suppressed is not None
    assert (now.suppressed.by, now.suppressed.reason) == ("slim.toml:3", "wanted")
    assert (now.mode, now.severity, now.claimed_bytes) == ("note", "info", 0)
    assert (now.id, now.disk_bytes, now.files) == (was.id, was.disk_bytes, was.files)
    # The bytes are free for the rule that came too late before.
    assert by_rule(before)["LYR008"].claimed_bytes == 1200
    assert by_rule(report)["LYR008"].claimed_bytes == 1200 + was.disk_bytes
    assert warned(report) == []


@pytest.mark.parametrize("rule", ["LYR003", "TCH001", "ELX032", "VCS001", "LYR004"])
def test_sums_hold_without_a_rule(rule: str) -> None:
    before, after = warned_of(), warned_of(Suppression(rule))
    claimed = sum(finding.claimed_bytes for finding in after.findings)
    assert after.totals.reclaimable_bytes == claimed
    assert after.predicted.all.disk_bytes == after.totals.disk_bytes - claimed
    gone = before.totals.reclaimable_bytes - claimed
    assert 0 <= gone <= by_rule(before)[rule].claimed_bytes
    assert after.predicted.safe.disk_bytes >= before.predicted.safe.disk_bytes
    assert sum(layer.reclaimable_bytes for layer in after.layers) == claimed


def test_paths_take_those_paths_alone() -> None:
    before = by_rule(warned_of())["TCH001"]
    report = warned_of(
        Suppression("toolchain/compilers", ("x",)), Suppression("TCH001", ("usr/libexec/gcc/**",))
    )
    parts = [finding for finding in report.findings if finding.rule == "TCH001"]
    assert [bool(part.suppressed) for part in parts] == [False, True]
    assert sum(part.disk_bytes for part in parts) == before.disk_bytes
    assert sum(part.files for part in parts) == before.files
    assert parts[0].claimed_bytes == parts[0].disk_bytes
    assert all(bare(example.path).startswith("usr/libexec/gcc/") for example in parts[1].examples)
    assert len({finding.id for finding in report.findings}) == len(report.findings)


def test_the_first_that_fits_counts() -> None:
    paths = ("usr/libexec/**", "usr/**", "**")
    report = warned_of(*(Suppression("TCH001", (path,), by=str(n)) for n, path in enumerate(paths)))
    taken = [finding.suppressed.by for finding in report.findings if finding.suppressed]
    assert sorted(taken) == ["0", "1"]
    assert warned(report) == ["the suppression TCH001:/** (2) has nothing to suppress: remove it"]


def test_what_remains_below_the_floor_is_silent() -> None:
    rules = {rule.id: rule for rule in rules_of(builtin_rules(VOCABULARY).packs)}
    found = by_rule(warned_of())["TCH001"]
    assert rules["TCH001"].floor > 0 or found.files > 1
    report = warned_of(Suppression("NOD001", ("root/.npm/_cacache/**",)))
    left = [
        finding
        for finding in report.findings
        if finding.rule == "NOD001" and not finding.suppressed
    ]
    assert all(finding.disk_bytes >= rules["NOD001"].floor for finding in left)


@given(
    st.lists(st.sampled_from(["usr/**", "**/gcc/**", "usr/lib/*", "app/.git/**", "*"]), max_size=4)
)
@LONG
def test_a_rule_is_parted_without_loss(paths: list[str]) -> None:
    ignores = tuple(Suppression("TCH001", (path,)) for path in paths)
    image, rules = (
        fat_facts(),
        [rule for rule in rules_of(builtin_rules(VOCABULARY).packs) if rule.id == "TCH001"],
    )
    advice = advise(
        image, rules, builtin_rules(VOCABULARY).protected, suppressions=ignores, today=DAY
    )
    matches = [claim.match for claim in advice.claims]
    pointed = sum(size_of(image.files, match) for match in matches)
    assert pointed == by_rule(warned_of())["TCH001"].disk_bytes
    assert sum(match.suppressed_by is None for match in matches) <= 1


@cache
def fat_facts() -> ImageFacts:
    """What rules can ask about the image: the same for every example."""
    ref, options = ImageRef(str(FAT)), ReadOptions(cache=TABLES)
    with open_image(ref) as opened, scan(opened, options, extract=True, keeps=KEEPS) as tables:
        pass
    files = resolve(tables)
    sizes = [layer.size for layer in opened.layers]
    return facts_of_image(opened, files, account(files, tables, sizes), base_layers=1)


# What does nothing


@pytest.mark.parametrize(
    ("ignore", "says"),
    [
        (
            Suppression("VCS001", until=date(2026, 5, 31), by="a:1"),
            "VCS001 (a:1) ended on 2026-05-31",
        ),
        (Suppression("VCS001", ("nowhere/**",), by="a:1"), "VCS001:/nowhere/** (a:1) has nothing"),
        (Suppression("RBY001", by="a:1"), "has nothing to suppress"),
        (Suppression("vcs/git-dirr", by="a:1"), "vcs/git-dirr (a:1): no such rule"),
    ],
)
def test_what_does_nothing_is_a_warning(ignore: Suppression, says: str) -> None:
    report = warned_of(ignore)
    assert says in warned(report)[0]
    assert report.findings == warned_of().findings


def test_until_is_the_last_day() -> None:
    assert by_rule(warned_of(Suppression("VCS001", until=DAY)))["VCS001"].suppressed


@LONG
def test_the_day_is_that_of_the_build(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("slim.toml").write_text(
        '[[ignore]]\nrule = "VCS001"\nreason = "wanted"\nuntil = 2001-09-09\n'
    )

    def suppressed() -> bool:
        assert run("analyze", str(FAT), "-o", "json") == 0
        return any(
            finding["suppressed"] for finding in json.loads(capsys.readouterr().out)["findings"]
        )

    assert not suppressed()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")  # 2001-09-09T01:46:40Z
    assert suppressed()
    for bad in ("x", "9" * 30):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", bad)
        assert run("analyze", str(FAT)) == 2


# Where they come from


@pytest.mark.parametrize(
    ("written", "parsed"),
    [
        ("vcs001", Suppression("VCS001", by="x")),
        ("VCS001:/app/.git/**", Suppression("VCS001", ("app/.git/**",), by="x")),
        ("vcs/git-dir:a", Suppression("vcs/git-dir", ("a",), by="x")),
    ],
)
def test_one_is_written_in_short(written: str, parsed: Suppression) -> None:
    assert parse_suppression(written, "x") == parsed


@pytest.mark.parametrize("text_", ["", "VCS", "VCS001:", "VCS001:/", "VCS001:[", "all", "*"])
def test_what_is_none_is_refused(text_: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_suppression(text_, "x")
    assert run("analyze", str(FAT), "--ignore", text_) == 2


def test_a_label_has_reasons() -> None:
    found, faults = parse_label("VCS001:/app/.git/** setuptools-scm; vcs004 small\nDEB001;; x y")
    assert [(str(suppression), suppression.reason, suppression.by) for suppression in found] == [
        ("VCS001:/app/.git/**", "setuptools-scm", "label"),
        ("VCS004", "small", "label"),
    ]
    assert len(faults) == 2
    assert "'DEB001': no reason" in faults[0]


@pytest.mark.parametrize(
    "hostile",
    [
        "A" * 70_000,
        "VCS001 x;" * 101,
        "VCS001:" + "*a" * 3_000 + " x",
        "\x1b[31m \x1b",
        ";" * 60_000,
    ],
)
def test_a_hostile_label_suppresses_nothing(hostile: str) -> None:
    found, faults = parse_label(hostile)
    assert found == ()
    assert all(len(fault) < 500 for fault in faults)


def with_label(folder: Path, label: str) -> Path:
    built = layer({"app/.git/config": b"x" * 300_000, "app/.git/HEAD": b"ref: refs/heads/main\n"})
    return pack(folder, with_config(config(built, config={"Labels": {LABEL: label}}), built))


def test_a_label_counts_unless_nothing_is_to_be_ignored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = with_label(tmp_path, "VCS001 wanted; nonsense")
    report = checked_analyze(image, today=DAY)
    (finding,) = [finding for finding in report.findings if finding.suppressed]
    assert finding.suppressed is not None
    assert (finding.rule, finding.suppressed.by) == ("VCS001", "label")
    assert any("'nonsense'" in text for text in warned(report))
    trusting = ["analyze", str(image), "--fail-on", "VCS001", "--trust-labels"]
    assert run(*trusting) == 0
    assert run(*trusting, "--no-ignore") == 1
    capsys.readouterr()


def test_a_flag_suppresses(capsys: pytest.CaptureFixture[str]) -> None:
    call = ["analyze", str(FAT), "-o", "text", "--fail-on", "TCH001"]
    assert run(*call) == 1
    assert run(*call, "--ignore", "TCH001") == 0
    assert "1 finding suppressed (--show-suppressed lists them)" in capsys.readouterr().out
    assert run(*call, "--ignore", "TCH001", "--show-suppressed") == 0
    out = capsys.readouterr().out
    assert "Suppressed: 1 finding" in out
    assert "no reason given (--ignore)" in out
    assert run(*call, "--ignore", "TCH001", "--no-ignore") == 1
    capsys.readouterr()


# How it is said


def test_pages_say_how_many_are_suppressed() -> None:
    report = warned_of(
        Suppression("VCS001", reason="needed | *by* scm", until=date(2030, 1, 1), by="s:1")
    )
    assert "1 finding suppressed" in render(report, "text")
    page = render(report, "markdown")
    assert "1 more suppressed" in page
    assert "needed | " not in page.replace("\\", "")
    page = render(report, "markdown", RenderOptions(show_suppressed=True))
    assert "<b>Suppressed</b>: 1 finding" in page
    assert "needed `\\|` `*by*` scm (`s:1`, until `2030-01-01`)" in page


def test_sarif_has_suppressions_for_all_results_or_none() -> None:
    assert '"suppressions"' not in render(warned_of(), "sarif")
    log = json.loads(render(warned_of(Suppression("VCS001", reason="wanted", by="label")), "sarif"))
    SARIF.validate(log)
    results = log["runs"][0]["results"]
    assert Counter(len(result["suppressions"]) for result in results) == {0: len(results) - 1, 1: 1}
    (finding,) = [result for result in results if result["suppressions"]]
    assert finding["ruleId"] == "VCS001"
    assert finding["suppressions"][0]["justification"] == "wanted, by label"


@pytest.mark.parametrize("format_", ["gitlab", "junit"])
def test_other_tools_are_not_told(format_: str) -> None:
    gates = Gates(fail_on=("VCS001",))
    assert "VCS001" in render(judge(warned_of(), gates), format_)
    assert "VCS001" not in render(judge(warned_of(Suppression("VCS001")), gates), format_)


def test_a_finding_is_not_fixed_by_not_telling_it() -> None:
    comparison = compare(warned_of(), warned_of(Suppression("VCS001")))
    assert [
        finding.finding.rule for finding in comparison.findings if finding.status == "fixed"
    ] == []
