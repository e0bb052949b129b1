"""The text of slim.toml → Settings, or all its faults with their lines.

Keys are written as the options of the command line are: `pull-size`, `fail-on`. What stands under
`[image.KEY]` replaces, for that image, what stands at the top.
"""

from __future__ import annotations

import math
import os.path
from collections.abc import Callable
from datetime import date, datetime
from typing import TypeVar

from msgspec.structs import replace

from slim.advice.suppression import Suppression, rule_name
from slim.config.fleet import read_fleet
from slim.config.settings import ImageSettings, Settings
from slim.errors import UsageError
from slim.facts.gpu_names import architecture_of
from slim.facts.roles import ROLES
from slim.fleet.teams import Teams
from slim.forge.choices import BEHAVIORS, WHENS
from slim.formats.rules_url import parse_rules_url
from slim.limits import limit_names, with_limits
from slim.report.gates import Gates, Growth, parse_fail_on
from slim.rules.faults import Fault
from slim.rules.fields import Fields, Notes
from slim.rules.glob_syntax import GlobError, parse_glob
from slim.rules.toml_text import Positions, read_toml
from slim.units import UNITS, parse_limit, parse_percent

T = TypeVar("T")
W = TypeVar("W", bound=str)

VERSION = 1
MAX_IGNORES = 1_000
MAX_IMAGES = 1_000
BUDGET_KEYS = ("size", "pull-size", "reclaimable", "layers", "growth")
COMMENT_KEYS = ("behavior", "when")
IMAGE_KEYS = (
    *("dockerfile", "target", "base", "platform", "role", "gpu", "output", "units", "rules-url"),
    *("fail-on", "trust-labels", "budget", "comment", "ignore"),
)
TOP_KEYS = ("version", *IMAGE_KEYS, "image", "limits", "rules", "fleet")
IGNORE_KEYS = ("rule", "paths", "reason", "until")


def parse_settings(file: str, text: str, faults: list[Fault]) -> Settings:
    """Read the text of `file`, adding its faults to `faults`."""
    document = read_toml(file, text, faults)
    if document is None:
        return Settings(file)
    reader = _Reader(file, Positions(text), faults)
    top = reader.at("", document)
    top.unknown(TOP_KEYS)
    if top.has("version") and (top.raw("version") != VERSION or top.raw("version") is True):
        top.note(f"`version` must be {VERSION}: this slim knows no other", "version")
    images: dict[str, ImageSettings] = {}
    if table := reader.inner(top, "image", "image"):
        names = table.names()
        if len(names) > MAX_IMAGES:
            top.note(f"{len(names):,} images, the limit is {MAX_IMAGES:,}", "image")
            names = []
        for key in names:
            if inner := reader.inner(table, key, f"image.{key}"):
                inner.unknown(IMAGE_KEYS)
                images[key] = _image(reader, inner, f"image.{key}.")
    limits: tuple[str, ...] = ()
    if table := reader.inner(top, "limits", "limits"):
        limits = _limits(table)
    packs: tuple[str, ...] = ()
    if table := reader.inner(top, "rules", "rules"):
        table.unknown(("packs",))
        packs = tuple(reader.path(path) for path in table.texts("packs"))
    teams = Teams()
    if table := reader.inner(top, "fleet", "fleet"):
        teams = read_fleet(table, reader.inner, _size)
    return Settings(file, _image(reader, top, ""), images, limits, packs, teams)


