"""Which addresses are inside a network, and what is shown of a URL."""

from __future__ import annotations

import pytest

from slim.http.origin import is_private, show


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.1", "100.64.0.1",
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "localhost",
        "x.localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0x7f.1", "1.2.3.256", "1.2.3.09",
    ],
)  # fmt: skip
def test_addresses_inside_are_known_in_every_spelling(host: str) -> None:
    assert is_private(host)


@pytest.mark.parametrize(
    "host", ["example.com", "8.8.8.8", "2001:4860:4860::8888", "10.example.com"]
)
def test_addresses_outside_are_not(host: str) -> None:
    assert not is_private(host)


def test_what_is_shown_of_a_url_has_no_secret_in_it() -> None:
    shown = show("https://user:pass@host.test/path?X-Amz-Signature=abc&token=d#e")
    assert shown == "https://host.test/path"
