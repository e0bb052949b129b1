"""The rules that are applied: those of slim and the user's, in the words that slim knows."""

from __future__ import annotations

from collections.abc import Sequence

from slim.advice.vocabulary import VOCABULARY
from slim.rules.builtin import builtin_rules
from slim.rules.rule import Rules


def rule_set(paths: Sequence[str] = (), cache_folder: str | None = None) -> Rules:
    """The built-in rules, and those in the user's files and folders `paths`.

    Args:
        paths: files, or folders of files.
        cache_folder: where the parsed built-in rules are kept for the next run, in a checkout.

    Raises:
        Faulty: with every fault of every file.
    """
    builtin = builtin_rules(VOCABULARY, cache_folder)
    if not paths:
        return builtin
    # What reads and checks rules is imported for those of users: slim's own are parsed already.
    from slim.rules.user_packs import with_user_packs

    return with_user_packs(builtin, paths, VOCABULARY)
