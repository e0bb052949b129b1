"""What a written Dockerfile takes from the image itself: names of images to stand on, and the user."""

from __future__ import annotations

from slim.facts.system import os_release
from slim.files.view import decoded
from slim.rebuild.interpreted import version as version_in
from slim.rebuild.model import Given, Recipe

_DISTRIBUTIONS = {
    name: name for name in ("debian", "ubuntu", "alpine", "fedora", "almalinux", "rockylinux")
} | {"rocky": "rockylinux"}
"""ID of os-release → name of the image."""


def image_names(given: Given, recipe: Recipe) -> dict[str, str]:
    """Names of images: of the distribution, and of the tool chain where no package brings it."""
    release = os_release(given.view)
    found: dict[str, str] = {}
    name, version = release.get("ID", ""), release.get("VERSION_ID", "")
    if name in _DISTRIBUTIONS and version:
        variant = "-slim" if name == "debian" and _without_manuals(given) else ""
        found["distribution"] = f"{_DISTRIBUTIONS[name]}:{version}{variant}"
    stated = version_in(given, recipe.version)
    if stated:
        found["toolchain"] = f"{recipe.image}:{stated}"
    return found


def _without_manuals(given: Given) -> bool:
    """Whether the first layer is the smaller variant of Debian's image, which excludes manuals.

    Source: debuerreotype, `.slimify-excludes`.
    """
    files = given.view.files
    first = set(files.directory[: files.starts[1] if len(files.starts) > 1 else 0])
    paths = [files.directory_path(directory) for directory in first]
    tool = b"var/lib/dpkg/info" in paths
    return tool and not any(path.startswith(b"usr/share/man/man") for path in paths)


def user_ids(given: Given) -> dict[str, str]:
    """The user in numbers: the final stage does not have those that the image added."""
    user = given.config.user.partition(":")[0]
    for line in (given.view.read(b"etc/passwd") or b"").split(b"\n"):
        fields = decoded(line).split(":")
        if len(fields) == 7 and user and user in (fields[0], fields[2]):
            return {"user": f"{fields[2]}:{fields[3]}"}
    return {}
