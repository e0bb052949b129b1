"""`slim comment`: the environment and options → one comment on the pull request that a job runs for.

A comment that cannot be made is not a failure of the build unless `--require` is given: a fork's job has
no token, a push has no pull request. A report that cannot be read always is one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, ClassVar, TypeVar

import click
from msgspec import Struct

from slim.cli.command import argument, command, flag, option
from slim.cli.environment import read_limits
from slim.cli.options import SettingsOptions, Timeout, UnitsName, read_units
from slim.cli.pages import ReportUrl, RulesUrl
from slim.cli.progress import MessageOptions, print_warning
from slim.cli.write import print_output
from slim.errors import NetworkError, UsageError
from slim.forge import comment as comments
from slim.forge.choices import BEHAVIORS, WHENS, Behavior
from slim.forge.choose import chosen, token_names
from slim.forge.ci import detect
from slim.forge.comment import Page
from slim.forge.context import Context
from slim.forge.forges import FORGES
from slim.forge.publish import Outcome
from slim.forge.signing import check_token
from slim.formats.rules_url import parse_rules_url
from slim.formats.terminal import clean
from slim.limits import Limits

W = TypeVar("W", bound=str)
_EVENT_BYTES = 32 << 20
_TOKEN_BYTES = 16 << 10


class PostOptions(Struct, frozen=True):
    """Where a comment goes, and when one is made."""

    heading: ClassVar[str] = "Where to post"

    behavior: Annotated[
        str | None,
        option(
            "--behavior",
            "What to do with slim's previous comment: update (edit it), new (keep it and post another),"
            " hide-and-new (fold it away) or delete-and-new.",
            "WHAT",
            shown_default="update",
        ),
    ]
    when: Annotated[
        str | None,
        option(
            "--when",
            "When to create a comment: changed (size or findings changed), always, or failed (a budget"
            " or --fail-on failed). An existing comment is always updated.",
            "WHEN",
            shown_default="changed",
        ),
    ]
    dry_run: Annotated[bool, flag("--dry-run", "Print the comment without contacting the forge.")]
    require: Annotated[
        bool,
        flag(
            "--require",
            "Exit with 6 when the comment cannot be made: no token, no pull request, refused.",
        ),
    ]
    repo: Annotated[
        str,
        option(
            "--repo",
            "Repository as OWNER/NAME (GitLab: path or numeric project ID; Azure:"
            " PROJECT/REPOSITORY).",
            "OWNER/NAME",
            default="",
        ),
    ]
    pr: Annotated[
        int | None, option("--pr", "The pull request.", "NUMBER", kind=click.IntRange(min=1))
    ]
    token_file: Annotated[
        str | None, option("--token-file", "Read the token from a file.", "FILE", file=True)
    ]
    api_url: Annotated[
        str, option("--api-url", "The API, such as https://git.example/api/v1.", "URL", default="")
    ]
    max_bytes: Annotated[
        int | None,
        option(
            "--max-bytes",
            "Drop collapsible sections until the comment fits into BYTES.",
            "BYTES",
            kind=click.IntRange(min=1),
        ),
    ]


@command(
    epilog="Examples:\n\n"
    "  slim comment report.json\n\n"
    "  slim comment github size.json --key api --require\n\n"
    "  slim comment gitea api.json web.json --api-url https://git.example/api/v1 --repo team/app"
    " --pr 7\n\n"
    "The token is SLIM_TOKEN, else that of the forge:"
    f" {', '.join(forge.tokens[0] for forge in FORGES.values())}. Without one the comment is printed."
)
def comment(
    words: Annotated[
        Sequence[str],
        argument(
            "[FORGE] REPORT.json…",
            f"auto (the default), {', '.join(list(FORGES)[:-1])} or {list(FORGES)[-1]};"
            " then reports or comparisons, which make one comment together.",
            many=True,
            required=False,
            file=True,
        ),
    ],
    post: PostOptions,
    report_url: ReportUrl,
    rules_url: RulesUrl,
    failure: Annotated[
        str,
        option(
            "--failure",
            "In place of a report: say that the image could not be analyzed, and why.",
            "TEXT",
            default="",
        ),
    ],
    units: UnitsName,
    timeout: Timeout,
    settings: SettingsOptions,
    messages: MessageOptions,
) -> None:
    """Post or update slim's comment on the current pull request.

    Forge, repository, pull request and commit are found in GitHub Actions, GitLab CI, Drone,
    Woodpecker, Gitea and Forgejo Actions, Bitbucket Pipelines, Azure Pipelines and Jenkins.
    """
    messages.begin()
    forge, files = _parse(words, bool(failure))
    context = chosen(_detected(), forge=forge, api_url=post.api_url, repo=post.repo, number=post.pr)
    config = settings.read(settings.key if len(files) < 2 else None, judging=False)
    image = config.image
    limits = read_limits((), timeout, config.limits)
    when = _one_of("--when", post.when or image.when, WHENS)
    behavior = _one_of("--behavior", post.behavior or image.behavior, BEHAVIORS)
    if failure:
        page = comments.failure(failure, context, key=settings.key or "image")
    else:
        page = comments.compose(
            files,
            context,
            when,
            key=settings.key or "",
            max_bytes=post.max_bytes,
            report_url=report_url,
            units=read_units(units, image.units),
            rules_url=parse_rules_url(rules_url) if rules_url else image.rules_url,
            limits=limits,
        )
    problem: NetworkError | None = None
    if post.dry_run:
        print_warning(f"slim: not posted (--dry-run): {clean(_where(context))}")
    else:
        try:
            _post(page, context, behavior, post, limits)
        except NetworkError as error:
            problem = error
    if post.dry_run or problem is not None:
        print_output(page.text)
    _conclude(page, problem, post.require)


def _post(
    page: Page, context: Context, behavior: Behavior, options: PostOptions, limits: Limits
) -> None:
    token = _token(context, options.token_file)
    outcomes = list(
        comments.post(
            page,
            context,
            token,
            behavior=behavior,
            trusted=bool(options.api_url),
            timeout=limits.timeout,
        )
    )
    for number, outcome in outcomes:
        print_warning(f"slim: {_done(outcome)} ({clean(context.repo)} #{number})")
    if not outcomes:
        print_warning(
            "slim: no comment: no open pull request has"
            f" {clean(context.head[: comments.HEAD])} as its head any more"
        )


def _conclude(page: Page, problem: NetworkError | None, require: bool) -> None:
    if problem is not None and (page.error is not None or not require):
        print_warning(f"slim: not posted: {clean(problem.message)} [{problem.slug}]")
    if page.error is not None:
        raise page.error
    if problem is not None and require:
        raise problem


def _parse(words: Sequence[str], failed: bool) -> tuple[str, list[str]]:
    """`[FORGE] REPORT.json…` → (forge or "", files)."""
    forge, files = "", list(words)
    if files and files[0] in ("auto", *FORGES):
        forge = files.pop(0).replace("auto", "")
    if not files and not failed:
        raise UsageError("no-report", "there is no report", "slim comment report.json")
    if files and failed:
        raise UsageError("no-report", "--failure is in place of a report", "give one of them")
    return forge, files


def _one_of(flag: str, value: str | None, values: tuple[W, ...]) -> W:
    """The value, if it is one of these; the first of them if none is given."""
    if value is None:
        return values[0]
    for choice in values:
        if choice == value:
            return choice
    raise UsageError("bad-choice", f"{flag}: {value!r} is not one of {', '.join(values)}")


def _detected() -> Context:
    event = b""
    if path := os.environ.get("GITHUB_EVENT_PATH"):
        with suppress(OSError), open(path, "rb") as file:
            event = file.read(_EVENT_BYTES)
    return detect(os.environ, event)


def _token(context: Context, token_file: str | None) -> str:
    """The token of the file, else of the first variable that holds one.

    Raises:
        UsageError: the file cannot be read, or what was found is not a token.
        NetworkError: there is none.
    """
    if token_file is not None:
        try:
            with open(token_file, "rb") as file:
                data = file.read(_TOKEN_BYTES)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise UsageError("no-token", f"cannot read {token_file!r}: {why}") from None
        return check_token(data.decode("utf-8", "replace"), token_file)
    names = token_names(context)
    for name in names:
        if token := os.environ.get(name, "").strip():
            return check_token(token, name)
    raise NetworkError(
        "no-token",
        f"no token in {' or '.join(names)}",
        "set the variable, or name a file that holds the token: --token-file FILE",
    )


def _where(context: Context) -> str:
    return ", ".join(
        (
            context.ci or "no CI system",
            context.forge or "unknown forge",
            context.repo or "unknown repository",
            f"#{context.number}" if context.number else "no pull request",
            context.head[:7] or "unknown commit",
        )
    )


def _done(outcome: Outcome) -> str:
    return {
        "created": "comment made",
        "updated": "comment updated",
        "newer": "no comment: that of a newer run is there",
        "nothing": "no comment: there is nothing to say",
    }[outcome.action] + (f": {clean(outcome.url)}" if outcome.url else "")
