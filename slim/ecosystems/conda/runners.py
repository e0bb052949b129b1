"""What conda, mamba and Pixi start, and the environments that they look in.

Source: the manuals of conda (`conda run`), micromamba and Pixi ("Tasks").
"""

from __future__ import annotations

from msgspec.structs import replace

from slim.entrypoint.operands import option_values
from slim.entrypoint.runners import Call, Documents, Runner, Started
from slim.entrypoint.scripts import listed_script
from slim.entrypoint.tables import names
from slim.files.view import View, below, encoded

_HOMES = (b"opt/conda", b"opt/miniconda3", b"root/miniconda3", b"opt/miniforge3")
_MANIFEST = ("--manifest-path", "-m")
_TASKS = (("pixi.toml", "tasks"), ("pyproject.toml", "tool.pixi.tasks"))


def _conda(call: Call, _: View) -> list[bytes]:
    variables = ("MAMBA_ROOT_PREFIX", "CONDA_DIR")
    homes = [encoded(call.env[variable]) for variable in variables if call.env.get(variable)]
    if call.path is not None:
        homes.append(call.path.rpartition(b"/")[0].rpartition(b"/")[0])
    homes += _HOMES
    prefixes = option_values(call.words, ("-p", "--prefix"))
    named = option_values(call.words, ("-n", "--name")) or ([] if prefixes else ["base"])
    found = list(map(encoded, prefixes))
    for name in named:
        inside = b"" if name == "base" else b"/envs/" + encoded(name)
        found += [home + inside for home in homes]
    return found


def _pixi(call: Call, _: View) -> list[bytes]:
    chosen = (*option_values(call.words, ("-e", "--environment")), "default")
    return [below(_home(call), b".pixi/envs/" + encoded(name)) for name in chosen[:1]]


def _home(call: Call) -> bytes:
    """The directory of the project, of which the file may be named."""
    cwd = call.cwd
    for value in option_values(call.words, _MANIFEST):
        cwd = below(cwd, encoded(value))
    return cwd.rpartition(b"/")[0] if cwd.endswith(b".toml") else cwd


def _task(call: Call, read: Documents) -> Started | None:
    valued = (*_MANIFEST, "-e", "--environment")
    return listed_script(replace(call, cwd=_home(call)), read, _TASKS, moves=(), valued=valued)


RUNNERS = (
    Runner(names=names("conda mamba micromamba"), verbs=("run",), environments=_conda),
    Runner(names=names("pixi"), verbs=("run",), script=_task, environments=_pixi),
)
