"""Erlang terms, OTP applications and releases."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slim.ecosystems.elixir.otp import read_otp, read_releases
from slim.ecosystems.elixir.terms import Atom, Compound, TermError, parse_term
from slim.packages.package import PackageWarnings
from tests.conftest import LONG
from tests.support.installed_otp import APP, REL


def test_an_application() -> None:
    (app,) = read_otp({b"srv/demo/lib/phoenix-1.8.0/ebin/phoenix.app": APP}).packages
    assert (app.name, app.version) == ("phoenix", "1.8.0")
    assert app.directories == (b"srv/demo/lib/phoenix-1.8.0",)
    assert app.provides == ("srv/demo/lib:phoenix",)
    names = [dependency.names[0].removeprefix("srv/demo/lib:") for dependency in app.depends]
    assert names == ["kernel", "stdlib", "telemetry", "inner"]
    assert [dependency.names for dependency in app.suggests] == [("srv/demo/lib:plug_cowboy",)]


@pytest.mark.parametrize(
    ("path", "directory"),
    [
        (b"_build/prod/lib/phoenix/ebin/phoenix.app", b"_build/prod/lib/phoenix"),
        (b"app/ebin/phoenix.app", b"app/ebin"),
        (b"phoenixes/ebin/phoenix.app", b"phoenixes/ebin"),
    ],
)
def test_only_a_directory_of_its_name_is_all_its_own(path: bytes, directory: bytes) -> None:
    assert read_otp({path: APP}).packages[0].directories == (directory,)


def test_a_release() -> None:
    contents = {
        b"app/releases/0.1.0/demo.rel": REL,
        b"app/releases/demo.rel": REL,
        b"app/lib/x/priv/other.rel": b"text",
    }
    warnings = PackageWarnings()
    (release,) = read_releases(contents, warnings)
    assert (release.name, release.version, release.erts) == ("demo", "0.1.0", "15.2.7")
    assert release.root == b"app"
    assert release.applications == (
        ("kernel", "10.2.7"),
        ("stdlib", "6.2.2"),
        ("demo", "0.1.0"),
        ("sasl", "4.2.2"),
    )
    assert warnings.all() == ()


def test_what_is_no_application_is_noted() -> None:
    sources = (b"", b"{application, x}.", b"{a, b, c}", b"{application, x, [}", b"\xff\xfe")
    contents = {b"lib/a%d/ebin/a.app" % number: data for number, data in enumerate(sources)}
    read = read_otp(contents)
    assert read.packages == ()
    assert len(read.warnings) == len(sources)
    warnings = PackageWarnings()
    assert (
        read_releases(
            {b"r/releases/1/a.rel": b"{release, x}.", b"r/releases/1/b.rel": b"{"}, warnings
        )
        == ()
    )
    assert len(warnings.all()) == 2


def test_terms() -> None:
    assert parse_term("a.") == Atom("a")
    assert parse_term('"a" % comment\n.') == "a"
    assert parse_term("{1, -2, 3.5, 16#ff, 1_000}") == Compound("{", (1, -2, 0, 0, 1000))
    assert parse_term('[<<"b">>, $a, $\\n, #{k => v}]') == Compound(
        "[", (Compound("<<", ("b",)), ord("a"), ord("n"), Compound("#{", (Atom("k"), Atom("v"))))
    )
    assert parse_term("'it\\'s'") == Atom("it's")
    assert parse_term("[1|T].") == Compound("[", (1,))


@pytest.mark.parametrize(
    "source",
    [
        "",
        ".",
        "%",
        "{",
        "}",
        "[}",
        '"open',
        "'open\\",
        "{a",
        "\x00",
        "<<1",
        "[" * 1000 + "]" * 1000,
    ],
)
def test_what_is_no_term_says_so(source: str) -> None:
    with pytest.raises(TermError):
        parse_term(source)


@given(st.text(alphabet="{}[]<>#=,.'\"\\$%a1A \n", max_size=60))
def test_any_text_is_a_term_or_says_why_not(source: str) -> None:
    try:
        found = str(parse_term(source))
    except TermError as error:
        found = str(error)
    assert found or '""' in source or "''" in source


@LONG
def test_long_terms_take_time_in_proportion() -> None:
    assert len(parse_term("[" + "a," * 200_000 + "a]").items) == 200_001  # type: ignore[union-attr]
    for hostile in ("1." * 100_000, "'" + "\\a" * 200_000, "%" * 300_000, "1" * 300_000):
        try:
            parse_term("[" + hostile)
        except TermError:
            continue
        pytest.fail("an open list is no term")
