"""Lists of scripts in the files of a project, as many tools of languages have them."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Sequence
from typing import TypeGuard

from slim.entrypoint.operands import behind_options, option_values
from slim.entrypoint.runners import CHANGES_DIRECTORY, MAX_SCRIPT, Call, Documents, Started
from slim.files.view import below, encoded


def listed_script(
    call: Call,
    read: Documents,
    places: Sequence[tuple[str, str]],
    verbs: Sequence[str] = ("run",),
    *,
    verb_needed: bool = True,
    moves: Collection[str] = CHANGES_DIRECTORY,
    valued: Collection[str] = (),
) -> Started | None:
    """What a tool starts whose first operand, behind one of `verbs`, is the name of a script.

    Args:
        places: (file, dotted key of the list); the first that has the script counts.
        moves: its options that name the project's directory, …
        valued: … and others whose value is the next word.
    """
    taken = (*moves, *valued)
    operands = behind_options(call.words, taken)
    verb = next((verb for verb in map(str.split, verbs) if [*operands[: len(verb)]] == verb), None)
    if verb is not None:
        operands = behind_options(operands[len(verb) :], taken)
    elif verbs and verb_needed:
        return None
    if not operands:
        return None
    cwd = call.cwd
    for value in option_values(call.words[: len(call.words) - len(operands)], moves):
        cwd = below(cwd, encoded(value))
    for file, key in places:
        found = read(below(cwd, encoded(file)))
        for part in key.split("."):
            found = table(found, part)
        text = _text(found.get(operands[0]))
        if text:
            arguments = [word for word in operands[1:] if word != "--"]
            return Started(" ".join((text, *map(shlex.quote, arguments))), cwd, file)
    return None


def table(document: dict[str, object], key: str) -> dict[str, object]:
    """A table in another one; empty where there is none."""
    found = document.get(key)
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str:
    """A script, as tools write it: a text, a list, or a table with one of them."""
    if isinstance(value, dict):
        value = next((value[key] for key in ("cmd", "shell", "command") if key in value), "")
        value = shlex.join(value) if _is_texts(value) else value
    elif _is_texts(value):
        value = "\n".join(value)
    return value[:MAX_SCRIPT] if isinstance(value, str) else ""


def _is_texts(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
