"""Images that the real tools build, each once per session and only when a test asks for it.

Where pytest runs in several processes, the tests of a module stay in one of them (`--dist loadfile`), so
that what they share is made once.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.real.browser import Browser, browser
from tests.real.recipes import NOT_CHUNKED, RECIPES
from tests.real.site import Site, serve
from tests.real.tools import CHUNKED, Store, convert, need, unpacked
from tests.real.twin_images import Twins, build, debian_base, debian_root
from tests.support.golist import go

__all__ = ["go"]
"""Fixtures that are defined elsewhere."""

collect_ignore = ["twins/projects"]
"""Applications that are put into images; their tests are theirs."""

LONGEST = ("test_twins", "test_images", "test_examples", "test_debian_bases")
"""Begun first, so that no process is left alone with one of them."""
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    names = [str(here / f"{name}.py") for name in LONGEST]
    items.sort(key=lambda item: names.index(str(item.path)) if str(item.path) in names else 99)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """A loopback server for pages."""
    with serve() as started:
        yield started


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A running browser."""
    with browser(tmp_path_factory.mktemp("chromium")) as started:
        yield started


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for everything that is built; gone with the session, for it grows large."""
    folder = tmp_path_factory.mktemp("real")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def debian_roots(workshop: Path) -> Callable[[bool], Path]:
    """Tars of a minimal Debian, `slim` or full, each made when it is first asked for."""

    @cache
    def make(slim: bool) -> Path:
        need("mmdebstrap")
        return debian_root(workshop / f"root-{slim}.tar", slim=slim)

    return make


@pytest.fixture(scope="session", params=RECIPES)
def built(
    request: pytest.FixtureRequest, workshop: Path, debian_roots: Callable[[bool], Path]
) -> Iterator[Built]:
    """The image of each recipe in turn; a store of its own, gone after its tests."""
    name: str = request.param
    need("buildah", "skopeo", "umoci", "tar")
    folder = workshop / name
    folder.mkdir()
    root, driver = (
        (debian_roots(False), "overlay") if name == "debian" else (folder / "none", "vfs")
    )
    layout = RECIPES[name](Store(folder / "store", driver), root, folder / "layout")
    forms = convert(layout, folder / "forms", without=NOT_CHUNKED.get(name) and CHUNKED)
    yield Built(name, layout, forms, *unpacked(forms["oci-dir-gzip"], folder / "unpacked"))
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def twins(workshop: Path, debian_roots: Callable[[bool], Path]) -> Pairs:
    """Fat images and their twins, on one base image and in one store."""

    @cache
    def base() -> Store:
        need("mmdebstrap", "buildah", "skopeo", "umoci", "git")
        folder = workshop / "twins"
        folder.mkdir()
        store = Store(folder / "store", "overlay")
        debian_base(store, debian_roots(True))
        return store

    @cache
    def pair(stack: str) -> Twins:
        store = base()
        folder = workshop / "twins" / stack
        folder.mkdir()
        return build(store, stack, folder)

    return pair
