"""Measures one project: what slim foresees, advises and writes, against what is then really so."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.real.factory.differences import claims_of, compare, without_breaking
from tests.real.factory.project import Project
from tests.real.factory.smoke import smoke
from tests.real.factory.workshop import BuildError, Workshop, captured
from tests.real.twin_table import advise

_OTHER_START = "still started with its present command"
"""Said by findings whose condition does not hold here: the image is started as it was."""
Result = dict[str, Any]
"""What was measured of a project, as it is kept in JSON."""


def measure(workshop: Workshop, project: Project, *, quick: bool = False) -> Result:
    """Build what is not built yet, and measure everything; never raises for what a project does.

    `quick` does not build the Dockerfile that slim writes, but keeps it beside the archives.

    Its keys: see `tests.real.factory.table`, which shows them.
    """
    began = time.monotonic()
    result: Result = {"name": project.name, "half": project.half, "ecosystem": project.ecosystem}
    images = {}
    for which in ("careless", "careful"):
        try:
            images[which] = workshop.archive(project, which)
        except BuildError as error:
            return result | {"broken": f"{which}.Dockerfile does not build: {error}"}
        problem = _smoke(workshop, project, which, images[which])
        if problem:
            return result | {"broken": f"the {which} image fails its smoke test: {problem}"}
    base = workshop.base()
    for which, archive in images.items():
        report = _analyze(workshop, project, archive, which)
        if isinstance(report, str):
            return result | {"broken": f"slim fails on the {which} image: {report}"}
        result[which] = _of_report(report)
    _rebuild(workshop, project, result, quick=quick)
    advised = advise(images["careless"], base)
    claims = claims_of(advised)
    configs = {which: workshop.config(archive) for which, archive in images.items()}

    def try_without(paths: Collection[bytes], which: str = "careless") -> str | None:
        with workshop.root(project, which) as root:
            for path in paths:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(os.path.join(os.fsencode(root), path))
            return smoke(root, configs[which], project)

    safe = {path for one in claims if one.safety == "safe" for path in one.paths}
    result["safe_breaks"] = try_without(safe)
    # What only another start makes superfluous is not superfluous now; its finding says so.
    conditional = {
        which: {one["rule"] for one in result[which]["findings"] if one["conditional"]}
        for which in images
    }
    result["conditional"] = sorted(conditional["careless"])
    at_once = [one for one in claims if one.rule not in conditional["careless"]]
    result["all_breaks"] = try_without({path for one in at_once for path in one.paths})
    guilty = without_breaking(at_once, try_without) if result["all_breaks"] else {}
    result["rules_that_break"] = guilty
    on_careful = claims_of(advise(images["careful"], base))
    at_once = [one for one in on_careful if one.rule not in conditional["careful"]]
    flagged = {path for one in at_once for path in one.paths}
    result["careful_breaks"] = try_without(flagged, "careful")
    result["differences"] = asdict(compare(advised, images["careful"], base))
    result["seconds"] = round(time.monotonic() - began)
    result["measured"] = time.strftime("%Y-%m-%d")
    return result


def _smoke(workshop: Workshop, project: Project, which: str, archive: Path) -> str | None:
    with workshop.root(project, which) as root:
        return smoke(root, workshop.config(archive), project)


def _analyze(
    workshop: Workshop, project: Project, archive: Path, which: str
) -> dict[str, Any] | str:
    """The JSON report of an image, or what slim says instead."""
    target = workshop.of(project) / f"{which}.json"
    done = captured(
        *(sys.executable, "-m", "slim", "analyze", f"oci-archive:{archive}"),
        *("--dockerfile", str(project.folder / f"{which}.Dockerfile")),
        *("--base", f"oci-archive:{workshop.base()}", "--top", "1000"),
        *("--no-config", "--no-cache", "--quiet", "--output", f"json={target}"),
    )
    if done.returncode:
        return f"exit code {done.returncode}: {done.stderr[-800:]}"
    report: dict[str, Any] = json.loads(target.read_text())
    return report


def _of_report(report: dict[str, Any]) -> Result:
    predicted = report["predicted"]
    rebuild = predicted["rebuild"]
    role = report["image"]["role"]
    return {
        "disk_bytes": report["totals"]["disk_bytes"],
        "pull_bytes": report["totals"]["pull_bytes"],
        "role": role["name"],
        "role_evidence": role["evidence"],
        "stacks": report["image"]["stacks"],
        "safe_bytes": predicted["safe"]["disk_bytes"],
        "all_bytes": predicted["all"]["disk_bytes"],
        "other_base_bytes": predicted["other_base_bytes"],
        "rebuild": rebuild
        and {
            key: rebuild[key]
            for key in (
                *("disk_bytes", "pull_bytes", "low_disk_bytes", "high_disk_bytes"),
                *("stack", "origin", "dockerfile"),
            )
        },
        "findings": [
            {key: one[key] for key in ("rule", "safety", "title", "claimed_bytes", "packages")}
            | {"examples": [example["path"] for example in one["examples"]]}
            | {"conditional": any(_OTHER_START in text for text in one["breaks_when"])}
            for one in report["findings"]
            if one["suppressed"] is None and one["mode"] == "claim"
        ],
        "notes": [one["rule"] for one in report["findings"] if one["mode"] == "note"],
    }


def _rebuild(workshop: Workshop, project: Project, result: Result, *, quick: bool) -> None:
    """Build slim's Dockerfile as it is, and start what it makes."""
    made = result["careless"]["rebuild"]
    if made is None:
        result["written"] = "none"
        return
    dockerfile = workshop.of(project) / "written.Dockerfile"
    dockerfile.write_text(made["dockerfile"])
    if quick:
        result["written"] = "not built"
        return
    try:
        archive = workshop.build(project, "written", dockerfile)
    except BuildError as error:
        result |= {"written": "does not build", "written_problem": str(error)}
        return
    report = _analyze_size(archive)
    problem = _smoke(workshop, project, "written", archive)
    result |= {
        "written": "does not answer" if problem else "works",
        "written_problem": problem,
        "written_bytes": report,
    }


def _analyze_size(archive: Path) -> int | None:
    done = captured(
        *(sys.executable, "-m", "slim", "analyze", f"oci-archive:{archive}"),
        *("--no-advice", "--no-config", "--no-cache", "--quiet", "--output", "json"),
    )
    return json.loads(done.stdout)["totals"]["disk_bytes"] if done.returncode == 0 else None
