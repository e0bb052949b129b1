"""Which distribution the image is made of, as its os-release says.

Source: os-release(5); what the makers of slim and distroless images leave out.
"""

from __future__ import annotations

from slim.files.view import View

_SHELLS = (b"bin/sh", b"bin/bash", b"bin/busybox", b"busybox/sh", b"usr/bin/sh")


def os_release(view: View) -> dict[str, str]:
    """The settings of os-release, quotes taken off."""
    return parse_os_release(view.read(b"etc/os-release") or view.read(b"usr/lib/os-release") or b"")


def parse_os_release(content: bytes) -> dict[str, str]:
    """The settings in the text of an os-release, quotes taken off."""
    found: dict[str, str] = {}
    for line in content[:8192].decode("utf-8", "replace").splitlines():
        name, sign, value = line.partition("=")
        if sign and not name.startswith("#"):
            found[name.strip()] = value.strip().strip("\"'")
    return found


def release_ids(view: View) -> frozenset[str]:
    """The names of the distribution, and of those that it is like."""
    release = os_release(view)
    return frozenset((release.get("ID", ""), *release.get("ID_LIKE", "").split()))


def statement(view: View) -> str:
    """What os-release says, for people; empty where there is none."""
    name = os_release(view).get("ID")
    return f"os-release says {name}" if name else ""


def distroless(view: View) -> tuple[str, ...]:
    """Why the image has a distribution's files and neither its package manager nor a shell."""
    found = [statement(view) or "no os-release"] if view.is_dir(b"var/lib/dpkg/status.d") else []
    if (
        os_release(view)
        and not view.exists(b"var/lib/dpkg/status")
        and not view.exists(b"lib/apk/db/installed")
    ):
        found.append(statement(view) or "os-release without package manager")
    if not found or any(view.is_file(shell) for shell in _SHELLS):
        return ()
    return (*dict.fromkeys(found), "no shell")
