"""The factory's own parts: descriptions are whole, and a smoke test tells a wrong answer from a right one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from slim.dockerfile.parse import parse_dockerfile
from tests.real.factory.project import OWN_FILES, Project, Question, all_projects
from tests.real.factory.smoke import smoke
from tests.real.factory.table import page
from tests.real.factory.workshop import BASES
from tests.real.tools import need, run

PROJECTS = all_projects()
LARGEST_FILE = 200_000


@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.name)
def test_a_project_is_whole_and_small(project: Project) -> None:
    assert project.half in ("test", "train")
    assert bool(project.questions) == (project.port is not None)
    assert project.questions or project.output
    for name in OWN_FILES[:2]:
        stages = parse_dockerfile((project.folder / name).read_text()).stages
        assert {stage.base for stage in stages} <= {*BASES, "scratch"}
    for path in project.folder.rglob("*"):
        if path.is_file():
            assert path.stat().st_size <= LARGEST_FILE, path
            assert b'"resolved"' not in path.read_bytes(), f"{path} names a registry"


def test_half_of_the_projects_were_written_blind() -> None:
    assert sum(project.half == "test" for project in PROJECTS) >= 20
    assert len({project.ecosystem for project in PROJECTS}) >= 9


@pytest.fixture(scope="session")
def debian(debian_roots: Callable[[bool], Path], workshop: Path) -> Path:
    """An unpacked Debian."""
    need("unshare", "nsenter", "ip")
    root = workshop / "factory"
    root.mkdir()
    run("tar", "--extract", "--file", debian_roots(True), "--directory", root)
    return root


PRINTS = Project(
    "prints", Path(), "train", "shell", "none", "prints who it is", None, (), ("uid=65534",), {}
)


@pytest.mark.real
def test_a_program_is_judged_by_what_it_prints_and_how_it_ends(debian: Path) -> None:
    config = {"User": "nobody", "Entrypoint": ["sh", "-c"], "Cmd": ["id; ls -d /dev/null"]}
    assert smoke(debian, config, PRINTS) is None
    assert "not printed" in str(smoke(debian, config | {"User": "0"}, PRINTS))
    assert "exit code 3" in str(smoke(debian, config | {"Cmd": ["id; exit 3"]}, PRINTS))


SERVER = """
use Socket;
socket(S, PF_INET, SOCK_STREAM, 6); setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1);
bind(S, sockaddr_in(80, INADDR_ANY)); listen(S, 5);
while (accept(C, S)) {
  sysread(C, $request, 999); syswrite(C, "HTTP/1.0 200 OK\\r\\n\\r\\n$ENV{GREETING}"); close(C)
}
"""


@pytest.mark.real
def test_a_server_is_judged_by_its_answers(debian: Path) -> None:
    config = {"Env": ["GREETING=from the image"], "Cmd": ["perl", "-e", SERVER]}
    server = replace(PRINTS, port=80, output=(), questions=(Question("/", "from the image"),))
    assert smoke(debian, config, server) is None
    changed = replace(server, env={"GREETING": "from outside"})
    assert "'from the image' is not in" in str(smoke(debian, config, changed))


def test_the_page_keeps_both_halves_apart_and_says_what_could_not_be_measured() -> None:
    broken = {"ecosystem": "go", "broken": "careful.Dockerfile does not build: no network\nat all"}
    text = page(
        [broken | {"name": "one", "half": "test"}, broken | {"name": "two", "half": "train"}]
    )
    first, second = text.split("### ")[1:]
    assert PROJECTS[0].name in text.partition("Not measured: ")[2]
    assert "one" in first
    assert "two" in second
    assert "does not build: no network" in first
    assert "at all" not in first
