"""What is given to be copied into CI: valid for its system, and run here with stand-ins for docker and pip.

The workflows' own commands run in bash, against a real image and a forge on the loopback interface.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import check_jsonschema
import pytest
from click.testing import CliRunner

import slim
from slim.cli.app import app
from slim.dockerfile.parse import exec_form, parse_dockerfile
from slim.formats.rulebook import template
from tests.conftest import LONG, require
from tests.support.environments import (
    AZURE,
    BITBUCKET,
    CI,
    DRONE,
    GITEA,
    GITHUB,
    GITLAB,
    JENKINS,
    PULL_EVENT,
    RUN_EVENT,
    SHA,
    WOODPECKER,
)
from tests.support.examples import EXAMPLES, FAT, ROOT, SLIM, load
from tests.support.forges import TOKEN, Forge, serve
from tests.support.pages import check_inert
from tests.support.reports import hostile

SCHEMAS = {
    "action.yml": "github-actions",
    "examples/azure/azure-pipelines.yml": "azure-pipelines",
    "examples/bitbucket/bitbucket-pipelines.yml": "bitbucket-pipelines",
    "examples/drone-phoenix/.drone.yml": "drone-ci",
    "examples/drone-phoenix/.woodpecker.yml": "woodpecker-ci",
    "examples/gitea/size.yml": "github-workflows",
    "examples/github/fork-comment.yml": "github-workflows",
    "examples/github/fork-measure.yml": "github-workflows",
    "examples/github/repack.yml": "github-workflows",
    "examples/github/size.yml": "github-workflows",
    "examples/gitlab/slim.gitlab-ci.yml": "gitlab-ci",
}
COMMAND = re.compile(
    r"\bslim (?:analyze|compare|check|render|comment|plugin|repack|verify)\b[^\n|;&>'`]*"
)
DOCUMENTS = [
    *SCHEMAS,
    "examples/jenkins/Jenkinsfile",
    "examples/drone-phoenix/README.md",
    "docs/ci.md",
    "docs/comparing.md",
    "docs/commands.md",
    "docs/numbers.md",
    "docs/options.md",
    "docs/reading.md",
    "docs/repacking.md",
    "docs/reports.md",
    "docs/rules.md",
    "plugin/docs.md",
    "README.md",
]


def test_every_example_is_tested() -> None:
    found = {str(path.relative_to(ROOT)) for path in EXAMPLES.rglob("*.yml")}
    assert found == {name for name in SCHEMAS if name.startswith("examples/")}


@pytest.mark.parametrize("name", SCHEMAS)
def test_examples_are_valid_for_their_system(name: str) -> None:
    words = ["--builtin-schema", f"vendor.{SCHEMAS[name]}", str(ROOT / name)]
    done = CliRunner().invoke(check_jsonschema.main, words)
    assert done.exit_code == 0, done.output[-2000:]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_is_one_that_the_command_line_takes(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    found = [
        command for command in COMMAND.findall(text) if "…" not in command and "[" not in command
    ]
    commands: Any = app
    for line in found:
        words = shlex.split(line.replace("\\", ""), comments=True)
        command = commands.get_command(None, words[1])
        if len(words) > 2:
            # With the parent, whose settings a command keeps from the first time that it is used.
            command.make_context(
                words[1], words[2:], parent=commands.make_context("slim", words[1:])
            )
    if name.startswith("examples/") and "drone" not in name:
        assert found or "uses: example/slim" in text


def test_the_plugin_s_dockerfile_is_read_by_slim_itself() -> None:
    parsed = parse_dockerfile((ROOT / "plugin" / "Dockerfile").read_text())
    build, final = parsed.stages
    assert build.name == "build"
    assert [instruction.keyword for instruction in final.instructions] == ["COPY", "ENTRYPOINT"]
    assert exec_form(final.instructions[-1].value) == ["/opt/slim/bin/slim", "plugin"]
    # All that the build copies, and nothing else, gets past .dockerignore.
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line[0] == "!"]
    assert all((ROOT / name).exists() for name in kept)
    assert {"slim", "rules", "pyproject.toml"} <= set(kept)


# --- run ---------------------------------------------------------------------------------------


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A checked-out repository; the stand-ins are in front on PATH."""
    for name in list(os.environ):
        if name.startswith((*CI, "PLUGIN_")):
            monkeypatch.delenv(name)
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    python = shlex.quote(sys.executable)
    for name, script in {
        "slim": f'exec {python} -m slim "$@"',
        "pip": "exit 0",
        # docker save app --output image.tar
        "docker": '[ "$1" != save ] || cp "$IMAGE_OF_TEST" "$4"',
    }.items():
        (bin_ / name).write_text(f"#!/bin/sh\n{script}\n")
        (bin_ / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("SLIM_WHEEL", "slim.whl")
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    shutil.copy(ROOT / "fixtures" / "phoenix-fat.Dockerfile", "Dockerfile")
    return folder


def bash(
    script: str, env: Mapping[str, str], image: Path = FAT
) -> subprocess.CompletedProcess[str]:
    require("bash")
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        env={**os.environ, "IMAGE_OF_TEST": str(image), **env},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def github(tmp_path: Path) -> Iterator[tuple[Forge, dict[str, str]]]:
    """A forge and the environment of a job for its pull request."""
    for name in ("event.json", "summary", "output", "path"):
        (tmp_path / name).write_text(json.dumps(PULL_EVENT) if name == "event.json" else "")
    with serve("github") as forge:
        yield (
            forge,
            {
                **GITHUB,
                "GITHUB_API_URL": forge.url,
                "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
                "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
                "GITHUB_OUTPUT": str(tmp_path / "output"),
                "GITHUB_PATH": str(tmp_path / "path"),
                "RUNNER_TEMP": str(tmp_path),
            },
        )


def run_action(with_: Mapping[str, str], env: Mapping[str, str], image: Path = FAT) -> int:
    """The steps of action.yml but the installation, as the runner evaluates them."""
    action = load("action.yml")
    unknown = set(with_) - set(action["inputs"])
    assert not unknown
    inputs = {name: fields.get("default", "") for name, fields in action["inputs"].items()}
    inputs.update(with_)

    def value(text: str) -> str:
        text = re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda found: inputs[found[1]], text)
        return text.replace("${{ github.token }}", TOKEN)

    steps = action["runs"]["steps"]
    assert "pip" in steps[2]["run"]
    step = steps[-1]
    assert not [step for step in steps if "${{" in step.get("run", "")]
    if not inputs["image"]:
        return 0
    assert step["if"] == "inputs.image != ''"
    settings = {name: value(value(text)) for name, text in step["env"].items()}
    assert not [text for text in settings.values() if "${{" in text]
    done = bash(step["run"], {**env, **settings}, image)
    assert TOKEN not in done.stdout + done.stderr
    return done.returncode


