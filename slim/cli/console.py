"""The edge to people: error lines, progress, output files."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import TYPE_CHECKING, Any, TextIO

from slim.errors import SlimError, UsageError
from slim.formats.terminal import clean
from slim.secrets import redact

if TYPE_CHECKING:
    from logging import Logger

_WARNING = 30
"""`logging.WARNING`, without what it takes to import it."""
STDOUT = ("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")
"""Paths that are names of stdout."""
_DESCRIPTOR = re.compile(r"/dev/fd/(\d{1,9})|/proc/self/fd/(\d{1,9})|/dev/stderr", re.ASCII)
"""Names of what is open already; opening them anew fails for sockets, and would cut a file short."""


def print_error(error: SlimError) -> None:
    """One line that says what and where, with its details, and one that says what to do."""
    print_message(f"slim: error: {clean(redact.message(error.message))} [{error.slug}]")
    for detail in error.details:
        print_message(f"      {clean(redact.message(detail))}")
    if error.hint:
        print_message(f"      hint: {clean(redact.message(error.hint))}")


def print_call_error(error: Exception) -> None:
    """A wrong option or argument, as the command-line library words it; no arguments: the help."""
    words: str = error.format_message()  # type: ignore[attr-defined]
    if "\n" in words:
        print_message(words)
        return
    print_error(UsageError("usage", words.rstrip("."), "slim --help, slim COMMAND --help"))


def is_terminal(stream: TextIO | None) -> bool:
    """Whether somebody is looking; a closed stream is None."""
    return stream is not None and stream.isatty()


def print_message(text: str) -> None:
    """Write to stderr; where that is closed nobody wants to know, and the exit code says enough."""
    if sys.stderr is not None:
        with suppress(OSError):
            print(text, file=sys.stderr, flush=True)


def print_notice(text: str) -> None:
    """The same for what is no error, unless `--quiet` was given."""
    if _logger().isEnabledFor(_WARNING):
        print_message(text)


def listen(*, quiet: bool, verbose: int) -> None:
    """Show on stderr what the modules of slim log: with `verbose` 1 what is read, with 2 how. Notices are
    shown in any case but `quiet`."""
    import logging

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            print_message(f"slim: {clean(redact.message(record.getMessage()))}")

    logger = _logger()
    levels = (logging.WARNING, logging.INFO, logging.DEBUG)
    logger.setLevel(logging.ERROR if quiet else levels[min(verbose, 2)])
    logger.handlers[:] = [Handler()] if verbose else []
    logger.propagate = False


def _logger() -> Logger:
    from logging import getLogger

    return getLogger("slim")


def wants_color(choice: str) -> bool:
    """Whether stdout is coloured: `always`, `never`, or with `auto` what the environment says.

    NO_COLOR (no-color.org) counts before FORCE_COLOR (force-color.org) and CLICOLOR_FORCE.
    """
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR") or os.environ.get("CLICOLOR_FORCE", "0") not in ("", "0"):
        return True
    return is_terminal(sys.stdout) and os.environ.get("TERM") != "dumb"


def print_output(text: str) -> None:
    """Write to stdout. A reader that has gone away is not our failure: nothing happens then.

    Raises:
        UsageError: stdout is closed, or what it leads to is full.
    """
    try:
        if sys.stdout is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_output()
    except OSError as error:
        _drop_output()
        raise UsageError("no-output", f"cannot write to stdout: {error.strerror}") from None


def _drop_output() -> None:
    """What is still buffered must not be tried again when the interpreter ends."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_output(text: str, path: str, *, private: bool) -> None:
    """Write a file as a whole or not at all; a link at its place is replaced, not followed.

    What no file can take the place of is written to: a named pipe, a character device such as /dev/null, and
    what the shell hands over as /dev/fd/N.

    Raises:
        UsageError: the folder is missing or not writable, or there is a folder or another kind of device.
    """
    from pathlib import Path

    target = Path(path)
    try:
        if descriptor := _DESCRIPTOR.fullmatch(path):
            number = descriptor[1] or descriptor[2] or "2"
            _write_into(os.dup(int(number)), text)
            return
        if target.exists() and not target.is_file():
            if not (target.is_fifo() or target.is_char_device()):
                raise UsageError(
                    "no-output",
                    f"cannot write {path!r}: it is there and no regular file",
                    "without a path a format goes to stdout: -o json",
                )
            _write_into(os.open(path, os.O_WRONLY | os.O_NOCTTY), text)
            return
        import tempfile

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
    except (OSError, OverflowError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError("no-output", f"cannot write {path!r}: {why}") from None


def _write_into(handle: int, text: str) -> None:
    """A reader that has gone away is not our failure."""
    with suppress(BrokenPipeError), os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)


def append_output(text: str, path: str) -> None:
    """Add to a file that others write too, on a line of its own; it is made where there is none.

    Raises:
        UsageError: the folder is missing or not writable, or there is a link, device or pipe.
    """
    try:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
        handle = os.open(path, flags, 0o666)
        with os.fdopen(handle, "r+b", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise UsageError("no-output", f"cannot add to {path!r}: it is no regular file")
            size = file.seek(0, os.SEEK_END)
            if size:
                file.seek(size - 1)
                if file.read(1) != b"\n":
                    text = f"\n{text}"
            data = text.encode("utf-8")
            while data:
                data = data[file.write(data) :]
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError("no-output", f"cannot add to {path!r}: {why}") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@contextmanager
def progress(wanted: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on stderr for work that takes over a second; only on a terminal, and not among other lines."""
    wanted = wanted and _logger().getEffectiveLevel() == _WARNING
    if not wanted or not is_terminal(sys.stderr) or os.environ.get("TERM") == "dumb":
        yield None
        return
    started, lock = time.monotonic(), Lock()
    bar: Any = None

    def advance(read: int, total: int) -> None:
        nonlocal bar
        if bar is None and time.monotonic() - started < 1:
            return
        with lock:
            # Threads may overtake each other by a chunk; what is far behind is the next image.
            if bar is None or read < bar.pos // 2:
                bar = _bar(total)
            if read > bar.pos:
                bar.update(read - bar.pos, read)

    try:
        yield advance
    finally:
        if bar is not None:
            sys.stderr.write("\r\x1b[2K\x1b[?25h")
            sys.stderr.flush()


def _bar(total: int) -> Any:
    """A bar of bytes on stderr; of a pipe nobody knows how many there will be: `total` is 0."""
    import click

    from slim.units import format_bytes

    of = f" of {format_bytes(total)}" if total else ""
    return click.progressbar(
        None if total else (None for _ in ()),  # of a generator no length is known
        total or None,
        label="reading layers",
        item_show_func=lambda read: f"{format_bytes(read or 0)}{of}",
        file=sys.stderr,
    )