class _Reader:
    """Gives tables their places in the file, and paths the file's folder."""

    def __init__(self, file: str, positions: Positions, faults: list[Fault]) -> None:
        self.file, self._positions, self._faults = file, positions, faults

    def at(self, table: str, values: dict[str, object], index: int = 0, label: str = "") -> Fields:
        place = (table, index)
        return Fields(values, Notes(self.file, self._positions, place, label, self._faults).add)

    def inner(self, outer: Fields, key: str, name: str) -> Fields | None:
        """The table at `key`; `name` is its header, if it is not written inline."""
        values = outer.raw(key)
        if values is None:
            return None
        if not isinstance(values, dict):
            outer.note(f"`{key}` must be a table", key)
            return None
        return self.at(name, values) if self._positions.line(name) else outer.inner(key, values)

    def line(self, table: str, index: int = 0) -> int:
        return self._positions.line(table, index)

    def path(self, text: str) -> str:
        """Relative to the file, as seen from here."""
        return os.path.normpath(os.path.join(os.path.dirname(self.file), text))


def _image(reader: _Reader, table: Fields, prefix: str) -> ImageSettings:
    dockerfile = table.text("dockerfile")
    gates = Gates()
    if budget := reader.inner(table, "budget", f"{prefix}budget"):
        gates = _gates(reader, budget, f"{prefix}budget.")
    comment = reader.inner(table, "comment", f"{prefix}comment")
    if comment is not None:
        comment.unknown(COMMENT_KEYS)
    return ImageSettings(
        dockerfile=reader.path(dockerfile) if dockerfile else None,
        target=table.text("target") or None,
        base=_base(reader, table.text("base")) or None,
        platform=table.text("platform") or None,
        role=_one_of(table, "role", (*ROLES, "unknown")),
        gpus=_gpus(table),
        output=tuple(_output(reader, item) for item in _list(table, "output")),
        units=_one_of(table, "units", tuple(UNITS)),
        rules_url=_rules_url(table),
        trust_labels=table.flag("trust-labels") if table.has("trust-labels") else None,
        behavior=_one_of(comment, "behavior", BEHAVIORS),
        when=_one_of(comment, "when", WHENS),
        gates=replace(gates, fail_on=_fail_on(table)),
        ignores=_ignores(reader, table, f"{prefix}ignore"),
    )


def _one_of(table: Fields | None, key: str, values: tuple[W, ...]) -> W | None:
    """One of these words; None where the table, if there is one, does not say it."""
    return table.choice(key, values, values[0]) if table is not None and table.has(key) else None


def _gpus(table: Fields) -> tuple[int, ...]:
    try:
        return tuple(map(architecture_of, _list(table, "gpu")))
    except ValueError as error:
        table.note(f"`gpu`: {error}", "gpu")
        return ()


def _base(reader: _Reader, text: str) -> str:
    # An image can be more than a path: what is not a path from the file's folder stays as it is.
    prefix, colon, rest = text.rpartition(":")
    path_here = reader.path(rest)
    return f"{prefix}{colon}{path_here}" if rest and os.path.exists(path_here) else text


def _output(reader: _Reader, text: str) -> str:
    name, equals, path = text.partition("=")
    plus = "+" if path.startswith("+") else ""  # is appended to
    path = path.removeprefix("+")
    return f"{name}={plus}{reader.path(path)}" if equals and path not in ("", "-") else text


def _list(table: Fields, key: str) -> tuple[str, ...]:
    """A text, or a list of them."""
    return (table.text(key),) if isinstance(table.raw(key), str) else table.texts(key)


def _rules_url(table: Fields) -> str:
    text = table.text("rules-url")
    try:
        return parse_rules_url(text) if text else ""
    except UsageError as error:
        table.note(f"`rules-url`: {error.message}; {error.hint}", "rules-url")
        return ""


def _fail_on(table: Fields) -> tuple[str, ...]:
    try:
        return parse_fail_on(_list(table, "fail-on"), compared=True)
    except UsageError as error:
        table.note(f"`fail-on`: {error.message}; {error.hint}", "fail-on")
        return ()


