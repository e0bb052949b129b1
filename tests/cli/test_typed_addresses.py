"""Addresses with a user and a password that somebody typed: no error shows them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from slim.errors import UsageError, hide_logins
from tests.conftest import LONG

PASSWORD = "hunter2-secret"  # noqa: S105 - a marker

ADDRESSES = [
    f"https://user:{PASSWORD}@host.example/app:1",
    f"registry:https://user:{PASSWORD}@host.example/app:1",
    f"http://user:{PASSWORD}@x@host.example/app",
    f"https://user:x/{PASSWORD}@host.example:5000/app",
    f"user:{PASSWORD}@host.example/app:1",
    f"https://{PASSWORD}@host.example/app@sha256:{'0' * 64}",
]


@pytest.mark.parametrize(
    "arguments",
    [
        *(["analyze", address] for address in ADDRESSES),
        ["compare", ADDRESSES[0], ADDRESSES[0]],
        ["explain", ADDRESSES[0], "curl"],
        ["analyze", "x.tar", "--base", ADDRESSES[0]],
        ["analyze", "x.tar", "--plain-http", ADDRESSES[0]],
        ["analyze", "x.tar", "--trusted-realm", ADDRESSES[2]],
        ["analyze", "x.tar", "--proxy", f"ftp://user:{PASSWORD}@host.example"],
        ["analyze", "x.tar", "--rules-url", f"ftp://user:{PASSWORD}@host.example/"],
        ["comment", ADDRESSES[0]],
        ["comment", "github", "--failure", "x", "--api-url", ADDRESSES[0], "--repo", "a/b",
         "--pr", "7"],
    ],
    ids=lambda arguments: " ".join(arguments)[:40],
)  # fmt: skip
@LONG
def test_no_error_shows_them(arguments: list[str]) -> None:
    quiet = {name: text for name, text in os.environ.items() if not name.startswith("SLIM_")}
    done = subprocess.run(
        [sys.executable, "-m", "slim", *arguments],
        env=quiet | {"GITHUB_TOKEN": "token"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode != 0 or arguments[0] == "comment"
    assert "slim: " in done.stderr
    assert PASSWORD not in done.stdout + done.stderr


def test_what_is_no_login_stays() -> None:
    for text in (
        "the manifest ghcr.io/team/app:1@sha256:abc",
        "https://ghcr.io/team/app@sha256:abc is not a name",
        "pkg:npm/left-pad@1.2.3 and node_modules/@scope/name",
        "write to me@host.example",
    ):
        assert hide_logins(text) == text
    error = UsageError("x", "no http://a:b@c/", "try http://a:b@c/", ("http://a:b@c/",))
    assert (error.message, error.hint) == ("no http://***@c/", "try http://***@c/")
    assert error.details == ("http://***@c/",)
