"""Which pull request of which forge a job is about: a function of its environment [pure].

The variables are those that each CI system documents as predefined. What a stranger chooses (names of
branches, titles) is used only as an argument of a query that the forge answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import unquote, urlsplit

import msgspec
from msgspec.structs import replace

FORGES = ("github", "gitlab", "gitea", "forgejo", "bitbucket", "bitbucket_dc", "azure")
"""As Woodpecker names them; `bitbucket_dc` is Bitbucket Data Center."""
TOKENS: dict[str, tuple[str, ...]] = {
    "github": ("GITHUB_TOKEN", "GH_TOKEN"),
    "gitlab": ("GITLAB_TOKEN",),
    "gitea": ("GITEA_TOKEN", "FORGEJO_TOKEN"),
    "forgejo": ("FORGEJO_TOKEN", "GITEA_TOKEN"),
    "bitbucket": ("BITBUCKET_TOKEN",),
    "bitbucket_dc": ("BITBUCKET_DC_TOKEN",),
    "azure": ("SYSTEM_ACCESSTOKEN", "AZURE_DEVOPS_EXT_PAT"),
}
"""Variables that hold a forge's token, after `SLIM_TOKEN`: the token of one forge never goes to another."""

_SERVERS = {
    "github": "https://github.com",
    "gitlab": "https://gitlab.com",
    "bitbucket": "https://bitbucket.org",
}
_HOSTS = {
    "github.com": "github",
    "gitlab.com": "gitlab",
    "bitbucket.org": "bitbucket",
    "codeberg.org": "forgejo",
    "gitea.com": "gitea",
    "dev.azure.com": "azure",
}
_APIS = {
    "gitlab": "/api/v4",
    "gitea": "/api/v1",
    "forgejo": "/api/v1",
    "bitbucket_dc": "/rest/api/1.0",
}
"""Where a server of one's own has its API."""
_PAGES = (
    ("azure", re.compile(r"(/.*?)?/([^/]+)/_git/([^/]+)/pullrequest/(\d+)")),
    ("gitlab", re.compile(r"()/(.+?)/-/merge_requests/(\d+)")),
    (
        "bitbucket_dc",
        re.compile(r"(/.*?)?/((?:projects|users)/[^/]+)/repos/([^/]+)/pull-requests/(\d+)"),
    ),
    ("bitbucket", re.compile(r"()/([^/]+/[^/]+)/pull-requests/(\d+)")),
    ("gitea", re.compile(r"(.*)/([^/]+/[^/]+)/pulls/(\d+)")),
    ("github", re.compile(r"()/([^/]+/[^/]+)/pull/(\d+)")),
)
"""(prefix of the server, repository, number) of the addresses of pull requests."""
_REF = re.compile(r"refs/pull/(\d{1,12})/(?:merge|head)", re.ASCII)


class Branch(msgspec.Struct, frozen=True):
    """Where a job that ran for a pull request got its commit: to find the number by."""

    owner: str
    name: str


class Context(msgspec.Struct, frozen=True):
    """What is known; empty or None where it is not."""

    ci: str = ""
    """Name of the CI system, for people."""
    forge: str = ""
    api_url: str = ""
    server: str = ""
    """The forge's own address, where only the address of a page said which forge it is."""
    repo: str = ""
    """As `Place.repo`."""
    number: int | None = None
    """Of the pull request."""
    head: str = ""
    """The commit that was built."""
    run: str = ""
    """A number that grows from run to run."""
    run_url: str = ""
    branch: Branch | None = None
    """Only where there is no number yet."""


def detect(env: Mapping[str, str], event: bytes = b"") -> Context:
    """What the environment says; `event` is the file that `GITHUB_EVENT_PATH` names."""
    for name, read in _SYSTEMS:
        if _is_set(env.get(name)):
            return read(env, event)
    return Context()


def chosen(
    context: Context,
    *,
    forge: str = "",
    api_url: str = "",
    repo: str = "",
    number: int | None = None,
) -> Context:
    """The context with what the user says in its place; another forge forgets the detected one."""
    if forge and forge != context.forge:
        if context.server:
            context = replace(context, forge=forge, api_url=api_of(forge, context.server))
        elif {forge, context.forge} == {"gitea", "forgejo"}:
            context = replace(context, forge=forge)
        else:
            api = api_of(forge, _SERVERS.get(forge, ""))
            context = replace(context, forge=forge, api_url=api, repo="", number=None, branch=None)
    if repo and repo != context.repo:
        context = replace(context, repo=repo, number=None, branch=None)
    if number is not None:
        context = replace(context, number=number, branch=None)
    return replace(context, api_url=api_url or context.api_url)


def api_of(forge: str, server: str) -> str:
    """The address of the API of a server: `https://git.example` → `https://git.example/api/v1`."""
    server = server.rstrip("/")
    if not server:
        return ""
    if forge == "github":
        host = urlsplit(server).hostname or ""
        return "https://api.github.com" if host == "github.com" else f"{server}/api/v3"
    if forge == "bitbucket":
        return "https://api.bitbucket.org/2.0"
    return server + _APIS.get(forge, "")