ALWAYS = "always()"
TERM = re.compile(r"steps\.(\w+)\.outputs\.([\w-]+)|(secrets\.\w+|github\.[\w.]+)")


class Job:
    """A run of a workflow's only job: what the runner and the actions of others do of it."""

    def __init__(self, env: Mapping[str, str], image: Path, kept: Path) -> None:
        self.env = dict(env)
        self.image = image
        self.kept = kept
        """The folder of the cache."""
        self.outputs: dict[tuple[str, str], str] = {}
        self.uploaded: list[str] = []
        self.codes: list[int] = []
        """Of the steps that run something of slim's."""

    def value(self, text: str) -> str:
        """A text whose expressions are evaluated."""
        return re.sub(r"\$\{\{ (.*?) \}\}", lambda found: str(self.evaluate(found[1])), text)

    def evaluate(self, expression: str) -> Any:
        """An expression of `&&`, `||`, `==`, texts, outputs and what is known of the event."""

        def term(found: re.Match[str]) -> str:
            if found[1]:
                return repr(self.outputs.get((found[1], found[2]), ""))
            known = {"github.event_name": self.env["GITHUB_EVENT_NAME"], "github.sha": SHA}
            secret = found[3].startswith("secrets.") or found[3] == "github.token"
            return repr(TOKEN if secret else known.get(found[3], "0" * 40))

        python = TERM.sub(term, expression.replace(ALWAYS, "True"))
        return eval(python.replace("&&", " and ").replace("||", " or "), {"__builtins__": {}})  # noqa: S307

    def run(self, step: Mapping[str, Any]) -> None:
        """A step."""
        condition = step.get("if", "")
        if any(self.codes) and ALWAYS not in condition:
            return
        if condition and not self.evaluate(condition):
            return
        uses = step.get("uses", "").partition("@")[0]
        with_ = {key: self.value(str(text)) for key, text in step.get("with", {}).items()}
        output = Path(self.env["GITHUB_OUTPUT"])
        before = output.stat().st_size
        if uses == "example/slim":
            self.codes.append(run_action(with_, self.env, self.image))
        elif uses == "actions/cache/restore":
            if (self.kept / with_["path"]).exists():
                shutil.copy(self.kept / with_["path"], with_["path"])
        elif uses == "actions/cache/save":
            shutil.copy(with_["path"], self.kept / with_["path"])
        elif uses.startswith(("actions/upload", "github/codeql")):
            name = with_.get("path") or with_["sarif_file"]
            assert Path(name).stat().st_size > 0
            self.uploaded.append(name)
            self.outputs["page", "artifact-url"] = "https://github.example/artifacts/1"
        elif "run" in step and "venv" not in step["run"]:
            values = {key: self.value(text) for key, text in step.get("env", {}).items()}
            code = bash(step["run"], {**self.env, **values}, self.image).returncode
            if "slim " in step["run"] or "docker" in step["run"]:
                self.codes.append(code)
            assert code == 0 or self.codes[-1:] == [code]
        text = output.read_text()[before:]
        for line in text.splitlines():
            key, _, value = line.partition("=")
            self.outputs[step.get("id", ""), key] = value
            if key == "report_file":
                self.outputs[step.get("id", ""), "report"] = value


