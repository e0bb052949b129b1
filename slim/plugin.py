"""Settings of a Drone or Woodpecker plugin → the command lines that they stand for [pure].

Settings arrive as `PLUGIN_<NAME>`: scalars as text (`"false"` too), lists as `a,b` in Drone and as JSON
in Woodpecker. Each is an option of `slim analyze`, `slim compare` or `slim comment` with the same name;
those that are none (`SETTINGS`) say what to read and where to comment.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from slim.advice.words import suggestion
from slim.errors import UsageError

PREFIX = "PLUGIN_"
SETTINGS = {
    "image": "The image to analyse: an archive or an OCI layout, as for `slim analyze`.",
    "base": "What to compare it with, an image or a report: then `slim compare` runs.",
    "base_image": "The image that it is built on: the `--base` of `slim analyze`.",
    "reports": "In place of `image`: reports that earlier steps made, for one comment.",
    "comment": "Comment on the pull request. Off by default.",
    "forge": "The forge, where the CI system does not say it: github, gitlab, gitea, …",
    "token": "The forge's token, from a secret. Without one the comment is printed.",
}
"""Settings that are no options."""
_YES, _NO = ("true", "1", "yes", "on"), ("false", "0", "no", "off")

Kind = Literal["flag", "value", "list"]


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a command."""

    kind: Kind
    on: str
    """`--exit-zero`."""
    off: str = ""
    """`--no-verify`; only of flags."""


Options = Mapping[str, Option]
"""By the name of the setting: `max_size`."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run, in this order; empty for nothing."""

    measure: tuple[str, ...]
    """`slim analyze …` or `slim compare …`."""
    comment: tuple[str, ...]
    """`slim comment …`; its reports are the last words."""
    on_failure: tuple[str, ...]
    """The same without reports, when there are none: `--failure TEXT` is to be added."""
    token: str
    report: str = ""
    """Where the first command writes its report as JSON."""


def plan(
    env: Mapping[str, str],
    commands: Mapping[str, Options],
    report: str,
    shared: Sequence[str] = ("key",),
) -> Plan:
    """The command lines for an environment.

    Args:
        env: the environment; only `PLUGIN_*` is looked at.
        commands: the options of `analyze`, `compare` and `comment`.
        report: a file for the JSON that the comment is made from, where the settings name none.
        shared: options that both commands get.

    Raises:
        UsageError: a setting that nothing knows, that has no effect, or whose value is none.
    """
    given = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in env.items()
        if name.startswith(PREFIX) and value != ""
    }
    command = "compare" if "base" in given else "analyze"
    if ("image" in given) == ("reports" in given):
        raise UsageError(
            "plugin-image",
            "one of the settings image and reports is needed",
            "settings: {image: image.tar}",
        )
    measures, comments = commands[command], commands["comment"]
    measure: list[str] = []
    comment: list[str] = []
    for name, value in given.items():
        known = name in SETTINGS
        if name in measures and "image" in given and name != "base":
            measure += _words(name, measures[name], value)
            known = True
        if name in comments and (name not in measures or name in shared):
            comment += _words(name, comments[name], value)
            known = True
        if not known:
            raise _unknown(name, command, given, commands)
    wants_comment = _flag("comment", given.get("comment", "false"))
    forge = [given["forge"]] if "forge" in given else []
    start = ("comment", *forge, *comment)
    token = given.get("token", "")
    if "image" not in given:
        reports = _list("reports", given["reports"])
        return Plan((), (*start, *reports) if wants_comment else (), (), token)
    if "base_image" in given:
        if command == "compare":
            raise UsageError("plugin-setting", "base_image has no effect beside base", "drop one")
        measure += ["--base", given["base_image"]]
    if "--output" not in measure:
        measure += ["--output", "text"]
    written = _json_of(measure)
    if not written:
        measure += ["--output", f"json={report}"]
    images = [given["base"], given["image"]] if command == "compare" else [given["image"]]
    return Plan(
        (command, *measure, "--", *images),
        (*start, written or report) if wants_comment else (),
        start if wants_comment else (),
        token,
        written or report,
    )


def _words(name: str, option: Option, value: str) -> list[str]:
    if option.kind == "flag":
        word = option.on if _flag(name, value) else option.off
        return [word] if word else []
    values = _list(name, value) if option.kind == "list" else [value]
    return [word for one in values for word in (option.on, one)]


def _flag(name: str, value: str) -> bool:
    if value.lower() not in (*_YES, *_NO):
        raise UsageError("plugin-setting", f"{name}: {value[:40]!r} is neither true nor false")
    return value.lower() in _YES


def _list(name: str, value: str) -> list[str]:
    """`a,b` or `["a", "b"]`."""
    if not value.lstrip().startswith("["):
        return [one.strip() for one in value.split(",") if one.strip()]
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or not all(isinstance(one, str | int) for one in found):
        raise UsageError("plugin-setting", f"{name}: {value[:40]!r} is no list of words")
    return [str(one) for one in found]


def _json_of(measure: Sequence[str]) -> str:
    """Where the settings write the report themselves."""
    for word in measure:
        if word.startswith("json=") and word != "json=-":
            return word.removeprefix("json=")
    return ""


def _unknown(
    name: str, command: str, given: Mapping[str, str], commands: Mapping[str, Options]
) -> UsageError:
    """A gate that is misspelt must not pass for one."""
    for other, options in commands.items():
        if name in options:
            why = "without image" if "image" not in given else f"with slim {command}"
            return UsageError(
                "plugin-setting", f"{name} has no effect {why}", f"slim {other} --help"
            )
    names = sorted({*SETTINGS, *(one for options in commands.values() for one in options)})
    return UsageError(
        "plugin-setting",
        f"there is no setting {name[:60]!r}{suggestion(name, names)}",
        "plugin/docs.md",
    )
