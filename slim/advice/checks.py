"""What is checked once all packs are read: names, examples, and things never to delete. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from slim.advice.faults import Fault
from slim.advice.glob import GlobSet, compile_globs
from slim.advice.glob_syntax import GlobError
from slim.advice.never import Protected
from slim.advice.parse import Located, Parsed
from slim.advice.rule import Rule
from slim.advice.variables import SAMPLES, bind


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


def check_packs(parsed: Sequence[Parsed], never: Sequence[Protected]) -> list[Fault]:
    """The faults that only show once all packs are there."""
    located = [one for file in parsed for one in file.rules]
    faults = _check_headers(parsed) + _check_names(located)
    try:
        examples = Examples([one.rule for one in located])
    except GlobError as error:
        return [*faults, Fault("", 0, "", str(error))]
    faults += _check_examples(located, examples)
    faults += _check_never(located, examples, never)
    return faults


def _check_headers(parsed: Sequence[Parsed]) -> list[Fault]:
    faults: list[Fault] = []
    owner: dict[str, str] = {}
    for one in parsed:
        if one.pack is None:
            continue
        for claim in (f"name {one.pack.name}", *(f"prefix {p}" for p in one.pack.prefix)):
            if claim in owner:
                faults.append(Fault(one.file, 0, "", f"the {claim} is taken by {owner[claim]}"))
            owner[claim] = one.file
    return faults


def _check_names(located: Sequence[Located]) -> list[Fault]:
    faults: list[Fault] = []
    seen: dict[str, Located] = {}
    for one in located:
        for key, name in (("id", one.rule.id), ("slug", one.rule.slug)):
            first = seen.setdefault(name, one)
            if first is not one:
                place = f"{first.file}:{first.positions.line(first.table, key)}"
                faults.append(one.fault(f"the {key} `{name}` is taken: see {place}", key))
    return faults


def _check_examples(located: Sequence[Located], examples: Examples) -> list[Fault]:
    faults: list[Fault] = []
    for number, one in enumerate(located):
        for key, expected in (("hits", True), ("misses", False)):
            for example in getattr(one.rule, key):
                if one.rule.packages:
                    selected = selects_package(one.rule, example)
                else:
                    reason = path_fault(example)
                    if reason:
                        faults.append(one.fault(f"the example {example!r} {reason}", key, example))
                        continue
                    selected = number in examples.selecting(example)
                if selected != expected:
                    what = "is not matched" if expected else "is matched, and must not be"
                    reason = f"in `{key}`, {example!r} {what}: change the globs or the example"
                    faults.append(one.fault(reason, key, example))
    return faults


def path_fault(path: str) -> str:
    """What keeps `path` from being the path of a file in an image; empty when nothing does."""
    if path.startswith("/"):
        return "has a leading slash"
    if {"", ".", ".."} & set(path.split("/")):
        return "has an empty component, `.` or `..`: give the path of a file"
    return ""


def _check_never(
    located: Sequence[Located], examples: Examples, never: Sequence[Protected]
) -> list[Fault]:
    faults: list[Fault] = []
    for entry in never:
        for example in entry.examples:
            selecting = {} if entry.packages else examples.selecting(example)
            for number, one in enumerate(located):
                if one.rule.category == "secret":
                    continue
                if entry.packages:
                    key, reached = "packages", selects_package(one.rule, example)
                else:
                    globs = selecting.get(number, [])
                    key = "match"
                    reached = any(not (entry.by_name and glob.endswith("/**")) for glob in globs)
                if reached:
                    except_key = "except_packages" if entry.packages else "except"
                    reason = f"reaches {example!r}, on the list of things never to delete"
                    what = f"({entry.what}): protect it with `{except_key}`"
                    faults.append(one.fault(f"{reason} {what}", key))
    return faults