def run_workflow(
    name: str, env: Mapping[str, str], image: Path = FAT, kept: Path = Path()
) -> list[int]:
    """The steps of a workflow's only job; the exit codes of those that run something of slim's."""
    return workflow(name, env, image, kept).codes


def workflow(name: str, env: Mapping[str, str], image: Path, kept: Path) -> Job:
    """The same as the job that was run."""
    (job,) = load(name)["jobs"].values()
    env = {"GITHUB_OUTPUT": str(Path("../output").absolute()), **env}
    Path(env["GITHUB_OUTPUT"]).touch()
    started = Job(env, image, kept)
    for step in job["steps"]:
        started.run(step)
    return started


def test_the_action_s_inputs_are_settings_of_the_plugin() -> None:
    from slim.cli.plugin import plugin_options
    from slim.cli.plugin_settings import SETTINGS

    known = {*SETTINGS, *(option for options in plugin_options(app).values() for option in options)}
    action = load("action.yml")
    environment = action["runs"]["steps"][-1]["env"]
    settings = {
        name.removeprefix("PLUGIN_").lower(): value
        for name, value in environment.items()
        if name.startswith("PLUGIN_")
    }
    assert set(settings) <= known
    for name, value in settings.items():
        assert value == f"${{{{ inputs.{name.replace('_', '-')} }}}}"
    read = set(re.findall(r"inputs\.([a-z-]+)", " ".join(environment.values())))
    assert read == set(action["inputs"])


@LONG
def test_the_workflow_of_github_keeps_compares_fails_and_comments(
    workspace: Path, github: tuple[Forge, dict[str, str]], tmp_path: Path
) -> None:
    forge, env = github
    name = "examples/github/size.yml"
    kept = tmp_path / "kept"
    kept.mkdir()
    # The first pull request has nothing to be compared with, and is over the limit.
    first = workflow(name, env, FAT, kept)
    assert first.codes == [0, 1, 0]
    assert first.uploaded == ["size.html", "slim.sarif"]
    assert "over budget" in forge.comments[0].body
    assert "[HTML report](https://github.example/artifacts/1)" in forge.comments[0].body
    outputs = (tmp_path / "output").read_text().splitlines()
    assert "verdict=fail" in outputs
    assert "report_file=slim-report.json" in outputs
    named = re.findall(r"outputs\.(\w+)", json.dumps(load("action.yml")["outputs"]))
    names = {line.partition("=")[0] for line in outputs}
    assert names | {"delta_bytes"} == set(named) == names | set(named)
    assert "over budget" in (tmp_path / "summary").read_text()
    assert json.loads((workspace / "slim.sarif").read_text())["version"] == "2.1.0"
    # The main branch keeps its report, and makes no comment.
    pushed = workflow(name, {**env, "GITHUB_EVENT_NAME": "push"}, SLIM, kept)
    assert pushed.codes == [0, 0]
    assert slim.load_report(kept / "main.json").totals.layers > 0
    assert len(forge.comments) == 1
    # What a pull request adds is judged, in the same comment.
    assert workflow(name, env, SLIM, kept).codes == [0, 0, 0]
    assert len(forge.comments) == 1
    assert "unchanged" in forge.comments[0].body
    Path("main.json").unlink()
    assert workflow(name, env, FAT, kept).codes == [0, 1, 0]
    assert "grew" in forge.comments[0].body
    # The report of a main branch that is over the limit is kept, too.
    Path("main.json").unlink()
    assert workflow(name, {**env, "GITHUB_EVENT_NAME": "push"}, FAT, kept).codes == [0, 1]
    assert slim.load_report(kept / "main.json").totals.disk_bytes > 400_000_000


