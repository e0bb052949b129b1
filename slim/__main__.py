"""`slim` and `python -m slim`: run the command line, and turn every way to fail into an exit code."""

from __future__ import annotations

import gc
import os
import signal
import sys
from contextlib import suppress

from slim.errors import SlimError


def main() -> None:
    """Run and exit. Nothing but an exit code and messages on stderr leaves here, never a traceback."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = _run()
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        code = 0
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        # Nothing may be tried again when the interpreter ends. A reader that has gone is not a failure,
        # and a failed gate stays one.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            code = code or 2
    if code == 130:
        from slim.cli.progress import print_message

        print_message("slim: interrupted")
    sys.exit(code)


def _terminate(number: int, _: object) -> None:
    """End as after an interrupt: temporary files are removed, and the terminal has its cursor again."""
    with suppress(OSError, AttributeError, ValueError):
        if sys.stderr.isatty():
            sys.stderr.write("\x1b[?25h")
            sys.stderr.flush()
    raise SystemExit(128 + number)


def _run() -> int:
    # Tables are large and hold no cycles: looking for some costs a tenth of a short run.
    gc.set_threshold(500_000, 50, 50)
    # Threads that hash need the interpreter for a moment between two pieces of 1 to 2 ms.
    sys.setswitchinterval(0.001)
    from click import ClickException

    from slim.cli.app import app
    from slim.cli.progress import print_call_error, print_error

    _speak_the_terminals_encoding()
    try:
        if instruction := os.environ.get("_SLIM_COMPLETE"):
            from click.shell_completion import shell_complete

            return 2 * shell_complete(app, {}, "slim", "_SLIM_COMPLETE", instruction)
        return app.run(sys.argv[1:])
    except SlimError as error:
        print_error(error)
        return error.exit_code
    except ClickException as error:
        print_call_error(error)
        return 2
    except BrokenPipeError:
        raise
    except Exception as error:
        if os.environ.get("SLIM_TRACEBACK"):
            from traceback import print_exc

            # Not raised: Python would exit with 1, the code of a failed gate.
            print_exc()
        print_error(
            SlimError(
                "internal",
                f"{type(error).__name__}: {error}"[:500],
                "this is a bug in slim: SLIM_TRACEBACK=1 shows where",
            )
        )
        return 70


def _speak_the_terminals_encoding() -> None:
    """File names may hold characters that it does not have; with `LC_ALL=C` it is ASCII, though Python
    would write UTF-8."""
    import codecs

    from slim.formats.terminal import in_ascii

    codecs.register_error("in-ascii", in_ascii)
    encoding = "ascii" if os.environ.get("LC_ALL") in ("C", "POSIX") else None
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding=encoding, errors="in-ascii")


def script() -> None:
    """The `slim` command: as `main`, and the process ends at once.

    Taking large tables apart, object by object, before the kernel takes the memory back anyway is a tenth
    of a short run. Nothing is left to do at exit: outputs are written, connections and files closed.
    """
    try:
        main()
    except SystemExit as stop:
        with suppress(OSError, AttributeError):  # its reader has gone, or there is none
            sys.stderr.flush()
        os._exit(stop.code if isinstance(stop.code, int) else 0)


if __name__ == "__main__":
    script()
