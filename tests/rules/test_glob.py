"""The automaton over all patterns: against a slow and obvious matcher, and within its bounds."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from slim.errors import LimitError
from slim.files.distinct_names import distinct
from slim.rules import glob
from slim.rules.component import Component
from slim.rules.glob import GlobSet, Paths, compile_globs
from slim.rules.glob_syntax import GlobError, escape, matching, parse_glob, parse_text_glob
from tests.support.glob_oracle import NAMES, PATTERNS, is_valid, oracle


def matches(pattern: str, path: str | bytes) -> bool:
    raw = path if isinstance(path, bytes) else path.encode()
    return compile_globs([pattern]).match(raw) == (0,)


# The oracle: braces multiplied out as text, then plain recursion with backtracking.


PATHS = st.lists(NAMES, min_size=1, max_size=5).map("/".join)


@given(st.lists(PATTERNS.filter(is_valid), min_size=1, max_size=8), st.lists(PATHS, max_size=8))
@example(["a/**", "**/a", "a/**/b", "**", "**/**"], ["a", "a/b", "b/a", "a/c/b", "a/a/b/b"])
@example(["*a", "a*a", "*a*"], ["a", "aa", "aba", "b"])
def test_the_automaton_agrees_with_plain_recursion(patterns: list[str], paths: list[str]) -> None:
    globs = compile_globs(patterns)
    split = [path.encode().split(b"/") for path in paths]
    among = Paths({name for *above, _ in split for name in above}, {names[-1] for names in split})
    fitting = compile_globs(patterns, among)
    for path in paths:
        expected = tuple(n for n, pattern in enumerate(patterns) if oracle(pattern, path))
        assert globs.match(path.encode()) == expected
        assert globs.match(path.encode()) == expected  # from memory now
        assert fitting.match(path.encode()) == expected


@given(
    st.lists(PATTERNS.filter(is_valid), min_size=1, max_size=8),
    st.integers(1, 8),
    st.lists(PATHS, min_size=1, max_size=8),
)
@example(["**/x*.so*", "a/*", "a/[ab]*", "*"], 3, ["a/x.so.1", "a/b", "c/d", "x"])
def test_names_of_one_kind_have_the_same_answers(
    patterns: list[str], count: int, paths: list[str]
) -> None:
    globs, again = compile_globs(patterns), compile_globs(patterns)
    split = [path.encode().split(b"/") for path in paths]
    names = distinct(*split)
    inner = globs.kinds_of_directories(names)
    entered: dict[object, int] = {}
    states = []
    for *directories, _ in split:
        state = globs.root()
        for name in directories:
            key = state, inner.get(name, ())
            state = entered.setdefault(key, globs.enter(state, name))
        states.append(state)
    kinds, requested = globs.kinds_of_files(names), globs.ending(names, count)
    accepted: dict[object, tuple[int, ...]] = {}
    for path, (*_, name), state in zip(paths, split, states, strict=True):
        key = state, kinds.get(name, ())
        matched = accepted.setdefault(key, globs.accept(state, name))
        assert matched == again.match(path.encode())
        assert (
            min(matched, default=count) >= count or name in requested or globs.is_open(state, count)
        )


def test_names_at_which_nothing_ends_are_told_together(monkeypatch: pytest.MonkeyPatch) -> None:
    globs = compile_globs(["usr/**/{README,*.md,core.*,*.so*}", "srv/**/*.py", "**/*.c"])
    globs.enter(globs.root(), b"usr")
    some = [b"README", b"a.md", b"core.1", b"x.so.2"]
    names = distinct(some, [b"%d.py" % n for n in range(1000)])
    calls: list[bytes] = []
    original = Component.matches

    def counting(self: Component, name: bytes) -> bool:
        calls.append(name)
        return original(self, name)

    monkeypatch.setattr(Component, "matches", counting)
    assert globs.kinds_of_files(names).keys() == set(some)
    assert len(calls) == 3
    assert globs.ending(names, 1) == set(some)
    assert globs.ending(names, 0) == set()


@pytest.mark.parametrize(
    ("pattern", "hits", "misses"),
    [
        ("a/**", ["a/b", "a/b/c", "a/.b"], ["a", "b/a/c", "ab/c"]),
        ("**/a", ["a", "b/a", "b/c/a"], ["a/b", "ba"]),
        ("a/**/b", ["a/b", "a/c/b", "a/c/d/b"], ["b", "a/bc", "c/a/b"]),
        ("**/a/**", ["a/b", "x/a/b/c"], ["a", "x/a"]),
        ("**", ["a", "a/b"], []),
        ("**/**/**", ["a", "a/b"], []),
        ("*", ["a", ".a", "a b"], ["a/b"]),
        ("*/b", ["a/b"], ["b", "a/a/b"]),
        ("var/lib/dpkg/*-old", ["var/lib/dpkg/status-old"], ["var/lib/dpkg/status"]),
        ("{bin,lib/{x,y}}/**", ["bin/a", "lib/x/a", "lib/y/a/b"], ["lib/z/a", "x/a", "lib/x"]),
        ("usr/{,local/}lib/*.a", ["usr/lib/c.a", "usr/local/lib/c.a"], ["usr/locallib/c.a"]),
        ("a.so{,.*}", ["a.so", "a.so.1", "a.so."], ["a.so1", "a.s"]),
        ("A", ["A"], ["a"]),
        ("erts-?.[0-9]/x", ["erts-9.1/x", "erts-a.0/x"], ["erts-10.1/x", "erts-9.a/x"]),
        ("[!.]*", ["a"], [".a"]),
        ("[a-]", ["a", "-"], ["b"]),
        ("[!]", ["!"], ["a"]),
        ("a,b", ["a,b"], ["a", "b"]),
        ("]", ["]"], ["["]),
        ("[[]x]", ["[x]"], ["x"]),
        ("[*][?][{][}]", ["*?{}"], ["ab{}"]),
        ("é?", ["éa"], ["éé"]),  # `?` is one byte, é is two
    ],
)
def test_pattern(pattern: str, hits: list[str], misses: list[str]) -> None:
    assert [path for path in hits if not matches(pattern, path)] == []
    assert [path for path in misses if matches(pattern, path)] == []


def test_names_that_are_not_utf8() -> None:
    assert matches("**/*.log", b"\xff\xfe/\x80.log")
    assert matches(b"\xff/a".decode("utf-8", "surrogateescape"), b"\xff/a")
    assert not matches("?", "é".encode())


@pytest.mark.parametrize(
    ("pattern", "offset", "reason"),
    [
        ("", 0, "empty"),
        ("/etc", 0, "no leading slash"),
        ("a//b", 1, "empty"),
        ("a/", 1, "end with `/**`"),
        ("a/{,b}/c", 1, "empty"),
        ("a/../b", 2, "no `..`"),
        ("a/.{.,b}/c", 2, "no `..`"),
        ("[.]", 0, "no `..`"),
        ("a/**b", 2, "whole component"),
        ("a/***", 2, "whole component"),
        ("a{b", 1, "`{` without `}`"),
        ("ab}", 2, "`}` without `{`"),
        ("{hoem}/x", 0, "not a known variable"),
        ("a[b", 1, "no `]`"),
        ("a[]b", 1, "empty"),
        ("a[z-a]", 1, "backwards"),
        ("a[^b]", 1, "write `[!…]`"),
        ("a[b/c]", 1, "ASCII characters"),
        ("a[é]", 1, "ASCII characters"),
        ("a\0", 1, "NUL"),
        ("a\ud800", 1, "surrogate"),
        ("a/" + "b" * 256, 2, "longer than 255"),
        ("a" * 4097, 0, "limit of 4096"),
        ("é" * 2049, 0, "limit of 4096"),
        ("{a,b}" * 7, 30, "more than 64"),
        ("{" + "," * 64 + "}", 0, "more than 64"),
        ("{a," * 9 + "}" * 9, 24, "deeper than 8"),
    ],
)
def test_invalid_pattern(pattern: str, offset: int, reason: str) -> None:
    with pytest.raises(GlobError) as caught:
        parse_glob(pattern)
    assert (caught.value.offset, reason in caught.value.reason) == (offset, True), caught.value


@given(st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=60))
def test_an_escaped_text_matches_only_itself(name: str) -> None:
    if name in (".", "..") or len(name.encode()) > 255:
        return
    assert parse_glob(escape(name)) == ((name.encode(),),)
    assert parse_glob(f"{{{escape(name)},z}}")[0] == (name.encode(),)


@given(st.lists(PATTERNS.filter(is_valid), max_size=4), st.lists(PATHS, max_size=8))
@example(["a*", "*b", "[ab]*", "c"], ["a", "b", "c", "cb", "d"])
def test_many_texts_are_matched_as_one_is(patterns: list[str], texts: list[str]) -> None:
    globs = [parse_text_glob(pattern) for pattern in patterns if "**" not in pattern]
    names = [text.encode() for text in texts]
    assert matching(globs, names) == {
        name for name in names if any(glob.matches(name) for glob in globs)
    }


def test_text_globs_pass_slashes() -> None:
    curl = parse_text_glob("*apt-get*install*{curl,wget}*")
    assert curl.matches(b"/bin/sh -c apt-get install -y /tmp/x curl && rm")
    assert not curl.matches(b"/bin/sh -c apt-get install -y git")
    assert parse_text_glob("lib*-dev").matches(b"libssl-dev")
    assert not parse_text_glob("lib*-dev").matches(b"libssl-dev-x")
    assert parse_text_glob("{npm,usr/bin/**}").matches(b"usr/bin/x/npm")


def lines_run(call: Callable[[], object]) -> int:
    """The lines of the matcher that `call` executes: time, counted instead of measured."""
    count = 0

    def tracer(frame: FrameType, event: str, _: object) -> object:
        nonlocal count
        if "/slim/rules/" not in frame.f_code.co_filename:
            return None
        count += event == "line"
        return tracer

    before = sys.gettrace()
    sys.settrace(tracer)  # type: ignore[arg-type]
    try:
        call()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize(
    ("stars", "end"),
    [("*a" * 40 + "*b", b"b"), ("*a?" * 40 + "b", b"b"), ("*[ab]" * 60 + "[c]", b"c")],
)
def test_a_component_costs_a_fixed_number_of_steps_per_byte(stars: str, end: bytes) -> None:
    assert matches(stars, b"a" * 200 + end)  # it is parsed only once
    costs = [
        lines_run(lambda size=size: matches(stars, b"a" * size + end))  # type: ignore[misc]
        for size in (1000, 2000, 4000)
    ]
    assert 2 * 1000 <= costs[1] - costs[0] <= 12 * 1000
    assert costs[2] - costs[1] == 2 * (costs[1] - costs[0])


def test_stars_at_every_depth_make_one_state() -> None:
    globs = compile_globs(["**/**/**/*a*a*a*b", "**/**/*a/**/*a/**/*a*b"])
    state, states = globs.root(), set()
    for depth in range(500):
        state = globs.enter(state, b"a" * (depth % 50 + 1))
        states.add(state)
    assert len(states) == 2
    assert globs.accept(state, b"aaab") == (0, 1)
    assert globs.accept(state, b"aaa") == ()


def test_a_deep_path_costs_a_fixed_number_of_steps_per_component() -> None:
    patterns = ["**/a/**/a/**/a/**/b", "**/*a/**/*a/**/*a/**/*b"]
    compile_globs(patterns)  # they are parsed only once
    costs = [
        lines_run(lambda depth=depth: compile_globs(patterns).match(b"a/" * depth + b"c"))  # type: ignore[misc]
        for depth in (200, 400, 800)
    ]
    assert costs[2] - costs[1] == 2 * (costs[1] - costs[0])


def test_five_hundred_patterns_cost_an_ordinary_file_no_component_match(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    globs = compile_globs(
        [f"opt/tool{n}/**" for n in range(200)]
        + [f"**/cache{n}/**" for n in range(150)]
        + [f"**/*.ex{n}" for n in range(100)]
        + [f"**/LOG{n}*" for n in range(50)]
    )
    calls = 0
    original = Component.matches

    def counting(self: Component, name: bytes) -> bool:
        nonlocal calls
        calls += 1
        return original(self, name)

    monkeypatch.setattr(Component, "matches", counting)
    assert globs.match(b"usr/lib/python3/dist-packages/six.py") == ()
    assert calls == 0
    assert globs.match(b"usr/lib/x.ex42") == (392,)
    assert 1 <= calls <= 12
    seen = calls
    assert globs.match(b"usr/lib/x.ex42") == (392,)
    assert calls == seen


def test_memory_for_answers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glob, "MAX_ANSWERS", 10)
    globs = compile_globs(["**/*.a"])
    for n in range(100):
        assert globs.match(f"d{n}/x{n}.a".encode()) == (0,)
        assert remembered(globs) <= 10


def remembered(globs: GlobSet) -> int:
    return sum(len(state.entered) + len(state.accepted) for state in globs._states)


def test_too_many_states_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glob, "MAX_STATE_CELLS", 50)
    globs = compile_globs([f"**/{name}/**/x" for name in "abcdef"])
    subsets = ["".join(f"{c}/" for i, c in enumerate("abcdef") if n >> i & 1) for n in range(64)]
    with pytest.raises(LimitError) as caught:
        _ = [globs.match(path.encode()) for path in subsets]
    assert caught.value.slug == "glob-states"


def test_too_many_nodes_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glob, "MAX_NODES", 10)
    with pytest.raises(GlobError, match="more than 10 components"):
        compile_globs(["a/b/c/d/e", "f/g/h/i/j/k"])
