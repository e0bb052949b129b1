"""`slim plugin`: the entry point of the plugin's image. Settings → commands, run here one after the other.

The environment is read for `PLUGIN_*` and for what the CI system says of itself. The exit code is the
analysis's; a comment that `require` asks for and that fails counts when the analysis passed.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence

import click

from slim.cli.command import Commands, command
from slim.cli.plugin_settings import Kind, Option, plan
from slim.errors import SlimError

_NO_SETTINGS = ("failure", "against", "base")
"""Options that the plugin sets itself, by other names or none."""


@command(
    epilog="Examples:\n\n"
    "  PLUGIN_IMAGE=image.tar PLUGIN_MAX_SIZE=340MB slim plugin\n\n"
    "  PLUGIN_IMAGE=image.tar PLUGIN_BASE=main.json PLUGIN_FAIL_ON=new:high PLUGIN_COMMENT=true"
    " slim plugin"
)
def plugin() -> None:
    """Entry point for Drone/Woodpecker: takes its settings from PLUGIN_* variables.

    A setting is an option of `slim analyze` or `slim comment`: max_size (PLUGIN_MAX_SIZE) is --max-size.
    Others are image (what to analyze), base (what to compare with), comment (true: make one) and token.
    """
    context = click.get_current_context()
    root = context.find_root().command
    assert isinstance(root, Commands)  # noqa: S101
    with tempfile.TemporaryDirectory(prefix="slim-") as folder:
        report = os.path.join(folder, "report.json")
        planned = plan(os.environ, plugin_options(root), report)
        if planned.token:
            # The environment is where tokens are; a command line shows in lists of processes.
            os.environ["SLIM_TOKEN"] = planned.token
        try:
            code = _run(root, planned.measure)
        except SlimError as error:
            if planned.on_failure:
                _run(root, (*planned.on_failure, "--failure", error.message))
            raise
        comment_code = _run(root, planned.comment)
    context.exit(code or comment_code)


def plugin_options(root: Commands) -> dict[str, dict[str, Option]]:
    """The options of the commands, by the names of settings."""
    found: dict[str, dict[str, Option]] = {}
    for name in ("analyze", "comment"):
        options = found.setdefault(name, {})
        command = root.get_command(click.Context(root), name)
        for option in command.params if command else ():
            if not isinstance(option, click.Option) or option.name in _NO_SETTINGS:
                continue
            flag = next(word for word in option.opts if word.startswith("--"))
            off = next(iter(option.secondary_opts), "")
            kind: Kind = "flag" if option.is_flag else "list" if option.multiple else "value"
            kind = "count" if option.count else kind
            options[flag.removeprefix("--").replace("-", "_")] = Option(kind, flag, off)
    return found


def _run(root: Commands, words: Sequence[str]) -> int:
    """Run a command in this process, as if it had been called; its exit code."""
    if not words:
        return 0
    sys.stdout.flush()
    return root.run(words)
