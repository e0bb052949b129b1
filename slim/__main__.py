"""`slim` and `python -m slim`: run the command line, and turn every way to fail into an exit code."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress


def main() -> None:
    """Run and exit. Nothing but an exit code and messages on stderr leaves here, never a traceback."""
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
        # Nothing may be tried again when the interpreter ends. A reader that has gone is no failure,
        # and a failed gate stays one.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            code = code or 2
    if code == 130:
        from slim.cli.progress import print_message

        print_message("slim: interrupted")
    sys.exit(code)


def _run() -> int:
    # Tables are large and hold no cycles: looking for some costs a tenth of a short run.
    gc.set_threshold(200_000, 50, 50)
    from click import ClickException

    from slim.cli.app import app
    from slim.cli.progress import print_call_error, print_error
    from slim.errors import SlimError

    if sys.stdout is not None and hasattr(sys.stdout, "reconfigure"):
        # File names may hold characters that the terminal's encoding does not have.
        sys.stdout.reconfigure(errors="backslashreplace")
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
