"""Registries that lie: each script has one rule that stops it, and one error that says so.

The rules are R1 to R14: realms, redirects, other hosts, names that lead inside, bodies, tags that move,
substitution, storms, ranges, TLS, helpers, secrets in messages, verbs, references.
"""

from __future__ import annotations

import gzip
import json
import random
import socket
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import slim
from slim.errors import SlimError
from slim.http.failures import HttpError
from slim.http.sockets import Sockets
from slim.image.registry import protocol
from slim.image.registry.access import Access
from slim.image.registry.failures import network_error
from slim.image.registry.origin import registry_origin
from tests.conftest import LONG
from tests.support.building import digest, encode, image, layer
from tests.support.fake_registry import LOGIN, Answer, Fake, Request, Script, serve
from tests.support.hostile_http import BURSTS, DRIPS, drip
from tests.support.hostile_http import serve as serve_raw

IMAGE = image(layer({"etc/a": bytes(range(256)) * 3000}), compression="gzip")
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait between tries, but not for seconds."""
    monkeypatch.setattr(protocol, "_PAUSE", 0.002)


def on(part: str, answer: Answer | Callable[[Fake, Request], Answer | None]) -> Script:
    """Answer requests whose path has `part` in it."""

    def script(fake: Fake, request: Request) -> Answer | None:
        if part not in request.path:
            return None
        return answer(fake, request) if callable(answer) else answer

    return script


def ask(realm: str) -> Script:
    """Want a token from a realm; `{host}` is the registry's own."""

    def script(fake: Fake, request: Request) -> Answer | None:
        if "/v2/" not in request.path or request.login.startswith("Bearer"):
            return None
        shown = f'Bearer realm="{realm.format(host=fake.host)}",service="x",scope="repository:other:push"'
        return Answer(401, headers={"WWW-Authenticate": shown})

    return script


def token(fake: Fake, request: Request, answer: Answer) -> Answer | None:
    """Want a token from the registry itself, and give `answer` for it."""
    if request.path.startswith("/token"):
        return answer
    return ask("http://{host}/token")(fake, request)


def redirect(target: str) -> Script:
    """Send whoever wants a blob elsewhere."""
    return on(
        "/blobs/", lambda fake, _: Answer(307, headers={"Location": target.format(host=fake.host)})
    )


def always(status: int, **headers: str) -> Script:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return on("/v2/", Answer(status, headers=named))


def raw(data: bytes, times: int = 1, pause: float = 0.0) -> Answer:
    def write(out: Any) -> None:
        for _ in range(times):
            out.write(data)
            out.flush()
            time.sleep(pause)

    return Answer(raw=write)


def drops(data: bytes) -> Answer:
    """A body that comes byte by byte."""

    def write(out: Any) -> None:
        out.write(HEAD + b"\r\n")
        for at in range(200):
            out.write(data[at : at + 1])
            out.flush()
            time.sleep(0.05)

    return Answer(raw=write)


def layer_answer(change: Callable[[bytes], Answer]) -> Script:
    """Answer the request for the layer with something made of it."""

    def script(fake: Fake, request: Request) -> Answer | None:
        expected = request.path.endswith(fake.layer_digest())
        return change(fake.blobs[fake.layer_digest()]) if expected else None

    return script


def manifest_of(change: Callable[[dict[str, Any]], object]) -> Script:
    """Give another manifest for the tag."""

    def script(fake: Fake, request: Request) -> Answer | None:
        if not request.path.endswith("/manifests/1"):
            return None
        document = json.loads(fake.manifest)
        change(document)
        return Answer(200, encode(document), {"Content-Type": document["mediaType"]})

    return script


def index_of(media_type: str = MANIFEST) -> Script:
    """An index whose entry's digest is another's."""

    def script(fake: Fake, request: Request) -> Answer | None:
        entry = {"mediaType": media_type, "size": len(fake.manifest), "digest": digest(b"?")}
        if "/manifests/sha256:" in request.path:
            return Answer(200, fake.manifest, {"Content-Type": media_type})
        if "/manifests/1" in request.path:
            platform = {"os": "linux", "architecture": "amd64"}
            entries = [{**entry, "platform": platform}]
            document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
            return Answer(200, encode(document), {"Content-Type": INDEX})
        return None

    return script


HEAD = b"HTTP/1.1 200 OK\r\n"


