"""What engines make of layers on a kernel overlay, as production runs them: docker, containerd, buildah.

Stacks lie side by side in one image, each below a directory of its own, so that an engine unpacks many at
once. Of an image that it refuses, the stack that its error names is tried alone; where it names none, the
image is halved.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.real.tools import Store, run
from tests.support.building import Entry, image, layer, save
from tests.support.oracle import clean
from tests.support.stacks import Stack

Read = Callable[[Path], set[str]]


class RefusedError(Exception):
    """An engine does not unpack an image; the text is its own."""


@dataclass(frozen=True)
class Engine:
    """Unpacks an image archive, and reads its root; nothing of it is left then."""

    form: str
    unpacked: Callable[[Path, Path, Read], set[str]]
    """(archive, empty folder, reader of a root) → what the reader finds."""
    restores: bool = False
    """Attributes of overlay file systems that a layer has are restored, and take effect."""
    strict: bool = False
    """A name below something of a lower layer that is no directory is refused."""


def placed(stack: Stack, number: int) -> Stack:
    """A stack in a directory of its own; what its links lead to stays in there."""
    return [[_placed(item, b"s%d" % number) for item in items] for items in stack]


def _placed(entry: Entry, place: bytes) -> Entry:
    link = entry.link
    if entry.type == b"1":
        link = place + b"/" + link
    elif entry.type == b"2":
        above = clean(entry.name)[:-1]
        start = () if link.startswith(b"/") else above
        link = b"/".join((b"", place, *clean(b"/".join((*start, link)))))
    return replace(entry, name=place + b"/" + entry.name, link=link)


def together(stacks: Sequence[tuple[int, Stack]]) -> Stack:
    """One stack of several, by their numbers."""
    layers: Stack = []
    for number, stack in stacks:
        for at, items in enumerate(placed(stack, number)):
            if at == len(layers):
                layers.append([])
            layers[at] += items
    return layers


def each_unpacked(
    engine: Engine, stacks: Sequence[tuple[int, Stack]], folder: Path, read: Read
) -> Iterator[tuple[Sequence[tuple[int, Stack]], set[str] | str]]:
    """(stacks of one image, what the engine shows of it or why it refuses it: of single stacks only)."""
    place = folder / "one"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    try:
        built = image(*(layer(items) for items in together(stacks)), tags=("stacks:1",))
        found = engine.unpacked(save(built, place / "image.tar", engine.form), place, read)
    except RefusedError as error:
        if len(stacks) == 1:
            yield stacks, str(error)
            return
        blamed = {int(number) for number in re.findall(r"\bs(\d+)/", str(error))}
        some = [one for one in stacks if one[0] in blamed]
        if len(some) in (0, len(stacks)):
            some = list(stacks[: len(stacks) // 2])
        rest = [one for one in stacks if one not in some]
        yield from each_unpacked(engine, some, folder, read)
        yield from each_unpacked(engine, rest, folder, read)
    else:
        yield stacks, found


def _try(*command: str | Path) -> str:
    done = subprocess.run(
        [str(word) for word in command], check=False, capture_output=True, text=True
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or done.stdout.strip().splitlines() or [""]
        raise RefusedError(lines[-1])
    return done.stdout.strip()


def _docker(archive: Path, folder: Path, read: Read) -> set[str]:
    _try("docker", "load", "--quiet", "--input", archive)
    try:
        words = "{{with .GraphDriver.Data}}{{.UpperDir}}:{{.LowerDir}}{{end}}"
        found = run("docker", "image", "inspect", "stacks:1", "--format", words)
        layers = found.replace("<no value>", "").strip(":").split(":")
        # Short names, since mount options are; and a container has a layer of its own on top.
        for number, path in enumerate(layers):
            (folder / f"{number}").symlink_to(path)
        (folder / "top").mkdir()
        lower = ":".join(["top", *map(str, range(len(layers)))])
        root = folder / "root"
        root.mkdir()
        run("mount", "-t", "overlay", "overlay", "-o", f"ro,lowerdir={lower}", "root", cwd=folder)
        try:
            return read(root)
        finally:
            run("umount", root)
    finally:
        run("docker", "image", "rm", "--force", "stacks:1")


def _containerd(archive: Path, folder: Path, read: Read) -> set[str]:
    try:
        _try("ctr", "images", "import", "--snapshotter", "overlayfs", archive)
        (name,) = run("ctr", "images", "list", "--quiet").splitlines()
        root = folder / "root"
        root.mkdir()
        # As for a container, with a layer on top: one layer alone would be no overlay.
        run("ctr", "images", "mount", "--rw", "--snapshotter", "overlayfs", name, root)
        try:
            return read(root)
        finally:
            run("ctr", "images", "unmount", "--rm", "--snapshotter", "overlayfs", root)
    finally:
        for name in run("ctr", "images", "list", "--quiet").splitlines():
            run("ctr", "images", "remove", "--sync", name)


def buildah(store: Store) -> Engine:
    """buildah on a store whose driver is `overlay`."""

    def unpacked(archive: Path, folder: Path, read: Read) -> set[str]:
        try:
            container = store.buildah("from", "--pull=always", f"oci-archive:{archive}")
        except AssertionError as error:
            raise RefusedError(str(error).strip().splitlines()[-1]) from None
        try:
            return read(Path(store.buildah("mount", container)))
        finally:
            store.buildah("rm", container)
            store.buildah("rmi", "--all", "--force")

    return Engine("oci-archive", unpacked, restores=True)


DOCKER = Engine("docker", _docker, restores=True)
CONTAINERD = Engine("oci-archive", _containerd, strict=True)
