"""Text for terminals and logs: whatever strangers write is shown, and nothing of it is obeyed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import slim
from slim.cli.progress import print_error
from slim.errors import InputError
from slim.formats.columns import aligned
from slim.formats.model import RenderOptions
from slim.formats.terminal import clean, cut, shorten, visible
from tests.conftest import LONG
from tests.support.attacks import Attack
from tests.support.building import delete, file, image, layer, save, symlink
from tests.support.layouts import pack, simple
from tests.support.terminal import COMMANDS, HOSTILE, STARTS, assert_tame, columns

ATTACKS = tuple(
    Attack(
        id=f"T-{name}",
        given=f"{what} in names, tags, history and labels",
        outcome=f"shown as {shown}",
        proof="test_nothing_in_a_report_is_obeyed",
    )
    for name, what, shown in (
        ("esc", "terminal escape sequences (ESC [, OSC, DCS)", "`\\x1b[…`"),
        ("c1", "the same in one character (C1)", "`\\x9b…`"),
        ("controls", "carriage return, line feed, backspace, bell, NUL", "`\\x0d` and so on"),
        ("bidi", "marks that reverse the direction of text", "`\\u{202e}`"),
        ("zero-width", "characters without width or shape", "`\\u{200b}`"),
        ("lines", "Unicode's line and paragraph separators", "`\\u{2028}`"),
        ("surrogates", "bytes that are not UTF-8", "`\\u{dcff}` or U+FFFD"),
        ("github", "commands of GitHub's logs (`::`, `##[`)", "`:\\x3a`, `#\\x23[`"),
        ("azure", "commands of Azure's logs (`##vso[`)", "`#\\x23vso[`"),
        ("gitlab", "sections of GitLab's logs", "`section\\x5fstart`, without carriage return"),
        ("teamcity", "commands of TeamCity's and Octopus's logs", "`#\\x23teamcity[`"),
        ("travis", "folds of Travis's logs", "`travis\\x5ffold`"),
        ("buildkite", "headings of Buildkite's logs (`---`, `+++`)", "`\\x2d--` at a line's start"),
        ("long", "lines of a million characters", "their two ends, within the terminal's width"),
    )
)

PIECES = st.sampled_from(HOSTILE) | st.characters() | st.text(max_size=4)
TEXTS = st.lists(PIECES, min_size=1, max_size=4).map("".join)


@given(TEXTS, st.integers(1, 60))
def test_clean_text_is_one_tame_line(text: str, width: int) -> None:
    shown = clean(text, width)
    assert_tame(shown)
    assert "\n" not in shown
    assert columns(shown) <= max(width, 1)
    assert clean(shown, width) == shown


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30))
def test_plain_text_is_left_alone(text: str) -> None:
    if not any(command in text for command in (*COMMANDS, *STARTS)) and text == text.strip(":"):
        assert clean(text) == text


def test_a_colon_makes_no_command_with_one_of_ours() -> None:
    assert f":{clean(':error:')}:" == ":\\x3aerror\\x3a:"
    assert clean("a:b") == "a:b"
    assert clean(":") == "\\x3a"


@given(TEXTS)
def test_nothing_is_lost_but_what_is_written_out(text: str) -> None:
    """Two names that differ are shown differently: an invisible difference is made visible."""
    shown = clean(text + "\u200b", 1 << 20)
    assert shown != clean(text, 1 << 20)


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdefg", 6, "abc…fg"),
        ("abcdefg", 2, "…g"),
        ("abcdefg", 1, "…"),
        ("日本語", 6, "日本語"),
        ("日本語", 5, "日…語"),
        ("", 1, ""),
    ],
)
def test_long_text_is_cut_in_the_middle(text: str, width: int, shown: str) -> None:
    assert shorten(text, width) == shown


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> slim.Report:
    """A report that has something in each of its parts."""
    built = image(
        layer(
            {"etc/a": b"one" * 500, "etc/b": b"two"},
            file("var/lib/apt/lists/x_Packages", b"x" * 300_000),
            symlink("ln", "etc"),
            created_by="RUN apt-get update && make",
        ),
        layer(delete("etc/a"), {"etc/b": b"two", "c/A": b"1", "c/a": b"2"}, created_by="RUN rm"),
        config={"Env": ["A=b"], "Labels": {"a": "b"}, "Entrypoint": ["app"], "Cmd": ["x"]},
        annotations={"org.opencontainers.image.base.name": "debian:13"},
    )
    folder = tmp_path_factory.mktemp("report")
    dockerfile = folder / "Dockerfile"
    dockerfile.write_text("FROM scratch\nRUN apt-get update && make\nRUN rm\n")
    path = save(built, folder / "image.tar", "docker")
    return slim.analyze(path, dockerfile=dockerfile)


def strings(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where a report holds text: keys and indexes to each string."""
    if isinstance(value, str):
        yield at
    elif isinstance(value, dict):
        for key, below in value.items():
            yield from strings(below, (*at, key))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from strings(below, (*at, index))


