"""`slim` and `python -m slim`: run the command line, and turn every way to fail into an exit code."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run and exit. Nothing but an exit code and messages on stderr leaves here, never a traceback."""
    sys.exit(_run())


def _run() -> int:
    if sys.argv[1:] == ["--version"]:
        # Asked by every CI job: not worth importing a command-line library.
        from slim.version import VERSION

        print(f"slim {VERSION}")
        return 0
    import click

    from slim.cli import app
    from slim.errors import SlimError

    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()
    except SlimError as error:
        from slim.console import print_error

        print_error(error)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        print("slim: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output has gone: not our failure. Nothing may be flushed any more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get("SLIM_TRACEBACK"):
            raise
        print(
            f"slim: internal error: {type(error).__name__}: {error}"[:500].replace("\n", " "),
            file=sys.stderr,
        )
        print("      hint: this is a bug; SLIM_TRACEBACK=1 shows where", file=sys.stderr)
        return 70
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    main()
