"""Comments on each forge: found through all pages, made, kept up to date, and never somebody else's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import slim
from slim.errors import NetworkError
from slim.forge import forges
from slim.forge.model import Place
from slim.forge.publish import Outcome, publish, read_marker
from slim.forge.signing import check_url
from slim.forge.transport import Refusal, Transport
from slim.formats.gfm import marker
from tests.support.forges import NUMBER, REPOS, SERVERS, STRANGER, TOKEN, Fault, Forge, Reply, serve

ALL = list(SERVERS)


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the proxies of the machine that runs the tests."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture(params=ALL)
def forge(request: pytest.FixtureRequest) -> Iterator[Forge]:
    with serve(request.param) as running:
        yield running


@pytest.fixture
def github() -> Iterator[Forge]:
    with serve("github") as running:
        yield running


def text(forge: Forge, words: str, key: str = "api", run: int = 5) -> str:
    mark = marker(key, "8b8bf6d", str(run))
    if forge.name.startswith("bitbucket"):
        return f"### {words}\n\n`{mark}`\n"
    return f"<!-- {mark} -->\n### {words}\n"


def post(forge: Forge, body: str, waits: list[float] | None = None, **more: object) -> Outcome:
    module = forges.load(forge.name)
    headers, secrets = module.sign(TOKEN)
    sleep = (waits if waits is not None else []).append
    api = Transport(check_url(forge.url), headers, secrets, sleep)
    at = Place(REPOS.get(forge.name, "team/app"), NUMBER)
    return publish(module, api, at, body, sleep=sleep, **more)  # type: ignore[arg-type]


def bodies(forge: Forge) -> list[str]:
    return [comment.body for comment in forge.comments]


def test_a_comment_is_made_and_then_updated(forge: Forge) -> None:
    first = post(forge, text(forge, "one"))
    assert first.action == "created"
    second = post(forge, text(forge, "two", run=6))
    assert second.action == "updated"
    assert bodies(forge) == [text(forge, "two", run=6)]
    assert first.url == second.url
    assert ("http" in first.url) == (forge.name not in ("gitlab", "azure"))


def test_the_own_comment_is_found_among_250(forge: Forge) -> None:
    for number in range(250):
        forge.add(f"comment {number}", STRANGER)
        if number == 130:
            forge.add(text(forge, "old"))
    assert post(forge, text(forge, "new")).action == "updated"
    assert len(forge.comments) == 251
    assert forge.comments[131].body == text(forge, "new")
    pages = [
        request for request in forge.log if request.method == "GET" and "user" not in request.path
    ]
    expected = {"github": 3, "gitlab": 6, "bitbucket": 3, "bitbucket_dc": 4, "azure": 2}
    assert len(pages) == expected.get(forge.name, 1)


def test_a_stranger_cannot_pass_for_slim(forge: Forge) -> None:
    forged = text(forge, "forged", run=10**9)
    forge.add(forged, STRANGER)
    assert post(forge, text(forge, "true")).action == "created"
    assert bodies(forge) == [forged, text(forge, "true")]


def test_a_quoted_marker_and_another_key_are_not_the_own_comment(forge: Forge) -> None:
    mark = marker("api", "8b8bf6d", "5")
    others = [
        f"<!-- {mark} -->\nin the other form"
        if forge.name.startswith("bitbucket")
        else f"x\n\n`{mark}`",
        f"> {text(forge, 'quoted')}> ",
        f"words before\n{text(forge, 'below')}\nwords after",
        text(forge, "other", key="web"),
        text(forge, "later version").replace("v=1", "v=2"),
    ]
    for other in others:
        forge.add(other)
    assert post(forge, text(forge, "mine")).action == "created"
    assert bodies(forge) == [*others, text(forge, "mine")]


def test_a_refused_edit_makes_a_new_comment(forge: Forge) -> None:
    old = forge.add(text(forge, "old"))
    forge.foreign.add(old.id)
    assert post(forge, text(forge, "new")).action == "created"
    assert bodies(forge) == [text(forge, "old"), text(forge, "new")]


def test_an_older_run_does_not_overwrite_a_newer_one(forge: Forge) -> None:
    forge.add(text(forge, "newer", run=10))
    assert post(forge, text(forge, "older", run=9)).action == "newer"
    assert bodies(forge) == [text(forge, "newer", run=10)]
    assert post(forge, text(forge, "again", run=10)).action == "updated"


def test_nothing_to_say_makes_nothing_but_updates_what_is_there(forge: Forge) -> None:
    assert post(forge, text(forge, "quiet"), may_create=False).action == "nothing"
    assert not forge.comments
    forge.add(text(forge, "over budget"))
    assert post(forge, text(forge, "unchanged"), may_create=False).action == "updated"
    assert bodies(forge) == [text(forge, "unchanged")]


def test_new_leaves_the_old_one(forge: Forge) -> None:
    forge.add(text(forge, "old", run=1))
    assert post(forge, text(forge, "new"), behavior="new").action == "created"
    assert bodies(forge) == [text(forge, "old", run=1), text(forge, "new")]
    assert post(forge, text(forge, "quiet"), behavior="new", may_create=False).action == "nothing"


def test_delete_and_new_removes_all_old_ones_of_the_key(forge: Forge) -> None:
    forge.add(text(forge, "old", run=1))
    forge.add(text(forge, "other", key="web"))
    forge.add(text(forge, "old too", run=2))
    stuck = forge.add(text(forge, "stuck", run=3))
    forge.foreign.add(stuck.id)
    assert post(forge, text(forge, "new"), behavior="delete-and-new").action == "created"
    kept = [text(forge, "other", key="web"), text(forge, "stuck", run=3), text(forge, "new")]
    assert bodies(forge) == kept


def test_hide_and_new_hides_the_old_one_or_folds_it_away(forge: Forge) -> None:
    old = forge.add(text(forge, "old") if forge.name != "bitbucket" else text(forge, "old\n\nmore"))
    assert post(forge, text(forge, "new"), behavior="hide-and-new").action == "created"
    assert forge.comments[1].body == text(forge, "new")
    assert old.hidden == (forge.name == "github")
    mark = marker("api", "8b8bf6d", "5")
    over = "Outdated: a later comment has the current numbers"
    if forge.name == "github":
        assert old.body == text(forge, "old")
    elif forge.name.startswith("bitbucket"):
        assert old.body == f"### old\n\n_{over}_\n\n`{mark}`\n"
    else:
        fold = f"<details><summary>{over}</summary>\n\n### old\n\n</details>\n"
        assert old.body == f"<!-- {mark} -->\n{fold}"
    # It is still known as slim's, and a third time only the second one is folded.
    folded = old.body
    assert read_marker(folded) is not None
    assert post(forge, text(forge, "third"), behavior="hide-and-new").action == "created"
    assert old.body == folded
    assert forge.comments[2].body == text(forge, "third")


def test_a_folded_comment_is_not_folded_twice(forge: Forge) -> None:
    old = forge.add(text(forge, "old"))
    post(forge, text(forge, "new"), behavior="hide-and-new")
    folded = old.body
    forge.comments.pop()
    post(forge, text(forge, "new"), behavior="hide-and-new")
    assert old.body == folded


def test_an_old_comment_that_may_not_be_folded_stays(forge: Forge) -> None:
    if forge.name == "github":
        return
    old = forge.add(text(forge, "old"))
    forge.foreign.add(old.id)
    assert post(forge, text(forge, "new"), behavior="hide-and-new").action == "created"
    assert bodies(forge) == [text(forge, "old"), text(forge, "new")]


def test_a_busy_forge_is_asked_again_when_it_says(forge: Forge) -> None:
    waits: list[float] = []
    forge.fail(
        "GET .*(comments|notes|threads|activities)", 429, {"message": "slow down"}, Retry_After="7"
    )
    forge.fail(
        "POST .*(comments|notes|threads|activities)", 429, {"message": "slow down"}, Retry_After="9"
    )
    assert post(forge, text(forge, "one"), waits).action == "created"
    assert waits == [7, 9]
    assert len(forge.comments) == 1


def test_a_failing_forge_is_asked_again_with_growing_waits(forge: Forge) -> None:
    forge.add(text(forge, "old"))
    waits: list[float] = []
    for status in (500, 502):
        forge.fail("GET .*(comments|notes|threads|activities)", status, b"<html>oops</html>")
    forge.fail("(PATCH|PUT) ", 503)
    assert post(forge, text(forge, "new"), waits).action == "updated"
    assert [1 <= waits[0] <= 2, 2 <= waits[1] <= 4, 1 <= waits[2] <= 2] == [True] * 3


def test_a_comment_whose_answer_was_lost_is_not_made_twice(forge: Forge) -> None:
    lost = Fault(
        "POST .*(comments|notes|threads|activities)", Reply(502, b"bad gateway"), after=True
    )
    forge.faults.append(lost)
    assert post(forge, text(forge, "one")).action == "updated"
    assert bodies(forge) == [text(forge, "one")]


def test_a_forge_that_stays_down_is_an_error(forge: Forge) -> None:
    for _ in range(4):
        forge.fail("GET .*(comments|notes|threads|activities)", 503, {"message": "maintenance"})
    with pytest.raises(NetworkError, match="503 maintenance") as caught:
        post(forge, text(forge, "one"))
    assert caught.value.slug == "forge-unavailable"
    assert len(forge.faults) == 0
    assert not forge.comments


def test_a_wait_of_an_hour_is_not_waited_for(forge: Forge) -> None:
    waits: list[float] = []
    forge.fail(
        "GET .*(comments|notes|threads|activities)", 429, {"message": "x"}, Retry_After="3600"
    )
    with pytest.raises(NetworkError, match="asks to wait 3,600 seconds"):
        post(forge, text(forge, "one"), waits)
    assert waits == []


def test_a_locked_discussion_is_an_error(forge: Forge) -> None:
    forge.add(text(forge, "old"))
    forge.locked = True
    with pytest.raises(Refusal) as caught:
        post(forge, text(forge, "new"))
    assert caught.value.status == 403
    assert caught.value.hint == "the token may not do this, or the discussion is locked"
    assert bodies(forge) == [text(forge, "old")]


def test_a_wrong_token_is_an_error_that_does_not_show_it(forge: Forge) -> None:
    module = forges.load(forge.name)
    headers, secrets = module.sign("wrong-token-123")
    api = Transport(check_url(forge.url), headers, secrets)
    at = Place(REPOS.get(forge.name, "team/app"), NUMBER)
    with pytest.raises(NetworkError) as caught:
        publish(module, api, at, text(forge, "one"))
    assert "wrong-token" not in str(caught.value) + caught.value.hint + repr(api)


def test_github_limits_by_403_are_waited_for(github: Forge) -> None:
    waits: list[float] = []
    message = {"message": "You have exceeded a secondary rate limit."}
    github.fail("GET .*comments", 403, message, Retry_After="3")
    github.fail("GET .*comments", 403, message, X_RateLimit_Remaining="0", X_RateLimit_Reset="1")
    assert post(github, text(github, "one"), waits).action == "created"
    assert waits == [3, 0]


def test_a_repository_token_of_bitbucket_does_not_know_itself() -> None:
    with serve("bitbucket") as forge:
        forge.knows_user = False
        forge.add(text(forge, "ours"))
        forge.add(text(forge, "forged"), STRANGER)
        assert post(forge, text(forge, "new")).action == "updated"
        # Bitbucket itself refuses to change what somebody else wrote.
        assert bodies(forge) == [text(forge, "new"), text(forge, "forged")]


def test_an_edit_that_somebody_else_was_faster_with_is_looked_at_again() -> None:
    with serve("bitbucket_dc") as forge:
        old = forge.add(text(forge, "old"))
        taken = {"errors": [{"message": "you supplied version 0, the current is 1"}]}
        forge.fail("PUT .*comments", 409, taken)
        waits: list[float] = []
        assert post(forge, text(forge, "new"), waits).action == "updated"
        assert (bodies(forge), waits) == ([text(forge, "new")], [5])

        class Meanwhile(list[float]):
            def append(self, seconds: float) -> None:
                old.body = text(forge, "newer", run=9)

        forge.fail("PUT .*comments", 409, taken)
        assert post(forge, text(forge, "older", run=6), Meanwhile()).action == "newer"
        assert bodies(forge) == [text(forge, "newer", run=9)]


def test_data_center_keeps_a_comment_that_was_answered() -> None:
    with serve("bitbucket_dc") as forge:
        forge.add(text(forge, "old")).answered = True
        assert post(forge, text(forge, "new"), behavior="delete-and-new").action == "created"
        assert bodies(forge) == [text(forge, "old"), text(forge, "new")]


def test_data_center_that_does_not_say_whose_the_token_is_gets_no_comment() -> None:
    with serve("bitbucket_dc") as forge:
        forge.knows_user = False
        forge.add(text(forge, "forged"), STRANGER)
        with pytest.raises(NetworkError, match="does not say whose token it is"):
            post(forge, text(forge, "new"))
        assert bodies(forge) == [text(forge, "forged")]


def test_comments_that_never_end_are_given_up(
    github: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("slim.forge.transport._PAGES", 3)
    link = {"Link": f'<{github.url}/repos/team/app/issues/7/comments?per_page=100>; rel="next"'}
    github.faults += [Fault("GET .*comments", Reply(200, [], link)) for _ in range(10)]
    with pytest.raises(NetworkError, match="more than 3 pages"):
        post(github, text(github, "one"))
    assert len(github.requests("GET")) == 4


def test_a_marker_is_read_only_where_slim_writes_it() -> None:
    mark = marker('a"b --> x', "8b8bf6d", "12")
    found = read_marker(f"<!-- {mark} -->\r\n### words\r\n")
    last = read_marker(f"### words\n\n`{mark}`\n\n")
    assert found is not None
    assert last is not None
    assert (found.run, found.first, last.first, last.key) == (12, True, False, found.key)
    for body in (
        "",
        mark,
        f" x <!-- {mark} -->",
        f"<!-- {mark} --> y",
        f"a\n<!-- {mark} -->\nb",
        f"`{mark}`\nmore words",
        '<!-- slim:report v=1 key="a" run=5 head=x -->',
        '<!-- slim:report v=1 key="a" -->'.replace("a", "a" * 10_000),
    ):
        assert read_marker(body) is None, body


@given(st.text(max_size=250), st.integers(0, 10**15))
def test_every_marker_that_is_written_is_read(key: str, run: int) -> None:
    found = read_marker(f"<!-- {marker(key, '8b8bf6d', str(run))} -->\nwords")
    again = read_marker(f"<!-- {marker(key, '', '')} -->")
    assert found is not None
    assert again is not None
    assert (found.run, again.run) == (run, None)
    assert found.key == again.key
    other = read_marker(f"<!-- {marker(key[:199] + 'x', '', '')} -->")
    assert other is None or other.key != found.key or key[:199] + "x" == key[:200]


def test_the_comment_of_a_real_report_carries_a_marker_that_is_read(tmp_path: Path) -> None:
    from slim.forge.comment import compose
    from slim.forge.context import Context
    from tests.support.reports import wasteful

    path = tmp_path / "report.json"
    path.write_text(slim.render(wasteful(), "json"))
    for name in ALL:
        page = compose([str(path)], Context(forge=name, head="8b8bf6d0123", run="31"))
        found = read_marker(page.text)
        assert found is not None, name
        assert (found.key, found.run) == ("api", 31)
        assert "head=8b8bf6d run=31" in page.text
        assert page.is_worth_posting
