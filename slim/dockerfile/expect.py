"""Walks a chain of steps as a builder does, keeping its variables, to find what each step would record.

The default of a build argument is not used as its value, since a build may override it unseen: only
values that the history shows are used, all others are gaps. ENV is known as far as its parts are.
"""

from collections.abc import Mapping, Sequence

from slim.dockerfile.chain import Chain, Step
from slim.dockerfile.forms import Forms, Scope, declarations, directory, forms
from slim.dockerfile.parse import exec_form
from slim.dockerfile.syntax import MAX_EXPANDED, UNKNOWN, Text, assignments, concat


def argument_names(steps: Sequence[Step], escape: str) -> frozenset[str]:
    """The names of all ARGs of the steps."""
    values = (step.value for step in steps if step.keyword == "ARG")
    return frozenset(name for value in values for name, _ in declarations(value, escape))


def written_shells(steps: Sequence[Step]) -> list[str]:
    """The shells that SHELL instructions set, joined by spaces."""
    lists = (exec_form(step.value) for step in steps if step.keyword == "SHELL")
    return [" ".join(argv) for argv in lists if argv]


def expected(
    chain: Chain,
    escape: str,
    shells: Sequence[str],
    valued: frozenset[str],
    shown: Mapping[str, str],
) -> list[Forms]:
    """The forms of each step of the chain.

    `valued` are the global ARGs; `shown` holds the values of build arguments that the history
    shows. One of those is used unless it may be the value of another variable of that name: when
    ENV sets the name too, or several ARGs give it different defaults.
    """
    trusted = _trusted(chain.steps, escape, shown)
    variables: dict[str, Text | None] = {}
    environment: set[str] = set()
    declared: dict[str, bool] = {}
    workdir: Text = ("/",) if chain.from_scratch else UNKNOWN
    otherwise = None if chain.from_scratch else UNKNOWN
    stage = -1
    result: list[Forms] = []
    for step in chain.steps:
        if step.stage != stage:
            stage = step.stage
            variables |= {name: UNKNOWN for name in declared if name not in environment}
            declared.clear()
        if step.keyword == "ARG":
            for name, default in declarations(step.value, escape):
                declared[name] = default is not None or name in valued
                variables[name] = (trusted[name],) if name in trusted else UNKNOWN
        scope = Scope(variables, otherwise, workdir, declared, escape, shells)
        result.append(forms(step, scope))
        if step.keyword == "WORKDIR":
            workdir = _bounded(directory(scope.expand(step.value), workdir))
        elif step.keyword == "ENV":
            values = [(name, scope.expand(word)) for name, word in assignments(step.value, escape)]
            variables |= values
            environment |= {name for name, _ in values}
    return result


def _trusted(steps: Sequence[Step], escape: str, shown: Mapping[str, str]) -> dict[str, str]:
    defaults: dict[str, set[str]] = {}
    environment: set[str] = set()
    for step in steps:
        if step.keyword == "ARG":
            for name, default in declarations(step.value, escape):
                if default is not None:
                    defaults.setdefault(name, set()).add(default)
        elif step.keyword == "ENV":
            environment |= {name for name, _ in assignments(step.value, escape)}
    return {
        name: value
        for name, value in shown.items()
        if name not in environment and len(defaults.get(name, ())) < 2
    }


def _bounded(text: Text) -> Text:
    size = sum(len(piece) for piece in concat(text) if piece is not None)
    return text if size <= MAX_EXPANDED else UNKNOWN
