"""What becomes of a comment: created, changed in place, or left alone.

An old comment is slim's own when it begins with the marker (on Bitbucket: ends with it), names the same
key, and was written by the token's user. A comment of a newer run stays (the marker has the run), and
where there is nothing to say none is created; but what is there already is always brought up to date.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Literal

from msgspec import Struct

from slim.errors import NetworkError
from slim.forge.choices import Behavior
from slim.forge.model import Comment, Forge, Place
from slim.forge.transport import Refusal, Transport, Unsure
from slim.patterns import regex

_MARKER = regex(
    r'slim:report v=1 key="([^"\s]{0,700})"(?: head=([^\s"]{1,700}))?(?: run=([^\s"]{1,700}))?'
)
_OVER = "Outdated: a later comment has the current numbers"
_TRIES = 3
_WAIT_SECONDS = 5.0


class Marker(Struct, frozen=True):
    """What a comment says about itself; texts as they are escaped there."""

    key: str
    run: int | None
    first: bool
    """It is the first line, and hidden; otherwise the last one, and seen."""


class Outcome(Struct, frozen=True):
    """What was done."""

    action: Literal["created", "updated", "newer", "nothing"]
    """`newer`: the comment of a newer run is there; `nothing`: there is nothing to say."""
    url: str = ""
    """Of the comment, where the forge says it."""


def read_marker(body: str) -> Marker | None:
    """The marker of a comment, in its first line as an HTML comment or in its last as code."""
    first, _, _ = body.partition("\n")
    _, _, last = body.rstrip().rpartition("\n")
    for line, opening, closing in ((first.rstrip(), "<!-- ", " -->"), (last.rstrip(), "`", "`")):
        if line.startswith(opening) and line.endswith(closing):
            found = _MARKER.fullmatch(line[len(opening) : -len(closing)])
            if found is not None:
                run = found[3] or ""
                number = int(run) if run.isascii() and run.isdigit() and len(run) < 20 else None
                return Marker(found[1], number, opening != "`")
    return None


def publish(
    forge: Forge,
    api: Transport,
    at: Place,
    body: str,
    *,
    behavior: Behavior = "update",
    may_create: bool = True,
    sleep: Callable[[float], None] = time.sleep,
) -> Outcome:
    """Bring `body`, which carries a marker, to the pull request.

    Args:
        forge: how its API is used.
        api: where the API is.
        at: the pull request.
        body: Markdown in the forge's flavor.
        behavior: what becomes of an old comment.
        may_create: there is enough to say for a comment where there is none yet.
        sleep: waits between tries.

    Raises:
        NetworkError: the forge cannot be reached, or refuses.
    """
    mine = read_marker(body)
    if mine is None:
        raise ValueError("the comment has no marker")
    for attempt in range(_TRIES):
        own = _own(forge, api, at, mine)
        if mine.run is not None and any(_run(comment) > mine.run for comment in own):
            return Outcome("newer")
        if not may_create and (behavior == "new" or not own):
            return Outcome("nothing")
        try:
            return _post(forge, api, at, body, own, behavior)
        except Unsure as error:
            # The next try looks first whether the comment is there.
            failure = error
            wait = _WAIT_SECONDS * 2**attempt
            if attempt == _TRIES - 1 or not api.has_time(wait):
                break
            sleep(wait)
    raise failure


def _own(forge: Forge, api: Transport, at: Place, mine: Marker) -> list[Comment]:
    """The comments that are slim's, of the same key; newest first."""
    me = forge.me(api)
    if me == "":
        raise NetworkError(
            "forge-answer", "the forge does not say whose token it is", "--token-file"
        )
    own = [
        comment
        for comment in forge.comments(api, at)
        if (me is None or comment.author == me)
        and (marker := read_marker(comment.body)) is not None
        and (marker.key, marker.first) == (mine.key, mine.first)
    ]
    return sorted(own, key=lambda comment: -comment.id)


def _run(comment: Comment) -> int:
    marker = read_marker(comment.body)
    return -1 if marker is None or marker.run is None else marker.run


def _post(
    forge: Forge, api: Transport, at: Place, body: str, own: list[Comment], behavior: Behavior
) -> Outcome:
    if behavior == "update":
        for comment in own:
            try:
                return Outcome("updated", forge.update(api, at, comment, body) or comment.url)
            except Refusal as error:
                # Not ours to change, or deleted by now: there has to be another one.
                if error.status not in (403, 404):
                    raise
    url = forge.create(api, at, body)
    # The old one goes when the new one is there.
    if behavior == "hide-and-new" and own:
        if forge.hide is not None:
            forge.hide(api, own[0])
        elif (folded := _outdated(own[0].body)) is not None:
            _if_allowed(partial(forge.update, api, at, own[0], folded))
    if behavior == "delete-and-new":
        for comment in own:
            _if_allowed(partial(forge.delete, api, at, comment))
    return Outcome("created", url)


def _if_allowed(change: Callable[[], object]) -> None:
    """What is done to an old comment is done if it can be: the new one is there."""
    try:
        change()
    except Refusal as error:
        # 409: Bitbucket Data Center keeps a comment that was answered.
        if error.status not in (403, 404, 409):
            raise


def _outdated(body: str) -> str | None:
    """A comment of slim's as one that is over, for forges that cannot hide it: in a fold, or where there
    are none, its first sentence. None when it is so already."""
    mark = read_marker(body)
    if mark is None:
        return None
    if mark.first:
        line, _, rest = body.partition("\n")
        start = f"<details><summary>{_OVER}</summary>"
        return None if rest.startswith(start) else f"{line}\n{start}\n\n{rest}\n</details>\n"
    text, _, line = body.rstrip().rpartition("\n")
    end = f"_{_OVER}_"
    title = text.partition("\n")[0]
    return None if text.rstrip().endswith(end) else f"{title}\n\n{end}\n\n{line}\n"