def put(value: Any, at: tuple[Any, ...], text: str) -> None:
    for key in at[:-1]:
        value = value[key]
    value[at[-1]] = text


def everywhere(report: slim.Report, text: Callable[[int], str]) -> slim.Report:
    """The report with other text wherever its types allow any."""
    for number, at in enumerate(strings(msgspec.to_builtins(report))):
        fields = msgspec.to_builtins(report)
        put(fields, at, text(number))
        try:
            report = msgspec.convert(fields, slim.Report)
        except (msgspec.ValidationError, UnicodeEncodeError):
            continue  # one of a few words; half of a surrogate pair
    return report


def test_many_places_of_a_report_hold_text(report: slim.Report) -> None:
    changed = everywhere(report, lambda number: f"changed-{number}")
    text = slim.render(changed, "text")
    assert text.count("changed-") > 15


@settings(max_examples=25)
@given(st.lists(TEXTS, min_size=1, max_size=5))
@LONG
def test_nothing_in_a_report_is_obeyed(report: slim.Report, texts: list[str]) -> None:
    text = slim.render(everywhere(report, lambda number: texts[number % len(texts)]), "text")
    assert_tame(text)
    assert max(map(columns, text.split("\n"))) <= RenderOptions().width


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
@LONG
def test_nothing_in_an_image_is_obeyed(hostile: str, tmp_path: Path) -> None:
    """From the bytes of an archive to the terminal."""
    name = hostile.encode("utf-8", "surrogateescape").replace(b"\0", b"")[:8000]
    tag = hostile.encode("utf-8", "replace").decode()
    built = image(
        layer(file(b"d/" + name, b"12345"), created_by=tag),
        layer(file(b"d/" + name, b"1234"), created_by=tag),
        tags=(f"{tag}:1",),
        config={"Labels": {tag: tag}, "Env": [f"{tag}={tag}"], "User": tag},
    )
    text = slim.render(slim.analyze(save(built, tmp_path / "image.tar", "docker")), "text")
    assert_tame(text)
    assert max(map(columns, text.split("\n"))) <= RenderOptions().width


def test_an_image_of_nothing_is_told(tmp_path: Path) -> None:
    text = slim.render(slim.analyze(pack(tmp_path, simple())), "text")
    assert "0 B on disk" in text
    assert max(map(columns, text.split("\n"))) <= RenderOptions().width


@given(TEXTS, TEXTS | st.just(""))
def test_an_error_is_one_tame_line_and_a_hint(message: str, hint: str) -> None:
    with redirect_stderr(StringIO()) as err:
        print_error(InputError("some-slug", message, hint))
    text = err.getvalue()
    assert text.count("\n") == 1 + bool(hint)
    assert_tame(text)
    assert text.startswith("slim: error: ")


@given(
    st.text(st.characters(codec="utf-8") | st.sampled_from("a\x1b\u202e文"), max_size=400),
    st.integers(2, 40),
)
def test_looking_at_the_ends_alone_changes_nothing(text: str, width: int) -> None:
    assert cut(text, width) == shorten(visible(text), width)
    assert cut(text * 50, width) == shorten(visible(text * 50), width)


def test_columns_line_up_with_characters_of_two_columns() -> None:
    text = aligned([["レイヤー", "7"], ["layer", "12"]], ["", "MB"], "lr")
    assert text.splitlines() == ["            MB", "レイヤー     7", "layer       12"]
    ends = {columns(line) for line in text.splitlines()}
    assert len(ends) == 1, "all lines end in one column"
