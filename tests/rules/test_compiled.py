"""The built-in rules in their parsed form: as the texts are, or not used."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from slim.advice.vocabulary import VOCABULARY
from slim.rules import builtin, compiled
from slim.rules.builtin import COMPILED, builtin_rules, rules_folder
from slim.rules.files import PROTECTED_FILE
from slim.rules.folder import parse_rules
from slim.rules.rule import Rules
from tests.conftest import LONG


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the rules that slim takes for its own."""
    copy = tmp_path / "rules"
    shutil.copytree(rules_folder(), copy)
    monkeypatch.setattr(builtin, "rules_folder", lambda: str(copy))
    return copy


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def loaded(folder: Path | None) -> Rules:
    """As another process would load them."""
    builtin_rules.cache_clear()
    try:
        return builtin_rules(VOCABULARY, str(folder) if folder else None)
    finally:
        builtin_rules.cache_clear()


def kept(folder: Path) -> list[Path]:
    return sorted(folder.glob("*"))


def test_what_is_kept_is_what_was_parsed(
    rules: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = loaded(folder)
    assert len(kept(folder)) == 1
    monkeypatch.setattr("slim.rules.folder.parse_rules", None)
    assert loaded(folder) == first


def test_nothing_is_kept_without_a_folder(rules: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    loaded(None)
    assert sorted(tmp_path.rglob("*")) == before


def test_another_text_is_parsed_again(rules: Path, folder: Path) -> None:
    loaded(folder)
    before = kept(folder)
    protected = rules / PROTECTED_FILE
    protected.write_text(protected.read_text() + "\n# a remark\n")
    loaded(folder)
    assert len(kept(folder)) == 1
    assert kept(folder) != before


@pytest.mark.parametrize(
    "content", [b"", b"\x80\x05.", b"\x80\x05cslim\nnone\n.", b"\x83\xa5packs"]
)
def test_a_damaged_file_is_not_used(content: bytes, rules: Path, folder: Path) -> None:
    first = loaded(folder)
    kept(folder)[0].write_bytes(content)
    assert loaded(folder) == first


@pytest.mark.parametrize("mode", [0o777, 0o770])
@LONG
def test_a_folder_that_others_can_write_to_is_not_used(
    mode: int, rules: Path, folder: Path
) -> None:
    """What lies there may be anybody's: other rules would be believed."""
    loaded(folder)
    (file,) = kept(folder)
    foreign = parse_rules(str(rules), VOCABULARY)
    compiled.store(str(folder), file.name, Rules((), foreign.protected, {}))
    assert loaded(folder).packs == ()
    folder.chmod(mode)
    assert loaded(folder) == foreign


def test_a_link_in_the_folder_is_not_followed(rules: Path, folder: Path, tmp_path: Path) -> None:
    first = loaded(folder)
    (file,) = kept(folder)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(compiled.encode(Rules((), (), {})))
    file.unlink()
    file.symlink_to(elsewhere)
    assert loaded(folder) == first


def test_a_folder_that_cannot_be_made_is_no_failure(rules: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    assert loaded(tmp_path / "file" / "cache") == parse_rules(str(rules), VOCABULARY)


def test_a_wheel_has_its_rules_parsed(
    rules: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = parse_rules(str(rules), VOCABULARY)
    (rules / COMPILED).write_bytes(compiled.encode(first))
    monkeypatch.setattr("slim.rules.folder.parse_rules", None)
    assert loaded(folder) == first
    assert not os.path.exists(folder)
