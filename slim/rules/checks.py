"""What is checked once all packs are read: names, examples, and things never to delete. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from slim.rules.faults import Fault
from slim.rules.fields import Notes
from slim.rules.glob import compile_globs
from slim.rules.glob_syntax import GlobError
from slim.rules.parse import Located, Parsed
from slim.rules.protected import Protected
from slim.rules.rule import Rule
from slim.rules.variables import SAMPLES, bind

_SELECTION = frozenset({"match", "packages", "except", "except_packages", "hits", "misses"})
"""The keys that decide what a rule selects."""


class Examples:
    """All paths of all rules, compiled once with the sample values of the variables."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        patterns: list[str] = []
        self._written: list[str] = []
        # Of each rule: where its patterns begin, where its exceptions begin, and where they end.
        self._spans: list[tuple[int, int, int]] = []
        for rule in rules:
            bounds = [len(patterns)]
            for written in (rule.match, rule.except_paths):
                for pattern in written:
                    bound = bind(pattern, SAMPLES)
                    patterns += bound
                    self._written += [pattern] * len(bound)
                bounds.append(len(patterns))
            self._spans.append((bounds[0], bounds[1], bounds[2]))
        self._globs = compile_globs(patterns)

    def selecting(self, number: int, path: str) -> list[str]:
        """The globs by which rule `number` claims `path`; none if it does not, or is excepted."""
        found = self._globs.match(path.encode("utf-8", "surrogateescape"))
        begin, excepted, end = (bisect_left(found, bound) for bound in self._spans[number])
        return [self._written[index] for index in found[begin:excepted]] if excepted == end else []


def selects_package(rule: Rule, name: str) -> bool:
    """Whether `rule` claims the package `name`."""
    text = name.encode("utf-8", "surrogateescape")
    return any(glob.matches(text) for glob in rule.packages) and not any(
        glob.matches(text) for glob in rule.except_packages
    )


def check_packs(
    parsed: Sequence[Parsed], protected: Sequence[Protected], faults: list[Fault]
) -> None:
    """Add to `faults` those that only show once all packs are there."""
    _check_claims(parsed, faults)
    located = [one for file in parsed for one in file.rules]
    _check_names(located)
    try:
        examples = Examples([one.rule for one in located])
    except GlobError as error:  # each is valid: all together are too large
        faults.append(Fault("", 0, "", str(error)))
        return
    for number, one in enumerate(located):
        # A fault in the selection leaves no examples to test yet.
        if (one.rule.match or one.rule.packages) and not one.notes.keys & _SELECTION:
            _check_examples(number, one, examples)
    for entry in protected:
        for example in entry.examples:
            _check_protected(located, examples, entry, example)


def path_fault(path: str) -> str:
    """What keeps `path` from being the path of a file in an image; empty when nothing does."""
    if path.startswith("/"):
        return "has a leading slash"
    if {"", ".", ".."} & set(path.split("/")):
        return "has an empty component, `.` or `..`: give the path of a file"
    return ""


def _check_claims(parsed: Sequence[Parsed], faults: list[Fault]) -> None:
    owner: dict[str, str] = {}
    for one in parsed:
        for claim in one.claims:
            if claim in owner:
                faults.append(Fault(one.file, 0, "", f"the {claim} is taken by {owner[claim]}"))
            owner[claim] = one.file


def _check_names(located: Sequence[Located]) -> None:
    seen: dict[str, Notes] = {}
    for one in located:
        for key, name in (("id", one.rule.id), ("slug", one.rule.slug)):
            first = seen.setdefault(name, one.notes)
            if name and first is not one.notes:
                place = f"{first.file}:{first.line(key)}"
                one.notes.add(f"the {key} `{name}` is taken: see {place}", key)


def _check_examples(number: int, one: Located, examples: Examples) -> None:
    for key, expected in (("hits", True), ("misses", False)):
        for example in one.rule.hits if expected else one.rule.misses:
            if one.rule.packages:
                selected = selects_package(one.rule, example)
            else:
                reason = path_fault(example)
                if reason:
                    one.notes.add(f"the example {example!r} {reason}", key, example)
                    continue
                selected = bool(examples.selecting(number, example))
            if selected != expected:
                what = "is not matched" if expected else "is matched, and must not be"
                reason = f"in `{key}`, {example!r} {what}: change the globs or the example"
                one.notes.add(reason, key, example)


def _check_protected(
    located: Sequence[Located], examples: Examples, entry: Protected, example: str
) -> None:
    for number, one in enumerate(located):
        if one.rule.category == "secret":
            continue
        if entry.packages:
            key, protect = "packages", "except_packages"
            reached = selects_package(one.rule, example)
        else:
            key, protect = "match", "except"
            globs = examples.selecting(number, example)
            reached = any(not (entry.by_name and glob.endswith("/**")) for glob in globs)
        if reached:
            reason = f"reaches {example!r}, which no rule may propose to delete ({entry.what})"
            one.notes.add(f"{reason}: protect it with `{protect}`", key)