def token_names(context: Context) -> tuple[str, ...]:
    """The variables that may hold the token, the first one wins."""
    names = TOKENS.get(context.forge, ())
    if context.ci in ("Gitea Actions", "Forgejo Actions"):
        names = (*names, "GITHUB_TOKEN")
    return ("SLIM_TOKEN", *names)


def from_page(url: str) -> Context:
    """What the address of a pull request's page says.

    >>> from_page("https://git.example/team/app/pulls/7").api_url
    'https://git.example/api/v1'
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return Context()
    for forge, pattern in _PAGES:
        found = pattern.match(parts.path) if len(parts.path) < 2_000 else None
        if found is None or not host:
            continue
        prefix, *repo, number = (unquote(part or "") for part in found.groups())
        if forge == "bitbucket_dc":
            repo[0] = repo[0].removeprefix("projects/").replace("users/", "~", 1)
        name = _HOSTS.get(host, forge)
        server = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{prefix}"
        return Context(
            forge=name,
            server=server,
            api_url=api_of(name, server),
            repo="/".join(repo),
            number=_number(number),
        )
    return Context()


def _github(env: Mapping[str, str], event: bytes) -> Context:
    ci, forge = "GitHub Actions", "github"
    if _is_set(env.get("FORGEJO_ACTIONS")):
        ci, forge = "Forgejo Actions", "forgejo"
    elif _is_set(env.get("GITEA_ACTIONS")):
        ci, forge = "Gitea Actions", "gitea"
    server, repo = env.get("GITHUB_SERVER_URL", ""), env.get("GITHUB_REPOSITORY", "")
    run = env.get("GITHUB_RUN_ID", "")
    found = _REF.fullmatch(env.get("GITHUB_REF", ""))
    context = Context(
        ci,
        forge,
        env.get("GITHUB_API_URL", "") or api_of(forge, server),
        repo=repo,
        number=_number(found[1]) if found else None,
        head=env.get("GITHUB_SHA", ""),
        run=run,
        run_url=f"{server}/{repo}/actions/runs/{run}" if server and repo and run else "",
    )
    return _with_event(context, event)


class _Owner(msgspec.Struct):
    login: str


class _Repository(msgspec.Struct):
    owner: _Owner


class _Head(msgspec.Struct):
    sha: str = ""


class _Pull(msgspec.Struct):
    number: int
    head: _Head


class _Run(msgspec.Struct):
    id: int
    event: str
    head_sha: str
    head_branch: str | None = None
    head_repository: _Repository | None = None
    html_url: str = ""


class _Event(msgspec.Struct):
    pull_request: _Pull | None = None
    workflow_run: _Run | None = None


def _with_event(context: Context, event: bytes) -> Context:
    """A pull request's event knows its head, where the variables name the merge commit.

    After another workflow (`workflow_run`) the commit is the one that this other one ran for, and so
    is the run: the order of comments is that of the builds.
    """
    try:
        said = msgspec.json.decode(event, type=_Event) if event else _Event()
    except (msgspec.MsgspecError, RecursionError):
        return context
    if said.workflow_run is not None:
        run = said.workflow_run
        owner = run.head_repository.owner.login if run.head_repository else ""
        return replace(
            context,
            number=None,
            head=run.head_sha,
            run=str(run.id),
            run_url=run.html_url or context.run_url,
            branch=Branch(owner, run.head_branch or "") if run.event == "pull_request" else None,
        )
    if said.pull_request is not None:
        return replace(
            context,
            number=said.pull_request.number,
            head=said.pull_request.head.sha or context.head,
        )
    return context


def _gitlab(env: Mapping[str, str], _: bytes) -> Context:
    # In a fork's pipeline the project is the fork, and the merge request is in another one.
    project = env.get("CI_MERGE_REQUEST_PROJECT_ID") or env.get("CI_PROJECT_ID", "")
    return Context(
        "GitLab CI",
        "gitlab",
        env.get("CI_API_V4_URL", "") or api_of("gitlab", env.get("CI_SERVER_URL", "")),
        repo=project,
        number=_number(env.get("CI_MERGE_REQUEST_IID")),
        head=env.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or env.get("CI_COMMIT_SHA", ""),
        run=env.get("CI_PIPELINE_ID", ""),
        run_url=env.get("CI_PIPELINE_URL", ""),
    )


def _woodpecker(env: Mapping[str, str], _: bytes) -> Context:
    forge, repo = env.get("CI_FORGE_TYPE", ""), env.get("CI_REPO", "")
    number = _number(env.get("CI_COMMIT_PULL_REQUEST"))
    branch = None
    # Woodpecker does not always know the number of Bitbucket Data Center's pull requests.
    if number is None and env.get("CI_PIPELINE_EVENT", "").startswith("pull_request"):
        branch = Branch(repo.partition("/")[0], env.get("CI_COMMIT_SOURCE_BRANCH", ""))
    return Context(
        "Woodpecker",
        forge,
        api_of(forge, env.get("CI_FORGE_URL", "")) if forge in FORGES else "",
        repo=repo,
        number=number,
        branch=branch,
        head=env.get("CI_COMMIT_SHA", ""),
        run=env.get("CI_PIPELINE_NUMBER", ""),
        run_url=env.get("CI_PIPELINE_URL", ""),
    )


def _drone(env: Mapping[str, str], _: bytes) -> Context:
    """Drone does not say which forge it serves; the addresses of pages tell most of them."""
    page = from_page(env.get("DRONE_COMMIT_LINK", ""))
    link, repo = env.get("DRONE_REPO_LINK", ""), env.get("DRONE_REPO", "")
    server = link.removesuffix(f"/{repo}") if repo and link.endswith(f"/{repo}") else page.server
    forge = page.forge or _HOSTS.get(_host(server), "")
    return Context(
        "Drone",
        forge,
        api_of(forge, server) if forge else "",
        server,
        repo,
        number=_number(env.get("DRONE_PULL_REQUEST")),
        head=env.get("DRONE_COMMIT_SHA", "") or env.get("DRONE_COMMIT", ""),
        run=env.get("DRONE_BUILD_NUMBER", ""),
        run_url=env.get("DRONE_BUILD_LINK", ""),
    )


def _bitbucket(env: Mapping[str, str], _: bytes) -> Context:
    repo, run = env.get("BITBUCKET_REPO_FULL_NAME", ""), env.get("BITBUCKET_BUILD_NUMBER", "")
    return Context(
        "Bitbucket Pipelines",
        "bitbucket",
        api_of("bitbucket", _SERVERS["bitbucket"]),
        repo=repo,
        number=_number(env.get("BITBUCKET_PR_ID")),
        head=env.get("BITBUCKET_COMMIT", ""),
        run=run,
        run_url=f"{_SERVERS['bitbucket']}/{repo}/pipelines/results/{run}" if repo and run else "",
    )


def _azure(env: Mapping[str, str], _: bytes) -> Context:
    collection = env.get("SYSTEM_COLLECTIONURI", "").rstrip("/")
    project, run = env.get("SYSTEM_TEAMPROJECT", ""), env.get("BUILD_BUILDID", "")
    context = Context(
        "Azure Pipelines",
        head=env.get("SYSTEM_PULLREQUEST_SOURCECOMMITID") or env.get("BUILD_SOURCEVERSION", ""),
        run=run,
        run_url=f"{collection}/{project}/_build/results?buildId={run}"
        if collection and run
        else "",
    )
    provider = env.get("BUILD_REPOSITORY_PROVIDER", "TfsGit")
    if provider == "TfsGit":
        return replace(
            context,
            forge="azure",
            api_url=collection,
            repo=f"{project}/{env.get('BUILD_REPOSITORY_ID', '')}",
            number=_number(env.get("SYSTEM_PULLREQUEST_PULLREQUESTID")),
        )
    if provider in ("GitHub", "GitHubEnterprise"):
        # The pull request is on GitHub, and GitHub's number is in another variable.
        return replace(
            context,
            forge="github",
            api_url=api_of("github", _server_of(env.get("BUILD_REPOSITORY_URI", ""))),
            repo=env.get("BUILD_REPOSITORY_NAME", ""),
            number=_number(env.get("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER")),
        )
    return context


def _jenkins(env: Mapping[str, str], _: bytes) -> Context:
    """A multibranch project has the address of the pull request."""
    return replace(
        from_page(env.get("CHANGE_URL", "")),
        ci="Jenkins",
        head=env.get("GIT_COMMIT", ""),
        run=env.get("BUILD_NUMBER", ""),
        run_url=env.get("BUILD_URL", ""),
    )


_SYSTEMS: tuple[tuple[str, Callable[[Mapping[str, str], bytes], Context]], ...] = (
    ("GITHUB_ACTIONS", _github),
    ("GITLAB_CI", _gitlab),
    ("CI_FORGE_TYPE", _woodpecker),
    ("DRONE", _drone),
    ("BITBUCKET_BUILD_NUMBER", _bitbucket),
    ("TF_BUILD", _azure),
    ("JENKINS_URL", _jenkins),
    ("JENKINS_HOME", _jenkins),
)
"""The variable by which each system is known. Woodpecker sets Drone's names, too, in some versions."""


def _is_set(value: str | None) -> bool:
    return value is not None and value.lower() not in ("", "false", "0")


def _number(text: str | None) -> int | None:
    """A number of a pull request; what is none, or 0, is no number."""
    if text and text.isascii() and text.isdigit() and len(text) <= 12:
        return int(text) or None
    return None


def _server_of(url: str) -> str:
    return f"https://{_host(url)}" if _host(url) else ""


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
