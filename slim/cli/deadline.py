"""A bound on the time of a command: what takes longer ends with one error line and nothing half written.

A clock in a thread of its own ends the process. Decompressors run in threads that nothing can stop from
outside, and an exception in the main thread would wait for them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, Timer

from slim.cli.console import is_terminal, print_error, print_message
from slim.errors import LimitError


@contextmanager
def deadline(seconds: int) -> Iterator[None]:
    """End the process with exit code 5 if the body takes longer; 0 for no bound.

    Outputs are written after it: then the clock is stopped, and no file or stdout is left half written.
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
