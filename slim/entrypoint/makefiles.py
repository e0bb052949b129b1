"""What `make` and `just` start: the recipe of a target in the project's file.

Source: the GNU make manual ("Writing Rules", "How to Use Variables"); the manual of just ("Recipes").
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from slim.entrypoint.operands import behind_options, option_values
from slim.entrypoint.runners import MAX_SCRIPT, Call, Documents, Runner, Started
from slim.entrypoint.tables import names
from slim.files.view import below, decoded, encoded
from slim.patterns import regex

TOOLS = {
    "make": ("GNUmakefile", "makefile", "Makefile"),
    "gmake": ("GNUmakefile", "makefile", "Makefile"),
    "just": ("justfile", "Justfile", ".justfile"),
}
"""Tool → the files that it looks for."""
_DIRECTORY = ("-C", "--directory", "-d", "--working-directory")
_FILE = ("-f", "--file", "--makefile", "--justfile")
_VALUED = (*_DIRECTORY, *_FILE, "-I", "-o", "-W", "--set", "--shell")
_SET = regex(r"(?:export\s{1,9})?([A-Za-z_]\w{0,99})\s{0,99}(\??|:{0,3}|\+)=\s{0,99}(.*)", re.ASCII)
_RULE = regex(
    r"@?([^\s:#=][^:#=]{0,999}?)(?:\s{1,9}\w{1,99}=[^\s:]{1,99}){0,9}\s{0,9}::?(?!=)([^=#]{0,4096})"
)
"""A rule's first line: its targets, parameters with defaults as just has them, and what it needs."""
_USE = regex(r"\$\$|\$[({](\w{1,99})[)}]|\{\{\s{0,9}(\w{1,99})\s{0,9}\}\}", re.ASCII)
_MAX_TEXT = 16 << 10
_MAX_DEEP = 8
_MAX_RULES = 32
"""Rules that are followed on the way of one target."""
_MAX_VALUE = 200


def _recipe(call: Call, read: Documents) -> Started | None:
    cwd = call.cwd
    for value in option_values(call.words, _DIRECTORY):
        cwd = below(cwd, encoded(value))
    named = option_values(call.words, _FILE)
    places = [below(cwd, encoded(name)) for name in named or TOOLS[call.name]]
    path = next((place for place in places if read.view.read(place) is not None), None)
    if path is None:
        return None
    given = dict(
        word.split("=", 1) for word in call.words if re.match(r"[A-Za-z_]\w*=", word, re.ASCII)
    )
    rules, variables, first = _parsed((read.view.read(path) or b"")[:_MAX_TEXT], call.env, given)
    operands = [word for word in behind_options(call.words, _VALUED) if "=" not in word]
    target = operands[0] if operands else first
    if target not in rules:
        return None
    order = _order(rules, target)
    *before, own = ["\n".join(rules[name][1]) for name in order]
    text, earlier = (_put_in(lines, variables) for lines in (own, "\n".join(before)))
    return Started(text, cwd, decoded(path), earlier) if text.strip() else None


_Rules = dict[str, tuple[list[str], list[str]]]
"""Target → (its prerequisites, the lines of its recipe)."""


def _parsed(
    content: bytes, env: Mapping[str, str], given: Mapping[str, str]
) -> tuple[_Rules, dict[str, str], str]:
    """The rules of a file, its variables, and its first target."""
    rules: _Rules = {}
    variables = {**env, **given}
    current: list[str] = []
    first = ""
    for line in decoded(content).replace("\\\n", " ").split("\n"):
        if line[:1] in ("\t", " "):
            current += [line.strip().lstrip("@-+ ")] if line.strip() else []
        elif found := _SET.fullmatch(line):
            if found[1] not in given and (found[2] != "?" or found[1] not in variables):
                variables[found[1]] = found[3].strip("\"'")[:_MAX_VALUE]
        elif found := _RULE.match(line):
            current = []
            # A recipe of just has parameters behind its name.
            for name in found[1].split():
                rules.setdefault(name, ([], current))[0].extend(found[2].split())
                rules[name] = (rules[name][0], rules[name][1] or current)
                first = first or ("" if name.startswith(".") else name)
    return rules, variables, first


def _order(rules: _Rules, target: str) -> list[str]:
    """A target behind those that it needs."""
    found: dict[str, None] = {}

    def visit(name: str, depth: int) -> None:
        if name in rules and name not in found and depth and len(found) < _MAX_RULES:
            for other in rules[name][0]:
                visit(other, depth - 1)
            found[name] = None

    visit(target, _MAX_DEEP)
    return [*(name for name in found if name != target), target]


def _put_in(text: str, variables: Mapping[str, str]) -> str:
    """With the values of variables, which may name others."""
    for _ in range(_MAX_DEEP):
        put_in = _USE.sub(
            lambda found: variables.get(found[1] or found[2] or "", found[0]), text[:MAX_SCRIPT]
        )
        if put_in == text:
            break
        text = put_in
    return text.replace("$$", "$")


MAKE = Runner(names=names(" ".join(TOOLS)), script=_recipe)
