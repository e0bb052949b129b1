"""Reports → a comment on a pull request: what it says, and whether it is worth posting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from msgspec import Struct

from slim.errors import NetworkError, SlimError
from slim.forge.choices import Behavior, When
from slim.forge.context import Context
from slim.forge.forges import FORGES, load
from slim.forge.model import Forge, Place
from slim.forge.publish import Outcome, publish
from slim.forge.signing import check_url
from slim.forge.transport import Transport
from slim.formats.formats import render_together
from slim.formats.markdown import failed
from slim.formats.model import RenderOptions
from slim.limits import DEFAULT_LIMITS, Limits
from slim.report.load import load_document
from slim.report.noteworthy import is_noteworthy
from slim.units import SI, Units

HEAD = 7
"""Characters of a commit's id that are shown."""


class Page(Struct, frozen=True):
    """A comment that is ready to be posted."""

    text: str
    is_worth_posting: bool
    """It says enough for a comment where there is none yet."""
    error: SlimError | None = None
    """Why a report could not be read, and the page says so."""


def compose(
    files: Sequence[str],
    context: Context,
    when: When = "changed",
    *,
    key: str = "",
    max_bytes: int | None = None,
    report_url: str = "",
    units: Units = SI,
    rules_url: str = "",
    limits: Limits = DEFAULT_LIMITS,
) -> Page:
    """The page for reports and comparisons; for one that cannot be read, a page that says so."""
    try:
        documents = [load_document(file, limits=limits) for file in files]
    except SlimError as error:
        page = failure(error.message, context, key=key or Path(files[0]).stem)
        return Page(page.text, True, error)
    forge = FORGES.get(context.forge)
    options = RenderOptions(
        units=units,
        key=key,
        flavor=flavor_of(context),
        max_bytes=max_bytes or (forge.max_bytes if forge else None),
        head=context.head[:HEAD],
        run=context.run,
        report_url=report_url,
        run_url=context.run_url,
        rules_url=rules_url,
    )
    text = render_together(documents, "markdown", options)
    is_worth_posting = {
        "always": True,
        "changed": any(map(is_noteworthy, documents)),
        "failed": any(document.verdict.result != "pass" for document in documents),
    }
    return Page(text, is_worth_posting[when])


def failure(why: str, context: Context, *, key: str) -> Page:
    """The page for an image that could not be analysed."""
    options = RenderOptions(
        key=key,
        flavor=flavor_of(context),
        head=context.head[:HEAD],
        run=context.run,
        run_url=context.run_url,
    )
    return Page(failed.render(why, options), True)


def flavor_of(context: Context) -> str:
    """Which Markdown the forge reads."""
    forge = FORGES.get(context.forge)
    return forge.flavor if forge else "github"


def post(
    page: Page,
    context: Context,
    token: str,
    *,
    behavior: Behavior = "update",
    trusted: bool = False,
    timeout: float = 0,
) -> Iterator[tuple[int, Outcome]]:
    """Bring the page to its pull requests; their numbers and what was done, none where they moved on.

    `trusted`: the user gave the API's address, as `check_url` says. `timeout`: seconds for all of it; 0 for
    no bound.

    Raises:
        UsageError: the address is not one of an API.
        NetworkError: forge, repository or pull request are not known, or the forge did not take it.
    """
    forge = load(context.forge)
    if not context.api_url or not context.repo:
        raise NetworkError(
            "no-repository", "the repository is not known", "name it: --api-url, --repo and --pr"
        )
    headers, secrets = forge.sign(token)
    url = check_url(context.api_url, trusted=trusted)
    with closing(Transport(url, headers, secrets, timeout=timeout)) as api:
        for number in _numbers(forge, context, api):
            at = Place(context.repo, number)
            yield (
                number,
                publish(
                    forge, api, at, page.text, behavior=behavior, may_create=page.is_worth_posting
                ),
            )


def _numbers(forge: Forge, context: Context, api: Transport) -> Sequence[int]:
    if context.number is not None:
        return [context.number]
    if context.branch is None or forge.pull_of is None:
        raise NetworkError(
            "no-pull-request", "this job does not run for a pull request", "or name it with --pr"
        )
    return forge.pull_of(api, context.repo, context.branch, context.head)
