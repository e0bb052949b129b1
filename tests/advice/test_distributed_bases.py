"""Nothing is claimed on base images as their makers distribute them.

The roots are laid out from the documented databases of apk and rpm, and as distroless images are:
package lists, licences, certificates, time zones, name service, terminal descriptions, one locale.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import pytest

from tests.conftest import LONG
from tests.support.building import Entry, entries, image, layer, save, symlink
from tests.support.checked import checked_analyze
from tests.support.rpm import bdb, ndb, package, sqlite


def content(path: str, size: int) -> bytes:
    """Bytes that no other file has."""
    seed = path.encode() + b"\n"
    return (seed * (size // len(seed) + 1))[:size]


COMMON = {
    "etc/passwd": 1_000, "etc/group": 500, "etc/nsswitch.conf": 300, "etc/shadow": 300,
    "etc/os-release": 300, "etc/hosts": 80, "etc/profile": 900, "etc/shells": 50,
    "etc/ssl/openssl.cnf": 12_000,
}  # fmt: skip

APK = {
    "alpine-baselayout": ["etc/hosts", "etc/profile", "etc/shells", "etc/crontabs/root"],
    "alpine-keys": ["etc/apk/keys/alpine-devel@lists.alpinelinux.org-4a6a0840.rsa.pub"],
    "apk-tools": ["sbin/apk", "lib/libapk.so.2.14.0"],
    "busybox": ["bin/busybox", "etc/logrotate.d/acpid", "etc/network/if-up.d/dad"],
    "ca-certificates-bundle": ["etc/ssl/certs/ca-certificates.crt", "etc/ssl1.1/cert.pem"],
    "libcrypto3": ["usr/lib/libcrypto.so.3", "usr/lib/engines-3/padlock.so", "etc/ssl/ct_log_list.cnf"],
    "musl": ["lib/ld-musl-x86_64.so.1"],
    "musl-utils": ["usr/bin/getconf", "usr/bin/ldd", "sbin/ldconfig"],
    "scanelf": ["usr/bin/scanelf"],
    "zlib": ["usr/lib/libz.so.1.3.1"],
}  # fmt: skip
"""The packages of an Alpine root filesystem and some of their files."""


def alpine(database: str = "lib/apk/db") -> tuple[Entry, ...]:
    """An Alpine root: apk's database has a paragraph per package with its directories and files."""
    paragraphs = []
    for name, paths in APK.items():
        lines = [f"P:{name}", "V:1.0-r0", "A:x86_64", "S:1000", "I:5000"]
        for path in paths:
            folder, _, base = path.rpartition("/")
            lines += [f"F:{folder}", f"R:{base}", "Z:Q1qgDL2aZgnXbSWHFr0DZgFd0TLmg="]
        paragraphs.append("\n".join(lines))
    files = {path: content(path, 400_000) for paths in APK.values() for path in paths}
    files |= {path: content(path, size) for path, size in COMMON.items()}
    files |= {
        f"{database}/installed": ("\n\n".join(paragraphs) + "\n\n").encode(),
        f"{database}/scripts.tar": content("scripts", 10_000),
        f"{database}/triggers": b"",
        "etc/apk/world": b"alpine-baselayout\nalpine-keys\napk-tools\nbusybox\nmusl-utils\n",
        "etc/apk/repositories": b"https://dl-cdn.example.org/alpine/v3.20/main\n",
        "etc/os-release": b'ID=alpine\nVERSION_ID=3.20.3\nNAME="Alpine Linux"\n',
    }
    return (*entries(files), symlink("bin/sh", "/bin/busybox"))


RPM = {
    "bash": ["usr/bin/bash", "usr/share/licenses/bash/COPYING"],
    "ca-certificates": [
        "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "usr/share/pki/ca-trust-source/ca-bundle.trust.p11-kit",
    ],
    "fedora-release": ["etc/os-release"],
    "glibc": ["usr/lib64/libc.so.6", "usr/lib64/libnss_files.so.2", "usr/lib64/gconv/gconv-modules"],
    "glibc-minimal-langpack": ["usr/lib/locale/C.utf8/LC_CTYPE"],
    "microdnf": ["usr/bin/microdnf", "usr/share/licenses/microdnf/COPYING"],
    "ncurses-base": ["usr/share/terminfo/x/xterm", "usr/share/terminfo/l/linux"],
    "openssl-libs": ["usr/lib64/libcrypto.so.3"],
    "rpm": ["usr/bin/rpm", "usr/lib/rpm/rpmrc", "usr/lib/rpm/macros"],
    "setup": ["etc/passwd", "etc/group", "etc/shells", "etc/services"],
    "tzdata": ["usr/share/zoneinfo/UTC", "usr/share/zoneinfo/Europe/Berlin"],
}  # fmt: skip


