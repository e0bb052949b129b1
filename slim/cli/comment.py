"""`slim comment`: the environment and options → one comment on the pull request that a job runs for.

A comment that cannot be made is no failure of the build unless `--require` asks for it: a fork's job has
no token, a push has no pull request. A report that cannot be read always is one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from slim.cli import groups, options
from slim.cli.settings import read_limits, read_units
from slim.errors import NetworkError, UsageError
from slim.forge.forges import FORGES

if TYPE_CHECKING:
    from slim.forge.comment import Page
    from slim.forge.context import Context
    from slim.forge.publish import Outcome

_EVENT_BYTES = 32 << 20
_TOKEN_BYTES = 16 << 10


@click.command(
    epilog="Examples:\n\n"
    "  slim comment report.json\n\n"
    "  slim comment github size.json --key api --require\n\n"
    "  slim comment gitea api.json web.json --api-url https://git.example/api/v1 --repo team/app"
    " --pr 7\n\n"
    "The token is SLIM_TOKEN, else that of the forge:"
    f" {', '.join(forge.tokens[0] for forge in FORGES.values())}. Without one the comment is printed."
)
@click.argument(
    "words",
    metavar="[FORGE] REPORT.json…",
    nargs=-1,
    shell_complete=options.files,
    help=f"auto (the default), {', '.join(list(FORGES)[:-1])} or {list(FORGES)[-1]};"
    " then reports or comparisons, which make one comment together.",
)
@options.behavior
@options.when
@options.dry_run
@options.require
@options.repo
@options.pr
@options.token_file
@options.api_url
@options.max_bytes
@options.report_url
@options.rules_url
@options.failure
@options.units
@options.timeout
@groups.SettingsOptions.options
@groups.VoiceOptions.options
def comment(
    words: Sequence[str],
    behavior: str | None,
    when: str | None,
    dry_run: bool,
    require: bool,
    repo: str,
    pr: int | None,
    token_file: str | None,
    api_url: str,
    max_bytes: int | None,
    report_url: str,
    rules_url: str,
    failure: str,
    units: str | None,
    timeout: int | None,
    settings: groups.SettingsOptions,
    voice: groups.VoiceOptions,
) -> None:
    """Comment on the job's pull request, or update the comment.

    Forge, repository, pull request and commit are found in GitHub Actions, GitLab CI, Drone,
    Woodpecker, Gitea and Forgejo Actions, Bitbucket Pipelines, Azure Pipelines and Jenkins.
    """
    from slim.cli.console import print_notice, print_output
    from slim.forge import comment as comments
    from slim.forge.choices import BEHAVIORS, WHENS
    from slim.forge.choose import chosen
    from slim.formats.rules_url import parse_rules_url
    from slim.formats.terminal import clean

    voice.begin()
    forge, files = _parse(words, bool(failure))
    context = chosen(_detected(), forge=forge, api_url=api_url, repo=repo, number=pr)
    told = settings.read(settings.key if len(files) < 2 else None, judging=False)
    limits = read_limits((), timeout, told.limits)
    wish = _one_of("--when", when or told.image.when, WHENS)
    plan = _one_of("--behavior", behavior or told.image.behavior, BEHAVIORS)
    if failure:
        page = comments.failure(failure, context, key=settings.key or "image")
    else:
        page = comments.compose(
            files,
            context,
            wish,
            key=settings.key or "",
            max_bytes=max_bytes,
            report_url=report_url,
            units=read_units(units, told.image.units),
            rules_url=parse_rules_url(rules_url) if rules_url else told.image.rules_url,
            limits=limits,
        )
    problem: NetworkError | None = None
    if dry_run:
        print_notice(f"slim: not posted (--dry-run): {clean(_where(context))}")
    else:
        try:
            token = _token(context, token_file)
            done = list(
                comments.post(
                    page,
                    context,
                    token,
                    behavior=plan,
                    trusted=bool(api_url),
                    timeout=limits.timeout,
                )
            )
            for number, outcome in done:
                print_notice(f"slim: {_done(outcome)} ({clean(context.repo)} #{number})")
            if not done:
                print_notice(
                    "slim: no comment: no open pull request has"
                    f" {clean(context.head[: comments.HEAD])} as its head any more"
                )
        except NetworkError as error:
            problem = error
    if dry_run or problem is not None:
        print_output(page.text)
    _conclude(page, problem, require)


def _conclude(page: Page, problem: NetworkError | None, require: bool) -> None:
    from slim.cli.console import print_notice
    from slim.formats.terminal import clean

    if problem is not None and (page.error is not None or not require):
        print_notice(f"slim: not posted: {clean(problem.message)} [{problem.slug}]")
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


def _one_of(flag: str, value: str | None, values: Sequence[Any]) -> Any:
    """The value, if it is one of these; the first of them where nobody says anything."""
    if value is None:
        return values[0]
    if value not in values:
        raise UsageError("bad-choice", f"{flag}: {value!r} is none of {', '.join(values)}")
    return value


def _detected() -> Context:
    from slim.forge.ci import detect

    event = b""
    if path := os.environ.get("GITHUB_EVENT_PATH"):
        with suppress(OSError), open(path, "rb") as file:
            event = file.read(_EVENT_BYTES)
    return detect(os.environ, event)


def _token(context: Context, token_file: str | None) -> str:
    """The token of the file, else of the first variable that holds one.

    Raises:
        UsageError: the file cannot be read, or what was found is no token.
        NetworkError: there is none.
    """
    from slim.forge.choose import token_names
    from slim.forge.signing import check_token

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
        f"there is no token in {' or '.join(names)}",
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
    from slim.formats.terminal import clean

    return {
        "created": "comment made",
        "updated": "comment updated",
        "newer": "no comment: that of a newer run is there",
        "nothing": "no comment: there is nothing to say",
    }[outcome.action] + (f": {clean(outcome.url)}" if outcome.url else "")
