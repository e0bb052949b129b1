"""Options that commands take together: a class whose fields have the names of the options.

    class PageOptions(Grouped, parameter="pages"):
        flavor: str
        head: str

    @app.command()
    @PageOptions.options
    def render(pages: PageOptions) -> None: ...

A dataclass or a named tuple would do; either takes many times as long to be made, at every start.
"""

from __future__ import annotations

from functools import wraps
from typing import Any, ClassVar

from slim.cli import options as cli_options
from slim.cli.options import Function


class Grouped:
    """Values of options; each field is that of the option of this name in `slim.cli.options`."""

    parameter: ClassVar[str]
    """What a command calls them."""

    def __init_subclass__(cls, parameter: str) -> None:
        cls.parameter = parameter

    def __init__(self, **values: Any) -> None:
        vars(self).update(values)

    @classmethod
    def options(cls, command: Function) -> Function:
        """The command with the options in the place of the parameter."""
        names = tuple(cls.__annotations__)

        @wraps(command)
        def called(**values: Any) -> None:
            group = cls(**{name: values.pop(name) for name in names})
            command(**values, **{cls.parameter: group})

        decorated: Function = called
        for name in reversed(names):  # the one put on last is the first of the help
            decorated = getattr(cli_options, name)(decorated)
        return decorated
