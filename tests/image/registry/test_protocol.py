"""oras-py's protocol over our HTTP client: what it asks for, and what a registry cannot make it do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slim.errors import NetworkError
from slim.image.reference import parse_reference
from slim.image.registry.access import Access
from slim.image.registry.protocol import GuardedRegistry
from tests.support.building import encode, image, layer
from tests.support.fake_registry import LOGIN, Answer, Fake, Request, serve

IMAGE = image(layer({"a": b"b"}))
BYTES = 1 << 20


def registry_for(fake: Fake, access: Access) -> GuardedRegistry:
    return GuardedRegistry(parse_reference(fake.name), access, BYTES)


@pytest.fixture
def fake() -> Iterator[Fake]:
    with serve(IMAGE) as running:
        yield running


def test_a_list_of_tags_stays_with_the_registry_and_shows_no_token_elsewhere(fake: Fake) -> None:
    """The bearer token went to the host of a `Link` header, over oras-py's own transport."""

    def tags(fake: Fake, request: Request) -> Answer | None:
        if not request.login:
            return Answer(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
        if "/tags/list" in request.path:
            return Answer(200, encode({"tags": ["1", "2"]}), {"Link": '</next>; rel="next"'})
        link = f'<http://{other.host}/v2/x/tags/list>; rel="next"'
        return Answer(200, encode({"tags": ["3"]}), {"Link": link})

    fake.script = tags
    with serve(None) as other:
        named = frozenset({fake.host, other.host})
        access = fake.access(logins={fake.host: LOGIN}, plain_http=named)
        registry = registry_for(fake, access)
        assert registry.get_tags(registry.container, N=2) == ["1", "2"]
        with pytest.raises(NetworkError) as refused:
            registry.get_tags(registry.container)
        registry.http.close()
        assert refused.value.slug == "registry-url"
        assert other.log == []
    assert {request.path for request in fake.log if request.login} == {
        "/v2/team/app/tags/list?n=2",
        "/v2/team/app/tags/list",
        "/next",
    }


def test_log_ins_are_not_looked_for_by_rules_of_others(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = tmp_path / "ran"
    program = tmp_path / "docker-credential-evil"
    program.write_text(f"#!/bin/sh\ntouch {ran}\n")
    program.chmod(0o700)
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker/config.json").write_text('{"auths": {}, "credsStore": "evil"}')
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    registry = registry_for(fake, fake.access())
    manifest = registry.get_manifest(registry.container)
    registry.http.close()
    assert len(manifest["layers"]) == 1
    assert not ran.exists()


def test_a_body_in_memory_is_bounded(fake: Fake) -> None:
    fake.script = lambda fake, request: Answer(200, b"x" * (BYTES + 1))
    registry = registry_for(fake, fake.access())
    with pytest.raises(NetworkError, match="larger than 1,048,576 bytes"):
        registry.get_manifest(registry.container)
    registry.http.close()


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_is_ever_written(fake: Fake, method: str) -> None:
    """R13."""
    registry = registry_for(fake, fake.access())
    with pytest.raises(ValueError, match="only reads"):
        registry.do_request(registry.blob_url("sha256:x"), method)
    with pytest.raises(ValueError, match="only reads"):
        registry.do_request(registry.blob_url("sha256:x"), "GET", data=b"x")
    registry.http.close()
    assert fake.log == []


NAME = st.from_regex(r"[a-z0-9]{1,5}([.:_-][a-z0-9]{1,5}){0,2}", fullmatch=True)


@given(
    st.sampled_from(["localhost", "localhost:5000", "r.example.com", "10.0.0.1:80", "[::1]:5000"]),
    st.lists(NAME.filter(lambda name: ":" not in name), min_size=1, max_size=3),
)
def test_urls_are_those_of_the_reference_however_it_looks(host: str, parts: list[str]) -> None:
    """`Container` takes a first part with a dot for a host, and `localhost` for none."""
    reference = parse_reference(f"{host}/{'/'.join(parts)}:1")
    registry = GuardedRegistry(reference, Access(), BYTES)
    registry.http.close()
    base = f"https://{reference.api_host}/v2/{reference.repository}"
    assert registry.blob_url("sha256:x") == f"{base}/blobs/sha256:x"
    assert registry.manifest_url("1") == f"{base}/manifests/1"
