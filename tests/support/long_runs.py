"""What runs showed that take too long for every change; docs/attacks.md has them as a table."""

from __future__ import annotations

from typing import NamedTuple


class LongRun(NamedTuple):
    """One run."""

    what: str
    command: str
    outcome: str


_ENGINES = "SLIM_LONGER=36 pytest --real tests/real/test_overlay_engines.py"
_MORE = "show directories besides that only whiteouts and opaque markers name"

LONG_RUNS = (
    LongRun(
        "2,160 random stacks, with device nodes 0/0 and overlay attributes, in docker 26.1.5 on overlay2",
        _ENGINES,
        f"1,115 the same, 981 {_MORE}, 64 refused by docker, no other difference",
    ),
    LongRun(
        "the first 560 of these stacks in containerd 1.7.24 on its overlay snapshotter",
        "SLIM_LONGER=10 pytest --real tests/real/test_overlay_engines.py",
        f"the same, or {_MORE}, or refused by containerd; no other difference",
    ),
    LongRun(
        "2,064,587 inputs of 24 fuzz targets, whole images among them",
        "make targets",
        "no failure of slim",
    ),
)
