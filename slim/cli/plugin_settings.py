"""Settings of a Drone or Woodpecker plugin → the command lines that they stand for.

Settings arrive as `PLUGIN_<NAME>`: scalars as text (`"false"` too), lists as `a,b` in Drone and as JSON
in Woodpecker. Each is an option of `slim analyze` or `slim comment` with the same name; those that are
none (`SETTINGS`) say what to read and where to comment.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from slim.errors import UsageError
from slim.rules.suggestions import suggestion

PREFIX = "PLUGIN_"
SETTINGS = {
    "image": "The image to analyse: an archive or an OCI layout, as for `slim analyze`.",
    "base": "What to compare it with, an image or a report: then only what is new is charged.",
    "base_image": "The image that it is built on: the `--base` of `slim analyze`.",
    "reports": "In place of `image`: reports that earlier steps made, for one comment.",
    "comment": "Comment on the pull request. Off by default.",
    "forge": "The forge, where the CI system does not say it: github, gitlab, gitea, …",
    "token": "The forge's token, from a secret. Without one the comment is printed.",
}
"""Settings that are not options."""
_TIMES = ("0", "1", "2")
_YES, _NO = ("true", "1", "yes", "on"), ("false", "0", "no", "off")

Kind = Literal["flag", "value", "list", "count"]


class Option(Struct, frozen=True):
    """An option of a command."""

    kind: Kind
    on: str
    """`--exit-zero`."""
    off: str = ""
    """`--no-verify`; only of flags."""


Options = Mapping[str, Option]
"""By the name of the setting: `max_size`."""


class Plan(Struct, frozen=True):
    """What to run, in this order; empty for nothing."""

    measure: tuple[str, ...]
    """`slim analyze …`."""
    comment: tuple[str, ...]
    """`slim comment …`; its reports are the last words."""
    on_failure: tuple[str, ...]
    """The same without reports, when there are none: `--failure TEXT` is to be added."""
    token: str


def plan(env: Mapping[str, str], commands: Mapping[str, Options], report: str) -> Plan:
    """The command lines for an environment.

    Args:
        env: the environment: `PLUGIN_*`, and `DRONE_OUTPUT`, a file for what later steps may read.
        commands: the options of `analyze` and `comment`; those of both go to both.
        report: a file for the JSON that the comment is made from, where the settings name none.

    Raises:
        UsageError: a setting that nothing knows, that has no effect, or whose value is none.
    """
    given = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in env.items()
        if name.startswith(PREFIX) and value != ""
    }
    if ("image" in given) == ("reports" in given):
        raise UsageError(
            "plugin-image",
            "one of the settings image and reports is needed",
            "settings: {image: image.tar}",
        )
    lines: dict[str, list[str]] = {"analyze": [], "comment": []}
    for name, value in given.items():
        takers = [
            command for command in lines if name in commands[command] and name not in SETTINGS
        ]
        if not takers and name not in SETTINGS:
            raise _unknown(name, commands)
        if takers == ["analyze"] and "image" not in given:
            raise UsageError(
                "plugin-setting", f"setting `{name}` needs `image`", "slim analyze --help"
            )
        for command in takers:
            lines[command] += _words(name, commands[command][name], value)
    measure, start = lines["analyze"], ("comment", *_given("", given, "forge"), *lines["comment"])
    wants_comment = _flag("comment", given.get("comment", "false"))
    token = given.get("token", "")
    if "image" not in given:
        reports = _list("reports", given["reports"])
        return Plan((), (*start, *reports) if wants_comment else (), (), token)
    measure += [*_given("--against", given, "base"), *_given("--base", given, "base_image")]
    if "--output" not in measure:
        measure += ["--output", "text"]
    written = _json_of(measure)
    if not written:
        measure += ["--output", f"json={report}"]
    if env.get("DRONE_OUTPUT"):
        measure += ["--output", f"env=+{env['DRONE_OUTPUT']}"]
    return Plan(
        ("analyze", *measure, "--", given["image"]),
        (*start, written or report) if wants_comment else (),
        start if wants_comment else (),
        token,
    )


def _given(flag: str, given: Mapping[str, str], name: str) -> list[str]:
    """A setting as an option, or as a word of its own; nothing where it is not set."""
    return [word for word in (flag, given[name]) if word] if name in given else []


def _words(name: str, option: Option, value: str) -> list[str]:
    if option.kind == "flag":
        word = option.on if _flag(name, value) else option.off
        return [word] if word else []
    if option.kind == "count":
        if value not in _TIMES:
            raise UsageError("plugin-setting", f"{name}: {value[:40]!r} is not one of 0, 1, 2")
        return [option.on] * int(value)
    values = _list(name, value) if option.kind == "list" else [value]
    return [word for value in values for word in (option.on, value)]


def _flag(name: str, value: str) -> bool:
    if value.lower() not in (*_YES, *_NO):
        raise UsageError("plugin-setting", f"{name}: {value[:40]!r} is neither true nor false")
    return value.lower() in _YES


def _list(name: str, value: str) -> list[str]:
    """`a,b` or `["a", "b"]`."""
    if not value.lstrip().startswith("["):
        return [item.strip() for item in value.split(",") if item.strip()]
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or not all(isinstance(item, str | int) for item in found):
        raise UsageError("plugin-setting", f"{name}: {value[:40]!r} is not a list of words")
    return [str(item) for item in found]


def _json_of(measure: Sequence[str]) -> str:
    """Where the settings write the report themselves."""
    for word in measure:
        if word.startswith("json=") and word != "json=-":
            return word.removeprefix("json=")
    return ""


def _unknown(name: str, commands: Mapping[str, Options]) -> UsageError:
    """A gate that is misspelt must not pass for one."""
    names = sorted({*SETTINGS, *(name for options in commands.values() for name in options)})
    return UsageError(
        "plugin-setting",
        f"unknown setting {name[:60]!r}{suggestion(name, names)}",
        "a setting is an option of `slim analyze` or `slim comment`: max_size is --max-size",
    )
