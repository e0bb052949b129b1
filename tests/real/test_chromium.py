"""The HTML page in Debian's Chromium: it asks for nothing and runs nothing but its own, whatever the names;
it can be read without scripts and without style sheets; what it can do, it does by mouse and by keyboard.
"""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import slim
from slim.report.noteworthy import is_trifle
from tests.bench.images import image as million
from tests.conftest import LONG
from tests.real.browser import Browser, Page, page
from tests.real.site import PAGES, PAYLOADS, Site, dangerous, fat, shown
from tests.support.attacks import Attack
from tests.support.pages import rendered
from tests.support.reports import wasteful

pytestmark = pytest.mark.real

JENKINS = "sandbox; default-src 'none'; img-src 'self'; style-src 'self'"
"""What Jenkins sends with the files of a build, unless its administrator changes that."""
ATTACKS = tuple(
    Attack(id=f"HTML-{name}", given=given, outcome=outcome, proof="test_names_do_nothing")
    for name, given, outcome in (
        ("script", "names that are scripts, or end ours", "shown as text"),
        ("handlers", "names that end an attribute and begin an event handler", "shown as text"),
        ("css", "names that end a style sheet or load by one", "shown as text"),
        ("svg", "names that end a drawing's text and begin elements", "shown as text"),
        ("addresses", "names that are javascript: and data: addresses", "shown as text, no link"),
        ("long", "names of 5,000 characters", "their two ends"),
    )
)


