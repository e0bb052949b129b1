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
_STACKS = "2,160 random stacks, with device nodes 0/0 and overlay attributes, in"

LONG_RUNS = (
    LongRun(
        f"{_STACKS} docker 26.1.5 on overlay2",
        _ENGINES,
        f"1,115 the same, 981 {_MORE}, 64 refused by docker, no other difference",
    ),
    LongRun(
        f"{_STACKS} buildah 1.39.3 on overlay",
        _ENGINES,
        f"1,115 the same, 981 {_MORE}, 64 refused by buildah, no other difference",
    ),
    LongRun(
        f"{_STACKS} containerd 1.7.24 on its overlay snapshotter",
        _ENGINES,
        f"1,168 the same, 863 {_MORE}, 8 lose files below opaque markers whose directories have no entries"
        " (a warning of slim's), 121 refused by containerd, no other difference",
    ),
    LongRun(
        "12,961,062 inputs of 24 fuzz targets, whole images among them",
        "make targets",
        "no failure of slim",
    ),
)
