"""`slim comment` as a job calls it: environment, report, loopback forge."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

import slim
from slim.forge.publish import publish
from slim.forge.transport import Transport
from tests.support.commands import run
from tests.support.environments import CI, DATA_CENTER, PULL_EVENT, RUN_EVENT, SHA
from tests.support.forges import NUMBER, TOKEN, Forge, serve
from tests.support.reports import MB, clean, report, wasteful
from tests.support.reports import layer as layer_info


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No CI system, no proxies, no waiting; some reports in the folder."""
    for name in list(os.environ):
        if name.startswith(CI):
            monkeypatch.delenv(name)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    waits: list[float] = []
    for name, function in (("Transport", Transport), ("publish", publish)):
        monkeypatch.setattr(f"slim.forge.comment.{name}", partial(function, sleep=waits.append))
    monkeypatch.chdir(tmp_path)
    Path("wasteful.json").write_text(slim.render(wasteful(), "json"))
    Path("clean.json").write_text(slim.render(clean(), "json"))
    Path("same.json").write_text(slim.render(slim.compare(clean(), clean()), "json"))
    Path("grown.json").write_text(slim.render(slim.compare(clean(), wasteful()), "json"))


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Forge]:
    """A job of GitHub Actions for a pull request."""
    event = tmp_path / "event.json"
    event.write_text(json.dumps(PULL_EVENT))
    with serve("github") as forge:
        for name, value in {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": forge.url,
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REF": "refs/pull/7/merge",
            "GITHUB_REPOSITORY": "team/app",
            "GITHUB_RUN_ID": "31",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_SHA": "0" * 40,
            "GITHUB_TOKEN": TOKEN,
        }.items():
            monkeypatch.setenv(name, value)
        yield forge


