"""What each kind of report and comparison says of its gates, in every format that says it."""

from __future__ import annotations

import re

import pytest

from slim.formats import verdicts
from slim.report.comparison import Comparison
from slim.report.model import Report
from slim.report.reasons import Reason, reasons
from slim.units import IEC, SI
from tests.support.comparisons import PAGES
from tests.support.pages import rendered
from tests.support.reports import REPORTS

DOCUMENTS: dict[str, Report | Comparison] = {
    **{name: build() for name, build in REPORTS.items()},
    **{f"comparison-{name}": build() for name, build in PAGES.items()},
}
ON_BASE = "over budget on base too (not from this PR)"
SENTENCES = {
    # kind: (the size in the first line of text, the sentence of Markdown after `api` image, verdict)
    "clean": ("100 MB on disk, 33.3 MB to pull", ": 100 MB on disk, nothing to reclaim", ""),
    "within": (
        "100 MB on disk, 33.3 MB to pull",
        ": 100 MB on disk, nothing to reclaim: within budget ✅",
        "within budget",
    ),
    "wasteful": (
        "343 MB on disk, 114 MB to pull",
        ": 343 MB on disk, 41.9 MB (12%) of it reclaimable",
        "",
    ),
    "over": (
        "343 MB on disk, 114 MB to pull",
        ": 343 MB on disk, 41.9 MB (12%) of it reclaimable: over budget ❌",
        "over budget",
    ),
    "failing": (
        "343 MB on disk, 114 MB to pull",
        ": 343 MB on disk, 41.9 MB (12%) of it reclaimable: gate failed ❌",
        "gate failed",
    ),
    "undecided": (
        "100 MB on disk, 33.3 MB to pull",
        ": 100 MB on disk, no rules applied: gate not decided",
        "gate not decided",
    ),
    "comparison-arm": (
        "unchanged at 100 MB",
        " unchanged at 100 MB (linux/amd64 compared with linux/arm64), within budget ✅",
        "within budget",
    ),
    "comparison-contents": (
        "grew 25.0 MB (+25.0%) to 125 MB",
        " grew 25.0 MB (+25.0%) to 125 MB ▲: within budget ✅",
        "within budget",
    ),
    "comparison-drifted": (
        "grew 25.0 MB (+25.0%) to 125 MB",
        " grew 25.0 MB (+25.0%) to 125 MB ▲: within budget ✅",
        "within budget",
    ),
    "comparison-drifted-guess": (
        "grew 25.0 MB (+25.0%) to 125 MB",
        " grew 25.0 MB (+25.0%) to 125 MB ▲: over budget ❌",
        "over budget",
    ),
    "comparison-failing": (
        "grew 122 MB (+55.2%) to 343 MB",
        " grew 122 MB (+55.2%) to 343 MB ▲: gate failed ❌",
        "gate failed",
    ),
    "comparison-grew": (
        "grew 122 MB (+55.2%) to 343 MB",
        " grew 122 MB (+55.2%) to 343 MB ▲: over budget ❌",
        "over budget",
    ),
    "comparison-new": (
        "grew 100 MB to 100 MB",
        " new: 100 MB on disk, within budget ✅",
        "within budget",
    ),
    "comparison-on-base": (
        "grew 122 MB (+55.2%) to 343 MB",
        f" grew 122 MB (+55.2%) to 343 MB ▲: {ON_BASE}",
        ON_BASE,
    ),
    "comparison-shrank": (
        "shrank 122 MB (-35.6%) to 221 MB",
        " shrank 122 MB (-35.6%) to 221 MB ▼: within budget ✅",
        "within budget",
    ),
    "comparison-unchanged": (
        "unchanged at 100 MB",
        " unchanged at 100 MB, within budget ✅",
        "within budget",
    ),
    "comparison-undecided": (
        "unchanged at 100 MB",
        " unchanged at 100 MB, gate not decided",
        "gate not decided",
    ),
    "comparison-ungated": (
        "grew 122 MB (+55.2%) to 343 MB",
        " grew 122 MB (+55.2%) to 343 MB ▲",
        "",
    ),
}
HEADLINES = {
    "over": "over budget: size 343 MB is over the limit of 340 MB by 3.00 MB; reclaimable 41.9 MB is"
    " over the limit of 25.0 MB by 16.9 MB; TCH001 build tools in the final image: 36.9 MB (high)",
    "within": "within budget",
    "failing": "gate failed: TCH001 build tools in the final image: 36.9 MB (high)",
    "undecided": "gate not decided: reclaimable is at least 0 B, not known to be within 25.0 MB;"
    " no rules were applied: high cannot be decided",
    "wasteful": "",
    "comparison-drifted-guess": "over budget: growth of 25.0 MB is over 22% and 1.00 MB",
    "comparison-on-base": ON_BASE,
    "comparison-undecided": "gate not decided: reclaimable is at least 0 B, not known to be within 1 B",
    "comparison-hostile": "gate not decided: growth of 9.00 MB is not known to be within 1% and 1 B",
}


