"""Options that commands take together: a named tuple whose fields are options stands for all of them.

A dataclass would do; it takes four times as long to be made, at every start.

    class PageOptions(NamedTuple):
        flavor: Flavor = "github"

    @app.command()
    @grouped
    def render(report: ReportFile, *, pages: PageOptions) -> None: ...
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, get_type_hints


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the options of each group in the place of the parameter that has its type."""
    signature = inspect.signature(command, eval_str=True)
    groups: dict[str, Any] = {}
    parameters: list[inspect.Parameter] = []
    for one in signature.parameters.values():
        if hasattr(one.annotation, "_field_defaults"):
            groups[one.name] = one.annotation
            kinds = get_type_hints(one.annotation, include_extras=True)
            parameters += [
                inspect.Parameter(
                    name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kinds[name]
                )
                for name, default in one.annotation._field_defaults.items()
            ]
        else:
            parameters.append(one.replace(kind=inspect.Parameter.KEYWORD_ONLY))

    @wraps(command)
    def wrapped(**values: Any) -> None:
        made = {
            name: group(**{field: values.pop(field) for field in group._fields})
            for name, group in groups.items()
        }
        command(**values, **made)

    wrapped.__annotations__ = {one.name: one.annotation for one in parameters}
    wrapped.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return wrapped