@dataclass(frozen=True)
class Case:
    """One script and what it must come to."""

    id: str
    script: Script
    slug: str
    code: int = 6
    access: dict[str, Any] = field(default_factory=dict)


CASES = [
    Case("R1-realm-elsewhere-without-tls", ask("http://evil.test/token"), "registry-downgrade"),
    Case(
        "R1-realm-is-the-metadata-service",
        ask("https://169.254.169.254/t"),
        "registry-private-address",
    ),
    Case("R1-realm-is-loopback", ask("https://127.0.0.1:1/t"), "registry-private-address"),
    Case(
        "R1-realm-is-loopback-as-a-number", ask("https://2130706433/t"), "registry-private-address"
    ),
    Case("R1-realm-is-loopback-in-hex", ask("https://0x7f.1/t"), "registry-private-address"),
    Case("R1-realm-is-loopback-in-ipv6", ask("https://[::1]/t"), "registry-private-address"),
    Case("R1-realm-is-mapped-ipv4", ask("https://[::ffff:10.0.0.1]/t"), "registry-private-address"),
    Case("R1-realm-is-unspecified", ask("https://0.0.0.0/t"), "registry-private-address"),
    Case("R1-realm-is-another-port", ask("http://localhost:1/t"), "registry-downgrade"),
    Case("R1-realm-is-a-file", ask("file:///etc/passwd"), "registry-url"),
    Case("R1-realm-has-a-user", ask("https://x@evil.test/t"), "registry-url"),
    Case("R1-realm-is-nothing", ask(""), "registry-url"),
    Case(
        "R1-token-redirects-away",
        lambda f, r: token(f, r, Answer(302, headers={"Location": "http://evil.test/t"})),
        "registry-downgrade",
    ),
    Case(
        "R1-token-redirects-in-a-circle",
        lambda f, r: token(f, r, Answer(302, headers={"Location": "/token2"})),
        "registry-redirects",
    ),
    Case("R1-unknown-kind-of-login", always(401, WWW_Authenticate="Negotiate"), "registry-login"),
    Case("R1-no-kind-of-login", always(401), "registry-login"),
    Case("R1-basic-without-a-user", always(401, WWW_Authenticate="Basic"), "registry-login"),
    Case("R2-redirect-to-http", redirect("http://evil.test/x"), "registry-downgrade"),
    Case("R2-redirect-inside", redirect("https://10.0.0.1/x"), "registry-private-address"),
    Case("R2-redirect-to-a-file", redirect("file:///etc/passwd"), "registry-url"),
    Case("R2-redirect-with-a-user", redirect("https://a:b@evil.test/"), "registry-url"),
    Case(
        "R2-redirect-in-a-circle",
        redirect("http://{host}/v2/team/app/blobs/x"),
        "registry-redirects",
    ),
    Case("R2-redirect-to-nothing", on("/blobs/", Answer(307)), "registry-url"),
    Case(
        "R5-content-encoding",
        layer_answer(lambda data: Answer(200, gzip.compress(data), {"Content-Encoding": "gzip"})),
        "registry-encoding",
    ),
    Case("R5-blob-too-long", layer_answer(lambda data: Answer(200, data + b"!")), "wrong-size", 4),
    Case(
        "R5-blob-too-long-and-silent",
        layer_answer(
            lambda data: Answer(200, data + b"!", length=-1, headers={"Connection": "close"})
        ),
        "wrong-size",
        4,
    ),
    Case(
        "R5-endless-blob",
        layer_answer(lambda data: raw(HEAD + b"\r\n" + bytes(1 << 20), 64)),
        "wrong-size",
        4,
    ),
    Case("R5-blob-too-short", layer_answer(lambda data: Answer(200, data[:-1])), "wrong-size", 4),
    Case(
        "R5-manifest-announced-too-large",
        on("/manifests/", Answer(200, b"{}", length=1 << 30)),
        "limit-json-bytes",
        5,
    ),
    Case(
        "R5-manifest-endless",
        on("/manifests/", raw(HEAD + b"\r\n" + bytes(1 << 20), 64)),
        "limit-json-bytes",
        5,
    ),
    Case(
        "R5-token-endless",
        lambda f, r: token(f, r, Answer(200, b'{"token":"' + b"x" * 100_000)),
        "limit-json-bytes",
        5,
    ),
    Case(
        "R5-token-too-deep", lambda f, r: token(f, r, Answer(200, b"[" * 60_000)), "registry-token"
    ),
    Case(
        "R5-token-with-a-line-break",
        lambda f, r: token(f, r, Answer(200, b'{"token":"a\\r\\nX: y"}')),
        "registry-token",
    ),
    Case(
        "R5-thousands-of-headers",
        on("/v2/", raw(HEAD + b"X: y\r\n" * 5000 + b"\r\n")),
        "registry-unreachable",
    ),
    Case(
        "R5-endless-header", on("/v2/", raw(HEAD + b"X: " + b"y" * 200_000)), "registry-unreachable"
    ),
    Case(
        "R5-drop-by-drop",
        on("/v2/", raw(b"HTTP/1.1 100 Continue\r\n\r\n", 200, 0.05)),
        "registry-timeout",
        access={"timeout": 0.5},
    ),
    Case("R5-blob-drop-by-drop", layer_answer(drops), "registry-timeout", access={"timeout": 0.7}),
    Case("R5-no-http-at-all", on("/v2/", raw(b"SSH-2.0-x\r\n")), "registry-unreachable"),
    Case(
        "R6-registry-names-another-digest",
        lambda f, r: (
            Answer(200, f.manifest, {"Docker-Content-Digest": digest(b"?")})
            if "/manifests/" in r.path
            else None
        ),
        "wrong-digest",
        4,
    ),
    Case("R7-another-manifest", index_of(), "wrong-digest", 4),
    Case(
        "R7-manifest-called-an-index",
        lambda f, r: (
            Answer(200, f.manifest, {"Content-Type": INDEX}) if "/manifests/" in r.path else None
        ),
        "bad-document",
        3,
    ),
    Case(
        "R7-another-config",
        lambda f, r: (
            Answer(200, f.blobs[json.loads(f.manifest)["config"]["digest"]][:-1] + b" ")
            if r.path.endswith(json.loads(f.manifest)["config"]["digest"])
            else None
        ),
        "wrong-digest",
        4,
    ),
    Case(
        "R7-another-layer",
        layer_answer(lambda data: Answer(200, _swapped(data))),
        "layer-digest",
        4,
    ),
    Case(
        "R7-digest-that-is-a-path",
        manifest_of(
            lambda document: document["layers"][0].update(digest="sha256:../../../etc/passwd")
        ),
        "bad-document",
        3,
    ),
    Case("R8-too-many-requests", always(429, Retry_After="0"), "registry-busy"),
    Case("R8-come-back-tomorrow", always(429, Retry_After="86400"), "registry-busy"),
    Case("R8-out-of-order", always(503), "registry-error"),
    Case(
        "R9-another-range",
        lambda f, r: _cut_then(f, r, Answer(206, b"x" * 5, {"Content-Range": "bytes 0-4/9"})),
        "registry-range",
    ),
    Case("R9-range-of-another-blob", lambda f, r: _cut_then(f, r, None, total=7), "wrong-size", 4),
    Case(
        "R9-breaks-off-for-ever",
        layer_answer(lambda data: Answer(200, data[:1000], length=len(data))),
        "registry-broken",
    ),
    Case(
        "R9-resumed-with-other-bytes",
        lambda f, r: _cut_then(f, r, None, other=True),
        "tar-header",
        3,
    ),
    Case(
        "R12-errors-with-escapes-and-secrets",
        on(
            "/manifests/",
            Answer(418, b'{"errors":[{"code":"\\u001b[2J","message":"\\n::error::"}]}'),
        ),
        "registry-error",
    ),
    Case(
        "R12-errors-that-are-not-json",
        on("/manifests/", Answer(500, b"[" * 60_000)),
        "registry-error",
    ),
    Case("R14-not-found", on("/manifests/", Answer(404)), "registry-not-found"),
    Case("R14-forbidden", always(403), "registry-denied"),
]