def test_the_action_needs_a_python_that_runs_slim_and_names_its_cache_after_it(
    workspace: Path, github: tuple[Forge, dict[str, str]], tmp_path: Path
) -> None:
    _, env = github
    find, restore, install, _ = load("action.yml")["runs"]["steps"]
    given = {**env, "SOURCE": str(ROOT)}
    done = bash(find["run"], given)
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "output").read_text()
    assert re.search(r"(?m)^key=slim-[0-9a-f]{32}$", lines)
    assert restore["with"] == {
        "path": "${{ runner.temp }}/slim",
        "key": "${{ steps.python.outputs.key }}",
    }
    assert "$RUNNER_TEMP/slim" in install["run"]
    # Pythons that are too old.
    old = tmp_path / "old"
    old.mkdir()
    for minor in ("", ".11", ".12", ".13", ".14"):
        (old / f"python3{minor}").write_text("#!/bin/sh\nexit 1\n")
        (old / f"python3{minor}").chmod(0o755)
    done = bash(find["run"], {**given, "PATH": f"{old}:{os.environ['PATH']}"})
    assert done.returncode == 2
    assert "needs Python 3.11" in done.stdout
    assert "setup-python" in done.stdout


@LONG
def test_the_action_compares(
    workspace: Path, github: tuple[Forge, dict[str, str]], tmp_path: Path
) -> None:
    _, env = github
    assert run_action({"image": str(SLIM), "report": "main.json"}, env) == 0
    wish = {"image": str(FAT), "base": "main.json", "max-growth": "5%,1MB", "fail-on": "new:high"}
    assert run_action(wish, env) == 1
    (growth,) = re.findall(r"(?m)^delta_bytes=(\d+)$", (tmp_path / "output").read_text())
    assert int(growth) > 300_000_000


@LONG
def test_an_image_that_cannot_be_read_leaves_no_report_of_before(
    workspace: Path, github: tuple[Forge, dict[str, str]], tmp_path: Path
) -> None:
    _, env = github
    Path("slim-report.json").write_text("{}")
    Path("broken.tar").write_bytes(SLIM.read_bytes()[:5000])
    assert run_action({"image": "broken.tar"}, env) in (3, 4)
    assert (tmp_path / "output").read_text() == ""


@LONG
@pytest.mark.parametrize(
    ("name", "forge_name", "env"),
    [
        ("gitea", "gitea", {**GITEA, "GITEA_TOKEN": TOKEN}),
        ("gitlab", "gitlab", {**GITLAB, "GITLAB_TOKEN": TOKEN}),
        ("bitbucket", "bitbucket", {**BITBUCKET, "BITBUCKET_TOKEN": TOKEN}),
        ("azure", "azure", {**AZURE, "SLIM_REPO": "proj ect/app", "SLIM_PR": "7",
                            "SYSTEM_ACCESSTOKEN": TOKEN}),
        ("jenkins", "gitea", {**JENKINS, "CHANGE_URL": "https://git.example/team/app/pulls/7",
                              "SLIM_TOKEN": TOKEN}),
    ],
)  # fmt: skip
def test_other_systems_fail_over_budget_and_comment(
    workspace: Path, name: str, forge_name: str, env: dict[str, str]
) -> None:
    with serve(forge_name) as forge:
        env = {**env, "SLIM_API_URL": forge.url}
        codes = list(exit_codes(name, env, FAT))
        assert 1 in codes
        assert set(codes) <= {0, 1}
        assert "over budget" in forge.comments[0].body
        assert set(exit_codes(name, env, SLIM)) == {0}
        assert len(forge.comments) == 1
        assert "within budget" in forge.comments[0].body