@pytest.mark.parametrize("kind", ["fat", "change", "clean", "over"])
def test_pages_ask_for_nothing_and_complain_of_nothing(
    chromium: Browser, site: Site, kind: str
) -> None:
    address = site.add(kind, rendered(PAGES[kind](), "html"))
    site.requested.clear()
    with page(chromium) as tab:
        tab.open(address)
        assert tab.complaints() == []
        assert site.requested == [f"/{kind}"]
        assert tab.run("document.title")
        assert tab.run("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("compared", [False, True])
def test_names_do_nothing(chromium: Browser, site: Site, compared: bool) -> None:
    report = dangerous(PAYLOADS)
    text = rendered(slim.compare(wasteful(), report) if compared else report, "html")
    address = site.add("hostile", text)
    site.requested.clear()
    with page(chromium) as tab:
        tab.open(address)
        # What only happens when it is looked at, pointed at or opened.
        tab.run("for (const fold of document.querySelectorAll('details')) fold.open = true")
        tab.run(
            "for (const e of document.querySelectorAll('main *')) {"
            " e.dispatchEvent(new MouseEvent('mouseover', {bubbles: true}));"
            " e.focus && e.focus(); }"
        )
        assert tab.complaints() == []
        assert site.requested == ["/hostile"]
        assert tab.run("document.scripts.length + document.styleSheets.length") == 2
        assert shown(tab, "iframe, img, form, object, embed, animate, meta + img") == 0
        words = tab.run("document.body.innerText")
        assert "<script>alert(1)</script>" in words
        assert "\u202e" not in words
        assert "49" not in tab.run("document.querySelector('h1').textContent")


@given(
    st.lists(
        st.text(st.characters(codec="utf-8"), max_size=20) | st.sampled_from(PAYLOADS),
        min_size=2,
        max_size=6,
    )
)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_names_do_nothing(chromium: Browser, site: Site, names: list[str]) -> None:
    address = site.add("random", rendered(dangerous(tuple(names)), "html"))
    site.requested.clear()
    with page(chromium) as tab:
        tab.open(address)
        assert tab.complaints() == []
        assert site.requested == ["/random"]
        assert tab.run("document.scripts.length + document.styleSheets.length") == 2


def test_everything_is_there_without_scripts(chromium: Browser, site: Site) -> None:
    address = site.add("quiet", rendered(fat(), "html"))
    with page(chromium, scripts=False) as tab:
        tab.open(address)
        assert tab.complaints() == []
        assert shown(tab, "svg.map rect") > 100
        assert shown(tab, "#layers tbody tr") == len(fat().layers)
        assert shown(tab, ".steps > li .title") >= 8
        assert shown(tab, "#search, th button") == 0, "nothing that would do nothing"
        # The switches are style sheets' work.
        assert shown(tab, ".as-disk.by-dir .map") == 1
        assert shown(tab, ".as-pull .map, .by-package .map") == 0
        tab.run("document.getElementById('as-pull').checked = true")
        tab.run("document.getElementById('by-package').checked = true")
        assert shown(tab, ".as-pull.by-package .map") == 1
        assert shown(tab, ".as-disk .map, .by-dir .map") == 0


@pytest.mark.parametrize("kind", ["fat", "change"])
def test_everything_is_there_under_jenkins_policy(chromium: Browser, site: Site, kind: str) -> None:
    address = site.add(f"jenkins-{kind}", rendered(PAGES[kind](), "html"), JENKINS)
    site.requested.clear()
    with page(chromium) as tab:
        tab.open(address)
        complaints = tab.complaints()
        assert len(complaints) == 2, complaints
        assert "inline style" in complaints[0]
        assert "script execution" in complaints[1]
        assert site.requested == [f"/jenkins-{kind}"]
        assert tab.run("document.styleSheets.length") == 0
        assert tab.run("document.querySelector('h1').innerText").startswith("shop")
        assert shown(tab, "tbody tr") > 20
        assert shown(tab, "input, th button") == 0, "nothing that would do nothing"
        assert tab.run("document.documentElement.scrollWidth <= innerWidth")
        if kind == "fat":
            assert shown(tab, "svg.map") == 4
            assert tab.run("document.querySelector('svg.map').getBoundingClientRect().height") > 300
            assert shown(tab, "#layers svg.bar rect") > 10


def test_tables_sort_by_mouse_and_keyboard(chromium: Browser, site: Site) -> None:
    address = site.add("sort", rendered(fat(), "html"))
    column = (
        "[...document.querySelectorAll('#packages tbody tr')].map(r => r.cells[2].dataset.v * 1)"
    )
    head = "document.querySelectorAll('#packages thead th')[2]"
    with page(chromium) as tab:
        tab.open(address)
        before = tab.run(column)
        assert before == sorted(before, reverse=True)
        tab.run(f"{head}.querySelector('button').focus()")
        tab.press("Enter")
        assert tab.run(f"{head}.getAttribute('aria-sort')") == "descending"
        tab.press("Enter")
        assert tab.run(f"{head}.getAttribute('aria-sort')") == "ascending"
        assert tab.run(column) == sorted(before)
        tab.run("document.querySelector('#packages thead th button').click()")
        names = tab.run(
            "[...document.querySelectorAll('#packages tbody th')].map(e => e.innerText)"
        )
        assert names[0].lower() <= names[-1].lower()
        assert tab.run(f"{head}.hasAttribute('aria-sort')") is False


def test_search_hides_opens_and_pales(chromium: Browser, site: Site) -> None:
    address = site.add("search", rendered(fat(), "html"))
    with page(chromium) as tab:
        tab.open(address)
        rows = shown(tab, "#packages tbody tr")
        tab.run("document.getElementById('q').focus()")
        tab.call("Input.insertText", text="LibCrypto")
        tab.run("new Promise(done => setTimeout(done, 400))")
        assert 0 < shown(tab, "#packages tbody tr") < rows
        assert shown(tab, ".tree li") > 0, "the tree is open where it matches"
        assert shown(tab, ".steps > li") == 0, "no step is about it"
        assert "found" in tab.run("document.querySelector('#search output').textContent")
        assert tab.run("document.querySelectorAll('.map .dim').length") > 50
        tab.run("document.getElementById('q').value = ''")
        tab.run("document.getElementById('q').dispatchEvent(new Event('input'))")
        tab.run("new Promise(done => setTimeout(done, 400))")
        assert shown(tab, "#packages tbody tr") == rows
        assert tab.run("document.querySelectorAll('.map .dim').length") == 0
        assert tab.complaints() == []


def test_find_in_page_reaches_what_is_folded(chromium: Browser, site: Site) -> None:
    address = site.add("find", rendered(fat(), "html"))
    with page(chromium, scripts=False) as tab:
        tab.open(address)
        folded = "document.getElementById('n1').querySelector('li details')"
        assert tab.run(f"{folded}.open") is False
        # Folds, and not hidden elements: browsers search them, and open what a link leads to.
        assert (
            tab.run("document.querySelectorAll('main [hidden]:not(.switches, .scripted)').length")
            == 0
        )
        target = tab.run(f"[...{folded}.querySelectorAll('li[id]')].pop().id")
        tab.call("Page.navigate", url=f"{address}#{target}")
        time.sleep(0.3)
        assert shown(tab, f"#{target}") == 1


def test_maps_are_walked_by_keyboard(chromium: Browser, site: Site) -> None:
    address = site.add("keys", rendered(fat(), "html"))
    active = "document.activeElement.getAttribute('href')"
    with page(chromium) as tab:
        tab.open(address)
        assert (
            tab.run("document.querySelectorAll('.as-disk.by-dir .map a[tabindex=\"0\"]').length")
            == 1
        )
        tab.run("document.querySelector('.as-disk.by-dir .map a').focus()")
        seen = [tab.run(active)]
        for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown", "ArrowLeft"):
            tab.press(key)
            seen.append(tab.run(active))
        assert len(set(seen)) >= 4, seen
        assert "on disk" in tab.run("document.getElementById('spot').textContent")
        target = place = ""
        for _ in range(20):
            # Enter goes into a directory, and from what holds nothing more to its row.
            place = tab.run(active)
            tab.press("Enter")
            tab.run("new Promise(done => setTimeout(done, 300))")
            if target := tab.run("location.hash.slice(1)"):
                break
        assert f"#{target}" == place
        assert shown(tab, f"#{target}") == 1
        assert tab.complaints() == []


@pytest.mark.parametrize("kind", ["fat", "change"])
def test_assistive_technology_finds_names_roles_and_headings(
    chromium: Browser, site: Site, kind: str
) -> None:
    address = site.add(f"names-{kind}", rendered(PAGES[kind](), "html"))
    with page(chromium) as tab:
        tab.open(address)
        nodes = [
            (node["role"]["value"], node.get("name", {}).get("value", "").strip())
            for node in tab.call("Accessibility.getFullAXTree")["nodes"]
            if not node.get("ignored") and "role" in node
        ]
        roles = {role for role, _ in nodes}
        assert {"main", "navigation", "banner", "contentinfo", "search"} <= roles
        for role in ("link", "button", "searchbox", "radio", "region", "table", "heading"):
            assert all(name for found, name in nodes if found == role), role
        assert [role for role, _ in nodes].count("radio") == (4 if kind == "fat" else 0)
        levels = tab.run("[...document.querySelectorAll('h1,h2,h3')].map(e => e.tagName[1] * 1)")
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))
        assert tab.run("document.querySelectorAll('table:not(:has(caption))').length") == 0
        assert tab.run("document.querySelectorAll('th:not([scope])').length") == 0


