"""What slim says on stderr: errors, warnings, log lines, progress; and the clock that ends a command."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Timer
from typing import TYPE_CHECKING, Annotated, ClassVar, TextIO

import click
from msgspec import Struct

from slim.cli.command import LAST, flag, option
from slim.errors import LimitError, SlimError, UsageError
from slim.formats.terminal import clean
from slim.secrets import redact
from slim.units import format_bytes

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

_LOGGER = logging.getLogger("slim")


class MessageOptions(Struct, frozen=True):
    """What is printed on stderr."""

    heading: ClassVar[str] = LAST

    quiet: Annotated[bool, flag("--quiet -q", "Print only errors on stderr.")]
    verbose: Annotated[
        int,
        option(
            "--verbose -v", "Log each layer to stderr; -vv adds details.", count=True, default=0
        ),
    ]

    def begin(self) -> None:
        """From now on.

        Raises:
            UsageError: both, which exclude each other.
        """
        if self.quiet and self.verbose:
            raise UsageError("bad-choice", "--quiet and --verbose exclude each other")
        listen(quiet=self.quiet, verbose=self.verbose)


def print_error(error: SlimError) -> None:
    """One line that says what and where, with its details, and one that says what to do."""
    print_message(f"slim: error: {clean(redact.message(error.message))} [{error.slug}]")
    for detail in error.details:
        print_message(f"      {clean(redact.message(detail))}")
    if error.hint:
        print_message(f"      hint: {clean(redact.message(error.hint))}")


def print_call_error(error: click.ClickException) -> None:
    """A wrong option or argument, as click words it; without arguments the help."""
    message = error.format_message()
    if "\n" in message:
        print_message(message)
        return
    print_error(UsageError("usage", message.rstrip("."), "slim --help, slim COMMAND --help"))


def is_terminal(stream: TextIO | None) -> bool:
    """Whether somebody is looking; a closed stream is None."""
    return stream is not None and stream.isatty()


def print_message(text: str) -> None:
    """Write to stderr; where that is closed nobody wants to know, and the exit code says enough."""
    if sys.stderr is not None:
        with suppress(OSError):
            print(text, file=sys.stderr, flush=True)


def print_warning(text: str) -> None:
    """The same for what is not an error, unless `--quiet` was given."""
    if _LOGGER.isEnabledFor(logging.WARNING):
        print_message(text)


def listen(*, quiet: bool, verbose: int) -> None:
    """Show on stderr what the modules of slim log: with `verbose` 1 what is read, with 2 how. Warnings are
    shown in any case but `quiet`."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            print_message(f"slim: {clean(redact.message(record.getMessage()))}")

    levels = (logging.WARNING, logging.INFO, logging.DEBUG)
    _LOGGER.setLevel(logging.ERROR if quiet else levels[min(verbose, 2)])
    _LOGGER.handlers[:] = [Handler()] if verbose else []
    _LOGGER.propagate = False


@contextmanager
def progress(shown: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on stderr for work that takes over a second; only on a terminal, and not among other lines."""
    shown = shown and _LOGGER.getEffectiveLevel() == logging.WARNING
    if not shown or not is_terminal(sys.stderr) or os.environ.get("TERM") == "dumb":
        yield None
        return
    started, lock = time.monotonic(), Lock()
    bar: ProgressBar[int | None] | None = None

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


def _bar(total: int) -> ProgressBar[int | None]:
    """A bar of bytes on stderr; of a pipe nobody knows how many there will be: `total` is 0."""
    of = f" of {format_bytes(total)}" if total else ""
    return click.progressbar(
        None if total else (None for _ in ()),  # of a generator no length is known
        total or None,
        label="reading layers",
        item_show_func=lambda read: f"{format_bytes(read or 0)}{of}",
        file=sys.stderr,
    )


@contextmanager
def deadline(seconds: int) -> Iterator[None]:
    """End the process with exit code 5 if the body takes longer; 0 for no bound.

    A clock in a thread of its own does it: decompressors run in threads that nothing can stop from outside,
    and an exception in the main thread would wait for them. Outputs are written after it, when the clock
    is stopped: no file and no stdout is left half written.
    """
    if not seconds:
        yield
        return
    lock = Lock()
    over = False

    def end() -> None:
        with lock:
            if over:
                return
            if is_terminal(sys.stderr):
                print_message("\x1b[?25h")  # a progress bar hides the cursor
            error = LimitError(
                "limit-timeout",
                f"timeout: not ready within the limit of {seconds:,} seconds",
                "if you trust the input, give it more: --timeout SECONDS (0: as long as it takes)",
            )
            print_error(error)
            os._exit(error.exit_code)

    timer = Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        with lock:
            over = True
        timer.cancel()
