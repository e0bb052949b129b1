"""`slim plugin`: the entry point of the plugin's image. Settings → commands, run here one after the other.

The environment is read for `PLUGIN_*` and for what the CI system says of itself. The exit code is the
analysis's; a comment that `require` asks for and that fails counts when the analysis passed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any, cast

import click

from slim.cli.commands import Commands
from slim.errors import SlimError

_NO_SETTINGS = ("failure", "against", "base")
"""Options that the plugin sets itself, by other names or none."""


@click.command(
    epilog="Examples:\n\n"
    "  PLUGIN_IMAGE=image.tar PLUGIN_MAX_SIZE=340MB slim plugin\n\n"
    "  PLUGIN_IMAGE=image.tar PLUGIN_BASE=main.json PLUGIN_FAIL_ON=new:high PLUGIN_COMMENT=true"
    " slim plugin"
)
@click.pass_context
def plugin(context: click.Context) -> None:
    """Run as a Drone or Woodpecker plugin, by PLUGIN_* settings.

    A setting is an option of `slim analyze` or `slim comment`: max_size (PLUGIN_MAX_SIZE) is --max-size.
    Others are image (what to analyze), base (what to compare with), comment (true: make one) and token;
    plugin/docs.md lists all.
    """
    import tempfile

    from slim.cli.plugin_settings import plan

    root = cast("Commands", context.find_root().command)
    with tempfile.TemporaryDirectory(prefix="slim-") as folder:
        report = os.path.join(folder, "report.json")
        todo = plan(os.environ, _options(root), report)
        if todo.token:
            # The environment is where tokens are; a command line shows in lists of processes.
            os.environ["SLIM_TOKEN"] = todo.token
        try:
            code = _run(root, todo.measure)
        except SlimError as error:
            if todo.on_failure:
                _run(root, (*todo.on_failure, "--failure", error.message))
            raise
        said = _run(root, todo.comment)
    context.exit(code or said)


def _options(root: Commands) -> dict[str, dict[str, Any]]:
    """The options of the commands, by the names of settings."""
    from slim.cli.plugin_settings import Kind, Option

    found: dict[str, dict[str, Any]] = {}
    for name in ("analyze", "comment"):
        options = found.setdefault(name, {})
        command = root.get_command(click.Context(root), name)
        for one in command.params if command else ():
            if not isinstance(one, click.Option) or one.name in _NO_SETTINGS:
                continue
            flag = next(word for word in one.opts if word.startswith("--"))
            off = next(iter(one.secondary_opts), "")
            kind: Kind = "flag" if one.is_flag else "list" if one.multiple else "value"
            kind = "count" if one.count else kind
            options[flag.removeprefix("--").replace("-", "_")] = Option(kind, flag, off)
    return found


def _run(root: Commands, words: Sequence[str]) -> int:
    """Run a command in this process, as if it had been called; its exit code."""
    if not words:
        return 0
    sys.stdout.flush()
    return root.run(words)
