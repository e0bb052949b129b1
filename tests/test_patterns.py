"""Patterns that are compiled late are right, all of them, and behave as those that are compiled at once."""

from __future__ import annotations

import gc
import pkgutil
import re
from importlib import import_module

import pytest

import slim
from slim import patterns
from slim.patterns import regex
from tests.conftest import LONG


@LONG
def test_every_pattern_compiles() -> None:
    for module in pkgutil.walk_packages(slim.__path__, "slim."):
        if module.name != "slim.__main__":
            import_module(module.name)
    late = [each for each in gc.get_objects() if isinstance(each, patterns._Late)]
    assert len(late) > 150
    for each in late:
        assert each.search


def test_a_late_pattern_is_like_one_that_is_compiled_at_once() -> None:
    late, usual = regex(rb"(b+)C?", re.IGNORECASE), re.compile(rb"(b+)C?", re.IGNORECASE)
    for method in ("match", "fullmatch", "search"):
        for text in (b"abbc", b"Bbc", b"x", b""):
            found, expected = (getattr(each, method)(text) for each in (late, usual))
            assert (found and found.groups()) == (expected and expected.groups())
    assert late.sub(b"-", b"abbcb") == b"a--"
    assert late.split(b"abbcb") == usual.split(b"abbcb")
    assert late.findall(b"abbcb") == [b"bb", b"b"]
    assert (late.pattern, late.groups) == (usual.pattern, usual.groups)


def test_a_wrong_pattern_raises_when_it_is_used() -> None:
    wrong = regex("(")
    with pytest.raises(re.error):
        wrong.search("")
