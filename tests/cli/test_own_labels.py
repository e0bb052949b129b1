"""An image's own labels silence advice, never a gate, and secrets not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from slim.__main__ import main as program
from tests.support.building import image, layer, save

LABEL = "SEC001 for a test; secret/dotenv for a test; VCS001 wanted; vcs/git wanted"


def run(*call: str) -> int:
    """The exit code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["slim", *call])
        with pytest.raises(SystemExit) as stop:
            program()
    return int(stop.value.code or 0)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("SLIM_")]:
        monkeypatch.delenv(name)
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def archive(folder: Path, labels: dict[str, str]) -> str:
    """A release with a repository of 6 MB and passwords."""
    contents: dict[str, Any] = {
        "app/.git/HEAD": b"ref: refs/heads/main\n",
        "app/.git/config": b"[core]\n",
        "app/.git/objects/pack/pack-1.pack": b"x" * 6_000_000,
        "app/.env": b"DB_PASSWORD=correct-horse-battery\n",
    }
    built = image(layer(contents, created_by="COPY . /app"), config={"Labels": labels})
    return str(save(built, folder / "image.tar"))


def rules(capsys: pytest.CaptureFixture[str], suppressed: bool = False) -> set[str]:
    report = json.loads(capsys.readouterr().out)
    return {
        finding["rule"]
        for finding in report["findings"]
        if (finding.get("suppressed") is not None) == suppressed
    }


def test_a_label_silences_advice(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("analyze", archive(home, {"org.slim.ignore": LABEL}), "-o", "json") == 0
    report = json.loads(capsys.readouterr().out)
    by = {finding["rule"]: finding.get("suppressed") for finding in report["findings"]}
    assert by["VCS001"]["by"] == "label"
    assert by["SEC001"] is None
    assert any("no label silences secrets" in warning["text"] for warning in report["warnings"])


@pytest.mark.parametrize(
    "gate", [("--fail-on", "high"), ("--fail-on", "SEC001"), ("--fail-on", "VCS001"),
             ("--fail-on", "medium"), ("--max-reclaimable", "1MB")]
)  # fmt: skip
@pytest.mark.parametrize("label", ["org.slim.ignore", "org.slim.role"])
def test_no_label_turns_a_failed_gate_into_a_pass(
    label: str, gate: tuple[str, str], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    without_label = run("analyze", archive(home, {}), "-o", "json", *gate)
    without = json.loads(capsys.readouterr().out)
    labels = {label: LABEL if label == "org.slim.ignore" else "dev"}
    assert run("analyze", archive(home, labels), "-o", "json", *gate) == without_label
    document = json.loads(capsys.readouterr().out)
    assert document["verdict"]["reasons"] == without["verdict"]["reasons"]
    assert any(warning["id"] == "label-untrusted" for warning in document["warnings"])
    if gate != ("--fail-on", "high"):
        assert without_label == 1


def test_no_label_turns_a_failed_check_into_a_pass(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The report was made where no gate was asked for: what the label suppressed is not decided."""
    assert run("analyze", archive(home, {"org.slim.ignore": LABEL}), "-o", "json=report.json") == 0
    capsys.readouterr()
    assert run("check", "report.json", "--fail-on", "VCS001") == 1
    assert run("check", "report.json", "--fail-on", "SEC001") == 1
    assert run("check", "report.json", "--fail-on", "medium") in (1, 3)
    assert run("check", "report.json", "--max-reclaimable", "1MB") == 3
    assert run("check", "report.json", "--max-reclaimable", "1MB", "--trust-labels") == 0
    assert run("check", "report.json", "--fail-on", "VCS001", "--trust-labels") == 0
    assert run("check", "report.json", "--fail-on", "SEC001", "--trust-labels") == 1


@pytest.mark.parametrize("role", ["dev", "builder", "unknown"])
def test_no_role_of_a_label_lets_a_check_pass(
    role: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """For another role there might be findings: only what fails all the same is decided."""
    assert run("analyze", archive(home, {}), "-o", "json=plain.json") == 0
    path = archive(home, {"org.slim.role": role})
    assert run("analyze", path, "-o", "json=report.json") == 0
    for gate in (("--fail-on", "high"), ("--fail-on", "VCS001"), ("--max-reclaimable", "1MB")):
        without_label = run("check", "plain.json", *gate)
        assert run("check", "report.json", *gate) in (without_label, 3)
        assert run("check", "report.json", *gate, "--trust-labels") in (0, 1)
    assert run("check", "report.json", "--fail-on", "SEC001") == 1
    assert run("check", "report.json", "--fail-on", "DEB001") == 3
    assert "--trust-labels takes its word" in capsys.readouterr().err
    assert run("check", "report.json", "--max-size", "1GB") == 0
    assert run("analyze", path, "--role", role, "-o", "json=report.json") == 0
    assert run("check", "report.json", "--fail-on", "DEB001") == 0
    assert run("compare", "plain.json", "report.json", "-o", "json=compared.json") == 0
    assert run("check", "compared.json", "--fail-on", "DEB001") == 0
    assert run("analyze", path, "-o", "json=report.json") == 0
    assert run("compare", "plain.json", "report.json", "-o", "json=compared.json") == 0
    assert run("check", "compared.json", "--fail-on", "DEB001") == 3
    assert run("check", "compared.json", "--fail-on", "DEB001", "--trust-labels") == 0


@pytest.mark.parametrize("trust", ["--trust-labels", "slim.toml"])
def test_trusted_labels_silence_gates_but_no_secrets(
    trust: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = archive(home, {"org.slim.ignore": LABEL})
    more = [trust]
    if trust == "slim.toml":
        (home / trust).write_text("trust-labels = true\n")
        more = []
    assert run("analyze", path, "-o", "json", "--fail-on", "VCS001", *more) == 0
    assert "VCS001" in rules(capsys, suppressed=True)
    assert run("analyze", path, "-o", "json", "--fail-on", "SEC001", *more) == 1
    assert "SEC001" in rules(capsys)
