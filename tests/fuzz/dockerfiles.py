"""Dockerfiles and the histories that are placed on them. An input is both with NUL between them.

Oracle: nothing but a DockerfileError; lines are lines of the text, in order; a place is an instruction's.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from slim.dockerfile.align import place
from slim.dockerfile.parse import DockerfileError, parse_dockerfile

FIXTURES = Path(__file__).parents[2] / "fixtures"
HISTORY = (
    b'RUN |1 A=b /bin/sh -c make # buildkit\n/bin/sh -c #(nop)  CMD ["x"]\nCOPY . . # buildkit'
)


def seeds() -> Iterator[bytes]:
    for path in sorted(FIXTURES.glob("*.Dockerfile")):
        yield path.read_bytes() + b"\0" + HISTORY
    yield b"# escape=`\nARG A=b\nFROM a AS b\nRUN <<-EOF cat\n\tx\n\tEOF\nFROM b\nONBUILD RUN ${A:-c}"
    yield b'FROM a\nARG A\nRUN make \\\n # no\n  all\nCMD ["x"]\nCOPY --from=b . .\0' + HISTORY


def check(data: bytes) -> None:
    text, _, tail = data.decode("utf-8", "replace").partition("\0")
    try:
        parsed = parse_dockerfile(text)
        lines = text.count("\n") + 1
        places = place(parsed, tail.split("\n"))
    except DockerfileError as error:
        line, message = error.line, error.message
    else:
        line, message = 0, "read"
    assert message
    assert 0 <= line <= text.count("\n") + 1
    if message != "read":
        return
    at = 0
    for instruction in (
        *parsed.args,
        *(step for stage in parsed.stages for step in stage.instructions),
    ):
        assert at < instruction.line <= instruction.end_line <= lines or instruction in parsed.args
        at = instruction.end_line
    for placed in places:
        if placed is not None:
            assert 1 <= placed.line <= placed.end_line <= lines
            assert 0 <= placed.stage < len(parsed.stages)
