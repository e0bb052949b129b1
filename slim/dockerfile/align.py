"""Place the entries of an image's history on the lines of the Dockerfile it was built from.

Both are sequences in the same order: the steps of a stage (and of the stages below it), and the
history, in which the base image's entries come first. An entry is placed only if no other line could
be meant: a wrong line is worse than none.

1. If the last entries of the history are, one for one, all steps that a builder records, they are
   the steps. Builders differ in what they record, so a few such sets are tried, the largest first.
   This also tells own entries from equal ones of the base image. O(text).
2. Otherwise (the Dockerfile was edited since, entries are missing) take the largest sets of pairs
   (step, entry) that match and do not cross. A pair is placed if every such set holds it: in every
   one the k-th pair is one of those of rank k, so a rank with one pair decides and one with
   several does not. O(p log p) for p matching pairs, by patience sorting from both ends; p is held
   under MAX_PAIRS by dropping the entries with the most candidates. So two equal lines with one
   entry between them leave that entry without a place, and one edited line only its own.

One edit cannot be noticed: a line that was replaced with the text of another line.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence

from msgspec import Struct

from slim.dockerfile import history as recorded
from slim.dockerfile.chain import Step, chain
from slim.dockerfile.expect import argument_names, expected, written_shells
from slim.dockerfile.forms import Forms, declarations
from slim.dockerfile.history import Entry
from slim.dockerfile.parse import Dockerfile
from slim.dockerfile.syntax import fits

MAX_PAIRS = 200_000
MAX_COMPARED = 1 << 26
"""Characters of history that patterns are compared with, per keyword; a keyword that would need
more (patterns x characters of its entries) is left without places."""

MAX_MERGED = 1_000
"""Steps that an entry may match in several ways at once; one with more is left without a place."""

_WORDS_ONLY = frozenset({"ADD", "COPY"})
_SETTINGS = recorded.KEYWORDS - {"ADD", "COPY", "RUN"}
_UNRECORDED = (
    frozenset[str](),  # the classic builder and buildah record all
    frozenset({"ONBUILD"}),  # BuildKit
    _SETTINGS - {"WORKDIR"},  # kaniko, where WORKDIR made a directory
    _SETTINGS,  # kaniko
)
"""Instructions that builders leave out of the history, smallest set first."""


class Placement(Struct, frozen=True):
    """Where a history entry comes from. An ONBUILD trigger is placed on the ONBUILD."""

    line: int
    end_line: int
    instruction: str
    """The instruction as one line, keyword in upper case."""
    stage: int
    """Index of its stage."""


def place(
    dockerfile: Dockerfile, history: Sequence[str], *, target: str | None = None
) -> tuple[Placement | None, ...]:
    """One result per history entry, in order; None where the entry cannot be placed for certain.

    `history` holds every `created_by` of the image config, oldest first, those of empty layers
    included. `target` is the name or index of the stage that was built (default: the last one).
    Raises DockerfileError if there is no such stage.
    """
    built = chain(dockerfile, target)
    escape = dockerfile.escape
    arguments = argument_names(built.steps, escape)
    valued = frozenset(
        name for item in dockerfile.args for name, _ in declarations(item.value, escape)
    )
    shells = recorded.shells(history, written_shells(built.steps))
    shown = recorded.argument_values(history, shells, arguments)
    steps = expected(built, escape, shells, valued, shown)
    entries = recorded.entries(history, shells, arguments)
    pairs = _whole(built.steps, steps, entries) or _forced(steps, entries)
    places: list[Placement | None] = [None] * len(entries)
    for step, entry in pairs:
        item = built.steps[step].origin
        text = f"{item.keyword} {item.value}".rstrip()
        places[entry] = Placement(item.line, item.end_line, text, item.stage)
    return tuple(places)


def _whole(
    origins: Sequence[Step], steps: Sequence[Forms], entries: Sequence[Entry]
) -> list[tuple[int, int]]:
    """All steps that a builder records against the end of the history, or nothing."""
    for unrecorded in _UNRECORDED:
        kept = [at for at, step in enumerate(origins) if step.keyword not in unrecorded]
        first = len(entries) - len(kept)
        if kept and first >= 0:
            pairs = list(zip(kept, range(first, len(entries)), strict=True))
            if all(_matches(steps[step], entries[entry]) for step, entry in pairs):
                return pairs
    return []


def _forced(steps: Sequence[Forms], entries: Sequence[Entry]) -> list[tuple[int, int]]:
    """The pairs that every largest non-crossing set of matching pairs holds."""
    candidates = _candidates(steps, entries)
    size = sum(map(len, candidates))
    for entry in sorted(range(len(entries)), key=lambda at: -len(candidates[at])):
        if size <= MAX_PAIRS:
            break
        size -= len(candidates[entry])
        candidates[entry] = []
    by_step: dict[int, list[int]] = defaultdict(list)
    for entry, matching in enumerate(candidates):
        for step in matching:
            by_step[step].append(entry)
    pairs = [(step, entry) for step in sorted(by_step) for entry in reversed(by_step[step])]
    before = _ranks([entry for _, entry in pairs])
    after = _ranks([-entry for _, entry in reversed(pairs)])[::-1]
    largest = max(before, default=0)
    ranked: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for pair, rank, rest in zip(pairs, before, after, strict=True):
        if rank + rest - 1 == largest:
            ranked[rank].append(pair)
    return [held[0] for held in ranked.values() if len(held) == 1]


def _ranks(values: Sequence[int]) -> list[int]:
    """For each value the length of the longest increasing run of values that ends with it."""
    tails: list[int] = []
    ranks: list[int] = []
    for value in values:
        at = bisect_left(tails, value)
        if at == len(tails):
            tails.append(value)
        else:
            tails[at] = value
        ranks.append(at + 1)
    return ranks


def _candidates(steps: Sequence[Forms], entries: Sequence[Entry]) -> list[Sequence[int]]:
    """For each entry the steps that match it."""
    by_key: dict[str, list[int]] = defaultdict(list)
    gaps: dict[str, list[int]] = defaultdict(list)
    for at, step in enumerate(steps):
        for key in step.keys:
            by_key[key].append(at)
        if step.patterns:
            gaps[step.keyword].append(at)
    sizes: Counter[str] = Counter()
    for entry in entries:
        sizes[entry.keyword] += sum(map(len, entry.keys))
    work = {word: sizes[word] * sum(len(steps[at].patterns) for at in gaps[word]) for word in gaps}
    result: list[Sequence[int]] = []
    for entry in entries:
        lists = [by_key[key] for key in entry.keys if key in by_key]
        loose = gaps.get(entry.keyword, [])
        if not loose and len(lists) < 2:
            result.append(lists[0] if lists else [])
        elif work.get(entry.keyword, 0) > MAX_COMPARED or sum(map(len, lists)) > MAX_MERGED:
            result.append([])
        else:
            fitting = [at for at in loose if _fits(steps[at], entry)]
            result.append(sorted({at for each in (*lists, fitting) for at in each}))
    return result


def _matches(step: Forms, entry: Entry) -> bool:
    return not step.keys.isdisjoint(entry.keys) or _fits(step, entry)


def _fits(step: Forms, entry: Entry) -> bool:
    across = step.keyword not in _WORDS_ONLY
    return any(
        fits(pattern, key, across_spaces=across) for pattern in step.patterns for key in entry.keys
    )
