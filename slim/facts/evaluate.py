"""Whether the predicates of a rule hold for an image, and why or why not.

`prepare` answers everything that needs a walk over the files once for all rules; `evaluate` then only
looks up. Every leaf gives a reason, also where the answer is known before it, so that a person can be
told what speaks for and against a rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from slim.facts.gather import Facts
from slim.facts.live import first_files
from slim.files.view import View, encoded
from slim.packages.package import Package
from slim.rules.component import Component
from slim.rules.glob_syntax import TextGlob, parse_text_glob
from slim.rules.predicate import (
    AllOf,
    AnyOf,
    EnvIs,
    Fact,
    HasFile,
    HasPackage,
    HistoryHas,
    LabelIs,
    Not,
    Predicate,
    Runs,
)
from slim.rules.variables import bind, variables_of

MAX_TEXT = 16 << 10
"""Characters that are compared of one word, value or history entry."""
MAX_TEXTS = 256 << 10
"""Bytes that are compared of all command words, and of all history entries."""


class Reason(Struct, frozen=True):
    """One leaf of a rule's conditions."""

    expected: bool
    """Whether the rule needs it to hold; false below a `not`."""
    holds: bool
    text: str
    """For people: what holds or does not, with the evidence."""

    @property
    def agrees(self) -> bool:
        """Whether it speaks for the rule."""
        return self.expected == self.holds


class Answer(Struct, frozen=True):
    """Whether all predicates of a rule hold."""

    holds: bool
    reasons: tuple[Reason, ...]


class Texts(Struct, frozen=True):
    """Texts that globs are compared with, each once."""

    every: tuple[bytes, ...]
    joined: bytes
    """All of them, each between line ends: one search tells that a glob matches none, as nearly all do."""

    def first(self, glob: TextGlob) -> bytes | None:
        """The first that a glob matches."""
        if not any(map(self._may_match, glob.choices)):
            return None
        return next(filter(glob.matches, self.every), None)

    def _may_match(self, choice: bytes | Component) -> bool:
        if isinstance(choice, bytes):
            return b"\n" + choice + b"\n" in self.joined
        parts = (b"\n" + choice.head, choice.needle, choice.tail + b"\n")
        return all(part in self.joined for part in parts)


def texts_of(texts: Iterable[bytes]) -> Texts:
    """Some texts, each once, in order."""
    every = tuple(dict.fromkeys(texts))
    return Texts(every, b"\n%s\n" % b"\n".join(every))


class Prepared(Struct, frozen=True):
    """Answers for all rules."""

    facts: Facts
    files: Mapping[str, str]
    """Pattern of a `file` predicate → the first path that matches; absent where none does."""
    packages: Texts
    """Names, sorted."""
    commands: Texts
    """What a `runs` predicate is compared with."""
    found_in: Mapping[bytes, str]
    """Each of `commands` → where it was found."""
    history: Texts


def prepare(
    predicates: Iterable[Predicate], facts: Facts, view: View, packages: Iterable[Package] = ()
) -> Prepared:
    """Look everything up that `predicates`, those of all rules, ask for."""
    patterns = sorted({leaf.pattern for leaf in leaves(predicates) if isinstance(leaf, HasFile)})
    found_in = _command_texts(facts)
    return Prepared(
        facts,
        first_files(patterns, facts.variables, view),
        texts_of(name.encode() for name in sorted({package.name for package in packages})),
        texts_of(found_in),
        found_in,
        texts_of(_cut(facts.history)),
    )


def holds(predicates: Sequence[Predicate], prepared: Prepared) -> bool:
    """What `evaluate` says, without the reasons: nothing is asked that changes no answer."""
    return all(_holds(predicate, prepared, None, expected=True) for predicate in predicates)


def evaluate(predicates: Sequence[Predicate], prepared: Prepared) -> Answer:
    """Whether all of `predicates` hold, and why; an empty list does."""
    reasons: list[Reason] = []
    each = [_holds(predicate, prepared, reasons, expected=True) for predicate in predicates]
    return Answer(all(each), tuple(reasons))


