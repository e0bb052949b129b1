"""The pages before axe-core, the engine of most accessibility checks: nothing serious or moderate."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

import slim
from slim.report.comparison import Comparison
from slim.report.model import Report
from tests.conftest import skip_or_fail
from tests.real.browser import Browser, page
from tests.real.site import Site, fat
from tests.real.tools import run
from tests.support.pages import rendered
from tests.support.reports import hostile, wasteful

pytestmark = pytest.mark.real

PACKAGE = "axe-core@4.14.1"
CLICK = "new MouseEvent('click', {bubbles: true, cancelable: true})"
RULES = """
axe.run(document, {resultTypes: ["violations"]}).then(found => found.violations
  .filter(each => each.impact !== "minor")
  .map(each => `${each.impact}: ${each.id}: ${each.nodes.length}: ${each.nodes[0].html.slice(0, 200)}`))
"""
DOCUMENTS: dict[str, Callable[[], Report | Comparison]] = {
    "fat": fat,
    "hostile": hostile,
    "compared": lambda: slim.compare(wasteful(), hostile()),
}


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Its source."""
    if shutil.which("npm") is None:
        skip_or_fail("not installed: npm")
    folder = tmp_path_factory.mktemp("axe")
    name = run(
        "npm", "pack", "--silent", PACKAGE, cwd=folder, npm_config_cache=str(folder / "cache")
    )
    with tarfile.open(folder / Path(name).name) as archive:
        file = archive.extractfile("package/axe.min.js")
        assert file is not None
        return file.read().decode()


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
@pytest.mark.parametrize("kind", DOCUMENTS)
def test_nothing_stands_in_anybodys_way(
    chromium: Browser, site: Site, axe: str, kind: str, width: int, scheme: str
) -> None:
    address = site.add(f"axe-{kind}", rendered(DOCUMENTS[kind](), "html"))
    with page(chromium) as tab:
        tab.resize(width, 900)
        feature = {"name": "prefers-color-scheme", "value": scheme}
        tab.call("Emulation.setEmulatedMedia", features=[feature])
        tab.open(address)
        tab.run("for (const fold of document.querySelectorAll('main details')) fold.open = true")
        tab.run(axe)
        assert tab.run(RULES) == []
        if tab.run("document.querySelector('.map [data-i]') !== null"):
            tab.run(f"document.querySelector('.map .dir[data-i]')?.dispatchEvent({CLICK})")
            assert tab.run(RULES) == [], "within a box of the map"


def test_it_finds_what_is_wrong(chromium: Browser, site: Site, axe: str) -> None:
    broken = (
        "<!doctype html><title>x</title><p style='color:#ccc;background:#fff'>pale</p><img src=x>"
    )
    with page(chromium) as tab:
        tab.open(site.add("broken", broken))
        tab.run(axe)
        found = " ".join(tab.run(RULES))
    assert "color-contrast" in found
    assert "image-alt" in found