def _swapped(data: bytes) -> bytes:
    """The same tar, compressed by others: right contents and size, another digest."""
    other = gzip.compress(gzip.decompress(data), 9, mtime=77)
    return (
        other + bytes(len(data) - len(other))
        if len(other) < len(data)
        else data[:4] + b"\1" + data[5:]
    )


def _cut_then(
    fake: Fake, request: Request, answer: Answer | None, *, total: int = 0, other: bool = False
) -> Answer | None:
    """Break off after 1,000 bytes; what comes then is something else."""
    name = fake.layer_digest()
    if not request.path.endswith(name):
        return None
    data = fake.blobs[name]
    if "Range" not in request.headers:
        return Answer(200, data[:1000], length=len(data))
    rest = bytes(len(data) - 1000) if other else data[1000:]
    span = {"Content-Range": f"bytes 1000-{len(data) - 1}/{total or len(data)}"}
    return answer or Answer(206, rest, span)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_hostile_registries_end_in_one_error(case: Case) -> None:
    with serve(IMAGE, case.script) as fake:
        access = fake.access(**case.access)
        with pytest.raises(SlimError) as refused:
            slim.analyze(fake.name, registry=access)
    error = refused.value
    assert (error.slug, error.exit_code) == (case.slug, case.code), error.message
    assert error.message.isprintable(), "one line"
    assert LOGIN.password not in error.message + error.hint


