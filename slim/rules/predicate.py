"""The predicates of `when`: a fixed vocabulary, so that rules stay data.

Python evaluates them against the image's facts; here they are only read.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from slim.rules.glob_syntax import GlobError, TextGlob, parse_glob, parse_text_glob
from slim.rules.suggestions import suggestion
from slim.rules.variables import bind, variables_of
from slim.rules.vocabulary import Vocabulary

MAX_DEPTH = 8
"""Deepest nesting of any, all and not."""


class Fact(Struct, frozen=True, tag=True):
    """A fact holds."""

    name: str


class EnvIs(Struct, frozen=True, tag=True):
    """The image config sets the environment variable `name` to a matching value."""

    name: str
    value: TextGlob


class LabelIs(Struct, frozen=True, tag=True):
    """The image config has the label `name` with a matching value."""

    name: str
    value: TextGlob


class HasFile(Struct, frozen=True, tag=True):
    """A live file matches `pattern`, a path glob that may hold variables."""

    pattern: str


class HasPackage(Struct, frozen=True, tag=True):
    """A package with a matching name is installed."""

    name: TextGlob


class Runs(Struct, frozen=True, tag=True):
    """Entry point, command, health check or a supervisor runs something that matches.

    `pattern` is a text glob that may hold variables. It is compared with each command word as
    written and with the path that it resolves to, without the leading slash.
    """

    pattern: str
    glob: TextGlob | None = None
    """The same, parsed, if it has no variables."""


class HistoryHas(Struct, frozen=True, tag=True):
    """The created_by text of a history entry matches as a whole."""

    text: TextGlob


class AnyOf(Struct, frozen=True, tag=True):
    """One of them holds."""

    predicates: tuple[Predicate, ...]


class AllOf(Struct, frozen=True, tag=True):
    """All of them hold."""

    predicates: tuple[Predicate, ...]


class Not(Struct, frozen=True, tag=True):
    """It does not hold."""

    predicate: Predicate


Predicate = Fact | EnvIs | LabelIs | HasFile | HasPackage | Runs | HistoryHas | AnyOf | AllOf | Not


class PredicateError(ValueError):
    """A predicate is not valid. `near` is a word of it, to find its line by."""

    def __init__(self, reason: str, near: str = "") -> None:
        super().__init__(reason)
        self.near = near


def parse_predicate(value: object, vocabulary: Vocabulary, depth: int = 1) -> Predicate:
    """Read one inline table of `when`.

    Raises:
        PredicateError: it is not in the vocabulary.
    """
    if depth > MAX_DEPTH:
        raise PredicateError(f"predicates nest deeper than {MAX_DEPTH}")
    if not isinstance(value, dict) or len(value) != 1:
        raise PredicateError(f'a predicate is a table with one key, as {{ fact = "{_A_FACT}" }}')
    ((key, body),) = value.items()
    if key == "not":
        return Not(parse_predicate(body, vocabulary, depth + 1))
    if key in ("any", "all"):
        if not isinstance(body, list) or not body:
            raise PredicateError(f"`{key}` needs a list of predicates", key)
        inner = tuple(parse_predicate(item, vocabulary, depth + 1) for item in body)
        return AnyOf(inner) if key == "any" else AllOf(inner)
    if key in ("env", "label"):
        return _pairs(key, body)
    if key not in _LEAVES:
        known = (*_LEAVES, "env", "label", "any", "all", "not")
        hint = suggestion(key, known) or f"; there are {', '.join(known)}"
        raise PredicateError(f"no predicate `{key}`{hint}", key)
    if not isinstance(body, str) or not body:
        raise PredicateError(f"`{key}` needs a text", key)
    try:
        return _LEAVES[key](body, vocabulary)
    except GlobError as error:
        raise PredicateError(str(error), body) from None


_A_FACT = "elixir.release"


def _pairs(key: str, body: object) -> Predicate:
    if not isinstance(body, dict) or not body:
        example = "{ env = { MIX_ENV = " + '"prod"' + " } }"
        raise PredicateError(f"`{key}` needs a table of names and globs, as {example}", key)
    predicates: list[Predicate] = []
    for name, pattern in body.items():
        if not isinstance(pattern, str):
            raise PredicateError(f"the value of `{name}` is a glob, so a text", name)
        try:
            value = parse_text_glob(pattern)
        except GlobError as error:
            raise PredicateError(str(error), pattern) from None
        predicates.append(EnvIs(name, value) if key == "env" else LabelIs(name, value))
    return predicates[0] if len(predicates) == 1 else AllOf(tuple(predicates))


def _fact(name: str, vocabulary: Vocabulary) -> Fact:
    if name not in vocabulary.facts:
        raise PredicateError(f"no fact `{name}`{suggestion(name, vocabulary.facts)}", name)
    return Fact(name)


def _file(pattern: str, vocabulary: Vocabulary) -> HasFile:
    for bound in bind(pattern, vocabulary.samples):
        parse_glob(bound)
    return HasFile(pattern)


def _runs(pattern: str, vocabulary: Vocabulary) -> Runs:
    globs = [parse_text_glob(bound) for bound in bind(pattern, vocabulary.samples)]
    return Runs(pattern, None if variables_of(pattern) else globs[0])


_LEAVES: dict[str, Callable[[str, Vocabulary], Predicate]] = {
    "fact": _fact,
    "file": _file,
    "package": lambda pattern, _: HasPackage(parse_text_glob(pattern)),
    "runs": _runs,
    "history": lambda pattern, _: HistoryHas(parse_text_glob(pattern)),
}
