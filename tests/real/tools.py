"""The real tools, called so that nothing of theirs outlives the test session.

buildah keeps its images in a store of the session's folder (driver `vfs`: plain copies, no kernel
features); nothing is run in a network of its own, so the network helper that buildah insists on
finding is an empty program.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import require, skip_or_fail
from tests.support.oracle import word

TAG = "image"
"""The tag of the one image in every OCI layout that the tests make."""


def need(*programs: str) -> None:
    """Skip (or fail, see `skip_or_fail`) where a program is missing or the user is not root."""
    require(*programs)
    if os.geteuid() != 0:
        skip_or_fail("building images with owners and devices needs root")


def run(*command: str | Path, cwd: Path | None = None, **env: str) -> str:
    """Run a tool and return what it printed; its errors are part of the failure."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=os.environ | env,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{command}: {done.stderr[-2000:]}"
    return done.stdout.strip()


@dataclass(frozen=True)
class Store:
    """A private store of buildah's."""

    folder: Path
    driver: str = "vfs"
    """`overlay` is faster for images of many files, where the kernel allows it."""

    def buildah(self, *words: str | Path) -> str:
        """Run buildah on this store."""
        helpers = self.folder / "helpers"
        configuration = self.folder / "containers.conf"
        if not configuration.exists():
            helpers.mkdir(parents=True)
            (helpers / "netavark").write_text("#!/bin/sh\nexit 1\n")
            (helpers / "netavark").chmod(0o755)
            configuration.write_text(f'[engine]\nhelper_binaries_dir = ["{helpers}"]\n')
        places = ("--root", self.folder / "root", "--runroot", self.folder / "run")
        return run(
            *("buildah", *places, "--storage-driver", self.driver, *words),
            CONTAINERS_CONF=str(configuration),
            BUILDAH_ISOLATION="chroot",
            TMPDIR=str(helpers),  # where mounts of the type `cache` are kept, too
        )

    def change(
        self,
        base: str,
        name: str,
        change: Callable[[Path], None] | None = None,
        settings: Sequence[str] = (),
    ) -> str:
        """Commit image `name`: `base` (or "scratch") and what `change` does to its root.

        `settings` are options of `buildah config`.
        """
        container = self.buildah("from", base)
        root = Path(self.buildah("mount", container))
        if change is not None:
            change(root)
        self.buildah("config", *settings, "--created-by", f"test: {name}", container)
        self.buildah("commit", "--quiet", "--rm", container, name)
        return name

    def layers(self, name: str, *changes: Callable[[Path], None] | None) -> str:
        """Commit one layer per change, on nothing."""
        base = "scratch"
        for number, change in enumerate(changes):
            base = self.change(base, f"{name}-{number}", change)
        return base

    def save(self, name: str, layout: Path) -> Path:
        """Write an image of the store to an OCI layout directory."""
        self.buildah("push", "--quiet", name, f"oci:{layout}:{TAG}")
        return layout


def handmade(layout: Path, *layers: bytes) -> Path:
    """Make an OCI layout from tars as they are, with umoci."""
    run("umoci", "init", "--layout", layout)
    run("umoci", "new", "--image", f"{layout}:{TAG}")
    add_layers(layout, *layers)
    return layout


def add_layers(layout: Path, *layers: bytes) -> None:
    """Append tars to the image of a layout."""
    for number, data in enumerate(layers):
        tar = layout.parent / f"{layout.name}-{number}.tar"
        tar.write_bytes(data)
        run("umoci", "raw", "add-layer", "--image", f"{layout}:{TAG}", tar)
        tar.unlink()


CHUNKED = "oci-archive-chunked"
FORMS = {
    "docker-archive": ("docker-archive:{}.tar:test/image:latest",),
    "oci-archive-gzip": ("oci-archive:{}.tar:image", "--dest-compress-format", "gzip"),
    "oci-archive-zstd": ("oci-archive:{}.tar:image", "--dest-compress-format", "zstd"),
    CHUNKED: ("oci-archive:{}.tar:image", "--dest-compress-format", "zstd:chunked"),
    "oci-dir-gzip": ("oci:{}:image", "--dest-compress-format", "gzip"),
}
"""skopeo's destination and options for every form in which an image is analysed."""


def convert(layout: Path, folder: Path, without: str | None = None) -> dict[str, Path]:
    """Copy the image of a layout into every form but one; return the path of each."""
    folder.mkdir()
    return {form: save_as(form, layout, folder / form) for form in FORMS if form != without}


def save_as(form: str, layout: Path, stem: Path) -> Path:
    """Copy the image of a layout into one form; `stem` has no suffix yet."""
    destination, *options = FORMS[form]
    source = f"oci:{layout}:{TAG}"
    run("skopeo", "copy", "--quiet", *options, source, destination.format(stem))
    return stem if destination.startswith("oci:") else stem.with_suffix(".tar")


def unpacked(layout: Path, folder: Path) -> tuple[int, int]:
    """Unpack a gzip layout with umoci: what it shows, as `shown` counts it."""
    run("umoci", "raw", "unpack", "--image", f"{layout}:{TAG}", folder)
    found = shown(folder)
    shutil.rmtree(folder)
    return found


def shown(folder: Path) -> tuple[int, int]:
    """(bytes, names) of the regular files in a folder.

    A file with several names counts once in bytes, as `du --apparent-size` does.
    """
    bodies: dict[tuple[int, int], int] = {}
    names = 0
    for where, _, files in os.walk(os.fsencode(folder)):
        for name in files:
            about = os.lstat(os.path.join(where, name))
            if stat.S_ISREG(about.st_mode):
                names += 1
                bodies[about.st_dev, about.st_ino] = about.st_size
    return sum(bodies.values()), names


def words_of(root: Path) -> set[str]:
    """What a folder shows, in the notation of the slow model: `d/`, `a=A`, `ln->d`, `f=F*2`."""
    found: list[tuple[str, str, bytes, bytes, int]] = []
    names: Counter[int] = Counter()
    for where, directories, files in os.walk(root):
        for path in (Path(where, name) for name in (*directories, *files)):
            try:
                about, name = path.lstat(), str(path.relative_to(root))
            except FileNotFoundError:  # a whiteout, in a directory that is in one layer alone
                continue
            if stat.S_ISREG(about.st_mode):
                names[about.st_ino] += 1
                found.append((name, "file", path.read_bytes(), b"", about.st_ino))
            elif stat.S_ISLNK(about.st_mode):
                found.append((name, "symlink", b"", os.readlink(bytes(path)), 0))
            else:
                kind = "directory" if stat.S_ISDIR(about.st_mode) else "device"
                found.append((name, kind, b"", b"", 0))
    return {
        word(name, kind, content, link, names[inode]) for name, kind, content, link, inode in found
    }
