"""Lists of repositories and tags from a registry that lies: they end, and hold only proper names."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from slim.errors import InputError, LimitError, NetworkError, SlimError
from slim.image.reference import parse_reference
from slim.image.registry.listing import Listing, list_repositories, list_tags
from slim.limits import DEFAULT_LIMITS
from tests.support.fake_registry import Answer, Fake, Request, Script, serve

TAGS = "/v2/team/app/tags/list"
HOSTILE = ["../up", "a b", "<script>", "x" * 200, "-begins", "", "a/b", "tag\n", "'; drop table"]


def tags(script: Script) -> tuple[Listing, Fake]:
    with serve(None, script) as fake:
        reference = parse_reference(f"{fake.host}/team/app:1")
        return list_tags(reference, fake.access(), DEFAULT_LIMITS), fake


def page(names: object, link: str = "", key: str = "tags") -> Answer:
    headers = {"Link": f'<{link}>; rel="next"'} if link else {}
    return Answer(200, json.dumps({"name": "team/app", key: names}).encode(), headers)


def test_pages_are_followed_to_their_end() -> None:
    def script(fake: Fake, request: Request) -> Answer:
        last = parse_qs(urlsplit(request.path).query).get("last", ["0"])[0]
        number = int(last)
        names = [f"v{number * 2 + offset}" for offset in range(2)]
        return page(names, f"{TAGS}?n=2&last={number + 1}" if number < 9 else "")

    found, fake = tags(script)
    assert found.names == tuple(sorted(f"v{number}" for number in range(20)))
    assert len(fake.log) == 10


def test_names_that_are_none_are_counted_and_left_out() -> None:
    found, _ = tags(lambda fake, request: page([*HOSTILE, 7, None, ["x"], "good"]))
    assert found == Listing(("good",), len(HOSTILE) + 3)


@pytest.mark.parametrize(
    "link",
    [TAGS, f"{TAGS}?n=1000", f"{TAGS}?again=1", "?n=1000", f"{TAGS}?n=1#x"],
    ids=["the same", "the first", "another of the same contents", "relative", "fragment"],
)
def test_a_list_that_goes_in_circles_ends(link: str) -> None:
    found, fake = tags(lambda fake, request: page(["a", "b"], link))
    assert found.names == ("a", "b")
    assert len(fake.log) <= 3


def test_a_next_page_elsewhere_is_not_asked_for() -> None:
    with serve(None, lambda fake, request: page(["stolen"])) as other:

        def script(fake: Fake, request: Request) -> Answer:
            return page(["a"], f"http://{other.host}{TAGS}")

        with pytest.raises(SlimError):
            tags(script)
        assert other.log == []


@pytest.mark.parametrize(
    "body",
    [b"[]", b'"x"', b'{"tags": "x"}', b'{"tags": {"a": 1}}', b"{", b'{"tags": [' + b"[" * 100_000, b"\xff"],
    ids=["list", "text", "tags are text", "tags are an object", "cut off", "deep", "no text"],
)  # fmt: skip
def test_what_is_no_list_is_one_clear_error(body: bytes) -> None:
    with pytest.raises(SlimError) as caught:
        tags(lambda fake, request: Answer(200, body))
    assert isinstance(caught.value, InputError | LimitError)
    assert "list of tags" in str(caught.value)


def test_no_tags_at_all() -> None:
    assert tags(lambda fake, request: page(None))[0] == Listing((), 0)


def test_an_endless_list_ends_by_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("slim.image.registry.listing.NAMES", 5_000)
    pages = iter(range(10_000))

    def script(fake: Fake, request: Request) -> Answer:
        number = next(pages)
        return page([f"v{number}-{tag}" for tag in range(1_000)], f"{TAGS}?last={number}")

    with pytest.raises(LimitError, match="list of tags"):
        tags(script)


def test_a_page_that_is_too_large_is_refused() -> None:
    big = b'{"tags": ["' + b"x" * (DEFAULT_LIMITS.json_bytes + 1) + b'"]}'
    with pytest.raises(SlimError):
        tags(lambda fake, request: Answer(200, big))


@pytest.mark.parametrize("status", [401, 403, 404, 405])
def test_a_registry_without_a_catalogue_says_what_to_do(status: int) -> None:
    with serve(None, lambda fake, request: Answer(status, b"{}")) as fake:
        with pytest.raises(NetworkError) as caught:
            list_repositories(fake.host, fake.access(), DEFAULT_LIMITS)
        assert caught.value.exit_code == 6


def test_repositories_of_a_catalogue() -> None:
    names = ["team/app", "a", "UPPER", "../x", "team/app:1", "team/app@sha256:" + "0" * 64, "x//y"]

    def script(fake: Fake, request: Request) -> Answer:
        return page(names, key="repositories")

    with serve(None, script) as fake:
        found = list_repositories(fake.host, fake.access(), DEFAULT_LIMITS)
    assert found == Listing(("a", "team/app"), 5)


@pytest.mark.parametrize("times", [1, 2])
def test_a_registry_that_limits_is_asked_again(times: int) -> None:
    left = iter(range(times))

    def script(fake: Fake, request: Request) -> Answer:
        if next(left, None) is not None:
            return Answer(429, b"{}", {"Retry-After": "0"})
        return page(["a"])

    found, fake = tags(script)
    assert found.names == ("a",)
    assert len(fake.log) == times + 1
