"""Forges that keep a job waiting: `--timeout` holds against every byte, and each failure is one error."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from threading import Event
from typing import Any

import pytest

import slim
from slim.errors import NetworkError
from slim.forge.comment import Page, post
from slim.forge.context import Context
from slim.forge.forges import FORGES
from slim.formats.gfm import marker
from tests.conftest import LONG
from tests.support.forges import NUMBER, REPOS, TOKEN
from tests.support.hostile_http import BURSTS, DRIPS, drip, serve
from tests.support.reports import wasteful

SECONDS = 0.15
SLUGS = {f"forge-{what}" for what in ("unavailable", "unsure", "refused", "elsewhere", "answer")}
SLACK = 1.5
"""Seconds for everything but waiting."""


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the proxies of the machine that runs the tests."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def comment(name: str, url: str, timeout: float) -> NetworkError:
    """The error for a comment on a forge at this address."""
    page = Page(f"<!-- {marker('api', '8b8bf6d', '5')} -->\ntext\n", True)
    context = Context(forge=name, api_url=url, repo=REPOS.get(name, "team/app"), number=NUMBER)
    with pytest.raises(NetworkError) as failed:
        list(post(page, context, TOKEN, timeout=timeout, trusted=True))
    error = failed.value
    assert error.message.isprintable()
    assert TOKEN not in error.message + error.hint
    return error


@pytest.mark.parametrize("forge", FORGES)
@pytest.mark.parametrize("script", DRIPS)
def test_the_timeout_ends_every_way_to_keep_a_client_waiting(forge: str, script: str) -> None:
    with serve(DRIPS[script]) as host:
        started = time.monotonic()
        error = comment(forge, f"http://{host}", SECONDS)
        assert time.monotonic() - started < SECONDS + SLACK
    assert error.slug == "forge-unavailable"
    assert f"not done within {SECONDS} seconds" in error.message


@pytest.mark.parametrize("forge", FORGES)
@pytest.mark.parametrize("script", BURSTS)
def test_what_no_forge_answers_is_one_error(forge: str, script: str) -> None:
    with serve(BURSTS[script]) as host:
        # Long enough for one try and its failure; the waits between tries count, too.
        started = time.monotonic()
        error = comment(forge, f"http://{host}", 0.9)
        assert time.monotonic() - started < 0.9 + SLACK
    assert error.slug in SLUGS


def test_a_handshake_that_never_ends_is_ended() -> None:
    with serve(drip(b"\x16\x03\x03\x3f\xff", b"\x02"), waits_for_request=False) as host:
        started = time.monotonic()
        error = comment("github", f"https://{host}", SECONDS)
        assert time.monotonic() - started < SECONDS + SLACK
    assert "not done within" in error.message


def test_a_name_server_that_never_answers_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended = Event()

    def hang(*_: Any, **__: Any) -> list[Any]:
        ended.wait(20)
        return []

    monkeypatch.setattr("socket.getaddrinfo", hang)
    started = time.monotonic()
    try:
        error = comment("github", "http://forge.example.com", SECONDS)
        assert time.monotonic() - started < SECONDS + SLACK
    finally:
        ended.set()
    assert "not done within" in error.message


def test_the_next_address_of_a_host_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first has nobody who listens; the name stays that of the host."""
    with serve(BURSTS["no-http"]) as host:
        port = int(host.rpartition(":")[2])
        found = [(2, 1, 6, "", (address, port)) for address in ("127.0.0.9", "127.0.0.1")]
        resolve = socket.getaddrinfo

        def look_up(name: str, *rest: Any, **more: Any) -> Any:
            return found if name == "localhost" else resolve(name, *rest, **more)

        monkeypatch.setattr("socket.getaddrinfo", look_up)
        error = comment("github", f"http://localhost:{port}", SECONDS)
    assert error.slug in SLUGS
    assert "refused" not in error.message


@pytest.mark.parametrize("script", ["headers", "404-body", "continue"])
@LONG
def test_the_command_s_timeout_holds(script: str, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_text(slim.render(wasteful(), "json"))
    quiet = {name: text for name, text in os.environ.items() if not name.startswith("SLIM_")}
    with serve(DRIPS[script]) as host:
        started = time.monotonic()
        done = subprocess.run(
            [
                *(sys.executable, "-m", "slim", "comment", "github", str(report)),
                *("--repo", "team/app", "--pr", "7", "--api-url", f"http://{host}"),
                *("--timeout", "1", "--require"),
            ],
            env=quiet | {"GITHUB_TOKEN": TOKEN},
            capture_output=True,
            text=True,
            check=False,
        )
        assert time.monotonic() - started < 6
    assert done.returncode == 6
    assert "not done within 1 seconds" in done.stderr
    assert "[forge-unavailable]" in done.stderr
    assert "###" in done.stdout, "what was not posted is printed"
