"""Whole pages, to be looked at: three documents in each format; `pytest --update-golden` writes them.

What single lines have to say is asserted elsewhere: the verdicts in tests/formats/test_verdicts.py.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from slim.formats.formats import FORMATS, load_format
from slim.formats.model import Format
from slim.report.comparison import Comparison
from slim.report.model import Report
from tests.conftest import GOLDEN
from tests.support.comparisons import PAGES
from tests.support.pages import OWN, rendered
from tests.support.reports import hostile, over

DOCUMENTS: dict[str, Callable[[], Report | Comparison]] = {
    "wasteful": over,
    "hostile": hostile,
    "comparison": PAGES["grew"],
    "comparison-contents": PAGES["contents"],
}
WITH_CONTENTS = ("text", "markdown", "html", "csv")
"""Formats that show packages, directories and files of a comparison."""
OUTPUTS = [
    (name, format)
    for format in map(load_format, FORMATS)
    for name in DOCUMENTS
    if (format.comparison or not name.startswith("comparison"))
    and (format.name in WITH_CONTENTS or name != "comparison-contents")
]


@pytest.mark.parametrize(
    ("name", "format"), [pytest.param(*case, id=f"{case[0]}-{case[1].name}") for case in OUTPUTS]
)
def test_outputs_are_the_golden_ones(
    golden_text: Callable[[Path, str], None], name: str, format: Format
) -> None:
    text = rendered(
        DOCUMENTS[name](), format.name, report_url="https://ci.example/1", head="8b8bf6d"
    )
    golden_text(GOLDEN / "pages" / f"{name}{format.ending}", OWN.sub(r"\1\2\3\4", text))


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name != "comparison-contents"])
@pytest.mark.parametrize("flavor", ["bitbucket", "plain"])
def test_flavors_without_html_are_the_golden_ones(
    golden_text: Callable[[Path, str], None], name: str, flavor: str
) -> None:
    text = rendered(DOCUMENTS[name](), flavor=flavor, base_head="1a2b3c4", head="8b8bf6d")
    golden_text(GOLDEN / "pages" / f"{name}.{flavor}.md", text)