def exit_codes(name: str, env: Mapping[str, str], image: Path) -> Iterator[int]:
    """Run all of slim's steps of an example; a failed one does not keep the comment from being made."""
    if name == "gitea":
        yield from run_workflow("examples/gitea/size.yml", env, image)
    elif name == "gitlab":
        job = load("examples/gitlab/slim.gitlab-ci.yml")[".slim"]
        shutil.copy(image, job["variables"]["IMAGE_FILE"])
        script = "\n".join([*job["before_script"], *job["script"]])
        api = {"CI_API_V4_URL": env["SLIM_API_URL"]} if "SLIM_API_URL" in env else {}
        given = {"CI_JOB_URL": "https://gitlab.example/jobs/1", **env, **job["variables"], **api}
        yield bash(script, given, image).returncode
        for path in (*job["artifacts"]["paths"], *job["artifacts"]["reports"].values()):
            assert Path(path).stat().st_size > 0
    elif name == "bitbucket":
        (step,) = load("examples/bitbucket/bitbucket-pipelines.yml")["pipelines"]["pull-requests"][
            "**"
        ]
        yield bash("\n".join(step["step"]["script"]), env, image).returncode
    elif name == "azure":
        for step in load("examples/azure/azure-pipelines.yml")["steps"]:
            yield bash(step["script"].replace("$(SLIM_WHEEL)", "slim.whl"), env, image).returncode
    else:
        text = (EXAMPLES / "jenkins" / "Jenkinsfile").read_text()
        assert text.count("{") == text.count("}")
        for line in re.findall(r"(?m)^\s*sh '(.*)'$", text):
            if "venv" not in line:
                yield bash(line, env, image).returncode


# --- Drone and Woodpecker ----------------------------------------------------------------------


def plugin_environment(settings: Mapping[str, Any]) -> dict[str, str]:
    """`settings` as the runners turn them into variables: lists of words joined, secrets resolved."""
    env = {}
    for name, value in settings.items():
        text = json.dumps(value) if isinstance(value, bool | int) else value
        if isinstance(value, list):
            text = ",".join(value)
        if isinstance(value, dict):
            assert set(value) == {"from_secret"}
            text = TOKEN
        env[f"PLUGIN_{name.upper()}"] = text
    return env


@LONG
@pytest.mark.parametrize(("name", "job"), [(".drone.yml", DRONE), (".woodpecker.yml", WOODPECKER)])
def test_the_phoenix_pipeline_keeps_compares_fails_and_comments(
    workspace: Path, name: str, job: dict[str, str]
) -> None:
    steps = {step["name"]: step for step in load(f"examples/drone-phoenix/{name}")["steps"]}
    assert list(steps) == ["test", "build", "main-report", "size", "page", "size-of-main", "keep"]
    assert "dest=image.tar" in steps["build"]["commands"][0]
    settings = steps["size"]["settings"]
    kept_page = steps["page"]["settings"]
    assert settings["report_url"].endswith(f"{kept_page['target']}/size.html"), "a folder"
    with serve("gitea") as forge:
        env = {**job, **plugin_environment(settings), "SLIM_API_URL": forge.url}
        env["PLUGIN_REPORT_URL"] = re.sub(r"\$\{\w+\}", "7", env["PLUGIN_REPORT_URL"])
        shutil.copy(SLIM, settings["image"])
        shutil.copy(ROOT / "fixtures" / "phoenix-slim.Dockerfile", "Dockerfile")
        # main keeps its report.
        kept = {**job, **plugin_environment(steps["size-of-main"]["settings"])}
        assert bash("slim plugin", kept).returncode == 0
        assert slim.load_report(steps["keep"]["settings"]["source"]).totals.layers > 0
        assert not forge.comments
        # A pull request that ships what builds the release is over budget.
        shutil.copy(FAT, settings["image"])
        shutil.copy(ROOT / "fixtures" / "phoenix-fat.Dockerfile", "Dockerfile")
        done = bash("slim plugin", env)
        assert done.returncode == 1, done.stderr
        assert "Largest increases" in done.stdout
        assert TOKEN not in done.stdout + done.stderr
        fat = forge.comments[0].body
        assert fat.startswith('<!-- slim:report v=1 key="shop" head=8b8bf6d run=31 -->')
        assert "over budget" in fat
        assert "[HTML report](https://artifacts.example/shop/pull-7/size.html)" in fat
        kept_files = sorted(path.name for path in Path().glob(kept_page["source"]))
        assert kept_files == ["size.html", "size.json", "size.sarif"]
        assert json.loads(Path("size.sarif").read_text())["version"] == "2.1.0"
        # One that changes nothing is not; nor is the first, which is compared with itself.
        shutil.copy(SLIM, settings["image"])
        shutil.copy(ROOT / "fixtures" / "phoenix-slim.Dockerfile", "Dockerfile")
        for first in (False, True):
            if first:
                shutil.copy(settings["image"], settings["base"])
            done = bash("slim plugin", env)
            assert done.returncode == 0, done.stderr
            assert len(forge.comments) == 1
            assert "within budget" in forge.comments[0].body


