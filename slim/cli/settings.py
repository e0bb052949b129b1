"""Settings that are no options: the user's file, and the limits from everywhere that they can be set."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from slim.errors import UsageError

if TYPE_CHECKING:
    from slim.advice.suppression import Suppression
    from slim.config.load import Config
    from slim.limits import Limits


def read_config(
    file: str | None,
    no_config: bool,
    key: str | None,
    *,
    trusted: bool = False,
    judging: bool = True,
) -> Config:
    """The settings that hold for the image of `key`; errors are those of `load_config`.

    What there is to tell of the file is about gates, and told where these count: `judging`.
    """
    from slim.cli.console import print_notice
    from slim.config.load import Config, load_config
    from slim.formats.terminal import clean

    if no_config:
        if file:
            raise UsageError("two-configs", "--config and --no-config exclude each other")
        return Config()
    config = load_config(file, key=key, trusted=trusted)
    if config.notice and judging:
        print_notice(f"slim: {clean(config.notice)}")
    return config


def read_limits(
    flags: Sequence[str] | None = None, timeout: int | None = None, in_file: Sequence[str] = ()
) -> Limits:
    """The limits: those of the file, then of variables `SLIM_LIMIT_<NAME>`, then of flags.

    Raises:
        UsageError: a name or value that is none.
    """
    from slim.limits import limits_in, with_limits

    given = [f"timeout={timeout}"] if timeout is not None else []
    return with_limits([*in_file, *limits_in(os.environ), *(flags or ()), *given])


def read_units(flag: str | None, in_file: str | None) -> str:
    """The units of sizes for people: of the flag, else of the file.

    Raises:
        UsageError: there are no such units.
    """
    from slim.units import UNITS

    units = flag or in_file or "si"
    if units not in UNITS:
        raise UsageError("bad-choice", f"--units: {units!r} is none of {', '.join(UNITS)}")
    return units


def read_ignores(
    flags: Sequence[str] | None, no_ignore: bool, in_file: Sequence[Suppression]
) -> tuple[Suppression, ...]:
    """The suppressions of flags, then of the file; none with `no_ignore`.

    Raises:
        UsageError: a flag that is no suppression.
    """
    if no_ignore:
        return ()
    if not flags:
        return tuple(in_file)
    from slim.advice.suppression import parse_suppression

    try:
        return (*(parse_suppression(one, "--ignore") for one in flags), *in_file)
    except ValueError as error:
        raise UsageError("bad-ignore", f"--ignore: {error}", "RULE or RULE:GLOB") from None


def read_now() -> datetime:
    """The moment of SOURCE_DATE_EPOCH, else now, in UTC: of the report, and for what has expired.

    Raises:
        UsageError: the variable is no number of seconds.
    """
    text = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        return datetime.fromtimestamp(int(text), UTC) if text else datetime.now(UTC)
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            "bad-date", f"SOURCE_DATE_EPOCH is {text!r}, no number of seconds since 1970"
        ) from None
