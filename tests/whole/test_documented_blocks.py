"""Every code block of the pages for people is run as it is written, or stands on a list that says why not."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

import slim
from slim.advice.vocabulary import VOCABULARY
from slim.config.load import load_config
from slim.rules.pack import read_packs
from tests.conftest import LONG, require
from tests.support.documents import Block, blocks, run_block, workspace
from tests.support.environments import DRONE, GITHUB, PULL_EVENT
from tests.support.examples import FAT, ROOT
from tests.support.forges import TOKEN, serve

BLOCKS = {block.name: block for block in blocks()}
NOT_RUN = {
    "CONTRIBUTING.md: NAME = Format(": "to be filled in: test_adding_a_format.py does it",
    "docs/architecture.md: cli            one module per command; alone rea": "a drawing",
    "docs/fleet.md: import os, subprocess, sys": "run by test_fleet_gateway.py",
    'docs/fuzzing.md: homepage: "…"': "for a service that runs fuzz targets",
    "docs/fuzzing.md: FROM base-builder-python": "built on an image of that service",
    "docs/fuzzing.md: python -c 'from tests.fuzz.__main__ import alone": "run by test_fuzz_programs.py",
    "docs/reading.md: # GitHub": "two systems side by side",
}  # fmt: skip
EXAMPLE_FILES = {
    path.read_text("utf-8"): str(path.relative_to(ROOT))
    for path in (ROOT / "examples").rglob("*.yml")
}
"""Those that are on a page are run by test_examples.py."""


def is_run(block: Block) -> bool:
    """Whether a test below runs it, or test_examples.py, or tests/real/test_documented_registries.py."""
    if block.generated or block.names_registry or block.text in EXAMPLE_FILES:
        return True
    return block.language in ("sh", "python", "yaml", "toml")


def test_every_block_is_run_or_listed_with_a_reason() -> None:
    assert len(BLOCKS) == len(blocks()), "two blocks of a page begin alike"
    assert {name for name, block in BLOCKS.items() if not is_run(block)} <= set(NOT_RUN)
    assert set(NOT_RUN) <= set(BLOCKS), "a block is gone from its page"
    assert all(NOT_RUN.values())


def to_run(language: str) -> list[str]:
    """The blocks of a language that are run here."""
    return [
        name
        for name, block in BLOCKS.items()
        if block.language == language
        and not block.generated
        and name not in NOT_RUN
        and not block.names_registry
        and block.text not in EXAMPLE_FILES
    ]


@LONG
@pytest.mark.parametrize("name", to_run("sh"))
def test_commands(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require("bash", "jq")
    work = workspace(tmp_path, monkeypatch)
    block = BLOCKS[name]
    (tmp_path / "event.json").write_text(json.dumps(PULL_EVENT))
    with serve("github") as forge:
        env = {
            **GITHUB,
            "GITHUB_API_URL": forge.url,
            "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
            "GITHUB_TOKEN": TOKEN,
        }
        folder = work / "examples/drone-phoenix" if "drone" in block.page else work
        done = run_block(block.text, env, str(folder))
        assert done.returncode == 0, done.stderr
        assert "rror:" not in done.stderr
        assert TOKEN not in done.stdout + done.stderr
        if "slim comment" in block.text:
            assert len(forge.comments) == 1
    written = re.findall(r"-o [a-z]+=([\w./-]+)(?![\w./{-])", block.text)
    assert all((work / path).stat().st_size > 0 for path in written)


@LONG
@pytest.mark.parametrize("name", to_run("python"))
def test_programs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace(tmp_path, monkeypatch)
    Path("program.py").write_text(BLOCKS[name].text)
    done = run_block("python program.py", {})
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", to_run("toml"))
def test_settings_and_rules(name: str, tmp_path: Path) -> None:
    text = BLOCKS[name].text
    if "[[rule]]" in text or "[pack]" in text:
        _, faults = read_packs([("elixir.toml", text)], VOCABULARY)
        assert not faults
        return
    (tmp_path / "slim.toml").write_text(text)
    config = load_config(str(tmp_path / "slim.toml"), key=None, trusted=True)
    assert config.file


@LONG
@pytest.mark.parametrize("name", to_run("yaml"))
def test_steps(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a plugin, or of action.yml, whose inputs are settings of the plugin."""
    workspace(tmp_path, monkeypatch)
    shutil.copy(FAT, "app.tar.kept")
    loaded = YAML(typ="safe").load(BLOCKS[name].text)
    steps = loaded.get("steps", [loaded]) if isinstance(loaded, dict) else loaded
    with serve("gitea") as forge:
        for step in steps:
            settings = step.get("settings") or step.get("with")
            if settings is None:
                done = run_block(re.sub(r"\$\{\{.*?\}\}", "1", step["run"]), {})
                assert done.returncode == 0, done.stderr
                continue
            env = {**DRONE, "SLIM_API_URL": forge.url, "PLUGIN_TOKEN": TOKEN}
            for key, value in settings.items():
                if isinstance(value, dict):
                    assert set(value) == {"from_secret"}
                    continue
                shown = ",".join(value) if isinstance(value, list) else json.dumps(value)
                env[f"PLUGIN_{key.upper().replace('-', '_')}"] = shown.strip('"')
            done = run_block("slim plugin", env)
            assert done.returncode == 0, done.stderr
            assert "rror:" not in done.stderr
    assert len(forge.comments) == 1


def test_the_cached_folder_is_the_one_that_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    from slim.cli.environment import cache_folder

    (name,) = (name for name in NOT_RUN if name.startswith("docs/reading.md"))
    for variable in ("SLIM_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    (folder,) = re.findall(r"path: (~[\w./-]+)", BLOCKS[name].text)
    assert os.path.expanduser(folder) == cache_folder()
    assert slim.__file__


def test_the_readme_fits_on_a_screen_and_the_index_has_every_page() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert len(readme.splitlines()) <= 60
    assert "](docs/README.md)" in readme
    index = (ROOT / "docs/README.md").read_text("utf-8")
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert {page for page in pages if f"]({page})" not in index} == set()
