"""Shell text is read for the commands in it, and hostile text is read in linear time."""

from __future__ import annotations

import doctest
import time
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slim.ecosystems import KNOWLEDGE
from slim.entrypoint import expansion, shell, tables, wrappers
from slim.entrypoint.shell import MAX_COMMANDS, MAX_READ, Simple, read_shell
from slim.entrypoint.wrappers import unwrap
from slim.facts import variables


def commands(text: str, *arguments: str, known: bool = True, **env: str) -> list[str]:
    found = read_shell(text, variables=env, arguments=arguments, zero="/app/run.sh", known=known)
    return ["|".join(command.words) for command in found if not (command.inner or command.calls)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b c", ["a|b|c"]),
        ("a;b&&c||d|e&f\ng", ["a", "b", "c", "d", "e", "f", "g"]),
        ("""a 'b c' "d e" f\\ g h'i'"j" """, ["a|b c|d e|f g|hij"]),
        ("a \"\" ''", ["a||"]),
        ("a \\\n  b # c; d\ne", ["a|b", "e"]),
        ("a#b #c", ["a#b"]),
        ("a >out 2>&1 <in 3>>x b", ["a|b"]),
        ("a &>/dev/null b", ["a|b"]),
        ("2 >x", ["2"]),
        ("a 2>x 'b>c'", ["a|b>c"]),
        ("cat <<EOF; b\nexec no\nEOF\nc", ["cat", "b", "c"]),
        ("cat <<-'E F'\n no\n E F\nc", ["cat", "c"]),
        ("cat <<< word b", ["cat|b"]),
        ("cat <<EOF\nnever ends", ["cat"]),
        ("if a; then b; elif c; then d; else e; fi", ["a", "b", "c", "d", "e"]),
        ("while ! a; do b; done; { c; }; (d; e)", ["a", "b", "c", "d", "e"]),
        ("for x in 1 2; do a $x; done", ["a|$x"]),
        ("case $1 in\n a|b) c d ;;\n (e) f;;\n *) g\nesac\nh", ["c|d", "f", "g", "h"]),
        ("case x in a) case y in b) c;; esac;; d) e;; esac; f", ["c", "e", "f"]),
        ("echo if then", ["echo|if|then"]),
        ("'if' a", ["if|a"]),
        ("f() { a; }\nf; b", ["a", "b"]),
        ("function f { a; }; f x", ["a"]),
        ("A=1 B=2 c $A", ["c|$A"]),
        ("A=1\nb $A ${A}2 \"$A\" '$A'", ["b|1|12|1|$A"]),
        ("A=a; A+=b; c $A", ["c|ab"]),
        ("export A=1 B; c $A", ["c|1"]),
        ("A=(x 'y z' $B)\nc \"${A[@]}\"", ["c|x|y z|$B"]),
        ("A=(x\n y)\nA+=(z); c ${A[*]}", ["c|x|y|z"]),
        ("A='x y'; $A; \"$A\"", ["x|y", "x y"]),
        ("a ${B:-c} ${B-d} ${B:=e} ${B:+f} ${B:?g}", ["a|c|d|e|${B:?g}"]),
        ("a ${B:-${C:-d}}", ["a|d"]),
        ("a $ $$ $? ${ x", ["a|$|$$|$?|${|x"]),
        ("exec $(command -v nginx) -g x", ["exec|nginx|-g|x"]),
        ('cd "$(dirname "$0")"; a `b` $((1 + (2)))', ["cd|/app", "a|$()|$(())"]),
        ("[ -n x ] && a", ["[|-n|x|]", "a"]),
        ("a $'b c' $\"d\"", ["a|b c|d"]),
        ("a 'never ends", ["a|never ends"]),
        ('a "never ends', ["a|never ends"]),
        ("a $(never ends", ["a|$()"]),
        (") ;; ) esac }} a", ["}}|a"]),
        ("", []),
    ],
)
def test_commands_are_split(text: str, expected: list[str]) -> None:
    assert commands(text) == expected


