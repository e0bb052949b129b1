"""How many secrets are found, and how much is hidden that is none: the numbers of SECURITY.md."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from slim.secrets.redact import REDACTED, command, message, value, words
from slim.secrets.shell import word_end
from tests.conftest import LONG
from tests.support.secret_samples import MARK, harmless, planted, tokens

MAX_FALSE_ALARMS = 0.01
"""Share of harmless instructions in which something is hidden."""


def test_secrets_are_not_repeated() -> None:
    """Recall on all that is planted: 100 %."""
    every = planted()
    assert len(every) >= 300
    assert len({text for text, _ in every}) == len(every)
    missed = [(text, command(text)) for text, secret in every if secret in command(text)]
    assert missed == []
    assert all(REDACTED in command(text) for text, _ in every)


def test_what_is_hidden_stays_hidden_when_it_is_shown_again() -> None:
    for text, _ in planted():
        shown = command(text)
        assert MARK not in command(shown)


def test_harmless_instructions_are_shown() -> None:
    every = harmless()
    assert len(every) >= 3_000
    alarms = [(text, command(text)) for text in every if command(text) != text]
    assert len(alarms) <= MAX_FALSE_ALARMS * len(every), alarms[:5]


def test_tokens_are_hidden_under_any_name_and_in_messages() -> None:
    for token, part in tokens():
        assert part not in value("HARMLESS", token)
        assert part not in " ".join(words(["app", token, f"a={token}"]))
        assert part not in message(f"cannot read {token!r}")


@pytest.mark.parametrize(
    "items",
    [
        ["env", "PASSWORD=a {}"],
        ["app", "--db.password", "a {}"],
        ["app", "--db.password=a {}"],
        ["java", "-Dspring.datasource.password=a {}"],
        ["curl", "-H", "Authorization: Bearer {}"],
        ["curl", "-H", "X-Api-Key:{}"],
        ["curl", "-u", "bob:a {}"],
        ["sh", "-c", "PASSWORD=a\\ {} app"],
        ["app", '{{"password": "a {}"}}'],
        ["git", "clone", "https://bob:p@a/{}@git.example/x"],
        ["sshpass", "-p", "{}", "ssh", "x"],
        ["mysql", "-uroot", "-pa {}"],
        ["docker", "login", "-u", "bob", "-p", "a {}", "registry.example"],
        ["net", "use", "X:", r"\\server\share", "a {}", "/user:bob"],
    ],
)
def test_words_of_a_command(items: list[str]) -> None:
    shown = words([item.format(MARK) for item in items])
    assert MARK not in " ".join(shown)
    assert REDACTED in " ".join(shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://a:b@c/d", "https://[redacted]@c/d"),
        ("https://a:b@c:1/d", "https://[redacted]@c:1/d"),
        ("https://a:b/c@d/e", "https://[redacted]@d/e"),
        ("https://a:b@c@d/e", "https://[redacted]@d/e"),
        ("https://git@c/d", "https://git@c/d"),
        ("https://abcdefghij@c/d", "https://[redacted]@c/d"),
        ("git+http://abcdefghij@c/d", "git+http://[redacted]@c/d"),
        ("ssh://abcdefghij@c/d", "ssh://abcdefghij@c/d"),
        ("https://c/@scope/d", "https://c/@scope/d"),
        ("https://c:8080/d@e", "https://c:8080/d@e"),
        ("https://c/d:e@f", "https://c/d:e@f"),
        ("docker://c:5000/a@sha256:0", "docker://c:5000/a@sha256:0"),
    ],
)
def test_addresses(text: str, shown: str) -> None:
    assert message(f"cannot read '{text}'") == f"cannot read '{shown}'"
    assert command(f"RUN get {text} -q") == f"RUN get {shown} -q"


@pytest.mark.parametrize(
    ("text", "end"),
    [("a b", 1), (r"a\ b c", 4), ("'a b'c d", 6), ('"a\\"b c" d', 8), ("$(a $(b c)) d", 11),
     ("`a b` c", 5), ("${a:-b c} d", 9), ("a\\\nb c", 4), ("a\\\r\nb c", 5), ("a;b", 1), ("a&&b", 1),
     ("'a b", 4), ('"a $(b "c d") e" f', 16), ("$(a ')' b) c", 10), ("", 0), ("\\", 1)],
)  # fmt: skip
def test_where_a_word_ends(text: str, end: int) -> None:
    assert min(word_end(text), len(text)) == end


@pytest.mark.parametrize(
    "piece",
    ["$(", "`", '"', "'", "\\", "${", "PASSWORD=$(", 'PASSWORD="', "://a:b@", "://a:", "a:b@", "--token ",
     "eyJa-", "ghp_", "-----BEGIN PRIVATE KEY-----", "Authorization: ", '"password": ["', "set token ",
     "mysql ", "sshpass -p", "root:a|", "bearer ", "-u a:", "password: ", "token\\ ",
     "docker login ", "machine x ", "htpasswd -b a ", "echo a |", "://a1",
     "https://a", "net use \\\\a ", "password = "],
)  # fmt: skip
@LONG
def test_work_grows_with_the_text_and_no_faster(piece: str) -> None:
    def seconds(length: int) -> float:
        text = piece * (length // len(piece))
        start = time.thread_time()
        command(text)
        words([text, text])
        return time.thread_time() - start

    once, eight = min(seconds(4_000), seconds(4_000)), seconds(32_000)
    assert eight < 24 * max(once, 0.002), (once, eight)


@pytest.mark.parametrize(
    "call",
    [
        ["analyze", "https://bob:{}@x.example/app:1"],
        ["compare", "https://bob:{}@x.example/a.json", "x.tar"],
        ["check", "https://bob:p@{}@x.example/a.json"],
        ["render", "https://bob:{}@x.example/a.json"],
        ["comment", "https://bob:{}@x.example/o/r/pull/1"],
        ["explain", "VCS001", "https://bob:{}@x.example/a.tar"],
        ["analyze", "ghp_a1b2c3d4e5f6g7h8i9j0{}.tar", "-o", "markdown"],
    ],
    ids=lambda call: " ".join(call)[:30],
)
def test_no_error_repeats_the_password_of_an_address(call: list[str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "slim", *(word.format(MARK) for word in call)]
    done = subprocess.run(
        command,
        capture_output=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")},
    )
    assert done.returncode in (2, 3, 6)
    assert MARK.encode() not in done.stdout + done.stderr
    assert re.search(rb"\[redacted\]|\*\*\*", done.stdout + done.stderr)
