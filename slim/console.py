"""The edge to people: error lines, progress, output files."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from slim.errors import SlimError, UsageError
from slim.report.terminal import clean


def print_error(error: SlimError) -> None:
    """One line that says what and where, one that says what to do."""
    print(f"slim: error: {clean(error.message)} [{error.slug}]", file=sys.stderr)
    if error.hint:
        print(f"      hint: {clean(error.hint)}", file=sys.stderr)


def write_output(text: str, path: str, *, private: bool) -> None:
    """Write a file as a whole or not at all; a link at its place is replaced, not followed.

    Raises:
        UsageError: the folder is missing or not writable.
    """
    target = Path(path)
    try:
        handle, temporary = tempfile.mkstemp(prefix=".slim-", dir=target.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            if not private:
                os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, target)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise UsageError("no-output", f"cannot write {path!r}: {error.strerror}") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@contextmanager
def progress(wanted: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on stderr for work that takes over a second; only on a terminal."""
    if not wanted or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    started, lock = time.monotonic(), Lock()
    bar: Any = None
    task: Any = None

    def advance(read: int, total: int) -> None:
        nonlocal bar, task
        if bar is None and time.monotonic() - started < 1:
            return
        with lock:
            if bar is None:
                from rich import progress as rich_progress
                from rich.console import Console

                bar = rich_progress.Progress(
                    rich_progress.TextColumn("reading layers"),
                    rich_progress.BarColumn(),
                    rich_progress.DownloadColumn(),
                    rich_progress.TimeRemainingColumn(),
                    console=Console(stderr=True),
                    transient=True,
                )
                bar.start()
                task = bar.add_task("", total=total)
        bar.update(task, completed=read)

    try:
        yield advance
    finally:
        if bar is not None:
            bar.stop()
