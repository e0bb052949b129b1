"""`slim explain`: why a rule fired, and each reason why it may not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from msgspec.structs import replace

from slim import pipeline
from slim.advice.explain import Explanation
from slim.advice.suppression import Suppression
from slim.advice.vocabulary import VOCABULARY
from slim.files.options import ReadOptions
from slim.formats.explanation import render
from slim.formats.rulebook import describe, template
from slim.image.ref import ImageRef
from slim.report.model import Report
from slim.rules.builtin import builtin_rules
from slim.rules.pack import read_packs
from slim.rules.rule import Pack, Rule, rules_of
from tests.conftest import LONG, THOROUGH
from tests.support.building import delete, file, hardlink, image, layer, save
from tests.support.commands import run
from tests.support.shared import FAT, TABLES

DAY = date(2026, 6, 1)
BUILTIN = {rule.id: rule for rule in rules_of(builtin_rules(VOCABULARY).packs)}


def explained_in(
    source: Path,
    explained: Sequence[Rule],
    rules: Sequence[Rule],
    *,
    role: str | None = None,
    ignores: Sequence[Suppression] = (),
    base: str | None = None,
) -> tuple[tuple[Explanation, ...], Report]:
    """Explain rules where all of `rules` are applied."""
    builtin = builtin_rules(VOCABULARY)
    pack = Pack("all", (), "", tuple(rules), "")
    advice = pipeline.AdviceOptions(
        replace(builtin, packs=(pack,)), DAY, role=role, suppressions=tuple(ignores)
    )
    ref, options = ImageRef(str(source)), ReadOptions(cache=TABLES)
    return pipeline.explain(ref, options, advice, explained, base=ImageRef(base) if base else None)


@cache
def fat(rule: str, role: str | None = None, *ignores: Suppression) -> tuple[Explanation, Report]:
    rules = list(BUILTIN.values())
    explained, report = explained_in(FAT, [BUILTIN[rule]], rules, role=role, ignores=ignores)
    return explained[0], report


def acme(**changes: object) -> Rule:
    text = template("ACM001").replace("…", "Acme")
    ((pack,), _) = read_packs([("acm.toml", text)], VOCABULARY)
    (rule,) = pack.rules
    return replace(rule, **changes)


def explain(source: Path, *rules: Rule, base: str | None = None) -> tuple[Explanation, str]:
    """The first of the rules, all of which are applied."""
    explained, report = explained_in(source, rules, rules, base=base)
    return explained[0], render(explained[0], report)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    built = image(layer({"var/cache/acm/a": b"x" * 3_000, "bin/sh": b"s"}))
    return save(built, tmp_path / "image.tar")


@LONG
def test_it_agrees_with_the_report() -> None:
    """For every rule: what is said to be claimed is what the report says, and a reason is given else.

    In a short run for the rules that the report tells of, and every fifth of the others.
    """
    shown = {finding.rule for finding in fat("VCS001")[1].findings}
    rules = list(BUILTIN.values())
    requested = [
        rule for at, rule in enumerate(rules) if THOROUGH or at % 5 == 0 or rule.id in shown
    ]
    explained, report = explained_in(FAT, requested, rules)
    assert [explanation.rule for explanation in explained] == requested
    for explanation in explained:
        rule = explanation.rule.id
        found = [finding for finding in report.findings if finding.rule == rule]
        assert explanation.claimed == sum(finding.claimed_bytes for finding in found), rule
        assert bool(explanation.stops) == (explanation.claimed == 0), rule
        assert explanation.reported == bool(found), rule
        text = render(explanation, report)
        assert ("It fired" in text) == (explanation.claimed > 0), rule
        assert all(line.isprintable() for line in text.splitlines()), rule


def test_why_it_fired() -> None:
    explanation, report = fat("TCH001")
    text = render(explanation, report)
    assert explanation.packages == ("binutils", "gcc")
    assert "It fired: it claims 41.1 MB." in text
    assert "24.5 MB  /usr/libexec/gcc/x86_64-alpine-linux-musl/9.3.0/cc1" in text
    assert "from layer 1: RUN apk update" in text


def test_a_false_condition_is_told_with_the_facts_value() -> None:
    explanation, report = fat("ELX009")
    assert explanation.stops[0] == "when"
    assert [answer.holds for answer in explanation.conditions] == [False, True, True]
    assert "    - elixir.release: no sign of it (needed)" in render(explanation, report)


def test_the_role_turns_it_off_or_down() -> None:
    off, report = fat("VCS001", "dev")
    assert off.stops == ("role-off",)
    assert off.files == 20
    assert "would select 20 files, 5.50 MB" in render(off, report)
    assert fat("VCS001", "builder")[0].stops == ("role-note",)


def test_suppressed() -> None:
    explanation, report = fat(
        "VCS001", None, Suppression("VCS001", reason="wanted", by="slim.toml:3")
    )
    assert explanation.stops == ("suppressed",)
    assert "5.50 MB, suppressed: slim.toml:3" in render(explanation, report)


def test_claimed_by_another_rule(archive: Path) -> None:
    other = acme(id="ACM002", slug="acm/other", confidence="certain")
    explanation, text = explain(archive, acme(), other)
    assert (explanation.stops, explanation.claimed, explanation.reported) == (("claimed",), 0, True)
    assert "3.00 kB, already claimed by another rule: ACM002\n  /var/cache/acm/a" in text


def test_nothing_matches_and_which_variable_has_no_value() -> None:
    explanation, report = fat("PYT001")
    assert explanation.stops == ("nothing",)
    assert "the image has no {pip_cache}: patterns with it match nothing" in render(
        explanation, report
    )


def test_it_is_for_another_audience(archive: Path) -> None:
    explanation, text = explain(archive, acme(audience="audit"))
    assert explanation.stops == ("audience",)
    assert "for the audience 'audit'" in text


def test_below_the_floor(archive: Path) -> None:
    explanation, text = explain(archive, acme(floor=3_001))
    assert (explanation.stops, explanation.disk, explanation.least) == (("floor",), 3_000, 3_001)
    assert "threshold in this image is 3.00 kB" in text
    assert explain(archive, acme(floor=3_000))[0].stops == ()
    assert explain(archive, acme(share=100))[0].stops == ("floor",)


def test_excepted(archive: Path) -> None:
    explanation, _ = explain(archive, acme(except_paths=("var/cache/acm/a",)))
    assert explanation.stops == ("excepted",)
    assert [(left.files, left.disk) for left in explanation.left_out] == [(1, 3_000)]


def test_hidden(tmp_path: Path) -> None:
    built = image(layer({"var/cache/acm/a": b"x" * 3_000}), layer(delete("var/cache/acm/a")))
    assert explain(save(built, tmp_path / "i.tar"), acme())[0].stops == ("hidden",)


def test_protected(tmp_path: Path) -> None:
    source = save(image(layer({"etc/passwd": b"x" * 3_000})), tmp_path / "i.tar")
    explanation, text = explain(source, acme(match=("etc/*",)))
    assert explanation.stops == ("protected",)
    assert explanation.left_out[0].by
    assert f"{explanation.left_out[0].by[0]}\n  /etc/passwd" in text


def test_owned_by_a_package() -> None:
    rule = acme(match=("usr/bin/cpp",))
    explanation, text = explain(FAT, rule)
    assert explanation.stops == ("owned",)
    assert "leave alone: apk package gcc" in text
    assert explain(FAT, replace(rule, owned=True))[0].stops == ()


def test_only_in_the_base(tmp_path: Path) -> None:
    below, above = layer({"var/cache/acm/a": b"x" * 3_000}), layer({"b": b"y"})
    base = save(image(below), tmp_path / "base.tar")
    source = save(image(below, above), tmp_path / "i.tar")
    explanation, text = explain(source, acme(), base=str(base))
    assert (explanation.stops, explanation.claimed, explanation.reported) == (("base",), 0, True)
    assert "only a different base would remove them" in text


def test_another_name_stays(tmp_path: Path) -> None:
    content = b"x" * 3_000
    built = image(layer([file("var/cache/acm/a", content), hardlink("keep", "var/cache/acm/a")]))
    assert explain(save(built, tmp_path / "i.tar"), acme())[0].stops == ("linked",)


def test_hostile_names_are_only_text(tmp_path: Path) -> None:
    name = b"var/cache/acm/\x1b[2J\n::error::x\xff\xe2\x80\xae"
    source = save(image(layer([file(name, b"x" * 3_000)])), tmp_path / "i.tar")
    explanation, text = explain(source, acme())
    assert explanation.paths == ((name, 3_000),)
    assert all(line.isprintable() for line in text.splitlines())
    assert "::error" not in text


# The command


def test_without_an_image_it_is_the_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("explain", "vcs/git-dir") == 0
    assert capsys.readouterr().out == describe(BUILTIN["VCS001"])


def test_every_claimed_path_is_named_on_request(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    far = "far" * 40
    lists = {f"var/lib/apt/lists/{number:02}_{far}": b"x" * 30_000 for number in range(25)}
    database = {"var/lib/dpkg/status": b"", "etc/os-release": b"ID=debian\n"}
    archive = save(image(layer(lists | database)), tmp_path / "app.tar")
    assert run("explain", "DEB001", str(archive), "--no-cache") == 0
    assert capsys.readouterr().out.count("_far") == 10
    assert run("explain", "DEB001", str(archive), "--no-cache", "--all-paths") == 0
    out = capsys.readouterr().out
    assert [name for name in lists if f"/{name}" not in out] == []


def test_an_unknown_rule_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("explain", "VCS01", str(FAT)) == 2
    assert "did you mean VCS0" in capsys.readouterr().err


def test_the_command_on_an_image_and_on_its_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(FAT.parent)
    report = str(tmp_path / "report.json")
    assert run("analyze", str(FAT), "-o", f"json={report}") == 0
    dockerfile = str(FAT.with_name("phoenix-fat.Dockerfile"))
    capsys.readouterr()
    assert run("explain", "VCS001", str(FAT), "--dockerfile", dockerfile) == 0
    assert "from layer 12: phoenix-fat.Dockerfile:24 RUN chown" in capsys.readouterr().out
    assert run("explain", "VCS001", report) == 0
    assert "a claim: 20 files, 5.50 MB, of which 5.50 MB are claimed" in capsys.readouterr().out
    assert run("explain", "ELX009", report) == 0
    out = capsys.readouterr().out
    assert "The report has no finding of this rule." in out
    assert "made with other rules" not in out
    assert "slim explain ELX009 IMAGE" in out


@LONG
def test_rules_of_users_are_explained(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "acm.toml"
    own.write_text(template("ACM001").replace("…", "Acme"))
    assert run("explain", "ACM001", str(archive), "--rules", str(own), "--no-cache") == 0
    assert "It fired: it claims 3.00 kB." in capsys.readouterr().out


@LONG
def test_try_applies_only_the_rules_of_the_file(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "acm.toml"
    first = template("ACM001").replace("…", "Acme")
    rule = first[first.index("[[rule]]") :].replace("ACM001", "ACM002").replace("acm/what", "acm/w")
    own.write_text(first + "\n" + rule.replace("var/cache/acm/", "var/cache/none/"))
    assert run("rules", "try", str(own), str(archive), "--no-cache") == 0
    out = capsys.readouterr().out
    assert [line[:6] for line in out.splitlines() if line[:3].isupper()] == ["ACM001", "ACM002"]
    assert "It fired: it claims 3.00 kB." in out
    assert "It did not fire: nothing in the image matches." in out


@LONG
def test_try_tells_all_faults_first(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "acm.toml"
    text = template("ACM001").replace("why =", "wy =")
    own.write_text(text.replace('confidence = "likely"', 'confidence = "sure"'))
    assert run("rules", "try", str(own), str(archive)) == 2
    out, err = capsys.readouterr()
    assert not out
    assert "unknown key `wy`" in err
    assert "`confidence` must be one of" in err


@LONG
def test_try_of_an_empty_folder_is_an_error(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    assert run("rules", "try", str(tmp_path / "none"), str(archive)) == 2
