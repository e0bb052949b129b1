"""The text of dive's `.dive-ci` → gates, for people who move: three keys, read strictly.

    rules:
      lowestEfficiency: 0.95
      highestWastedBytes: 20MB
      highestUserWastedPercent: 0.20

Sources: dive's README ("CI Integration") and cmd/dive/cli/internal/command/ci/rules.go: the first fails
below its value, the others above theirs; the last is a share, 1 = 100 %, whatever its name says, and is
refused outside 0 to 1 like the first; `disabled` switches one off. dive's own defaults for keys that are
missing are not taken over.
"""

from __future__ import annotations

import re

from slim.patterns import regex
from slim.report.gates import Gates
from slim.rules.faults import Fault
from slim.rules.suggestions import suggestion
from slim.units import parse_bytes

MAX_BYTES = 64 << 10
KEYS = ("lowestEfficiency", "highestWastedBytes", "highestUserWastedPercent")
_LINE = regex(r"( *)([A-Za-z-]{1,64}) *:(?: +(.*))?", re.ASCII)
_SHARE = regex(r"\d{1,6}(?:\.\d{0,12})?|\.\d{1,12}", re.ASCII)
_SIZE = regex(r"(\d{1,18}(?:\.\d{1,9})?) *([kmgtpe]i?)?b?", re.ASCII | re.IGNORECASE)


def parse_dive_ci(file: str, text: str, faults: list[Fault]) -> Gates:
    """The gates of `file`, adding what is wrong with it to `faults`."""
    values: dict[str, str] = {}
    inside = False
    for number, line in enumerate(text.split("\n"), 1):
        bare = re.sub(r"(^| )#.*", "", line, count=1).rstrip()
        if bare in ("", "---"):
            continue
        found = _LINE.fullmatch(bare)
        key, value = (found[2], (found[3] or "").strip()) if found else ("", "")
        if found and not found[1]:
            inside = key == "rules" and not value
            wrong = "" if inside else "only `rules:` may stand at the start of a line"
        elif not found or not inside:
            wrong = "not `key: value` below `rules:`"
        elif key not in KEYS:
            wrong = f"unknown key `{key}`{suggestion(key, KEYS)}"
        elif key in values:
            wrong = f"`{key}` stands twice"
        else:
            wrong = ""
            values[key] = _unquoted(value)
            if values[key] != "disabled" and not _is_value(key, values[key]):
                what = "a size such as 20MB" if key == KEYS[1] else "a number from 0 to 1"
                wrong = f"`{key}` must be {what}, or disabled"
                del values[key]
        if wrong:
            faults.append(Fault(file, number, "", wrong))
    efficiency, wasted, user = (
        None if (value := values.get(key, "disabled")) == "disabled" else value for key in KEYS
    )
    return Gates(
        dive_efficiency=None if efficiency is None else float(efficiency),
        dive_wasted_bytes=None if wasted is None else _bytes(wasted),
        dive_user_wasted=None if user is None else float(user),
    )


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value


def _is_value(key: str, value: str) -> bool:
    if key != KEYS[1]:
        return bool(_SHARE.fullmatch(value)) and float(value) <= 1
    try:
        _bytes(value)
    except ValueError:
        return False
    return True


def _bytes(value: str) -> int:
    """As go-humanize reads it: `20M` is `20MB`, and `MB` is decimal.

    Raises:
        ValueError: no size.
    """
    found = _SIZE.fullmatch(value)
    if found is None:
        raise ValueError(value)
    return parse_bytes(f"{found[1]} {found[2] or ''}B")