@pytest.mark.parametrize("script", DRIPS)
def test_the_deadline_ends_every_way_to_keep_a_client_waiting(script: str) -> None:
    with serve_raw(DRIPS[script]) as host:
        access = Access(plain_http=frozenset({host}), timeout=0.2)
        started = time.monotonic()
        with pytest.raises(SlimError) as refused:
            slim.analyze(f"{host}/team/app:1", registry=access)
        assert time.monotonic() - started < 2
    # Of an error the status is known, whatever becomes of its body.
    known = {"404-body": "registry-not-found", "503-body": "registry-error"}
    assert refused.value.slug == known.get(script, "registry-timeout")


@pytest.mark.parametrize("script", BURSTS)
def test_what_no_registry_answers_is_one_error(script: str) -> None:
    with serve_raw(BURSTS[script]) as host:
        access = Access(plain_http=frozenset({host}), timeout=5)
        with pytest.raises(SlimError) as refused:
            slim.analyze(f"{host}/team/app:1", registry=access)
    assert refused.value.exit_code in (3, 6)
    assert refused.value.message.isprintable()


def test_a_handshake_that_never_ends_is_ended() -> None:
    with serve_raw(drip(b"\x16\x03\x03\x3f\xff", b"\x02"), waits_for_request=False) as host:
        started = time.monotonic()
        with pytest.raises(SlimError) as refused:
            slim.analyze(f"{host}/team/app:1", registry=Access(timeout=0.3))
        assert time.monotonic() - started < 2
    assert refused.value.slug == "registry-timeout"


def test_the_scripts_are_many() -> None:
    rules = {case.id.partition("-")[0] for case in CASES}
    assert len(CASES) >= 25
    assert rules >= {"R1", "R2", "R5", "R6", "R7", "R8", "R9", "R12"}