@pytest.mark.parametrize("width", [400, 1280])
def test_nothing_is_cut_off(chromium: Browser, site: Site, width: int) -> None:
    address = site.add("fits", rendered(fat(), "html"))
    with page(chromium) as tab:
        tab.resize(width, 900)
        tab.open(address)
        assert tab.run("document.documentElement.scrollWidth <= innerWidth")
        # Labels stay within their boxes.
        wide = tab.run(
            "[...document.querySelectorAll('.as-disk.by-dir .map :is(a, g)')].filter(box => {"
            " const rect = box.querySelector('rect').getBBox();"
            " return [...box.querySelectorAll('text')].some(text => {"
            "  const {x, y, width, height} = text.getBBox();"
            "  return x + width > rect.x + rect.width + 1 || y + height > rect.y + rect.height + 2; });"
            "}).map(box => box.textContent)"
        )
        assert wide == []


def test_dark_mode_and_print_have_colours_of_their_own(chromium: Browser, site: Site) -> None:
    address = site.add("dark", rendered(fat(), "html"))
    fill = "getComputedStyle(document.querySelector('.map rect.base, .map rect.l1')).fill"
    background = "getComputedStyle(document.body).backgroundColor"
    with page(chromium) as tab:
        tab.open(address)
        light = tab.run(f"[{fill}, {background}]")
        dark_mode = {"name": "prefers-color-scheme", "value": "dark"}
        tab.call("Emulation.setEmulatedMedia", features=[dark_mode])
        dark = tab.run(f"[{fill}, {background}]")
        assert dark[0] != light[0]
        assert dark[1] != light[1]
        tab.call("Emulation.setEmulatedMedia", media="print", features=[dark_mode])
        assert tab.run(f"[{fill}, {background}]") == [light[0], "rgb(255, 255, 255)"]
        assert shown(tab, "nav") == 0
        tab.call("Emulation.setEmulatedMedia", media="", features=[])
        tab.run("dispatchEvent(new Event('beforeprint'))")
        steps = tab.run("document.querySelectorAll('#plan .steps > li').length")
        claims = [
            each for each in fat().findings if not is_trifle(fat().totals, each.claimed_bytes)
        ]
        assert steps >= len(claims) > 10
        assert shown(tab, "#plan .steps > li") == steps


@LONG
def test_the_page_of_a_million_files_opens_in_two_seconds(
    chromium: Browser, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In processor time of the page's own process, from the request to the drawn treemap."""
    monkeypatch.setenv("SLIM_BENCH_DIR", str(tmp_path))
    report = slim.analyze(million("million", "gzip"), verify=False)
    assert report.totals.live_files > 950_000
    text = rendered(report, "html")
    assert len(text.encode()) < 1_000_000
    address = site.add("million", text)
    with page(chromium) as tab:
        tab.call("Performance.enable")
        begin = processor_time(tab)
        tab.open(address)
        assert tab.run("document.querySelectorAll('.map rect').length") > 100
        assert processor_time(tab) - begin < 2
        tab.run("document.querySelector('#search').focus()")
        assert processor_time(tab) - begin < 2
        assert tab.complaints() == []


def processor_time(tab: Page) -> float:
    """Seconds that the page's process has worked."""
    metrics = tab.call("Performance.getMetrics")["metrics"]
    (found,) = (each["value"] for each in metrics if each["name"] == "ProcessTime")
    return float(found)
