"""What uv, Poetry, Pipenv, PDM, Hatch, Rye and Poe start, and the environments that they look in.

Source: the manuals of uv ("Project environments"), Poetry, Pipenv, PDM, Hatch, Rye and Poe the Poet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec.structs import replace

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
_HATCH_VALUED = names(
    "-e --env -p --project --data-dir --cache-dir --config -i --include -x --exclude"
)
ENVIRONMENTS = (b".venv", b"venv")
"""The environment in a project's own directory."""
_HOMES = {"WORKON_HOME": b"", "POETRY_VIRTUALENVS_PATH": b"", "POETRY_CACHE_DIR": b"/virtualenvs"}
"""Variable → what to add to its value for a directory of environments."""
_SCRIPTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "pdm": (("pyproject.toml", "tool.pdm.scripts"),),
    "rye": (("pyproject.toml", "tool.rye.scripts"),),
    "poe": (("pyproject.toml", "tool.poe.tasks"),),
    "pipenv": (("Pipfile", "scripts"),),
}
"""Tool → (file, dotted key) of its scripts."""


_PROJECT = names("-p --project -C --directory --root --cwd --working-dir")
"""Options of PDM and Poe that name the project's directory."""


def _script(call: Call, read: Documents) -> Started | None:
    verbs = () if call.name == "poe" else ("run",)
    # PDM takes the name of a script for a command of its own.
    return listed_script(
        call, read, _SCRIPTS[call.name], verbs, verb_needed=call.name != "pdm", moves=_PROJECT
    )


def _of_environment(call: Call, read: Documents) -> Started | None:
    """A script of one of Hatch's environments, which have those of `default` as well:
    `hatch run ENV:script`, `hatch -e ENV run script`, `hatch env run -e ENV script`."""
    environment, words = _chosen(call), call.words
    begins = [word for word in words if word.startswith(f"{environment}:")]
    if begins:
        at = words.index(begins[0])
        words = (*words[:at], begins[0].partition(":")[2], *words[at + 1 :])
    places = tuple(
        place
        for name in (environment, "default")
        for place in (
            ("pyproject.toml", f"tool.hatch.envs.{name}.scripts"),
            ("hatch.toml", f"envs.{name}.scripts"),
        )
    )
    call = replace(call, words=words)
    return listed_script(call, read, places, ("run", "env run"), valued=_HATCH_VALUED)


def _chosen(call: Call) -> str:
    """The name of the environment that Hatch is told to use."""
    named = option_values(call.words, ("-e", "--env"))
    operands = [word for word in call.words if not word.startswith("-")]
    before, colon, _ = "".join(operands[1:2]).partition(":")
    return (
        named[0] if named else before if colon and before else call.env.get("HATCH_ENV", "default")
    )


def _hatch_environments(call: Call, view: View) -> list[bytes]:
    home = encoded(call.env.get("HOME") or "/root")
    data = encoded(call.env.get("HATCH_DATA_DIR", "")) or home + b"/.local/share/hatch"
    store, chosen = data + b"/env/virtual", encoded(_chosen(call))
    found = [
        b"/".join((store, project, key, chosen))
        for project in view.children(below(b"", store))[:_MAX_PLACES]
        for key in view.children(below(b"", store + b"/" + project))[:_MAX_PLACES]
    ]
    return found + _environments(call, view)


def _environments(call: Call, view: View) -> list[bytes]:
    folders = option_values(
        call.words, ("-p", "-P", "--project", "--directory", *CHANGES_DIRECTORY)
    )
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
    moves: str = "",
) -> Runner:
    """Tools that start commands of a virtual environment."""
    script = _script if names(tools) <= _SCRIPTS.keys() else None
    return Runner(
        names=names(tools),
        verbs=("run", *more),
        command=command,
        script=script,
        environments=_environments,
        moves=names(moves),
    )


RUNNERS = (
    _virtual("poetry", moves="-C --directory"),
    _virtual("pipenv pdm rye"),
    _virtual("uv", "tool run", command=_of_uv, moves="--directory"),
    Runner(
        names=names("hatch"),
        verbs=("run", "env run"),
        command=_of_hatch,
        script=_of_environment,
        environments=_hatch_environments,
    ),
    Runner(names=names("uvx"), verbs=(), environments=_environments),
    Runner(names=names("poe"), script=_script, environments=_environments),
    runner("pipx", "run"),
    runner("pyenv", "exec"),
)
