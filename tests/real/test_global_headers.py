"""What docker, containerd and buildah make of global PAX headers, live: they differ, and slim says so."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.daemons import daemons
from tests.real.overlay_engines import CONTAINERD, DOCKER, Engine, buildah
from tests.real.tools import Store
from tests.support.building import Entry, directory, file, image, layer, save
from tests.support.checked import checked_analyze

pytestmark = pytest.mark.real

COMMENT = b"13 comment=x\n"
BASE = [file("f", b"F"), directory("d/"), file("d/a", b"A")]


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Engine]]:
    folder = tmp_path_factory.mktemp("engines")
    with daemons(folder, "overlay2"):
        yield {
            "docker": DOCKER,
            "containerd": CONTAINERD,
            "buildah": buildah(Store(folder / "store", "overlay")),
        }


def shown(root: Path) -> set[str]:
    paths = (
        os.path.relpath(os.path.join(above, name), root)
        for above, directories, files in os.walk(root)
        for name in (*directories, *files)
    )
    return {path for path in paths if path[0] in "dfhn" and not path.startswith("dev")}


@pytest.mark.parametrize(
    ("name", "differs", "warned"),
    [
        ("pax_global_header", set(), False),
        (".wh.f", {"f"}, True),
        ("d/.wh..wh..opq", {"d/a"}, True),
        ("new/header", {"new"}, True),
    ],
)
def test_a_name_that_some_engines_act_upon(
    name: str, differs: set[str], warned: bool, engines: dict[str, Engine], tmp_path: Path
) -> None:
    header = Entry(name.encode(), b"g", content=COMMENT)
    built = image(layer(BASE), layer([header, file("h", b"H")]), tags=("stacks:1",))
    found: dict[str, set[str]] = {}
    for called, engine in engines.items():
        folder = tmp_path / called
        folder.mkdir()
        archive = save(built, folder / "image.tar", engine.form)
        found[called] = engine.unpacked(archive, folder, shown)
    assert found["docker"] == {"f", "d", "d/a", "h"}
    assert found["containerd"] == found["buildah"] == found["docker"] ^ differs
    report = checked_analyze(save(built, tmp_path / "image.tar", "oci-archive"))
    assert ("global-header" in {warning.id for warning in report.warnings}) == warned
