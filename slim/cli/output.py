"""What commands write where: `-o FORMAT[=PATH]`, for one image and for several.

A PATH that begins with `+` is appended to, for the files that CI systems give to a step: `-o
summary=+"$GITHUB_STEP_SUMMARY"`. Where the variable is not set nothing is left after the `+`, and that
output is left out: one command serves on every machine.

`{}` stands for the short name of an image: in paths of outputs, in the key of the settings, and in what
the image is compared with.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from itertools import chain
from typing import Annotated, NamedTuple

from slim.cli.command import option
from slim.cli.progress import is_terminal, print_warning
from slim.cli.write import STDOUT, append_output, print_output, write_output
from slim.errors import UsageError
from slim.formats.formats import find_format
from slim.patterns import regex

PLACE = "{}"
"""Stands for the image's short name."""
OWN_REPORT = "report"
"""The JSON of the image's own report, where `json` is that of a comparison."""
_AT_STDOUT = ("text", "json", "report", "markdown", "summary", "github")
"""Formats that can stand one after the other."""
_PREFIX = regex(r"^(docker-archive|oci-archive|oci-dir|registry|docker|podman|containerd|buildah):")
_ENDINGS = regex(r"\.(tar|tgz|gz|zst|xz|bz2|json)$", re.IGNORECASE)

Outputs = Annotated[
    Sequence[str],
    option(
        "--output -o",
        "text, json, markdown, html, svg, summary, sarif, gitlab, github, junit, csv, metrics, env or"
        " ncdu; repeat it for several; +PATH adds to a file. Default: text on a terminal, else json.",
        "FORMAT[=PATH]",
        multiple=True,
    ),
]


class Output(NamedTuple):
    """Where a format goes."""

    format: str
    path: str
    """Empty for stdout."""
    append: bool = False


class Text(NamedTuple):
    """An output that is made and not written yet."""

    text: str
    to: Output


def parse_outputs(
    values: Sequence[str], *, compared: bool = False, several: bool = False
) -> list[Output]:
    """`FORMAT[=PATH]` → where each goes; `several`: of several reports there is one page.

    Raises:
        UsageError: an unknown format, two outputs for stdout or for one file.
    """
    values = values or ["text" if is_terminal(sys.stdout) else "markdown" if several else "json"]
    outputs = []
    for value in values:
        name, _, path = value.partition("=")
        if several or name != OWN_REPORT:
            find_format(name, compared=compared, several=several)
        if path == "+":
            print_warning(f"slim: {name} is left out: there is no path after the +")
            continue
        append = path.startswith("+")
        outputs.append(Output(name, "" if path in STDOUT else path.removeprefix("+"), append))
    paths = [output.path for output in outputs if not output.append]
    for path in paths:
        if paths.count(path) > 1:
            raise UsageError(
                "two-outputs",
                f"two outputs would go to {path or 'stdout'}",
                "give each a path of its own: -o text -o json=report.json",
            )
    return outputs


def tell_of_json() -> None:
    """Say to somebody at a terminal why a pipe gets no text."""
    if is_terminal(sys.stderr):
        print_warning(
            "slim: stdout is not a terminal, so it gets JSON; -o text is the report for people"
        )


def needs_all_files(outputs: Sequence[Output]) -> bool:
    """Whether an output is about every file."""
    return any(
        output.format != OWN_REPORT and find_format(output.format).all_files for output in outputs
    )


def write_outputs(texts: Sequence[Text], *, private: bool = False) -> None:
    """Write what was rendered, stdout last: when a file cannot be written, nothing has been printed.

    `private` files are for the user's eyes only: they may hold secrets.
    """
    for text, to in sorted(texts, key=lambda each: not each.to.path):
        if to.append:
            append_output(text, to.path)
        elif to.path:
            write_output(text, to.path, private=private)
        else:
            print_output(text, exact=to.format != "text")


def named(text: str | None, name: str) -> str | None:
    """A word of the command line for the image of this short name."""
    return text.replace(PLACE, name) if text else text


def placed(outputs: Sequence[Output], name: str) -> list[Output]:
    """Where the outputs of the image of this short name go.

    >>> placed([Output("json", "out/{}.json")], "api")
    [Output(format='json', path='out/api.json', append=False)]
    """
    return [output._replace(path=output.path.replace(PLACE, name)) for output in outputs]


def check_apart(outputs: Sequence[Sequence[Output]]) -> None:
    """See to it that each of several images has outputs of its own.

    Raises:
        UsageError: outputs of several images would go to one file.
    """
    if len(outputs) == 1:
        return
    taken = set[str]()
    for output in chain.from_iterable(outputs):
        if output.path and not output.append and output.path in taken:
            raise UsageError(
                "two-outputs",
                f"the reports of several images would go to {output.path!r}",
                f"put {PLACE} into the path, it becomes the image's name:"
                f" -o {output.format}=report-{PLACE}.json",
            )
        if not output.path and output.format not in _AT_STDOUT:
            raise UsageError(
                "two-outputs",
                f"{output.format} of {len(outputs)} images cannot go to stdout one after the other",
                f"write a file each: -o {output.format}=report-{PLACE}",
            )
        taken.add(output.path)


def apart(texts: Sequence[Text]) -> list[Text]:
    """The outputs of an image that is not the first: a blank line before what people read at stdout."""
    return [
        each._replace(text=f"\n{each.text}")
        if not each.to.path and each.to.format in ("text", "markdown")
        else each
        for each in texts
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