# --- pull requests from forks ------------------------------------------------------------------


def test_the_first_of_two_workflows_has_no_rights_and_the_second_runs_nothing_of_a_stranger() -> (
    None
):
    measure, comment = (
        load("examples/github/fork-measure.yml"),
        load("examples/github/fork-comment.yml"),
    )
    assert list(measure["on"]) == ["pull_request"]
    assert measure["permissions"] == {"contents": "read"}
    assert "secrets" not in (EXAMPLES / "github/fork-measure.yml").read_text()
    (upload,) = [
        step["with"]
        for step in measure["jobs"]["measure"]["steps"]
        if "upload" in step.get("uses", "")
    ]
    assert upload["path"] == "slim-report.json"
    assert comment["on"]["workflow_run"]["workflows"] == [measure["name"]]
    assert comment["permissions"] == {}
    job = comment["jobs"]["comment"]
    assert job["permissions"] == {"actions": "read", "contents": "read", "pull-requests": "write"}
    text = (EXAMPLES / "github/fork-comment.yml").read_text()
    assert "actions/checkout" not in text
    for step in job["steps"]:
        # What a stranger may choose is never part of a script.
        assert "${{" not in step.get("run", "")


@pytest.fixture
def trusted(
    workspace: Path, github: tuple[Forge, dict[str, str]], tmp_path: Path
) -> tuple[Forge, dict[str, str]]:
    """The second workflow's job, after a pull request from a fork."""
    forge, env = github
    (tmp_path / "event.json").write_text(json.dumps(RUN_EVENT))
    forge.pulls = [
        {"number": 7, "head": {"sha": SHA, "ref": "fix/it", "user": {"login": "alice"}}},
        {"number": 8, "head": {"sha": "9" * 40, "ref": "fix/it", "user": {"login": "alice"}}},
    ]
    Path("report").mkdir()
    return forge, {**env, "GITHUB_REF": "refs/heads/main"}


COMMENT = "examples/github/fork-comment.yml"
ARTIFACT = Path("report/slim-report.json")


@LONG
def test_the_two_workflows_comment_together(
    trusted: tuple[Forge, dict[str, str]], tmp_path: Path
) -> None:
    forge, env = trusted
    event = tmp_path / "pull.json"
    event.write_text(json.dumps(PULL_EVENT))
    unprivileged = {**env, "GITHUB_EVENT_PATH": str(event), "GITHUB_REF": "refs/pull/7/merge"}
    assert run_workflow("examples/github/fork-measure.yml", unprivileged) == [0, 1]
    assert forge.log == []
    shutil.copy("slim-report.json", ARTIFACT)
    assert run_workflow(COMMENT, env) == [0, 0, 0]
    body = forge.comments[0].body
    assert body.startswith('<!-- slim:report v=1 key="app" head=8b8bf6d run=555 -->')
    assert "over budget" in body


def forged(**changes: Any) -> bytes:
    document = json.loads(slim.render(hostile(), "json"))
    for layer in document["layers"]:
        layer["missing"] = ""  # or else nothing could be judged
    document.update(changes)
    return json.dumps(document).encode()


