"""Groups of commands: listed in the order of their definition, imported when called, run in this process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import click


class Commands(click.Group):
    """A group of click's. That sorts commands by name; here they stay as they are defined.

    Args:
        elsewhere: command → the module that has it, by the same name. It is imported when the command is
            called or listed: `analyze` does not pay for the others' options.
    """

    def __init__(
        self, *arguments: Any, elsewhere: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(*arguments, **more)
        self.elsewhere = elsewhere or {}

    def run(self, words: Sequence[str]) -> int:
        """Run a command line; its exit code.

        Unlike `main` of click it leaves an interrupt and a reader that has gone to its caller.

        Raises:
            click.ClickException: a wrong call.
        """
        try:
            with self.make_context("slim", list(words)) as context:
                self.invoke(context)
        except click.exceptions.Exit as stop:
            return stop.exit_code
        return 0

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return [*(name for name in self.commands if name not in self.elsewhere), *self.elsewhere]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name. Where there is none all are imported: one may be meant."""
        for name in (cmd_name,) if cmd_name in self.list_commands(ctx) else self.elsewhere:
            if name not in self.commands:
                self.add_command(getattr(import_module(self.elsewhere[name]), name))
        return super().get_command(ctx, cmd_name)
