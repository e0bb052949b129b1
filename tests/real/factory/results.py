"""What was measured last of each project, kept beside the projects: docs/twins.md is made of it."""

from __future__ import annotations

import json

from tests.real.factory.measure import Result
from tests.real.factory.project import PROJECTS

_FOLDER = PROJECTS.parent / "results"
_MOST_FINDINGS = 40


def write_result(result: Result) -> None:
    """Keep one result in place of the last one of its project."""
    _FOLDER.mkdir(exist_ok=True)
    kept = {key: _shortened(value) for key, value in result.items()}
    text = json.dumps(kept, indent=1, ensure_ascii=False)
    (_FOLDER / f"{result['name']}.json").write_text(text + "\n")


def read_results() -> list[Result]:
    """All of them, by name, as far as their projects are still there."""
    paths = sorted(_FOLDER.glob("*.json"))
    return [json.loads(path.read_text()) for path in paths if (PROJECTS / path.stem).is_dir()]


def _shortened(value: object) -> object:
    """Without the Dockerfile, which is made again from the image, and without lists of paths."""
    if not isinstance(value, dict) or "findings" not in value:
        return value
    rebuild = value["rebuild"]
    if rebuild:
        rebuild = {key: rebuild[key] for key in rebuild if key != "dockerfile"}
    findings = [
        finding | {"examples": finding["examples"][:2], "packages": finding["packages"][:12]}
        for finding in value["findings"][:_MOST_FINDINGS]
    ]
    return value | {"rebuild": rebuild, "findings": findings}
