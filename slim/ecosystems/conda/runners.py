"""What conda, mamba and Pixi start, and the environments that they look in.

Source: the manuals of conda (`conda run`), micromamba and Pixi ("Tasks").
"""

from __future__ import annotations

from slim.entrypoint.operands import option_values
from slim.entrypoint.runners import Call, Documents, Runner, Started
from slim.entrypoint.scripts import listed_script
from slim.entrypoint.tables import names
from slim.files.view import View, below, encoded

_HOMES = (b"opt/conda", b"opt/miniconda3", b"root/miniconda3", b"opt/miniforge3")
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
    return [below(call.cwd, b".pixi/envs/default")]


def _task(call: Call, read: Documents) -> Started | None:
    return listed_script(call, read, _TASKS)


RUNNERS = (
    Runner(names=names("conda mamba micromamba"), verbs=("run",), environments=_conda),
    Runner(names=names("pixi"), verbs=("run",), script=_task, environments=_pixi),
)
