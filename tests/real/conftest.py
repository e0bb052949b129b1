"""Images that the real tools build, each once per session and only when a test asks for it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.real.recipes import NOT_CHUNKED, RECIPES
from tests.real.tools import CHUNKED, Store, convert, need, run, unpacked
from tests.real.twins import Twins, build, debian_base, debian_root

Pairs = Callable[[str], Twins]
"""Stack → its fat image and twin, built when they are first asked for."""


@dataclass(frozen=True)
class Built:
    """An image as it was built, in every form, and what umoci makes of it."""

    name: str
    layout: Path
    forms: dict[str, Path]
    live_bytes: int
    live_files: int


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for everything that is built; gone with the session, for it grows large."""
    folder = tmp_path_factory.mktemp("real")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def root_filesystem(workshop: Path) -> Callable[[], Path]:
    """A tar of a minimal Debian, made when it is first asked for."""

    @cache
    def make() -> Path:
        need("mmdebstrap")
        target = workshop / "root.tar"
        run("mmdebstrap", "--quiet", "--variant=minbase", "--mode=root", "trixie", target)
        return target

    return make


@pytest.fixture(scope="session", params=RECIPES)
def built(
    request: pytest.FixtureRequest, workshop: Path, root_filesystem: Callable[[], Path]
) -> Iterator[Built]:
    """The image of each recipe in turn; a store of its own, gone after its tests."""
    name: str = request.param
    need("buildah", "skopeo", "umoci", "tar")
    folder = workshop / name
    folder.mkdir()
    root = root_filesystem() if name == "debian" else folder / "none"
    layout = RECIPES[name](Store(folder / "store"), root, folder / "layout")
    forms = convert(layout, folder / "forms", without=NOT_CHUNKED.get(name) and CHUNKED)
    yield Built(name, layout, forms, *unpacked(forms["oci-dir-gzip"], folder / "unpacked"))
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def twins(workshop: Path) -> Pairs:
    """Fat images and their twins, on one base image and in one store."""

    @cache
    def base() -> Store:
        need("mmdebstrap", "buildah", "skopeo", "umoci", "git")
        folder = workshop / "twins"
        folder.mkdir()
        store = Store(folder / "store", "overlay")
        debian_base(store, debian_root(folder / "root.tar"))
        return store

    @cache
    def pair(stack: str) -> Twins:
        store = base()
        folder = workshop / "twins" / stack
        folder.mkdir()
        return build(store, stack, folder)

    return pair
