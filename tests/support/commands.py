"""Command lines, run in this process."""

from __future__ import annotations

import pytest

from slim.__main__ import main


def run(*arguments: str) -> int:
    """The exit code of a command line, as `main` would give it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["slim", *arguments])
        with pytest.raises(SystemExit) as stop:
            main()
    return int(stop.value.code or 0)
