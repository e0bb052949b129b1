"""Which distribution the image is made of. Pure.

Source: os-release(5); what the makers of slim and distroless images leave out.
"""

from __future__ import annotations

from slim.entrypoint.tables import names
from slim.files.view import View

_DEBIAN = names("debian ubuntu raspbian devuan linuxmint pop kali")
_RPM = names(
    "fedora rhel centos rocky almalinux amzn ol sles opensuse opensuse-leap opensuse-tumbleweed azurelinux "
    "mariner photon openEuler anolis"
)
_RPM_DATABASES = tuple(
    f"{place}/{name}".encode()
    for place in ("var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm")
    for name in ("rpmdb.sqlite", "Packages", "Packages.db")
)
_SHELLS = (b"bin/sh", b"bin/bash", b"bin/busybox", b"busybox/sh", b"usr/bin/sh")
_PAGES = (
    b"usr/share/man/man1/ls.1.gz",
    b"usr/share/man/man1/cat.1.gz",
    b"usr/share/man/man1/bash.1.gz",
)
"""Manual pages of packages that every Debian has."""
_MESSAGES = (b"coreutils.mo", b"dpkg.mo", b"libc.mo", b"bash.mo")


def system_facts(view: View) -> dict[str, tuple[str, ...]]:
    """The facts `base.…` that hold, with their evidence."""
    release = os_release(view)
    ids = {release.get("ID", ""), *release.get("ID_LIKE", "").split()}
    said = f"os-release says {release['ID']}" if release.get("ID") else ""
    found: dict[str, list[str]] = {}
    shell = next((one for one in _SHELLS if view.is_file(one)), None)
    distroless = [said or "no os-release"] if view.is_dir(b"var/lib/dpkg/status.d") else []
    if (
        release
        and not view.exists(b"var/lib/dpkg/status")
        and not view.exists(b"lib/apk/db/installed")
    ):
        distroless.append(said or "os-release without package manager")
    if distroless and shell is None:
        found["base.distroless"] = [*dict.fromkeys(distroless), "no shell"]
    if view.exists(b"var/lib/dpkg/status"):
        found["base.debian"] = ["var/lib/dpkg/status exists"]
    elif ids & _DEBIAN and "base.distroless" not in found:
        found["base.debian"] = [said]
    if "base.debian" in found and "ubuntu" not in ids:
        page = next((one for one in _PAGES if view.is_file(one)), None)
        message = next(
            (one for one in _MESSAGES if view.is_file(b"usr/share/locale/de/LC_MESSAGES/" + one)),
            None,
        )
        if page is not None and message is not None:
            found["base.debian_full"] = [
                f"{page.decode()} exists",
                f"messages of {message.decode()} exist",
            ]
    if "alpine" in ids or view.exists(b"etc/alpine-release"):
        found["base.alpine"] = [said or "etc/alpine-release exists"]
    database = next((one for one in _RPM_DATABASES if view.exists(one)), None)
    if database is not None or ids & _RPM:
        found["base.rpm"] = [f"{database.decode()} exists" if database else said]
    return {name: tuple(evidence) for name, evidence in found.items()}


def os_release(view: View) -> dict[str, str]:
    """The settings of os-release, quotes taken off."""
    content = view.read(b"etc/os-release") or view.read(b"usr/lib/os-release") or b""
    found: dict[str, str] = {}
    for line in content[:8192].decode("utf-8", "replace").splitlines():
        name, sign, value = line.partition("=")
        if sign and not name.startswith("#"):
            found[name.strip()] = value.strip().strip("\"'")
    return found
