"""What given GPUs load of the code for GPUs, and what findings make of the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

import slim
from slim.facts.gpu_names import architecture_of
from slim.report.model import Finding
from tests.support.building import image, layer, save
from tests.support.gpu_code import Code, gpu_library, machine_code, ptx

MEGA = 1_000_000
SITE = "usr/lib/python3/dist-packages"


def report_of(folder: Path, *gpus: str, **files: bytes) -> slim.Report:
    content = {f"{SITE}/{name.replace('__', '/')}.so": data for name, data in files.items()}
    sample = image(
        layer({"etc/os-release": b"ID=debian\n"}),
        layer({**content, "app/run.py": b"import torch\n"}),
        config={"Cmd": ["python3", "/app/run.py"], "ExposedPorts": {"80/tcp": {}}},
    )
    save(sample, folder / "image.tar", "docker")
    return slim.analyze(folder / "image.tar", gpus=gpus)


def findings(report: slim.Report, rule: str) -> list[Finding]:
    return [finding for finding in report.findings if finding.rule == rule]


@pytest.mark.parametrize(
    ("gpus", "codes", "unused"),
    [
        # The highest of the same major version that is not higher.
        (["sm_86"], [*machine_code(MEGA, 75, 80, 86, 89), ptx(MEGA, 89)], 4),
        (["sm_89"], machine_code(MEGA, 80, 86, 90), 2),
        (["sm_90"], [*machine_code(MEGA, 80, 90), ptx(MEGA, 90)], 2),
        # No machine code suits: the driver compiles.
        (["sm_90"], [*machine_code(MEGA, 80, 86), ptx(MEGA, 86)], 2),
        (["sm_90"], [*machine_code(MEGA, 80, 100), ptx(MEGA, 100)], 3),
        (["sm_120"], [*machine_code(MEGA, 80, 90, 100), ptx(MEGA, 90)], 3),
        # Two kinds of machines.
        (["8.0", "sm_90a"], [*machine_code(MEGA, 75, 80, 90, 100)], 2),
        # What is of no known kind stays.
        (["sm_90"], [(8, 80, MEGA), *machine_code(MEGA, 80, 90)], 1),
    ],
)
def test_what_is_not_loaded(
    tmp_path: Path, gpus: list[str], codes: list[Code], unused: int
) -> None:
    report = report_of(tmp_path, *gpus, torch__libtorch_cuda=gpu_library(codes))
    (finding,) = findings(report, "MLM010")
    assert finding.claimed_bytes == unused * (MEGA + 64)
    assert (finding.safety, finding.mode) == ("check", "claim")


def test_each_container_is_chosen_from_by_itself(tmp_path: Path) -> None:
    library = gpu_library(
        machine_code(MEGA, 80, 90),
        [*machine_code(MEGA, 80), ptx(MEGA, 80)],
        machine_code(MEGA, 100),
    )
    (finding,) = findings(report_of(tmp_path, "sm_90", torch__libtorch_cuda=library), "MLM010")
    assert finding.claimed_bytes == 3 * (MEGA + 64)


def test_without_a_gpu_only_the_bytes_are_told(tmp_path: Path) -> None:
    library = gpu_library([*machine_code(MEGA, 80, 90), ptx(2 * MEGA, 90)])
    report = report_of(tmp_path, torch__libtorch_cuda=library)
    assert not [each for each in report.findings if each.rule in ("MLM010", "MLM011")]
    assert [(code.architecture, code.disk_bytes, code.files) for code in report.gpu_code] == [
        ("compute_90", 2 * MEGA + 64, 1),
        ("sm_80", MEGA + 64, 1),
        ("sm_90", MEGA + 64, 1),
    ]
    shown = " ".join(slim.render(report, "text").split())
    assert "4.00 MB of code for GPUs: 2.00 MB for compute_90, 1.00 MB for sm_80" in shown


def test_what_only_nvidia_builds_is_a_note(tmp_path: Path) -> None:
    library = gpu_library(machine_code(MEGA, 80, 90))
    report = report_of(tmp_path, "sm_90", nvidia__cublas__lib__libcublas=library)
    (note,) = findings(report, "MLM011")
    assert (note.mode, note.claimed_bytes, note.disk_bytes) == ("note", 0, MEGA + 64)
    assert not findings(report, "MLM010")


def test_a_large_library_is_read_as_it_streams_by(tmp_path: Path) -> None:
    library = gpu_library(machine_code(9 * MEGA, 70, 80, 90, 100))
    report = report_of(tmp_path, "sm_90", torch__libtorch_cuda=library)
    assert findings(report, "MLM010")[0].claimed_bytes == 3 * (9 * MEGA + 64)


@pytest.mark.parametrize("text", ["", "h100", "sm_", "sm_9", "90.1", "sm_90 ", "sm_٩٠", "9" * 999])
def test_what_is_no_architecture(text: str) -> None:
    with pytest.raises(ValueError, match="no architecture"):
        architecture_of(text)