def leaves(predicates: Iterable[Predicate]) -> Iterable[Predicate]:
    """The predicates that are not combinations of others, in order."""
    todo = list(predicates)[::-1]
    while todo:
        predicate = todo.pop()
        if isinstance(predicate, AnyOf | AllOf):
            todo += predicate.predicates[::-1]
        elif isinstance(predicate, Not):
            todo.append(predicate.predicate)
        else:
            yield predicate


def _holds(
    predicate: Predicate, prepared: Prepared, reasons: list[Reason] | None, *, expected: bool
) -> bool:
    # The loader bounds how deep predicates nest.
    if isinstance(predicate, Not):
        return not _holds(predicate.predicate, prepared, reasons, expected=not expected)
    if isinstance(predicate, AnyOf | AllOf):
        each: Iterable[bool] = (
            _holds(inner, prepared, reasons, expected=expected) for inner in predicate.predicates
        )
        if reasons is not None:  # all are asked, whatever the first says
            each = list(each)
        return any(each) if isinstance(predicate, AnyOf) else all(each)
    answer, text = _leaf(predicate, prepared)
    if reasons is not None:
        reasons.append(Reason(expected, answer, text))
    return answer


def _leaf(leaf: Predicate, prepared: Prepared) -> tuple[bool, str]:
    facts = prepared.facts
    match leaf:
        case Fact(name):
            why = facts.evidence.get(name, ())
            return bool(why), f"{name}: {'; '.join(why)}" if why else f"{name}: no sign of it"
        case EnvIs(name, value):
            return _setting("ENV", name, value, facts.env)
        case LabelIs(name, value):
            return _setting("LABEL", name, value, facts.labels)
        case HasFile(pattern):
            path = prepared.files.get(pattern)
            if path is not None:
                return True, f"{path} exists"
            unset = [name for name in variables_of(pattern) if not facts.variables.get(name)]
            missing = f": the image has no {{{unset[0]}}}" if unset else ""
            return False, f"no file {pattern}{missing}"
        case HasPackage(glob):
            found = prepared.packages.first(glob)
            if found is None:
                return False, f"no package {glob.pattern}"
            return True, f"package {found.decode()} is installed"
        case Runs(pattern, glob):
            return _runs(pattern, glob, prepared)
        case HistoryHas(glob):
            any_does = prepared.history.first(glob) is not None
            return any_does, f"{'a' if any_does else 'no'} history entry matches {glob.pattern}"
        case _:
            raise AssertionError(f"not a leaf: {leaf}")


def _setting(kind: str, name: str, glob: TextGlob, values: Mapping[str, str]) -> tuple[bool, str]:
    """Values are not shown: they may be secret."""
    value = values.get(name)
    if value is None:
        return False, f"{kind} {name} is not set"
    holds = glob.matches(encoded(value[:MAX_TEXT]))
    return holds, f"{kind} {name} {'matches' if holds else 'does not match'} {glob.pattern}"


def _runs(pattern: str, parsed: TextGlob | None, prepared: Prepared) -> tuple[bool, str]:
    bound = [] if parsed else bind(pattern, prepared.facts.variables)
    for glob in [parsed] if parsed else map(parse_text_glob, bound):
        text = prepared.commands.first(glob)
        if text is not None:
            return True, f"the image runs {pattern}: {prepared.found_in[text]}"
    return False, f"the image does not run {pattern}"


def _command_texts(facts: Facts) -> dict[bytes, str]:
    """Each word as written, the program's name, the paths that words resolve to, and the whole line."""
    found: dict[bytes, str] = {}
    left = MAX_TEXTS
    for command in facts.runs.all:
        how = f"{command.how}: {command.brief}"
        texts = [
            *command.words,
            command.name,
            command.path,
            command.path.rpartition("/")[2],
            *command.files,
        ]
        texts += [" ".join((command.name, *command.words[1:])), " ".join(command.words)]
        for text in _cut(texts, left):
            left -= len(text)
            found.setdefault(text, how)
    return found


def _cut(texts: Iterable[str], left: int = MAX_TEXTS) -> Iterator[bytes]:
    """Texts as bytes, each cut to `MAX_TEXT`, until there are `left` bytes of them."""
    for text in texts:
        short = encoded(text[:MAX_TEXT])
        left -= len(short)
        if left < 0:
            return
        if short:
            yield short
