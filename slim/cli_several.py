"""Several images in one run: a report each, and an output each."""

from __future__ import annotations

import re
from collections.abc import Sequence

from slim.errors import UsageError

Output = tuple[str, str]
PLACE = "{}"
"""In the path of an output: the image's short name."""
_AT_STDOUT = ("text", "json", "markdown", "github")
"""Formats that can stand one after the other."""
_PREFIX = re.compile(
    r"^(docker-archive|oci-archive|oci-dir|registry|docker|podman|containerd|buildah):"
)
_ENDINGS = re.compile(r"\.(tar|tgz|gz|zst|xz|bz2)$", re.IGNORECASE)


def outputs_of(images: Sequence[str], outputs: Sequence[Output]) -> list[list[Output]]:
    """(format, path) of each image's outputs.

    >>> outputs_of(["a.tar", "host:5000/b:1"], [("json", "out/{}.json")])
    [[('json', 'out/a.json')], [('json', 'out/b-1.json')]]

    Raises:
        UsageError: outputs of several images would go to one file.
    """
    if len(images) == 1:
        return [list(outputs)]
    for name, path in outputs:
        if path and PLACE not in path:
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
    return [[(name, path.replace(PLACE, short)) for name, path in outputs] for short in names]


def apart(texts: Sequence[Output], targets: Sequence[Output]) -> list[Output]:
    """(text, path) of an image that is not the first: a blank line before what people read at stdout."""
    return [
        ("\n" + text if not path and name in ("text", "markdown") else text, path)
        for (text, path), (name, _) in zip(texts, targets, strict=True)
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
