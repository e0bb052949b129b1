"""HTTP for forges: the token stays with its server, and what comes back is bounded and harmless."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Iterator

import pytest

from slim.cli.progress import print_error
from slim.errors import NetworkError, UsageError
from slim.forge import transport
from slim.forge.azure import AZURE
from slim.forge.bitbucket import BITBUCKET
from slim.forge.gitlab import GITLAB
from slim.forge.links import next_link
from slim.forge.signing import bearer, check_token, check_url
from slim.forge.transport import Refusal, Transport, Unsure, path_of, segment
from slim.http import client as http_client
from tests.support.forges import TOKEN, Fault, Forge, Reply, serve


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")


@pytest.fixture
def forge() -> Iterator[Forge]:
    with serve("gitlab") as running:
        yield running


def client(
    url: str, token: str = TOKEN, waits: list[float] | None = None, timeout: float = 0
) -> Transport:
    sleep = (waits if waits is not None else []).append
    return Transport(check_url(url), *bearer(token), sleep, timeout)


def test_a_redirect_to_another_host_does_not_get_the_token(forge: Forge) -> None:
    with serve("gitlab") as elsewhere:
        for status in (301, 302, 307, 308):
            forge.fail("GET /user", status, None, Location=f"{elsewhere.url}/user")
            with pytest.raises(Refusal, match="the token is not for there") as caught:
                client(forge.url).get("/user")
            assert caught.value.slug == "forge-elsewhere"
            forge.fail("POST /x", status, None, Location=f"{elsewhere.url}/x")
            with pytest.raises(Refusal):
                client(forge.url).send("POST", "/x", {})
        # The same address by another name is another origin.
        named = forge.url.replace("127.0.0.1", "localhost")
        forge.fail("GET /user", 302, None, Location=f"{named}/user")
        with pytest.raises(Refusal):
            client(forge.url).get("/user")
        assert elsewhere.log == []


def test_a_redirect_within_the_server_is_followed(forge: Forge) -> None:
    for status in (301, 302, 307, 308):
        forge.fail("GET /old", status, None, Location="/user")
        assert b"slim-bot" in client(forge.url).get("/old").body
    forge.fail("POST /old", 307, None, Location=f"{forge.url}/projects/42/merge_requests/7/notes")
    client(forge.url).send("POST", "/old", {"body": "x"})
    assert [comment.body for comment in forge.comments] == ["x"]
    # These would turn the POST into a GET.
    forge.fail("POST /old", 302, None, Location="/user")
    with pytest.raises(Refusal):
        client(forge.url).send("POST", "/old", {"body": "y"})


def test_texts_go_as_utf_8_without_escapes(forge: Forge) -> None:
    client(forge.url).send(
        "POST", "/projects/42/merge_requests/7/notes", {"body": "36.9\u00a0MB ✅"}
    )
    assert forge.comments[0].body == "36.9\u00a0MB ✅"
    assert forge.log[-1].raw == '{"body": "36.9\u00a0MB ✅"}'.encode()


def test_redirects_that_do_not_end_are_given_up(forge: Forge) -> None:
    forge.faults += [
        Fault("GET /loop", Reply(302, None, {"Location": "/loop"})) for _ in range(100)
    ]
    with pytest.raises(NetworkError, match="more than 5 redirects"):
        client(forge.url).get("/loop")
    assert len(forge.requests("GET")) == 6


def test_a_next_page_elsewhere_is_not_asked_for(forge: Forge) -> None:
    with serve("gitlab") as elsewhere:
        link = {"Link": f'<{elsewhere.url}/user>; rel="next"'}
        forge.faults.append(Fault("GET /list", Reply(200, [], link)))
        with pytest.raises(Refusal, match="not for there"):
            list(client(forge.url).pages("/list"))
        assert elsewhere.log == []


@pytest.mark.parametrize(
    "body",
    [
        {"message": f"bad {TOKEN} \x1b[31m\n::error::x"},
        {"error": {"message": f"bad {TOKEN} \x1b[31m\n::error::x"}},
        f"bad {TOKEN} \x1b[31m\n::error::x".encode(),
        {"message": {"base": [f"bad {TOKEN} \x1b[31m\n::error::x"]}},
        {"error": "x", "error_description": f"bad {TOKEN} \x1b[31m\n::error::x"},
    ],
)
def test_an_error_body_is_shown_short_and_without_the_token(
    forge: Forge, body: object, capsys: pytest.CaptureFixture[str]
) -> None:
    forge.fail("GET /user", 400, body)
    with pytest.raises(Refusal) as caught:
        client(forge.url).get("/user")
    print_error(caught.value)
    printed = capsys.readouterr().err
    assert "bad [token]" in printed
    for bad in (TOKEN, "\x1b", "::error"):
        assert bad not in printed
    assert caught.value.message.count("\n") == 0


def test_an_error_body_without_end_is_cut(forge: Forge) -> None:
    forge.fail("GET /user", 404, b"x" * 3_000_000)
    with pytest.raises(Refusal) as caught:
        client(forge.url).get("/user")
    assert len(caught.value.message) < 300


def test_the_token_is_not_shown_where_its_end_is_cut_off(forge: Forge) -> None:
    forge.fail("GET /user", 400, b"y" * 190 + TOKEN.encode())
    with pytest.raises(Refusal) as caught:
        client(forge.url).get("/user")
    assert TOKEN[:6] not in caught.value.message


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[" * 200_000, b'{"id": "x"}', b"[]", b"\xff\xfe", b'{"id": 1e999}']
)
def test_an_answer_that_is_not_the_api_s_is_an_error(forge: Forge, body: bytes) -> None:
    forge.fail("GET /user", 200, body)
    with pytest.raises(NetworkError) as caught:
        GITLAB.me(client(forge.url))
    assert caught.value.slug == "forge-answer"
    assert len(caught.value.message) < 400


def test_an_answer_without_end_is_given_up(forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "_BODY_BYTES", 1 << 20)
    forge.faults += [Fault("GET /user", Reply(200, b" " * (2 << 20))) for _ in range(4)]
    with pytest.raises(NetworkError, match="larger than 1,048,576 bytes"):
        client(forge.url).get("/user")


def test_an_answer_that_comes_too_slowly_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """One byte at a time, forever."""
    monkeypatch.setattr(transport, "_ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(http_client, "TRIES", 1)
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
                while not done.wait(0.02):
                    connection.sendall(b"x")

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            with pytest.raises(NetworkError, match="takes longer than"):
                client(f"http://127.0.0.1:{server.getsockname()[1]}").get("/user")
        finally:
            done.set()
            thread.join()


def test_all_requests_together_have_an_end(forge: Forge) -> None:
    waits: list[float] = []
    api = client(forge.url, waits=waits, timeout=10)
    forge.fail("GET /user", 429, {"message": "later"}, Retry_After="20")
    with pytest.raises(NetworkError, match="429 later; there is no time left for another try"):
        api.get("/user")
    api.close()
    over = client(forge.url, timeout=1e-9)
    with pytest.raises(NetworkError, match="not done within 1e-09 seconds"):
        over.get("/user")
    over.close()
    assert waits == []
    assert len(forge.log) == 1


def test_a_server_that_is_not_there_is_an_error_after_some_tries() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    waits: list[float] = []
    with pytest.raises(NetworkError, match="refused"):
        client(f"http://127.0.0.1:{port}", waits=waits).get("/user")
    assert len(waits) == 3
    with pytest.raises(Unsure):
        client(f"http://127.0.0.1:{port}").send("POST", "/user", {})


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        ("https://git.example/api/v1/", False),
        ("https://git.example:8443", False),
        ("http://127.0.0.1:3000", False),
        ("http://localhost/x", False),
        ("http://[::1]:80", False),
        ("http://git.internal:3000/api/v1", True),
    ],
)
def test_addresses_that_may_have_the_token(url: str, trusted: bool) -> None:
    assert check_url(url, trusted=trusted) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "git.example/api",
        "//git.example",
        "http://git.internal:3000",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "ftp://git.example",
        "file:///etc/passwd",
        "https://",
        "https://user:secret@git.example",
        "https://git.example?x=1",
        "https://git.example#x",
        "https://git.example:99999",
        "https://[::1",
        "https://git.exa\nmple",
        "https://git.example/a b",
        "https://gіt.example",
    ],
)
def test_addresses_that_may_not(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_url(url)
    assert caught.value.slug == "bad-api-url"
    assert "secret" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize("token", ["", "  ", "a b", "a\nX-Evil: 1", "a\0", "é", "x" * 9000])
def test_what_is_no_token_is_refused_without_showing_it(token: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_token(token, "SLIM_TOKEN")
    assert str(caught.value) == "SLIM_TOKEN does not hold a token (bad-token)"
    assert check_token(" abc\n", "x") == "abc"


def test_every_form_of_a_token_is_secret() -> None:
    headers, secrets = BITBUCKET.sign("me@x.example:pass")
    coded = base64.b64encode(b"me@x.example:pass").decode()
    assert headers == {"Authorization": f"Basic {coded}"}
    assert set(secrets) == {coded, "pass"}
    assert AZURE.sign("a.b.c")[0] == {"Authorization": "Bearer a.b.c"}
    assert AZURE.sign("abc")[0]["Authorization"].startswith("Basic ")


def test_link_headers() -> None:
    assert next_link("") == ""
    assert next_link('<https://x/?page=2>; rel="next", <https://x/?page=9>; rel="last"').endswith(
        "=2"
    )
    assert (
        next_link('<https://x/?page=1>; rel="prev", <https://x/a,b>; rel=next') == "https://x/a,b"
    )
    assert next_link('<https://x/>; rel="last"') == ""
    assert next_link('<https://x/>; rel="nextish"') == ""
    assert next_link("<" * 60_000 + ">") == ""


def test_names_stay_one_segment_of_a_path() -> None:
    assert segment("a/../b?c#d") == "a%2F..%2Fb%3Fc%23d"
    assert path_of("team/my app") == "team/my%20app"
