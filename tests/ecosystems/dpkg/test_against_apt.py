"""A database that dpkg wrote: apt simulates every removal that is asked of the closure, and dpkg carries one
out.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from slim.ecosystems import KEEPS
from slim.ecosystems.dpkg.packages import read_dpkg
from slim.files.blob import scan_blob
from slim.files.ledger import account
from slim.files.overlay import resolve
from slim.packages.closure import recommends_only, removal_closure
from slim.packages.graph import Graph, link
from slim.packages.owners import own
from slim.packages.package import Package
from tests.real.tools import need, run
from tests.support.building import MemoryBlob

pytestmark = pytest.mark.real


def read_files(root: Path, *folders: str) -> dict[bytes, bytes]:
    """What an analysis would keep of a root directory."""
    contents: dict[bytes, bytes] = {}
    for folder in folders:
        for path in (root / folder).rglob("*"):
            if path.is_file() and not path.is_symlink():
                name = os.fsencode(path.relative_to(root))
                chosen = KEEPS.choose(*name.rsplit(b"/", 1))
                if chosen is not None and path.stat().st_size <= chosen.cap:
                    contents[name] = path.read_bytes()
    return contents


@dataclass(frozen=True)
class Debian:
    """A Debian root with git and all that it recommends."""

    root: Path
    packages: tuple[Package, ...]
    graph: Graph

    def apt(self, *words: str) -> set[str] | None:
        """Names of what apt would remove; None if it refuses, or would install something instead."""
        command = ["chroot", str(self.root), "apt-get", "-s", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode or re.search(r"^Inst ", done.stdout, re.MULTILINE):
            return None
        removed = re.findall(r"^(?:Remv|Purg) ([^ :]+)", done.stdout, re.MULTILINE)
        return set(removed)

    def names(self, indexes: frozenset[int]) -> set[str]:
        return {self.packages[index].name for index in indexes}


@pytest.fixture(scope="module")
def debian(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Debian]:
    need("mmdebstrap", "chroot")
    root = tmp_path_factory.mktemp("debian") / "root"
    recommends = '--aptopt=APT::Install-Recommends "true"'
    options = ("--quiet", "--mode=root", "--variant=apt", recommends, "--include=git")
    run("mmdebstrap", *options, "trixie", root)
    read = read_dpkg(read_files(root, "var/lib"))
    assert not read.warnings
    yield Debian(root, read.packages, link(read.packages))
    run("rm", "-rf", "--one-file-system", root)


def test_dpkg_lists_the_same_packages_and_files(debian: Debian) -> None:
    form = "${Package} ${Version} ${Architecture}\n"
    listed = run("dpkg-query", f"--admindir={debian.root}/var/lib/dpkg", "-W", "-f", form)
    assert {f"{p.name} {p.version} {p.arch}" for p in debian.packages} == set(listed.splitlines())
    for package in debian.packages[::7]:
        name = package.name if package.arch == "all" else f"{package.name}:{package.arch}"
        files = run("dpkg-query", f"--admindir={debian.root}/var/lib/dpkg", "-L", name)
        expected = {line for line in files.splitlines() if line.startswith("/")}
        assert {os.fsdecode(b"/" + file) for file in package.files} == expected


def test_recommends_only_is_what_apt_would_sweep(debian: Debian) -> None:
    """apt without the wish to keep recommended packages removes just those.

    Of packages whose own priority is `required` apt goes by the archive's word for it, which an image
    need not have: slim keeps them.
    """
    ours = debian.names(recommends_only(debian.graph))
    no = (
        "-o",
        "APT::AutoRemove::RecommendsImportant=0",
        "-o",
        "APT::AutoRemove::SuggestsImportant=0",
    )
    theirs = debian.apt("autoremove", *no)
    assert theirs is not None
    assert len(ours) >= 10
    assert ours <= theirs
    assert theirs - ours <= {package.name for package in debian.packages if package.required}


def test_closures_are_what_apt_would_remove(debian: Debian) -> None:
    compared = refused = 0
    for index, package in enumerate(debian.packages):
        if package.essential or (index % 4 and package.name != "git"):
            continue
        ours = debian.names(removal_closure(debian.graph, [index]))
        theirs = debian.apt("purge", "--auto-remove", package.name)
        if theirs is None:
            refused += 1
            assert not ours or package.required, package.name
        else:
            compared += 1
            extra = theirs - ours
            assert ours <= theirs, package.name
            assert extra <= {package.name for package in debian.packages if package.required}, (
                package.name
            )
    assert compared >= 10
    assert refused >= 3


def test_purging_frees_what_was_measured(debian: Debian, tmp_path: Path) -> None:
    archive = tmp_path / "root.tar"
    leave = [
        f"--exclude=./{directory}"
        for directory in ("var/lib/apt/lists", "var/cache", "dev", "proc")
    ]
    run("tar", "-C", debian.root, "-cf", archive, *leave, ".")
    blob = MemoryBlob(archive.read_bytes())
    table = scan_blob(blob, verify=False)
    files = resolve([table])
    ownership = own(files, debian.packages, account(files, [table], [blob.size]).pull)
    total = sum(ownership.disk)
    assert 0.99 < total / sum(files.size) < 1, "nearly every byte has an owner"
    chosen = recommends_only(debian.graph)
    expected = sum(ownership.disk[index] for index in chosen)
    copy = tmp_path / "copy"
    run("cp", "-a", debian.root, copy)
    before = disk_bytes(copy)
    run("chroot", copy, "dpkg", "--purge", *sorted(debian.names(chosen)))
    freed = before - disk_bytes(copy)
    left = {package.name for package in read_dpkg(read_files(copy, "var/lib/dpkg")).packages}
    run("rm", "-rf", "--one-file-system", copy)
    assert left == {package.name for package in debian.packages} - debian.names(chosen)
    # What maintainer scripts generated belongs to nobody.
    assert abs(freed - expected) < 0.03 * freed


def disk_bytes(root: Path) -> int:
    """Bytes of regular files, each body once."""
    seen: dict[int, int] = {}
    for folder, _, names in os.walk(root):
        for name in names:
            status = os.lstat(os.path.join(folder, name))
            if (status.st_mode & 0o170000) == 0o100000:
                seen[status.st_ino] = status.st_size
    return sum(seen.values())
