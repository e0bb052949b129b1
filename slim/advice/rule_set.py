"""The rules that are applied: those of slim and the user's, in the words that slim knows."""

from __future__ import annotations

from collections.abc import Sequence

from slim.advice.vocabulary import VOCABULARY
from slim.rules.builtin import builtin_rules
from slim.rules.rule import Rules
from slim.rules.user_packs import with_user_packs


def rule_set(paths: Sequence[str] = (), cache_folder: str | None = None) -> Rules:
    """The built-in rules, and those in the user's files and folders `paths`.

    Args:
        paths: files, or folders of files.
        cache_folder: where the parsed built-in rules are kept for the next run, in a checkout.

    Raises:
        Faulty: with every fault of every file.
    """
    return with_user_packs(builtin_rules(VOCABULARY, cache_folder), paths, VOCABULARY)
