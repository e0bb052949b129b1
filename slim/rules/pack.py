"""Reads packs of rules from TOML texts, and reports all faults in all files at once.

Each text is parsed alone; names, examples and protected paths are then checked across all packs.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence

from slim.rules.faults import Fault
from slim.rules.fields import Notes
from slim.rules.glob import compile_globs
from slim.rules.glob_syntax import GlobError
from slim.rules.parse import Located, Parsed, parse_pack
from slim.rules.protected import Protected
from slim.rules.rule import Pack, Rule
from slim.rules.variables import bind
from slim.rules.vocabulary import Vocabulary

MAX_PACKS = 256
"""Most files of one load."""

Source = tuple[str, str]
"""File name and TOML text."""

_SELECTION = frozenset({"match", "packages", "except", "except_packages", "hits", "misses"})
"""The keys that decide what a rule selects."""


def read_packs(
    sources: Iterable[Source],
    vocabulary: Vocabulary,
    *,
    snippets: Collection[str] = (),
    protected: Sequence[Protected] = (),
    check: bool = True,
) -> tuple[tuple[Pack, ...], tuple[Fault, ...]]:
    """The valid packs, in the order of the sources, and all faults, sorted by file and line.

    Args:
        sources: name and text of each file.
        vocabulary: the facts, queries and variables that rules may name.
        snippets: names that `fix.snippet` may have.
        protected: what no rule may reach.
        check: whether to check examples, `protected`, and names over all packs too.
    """
    given = list(sources)
    if len(given) > MAX_PACKS:
        return (), (Fault("", 0, "", f"{len(given)} rule files, the limit is {MAX_PACKS}"),)
    faults: list[Fault] = []
    parsed = [parse_pack(file, text, vocabulary, snippets, faults) for file, text in given]
    if check:
        check_packs(parsed, protected, vocabulary, faults)
    return tuple(file.pack for file in parsed if file.pack is not None), tuple(sorted(faults))


class Examples:
    """All paths of all rules, compiled once with the sample values of the variables."""

    def __init__(self, rules: Sequence[Rule], vocabulary: Vocabulary) -> None:
        patterns: list[str] = []
        self._written: list[str] = []
        # Of each rule: where its patterns begin, where its exceptions begin, and where they end.
        self._spans: list[tuple[int, int, int]] = []
        for rule in rules:
            bounds = [len(patterns)]
            for written in (rule.match, rule.except_paths):
                for pattern in written:
                    bound = bind(pattern, vocabulary.samples)
                    patterns += bound
                    self._written += [pattern] * len(bound)
                bounds.append(len(patterns))
            self._spans.append((bounds[0], bounds[1], bounds[2]))
        self._globs = compile_globs(patterns)

    def selecting(self, number: int, path: str) -> list[str]:
        """The globs by which rule `number` selects `path`; none if it does not, or excepts it."""
        found = self._globs.match(path.encode("utf-8", "surrogateescape"))
        begin, excepted, end = (bisect_left(found, bound) for bound in self._spans[number])
        return [self._written[index] for index in found[begin:excepted]] if excepted == end else []


def selects_package(rule: Rule, name: str) -> bool:
    """Whether `rule` selects the package `name`."""
    text = name.encode("utf-8", "surrogateescape")
    return any(glob.matches(text) for glob in rule.packages) and not any(
        glob.matches(text) for glob in rule.except_packages
    )


def check_packs(
    parsed: Sequence[Parsed],
    protected: Sequence[Protected],
    vocabulary: Vocabulary,
    faults: list[Fault],
) -> None:
    """Add the faults that only show once all packs are read."""
    _check_claims(parsed, faults)
    located = [rule for file in parsed for rule in file.rules]
    _check_names(located)
    try:
        examples = Examples([each.rule for each in located], vocabulary)
    except GlobError as error:  # each is valid: all together are too large
        faults.append(Fault("", 0, "", str(error)))
        return
    for number, each in enumerate(located):
        # A fault in the selection leaves no examples to test yet.
        if (each.rule.match or each.rule.packages) and not each.notes.keys & _SELECTION:
            _check_examples(number, each, examples)
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
    for file in parsed:
        for name in file.claims:
            if name in owner:
                faults.append(Fault(file.file, 0, "", f"the {name} is taken by {owner[name]}"))
            owner[name] = file.file


def _check_names(located: Sequence[Located]) -> None:
    seen: dict[str, Notes] = {}
    for each in located:
        for key, name in (("id", each.rule.id), ("slug", each.rule.slug)):
            first = seen.setdefault(name, each.notes)
            if name and first is not each.notes:
                place = f"{first.file}:{first.line(key)}"
                each.notes.add(f"the {key} `{name}` is taken: see {place}", key)


def _check_examples(number: int, located: Located, examples: Examples) -> None:
    for key, expected in (("hits", True), ("misses", False)):
        for example in located.rule.hits if expected else located.rule.misses:
            if located.rule.packages:
                selected = selects_package(located.rule, example)
            else:
                reason = path_fault(example)
                if reason:
                    located.notes.add(f"the example {example!r} {reason}", key, example)
                    continue
                selected = bool(examples.selecting(number, example))
            if selected != expected:
                what = "is not matched" if expected else "is matched, and must not be"
                reason = f"in `{key}`, {example!r} {what}: change the globs or the example"
                located.notes.add(reason, key, example)


def _check_protected(
    located: Sequence[Located], examples: Examples, entry: Protected, example: str
) -> None:
    for number, each in enumerate(located):
        if each.rule.category == "secret":
            continue
        if entry.packages:
            key, protect = "packages", "except_packages"
            reached = selects_package(each.rule, example)
        else:
            key, protect = "match", "except"
            globs = examples.selecting(number, example)
            reached = any(not (entry.by_name and glob.endswith("/**")) for glob in globs)
        if reached:
            reason = f"reaches {example!r}, which no rule may propose to delete ({entry.what})"
            each.notes.add(f"{reason}: protect it with `{protect}`", key)
