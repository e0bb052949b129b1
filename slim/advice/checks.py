"""What is checked once all packs are read: names, examples, and things never to delete. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from slim.advice.faults import Fault
from slim.advice.fields import Notes
from slim.advice.glob import GlobSet, compile_globs
from slim.advice.glob_syntax import GlobError
from slim.advice.never import Protected
from slim.advice.parse import Located, Parsed
from slim.advice.rule import Rule
from slim.advice.variables import SAMPLES, bind

_SELECTION = frozenset({"match", "packages", "except", "except_packages", "hits", "misses"})
"""The keys that decide what a rule selects."""


class Examples:
    """All paths of all rules, compiled once with the sample values of the variables."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        patterns: list[str] = []
        self._owner: list[tuple[int, bool, str]] = []
        for number, rule in enumerate(rules):
            for is_except, written in ((False, rule.match), (True, rule.except_paths)):
                for pattern in written:
                    for bound in bind(pattern, SAMPLES):
                        patterns.append(bound)
                        self._owner.append((number, is_except, pattern))
        self._globs: GlobSet = compile_globs(patterns)

    def selecting(self, path: str) -> dict[int, list[str]]:
        """The numbers of the rules that claim `path`, each with the globs that select it."""
        selected: dict[int, list[str]] = {}
        excepted: set[int] = set()
        for index in self._globs.match(path.encode("utf-8", "surrogateescape")):
            number, is_except, pattern = self._owner[index]
            if is_except:
                excepted.add(number)
            else:
                selected.setdefault(number, []).append(pattern)
        return {number: globs for number, globs in selected.items() if number not in excepted}


def selects_package(rule: Rule, name: str) -> bool:
    """Whether `rule` claims the package `name`."""
    text = name.encode("utf-8", "surrogateescape")
    return any(glob.matches(text) for glob in rule.packages) and not any(
        glob.matches(text) for glob in rule.except_packages
    )


def check_packs(parsed: Sequence[Parsed], never: Sequence[Protected], faults: list[Fault]) -> None:
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
    for entry in never:
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
                selected = number in examples.selecting(example)
            if selected != expected:
                what = "is not matched" if expected else "is matched, and must not be"
                reason = f"in `{key}`, {example!r} {what}: change the globs or the example"
                one.notes.add(reason, key, example)


def _check_protected(
    located: Sequence[Located], examples: Examples, entry: Protected, example: str
) -> None:
    selecting = {} if entry.packages else examples.selecting(example)
    for number, one in enumerate(located):
        if one.rule.category == "secret":
            continue
        if entry.packages:
            key, protect = "packages", "except_packages"
            reached = selects_package(one.rule, example)
        else:
            key, protect = "match", "except"
            globs = selecting.get(number, [])
            reached = any(not (entry.by_name and glob.endswith("/**")) for glob in globs)
        if reached:
            reason = f"reaches {example!r}, which no rule may propose to delete ({entry.what})"
            one.notes.add(f"{reason}: protect it with `{protect}`", key)
