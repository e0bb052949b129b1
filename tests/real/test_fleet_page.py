"""The page about a fleet in Debian's Chromium: it asks for nothing, its tables sort, and there is a map."""

from __future__ import annotations

from pathlib import Path

import pytest

from slim.fleet.folder import folder_of
from slim.fleet.pages import to_html
from slim.fleet.report import make_report
from slim.fleet.store import Store
from slim.fleet.teams import Teams
from slim.formats.model import RenderOptions
from tests.real.browser import Browser, page
from tests.real.site import Site, shown
from tests.support.fleets import NOW, fleet, scan, write_fleet

pytestmark = pytest.mark.real


def test_tables_sort_and_search_and_there_is_a_map(
    chromium: Browser, site: Site, tmp_path: Path
) -> None:
    write_fleet(tmp_path / "in", fleet(12, 3))
    scan(tmp_path / "store", tmp_path / "in")
    report = make_report(Store(folder_of(str(tmp_path / "store"))), Teams(), {}, 500, NOW.date())
    address = site.add("fleet", to_html(report, RenderOptions()))
    site.requested.clear()
    names = "[...document.querySelectorAll('#images tbody tr')].map(row => row.cells[0].innerText)"
    with page(chromium) as tab:
        tab.open(address)
        assert tab.complaints() == []
        assert site.requested == ["/fleet"]
        assert tab.run("document.documentElement.scrollWidth <= innerWidth")
        assert shown(tab, "#map svg rect") > 12
        assert shown(tab, "#images tbody tr") == 12
        tab.run("document.querySelector('#images thead th button').click()")
        down = tab.run(names)
        tab.run("document.querySelector('#images thead th button').click()")
        assert tab.run(names) == down[::-1]
        tab.run(
            "const q = document.getElementById('q'); q.value = 'app11';"
            " q.dispatchEvent(new Event('input')); new Promise(done => setTimeout(done, 400))"
        )
        assert shown(tab, "#images tbody tr") == 1
        assert tab.complaints() == []
