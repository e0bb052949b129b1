"""Rules of users: applied beside those of slim, checked with them, and refused whole when one is wrong."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import slim
from slim.advice.vocabulary import VOCABULARY
from slim.formats.rulebook import template
from slim.rules.builtin import builtin_rules
from slim.rules.faults import Faulty
from slim.rules.user_packs import load_user_packs
from tests.conftest import LONG
from tests.support.attacks import Attack
from tests.support.building import image, layer, save
from tests.support.commands import run


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    path = tmp_path / "rules" / "acm.toml"
    path.write_text(template("ACM001").replace("\u2026", "Acme"))
    return path


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    built = image(layer({"var/cache/acm/a": b"x" * 3_000_000, "bin/sh": b"s"}))
    return save(built, tmp_path / "image.tar")


@LONG
def test_rules_of_a_file_or_folder_are_applied(pack: Path, archive: Path) -> None:
    without_packs = slim.analyze(archive)
    for path in (pack, pack.parent):
        report = slim.analyze(archive, rules=[str(path)])
        assert report.findings[0].rule == "ACM001"
        assert report.totals.reclaimable_bytes == 3_000_000
        assert report.tool.rules != without_packs.tool.rules


@LONG
def test_the_flag_and_the_file_add_up(
    pack: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(archive.parent)
    call = ("analyze", str(archive), "--fail-on", "ACM001")
    assert run(*call) == 2  # without the pack there is no such rule
    assert run(*call, "--rules", str(pack)) == 1
    Path("slim.toml").write_text('[rules]\npacks = ["rules"]\n')
    assert run(*call) == 1
    assert run(*call, "--no-config") == 2


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"ACM001"', '"VCS001"', "is taken"),
        ('"acm"', '"vcs"', "must be the file's name"),
        ("var/cache/acm/**", "var/lib/dpkg/**", "acm.toml"),
        ("why =", "wy =", "unknown key `wy`"),
    ],
)
@LONG
def test_what_weakens_or_is_wrong_is_refused(
    old: str, new: str, says: str, pack: Path, archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack.write_text(pack.read_text().replace(old, new))
    with pytest.raises(Faulty, match=says):
        load_user_packs([str(pack)], builtin_rules(VOCABULARY), VOCABULARY)
    assert run("analyze", str(archive), "--no-config", "--rules", str(pack)) == 2
    out, err = capsys.readouterr()
    assert not out
    assert says in err


@LONG
def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(Faulty, match="cannot be read"):
        load_user_packs([str(tmp_path / "absent.toml")], builtin_rules(VOCABULARY), VOCABULARY)


@LONG
def test_hostile_patterns_do_not_hang(pack: Path, archive: Path) -> None:
    hostile = "var/cache/" + "*a" * 100 + "/**/" + "**/x/" * 20 + "?" * 100
    text = pack.read_text().replace('["var/cache/acm/**"]', f'["var/cache/acm/**", "{hostile}"]')
    pack.write_text(text)
    deep = "/".join(["a" * 200] * 30)
    built = image(layer({f"var/cache/{deep}/{number}": b"x" for number in range(300)}))
    path = save(built, archive.parent / "deep.tar")
    started = time.process_time()
    slim.analyze(path, rules=[str(pack)])
    assert time.process_time() - started < 20


PACK = template("ACM001").replace("\u2026", "Acme")
PATTERNS = 'match = ["var/cache/acm/**"]'
HOSTILE: dict[str, Callable[[], str]] = {
    "RULES-many": lambda: (
        PACK + "".join(f'[[rule]]\nid = "ACM{n % 1000:03}"\n' for n in range(40_000))
    ),
    "RULES-keys": lambda: PACK + "".join(f"k{n} = 1\n" for n in range(60_000)),
    "RULES-depth": lambda: PACK + "tags = " + "[" * 100_000,
    "RULES-dots": lambda: PACK + ".".join("a" * 50_000) + " = 1\n",
    "RULES-patterns": lambda: PACK.replace(
        PATTERNS, "match = [" + ",".join(f'"var/cache/acm/{n}/**"' for n in range(30_000)) + "]"
    ),
    "RULES-pattern": lambda: PACK.replace(PATTERNS, f'match = ["var/cache/{"*a" * 200_000}/**"]'),
    "RULES-braces": lambda: PACK.replace(PATTERNS, f'match = ["var/cache/acm/{"{a,b}" * 60}/**"]'),
    "RULES-nested": lambda: PACK.replace(
        PATTERNS, f'match = ["var/cache/acm/{"{a," * 500}{"}" * 500}/**"]'
    ),
    "RULES-types": lambda: re.sub(r"(?m)^(\w+) = .*$", r"\1 = {a = [1, 2020-01-01, nan]}", PACK),
    "RULES-numbers": lambda: PACK + "priority = " + "9" * 500_000,
    "RULES-bytes": lambda: PACK + "#" * (1 << 20),
    "RULES-controls": lambda: PACK.replace("acm/what", "\u202e::error::"),
}


PHRASES = {
    "RULES-many": "a pack of 40,000 rules",
    "RULES-keys": "a pack with 60,000 keys",
    "RULES-depth": "a pack with arrays 100,000 deep",
    "RULES-dots": "a pack with a key of 50,000 parts",
    "RULES-patterns": "a rule of 30,000 patterns",
    "RULES-pattern": "a rule with a pattern of 400,000 bytes",
    "RULES-braces": "a pattern of 2^60 alternatives",
    "RULES-nested": "a pattern with braces 500 deep",
    "RULES-types": "a pack in which every value is of the wrong type",
    "RULES-numbers": "a pack with a number of 500,000 digits",
    "RULES-bytes": "a pack of more than 1 MiB",
    "RULES-controls": "a pack with controls and commands of logs in a name",
}
ATTACKS = tuple(
    Attack(
        id=name,
        given=phrase,
        outcome="faults of the file (exit code 2), soon",
        proof="test_a_hostile_pack_is_refused_soon",
    )
    for name, phrase in PHRASES.items()
)


@LONG
@pytest.mark.parametrize("name", PHRASES)
def test_a_hostile_pack_is_refused_soon(
    name: str, pack: Path, archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack.write_text(HOSTILE[name]())
    started = time.process_time()
    code = run("analyze", str(archive), "--no-config", "--rules", str(pack))
    took = time.process_time() - started
    out, err = capsys.readouterr()
    assert code == 2, err
    assert not out
    assert "acm.toml" in err
    assert "Traceback" not in err
    assert "::error" not in err
    assert len(err) < 100_000
    assert took < 10
