"""Secrets in instructions, variables and commands. An input is the text around a secret.

Oracle: nothing is raised; the value of an argument, option or header whose name says secret is gone,
whatever stands around it; redacting twice changes nothing more than once.
"""

from __future__ import annotations

from collections.abc import Iterator

from slim.report.instruction import instruction
from slim.secrets import redact

SECRET = "hunter2hunter2"  # noqa: S105


def seeds() -> Iterator[bytes]:
    yield b"RUN |2 A=b C=d e /bin/sh -c make # buildkit"
    yield b"/bin/sh -c #(nop)  ENV A=b"
    yield b"RUN curl -H 'Authorization: Bearer x' https://u:p@h/ --password=x -u a:b"
    yield b"ARG NPM_TOKEN=abc LABEL x='a b'"


def check(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    for before in ("", "RUN ", "RUN |1 "):
        for written in (f"API_TOKEN={SECRET}", f"--password={SECRET}", f"https://u:{SECRET}@h"):
            shown = redact.command(f"{before}{written} {text}")
            assert SECRET not in shown, shown
            instruction(shown)
    once = redact.command(text)
    instruction(once)
    redact.words(text.split(" "))
    assert redact.value("DB_PASSWORD", text) in ("", redact.REDACTED)