class TestCredentials:
    """To whom the user and the password are told, and to whom not."""

    def test_they_go_to_the_registry_and_to_its_own_token_server(self) -> None:
        def script(fake: Fake, request: Request) -> Answer | None:
            return token(fake, request, Answer(200, b'{"access_token":"abc"}'))

        with serve(IMAGE, script) as fake:
            slim.analyze(fake.name, registry=fake.access(logins={fake.host: LOGIN}))
            (requested,) = fake.paths("/token")
            assert requested.login.startswith("Basic ")
            assert "scope=repository%3Ateam%2Fapp%3Apull" in requested.path
            assert "push" not in requested.path
            assert {request.login for request in fake.paths("/v2/")} == {"", "Bearer abc"}

    def test_a_token_server_elsewhere_sees_nobody_unless_it_is_trusted(self) -> None:
        def answer(fake: Fake, request: Request) -> Answer | None:
            return Answer(200, b'{"token":"abc"}') if "/token" in request.path else None

        with serve(None, answer) as other, serve(IMAGE, ask(f"http://{other.host}/token")) as fake:
            named = frozenset({fake.host, other.host})
            access = {"logins": {fake.host: LOGIN}, "plain_http": named}
            slim.analyze(fake.name, registry=fake.access(**access))
            trusted = fake.access(**access, trusted_realms=frozenset({other.host}))
            slim.analyze(fake.name, registry=trusted)
            assert [bool(request.login) for request in other.log] == [False, True]

    def test_a_redirect_to_another_host_takes_no_credentials_along(self) -> None:
        def storage(fake: Fake, request: Request) -> Answer | None:
            data = blobs[request.path.rpartition("/")[2].partition("?")[0]]
            return Answer(200, data)

        def script(fake: Fake, request: Request) -> Answer | None:
            if not request.login:
                return Answer(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
            if "/blobs/" not in request.path:
                return None
            name = request.path.rpartition("/")[2]
            target = f"http://{other.host}/{name}?X-Amz-Signature=geheim"
            return Answer(307, headers={"Location": target})

        with serve(None, storage) as other, serve(IMAGE, script) as fake:
            blobs = fake.blobs
            named = frozenset({fake.host, other.host})
            access = fake.access(logins={fake.host: LOGIN}, plain_http=named)
            assert slim.analyze(fake.name, registry=access).totals.files == 1
            assert len(other.log) == 2
            assert {request.login for request in other.log} == {""}

    def test_another_host_that_asks_who_we_are_is_not_told(self) -> None:
        def curious(fake: Fake, request: Request) -> Answer | None:
            return Answer(401, headers={"WWW-Authenticate": 'Basic realm="x"'})

        with serve(None, curious) as other:
            with serve(IMAGE, redirect(f"http://{other.host}/x?sig=geheim")) as fake:
                access = fake.access(
                    logins={fake.host: LOGIN}, plain_http=frozenset({fake.host, other.host})
                )
                with pytest.raises(SlimError) as refused:
                    slim.analyze(fake.name, registry=access)
            assert refused.value.slug == "registry-foreign-login"
            assert "geheim" not in refused.value.message
            assert {request.login for request in other.log} == {""}

    def test_a_registry_cannot_make_us_print_a_secret(self) -> None:
        def script(fake: Fake, request: Request) -> Answer | None:
            if not request.login:
                return Answer(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
            shown = f"{LOGIN.password} {request.login.partition(' ')[2]}"
            return Answer(400, encode({"errors": [{"code": "OOPS", "message": shown}]}))

        with (
            serve(IMAGE, script) as fake,
            pytest.raises(SlimError, match=r"\*\*\* \*\*\*") as refused,
        ):
            slim.analyze(fake.name, registry=fake.access(logins={fake.host: LOGIN}))
        assert LOGIN.password not in refused.value.message

    def test_a_broken_connection_does_not_show_a_signed_url(self) -> None:
        where = "http://localhost:1/blob?X-Amz-Signature=geheim"
        with serve(IMAGE, redirect(where)) as fake:
            access = fake.access(plain_http=frozenset({fake.host, "localhost:1"}))
            with pytest.raises(SlimError) as refused:
                slim.analyze(fake.name, registry=access)
        assert refused.value.slug == "registry-unreachable"
        assert "geheim" not in refused.value.message + str(refused.value.__cause__)


class TestFailuresThatPass:
    """What an honest registry on a bad day does."""

    def test_a_blob_that_breaks_off_is_resumed_where_it_broke(self) -> None:
        with serve(IMAGE, lambda f, r: _cut_then(f, r, None)) as fake:
            report = slim.analyze(fake.name, registry=fake.access())
            assert report.source.verified
            ranges = [request.headers.get("Range") for request in fake.paths(fake.layer_digest())]
            assert ranges == [None, f"bytes=1000-{len(fake.blobs[fake.layer_digest()]) - 1}"]

    def test_a_registry_without_ranges_begins_anew(self) -> None:
        def script(fake: Fake, request: Request) -> Answer | None:
            name = fake.layer_digest()
            if not request.path.endswith(name):
                return None
            data = fake.blobs[name]
            first = len(fake.paths(name)) == 1
            return Answer(200, data[:1000] if first else data, length=len(data))

        with serve(IMAGE, script) as fake:
            assert slim.analyze(fake.name, registry=fake.access()).source.verified

    @pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
    def test_what_may_pass_is_tried_again(self, status: int) -> None:
        def script(fake: Fake, request: Request) -> Answer | None:
            if len(fake.paths(request.path)) > 3:
                return None
            return Answer(status, headers={"Retry-After": "0"})

        with serve(IMAGE, script) as fake:
            assert slim.analyze(fake.name, registry=fake.access()).totals.files == 1
            assert len(fake.paths("/manifests/")) == 4

    @LONG
    def test_a_retry_after_is_waited_for(self) -> None:
        def script(fake: Fake, request: Request) -> Answer | None:
            return Answer(429, headers={"Retry-After": "1"}) if len(fake.log) == 1 else None

        with serve(IMAGE, script) as fake:
            started = time.monotonic()
            slim.analyze(fake.name, registry=fake.access())
            assert time.monotonic() - started >= 1

    def test_an_expired_token_is_renewed_once(self) -> None:
        def script(fake: Fake, request: Request) -> Answer | None:
            given = len(fake.paths("/token"))
            if "/token" in request.path:
                return Answer(200, encode({"token": f"t{given}"}))
            expired = "/blobs/" in request.path and request.login == "Bearer t1"
            if not request.login or expired:
                return ask("http://{host}/token")(fake, Request("GET", request.path, {}))
            return None

        with serve(IMAGE, script) as fake:
            assert slim.analyze(fake.name, registry=fake.access(), jobs=1).source.verified
            assert len(fake.paths("/token")) == 2


def test_everything_after_the_tag_is_asked_for_by_digest() -> None:
    """And no more than is needed: a tag, a config, a layer; nothing from the descriptor's `urls`."""
    with serve(IMAGE) as fake:
        document = json.loads(fake.manifest)
        document["layers"][0]["urls"] = [f"http://{fake.host}/evil"]
        fake.documents["1"] = encode(document)
        report = slim.analyze(fake.name, registry=fake.access())
        assert report.image.digest == digest(fake.documents["1"])
        kinds = [request.path.rpartition("/")[0].rpartition("/")[2] for request in fake.log]
        assert kinds == ["manifests", "blobs", "blobs"]
        assert fake.sent == report.source.archive_bytes


def test_a_foreign_layer_is_never_fetched_from_its_urls() -> None:
    with serve(IMAGE) as fake:
        document = json.loads(fake.manifest)
        foreign = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
        document["layers"][0].update(mediaType=foreign, urls=[f"http://{fake.host}/evil"])
        fake.documents["1"] = encode(document)
        fake.blobs.pop(fake.layer_digest())
        report = slim.analyze(fake.name, registry=fake.access())
        assert "never fetched" in report.layers[0].missing
        assert not fake.paths("/evil")


def test_names_that_lead_inside_are_refused_on_demand() -> None:
    """R4: the name is that of a stranger, the address that of this machine."""
    sockets = Sockets(refuse_private=True)
    with serve(IMAGE) as fake:
        address = ("127.0.0.1", int(fake.host.partition(":")[2]))
        with socket.create_connection(address) as connection, pytest.raises(HttpError) as refused:
            sockets.watch("registry.example.com", connection)
    home = registry_origin("registry.example.com", plain_http=False)
    error = network_error(refused.value, home, 900)
    assert error.slug == "registry-private-address"
    assert error.message.startswith("registry.example.com leads to 127.0.0.1")


@LONG
def test_layers_stream_without_a_file_and_in_little_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two layers of 48 MB at once: a few chunks of each are in memory, and none on disk."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    noise = random.Random(3).randbytes(1 << 20)  # noqa: S311 - filler
    large = [layer({f"a{n}": noise * 48, "b": bytes([n])}) for n in range(2)]
    with serve(image(*large)) as fake:
        tracemalloc.start()
        try:
            report = slim.analyze(fake.name, registry=fake.access(timeout=120), jobs=2)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert report.totals.disk_bytes > 96 << 20
    assert peak < 40 << 20
    assert list(tmp_path.iterdir()) == []


def test_a_failure_does_not_wait_for_layers_that_hang() -> None:
    """One layer is damaged, the other never comes: the error is there at once."""

    def script(fake: Fake, request: Request) -> Answer | None:
        if request.path.endswith(fake.layer_digest(0)):
            return raw(HEAD + b"Content-Length: 99999\r\n\r\nxx", 2, 3)
        if request.path.endswith(fake.layer_digest(1)):
            return Answer(200, bytes(len(fake.blobs[fake.layer_digest(1)])))
        return None

    two = image(layer({"a": b"a" * 99_000}), layer({"b": b"b" * 99}), compression="gzip")
    with serve(two, script) as fake:
        started = time.monotonic()
        with pytest.raises(SlimError):
            slim.analyze(fake.name, registry=fake.access(), jobs=2)
        assert time.monotonic() - started < 3
