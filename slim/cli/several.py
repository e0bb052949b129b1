"""Several images in one run: a report each, and an output each.

What has `{}` in it is meant for each image, with its short name there: paths of outputs, the key of the
settings, and what the image is compared with.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from slim.cli.outputs import Output, Text
from slim.errors import UsageError

PLACE = "{}"
"""Stands for the image's short name."""
_AT_STDOUT = ("text", "json", "report", "markdown", "summary", "github")
"""Formats that can stand one after the other."""
_PREFIX = re.compile(
    r"^(docker-archive|oci-archive|oci-dir|registry|docker|podman|containerd|buildah):"
)
_ENDINGS = re.compile(r"\.(tar|tgz|gz|zst|xz|bz2|json)$", re.IGNORECASE)


def named(text: str | None, name: str) -> str | None:
    """A word of the command line for the image of this short name."""
    return text.replace(PLACE, name) if text else text


def placed(outputs: Sequence[Output], name: str) -> list[Output]:
    """Where the outputs of the image of this short name go.

    >>> placed([Output("json", "out/{}.json")], "api")
    [Output(format='json', path='out/api.json', append=False)]
    """
    return [one._replace(path=one.path.replace(PLACE, name)) for one in outputs]


def check_apart(outputs: Sequence[Sequence[Output]]) -> None:
    """See to it that each of several images has outputs of its own.

    Raises:
        UsageError: outputs of several images would go to one file.
    """
    if len(outputs) == 1:
        return
    taken = set[str]()
    for one in (output for mine in outputs for output in mine):
        if one.path and not one.append and one.path in taken:
            raise UsageError(
                "two-outputs",
                f"the reports of several images would go to {one.path!r}",
                f"put {PLACE} into the path, it becomes the image's name:"
                f" -o {one.format}=report-{PLACE}.json",
            )
        if not one.path and one.format not in _AT_STDOUT:
            raise UsageError(
                "two-outputs",
                f"{one.format} of {len(outputs)} images cannot go to stdout one after the other",
                f"write a file each: -o {one.format}=report-{PLACE}",
            )
        taken.add(one.path)


def apart(texts: Sequence[Text]) -> list[Text]:
    """The outputs of an image that is not the first: a blank line before what people read at stdout."""
    return [
        one._replace(text=f"\n{one.text}")
        if not one.to.path and one.to.format in ("text", "markdown")
        else one
        for one in texts
    ]


def short_names(images: Sequence[str]) -> list[str]:
    """A word for each image that can be part of a file's name; no two are alike.

    >>> short_names(["build/app.tar.gz", "oci-dir:app", "podman:team/app:2", "-"])
    ['app', 'app-2', 'app-2-2', 'image']
    """
    found: dict[str, None] = {}
    for image in images:
        last = image.rstrip("/").rpartition("/")[2]
        if "/" not in image:
            last = _PREFIX.sub("", last)
        while _ENDINGS.search(last):
            last = _ENDINGS.sub("", last)
        word = re.sub(r"[^A-Za-z0-9._-]+", "-", last.partition("@")[0]).strip("-.") or "image"
        number, unique = 1, word
        while unique in found:
            number += 1
            unique = f"{word}-{number}"
        found[unique] = None
    return list(found)
