"""The instructions that make an image: those of a stage, after those of the stages it is built FROM."""

from msgspec import Struct

from slim.dockerfile.parse import Dockerfile, DockerfileError, Instruction, Stage, first_word
from slim.dockerfile.syntax import UNKNOWN, Text, expand, literal, split_words

MAX_LISTED = 20


class Step(Struct, frozen=True):
    """One instruction that a builder carries out, and where it was written."""

    keyword: str
    value: str
    heredocs: tuple[str, ...]
    stage: int
    """The stage that runs it; its origin's stage may be another one."""
    origin: Instruction
    """The instruction itself, or the ONBUILD of the stage below that it comes from."""


class Chain(Struct, frozen=True):
    """The steps in the order of the history."""

    steps: tuple[Step, ...]
    from_scratch: bool
    """There is no base image, so only the steps set anything."""


def chain(dockerfile: Dockerfile, target: str | None = None) -> Chain:
    """The steps that make a stage: the last one, or the one with the name or index `target`.

    A FROM that names an earlier stage (directly, or by the defaults of global ARGs) is followed;
    the ONBUILD triggers of that stage run first. Any other FROM ends the chain. Raises
    DockerfileError, listing the stages, if there is no stage `target`.
    """
    bases = _bases(dockerfile)
    index: int | None = _target(dockerfile, target)
    path: list[int] = []
    parents = _parents(dockerfile, bases)
    while index is not None:
        path.append(index)
        index = parents[index]
    path.reverse()
    steps: list[Step] = []
    triggers: list[Instruction] = []
    for index in path:
        for item in triggers:
            keyword, value = first_word(item.value)
            steps.append(Step(keyword, value, item.heredocs, index, item))
        items = dockerfile.stages[index].instructions
        steps += [Step(i.keyword, i.value, i.heredocs, index, i) for i in items]
        triggers = [item for item in items if item.keyword == "ONBUILD"]
    return Chain(tuple(steps), (bases[path[0]] or "").lower() == "scratch")


def _target(dockerfile: Dockerfile, target: str | None) -> int:
    stages = dockerfile.stages
    if target is None:
        return len(stages) - 1
    for stage in reversed(stages):
        if stage.name and stage.name.lower() == target.lower():
            return stage.index
    if target.isascii() and target.isdigit() and len(target) < 6 and int(target) < len(stages):
        return int(target)
    listed = ", ".join(_label(stage) for stage in stages[:MAX_LISTED])
    more = f" and {len(stages) - MAX_LISTED} more" if len(stages) > MAX_LISTED else ""
    raise DockerfileError(f"no stage {target!r}; the stages are {listed}{more}")


def _label(stage: Stage) -> str:
    return f"{stage.index} ({stage.name})" if stage.name else str(stage.index)


def _bases(dockerfile: Dockerfile) -> list[str | None]:
    """Each stage's base with global ARGs at their defaults; None where one has no default."""
    variables: dict[str, Text | None] = {}
    for item in dockerfile.args:
        for word in split_words(item.value, dockerfile.escape):
            name, equals, default = word.partition("=")
            value = expand(default, variables, escape=dockerfile.escape) if equals else UNKNOWN
            variables[name] = value
    return [
        literal(expand(stage.base, variables, escape=dockerfile.escape))
        for stage in dockerfile.stages
    ]


def _parents(dockerfile: Dockerfile, bases: list[str | None]) -> list[int | None]:
    """For each stage the earlier stage it is built FROM, if it is one."""
    named: dict[str, int] = {}
    parents: list[int | None] = []
    for stage, base in zip(dockerfile.stages, bases, strict=True):
        parents.append(None if base is None else named.get(base.lower()))
        if stage.name:
            named[stage.name.lower()] = stage.index
    return parents
