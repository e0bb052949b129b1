"""What a finding says to do fits the instruction that brought the files."""

from __future__ import annotations

from pathlib import Path

import pytest

from slim.report import model
from tests.support.building import file
from tests.support.debian import KILO, Debian, Tree, base
from tests.support.small_images import stepwise

ROOT = ("ADD rootfs.tar.xz /", base(Debian()))
LOGS: Tree = {"app/log/production.log": b"l" * 100 * KILO}
GIT: Tree = {
    "app/.git/HEAD": b"ref: refs/heads/main\n",
    "app/.git/objects/pack/pack-1.pack": b"g" * 200 * KILO,
    "app/app.rb": b"1\n",
}
REPORTS: Tree = {"app/.nyc_output/a.json": b"r" * 200 * KILO, "app/app.rb": b"1\n"}


def found(folder: Path, rule: str, *steps: tuple[str, Tree]) -> model.Finding:
    report = stepwise(folder, *steps, Cmd=["ruby", "/app/app.rb"])
    return next(each for each in report.findings if each.rule == rule)


@pytest.mark.parametrize(
    ("rule", "files", "instruction", "expected"),
    [
        ("DAT001", LOGS, "RUN rake db:migrate", "in the RUN that wrote them"),
        ("DAT001", LOGS, "COPY . . # buildkit", "in .dockerignore"),
        ("DAT001", LOGS, "/bin/sh -c #(nop) COPY dir:1 in /app", "in .dockerignore"),
        ("VCS001", GIT, "COPY . . # buildkit", "Add .git to .dockerignore"),
        (
            "VCS001",
            GIT,
            "RUN git clone https://example.com/app . # buildkit",
            "in the RUN that clones",
        ),
        ("CIL004", REPORTS, "COPY . .", "in .dockerignore"),
        ("CIL004", REPORTS, "RUN npm test", "delete them in the same RUN"),
    ],
)
def test_a_copy_is_not_mended_like_a_run(
    rule: str, files: Tree, instruction: str, expected: str, tmp_path: Path
) -> None:
    finding = found(tmp_path, rule, ROOT, (instruction, files))
    assert expected in finding.fix.text


def test_a_change_of_owner_makes_no_files(tmp_path: Path) -> None:
    owned = tuple(
        file(name, content, uid=33) for name, content in GIT.items() if isinstance(content, bytes)
    )
    steps = (ROOT, ("COPY . .", GIT), ("RUN chown -R www-data /app", owned))
    finding = found(tmp_path, "VCS001", *steps)  # type: ignore[arg-type]
    assert finding.where[0].layer == 2
    assert "Add .git to .dockerignore" in finding.fix.text


def test_what_is_copied_twice_was_not_changed_by_a_chown(tmp_path: Path) -> None:
    lock = {"app/package-lock.json": b"{}" * 100 * KILO}
    steps = (ROOT, ("COPY package-lock.json .", lock), ("COPY . .", lock))
    finding = found(tmp_path, "LYR003", *steps)
    assert finding.fix.text.startswith("Copy each file once")
    assert finding.fix.snippet is None
    finding = found(tmp_path, "LYR003", *steps[:2], ("RUN npm install", lock))
    assert finding.fix.text.startswith("Set owner and mode where the files come from")


@pytest.mark.parametrize("created_by", ["ADD rootfs.tar.xz /", "# debian.sh --arch 'amd64'"])
def test_a_root_file_system_has_no_run_that_installs(created_by: str, tmp_path: Path) -> None:
    """An image of one layer has no base: all of it is its makers'."""
    old = {"var/cache/debconf/templates.dat-old": b"t" * 100 * KILO}
    finding = found(tmp_path, "DEB009", (created_by, {**ROOT[1], **old}))
    assert finding.where[0].layer == 0
    assert finding.fix.text == "Delete them from the root file system before it is packed."
    again = ("RUN apt-get install -y a", old)
    finding = found(tmp_path, "DEB009", (created_by, ROOT[1]), again)
    assert "at the end of the RUN" in finding.fix.text
