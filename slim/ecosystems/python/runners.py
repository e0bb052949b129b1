"""What uv, Poetry, Pipenv, PDM, Hatch, Rye and Poe start, and the environments that they look in.

Source: the manuals of uv ("Project environments"), Poetry, Pipenv, PDM, Hatch, Rye and Poe the Poet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from slim.entrypoint.operands import option_values
from slim.entrypoint.runners import (
    CHANGES_DIRECTORY,
    Call,
    Documents,
    Runner,
    Started,
    command_of,
    runner,
)
from slim.entrypoint.scripts import listed_script
from slim.entrypoint.tables import names
from slim.files.view import View, below, encoded

_MAX_PLACES = 16
ENVIRONMENTS = (b".venv", b"venv")
"""The environment in a project's own directory."""
_HOMES = {"WORKON_HOME": b"", "POETRY_VIRTUALENVS_PATH": b"", "POETRY_CACHE_DIR": b"/virtualenvs"}
"""Variable → what to add to its value for a directory of environments."""
_SCRIPTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "pdm": (("pyproject.toml", "tool.pdm.scripts"),),
    "rye": (("pyproject.toml", "tool.rye.scripts"),),
    "hatch": (
        ("pyproject.toml", "tool.hatch.envs.default.scripts"),
        ("hatch.toml", "envs.default.scripts"),
    ),
    "poe": (("pyproject.toml", "tool.poe.tasks"),),
    "pipenv": (("Pipfile", "scripts"),),
}
"""Tool → (file, dotted key) of its scripts."""


def _script(call: Call, read: Documents) -> Started | None:
    verbs = () if call.name == "poe" else ("run",)
    return listed_script(call, read, _SCRIPTS[call.name], verbs)


def _environments(call: Call, view: View) -> list[bytes]:
    folders = option_values(call.words, ("--project", "--directory", *CHANGES_DIRECTORY))
    projects = [below(call.cwd, encoded(folder)) for folder in folders]
    variables = ("UV_PROJECT_ENVIRONMENT", "VIRTUAL_ENV")
    values = [call.env[variable] for variable in variables if call.env.get(variable)]
    found = [below(call.cwd, encoded(value)) for value in values]
    found += [below(folder, name) for folder in (*projects, call.cwd) for name in ENVIRONMENTS]
    home = encoded(call.env.get("HOME") or "/root")
    stores = [home + b"/.cache/pypoetry/virtualenvs", home + b"/.local/share/virtualenvs"]
    stores += [
        encoded(call.env[variable]) + inside
        for variable, inside in _HOMES.items()
        if call.env.get(variable)
    ]
    for store in stores:
        found += [store + b"/" + name for name in view.children(below(b"", store))[:_MAX_PLACES]]
    return found


def _of_uv(words: tuple[str, ...]) -> tuple[str, ...]:
    """`uv run -m module` and `uv run x.py` start Python."""
    module = next((at for at, word in enumerate(words) if word in ("-m", "--module")), -1)
    if module >= 0 and not command_of(words[:module]):
        return ("python", "-m", *words[module + 1 :])
    rest = command_of(words)
    return ("python", *rest) if rest and rest[0].endswith(".py") else rest


def _of_hatch(words: tuple[str, ...]) -> tuple[str, ...]:
    """`hatch run environment:command`."""
    rest = command_of(words)
    return (rest[0].partition(":")[2], *rest[1:]) if rest and ":" in rest[0] else rest


def _virtual(
    tools: str,
    *more: str,
    command: Callable[[tuple[str, ...]], tuple[str, ...]] = command_of,
) -> Runner:
    """Tools that start commands of a virtual environment."""
    script = _script if names(tools) <= _SCRIPTS.keys() else None
    return Runner(
        names=names(tools),
        verbs=("run", *more),
        command=command,
        script=script,
        environments=_environments,
    )


RUNNERS = (
    _virtual("poetry"),
    _virtual("pipenv pdm rye"),
    _virtual("uv", "tool run", command=_of_uv),
    _virtual("hatch", command=_of_hatch),
    Runner(names=names("uvx"), verbs=(), environments=_environments),
    Runner(names=names("poe"), script=_script, environments=_environments),
    runner("pipx", "run"),
    runner("pyenv", "exec"),
)
