"""Databases that rpm and Berkeley DB wrote, and what rpm says of them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from slim.ecosystems.rpm.packages import read_rpm
from slim.ecosystems.rpm.sqlite import sqlite_headers
from slim.packages.closure import recommends_only
from slim.packages.graph import link
from tests.real.tools import need, run

pytestmark = pytest.mark.real


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
    assert not read.warnings
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
        assert [
            name for dependency in package.recommends for name in dependency.names
        ] == recommended
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
    assert not read.warnings
    assert [(p.name, p.files, p.depends) for p in read.packages] == [
        (p.name, p.files, p.depends) for p in same.packages
    ]
    assert len(read.packages) == 5
