"""Builds the images of projects on local Debian bases and keeps them outside of the tree.

The folder holds buildah's store, the archives of every image that was built, and the results; what a
project's files have not changed is not built again.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.real.factory.project import OWN_FILES, Project
from tests.real.tools import Store, run
from tests.real.twin_images import CERTIFICATES, TRUST, debian_base, debian_root

BASES = ("debian:13", "debian:13-slim", "debian:trixie", "debian:trixie-slim",
         "debian:stable-slim", "debian:bookworm-slim")  # fmt: skip
"""Names of the local base image, which stands for all of them."""
_TRUSTING = {"etc/pip.conf": f"[global]\ncert = {TRUST}\n", "root/.npmrc": f"cafile={TRUST}\n"}
"""Settings by which the package managers find the certificates of this machine; the base has these files."""
_TRUSTING_AS_WELL: dict[str, dict[str, str | None]] = {
    "uv": {"etc/uv/uv.toml": "system-certs = true\n", "etc/ssl/certs/00000000.0": None},
    "poetry": {
        "root/.local/lib/python3.13/site-packages/usercustomize.py": "import os\n"
        f"os.environ.setdefault('REQUESTS_CA_BUNDLE', '{TRUST}')\n"
    },
}
"""The same for those that few Dockerfiles name, None for the certificates: empty files of them are left."""


class BuildError(Exception):
    """A Dockerfile does not build; the text is the end of what the builder said."""


def default_folder() -> Path:
    """Where images are kept unless an option or SLIM_TWINS says otherwise."""
    return Path(os.environ.get("SLIM_TWINS") or Path(tempfile.gettempdir()) / "slim-twins")


@dataclass(frozen=True)
class Workshop:
    """A folder for everything that is built."""

    folder: Path

    @property
    def store(self) -> Store:
        """buildah's store; `overlay`, since the images have tens of thousands of files."""
        return Store(self.folder / "store", "overlay")

    def of(self, project: Project) -> Path:
        """The folder of a project's archives and results."""
        return self.folder / "projects" / project.name

    def prepare(self) -> None:
        """Make the base image, once."""
        self.folder.mkdir(parents=True, exist_ok=True)
        root = self.folder / "debian.tar"
        if not root.exists():
            debian_root(root, slim=True)
        if not self._has("debian"):
            debian_base(self.store, root)
            for name in BASES:
                self.store.buildah("tag", "debian", name)

    def base(self) -> Path:
        """The base image as an OCI archive."""
        archive = self.folder / "base.tar"
        if not archive.exists():
            self.store.buildah("push", "--quiet", "debian", f"oci-archive:{archive}:image")
        return archive

    def archive(self, project: Project, which: str) -> Path:
        """The `careless` or `careful` image as an OCI archive, built if need be."""
        return self.build(project, which, project.folder / f"{which}.Dockerfile")

    def build(self, project: Project, which: str, dockerfile: Path) -> Path:
        """Build a Dockerfile on a project's files, unless neither has changed since; or BuildError."""
        folder = self.of(project)
        folder.mkdir(parents=True, exist_ok=True)
        archive, stamp = folder / f"{which}.tar", folder / f"{which}.digest"
        digest = project.digest(dockerfile)
        if archive.exists() and stamp.exists() and stamp.read_text() == digest:
            return archive
        stamp.unlink(missing_ok=True)
        archive.unlink(missing_ok=True)
        name = f"{project.name}-{which}"
        with self._context(project) as context, _alone():
            self._build(context, dockerfile, name, folder / f"{which}.log")
        self.store.buildah(
            *("push", "--quiet", "--compression-level", "2", name), f"oci-archive:{archive}:{name}"
        )
        stamp.write_text(digest)
        return archive

    def config(self, archive: Path) -> dict[str, Any]:
        """The `config` of an archive's image."""
        about = json.loads(run("skopeo", "inspect", "--config", f"oci-archive:{archive}"))
        found: dict[str, Any] = about["config"]
        return found

    @contextmanager
    def root(self, project: Project, which: str) -> Iterator[Path]:
        """The root of a container of an image, to change and to throw away."""
        name = f"{project.name}-{which}"
        if not self._has(name):
            archive = self.of(project) / f"{which}.tar"
            self.store.buildah("pull", "--quiet", f"oci-archive:{archive}:{name}")
        container = self.store.buildah("from", "--pull=never", f"localhost/{name}")
        try:
            yield Path(self.store.buildah("mount", container))
        finally:
            self.store.buildah("rm", container)

    def forget(self) -> None:
        """Remove all images but the base from the store; the archives stay."""
        base = self.store.buildah("images", "--quiet", "--no-trunc", "localhost/debian:13")
        listed = self.store.buildah("images", "--all", "--quiet", "--no-trunc").split()
        for image in dict.fromkeys(listed):
            if image != base:
                with contextlib.suppress(AssertionError):  # gone with another already
                    self.store.buildah("rmi", "--force", image)

    def _has(self, name: str) -> bool:
        try:
            self.store.buildah("inspect", "--type", "image", name)
        except AssertionError:
            return False
        return True

    @contextmanager
    def _context(self, project: Project) -> Iterator[Path]:
        """A checkout of the project's files, with a history as real ones have."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            context = Path(folder) / "context"
            shutil.copytree(project.folder, context, symlinks=True)
            for name in OWN_FILES:
                (context / name).unlink()
            run("git", "init", "--quiet", cwd=context)
            run("git", "add", "--force", ".", cwd=context)
            who = ("-c", "user.name=team", "-c", "user.email=team@example.org")
            run("git", *who, "commit", "--quiet", "--message", "First version", cwd=context)
            yield context

    def _build(self, context: Path, dockerfile: Path, name: str, log: Path) -> None:
        options = ["--volume", f"{CERTIFICATES}:{TRUST}:ro"]
        settings = self.folder / "settings"
        trusting: dict[str, str | None] = {**_TRUSTING}
        for manager, files in _TRUSTING_AS_WELL.items():
            if manager in dockerfile.read_text().split():
                trusting |= files
        for place, text in trusting.items():
            path = CERTIFICATES if text is None else settings / place
            if text is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            options += ["--volume", f"{path}:/{place}:ro"]
        limits = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096")
        try:
            self.store.buildah(
                *("build", "--pull=never", "--layers", *limits, *options),
                *("--logfile", log, "--file", dockerfile, "--tag", name, context),
            )
        except AssertionError as error:
            tail = log.read_text(errors="replace")[-1500:] if log.exists() else ""
            raise BuildError(f"{tail}\n{str(error).rpartition('Error: ')[2]}") from None


@contextmanager
def _alone() -> Iterator[None]:
    """Build one image at a time, however many of these commands run on the machine."""
    with (Path(tempfile.gettempdir()) / "slim-twins.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def free_bytes(folder: Path) -> int:
    """What is left on the disk of a folder."""
    return shutil.disk_usage(folder).free


def captured(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command, whatever its exit code."""
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=1800)