@pytest.mark.parametrize(
    ("text", "arguments", "known", "expected"),
    [
        ('exec "$@"', ("a", "b c"), True, ["exec|a|b c"]),
        ("exec $@ $* ${@:2} $1 $3 $0", ("a", "b"), True, ["exec|a|b|a|b|b|a|$3|/app/run.sh"]),
        ('set -- x "$@"; exec "$@"', ("-v",), True, ["set|--|x|-v", "exec|x|-v"]),
        ('set -- x "$@"; exec "$@"', ("y",), True, ["set|--|x|y", "exec|x|y"]),
        ('a && set -- x "$@"; exec "$@"', ("y",), True, ["a", "set|--|x|y", "exec|y"]),
        ('a &&\n set -- x "$@"; exec "$@"', ("y",), True, ["a", "set|--|x|y", "exec|y"]),
        ('f() { set -- x "$@"; }; exec "$@"', ("y",), True, ["set|--|x|y", "exec|y"]),
        ('if a; then set -- x "$@"; fi; exec "$@"', ("y",), True, ["a", "set|--|x|y", "exec|y"]),
        ('if a; then set -- x "$@"; fi; exec "$@"', ("y",), False, ["a", "set|--|x|y", "exec|x|y"]),
        (
            'if a; then b; fi; set -- x "$@"; exec "$@"',
            ("y",),
            True,
            ["a", "b", "set|--|x|y", "exec|x|y"],
        ),
        ('while a; do shift; done; exec "$@"', ("y", "z"), True, ["a", "shift", "exec|y|z"]),
        ('p=$1; shift; exec $p -v "$@"', ("y", "z"), True, ["shift", "exec|y|-v|z"]),
        ('shift 2; exec "$@"', ("y", "z", "a"), True, ["shift|2", "exec|a"]),
        ('shift x; exec "$@"', ("y",), True, ["shift|x", "exec|y"]),
        ('exec a ${1+"$@"}', ("y", "z w"), True, ["exec|a|y|z w"]),
        ('exec a ${1+"$@"}', (), True, ["exec|a"]),
        ('set -- x "$@"; exec "$@"', (), True, ["set|--|x", "exec|x"]),
        ("set -e; exec $1", ("a",), True, ["set|-e", "exec|a"]),
        ('exec gosu app "$BASH_SOURCE" "$@"', ("a",), True, ["exec|gosu|app|/app/run.sh|a"]),
    ],
)
def test_arguments_are_put_in(
    text: str, arguments: tuple[str, ...], known: bool, expected: list[str]
) -> None:
    assert commands(text, *arguments, known=known) == expected


def test_the_environment_is_put_in() -> None:
    assert commands("exec $JAVA_HOME/bin/java ${OPTS}", JAVA_HOME="/opt/jdk", OPTS="-a -b") == [
        "exec|/opt/jdk/bin/java|-a|-b"
    ]