def test_every_kind_has_its_sentence() -> None:
    assert set(DOCUMENTS) - set(SENTENCES) == {"hostile", "comparison-hostile"}


@pytest.mark.parametrize("kind", SENTENCES)
def test_the_verdict_is_in_the_first_line(kind: str) -> None:
    document = DOCUMENTS[kind]
    size, sentence, verdict = SENTENCES[kind]
    first = rendered(document, "text").splitlines()[0]
    assert first.endswith(f": {size}: {verdict}" if verdict else f": {size}")
    for flavor in ("github", "plain"):
        page = rendered(document, flavor=flavor).replace("\u00a0", " ")
        heading = next(line for line in page.splitlines() if line.startswith("### "))
        words = re.sub(" [▲▼]", "", sentence).rstrip(" ✅❌")
        assert heading == f"### `api` image{sentence if flavor == 'github' else words}"


@pytest.mark.parametrize("kind", SENTENCES)
def test_the_verdict_is_in_every_other_format_that_says_it(kind: str) -> None:
    document, verdict = DOCUMENTS[kind], SENTENCES[kind][2]
    shown = re.findall(r'<p class="verdict (\w+)"><b>(.*?)</b>', rendered(document, "html"))
    mark = {"pass": " ✓", "fail": " ✗", "unknown": ""}[document.verdict.result]
    expected = (document.verdict.result, f"{verdict[:1].upper()}{verdict[1:]}{mark}")
    assert shown == ([expected] if verdict else [])
    assert f"verdict={document.verdict.result}\n" in rendered(document, "env")
    errors = [line for line in rendered(document, "github").splitlines() if "title=slim%3A" in line]
    assert bool(errors) == (document.verdict.result != "pass")
    assert all(f"::{verdict}: " in line for line in errors)
    junit = rendered(document, "junit")
    assert ("<failure" in junit, "<error" in junit) == (
        document.verdict.result == "fail",
        document.verdict.result == "unknown",
    )


@pytest.mark.parametrize("kind", HEADLINES)
def test_headlines_give_the_reasons_with_their_amounts(kind: str) -> None:
    document = DOCUMENTS[kind]
    assert verdicts.headline(document, SI) == HEADLINES[kind]
    if " MB" in HEADLINES[kind]:
        assert " MB" not in verdicts.headline(document, IEC)
    assert f'"headline": "{HEADLINES[kind]}"' in rendered(document, "json", units=IEC)


def test_reasons_are_values() -> None:
    over = DOCUMENTS["over"]
    assert [(reason.kind, reason.fails) for reason in reasons(over)] == [
        ("over", True),
        ("over", True),
        ("finding", True),
    ]
    size, _, finding = reasons(over)
    assert size.budget is not None
    assert (size.budget.name, size.budget.value - size.budget.limit) == ("size", 3_000_000)
    assert finding.finding is not None
    assert finding.finding.id in over.verdict.findings
    assert [reason.kind for reason in reasons(DOCUMENTS["undecided"])] == ["undecided", "no-rules"]


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        (
            Reason(kind="role-from-label"),
            "the image's own label says what its role is: --trust-labels",
        ),
        (Reason(kind="unsuppressed", count=2), "2 findings suppressed in the analysis: what"),
        (Reason(kind="findings-left-out", count=1), "1 finding left out: make it with a larger"),
        (
            Reason(kind="contents-unknown", count=3, of_base=True),
            "the base's report: the contents of 3 layers are unknown",
        ),
    ],
)
def test_what_is_missing_is_said(reason: Reason, sentence: str) -> None:
    assert verdicts.sentence(reason, SI).startswith(sentence)
    assert not reason.fails
