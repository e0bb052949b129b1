"""Dockerfiles as builders read them: lines, continuations, heredocs, variables, bounds."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slim.dockerfile.parse import DockerfileError, parse_dockerfile
from slim.dockerfile.syntax import Text, expand, fits, heredoc_markers, split_flags

Short = tuple[str, str, tuple[str, ...], int, int]


def short(text: str) -> list[list[Short]]:
    """Each stage's instructions as (keyword, value, heredocs, line, end_line)."""
    return [
        [(i.keyword, i.value, i.heredocs, i.line, i.end_line) for i in stage.instructions]
        for stage in parse_dockerfile(text).stages
    ]


CASES: dict[str, tuple[str, list[Short]]] = {
    "nothing but FROM": ("FROM scratch", []),
    "keywords in any case": ("from a\nrun x\nCopy . .", [
        ("RUN", "x", (), 2, 2),
        ("COPY", ". .", (), 3, 3),
    ]),
    "a continuation is joined as it stands": ("FROM a\nRUN x && \\\n    y", [
        ("RUN", "x &&     y", (), 2, 3),
    ]),
    "blanks after the continuation character": ("FROM a\nRUN x \\ \t\n y", [
        ("RUN", "x  y", (), 2, 3),
    ]),
    "an escaped escape continues nothing": ("FROM a\nRUN x \\\\\nUSER u", [
        ("RUN", "x \\\\", (), 2, 2),
        ("USER", "u", (), 3, 3),
    ]),
    "comments and blank lines inside a continuation": (
        "FROM a\nRUN x \\\n  # why\n\n \t\n# \\\n  y\nUSER u",
        [("RUN", "x   y", (), 2, 7), ("USER", "u", (), 8, 8)],
    ),
    "a blank line does not end a continuation": ("FROM a\nRUN x \\\n\nUSER u", [
        ("RUN", "x USER u", (), 2, 4),
    ]),
    "a continuation at the end of the file": ("FROM a\nRUN x \\\n", [("RUN", "x", (), 2, 3)]),
    "a comment is not continued": ("FROM a\n# x \\\nRUN y", [("RUN", "y", (), 3, 3)]),
    "a hash inside a line is no comment": ("FROM a\nRUN x # y", [("RUN", "x # y", (), 2, 2)]),
    "indented instructions": ("FROM a\n\t RUN x", [("RUN", "x", (), 2, 2)]),
    "CRLF and a byte-order mark": ("\ufeffFROM a\r\nRUN x \\\r\n y\r\nUSER u\r\n", [
        ("RUN", "x  y", (), 2, 3),
        ("USER", "u", (), 4, 4),
    ]),
    "the backtick as escape": ("# escape=`\nFROM a\nRUN dir C:\\ `\n x\nUSER u", [
        ("RUN", "dir C:\\  x", (), 3, 4),
        ("USER", "u", (), 5, 5),
    ]),
    "several directives": ("# syntax=docker/dockerfile:1\n#ESCAPE = `\nFROM a\nRUN x`\ny", [
        ("RUN", "xy", (), 4, 5),
    ]),
    "a directive after a comment is a comment": ("# hello\n# escape=`\nFROM a\nRUN x \\\n y", [
        ("RUN", "x  y", (), 4, 5),
    ]),
    "a directive after a blank line is a comment": ("\n# escape=`\nFROM a\nRUN x `", [
        ("RUN", "x `", (), 4, 4),
    ]),
    "a heredoc": ("FROM a\nRUN <<EOF\napt-get update\n# kept \\\n\nEOF\nUSER u", [
        ("RUN", "<<EOF", ("apt-get update\n# kept \\\n\n",), 2, 6),
        ("USER", "u", (), 7, 7),
    ]),
    "a heredoc that strips tabs": ("FROM a\nRUN <<-EOF\n\tx\n\t\ty\n\tEOF\nUSER u", [
        ("RUN", "<<-EOF", ("x\ny\n",), 2, 5),
        ("USER", "u", (), 6, 6),
    ]),
    "quoted terminators": ("FROM a\nRUN cat <<'A b' <<\"C\"\nx\nA b\ny\nC", [
        ("RUN", "cat <<'A b' <<\"C\"", ("x\n", "y\n"), 2, 6),
    ]),
    "a file from a heredoc": ("FROM a\nCOPY <<EOF /etc/x\nFROM b\nEOF", [
        ("COPY", "<<EOF /etc/x", ("FROM b\n",), 2, 4),
    ]),
    "a heredoc after a continuation": ("FROM a\nRUN x \\\n  <<EOF\ny\nEOF", [
        ("RUN", "x   <<EOF", ("y\n",), 2, 5),
    ]),
    "an empty heredoc with CRLF": ("FROM a\r\nRUN <<EOF\r\nEOF\r\nUSER u\r\n", [
        ("RUN", "<<EOF", ("",), 2, 3),
        ("USER", "u", (), 4, 4),
    ]),
    "quotes, here-strings and ENV open no heredoc": (
        'FROM a\nRUN echo "<<EOF" <<<x\nENV X=<<EOF\nRUN ["cat", "<<EOF"]',
        [
            ("RUN", 'echo "<<EOF" <<<x', (), 2, 2),
            ("ENV", "X=<<EOF", (), 3, 3),
            ("RUN", '["cat", "<<EOF"]', (), 4, 4),
        ],
    ),
    "a heredoc under ONBUILD": ("FROM a\nONBUILD RUN <<EOF\nx\nEOF", [
        ("ONBUILD", "RUN <<EOF", ("x\n",), 2, 4),
    ]),
    "exec forms, SHELL and flags stay as written": (
        'FROM a\nSHELL ["/bin/bash", "-c"]\nRUN --mount=type=cache,target=/x y\nCMD [ "z" ]',
        [
            ("SHELL", '["/bin/bash", "-c"]', (), 2, 2),
            ("RUN", "--mount=type=cache,target=/x y", (), 3, 3),
            ("CMD", '[ "z" ]', (), 4, 4),
        ],
    ),
    "an instruction of the future": ("FROM a\nFETCH x y", [("FETCH", "x y", (), 2, 2)]),
    "an instruction without a value": ("FROM a\nRUN", [("RUN", "", (), 2, 2)]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_one_stage(text: str, expected: list[Short]) -> None:
    assert short(text) == [expected]


def test_stages_and_global_arguments() -> None:
    parsed = parse_dockerfile(
        "# syntax=x\nARG A=1\nARG B\n\nFROM --platform=$BUILDPLATFORM \\\n  base:${A} as Build\n"
        "ARG A\nFROM Build\nUSER u\nFROM scratch AS last\n"
    )
    assert [(s.index, s.name, s.base, s.line, len(s.instructions)) for s in parsed.stages] == [
        (0, "Build", "base:${A}", 5, 1),
        (1, "", "Build", 8, 1),
        (2, "last", "scratch", 10, 0),
    ]
    assert [(item.value, item.line, item.stage) for item in parsed.args] == [
        ("A=1", 2, -1),
        ("B", 3, -1),
    ]
    assert [stage.instructions[0].stage for stage in parsed.stages[:2]] == [0, 1]


ERRORS: dict[str, tuple[str, str, int]] = {
    "empty": ("", "no FROM instruction", 0),
    "only comments": ("# x\n", "no FROM instruction", 0),
    "prose": ("Hello\nworld\n", "no FROM instruction", 0),
    "only arguments": ("ARG A=1", "no FROM instruction", 0),
    "an instruction before FROM": ("ARG A\n\nRUN x\nFROM a", "RUN before the first FROM", 3),
    "FROM without an image": ("FROM", "FROM takes an image", 1),
    "FROM with a dangling AS": ("FROM a AS", "FROM takes an image", 1),
    "FROM with something else": ("FROM a WITH b", "FROM takes an image", 1),
    "an open heredoc": ("FROM a\nUSER u\nRUN <<EOF\nx\n", "the heredoc EOF never ends", 3),
    "a bad escape": ("# escape=x\nFROM a", "escape directive", 1),
    "a repeated directive": ("# escape=`\n# escape=`\nFROM a", "repeated", 2),
    "a NUL": ("FROM a\nRUN \0", "NUL", 2),
    "too large": ("FROM a\n#" + "é" * (1 << 19), "larger than 1 MiB", 0),
    "too many instructions": ("FROM a\n" + "USER u\n" * 10_000, "10,000 instructions", 10_001),
    "too many stages": ("FROM a\n" * 1_001, "1,000 stages", 1_001),
}


@pytest.mark.parametrize(("text", "message", "line"), ERRORS.values(), ids=ERRORS)
def test_errors_say_what_and_where(text: str, message: str, line: int) -> None:
    with pytest.raises(DockerfileError) as caught:
        parse_dockerfile(text)
    assert message in caught.value.message
    assert caught.value.line == line
    assert str(caught.value).startswith(f"line {line}: ") == bool(line)


def test_limits_are_inclusive() -> None:
    assert len(parse_dockerfile("FROM a\n" * 1_000).stages) == 1_000
    assert len(parse_dockerfile("FROM a\n" + "USER u\n" * 9_999).stages[0].instructions) == 9_999
    assert short("FROM a\n#" + "x" * ((1 << 20) - 8)) == [[]]


VARIABLES: dict[str, Text | None] = {
    "A": ("a",),
    "EMPTY": (),
    "UNSET": None,
    "HALF": ("x", None),
    "UNKNOWN": (None,),
}

EXPANSIONS: dict[str, Text] = {
    "plain": ("plain",),
    "": (),
    "$A/${A}": ("a/a",),
    "$AB": (None,),
    "${A}B": ("aB",),
    r"\$A": ("$A",),
    r"a\ b": ("a b",),
    "'$A'": ("$A",),
    "\"$A 'b'\"": ("a 'b'",),
    r'"\$A \" \n"': (r'$A " \n',),
    "$": ("$",),
    "a$/b": ("a$/b",),
    "${A:-d}${A-d}": ("aa",),
    "${EMPTY:-d}${EMPTY-e}": ("d",),
    "${UNSET:-d}${UNSET-e}": ("de",),
    "${A:+d}${A+e}": ("de",),
    "${EMPTY:+d}${EMPTY+e}": ("e",),
    "${UNSET:+d}${UNSET+e}": (),
    "<$UNSET>": ("<>",),
    "${A:?no}": ("a",),
    "${UNSET:-${A}/${UNSET:-z}}": ("a/z",),
    '${UNSET:-"}"}': ("}",),
    "/$UNKNOWN/$OTHER/x": ("/", None, "/", None, "/x"),
    "$UNKNOWN$OTHER": (None,),
    "${UNKNOWN:-d}": (None,),
    "${HALF:-d}": ("x", None),
    "${A#a}": (None,),
    "${A/a/b}x": (None, "x"),
    "${A": (None,),
    "${}": (None,),
    "'open": (None,),
    '"open': (None,),
    "${UNSET:-" * 20 + "}" * 20: (None,),
}


@pytest.mark.parametrize(("word", "expected"), EXPANSIONS.items())
def test_substitution(word: str, expected: Text) -> None:
    assert expand(word, VARIABLES) == expected


def test_substitution_knows_what_is_unset_and_the_escape() -> None:
    assert expand("$X-${X:-d}", {}, otherwise=None) == ("-d",)
    assert expand(r"C:\x`$A", VARIABLES, escape="`") == (r"C:\x$A",)


def test_substitution_does_not_explode() -> None:
    value: Text = ("x" * 16,)
    for _ in range(64):
        value = expand("$V$V$V$V", {"V": value})
    assert value == (None,)


@pytest.mark.parametrize(
    ("text", "candidate", "expected"),
    [
        (("a", None), "a", True),
        (("a", None), "ab c", True),
        ((None, "b", None), "aabbaa", True),
        (("ab", None, "ba"), "aba", False),
        (("a", None, "b", None, "c"), "a b b c", True),
        (("a", None, "b", None, "c"), "abc", True),
        (("a", None, "b", None, "c"), "acb", False),
        ((None,), "", True),
        (("a",), "a", True),
        (("a",), "ab", False),
    ],
)
def test_gaps_are_filled(text: Text, candidate: str, expected: bool) -> None:
    assert fits(text, candidate) == expected


@given(
    pieces=st.lists(st.text("ab ", max_size=3), min_size=1, max_size=4),
    fillings=st.lists(st.text("ab", max_size=3), min_size=4, max_size=4),
)
def test_a_filled_text_fits(pieces: list[str], fillings: list[str]) -> None:
    text: list[str | None] = [pieces[0]]
    filled = pieces[0]
    for piece, filling in zip(pieces[1:], fillings, strict=False):
        text += [None, piece]
        filled += filling + piece
    assert fits(tuple(text), filled, across_spaces=False)


def test_flags_and_markers() -> None:
    flags, rest = split_flags("--a=b  --c='d e' --f=x\\ y  z --g")
    assert (flags, rest) == (["--a=b", "--c=d e", "--f=x y"], "z --g")
    assert split_flags("-- --x") == ([], "--x")
    assert split_flags("--only") == (["--only"], "")
    assert heredoc_markers("a 3<<A <<- B << 'C' <<-D x<<E") == [
        ("A", False),
        ("C", False),
        ("D", True),
    ]


WORDS = st.text(
    st.characters(codec="ascii", categories=["L", "N", "P", "S"], exclude_characters="\\<#`'\""),
    min_size=1,
    max_size=8,
)
KEYWORDS = st.sampled_from(["RUN", "COPY", "ENV", "CMD", "USER", "ONBUILD", "LABEL", "WORKDIR"])


@st.composite
def rendered(draw: st.DrawFn) -> tuple[str, list[list[Short]]]:
    """A Dockerfile's text, and what it must be read as."""
    escape = draw(st.sampled_from("\\`"))
    lines = ["# syntax=x", f"# escape={escape}"]
    stages: list[list[Short]] = []
    for number in range(draw(st.integers(1, 3))):
        lines += draw(st.lists(st.sampled_from(["", "# FROM x", "  # y \\"]), max_size=2))
        lines.append(f"FROM base{number}")
        stages.append([])
        for _ in range(draw(st.integers(0, 4))):
            keyword = draw(KEYWORDS)
            words = draw(st.lists(WORDS, min_size=1, max_size=4))
            bodies: list[tuple[str, list[str]]] = []
            if keyword == "RUN" and draw(st.booleans()):
                for terminator in draw(st.lists(st.sampled_from(["E1", "E2"]), max_size=2)):
                    words.append(f"<<{terminator}")
                    body = draw(st.lists(st.sampled_from(["x", "", "# z", "USER u \\"])))
                    bodies.append((terminator, body))
            line = len(lines) + 1
            spelled = draw(st.sampled_from([keyword, keyword.lower(), keyword.title()]))
            open_line = f"{spelled} {words[0]}"
            for word in words[1:]:
                if draw(st.booleans()):
                    lines.append(f"{open_line} {escape}")
                    lines += draw(st.lists(st.sampled_from(["", " # c", "#"]), max_size=2))
                    open_line = word
                else:
                    open_line += f" {word}"
            lines.append(open_line)
            for terminator, body in bodies:
                lines += [*body, terminator]
            heredocs = tuple("".join(f"{text}\n" for text in body) for _, body in bodies)
            stages[-1].append((keyword, " ".join(words), heredocs, line, len(lines)))
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    return draw(st.sampled_from(["", "\ufeff"])) + newline.join([*lines, ""]), stages


@given(rendered())
def test_what_is_rendered_is_read_back(case: tuple[str, list[list[Short]]]) -> None:
    text, expected = case
    assert short(text) == expected


@given(st.text(alphabet="FROMRUN ab\\`\n\r\t#<<EOF'\"=$[]", max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    refused: DockerfileError | None = None
    try:
        parsed = parse_dockerfile("FROM a\n" + text)
    except DockerfileError as error:
        refused = error
    if refused:
        assert 1 <= refused.line <= text.count("\n") + 2
        return
    spans = [(i.line, i.end_line) for stage in parsed.stages for i in stage.instructions]
    assert all(start <= end for start, end in spans)
    assert all(end < start for (_, end), (start, _) in pairwise(spans))