def test_one_command_comments_and_updates(
    github: Forge, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("comment", "wasteful.json", "--report-url", "https://ci.example/r.html") == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "slim: comment made: " in printed.err
    body = github.comments[0].body
    assert body.startswith(
        '<!-- slim:report v=1 key="api" head=8b8bf6d run=31 -->\n### `api` image'
    )
    assert "[run](https://github.com/team/app/actions/runs/31)" in body
    assert "[HTML report](https://ci.example/r.html)" in body
    assert run("comment", "clean.json") == 0
    assert "slim: comment updated: " in capsys.readouterr().err
    assert len(github.comments) == 1
    assert "nothing to reclaim" in github.comments[0].body


@pytest.mark.parametrize(
    ("name", "when", "created"),
    [
        ("wasteful", "changed", True),
        ("clean", "changed", False),
        ("same", "changed", False),
        ("grown", "changed", True),
        ("same", "always", True),
        ("clean", "always", True),
        ("wasteful", "failed", False),
    ],
)
def test_a_comment_is_made_when_there_is_something_to_say(
    github: Forge, capsys: pytest.CaptureFixture[str], name: str, when: str, created: bool
) -> None:
    assert run("comment", f"{name}.json", "--when", when) == 0
    assert (len(github.comments) == 1) == created
    text = "comment made" if created else "no comment: there is nothing to say"
    assert text in capsys.readouterr().err


def test_settings_say_how_to_comment(
    github: Forge, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("slim.toml").write_text(
        'units = "iec"\nrules-url = "https://wiki.example/{id}"\n'
        '[comment]\nwhen = "failed"\nbehavior = "new"\n[image.api.comment]\nwhen = "always"\n'
    )
    assert run("comment", "wasteful.json") == 0
    assert "there is nothing to say" in capsys.readouterr().err
    assert run("comment", "wasteful.json", "--key", "api") == 0
    assert run("comment", "wasteful.json", "--when", "changed") == 0
    assert "MiB" in github.comments[1].body
    assert "https://wiki.example/" in github.comments[1].body
    monkeypatch.setenv("SLIM_BEHAVIOR", "update")
    assert run("comment", "clean.json", "--when", "failed", "--units", "si") == 0
    assert len(github.comments) == 2
    assert run("comment", "wasteful.json", "--key", "web") == 2
    assert run("comment", "wasteful.json", "--key", "web", "--no-config") == 0
    assert run("comment", "wasteful.json", "clean.json", "--key", "web") == 0
    Path("slim.toml").write_text('[comment]\nwhen = "often"\n')
    capsys.readouterr()
    assert run("comment", "wasteful.json") == 2
    assert "slim.toml:2: `when` must be one of" in capsys.readouterr().err
    Path("slim.toml").write_text("[limits]\nreport-bytes = 9\n")
    assert run("comment", "wasteful.json") == 5


def test_a_failed_gate_is_worth_a_comment(github: Forge) -> None:
    assert run("check", "clean.json", "--max-size", "1MB", "-o", "json=failed.json") == 1
    assert run("comment", "failed.json", "--when", "failed") == 0
    assert "over budget" in github.comments[0].body


def test_without_a_token_it_is_printed(
    github: Forge, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GITHUB_TOKEN")
    monkeypatch.setenv("GITLAB_TOKEN", "of another forge")
    assert run("comment", "wasteful.json") == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("<!-- slim:report")
    assert "no token in SLIM_TOKEN or GITHUB_TOKEN or GH_TOKEN [no-token]" in printed.err
    assert run("comment", "wasteful.json", "--require") == 6
    assert github.log == []


def test_a_dry_run_asks_nobody(github: Forge, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("comment", "wasteful.json", "--dry-run") == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("<!-- slim:report")
    assert "GitHub Actions, github, team/app, #7, 8b8bf6d" in printed.err
    assert github.log == []


def test_a_push_has_no_pull_request(
    github: Forge, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_REF", "refs/heads/main")
    Path("event.json").write_text("{}")
    assert run("comment", "wasteful.json") == 0
    assert "[no-pull-request]" in capsys.readouterr().err
    assert run("comment", "wasteful.json", "--require") == 6
    assert run("comment", "wasteful.json", "--pr", str(NUMBER)) == 0
    assert len(github.comments) == 1


def test_a_refusal_is_a_warning_unless_a_comment_is_required(
    github: Forge, capsys: pytest.CaptureFixture[str]
) -> None:
    github.locked = True
    assert run("comment", "wasteful.json") == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("<!-- slim:report")
    assert "403 Unable to create comment because issue is locked. [forge-refused]" in printed.err
    assert run("comment", "wasteful.json", "--require") == 6
    assert "slim: error: " in capsys.readouterr().err


def test_the_token_is_never_printed(
    github: Forge, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever the server sends back, and also where the traceback is asked for."""
    monkeypatch.setenv("SLIM_TRACEBACK", "1")
    echo = {"message": f"\x1b]0;x\x07 Authorization: Bearer {TOKEN}\n::set-output name=x::{TOKEN}"}
    for status in (400, 403, 404, 422, 500, 429):
        for pattern in ("POST /graphql", "GET .*comments", "POST .*comments"):
            github.faults.clear()
            for _ in range(20):
                github.fail(pattern, status, echo)
            for more in ((), ("--require",)):
                assert run("comment", "wasteful.json", *more) == (6 if more else 0)
                printed = capsys.readouterr()
                text = printed.out + printed.err
                assert TOKEN not in text
                assert "\x1b" not in text
                assert not any(line.lstrip().startswith("::") for line in text.splitlines())
    monkeypatch.setenv("GITHUB_TOKEN", f"{TOKEN}\nEvil: header")
    assert run("comment", "wasteful.json") == 2
    assert TOKEN not in capsys.readouterr().err
    github.faults.clear()
    monkeypatch.setenv("GITHUB_API_URL", f"https://user:{TOKEN}@127.0.0.1:1/")
    monkeypatch.setenv("GITHUB_TOKEN", "another")
    assert run("comment", "wasteful.json") == 2
    assert TOKEN not in capsys.readouterr().err


def test_the_token_is_read_from_a_file(
    github: Forge, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "wrong")
    Path("token").write_text(f"{TOKEN}\n")
    assert run("comment", "wasteful.json", "--token-file", "token") == 0
    assert len(github.comments) == 1
    assert run("comment", "wasteful.json", "--token-file", "none") == 2
    assert "[no-token]" in capsys.readouterr().err
    monkeypatch.setenv("SLIM_TOKEN", TOKEN)
    assert run("comment", "wasteful.json", "--require") == 0


def test_a_report_that_cannot_be_read_is_said_in_the_comment_and_fails(
    github: Forge, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("comment", "wasteful.json") == 0
    Path("wasteful.json").write_text('{"kind": "evil @everyone"}')
    assert run("comment", "wasteful.json", "--key", "api") == 3
    assert "[bad-report]" in capsys.readouterr().err
    assert len(github.comments) == 1
    body = github.comments[0].body
    assert body.startswith(
        '<!-- slim:report v=1 key="api" head=8b8bf6d run=31 -->\n'
        "### `api` image could not be analysed: wasteful.json has no `schema_version`"
    )
    assert run("comment", "none.json", "--key", "api") == 3
    assert (
        "analysed: cannot read 'none.json': No such file or directory ❌" in github.comments[0].body
    )


def test_a_failed_analysis_is_said(github: Forge) -> None:
    assert run("comment", "--failure", "truncated layer 7 <img src=x>", "--key", "api") == 0
    says = "### `api` image could not be analysed: truncated layer 7 `<img` `src=x>` ❌"
    assert says in github.comments[0].body


def test_after_another_workflow_the_head_decides(
    github: Forge, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("event.json").write_text(json.dumps(RUN_EVENT))

    def pull(number: int, sha: str, login: str = "alice") -> dict[str, object]:
        return {"number": number, "head": {"sha": sha, "ref": "fix/it", "user": {"login": login}}}

    github.pulls = [pull(5, SHA, "bob"), pull(6, "1" * 40), pull(NUMBER, SHA)]
    assert run("comment", "wasteful.json") == 0
    assert "run=555 -->" in github.comments[0].body
    # The branch has moved on: its own run comments.
    github.pulls = [pull(NUMBER, "2" * 40)]
    assert run("comment", "clean.json", "--require") == 0
    assert "no open pull request has 8b8bf6d as its head any more" in capsys.readouterr().err
    assert "nothing to reclaim" not in github.comments[0].body


def test_options_name_a_forge_without_a_ci_system(capsys: pytest.CaptureFixture[str]) -> None:
    with serve("gitea") as forge:
        os.environ["GITEA_TOKEN"] = TOKEN
        try:
            where = ("--api-url", forge.url, "--repo", "team/app", "--pr", "7")
            assert run("comment", "gitea", "wasteful.json", *where) == 0
            assert run("comment", "forgejo", "wasteful.json", *where) == 0
            assert len(forge.comments) == 1
            assert run("comment", "gitea", "wasteful.json", *where[2:]) == 0
            assert "[no-repository]" in capsys.readouterr().err
            assert run("comment", "wasteful.json", *where) == 0
            assert "[no-token]" in capsys.readouterr().err
        finally:
            del os.environ["GITEA_TOKEN"]


def test_the_pull_request_is_found_by_its_head_where_woodpecker_does_not_say_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serve("bitbucket_dc") as forge:
        job = DATA_CENTER | {"CI_COMMIT_PULL_REQUEST": "", "BITBUCKET_DC_TOKEN": TOKEN}
        for name, value in job.items():
            monkeypatch.setenv(name, value)
        others = [
            {"id": 1_000 + number, "state": "OPEN", "fromRef": {"latestCommit": "9" * 40}}
            for number in range(150)
        ]
        expected = {"state": "OPEN", "fromRef": {"latestCommit": DATA_CENTER["CI_COMMIT_SHA"]}}
        forge.pulls = [{**expected, "id": 8, "state": "MERGED"}, *others, {**expected, "id": 7}]
        assert run("comment", "wasteful.json", "--api-url", forge.url, "--require") == 0
        (result,) = forge.comments
        assert result.body.rstrip().endswith('`slim:report v=1 key="api" head=8b8bf6d run=31`')


def test_several_comments_by_key(github: Forge) -> None:
    for key in ("api", "web", "api"):
        assert run("comment", "wasteful.json", "--key", key) == 0
    assert [comment.body.split('"')[1] for comment in github.comments] == ["api", "web"]


def test_several_reports_make_one_comment_with_a_fold_each(github: Forge) -> None:
    assert run("comment", "grown.json", "clean.json", "--key", "both") == 0
    assert run("comment", "clean.json", "same.json", "--key", "both") == 0
    assert len(github.comments) == 1
    body = github.comments[0].body
    assert body.startswith('<!-- slim:report v=1 key="both" head=8b8bf6d run=31 -->\n### 2 images')
    assert body.count("<details>") == body.count("</details>") >= 2


@pytest.mark.parametrize(
    ("arguments", "slug"),
    [
        ((), "no-report"),
        (("github",), "no-report"),
        (("wasteful.json", "--failure", "x"), "no-report"),
        (("wasteful.json", "--when", "never"), "bad-choice"),
        (("wasteful.json", "--behavior", "hide"), "bad-choice"),
        (("wasteful.json", "--pr", "0"), "usage"),
    ],
)
def test_wrong_calls_are_explained(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    slug: str,
) -> None:
    monkeypatch.setenv("SLIM_TOKEN", TOKEN)
    monkeypatch.setenv("SLIM_REPO", "team/app")
    monkeypatch.setenv("SLIM_PR", "7")
    assert run("comment", *arguments) == 2
    assert f"[{slug}]" in capsys.readouterr().err


def test_a_long_comment_keeps_within_its_bytes(github: Forge) -> None:
    layers = [layer_info(number, f"RUN step {number} " + "x" * 50, MB) for number in range(50)]
    Path("long.json").write_text(slim.render(report(layers), "json"))
    assert run("comment", "long.json", "--when", "always", "--max-bytes", "900") == 0
    assert len(github.comments[0].body.encode()) <= 900
    assert "Left out for length" in github.comments[0].body