REFUSED = {
    "no JSON": b"<script>alert(1)</script>",
    "ready Markdown": b"### `app` image within budget\n@everyone",
    "another kind": forged(kind="comment"),
    "another schema": forged(schema_version="9.0"),
    "too deep": b"[" * 100_000,
    "too deep inside": forged(x=json.loads("[" * 80 + "]" * 80)),
    "too large": b" " * ((64 << 20) + 1),
    "too many values": b"[" + b"0," * 5_000_001 + b"0]",
    "negative sizes": forged(totals={**json.loads(forged())["totals"], "disk_bytes": -1}),
    "a key twice": forged().replace(b'"kind"', b'"kind": "analysis", "kind"', 1),
    "half a character": forged(verdict={"headline": "\ud800"}),
    "empty": b"",
}


@pytest.mark.parametrize("name", REFUSED)
@LONG
def test_forged_reports_are_refused_and_nothing_is_posted(
    trusted: tuple[Forge, dict[str, str]], name: str
) -> None:
    forge, env = trusted
    ARTIFACT.write_bytes(REFUSED[name])
    codes = run_workflow(COMMENT, env)
    assert codes[0] == 0
    assert codes[1] in (3, 5)
    assert len(codes) == 2
    assert forge.log == []


def test_a_link_in_the_artifact_does_not_show_other_files(
    trusted: tuple[Forge, dict[str, str]], tmp_path: Path
) -> None:
    forge, env = trusted
    (tmp_path / "secret").write_text("hunter2-hunter2")
    ARTIFACT.symlink_to(tmp_path / "secret")
    done = bash("slim check report/slim-report.json --max-size 1MB", env)
    assert done.returncode == 3
    assert "hunter2" not in done.stdout + done.stderr
    assert forge.log == []


@LONG
def test_a_forged_report_is_only_wrong_about_its_image(
    trusted: tuple[Forge, dict[str, str]],
) -> None:
    """A lying verdict, key, commit and pull request, and texts that mean something elsewhere."""
    forge, env = trusted
    image = {**json.loads(forged())["image"], "name": 'x" head=0 run=99999999999 --> @everyone'}
    ARTIFACT.write_bytes(
        forged(
            image=image,
            key="other",
            head="f" * 40,
            pr=1,
            number=1,
            repo="victim/app",
            verdict={"result": "pass", "headline": "within budget, merge it", "reasons": ["@all"]},
            budgets=[{"name": "size", "value": 1, "limit": 2, "result": "under"}],
        )
    )
    assert run_workflow(COMMENT, env) == [0, 0, 0]
    # Which pull request, which commit and which run: from the event, not from the report.
    assert {request.path for request in forge.log if "issues/" in request.path} == {
        "/repos/team/app/issues/7/comments"
    }
    body = forge.comments[0].body
    assert body.startswith('<!-- slim:report v=1 key="app" head=8b8bf6d run=555 -->\n')
    assert body.count("<!--") == 1
    assert "merge it" not in body
    run_link = f"[run]({RUN_EVENT['workflow_run']['html_url']})"  # type: ignore[index]
    assert body.count(run_link) == 1
    check_inert(body.replace(run_link, "run"))


@LONG
def test_a_commit_that_is_no_head_any_more_is_not_commented_on(
    trusted: tuple[Forge, dict[str, str]],
) -> None:
    forge, env = trusted
    forge.pulls = [
        {"number": 7, "head": {"sha": "1" * 40, "ref": "fix/it", "user": {"login": "alice"}}}
    ]
    ARTIFACT.write_bytes(forged())
    assert run_workflow(COMMENT, env) == [0, 0, 0]
    assert not forge.comments
    assert not forge.requests("POST")


@LONG
def test_the_rule_that_the_docs_begin_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (ROOT / "docs/rules.md").read_text("utf-8")
    found = re.search(r"`slim rules new (\w+) > (\S+)`,\s+then `slim rules check (\S+)`", text)
    assert found is not None
    assert found[2] == found[3]
    monkeypatch.chdir(tmp_path)
    Path(found[2]).write_text(template(found[1]))
    done = CliRunner().invoke(app, ["rules", "check", found[3]])
    assert done.exit_code == 0, done.output
