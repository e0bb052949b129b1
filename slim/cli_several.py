"""Several images in one run: a report each, and an output each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from slim.cli_outputs import Output, Text
from slim.errors import UsageError

PLACE = "{}"
"""In the path of an output: the image's short name."""
_AT_STDOUT = ("text", "json", "report", "markdown", "summary", "github")
"""Formats that can stand one after the other."""
_PREFIX = re.compile(
    r"^(docker-archive|oci-archive|oci-dir|registry|docker|podman|containerd|buildah):"
)
_ENDINGS = re.compile(r"\.(tar|tgz|gz|zst|xz|bz2)$", re.IGNORECASE)


def outputs_of(images: Sequence[str], outputs: Sequence[Output]) -> list[list[Output]]:
    """Where the outputs of each image go.

    >>> places = outputs_of(["a.tar", "host:5000/b:1"], [Output("json", "out/{}.json")])
    >>> [one.path for outputs in places for one in outputs]
    ['out/a.json', 'out/b-1.json']

    Raises:
        UsageError: outputs of several images would go to one file.
    """
    if len(images) == 1:
        return [list(outputs)]
    for one in outputs:
        name, path = one.format, one.path
        if path and PLACE not in path and not one.append:
            raise UsageError(
                "two-outputs",
                f"the reports of {len(images)} images would go to {path!r}",
                f"put {PLACE} into the path, it becomes the image's name: -o {name}=report-{PLACE}.json",
            )
        if not path and name not in _AT_STDOUT:
            raise UsageError(
                "two-outputs",
                f"{name} of {len(images)} images cannot go to stdout one after the other",
                f"write a file each: -o {name}=report-{PLACE}",
            )
    names = short_names(images)
    return [
        [replace(one, path=one.path.replace(PLACE, short)) for one in outputs] for short in names
    ]


def apart(texts: Sequence[Text]) -> list[Text]:
    """The outputs of an image that is not the first: a blank line before what people read at stdout."""
    return [
        replace(one, text=f"\n{one.text}")
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
