"""Boolean ("rich") dependencies of rpm, such as `(a >= 1 or (b if c))`.

Source: rpm.org, "Boolean dependencies".
"""

from __future__ import annotations

from collections.abc import Iterator

_CONDITIONS = frozenset(("if", "unless", "without"))
_OPERATORS = frozenset(("and", "or", "else", "with")) | _CONDITIONS


def rich_names(value: str) -> list[tuple[str, ...]]:
    """What is required: alternatives of one requirement each.

    Names of a pure `and` are required one by one; of any other expression all names are alternatives,
    so that all are followed and none breaks alone. What stands behind `if`, `unless` and `without` is a
    condition and no requirement.

    >>> rich_names("(a >= 1 or b)"), rich_names("(a and libz.so.1()(64bit))"), rich_names("(a if b)")
    ([('a', 'b')], [('a',), ('libz.so.1()(64bit)',)], [('a',)])
    """
    names: list[str] = []
    operators: set[str] = set()
    conditional = [False]
    compared = False
    for word in _words(value):
        if compared:
            compared = False
        elif word == "(":
            conditional.append(conditional[-1])
        elif word == ")":
            if len(conditional) > 1:
                conditional.pop()
        elif word in _OPERATORS:
            operators.add(word)
            # The outer expression may be a condition already.
            outer = len(conditional) > 1 and conditional[-2]
            conditional[-1] = outer or word in _CONDITIONS
        elif word[0] in "<>=":
            compared = True
        elif not conditional[-1]:
            names.append(word)
    if operators <= {"and"}:
        return [(name,) for name in names]
    return [tuple(dict.fromkeys(names))] if names else []


def _words(value: str) -> Iterator[str]:
    """Names, operators and grouping parentheses; a parenthesis inside a name belongs to it."""
    word: list[str] = []
    depth = 0
    for character in value:
        if character == "(" and word:
            depth += 1
        elif character == ")" and depth:
            depth -= 1
        elif character in "() " and not depth:
            if word:
                yield "".join(word)
                word = []
            if character != " ":
                yield character
            continue
        word.append(character)
    if word:
        yield "".join(word)
