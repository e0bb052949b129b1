"""The built-in rules in their parsed form: as the texts are, or not used."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from slim.rules import builtin
from slim.rules.builtin import rules_folder
from slim.rules.files import PROTECTED_FILE
from slim.rules.rule import rules_of


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the rules that slim takes for its own."""
    copy = tmp_path / "rules"
    shutil.copytree(
        rules_folder(), copy, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True
    )
    monkeypatch.setattr(builtin, "rules_folder", lambda: str(copy))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    return copy


def parsed() -> object:
    builtin._builtin.cache_clear()
    try:
        return builtin._builtin()
    finally:
        builtin._builtin.cache_clear()


def kept(folder: Path) -> list[Path]:
    return sorted((folder / "__pycache__").glob("*"))


def test_what_is_kept_is_what_was_parsed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = parsed()
    assert len(kept(folder)) == 1
    monkeypatch.setattr(builtin, "_parse", None)
    assert parsed() == first


def test_another_text_is_parsed_anew(folder: Path) -> None:
    parsed()
    before = kept(folder)
    never = folder / PROTECTED_FILE
    never.write_text(never.read_text() + "\n# a remark\n")
    parsed()
    assert len(kept(folder)) == 1
    assert kept(folder) != before


@pytest.mark.parametrize("content", [b"", b"\x80\x05.", b"no pickle", b"\x80\x05cslim\nnone\n."])
def test_what_is_damaged_is_parsed_anew(content: bytes, folder: Path) -> None:
    first = parsed()
    kept(folder)[0].write_bytes(content)
    assert parsed() == first


def test_a_folder_that_cannot_be_written_is_no_failure(folder: Path) -> None:
    (folder / "__pycache__").write_text("a file")
    packs = builtin._parse(str(folder)).packs
    builtin._builtin.cache_clear()
    assert len(rules_of(builtin.builtin_packs())) == len(rules_of(packs))
    builtin._builtin.cache_clear()


def test_nothing_is_written_where_python_may_not(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    parsed()
    assert not (folder / "__pycache__").exists()