def test_background_and_inner_commands_are_told_apart() -> None:
    found = read_shell("a & b $(c $(d `e`)) &\nf", variables={})
    assert found == (
        Simple(("a",), "&"),
        Simple(("b", "$()"), "&"),
        Simple(("f",)),
        Simple(("c", "$()"), inner=True),
        Simple(("d", "$()"), inner=True),
        Simple(("e",), inner=True),
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("tini -s -p SIGTERM -- a b", "a b"),
        ("dumb-init -r 15:2 a", "a"),
        ("gosu app:app a -x", "a -x"),
        ("su-exec 1000 a", "a"),
        ("env -i -u X A=1 B=2 a b", "a b"),
        ("nice -n 5 a", "a"),
        ("nohup a", "a"),
        ("timeout -k 5 10s a", "a"),
        ("setpriv --reuid 5 --clear-groups a", "a"),
        ("exec -a name a", "a"),
        ("chpst -u app a", "a"),
        ("wait-for-it.sh db:5432 -t 5 -- a b", "a b"),
        ("dockerize -wait tcp://db a", "a"),
        ("newrelic-admin run-program a b", "a b"),
        ("bundle exec puma -p 1", "puma -p 1"),
        ("poetry run -C /app a", "a"),
        ("uv run --with x a", "a"),
        ("conda run -n env a b", "a b"),
        ("npx --yes a", "a"),
        ("cross-env A=1 node x.js", "node x.js"),
        ("uv run --frozen -m web", "python -m web"),
        ("uv tool run --from mkdocs mkdocs serve", "mkdocs serve"),
        ("uv tool install mkdocs", None),
        ("bash -l script x", "script x"),
        ("busybox httpd -f", "httpd -f"),
        ("tini --", None),
        ("env", None),
        ("bash", None),
        ("bundle install", None),
        ("command -v a", None),
        ("nginx -g x", None),
        ("wait-for-it.sh db:5432", None),
    ],
)
def test_wrappers_are_taken_off(line: str, expected: str | None) -> None:
    words = tuple(line.split())
    inner = unwrap(words[0], words, KNOWLEDGE.tools)
    assert (None if inner is None else " ".join(inner.words)) == expected


@pytest.mark.parametrize(
    ("words", "text", "arguments"),
    [
        (("sh", "-c", "a b", "zero", "one"), "a b", ("zero", "one")),
        (("bash", "-eo", "pipefail", "-c", "a"), "pipefail", ("-c", "a")),
        (("bash", "-lc", "a"), "a", ()),
        (("su", "-", "app", "-c", "a b"), "a b", ()),
        (("env", "-S", "a b"), "a b", ()),
        (("env", "-Sa b"), "a b", ()),
        (("eval", "a", "b"), "a b", ()),
    ],
)
def test_texts_for_shells_are_taken_out(
    words: tuple[str, ...], text: str, arguments: tuple[str, ...]
) -> None:
    inner = unwrap(words[0], words, KNOWLEDGE.tools)
    assert inner is not None
    if words[1] != "-eo":
        assert (inner.text, inner.arguments) == (text, arguments)


@given(st.text("ab$(){}[]'\"\\`;&|<># \n=!*@01-+?:/", max_size=200), st.lists(st.text(max_size=5)))
def test_any_text_is_read(text: str, arguments: list[str]) -> None:
    for command in read_shell(text, variables={"a": "b c"}, arguments=arguments):
        assert command.words


@given(st.text(max_size=100))
def test_quoted_words_come_back_as_they_were(word: str) -> None:
    text = "a '" + word.replace("'", "'\\''") + "'"
    assert read_shell(text, variables={}) == (Simple(("a", word)),)


@pytest.mark.parametrize(
    "piece",
    [
        "$(", "${", "'", '"', "`", "\\", "(", ")", "<<E ", "$((", "${a:-", "a=(", "case x in ", "$@", '"$@" ',
        "A=$A$A$A$A;", "#", "$a", ">", "&", "a'b", "$'", ";;", "f()", "\n", "a$(b", "${a", "$a'", "{", "a=$(",
    ],
)  # fmt: skip
def test_time_and_output_are_bounded(piece: str) -> None:
    text = piece * ((1 << 17) // len(piece))
    begin = time.process_time()
    found = read_shell(text, variables={"a": "x" * 4096, "A": "yy"}, arguments=["z" * 4096] * 256)
    assert time.process_time() - begin < 5
    assert len(found) <= MAX_COMMANDS
    # What one token stands for may still be added when the limit is reached.
    assert (
        sum(len(word) for command in found for word in command.words) <= MAX_READ + 2 * 256 * 4096
    )


@pytest.mark.parametrize("module", [expansion, shell, tables, variables, wrappers])
def test_examples_hold(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed
