"""What the address of a page says, what the user says, and whose token it takes."""

from __future__ import annotations

import pytest

from slim.forge.choose import chosen, token_names
from slim.forge.ci import detect
from slim.forge.context import Context
from slim.forge.forges import api_of
from slim.forge.pages import from_page
from tests.support.environments import DRONE, GITEA, GITHUB, GITLAB, WOODPECKER


@pytest.mark.parametrize(
    ("url", "forge", "api", "repo"),
    [
        ("https://github.com/o/r/pull/7", "github", "https://api.github.com", "o/r"),
        ("https://ghe.example/o/r/pull/7/files", "github", "https://ghe.example/api/v3", "o/r"),
        ("https://gitlab.com/a/b/c/-/merge_requests/7", "gitlab", "https://gitlab.com/api/v4",
         "a/b/c"),
        ("https://codeberg.org/o/r/pulls/7", "forgejo", "https://codeberg.org/api/v1", "o/r"),
        ("https://x.example/git/o/r/pulls/7", "gitea", "https://x.example/git/api/v1", "o/r"),
        ("https://bitbucket.org/o/r/pull-requests/7", "bitbucket", "https://api.bitbucket.org/2.0",
         "o/r"),
        ("https://bb.example/projects/TEAM/repos/app/pull-requests/7/overview", "bitbucket_dc",
         "https://bb.example/rest/api/1.0", "TEAM/app"),
        ("https://x.example/bitbucket/users/alice/repos/app/pull-requests/7", "bitbucket_dc",
         "https://x.example/bitbucket/rest/api/1.0", "~alice/app"),
        ("https://dev.azure.com/org/pro%20j/_git/app/pullrequest/7", "azure",
         "https://dev.azure.com/org", "pro j/app"),
    ],
)  # fmt: skip
def test_the_address_of_a_page_says_it(url: str, forge: str, api: str, repo: str) -> None:
    found = from_page(url)
    assert (found.forge, found.api_url, found.repo, found.number) == (forge, api, repo, 7)


@pytest.mark.parametrize(
    "url",
    ["", "x", "https://", "https://[", "/o/r/pull/7", "https://x.example/" + "a/" * 50_000,
     "https://x.example/o/r/commit/abc", "https://x.example/o/r/pull/x"],
)  # fmt: skip
def test_other_addresses_say_nothing(url: str) -> None:
    assert from_page(url) == Context()


def test_options_win_over_what_was_found() -> None:
    found = detect(DRONE)
    assert chosen(found) == found
    assert chosen(found, number=9).number == 9
    other = chosen(found, repo="team/other")
    assert (other.repo, other.number) == ("team/other", None)
    assert chosen(found, api_url="https://x.example/api/v1").api_url == "https://x.example/api/v1"
    assert chosen(found, forge="forgejo").api_url == "https://git.example/api/v1"
    # Drone does not say what its forge is: the user may know better.
    assert chosen(found, forge="gitlab").api_url == "https://git.example/api/v4"
    push = detect({k: v for k, v in DRONE.items() if k != "DRONE_COMMIT_LINK"})
    assert chosen(push, forge="gitea").api_url == "https://git.example/api/v1"


def test_another_forge_than_the_job_s_own_has_none_of_its_numbers() -> None:
    found = chosen(detect(GITHUB), forge="gitlab")
    assert (found.api_url, found.repo, found.number) == ("https://gitlab.com/api/v4", "", None)
    assert chosen(detect(GITEA), forge="forgejo").repo == "team/app"
    nowhere = chosen(Context(), forge="gitea", repo="team/app", number=7)
    assert (nowhere.api_url, nowhere.number) == ("", 7)


def test_addresses_of_apis() -> None:
    assert api_of("github", "https://github.com/") == "https://api.github.com"
    assert api_of("forgejo", "https://x.example/git") == "https://x.example/git/api/v1"
    assert api_of("gitea", "") == ""


def test_a_forge_gets_its_own_token_alone() -> None:
    assert token_names(detect(GITLAB)) == ("SLIM_TOKEN", "GITLAB_TOKEN")
    assert token_names(detect(WOODPECKER)) == ("SLIM_TOKEN", "FORGEJO_TOKEN", "GITEA_TOKEN")
    assert token_names(detect(GITEA))[-1] == "GITHUB_TOKEN"
    assert "GITHUB_TOKEN" not in token_names(detect(DRONE))
    assert token_names(Context()) == ("SLIM_TOKEN",)
