"""Reads what a folder of `tests/real/twins/projects` says of itself in `twin.toml`."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path

PROJECTS = Path(__file__).parents[1] / "twins" / "projects"
OWN_FILES = ("careless.Dockerfile", "careful.Dockerfile", "twin.toml")
"""Files of a project's folder that are no part of the build context."""


@dataclass(frozen=True)
class Question:
    """A request to the running image, and a text that its answer has to contain."""

    path: str
    expect: str
    method: str = "GET"
    body: str = ""


@dataclass(frozen=True)
class Project:
    """An ordinary application with its two Dockerfiles and its smoke test."""

    name: str
    folder: Path
    half: str
    """`test`: written by somebody who had not read slim's advice; `train`: the others."""
    ecosystem: str
    style: str
    about: str
    port: int | None
    """Where the image listens; None for a program that prints and ends."""
    questions: tuple[Question, ...]
    output: tuple[str, ...]
    """Texts that a program without a port has to print."""
    env: dict[str, str]
    """Variables that whoever starts the container sets."""

    def digest(self, dockerfile: Path) -> str:
        """Changes with a Dockerfile and with every file of the build context."""
        state = hashlib.sha256(dockerfile.read_bytes())
        for path in sorted(self.folder.rglob("*")):
            name = str(path.relative_to(self.folder))
            if path.is_file() and name not in OWN_FILES:
                state.update(f"\0{name}\0{path.stat().st_mode:o}\0".encode())
                state.update(path.read_bytes())
        return state.hexdigest()


def read_project(folder: Path) -> Project:
    """The project of a folder; KeyError where its description lacks something."""
    about = tomllib.loads((folder / "twin.toml").read_text())
    smoke = about["smoke"]
    return Project(
        name=folder.name,
        folder=folder,
        half=about["half"],
        ecosystem=about["ecosystem"],
        style=about["style"],
        about=about["about"],
        port=smoke.get("port"),
        questions=tuple(Question(**one) for one in smoke.get("ask", ())),
        output=tuple(smoke.get("output", ())),
        env=smoke.get("env", {}),
    )


def all_projects() -> list[Project]:
    """Every project, by name."""
    return [read_project(path.parent) for path in sorted(PROJECTS.glob("*/twin.toml"))]
