"""Reports read back: what slim wrote is the same again, what strangers wrote is refused or harmless."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import slim
from slim.formats.formats import format_names
from slim.report.load import parse_document, parse_report
from tests.support.building import delete, image, layer, save
from tests.support.commands import run
from tests.support.filled import changed, paths
from tests.support.reports import REPORTS, clean, wasteful

GOOD = slim.render(wasteful(), "json")


@pytest.mark.parametrize("kind", REPORTS)
def test_a_report_is_the_same_again(kind: str) -> None:
    sample = REPORTS[kind]()
    assert parse_report(slim.render(sample, "json").encode(), "r") == sample


def test_a_report_of_an_image_is_the_same_again(tmp_path: Path) -> None:
    built = image(layer({"etc/a": b"one", "etc/b": b"two"}), layer(delete("etc/a")))
    report = slim.analyze(save(built, tmp_path / "a.tar"))
    path = tmp_path / "report.json"
    path.write_text(slim.render(report, "json"))
    assert slim.load_report(path) == report


def test_a_comparison_is_the_same_again() -> None:
    comparison = slim.compare(clean(), wasteful())
    data = slim.render(comparison, "json").encode()
    assert parse_document(data, "c") == comparison
    assert parse_document(GOOD.encode(), "r") == wasteful()
    with pytest.raises(slim.SlimError) as caught:
        parse_report(data, "c")
    assert "kind 'comparison', not 'analysis'" in caught.value.message


@pytest.mark.parametrize(
    "tree",
    [
        [{"parent": 0}],
        [{}, {}],
        [{}, {"parent": 1}],
        [{}, {"parent": 2}, {"parent": 0}],
        [{}, {"parent": 0, "kind": "file"}, {"parent": 1}],
    ],
)
def test_a_tree_that_leads_nowhere_is_refused(tree: list[Any]) -> None:
    with pytest.raises(slim.SlimError, match="node"):
        parse_report(changed(GOOD, "tree", tree), "r")


def test_unknown_fields_and_a_newer_minor_version_are_accepted() -> None:
    assert parse_report(changed(GOOD, "totals.future_bytes", {"a": [1.5]}), "r") == wasteful()
    newer = parse_report(changed(GOOD, "schema_version", "1.99"), "r")
    assert newer.schema_version == "1.99"


def test_a_report_from_before_there_were_gates_is_read() -> None:
    document = json.loads(GOOD)
    del document["budgets"], document["verdict"]
    assert parse_report(json.dumps(document).encode(), "r") == wasteful()


REFUSED = [
    ("not JSON", b"{", "bad-report", "not valid JSON"),
    ("empty", b"", "bad-report", "not valid JSON"),
    ("UTF-16", GOOD.encode("utf-16"), "bad-report", "not valid JSON"),
    ("an array", b"[]", "bad-report", "is not an object"),
    ("another document", b'{"manifests": []}', "bad-report", "no schema_version"),
    ("a version that is a number", changed(GOOD, "schema_version", 1.0), "bad-report", "schema_version"),
    ("another major version", changed(GOOD, "schema_version", "2.0"), "other-schema", "reads 1.0"),
    ("another kind", changed(GOOD, "kind", "poem"), "bad-report", "kind 'poem'"),
    (
        "a key twice",
        GOOD.replace('"kind"', '"kind": "analysis", "kind"', 1).encode(),
        "bad-report",
        "duplicate key",
    ),
    ("a negative size", changed(GOOD, "totals.disk_bytes", -1), "bad-report", "$.totals.disk_bytes"),
    ("a size as text", changed(GOOD, "totals.disk_bytes", "1"), "bad-report", "$.totals.disk_bytes"),
    ("a size as a truth value", changed(GOOD, "totals.disk_bytes", True), "bad-report", "disk_bytes"),
    ("a broken size", changed(GOOD, "totals.disk_bytes", 1.5), "bad-report", "disk_bytes"),
    ("64 bits", changed(GOOD, "layers.0.index", 2**63), "bad-report", "63 bits"),
    ("a long number", changed(GOOD, "layers.0.index", 1).replace(b"1", b"1" * 5000, 1), "bad-report", ""),
    ("no number", GOOD.replace("1.0,", "NaN,", 1).encode(), "bad-report", "NaN is not a number"),
    ("infinity", GOOD.replace('"user_wasted_percent": 0.0', '"user_wasted_percent": 1e999').encode(),
     "bad-report", "not a finite number"),
    ("half a pair", changed(GOOD, "image.name", "\ud800"), "bad-report", "surrogate"),
    ("half a pair as a key", changed(GOOD, "image.\udfff", ""), "bad-report", "surrogate"),
    ("an unknown severity", changed(GOOD, "findings.0.severity", "worst"), "bad-report", "severity"),
    ("a missing field", changed(GOOD, "totals", {}), "bad-report", "missing required field"),
    ("brackets without end", b"[" * 200_000, "limit-report-depth", "report depth"),
    ("deep where nothing is read", changed(GOOD, "x", json.loads("[" * 80 + "]" * 80)),
     "limit-report-depth", "65 is over the limit of 64"),
    ("too many values", b"[" + b"0," * 5_000_000 + b"0]", "limit-report-nodes", "of 5,000,000"),
    ("too many bytes", b" " * ((64 << 20) + 1), "limit-report-bytes", "limit of 67,108,864"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "slug", "says"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_forged_reports_are_refused(data: bytes, slug: str, says: str) -> None:
    with pytest.raises(slim.SlimError) as caught:
        parse_report(data, "r.json")
    assert (caught.value.slug, caught.value.exit_code) == (slug, 5 if "limit" in slug else 3)
    assert says in caught.value.message
    assert len(caught.value.message) < 400
    assert caught.value.hint


@pytest.mark.parametrize(
    "setting", ["--limit=report-bytes=1000", "--limit=report-nodes=9", "--limit=report-depth=2"]
)
def test_limits_of_reports_are_flags(setting: str, tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(GOOD)
    for command in ("render", "check"):
        more = ["--max-layers=9"] if command == "check" else []
        assert run(command, str(tmp_path / "r.json"), *more) == 0
        assert run(command, str(tmp_path / "r.json"), setting, *more) == 5


@given(
    st.sampled_from(list(paths(json.loads(GOOD)))),
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.just([]), st.just({})
    ),
)
@settings(max_examples=100)
def test_any_change_of_a_report_is_refused_or_rendered(path: str, value: Any) -> None:
    try:
        report = parse_report(changed(GOOD, path, value), "r")
    except slim.SlimError as error:
        assert error.exit_code in (3, 5)  # noqa: PT017
        return
    for name in format_names():
        slim.render(report, name)


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path, "a\0b"):
        with pytest.raises(slim.SlimError) as caught:
            slim.load_report(path)
        assert (caught.value.slug, caught.value.exit_code) == ("unreadable", 3)


def test_render_writes_every_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "report.json"
    path.write_text(GOOD)
    outputs = [part for name in format_names() for part in ("-o", f"{name}={tmp_path / name}")]
    assert run("render", str(path), *outputs) == 0
    for name in format_names():
        assert (tmp_path / name).read_bytes().decode() == slim.render(wasteful(), name)
    assert run("render", str(path), "-o", "markdown") == 0
    assert capsys.readouterr().out == slim.render(wasteful(), "markdown")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("report.json", "-o", "pdf"), 2, "unknown-format"),
        (("report.json", "-o", "text", "-o", "json"), 2, "two-outputs"),
        (("none.json",), 3, "unreadable"),
        (("report.json", "-o", "text=no/such/folder"), 2, "no-output"),
    ],
)
def test_render_says_what_is_wrong(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    code: int,
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("report.json").write_text(GOOD)
    assert run("render", *arguments) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"[{says}]" in captured.err


@pytest.mark.parametrize("field", ["disk_bytes", "pull_bytes", "files"])
def test_a_tree_that_does_not_add_up_is_refused(tmp_path: Path, field: str) -> None:
    built = image(layer({"etc/a": b"one", "etc/b": b"two", "usr/c": bytes(99)}))
    document = json.loads(slim.render(slim.analyze(save(built, tmp_path / "a.tar")), "json"))
    for node in range(len(document["tree"])):
        wrong = json.loads(json.dumps(document))
        wrong["tree"][node][field] = wrong["tree"][node].get(field, 0) + 1
        with pytest.raises(slim.SlimError, match="does not add up"):
            parse_report(json.dumps(wrong).encode(), "r")
