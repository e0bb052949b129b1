"""conda: installations and environments with `conda-meta`."""

from __future__ import annotations

from collections.abc import Iterator

from slim.ecosystems.conda.environment_file import NAMES
from slim.ecosystems.conda.packages import read_conda
from slim.ecosystems.conda.runners import RUNNERS
from slim.ecosystems.model import Ecosystem, Reader
from slim.entrypoint.runs import Runs
from slim.facts.roots import Marks, Place, cut, last
from slim.facts.signs import RoleSigns
from slim.facts.variables import Variable
from slim.files.extract.texts import BIG, Keep
from slim.files.view import View, below, decoded
from slim.packages.package import parent


def _installations(found: Marks, view: View, _: Runs) -> tuple[bytes, ...]:
    return cut(_homes(found[b"conda-meta"], view))


def _homes(marks: tuple[bytes, ...], view: View) -> Iterator[bytes]:
    """The installations that `conda-meta` belongs to, without environments of another one."""
    for path in marks:
        home = parent(path)
        if last(parent(home)) != b"envs" or not view.is_dir(below(parent(home, 2), b"conda-meta")):
            yield home


CONDA = Ecosystem(
    name="conda",
    keeps=(Keep("conda-meta/*.json", BIG), Keep(decoded(b" ".join(NAMES)))),
    packages=Reader(read_conda, (b"conda-meta/",)),
    places=(Place(name="conda", marks=frozenset((b"conda-meta",)), find=_installations),),
    foreign=frozenset((b"conda-meta", b"pkgs")),
    system=frozenset((b"opt/conda",)),
    runners=RUNNERS,
    role=RoleSigns(builder=frozenset(("CONDA_DIR",))),
    variables=(
        Variable(
            name="conda",
            samples=("opt/conda",),
            place="conda",
            env=("CONDA_DIR", "MAMBA_ROOT_PREFIX"),
            mark=b"conda-meta",
        ),
    ),
)