def _gates(reader: _Reader, table: Fields, prefix: str) -> Gates:
    table.unknown(BUDGET_KEYS)
    growth = None
    if inner := reader.inner(table, "growth", f"{prefix}growth"):
        inner.unknown(("percent", "min"))
        for key in ("percent", "min"):
            if not inner.has(key):
                inner.note(f"`{key}` is missing: growth is over when both are exceeded")
        growth = Growth(_percent(inner, "percent") or 0.0, _size(inner, "min") or 0)
    layers = table.raw("layers")
    if layers is not None and not _whole(layers):
        table.note("`layers` must be a number of layers", "layers")
    return Gates(
        size=_size(table, "size"),
        pull_size=_size(table, "pull-size"),
        reclaimable=_size(table, "reclaimable"),
        layers=layers if isinstance(layers, int) and _whole(layers) else None,
        growth=growth,
    )


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _size(table: Fields, key: str) -> int | None:
    """`"340 MB"`, or a number of bytes."""
    value = table.raw(key)
    if isinstance(value, int) and _whole(value):
        return value
    return _parsed(table, key, parse_limit, 'a size such as "340 MB"')


def _percent(table: Fields, key: str) -> float | None:
    """`5` or `"5%"`."""
    value = table.raw(key)
    if isinstance(value, int | float) and not isinstance(value, bool):
        if math.isfinite(value) and 0 <= value <= 1_000_000:
            return float(value)
        table.note(f"`{key}` must be a percentage such as 5", key)
        return None
    return _parsed(table, key, parse_percent, "a percentage such as 5")


def _parsed(table: Fields, key: str, parse: Callable[[str], T], what: str) -> T | None:
    value = table.raw(key)
    if value is None:
        return None
    if not isinstance(value, str):
        table.note(f"`{key}` must be {what}", key)
        return None
    try:
        return parse(value[:100])
    except ValueError as error:
        table.note(f"`{key}`: {error}", key)
        return None


def _limits(table: Fields) -> tuple[str, ...]:
    known = limit_names()
    table.unknown(known)
    found = []
    for key in known:
        if not table.has(key):
            continue
        value = table.raw(key)
        if not isinstance(value, str) and not _whole(value):
            table.note(f'`{key}` must be a number or a size such as "100 GiB"', key)
            continue
        setting = f"{key}={str(value)[:100]}"
        try:
            with_limits([setting])
        except UsageError as error:
            table.note(error.message, key)
            continue
        found.append(setting)
    return tuple(found)


def _ignores(reader: _Reader, table: Fields, name: str) -> tuple[Suppression, ...]:
    values = table.raw("ignore")
    if values is None:
        return ()
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        table.note(f"write each suppression as a table `[[{name}]]`", "ignore")
        return ()
    if len(values) > MAX_IGNORES:
        table.note(f"{len(values):,} suppressions, the limit is {MAX_IGNORES:,}", "ignore")
        return ()
    found = []
    for index, value in enumerate(values):
        line = reader.line(name, index)
        label = f"{name} {index + 1}"
        fields_ = reader.at(name, value, index, label) if line else table.inner("ignore", value)
        by = f"{os.path.basename(reader.file)}:{line}" if line else os.path.basename(reader.file)
        found.append(_ignore(fields_, by))
    return tuple(found)


def _ignore(table: Fields, by: str) -> Suppression:
    table.unknown(IGNORE_KEYS)
    rule = table.text("rule", required=True)
    if rule:
        try:
            rule = rule_name(rule)
        except ValueError as error:
            table.note(f"`rule`: {error}", "rule")
    paths = []
    for text in table.texts("paths"):
        glob = text.lstrip("/")
        try:
            parse_glob(glob)
        except GlobError as error:
            table.note(f"`paths`: {error}", "paths", text)
        paths.append(glob)
    until = table.raw("until")
    if until is not None and (not isinstance(until, date) or isinstance(until, datetime)):
        table.note("`until` must be a day, without quotes: until = 2030-01-31", "until")
        until = None
    return Suppression(
        rule=rule,
        paths=tuple(paths),
        reason=table.text("reason", required=True),
        until=until if isinstance(until, date) else None,
        by=by,
    )