def rpm_root(
    database: str = "usr/lib/sysimage/rpm/rpmdb.sqlite",
    form: Callable[[Sequence[bytes]], bytes] = sqlite,
) -> tuple[Entry, ...]:
    """A minimal root of Fedora's packages, with rpm's database in one of its forms."""
    blobs = []
    for name, paths in RPM.items():
        folders = sorted({path.rpartition("/")[0] for path in paths})
        blobs.append(
            package(
                name,
                DIRS=[f"/{folder}/" for folder in folders],
                BASES=[path.rpartition("/")[2] for path in paths],
                INDEXES=[folders.index(path.rpartition("/")[0]) for path in paths],
            )
        )
    files = {path: content(path, 500_000) for paths in RPM.values() for path in paths}
    files |= {
        database: form(blobs),
        "etc/os-release": b"ID=fedora\nVERSION_ID=41\n",
        "etc/dnf/dnf.conf": b"[main]\ngpgcheck=True\ninstall_weak_deps=0\ntsflags=nodocs\n",
        "etc/yum.repos.d/fedora.repo": b"[fedora]\n",
        "etc/nsswitch.conf": b"passwd: files\n",
        "etc/ld.so.cache": content("cache", 20_000),
    }
    return (*entries(files), symlink("bin", "usr/bin"), symlink("lib64", "usr/lib64"))


DISTROLESS = {
    "base-files": ["usr/share/doc/base-files/copyright", "usr/lib/os-release", "etc/debian_version"],
    "ca-certificates": ["usr/share/ca-certificates/mozilla/ISRG_Root_X1.crt"],
    "libc6": [
        "usr/lib/x86_64-linux-gnu/libc.so.6", "usr/lib/x86_64-linux-gnu/libnss_dns.so.2",
        "usr/lib/x86_64-linux-gnu/gconv/UTF-16.so", "usr/share/doc/libc6/copyright",
    ],
    "libssl3": ["usr/lib/x86_64-linux-gnu/libcrypto.so.3", "usr/share/doc/libssl3/copyright"],
    "netbase": ["etc/protocols", "etc/services", "usr/share/doc/netbase/copyright"],
    "tzdata": [
        "usr/share/zoneinfo/UTC", "usr/share/zoneinfo/Europe/Berlin",
        "usr/share/zoneinfo/right/Europe/Berlin", "usr/share/zoneinfo/posix/Europe/Berlin",
    ],
}  # fmt: skip


def distroless() -> tuple[Entry, ...]:
    """A few packages' files and `status.d`: a paragraph and a list of checksums for each."""
    files: dict[str, bytes | str | None] = {}
    for name, paths in DISTROLESS.items():
        sums = "".join(f"{number:032x}  {path}\n" for number, path in enumerate(paths))
        files[f"var/lib/dpkg/status.d/{name}"] = (
            f"Package: {name}\nVersion: 1.0\nArchitecture: amd64\nMaintainer: x\n".encode()
        )
        files[f"var/lib/dpkg/status.d/{name}.md5sums"] = sums.encode()
        files |= {path: content(path, 300_000) for path in paths}
    files |= {path: content(path, size) for path, size in COMMON.items()}
    files |= {
        "etc/ssl/certs/ca-certificates.crt": content("bundle", 220_000),
        "etc/os-release": b'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Distroless"\n',
        "home/nonroot/": None,
    }
    return entries({path: data for path, data in files.items() if data is not None})


ROOTS: Mapping[str, Callable[[], tuple[Entry, ...]]] = {
    "alpine": alpine,
    "alpine-usr": partial(alpine, "usr/lib/apk/db"),
    "rpm": rpm_root,
    "rpm-ndb": partial(rpm_root, "usr/lib/sysimage/rpm/Packages.db", ndb),
    "rpm-bdb": partial(rpm_root, "var/lib/rpm/Packages", bdb),
    "distroless": distroless,
}
"""How the makers of base images lay them out: apk 3 and openSUSE, and Red Hat's until version 8, too."""
CONFIGS: Mapping[str, dict[str, object]] = {
    "a base": {"Cmd": ["/bin/sh"]},
    "an application": {"Cmd": ["/srv/service"], "User": "1000", "ExposedPorts": {"80/tcp": {}}},
}


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("root", ROOTS)
@LONG
def test_nothing_is_claimed_on_a_distributed_base(root: str, config: str, tmp_path: Path) -> None:
    """Neither as it is, nor with a program on it, wherever the layers of the base are known or not."""
    program = layer({"srv/service": b"\x00program" * 1000})
    sample = image(layer(ROOTS[root]()), program, config=CONFIGS[config])
    report = checked_analyze(save(sample, tmp_path / "image.tar", "docker"), top=1000)
    assert [finding.rule for finding in report.findings if finding.mode == "claim"] == []
    assert [finding.rule for finding in report.findings] == []
    assert report.packages, "the database was read"


@pytest.mark.parametrize("root", ROOTS)
def test_all_that_packages_list_has_its_owner(root: str, tmp_path: Path) -> None:
    report = checked_analyze(save(image(layer(ROOTS[root]())), tmp_path / "i.tar"), top=1000)
    listed = {"alpine": APK, "rpm": RPM, "distroless": DISTROLESS}[root.partition("-")[0]]
    assert {package.name: package.files for package in report.packages} == {
        name: len(paths) for name, paths in listed.items()
    }
