"""Options that commands take together: one decorator puts all of them on a command, as one value.

    class PageOptions(NamedTuple):
        flavor: str
        head: str

    pages = Grouped("pages", PageOptions)

    @app.command()
    @pages
    def render(pages: PageOptions) -> None: ...

A dataclass would do; it takes four times as long to be made as a named tuple, at every start.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from slim import cli_options
from slim.cli_options import Decorator, Function


class Grouped:
    """A decorator for commands.

    Args:
        name: the command's parameter.
        kind: its type, a named tuple; each field is the option of this name in `slim.cli_options`.
    """

    def __init__(self, name: str, kind: Any) -> None:
        self.name = name
        self.kind = kind
        self.options: list[Decorator] = [getattr(cli_options, field) for field in kind._fields]

    def __call__(self, command: Function) -> Function:
        """The command with the options in the place of its parameter."""

        @wraps(command)
        def called(**values: Any) -> None:
            group = self.kind(*(values.pop(field) for field in self.kind._fields))
            command(**values, **{self.name: group})

        decorated: Function = called
        for option in reversed(self.options):  # the one put on last is the first of the help
            decorated = option(decorated)
        return decorated
