"""The view on the final filesystem: links stay inside the image, and end."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from slim.files import view as paths
from slim.files.blob import scan_blob
from slim.files.overlay import resolve
from slim.files.view import View, decoded, encoded, view_of
from tests.support.building import MemoryBlob, delete, hardlink, layer, opaque
from tests.support.views import C, view

TREE = """
    usr/bin/{a,b} usr/lib/x bin->usr/bin etc/b->/usr/bin/b up->../../../usr abs->/bin/a
    loop->loop one->two two->one nowhere->gone dots->usr/./bin/../lib/x usr/bin/rel->b
    here->. file/slash->../usr/bin/a/ deep/d1/d2/f top->/
"""


@pytest.mark.parametrize(
    ("path", "real"),
    [
        ("usr/bin/a", "usr/bin/a"),
        ("/usr/bin/a", "usr/bin/a"),
        ("usr//bin/./a", "usr/bin/a"),
        ("bin/a", "usr/bin/a"),
        ("etc/b", "usr/bin/b"),
        ("usr/bin/rel", "usr/bin/b"),
        ("abs", "usr/bin/a"),
        ("up", "usr"),
        ("up/bin/a", "usr/bin/a"),
        ("../../usr/lib/x", "usr/lib/x"),
        ("deep/d1/../d1/d2/f", "deep/d1/d2/f"),
        ("bin/..", "usr"),
        ("dots", "usr/lib/x"),
        ("here/here/here/usr", "usr"),
        ("top", ""),
        ("", ""),
        ("/", ""),
        ("..", ""),
        ("loop", None),
        ("one", None),
        ("nowhere", None),
        ("usr/bin/a/", None),
        ("usr/bin/a/..", None),
        ("file/slash", None),
        ("missing/../usr", None),
    ],
)
def test_a_path_leads_where_the_kernel_would_go(path: str, real: str | None) -> None:
    seen = view(TREE)
    assert seen.real(path.encode()) == (None if real is None else real.encode())
    assert seen.exists(path.encode()) == (real is not None)


def test_kinds_children_and_contents() -> None:
    seen = view(TREE, {"etc/passwd": "root:x\n"}, {"usr/bin/c": C})
    assert seen.is_dir(b"bin")
    assert not seen.is_file(b"bin")
    assert seen.is_file(b"bin/a")
    assert seen.children(b"bin") == [b"a", b"b", b"c", b"rel"]
    assert list(seen.names_in(b"bin/a")) == seen.children(b"missing") == []
    assert seen.read(b"etc/../etc/passwd") == b"root:x\n"
    assert seen.read(b"usr/bin/a") is None
    assert seen.read(b"usr") is None
    assert seen.elf(b"bin/c") is C
    assert seen.elf(b"bin/a") is None
    assert seen.size(b"etc/passwd") == 7


def test_only_names_that_are_left_exist_and_hard_links_have_the_content() -> None:
    layers = [
        layer("a=one b/c=two b/d=three keep/x=four"),
        layer((delete("a"), opaque("b"))),
        layer((hardlink("y", "keep/x"),)),
    ]
    files = resolve([scan_blob(MemoryBlob(layer.blob)) for layer in layers])
    row = next(row for row in range(len(files)) if files.path(row) == b"keep/x")
    seen = view_of(replace(files, texts={row: b"four"}))
    assert not seen.exists(b"a")
    assert not seen.exists(b"b/c")
    assert seen.is_dir(b"b")
    assert seen.children(b"") == [b"b", b"keep", b"y"]
    linked = layer((hardlink("y", "x"),))
    both = resolve([scan_blob(MemoryBlob(built.blob)) for built in (layer("x=four"), linked)])
    whole = view_of(replace(both, texts={0: b"four"}))
    assert whole.read(b"x") == b"four"
    assert whole.read(b"y") in (b"four", None)


def test_names_and_endings_are_found_everywhere() -> None:
    seen = view("a/mix.exs b/mix.exs->../a/mix.exs c/mix.exs/ d/x.csproj e/y.csproj.user mix.exs")
    assert seen.find([b"mix.exs", b"no"], (b".csproj",)) == {
        b"mix.exs": (b"a/mix.exs", b"b/mix.exs", b"c/mix.exs", b"mix.exs"),
        b"no": (),
        b".csproj": (b"d/x.csproj",),
    }


def test_what_is_found_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "MAX_FOUND", 3)
    assert len(view(" ".join(f"d{n}/x" for n in range(9))).find([b"x"])[b"x"]) == 3


@pytest.mark.parametrize(
    "tree",
    [
        " ".join(f"l{n}->l{n + 1}" for n in range(400)) + " l400",
        " ".join(f"l{n}->" + f"l{n + 1}/../" * 40 + f"l{n + 1}" for n in range(60)) + " l60/",
        "a->" + "./" * 3000 + "b b",
        "a->" + "a/" * 500,
    ],
    ids=["long chain", "fan", "long target", "self"],
)
def test_a_walk_ends_soon(tree: str) -> None:
    seen = view(tree)
    steps = 0

    def count(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal steps
        steps += event == "line"
        return count

    sys.settrace(count)
    try:
        seen.real(b"l0")
        seen.real(b"a")
    finally:
        sys.settrace(None)
    assert steps < 100_000


def test_as_many_links_as_the_kernel_s_limit_for_paths_are_followed() -> None:
    chain = " ".join(f"l{n}->l{n + 1}" for n in range(255)) + " l255"
    assert view(chain).real(b"l0") == b"l255"
    assert view(chain + " more->l0").real(b"more") is None


NAMES = st.sampled_from(["a", "b", "c", "..", ".", ""])
PATHS = st.lists(NAMES, max_size=6).map("/".join)


@given(st.dictionaries(st.sampled_from("abc"), PATHS, max_size=3), PATHS)
def test_any_links_and_paths_lead_to_something_real_or_nowhere(
    links: dict[str, str], path: str
) -> None:
    tree = " ".join(f"{name}->{target or '.'}" for name, target in links.items())
    seen: View = view(tree + " d/a d/b/c")
    real = seen.real(path.encode())
    assert real is None or seen.real(real) == real


@given(st.text(), st.binary())
def test_texts_and_paths_are_translated_without_errors(text: str, path: bytes) -> None:
    assert isinstance(encoded(text), bytes)
    assert encoded(decoded(path)) == path
