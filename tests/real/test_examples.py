"""What is given to be copied into CI, with its own installation of slim: nothing of this checkout is on
the path, and `pip` is the real one. Only `docker` is a stand-in, since no image can be built here.

`tests/whole/test_examples.py` runs the same commands quickly, for every system.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conftest import LONG
from tests.support.environments import GITHUB, GITLAB, JENKINS, PULL_EVENT
from tests.support.examples import EXAMPLES, FAT, ROOT, load
from tests.support.forges import TOKEN, serve

pytestmark = pytest.mark.real

DOCKER = '#!/bin/bash\n[ "$1" != save ] || cp "$IMAGE_OF_TEST" "$4"\n'


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """slim's wheel, built from the tree."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet")
    subprocess.run([*pip, "--no-deps", "--wheel-dir", str(folder), str(ROOT)], check=True)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a job on a machine that has Python and docker, in a checked-out repository."""
    place = tmp_path / "place"
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    (place / "bin" / "docker").write_text(DOCKER)
    (place / "bin" / "docker").chmod(0o755)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    shutil.copy(ROOT / "fixtures" / "phoenix-fat.Dockerfile", "Dockerfile")
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
    return kept | {
        "PATH": f"{place}/bin:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "IMAGE_OF_TEST": str(FAT),
        "no_proxy": "127.0.0.1",
    }


def bash(script: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    done = subprocess.run(words, env=dict(env), capture_output=True, text=True, check=False)
    assert TOKEN not in done.stdout + done.stderr
    return done


@LONG
def test_the_action_installs_itself_measures_and_comments(
    machine: dict[str, str], tmp_path: Path
) -> None:
    """Its steps as the runner takes them: a file for the path, one for outputs, one for the summary."""
    find, restore, install, measure = load("action.yml")["runs"]["steps"]
    inputs = {
        name: fields.get("default", "") for name, fields in load("action.yml")["inputs"].items()
    }
    inputs |= {"image": "image.tar", "dockerfile": "Dockerfile", "max-size": "340MB"}
    inputs |= {"comment": "true", "output": "sarif=slim.sarif"}
    files = {name: tmp_path / name.lower() for name in ("GITHUB_PATH", "GITHUB_OUTPUT")}
    files |= {"GITHUB_STEP_SUMMARY": tmp_path / "summary", "GITHUB_EVENT_PATH": tmp_path / "event"}
    for path in files.values():
        path.write_text("")
    files["GITHUB_EVENT_PATH"].write_text(json.dumps(PULL_EVENT))
    with serve("github") as forge:
        env = machine | GITHUB | {name: str(path) for name, path in files.items()}
        env |= {"GITHUB_API_URL": forge.url, "RUNNER_TEMP": str(tmp_path)}
        assert bash("docker build --tag app . && docker save app --output image.tar", env)
        assert find["env"] == {"SOURCE": "${{ github.action_path }}"}
        assert bash(find["run"], env | {"SOURCE": str(ROOT)}).returncode == 0
        found = dict(
            line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines() if line
        )
        assert restore["with"]["key"] == "${{ steps.python.outputs.key }}"
        assert re.fullmatch(r"slim-[0-9a-f]{32}", found["key"])
        assert install["env"] == find["env"] | {"PYTHON": "${{ steps.python.outputs.python }}"}
        done = bash(install["run"], env | {"SOURCE": str(ROOT), "PYTHON": found["python"]})
        assert done.returncode == 0, done.stderr
        env["PATH"] = ":".join([*files["GITHUB_PATH"].read_text().split(), env["PATH"]])
        assert shutil.which("slim", path=env["PATH"]) == str(tmp_path / "slim" / "bin" / "slim")

        def value(text: str) -> str:
            text = text.replace("${{ inputs.token }}", TOKEN)
            return re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda found: inputs[found[1]], text)

        done = bash(measure["run"], env | {k: value(v) for k, v in measure["env"].items()})
        assert done.returncode == 1, done.stderr
        assert "over budget" in forge.comments[0].body
    assert re.search(r"(?m)^::(?:error|warning|warning) file=Dockerfile,line=", done.stderr)
    assert "verdict=fail\n" in files["GITHUB_OUTPUT"].read_text()
    assert "over budget" in files["GITHUB_STEP_SUMMARY"].read_text()
    assert json.loads(Path("slim.sarif").read_text())["version"] == "2.1.0"


@LONG
def test_the_template_of_gitlab_with_its_own_installation(
    machine: dict[str, str], wheel: Path
) -> None:
    job = load("examples/gitlab/slim.gitlab-ci.yml")[".slim"]
    shutil.copy(FAT, job["variables"]["IMAGE_FILE"])
    with serve("gitlab") as forge:
        env = machine | GITLAB | job["variables"]
        env |= {"CI_API_V4_URL": forge.url, "GITLAB_TOKEN": TOKEN, "SLIM_WHEEL": str(wheel)}
        done = bash("\n".join([*job["before_script"], *job["script"]]), env)
        assert done.returncode == 1, done.stderr
        assert "over budget" in forge.comments[0].body
    for path in (*job["artifacts"]["paths"], *job["artifacts"]["reports"].values()):
        assert Path(path).stat().st_size > 0


@LONG
def test_every_step_of_the_jenkinsfile(machine: dict[str, str], wheel: Path) -> None:
    """Each `sh` in order, with the variables that Jenkins sets and those of the `environment` block."""
    text = (EXAMPLES / "jenkins" / "Jenkinsfile").read_text()
    (path,) = re.findall(r'(?m)^\s*PATH = "(.*)"$', text)
    steps = re.findall(r"(?m)^\s*sh '(.*)'$", text)
    assert len(steps) == text.count("sh '") == 4
    with serve("gitea") as forge:
        env = machine | JENKINS | {"CHANGE_URL": "https://git.example/team/app/pulls/7"}
        env |= {"WORKSPACE": str(Path.cwd()), "SLIM_WHEEL": str(wheel), "SLIM_TOKEN": TOKEN}
        env["SLIM_API_URL"] = forge.url
        env["PATH"] = path.replace("${env.WORKSPACE}", env["WORKSPACE"]).replace(
            "${env.PATH}", env["PATH"]
        )
        done = [bash(step, env) for step in steps]
        assert [process.returncode for process in done] == [0, 0, 1, 0], done
        assert "over budget" in forge.comments[0].body
    for name in re.findall(r"(?:junit|archiveArtifacts) '(.*)'", text):
        assert Path(name).stat().st_size > 0
