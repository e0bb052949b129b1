"""How long a server asks to wait, and which proxy is used."""

from __future__ import annotations

import pytest

from slim.http.origin import Origin
from slim.http.proxy import environment_proxy
from slim.http.retries import asked_to_wait


def test_a_date_to_wait_until_is_understood() -> None:
    past = "Fri, 31 Dec 1999 23:59:59 GMT"
    assert asked_to_wait({"Retry-After": past}) == 0
    for text in ("soon", "-5", "１２", "1e3", ""):
        assert asked_to_wait({"Retry-After": text}) is None
    assert (asked_to_wait({"Retry-After": "9" * 5000}) or 0) > 60


@pytest.mark.parametrize(
    ("host", "proxy"),
    [
        ("git.example", "http://proxy.example:3128"),
        ("git.internal", None),
        ("x.git.internal", None),
    ],
)
def test_the_proxy_of_the_environment(
    host: str, proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "no_proxy", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", "proxy.example:3128")
    monkeypatch.setenv("no_proxy", "git.internal")
    assert environment_proxy(Origin("https", host, 443)) == proxy
    assert environment_proxy(Origin("http", host, 80)) is None
