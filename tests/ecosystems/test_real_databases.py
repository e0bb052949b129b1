"""Package databases that apt, dpkg, rpm and Berkeley DB wrote themselves, and what those tools say.

apt simulates every removal that is asked of the closure, and dpkg carries one out.
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
from slim.ecosystems.rpm.packages import read_rpm
from slim.ecosystems.rpm.sqlite import sqlite_headers
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
    assert not read.notices
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
    assert theirs - ours <= {one.name for one in debian.packages if one.required}


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
            assert extra <= {one.name for one in debian.packages if one.required}, package.name
    assert compared >= 10
    assert refused >= 3


def test_purging_frees_what_was_measured(debian: Debian, tmp_path: Path) -> None:
    archive = tmp_path / "root.tar"
    leave = [f"--exclude=./{one}" for one in ("var/lib/apt/lists", "var/cache", "dev", "proc")]
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
    left = {one.name for one in read_dpkg(read_files(copy, "var/lib/dpkg")).packages}
    run("rm", "-rf", "--one-file-system", copy)
    assert left == {one.name for one in debian.packages} - debian.names(chosen)
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


SPEC = """\
Name: demo
Epoch: 2
Version: 1.0
Release: 3
Summary: demo
License: none
Group: Applications/Demo
BuildArch: noarch
Requires: demo-lib >= 1, /usr/share/demo-tool/run
Requires: (demo-other or demo-lib)
Recommends: demo-extra
%description
demo
%package -n demo-lib
Summary: library
%description -n demo-lib
library
%package -n demo-tool
Summary: tool
%description -n demo-tool
tool
%package -n demo-extra
Summary: extra
Requires: demo-data
%description -n demo-extra
extra
%package -n demo-data
Summary: data
%description -n demo-data
data
%install
cd %{buildroot} || mkdir -p %{buildroot} && cd %{buildroot}
for d in demo demo-lib demo-tool demo-extra/deep demo-data; do mkdir -p usr/share/$d; done
mkdir -p etc var/log
for n in $(seq 300); do echo $n > usr/share/demo-data/a-name-that-makes-the-header-long-$n; done
for f in demo/a demo-lib/l demo-tool/run demo-extra/deep/e; do echo $f > usr/share/$f; done
echo c > etc/demo.conf
touch var/log/demo.log
%files
/usr/share/demo
%config /etc/demo.conf
%ghost /var/log/demo.log
%files -n demo-lib
/usr/share/demo-lib
%files -n demo-tool
/usr/share/demo-tool
%files -n demo-extra
/usr/share/demo-extra
%files -n demo-data
/usr/share/demo-data
"""
BACKENDS = {"sqlite": "rpmdb.sqlite", "ndb": "Packages.db"}


@pytest.fixture(scope="module")
def rpms(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Packages as rpmbuild makes them."""
    need("rpm", "rpmbuild")
    folder = tmp_path_factory.mktemp("rpms")
    (folder / "demo.spec").write_text(SPEC)
    run("rpmbuild", "-bb", "--define", f"_topdir {folder}", folder / "demo.spec")
    found = sorted(folder.glob("RPMS/*/*.rpm"))
    assert len(found) == 5
    return found


def installed(root: Path, backend: str, rpms: list[Path]) -> bytes:
    """A database of rpm's with the packages in it."""
    words = (
        "rpm",
        "--root",
        root,
        "--define",
        f"_db_backend {backend}",
        "--dbpath",
        "/var/lib/rpm",
    )
    root.mkdir()
    run(*words, "--initdb")
    run(*words, "-i", "--nosignature", "--nodigest", *rpms)
    return (root / "var/lib/rpm" / BACKENDS[backend]).read_bytes()


@pytest.mark.parametrize("backend", BACKENDS)
def test_rpm_says_the_same(rpms: list[Path], tmp_path: Path, backend: str) -> None:
    root = tmp_path / "root"
    data = installed(root, backend, rpms)
    read = read_rpm({f"var/lib/rpm/{BACKENDS[backend]}".encode(): data})
    assert not read.notices
    query = (
        "rpm",
        "--root",
        root,
        "--define",
        f"_db_backend {backend}",
        "--dbpath",
        "/var/lib/rpm",
    )
    form = "%{NAME} %{EPOCH}:%{VERSION}-%{RELEASE} %{ARCH}\n"
    listed = run(*query, "-qa", "--qf", form).splitlines()
    assert sorted(listed) == [f"{p.name} {p.version} {p.arch}" for p in read.packages]
    for package in read.packages:
        files = {line for line in run(*query, "-ql", package.name).splitlines() if line[:1] == "/"}
        ghosts = {"/var/log/demo.log"} if package.name == "demo" else set()
        assert {os.fsdecode(b"/" + file) for file in package.files} == files - ghosts
        provided = run(*query, "-q", "--provides", package.name).splitlines()
        assert {line.split()[0] for line in provided} == set(package.provides)
        recommended = run(*query, "-q", "--recommends", package.name).split()
        assert [name for one in package.recommends for name in one.names] == recommended
    graph = link(read.packages)
    weak = {read.packages[index].name for index in recommends_only(graph)}
    assert weak == {"demo-extra", "demo-data"}


@pytest.mark.parametrize("order", ["1234", "4321"])
def test_berkeley_db_wrote_it(rpms: list[Path], tmp_path: Path, order: str) -> None:
    """rpm itself no longer writes this format; Berkeley DB's own tool does, from the same headers."""
    need("db5.3_load")
    blobs = list(sqlite_headers(installed(tmp_path / "root", "sqlite", rpms)))
    head = (
        f"VERSION=3\nformat=bytevalue\ntype=hash\ndb_lorder={order}\ndb_pagesize=4096\nHEADER=END\n"
    )
    records = [b"\x09\0\0\0", *blobs]
    lines = [f" {n.to_bytes(4, 'little').hex()}\n {blob.hex()}\n" for n, blob in enumerate(records)]
    target = tmp_path / "Packages"
    text = head + "".join(lines) + "DATA=END\n"
    subprocess.run(["db5.3_load", target], input=text, text=True, check=True)
    read = read_rpm({b"var/lib/rpm/Packages": target.read_bytes()})
    same = read_rpm(
        {b"var/lib/rpm/rpmdb.sqlite": (tmp_path / "root/var/lib/rpm/rpmdb.sqlite").read_bytes()}
    )
    assert not read.notices
    assert [(p.name, p.files, p.depends) for p in read.packages] == [
        (p.name, p.files, p.depends) for p in same.packages
    ]
    assert len(read.packages) == 5
