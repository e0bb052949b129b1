"""Comparisons: how layers and findings are matched, what the gates charge, and the page about it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import slim
from slim.formats import verdicts
from slim.formats.flavors import FLAVORS
from slim.report.compare import compare
from slim.report.comparison import Comparison
from slim.report.gates import Gates, Growth, parse_fail_on
from slim.report.model import Cause, LayerInfo, Report
from slim.report.reasons import reasons
from slim.report.untrusted import untrusted
from slim.units import SI
from tests.conftest import LONG
from tests.support.building import image, save
from tests.support.building import layer as tar_layer
from tests.support.commands import run
from tests.support.comparisons import (
    GATES,
    PAGES,
    TOOLS,
    after_contents,
    before,
    before_contents,
    built_on,
    compared,
    drifted,
    on_arm,
)
from tests.support.pages import check_inert, rendered, rendered_together
from tests.support.pages import markdown_texts as texts
from tests.support.reports import MB, clean, hostile, layer, place, report, wasteful


def statuses(base: list[LayerInfo], after: list[LayerInfo]) -> set[tuple[Any, ...]]:
    comparison = compare(report(base), report(after))
    return {(layer.status, layer.base_index, layer.index) for layer in comparison.layers}


def test_layers_are_the_same_by_contents_then_by_instruction() -> None:
    first, two, three = layer(0, "RUN a", 5), layer(1, "RUN b", 6), layer(2, "RUN c", 7)
    assert statuses([first, two], [first, two]) == {("same", 0, 0), ("same", 1, 1)}
    assert statuses([first], [first, two]) == {("same", 0, 0), ("added", None, 1)}
    assert statuses([first, two], [two]) == {("same", 1, 1), ("removed", 0, None)}
    bigger = replace(two, diff_id="sha256:x", disk_bytes=8)
    assert statuses([first, two], [first, bigger, three]) == {
        ("same", 0, 0),
        ("grew", 1, 1),
        ("added", None, 2),
    }
    again = replace(two, diff_id="sha256:x")
    assert statuses([two], [again]) == {("rebuilt", 1, 1)}
    assert statuses([bigger], [two]) == {("shrank", 1, 1)}


def test_the_same_contents_win_over_the_same_instruction() -> None:
    old = [layer(0, "RUN a", 5), layer(1, "RUN a", 6)]
    new = [replace(old[1], index=0), replace(old[0], index=1, diff_id="sha256:x", disk_bytes=9)]
    assert statuses(old, new) == {("same", 1, 0), ("grew", 0, 1)}


def test_checksums_in_instructions_are_not_compared() -> None:
    words = "/bin/sh -c #(nop) COPY dir:{} in /app "
    old = layer(0, words.format("a" * 64), 5)
    new = replace(layer(0, words.format("b" * 64), 9), diff_id="sha256:x")
    assert statuses([old], [new]) == {("grew", 0, 0)}


def test_a_layer_without_history_is_matched_by_contents_alone() -> None:
    old, new = layer(0, "", 5), replace(layer(0, "", 5), diff_id="sha256:x")
    assert statuses([old], [new]) == {("added", None, 0), ("removed", 0, None)}


sizes = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 3), st.integers(0, 9)), max_size=8
)


@given(sizes, sizes)
@settings(max_examples=60)
def test_every_layer_is_in_the_comparison_once(base: list[Any], after: list[Any]) -> None:
    def built(rows: list[Any]) -> Report:
        return report(
            [
                replace(layer(number, f"RUN {word}", disk), diff_id=f"sha256:{contents}")
                for number, (word, contents, disk) in enumerate(rows)
            ]
        )

    before, two = built(base), built(after)
    changes = compare(before, two).layers
    assert sorted(c.index for c in changes if c.index is not None) == list(range(len(after)))
    assert sorted(c.base_index for c in changes if c.base_index is not None) == list(
        range(len(base))
    )
    total = sum(c.disk_bytes - c.base_disk_bytes for c in changes)
    assert total == two.totals.disk_bytes - before.totals.disk_bytes
    assert all(change.status == "same" for change in compare(before, before).layers)


def test_findings_are_new_still_there_or_fixed() -> None:
    comparison = compare(before(), wasteful())
    assert [
        (finding.status, finding.finding.rule, finding.base_claimed_bytes)
        for finding in comparison.findings
    ] == [
        ("new", "TCH001", 0),
        ("new", "VCS001", 0),
        ("still", "DEB001", 4_100_000),
        ("fixed", "PYT004", 2 * MB),
    ]


def test_what_makes_reports_hard_to_compare_is_said() -> None:
    base = before()
    assert compare(base, wasteful()).warnings == []
    other = replace(
        base,
        image=replace(base.image, platform="linux/arm64"),
        tool=replace(base.tool, rules=None),
        truncated=replace(base.truncated, findings=1),
        layers=[replace(base.layers[0], missing="a foreign layer")],
    )
    assert [warning.id for warning in compare(other, wasteful()).warnings] == [
        "other-platform",
        "other-rules",
        "findings-left-out",
        "contents-unknown",
    ]
    page = rendered(compare(other, wasteful()))
    assert "(linux/arm64 compared with linux/amd64)" in page.splitlines()[1]


@pytest.mark.parametrize(
    ("gates", "result", "on_base"),
    [
        (Gates(size=343 * MB), "pass", []),
        (Gates(size=342 * MB), "fail", []),
        (Gates(size=200 * MB), "pass", ["size"]),
        (Gates(size=200 * MB, layers=4), "fail", ["size"]),
        (Gates(reclaimable=1), "pass", ["reclaimable"]),
        (Gates(growth=Growth(5.0, MB)), "fail", []),
        (Gates(growth=Growth(60.0, MB)), "pass", []),
        (Gates(growth=Growth(5.0, 200 * MB)), "pass", []),
        (Gates(fail_on=("new:high",)), "fail", []),
        (Gates(fail_on=("new:DEB001",)), "pass", []),
        (Gates(fail_on=("DEB001",)), "fail", []),
        (Gates(fail_on=("PYT004",)), "pass", []),
        (Gates(fail_on=("new:PYT004",)), "pass", []),
    ],
)
def test_gates_charge_what_is_from_the_change(
    gates: Gates, result: str, on_base: list[str]
) -> None:
    comparison = compared(before(), wasteful(), gates)
    assert (comparison.verdict.result, comparison.over_on_base) == (result, on_base)
    assert bool(reasons(comparison)) == (result == "fail")


def test_growth_from_nothing_or_by_something_unknown() -> None:
    gates = Gates(growth=Growth(5.0, MB))
    assert compared(report([]), wasteful(), gates).verdict.result == "fail"
    base = before()
    base = replace(base, layers=[replace(base.layers[0], missing="a foreign layer")])
    comparison = compared(base, wasteful(), gates)
    assert comparison.verdict.result == "unknown"
    assert "growth of" in verdicts.headline(comparison, SI)


def test_new_findings_need_both_reports_to_be_whole() -> None:
    base = replace(before(), truncated=replace(before().truncated, findings=1))
    gates = Gates(fail_on=("new:ELX001",))
    comparison = compared(base, wasteful(), gates)
    assert comparison.verdict.result == "unknown"
    assert compared(base, wasteful(), Gates(fail_on=("ELX001",))).verdict.result == "pass"


def test_new_is_for_comparisons_alone() -> None:
    assert parse_fail_on(["new:high", "new:deb001,low"], compared=True) == (
        "new:high",
        "new:DEB001",
        "low",
    )
    for text in ("new:", "new:new:high", "old:high"):
        with pytest.raises(slim.SlimError):
            parse_fail_on([text], compared=True)


@pytest.mark.parametrize(
    ("sides", "value", "free"),
    [
        (drifted(), 21, 4),
        (drifted("debian:12", "debian:13"), 25, 0),
        (drifted("", ""), 25, 0),
        (drifted(how="history"), 25, 0),
        (drifted(how="annotation"), 25, 0),
        ((drifted()[0], drifted(how="label")[1]), 25, 0),
        ((drifted()[0], built_on(after_contents(), "debian:13-slim", 0)), 25, 0),
        # It shrank: what the image's own layers add is no more than what the image grew.
        (drifted()[::-1], -25, 0),
    ],
)
def test_what_the_base_image_grew_by_is_not_charged_where_that_is_certain(
    sides: tuple[Report, Report], value: int, free: int
) -> None:
    comparison = compared(*sides, Gates(growth=Growth(5.0, MB)))
    (budget,) = comparison.budgets
    assert (budget.value, budget.base_image_bytes) == (value * MB, free * MB)
    assert comparison.verdict.result == ("fail" if value > 5 else "pass")
    # 21 % and 25 % of 100 MB: what is not charged decides.
    between = compared(*sides, Gates(growth=Growth(22.0, MB)))
    assert between.verdict.result == ("fail" if value > 22 else "pass")


def test_a_page_says_whether_the_base_image_s_growth_is_charged() -> None:
    limit = Gates(growth=Growth(5.0, MB))

    def sentence_of(sides: tuple[Report, Report], gates: Gates | None = limit) -> str:
        page = rendered(compared(*sides, gates)).replace("\u00a0", " ")
        return next(line for line in page.splitlines() if "own layers" in line)

    own = ", +21.0 MB from this image's own layers"
    sentence = "- +4.00 MB is from the base image (`debian:13-slim`)"
    assert sentence_of(drifted()) == f"{sentence}, not charged{own}"
    assert sentence_of(drifted(), None) == f"{sentence}{own}"
    assert sentence_of(drifted(how="history")) == f"{sentence}, a guess, charged all the same{own}"
    two = "- +4.00 MB is from another base image (`debian:12` → `debian:13`)"
    assert sentence_of(drifted("debian:12", "debian:13")) == f"{two}, charged all the same{own}"
    reason = reasons(compared(*drifted(), limit))[0]
    assert (
        verdicts.sentence(reason, SI)
        == "growth of 21.0 MB (without 4.00 MB of the base image) is over 5% and 1.00 MB"
    )


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("flavor", FLAVORS)
def test_pages_are_inert(name: str, flavor: str) -> None:
    check_inert(rendered(PAGES[name](), flavor=flavor, base_head="1a2b3c4", head="8b8bf6d"))


def test_the_page_is_that_of_the_design() -> None:
    sample = wasteful()
    cause = Cause(layer=2, created_by=untrusted(TOOLS), dockerfile=place(14))
    sample = replace(
        sample, findings=[replace(sample.findings[0], where=[cause]), *sample.findings[1:]]
    )
    comparison = compared(before(), sample, GATES)
    page = rendered(comparison, key="api", base_head="1a2b3c4", head="8b8bf6d", run="4127")
    lines = page.replace("\u00a0", " ").splitlines()
    assert lines[:8] == [
        '<!-- slim:report v=1 key="api" head=8b8bf6d run=4127 -->',
        "### `api` image grew 122 MB (+55.2%) to 343 MB ▲: over budget ❌",
        "",
        "| | base `1a2b3c4` | this PR `8b8bf6d` | change | limit |",
        "|:--|--:|--:|--:|:--|",
        "| On disk | 221 MB | 343 MB | **+122 MB** (+55.2%) | **over** 340 MB ❌ |",
        "| To pull | 73.7 MB | 114 MB | +40.7 MB (+55.2%) | under 130 MB ✅ |",
        "| Reclaimable | 6.10 MB | 41.9 MB | **+35.8 MB** | **over** 25.0 MB ❌ |",
    ]
    assert lines[9] == (
        "1. **+120 MB** from `Dockerfile:14` `RUN apt-get install -y build-essential`: Build in an"
        " earlier stage, `COPY --from=build` only the result (saves 36.9 MB, TCH001)"
    )
    assert "<b>Layers</b>: 2 added, 1 removed, 1 grew, 2 same</summary>" in page
    assert (
        "<b>Findings</b>: 2 new, 1 already on base (not counted against this PR), 1 fixed<" in page
    )


def test_nothing_significant_is_one_sentence() -> None:
    base = clean()
    after = report([base.layers[0], replace(base.layers[1], diff_id="x", disk_bytes=20_012_000)])
    page = rendered(compared(base, after, Gates(size=340 * MB))).splitlines()
    assert page[1] == "### `api` image unchanged at 100\u00a0MB (+12.0\u00a0kB), within budget ✅"
    assert len(page) == 4


def test_changes_on_a_page_add_up() -> None:
    """The causes, and each table with its rest, are the growth."""
    comparison = compared(before_contents(), after_contents())
    page = rendered(comparison).replace("\u00a0", " ")
    assert "image grew 25.0 MB (+25.0%) to 125 MB" in page
    causes = re.findall(r"^\d\. \**([+-][\d.]+) MB", page, re.MULTILINE)
    assert sum(map(float, causes)) == 25.0
    for title in ("Packages", "Files"):
        fold = page.partition(f"<b>{title}</b>")[2].partition("</details>")[0]
        rows = re.findall(r"^\| ([+-]?[\d.]+) (M?B) \|", fold, re.MULTILINE)
        assert sum(float(number) for number, _ in rows) == 25.0, title
    whole = rendered(comparison, flavor="summary")
    assert "`/opt/tool-1/bin/tool` → `/opt/tool-2/bin/tool` moved" in whole
    assert (
        "- +4.00 MB is from the base image (`debian:13-slim`), +21.0 MB from this image's own"
        in page
    )
    assert "| +4.00 MB | `libc6` (dpkg) | `2.40` → `2.41` | 0 |" in page


def test_another_platform_is_in_the_headline_whatever_changed() -> None:
    comparison = compared(clean(), on_arm(clean()))
    for flavor in FLAVORS:
        page = rendered(comparison, flavor=flavor)
        first = next(line for line in page.splitlines() if line.startswith("###"))
        assert "linux/amd64 compared with linux/arm64" in first


def test_a_page_of_several_has_a_fold_for_each() -> None:
    result: list[Report | Comparison] = [
        compared(before(), wasteful(), GATES),
        clean(),
        compared(clean(), clean()),
    ]
    page = rendered_together(result, head="8b8bf6d", run="4127")
    check_inert(page, own="<code>[a-z]+</code>")
    lines = page.splitlines()
    assert lines[0] == '<!-- slim:report v=1 key="api:api:api" head=8b8bf6d run=4127 -->'
    assert lines[1] == "### 3 images: 1 of them over budget"
    assert page.count("<details>") == page.count("</details>") == 3
    assert "<b><code>api</code></b>: grew 122" in page
    assert "**Layers**: 2 added" in page
    room = len(page.encode()) - 50
    short = rendered_together(result, max_bytes=room, key="all")
    assert len(short.encode()) <= room
    assert short.startswith('<!-- slim:report v=1 key="all" -->')
    assert "**Files**" not in short
    assert short.count("<details>") == 3, "what each image has to say first is kept"
    tiny = rendered_together(result, max_bytes=500)
    assert len(tiny.encode()) <= 500
    assert "_Left out for length" in tiny
    assert rendered_together([clean()]) == rendered(clean())
    comparison = compared(clean(), wasteful())
    assert rendered_together([comparison]) == rendered(comparison)


@given(st.lists(texts, min_size=1, max_size=3), st.sampled_from(list(FLAVORS)))
@settings(max_examples=20)
def test_any_texts_are_inert_on_a_page_of_several(names: list[str], flavor: str) -> None:
    result: list[Report | Comparison] = [
        hostile(names),
        compared(hostile(names[:1]), hostile(names)),
    ]
    page = rendered_together(result, flavor=flavor)
    check_inert(page, own=r"<code>(?:[^<>@#`&]|&[#\w]+;|[@#`])*</code>")


@given(st.lists(texts, min_size=1, max_size=4), st.lists(texts, min_size=1, max_size=4))
@settings(max_examples=40)
@LONG
def test_any_texts_are_inert(base: list[str], after: list[str]) -> None:
    comparison = compared(hostile(base), hostile(after), Gates(layers=1))
    for flavor in FLAVORS:
        check_inert(rendered(comparison, flavor=flavor))
    assert json.loads(slim.render(comparison, "json"))["kind"] == "comparison"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    first = tar_layer({"etc/a": b"a" * 1000}, created_by="RUN one")
    second = tar_layer({"etc/b": b"b" * 500_000}, created_by="RUN two")
    save(image(first), tmp_path / "base.tar")
    save(image(first, second), tmp_path / "image.tar")
    monkeypatch.chdir(tmp_path)
    for name in ("base", "image"):
        text = slim.render(slim.analyze(tmp_path / f"{name}.tar", top=1000), "json")
        (tmp_path / f"{name}.json").write_text(text)
    return tmp_path


def test_compare_takes_images_and_reports_alike(folder: Path) -> None:
    result = []
    for base in ("base.tar", "base.json"):
        for after in ("image.tar", "image.json"):
            assert run("compare", base, after, "-o", "json=out.json") == 0
            document = json.loads((folder / "out.json").read_text())
            totals = [document[side]["totals"] for side in ("base", "image")]
            result.append((document["layers"], totals))
    assert all(entry == result[0] for entry in result[1:])
    assert [entry["status"] for entry in result[0][0]] == ["added", "same"]


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        ([], 0, ""),
        (["--max-growth", "5%,1kB"], 1, "over budget: growth of 500 kB is over 5% and 1.00 kB"),
        (["--max-growth", "5%,1kB", "--exit-zero"], 0, "over budget"),
        (["--max-growth", "5%,1MB"], 0, "within budget"),
        (["--max-size", "500B"], 0, "over budget on base too (not from this PR)"),
        (["--max-layers", "1"], 1, "layers 2 is over the limit of 1 by 1"),
        (["--max-growth", "5%"], 2, "[bad-budget]"),
        (["-o", "ncdu"], 2, "[unknown-format]"),
        (["--dockerfile", "Dockerfile"], 2, "[no-image]"),
    ],
)
def test_compare_gates(
    folder: Path, capsys: pytest.CaptureFixture[str], options: list[str], code: int, says: str
) -> None:
    assert run("compare", "base.json", "image.json", *options) == code
    assert says in capsys.readouterr().err


def test_compare_refuses_a_comparison(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("compare", "base.json", "image.json", "-o", "json=delta.json") == 0
    assert run("compare", "delta.json", "image.json") == 3
    assert "is of kind 'comparison', not 'analysis'" in capsys.readouterr().err
