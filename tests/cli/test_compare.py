"""Comparing from the command line: one run that analyses, compares, gates and writes everything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import slim
from slim.report.comparison import Comparison
from slim.report.load import load_document
from tests.conftest import LONG
from tests.support.building import delete, image, save
from tests.support.building import layer as tar_layer
from tests.support.commands import run
from tests.support.comparisons import before, compared
from tests.support.reports import REPORTS, wasteful

FIRST = tar_layer({"etc/a": b"a" * 1000, "etc/b": b"b" * 30}, created_by="RUN one")
SECOND = tar_layer({"etc/c": b"c" * 500_000, "etc/d": b"d" * 70}, created_by="RUN two")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    save(image(FIRST), tmp_path / "base.tar")
    save(image(FIRST, SECOND), tmp_path / "image.tar")
    monkeypatch.chdir(tmp_path)
    assert run("analyze", "base.tar", "-o", "json=base.json") == 0
    return tmp_path


def read(path: str) -> Any:
    return json.loads(Path(path).read_text())


@pytest.mark.parametrize("base", ["base.tar", "base.json"])
@pytest.mark.parametrize("flag", ["--against", "--base-report"])
def test_one_run_analyses_compares_gates_and_writes(
    base: str, flag: str, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = ["json", "report", "markdown", "sarif", "gitlab", "junit", "csv", "metrics"]
    words = [word for name in outputs for word in ("-o", f"{name}=out.{name}")]
    call = ["analyze", "image.tar", flag, base, *words, "--max-growth", "5%,1kB"]
    assert run(*call) == 1
    assert "over budget: growth of 500 kB" in capsys.readouterr().err
    result, report = load_document("out.json"), load_document("out.report")
    assert isinstance(result, Comparison)
    assert isinstance(report, slim.Report)
    assert result.verdict.result == "fail"
    assert report.totals == result.image.totals
    assert "<!-- slim:report v=1" in Path("out.markdown").read_text()
    assert all(Path(f"out.{name}").stat().st_size for name in outputs)


def test_the_report_beside_a_comparison_is_that_of_an_analysis() -> None:
    assert run("analyze", "image.tar", "-o", "json=alone.json", "--top", "1000") == 0
    for call in (
        ["analyze", "image.tar", "--against", "base.tar", "--top", "1000"],
        ["compare", "base.tar", "image.tar"],
    ):
        assert run(*call, "-o", "report=beside.json", "-o", "json=made.json") == 0
        assert read("beside.json") == read("alone.json")
    assert run("analyze", "image.tar", "--all-files", "--top", "1", "-o", "report=all.json") == 0
    assert len(read("all.json")["largest_files"]) == 4
    assert all(file["content"] for file in read("all.json")["largest_files"])


def test_images_are_compared_file_by_file_and_reports_as_far_as_they_go() -> None:
    def changed(*call: str) -> tuple[list[str], bool]:
        assert run(*call, "-o", "json=made.json") == 0
        result = read("made.json")
        return [entry["path"] for entry in result["files"]], result["partial"]["files"]

    both = ["etc/c", "etc/d"]
    assert changed("compare", "base.tar", "image.tar") == (both, False)
    assert changed("analyze", "image.tar", "--against", "base.tar") == (both, False)
    assert changed("analyze", "image.tar", "--against", "base.tar", "--top", "1") == (both, False)
    assert run("analyze", "base.tar", "--top", "1", "-o", "json=short.json") == 0
    assert changed("analyze", "image.tar", "--against", "short.json") == (["etc/c"], True)
    assert run("analyze", "base.tar", "--top", "1", "--all-files", "-o", "json=long.json") == 0
    assert changed("analyze", "image.tar", "--against", "long.json") == (both, False)


@pytest.mark.parametrize(
    ("call", "code", "says"),
    [
        (["analyze", "image.tar", "--max-growth", "5%,1MB"], 2, "[no-base]"),
        (["analyze", "image.tar", "--against", "none.tar"], 3, "[unreadable]"),
        (["analyze", "image.tar", "--against", "base.json", "-o", "ncdu"], 2, "[unknown-format]"),
        (["analyze", "image.tar", "--fail-on", "new:high"], 2, "[bad-fail-on]"),
        (["analyze", "image.tar", "--flavor", "html"], 2, "[unknown-flavor]"),
        (["check", "base.json", "--max-growth", "5%,1MB"], 2, "[no-base]"),
        (["check", "made.json"], 2, "[no-gate]"),
        (["check", "made.json", "--max-growth", "5%,1kB"], 1, "growth of"),
        (["check", "made.json", "--max-growth", "5%,1MB"], 0, "within budget"),
        (["check", "made.json", "--max-size", "500B"], 0, "on base too"),
        (["check", "made.json", "--fail-on", "new:low,new:DEB001"], 0, "within budget"),
        (["check", "made.json", "--max-layers", "1", "--exit-zero"], 0, "over budget"),
        (["render", "made.json", "-o", "report=x.json"], 2, "[no-report]"),
        (["render", "made.json", "base.json", "-o", "json=x.json"], 2, "[unknown-format]"),
        (["render", "base.json", "none.json", "-o", "markdown"], 3, "[unreadable]"),
    ],
)
@LONG
def test_calls(call: list[str], code: int, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("compare", "base.json", "image.tar", "-o", "json=made.json") == 0
    assert run(*call) == code
    assert says in capsys.readouterr().err


def test_checking_a_comparison_again_gives_the_same_verdict() -> None:
    """From the document alone: the reports are not needed."""
    Path("made.json").write_text(slim.render(compared(before(), wasteful()), "json"))
    for gates in (
        ["--max-size", "340MB"],
        ["--max-size", "200MB"],
        ["--fail-on", "new:high"],
        ["--fail-on", "LAY003"],
        ["--fail-on", "new:LAY003"],
        ["--fail-on", "new:DEB001"],
        ["--max-growth", "5%,1MB", "--max-reclaimable", "1GB"],
    ):
        Path("one.json").write_text(slim.render(before(), "json"))
        Path("two.json").write_text(slim.render(wasteful(), "json"))
        first = run("compare", "one.json", "two.json", *gates, "-o", "json=first.json")
        again = run("check", "made.json", *gates, "-o", "json=again.json")
        assert first == again
        assert read("first.json") == read("again.json")


def test_a_comparison_renders_the_same_again() -> None:
    outputs = ["markdown", "sarif", "gitlab", "github", "junit", "csv", "metrics", "env", "summary"]
    first = [word for name in outputs for word in ("-o", f"{name}=first.{name}")]
    again = [word for name in outputs for word in ("-o", f"{name}=again.{name}")]
    assert run("compare", "base.tar", "image.tar", "-o", "json=made.json", *first) == 0
    assert run("render", "made.json", *again) == 0
    for name in outputs:
        assert Path(f"first.{name}").read_bytes() == Path(f"again.{name}").read_bytes()


def test_pages_say_where_they_are_from(capsys: pytest.CaptureFixture[str]) -> None:
    labels = ["--key", "api", "--head", "8b8bf6d", "--run", "4127", "--flavor", "gitea"]
    urls = ["--report-url", "https://ci.example/r", "--run-url", "https://ci.example/4127"]
    base = ["--base-head", "1a2b3c4"]
    for call in (
        ["compare", "base.tar", "image.tar", *base],
        ["analyze", "image.tar", "--against", "base.tar", *base],
        ["analyze", "image.tar"],
        ["render", "base.json", "base.json"],
        ["render", "base.json"],
    ):
        assert run(*call, *labels, *urls, "-o", "markdown") == 0
        page = capsys.readouterr().out
        start = '<!-- slim:report v=1 key="api" head=8b8bf6d run=4127 -->\n###'
        assert page.startswith(start)
        assert "[HTML report](https://ci.example/r) · [run](https://ci.example/4127)" in page
        assert ("base `1a2b3c4` | this PR `8b8bf6d`" in page) == ("--base-head" in call)


def test_labels_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {"HEAD": "abc", "RUN": "7", "FLAVOR": "bitbucket", "KEY": "web"}.items():
        monkeypatch.setenv(f"SLIM_{name}", value)
    assert run("render", "base.json", "-o", "markdown") == 0
    page = capsys.readouterr().out
    assert page.startswith("### `web` image")
    assert page.splitlines()[-1] == '`slim:report v=1 key="web" head=abc run=7`'


def test_several_reports_are_one_page(capsys: pytest.CaptureFixture[str]) -> None:
    for name, make in REPORTS.items():
        Path(f"{name}.json").write_text(slim.render(make(), "json"))
    Path("made.json").write_text(slim.render(compared(before(), wasteful()), "json"))
    call = ["render", "over.json", "clean.json", "made.json"]
    assert run(*call, "-o", "markdown=page.md", "-o", "summary=+all.md", "-o", "text") == 0
    page = Path("page.md").read_text()
    assert page.count("<details>") == 3
    assert "### 3 images: 1 of them over budget" in page
    assert "<details>" not in capsys.readouterr().out


# Several at once


@pytest.fixture
def two(folder: Path) -> None:
    """Two images, the reports of what they were in main/, and settings for each."""
    for name, layers in {"api": (FIRST,), "web": (SECOND,)}.items():
        save(image(*layers), folder / "old.tar")
        save(image(*layers, tar_layer({"etc/new": b"n" * 3_000})), folder / f"{name}.tar")
        (folder / "main").mkdir(exist_ok=True)
        assert run("analyze", "old.tar", "--all-files", "-o", f"json=main/{name}.json") == 0
    (folder / "slim.toml").write_text(
        '[image.api]\nbudget = { growth = { percent = 5, min = "1 kB" } }\n'
        '[image.web]\nbudget = { growth = { percent = 5, min = "1 kB" } }\n'
    )


@pytest.mark.parametrize(
    "call",
    [
        ["compare", "main/{}.json", "api.tar", "web.tar"],
        ["analyze", "api.tar", "web.tar", "--against", "main/{}.json"],
    ],
)
def test_several_images_are_compared_each_with_its_base(
    two: None, call: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = ["-o", "json=size-{}.json", "-o", "report=new/{}.json", "-o", "markdown=out.{}"]
    Path("new").mkdir()
    assert run(*call, "--key", "{}", *outputs) == 1
    output = capsys.readouterr().err.splitlines()
    assert output[0].startswith("slim: api: over budget: growth of 3.00 kB is over 5% and 1.00 kB")
    assert output[1:] == ["slim: web: within budget"], "0.6% of what it was"
    for name, before_bytes in (("api", 1_030), ("web", 500_070)):
        report = load_document(f"size-{name}.json")
        assert isinstance(report, Comparison)
        assert report.base.totals.disk_bytes == before_bytes
        assert report.growth.disk_bytes == 3_000
        assert [file.path for file in report.files] == ["etc/new"]
        assert f'<!-- slim:report v=1 key="{name}" -->' in Path(f"out.{name}").read_text()
    # Reports of both sides give the same, and so does judging what was written.
    assert run("compare", "main/{}.json", "new/api.json", "new/web.json", "-o", "json=r-{}") == 0
    assert load_document("r-api").growth == load_document("size-api.json").growth  # type: ignore[union-attr]
    assert run("check", "size-api.json", "size-web.json", "--key", "{}") == 2
    assert "has no [image.size-api]" in capsys.readouterr().err
    Path("api.json").write_bytes(Path("size-api.json").read_bytes())
    Path("web.json").write_bytes(Path("size-web.json").read_bytes())
    assert run("check", "api.json", "web.json", "--key", "{}", "-o", "json=again-{}.json") == 1
    assert Path("again-api.json").read_bytes() == Path("size-api.json").read_bytes()
    assert capsys.readouterr().err.splitlines() == output


def test_several_images_can_have_one_base(two: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("compare", "api.tar", "web.tar", "api.tar", "-o", "json", "--no-config") == 0
    first, second = capsys.readouterr().out.split("\n}\n{\n")
    assert '"input": "web.tar"' in first
    assert '"input": "api.tar"' in second


def test_comparing_takes_the_options_of_analyzing(folder: Path) -> None:
    call = ["compare", "base.tar", "image.tar", "--role", "builder", "--jobs", "1", "--no-cache"]
    assert run(*call, "--image-index", "0", "--no-verify", "-o", "report=made.json") == 0
    assert read("made.json")["image"]["role"]["name"] == "builder"
    assert not read("made.json")["source"]["verified"]
    assert run("compare", "base.tar", "image.tar", "--tag", "none") == 2


# Files that others write, too


def test_an_output_is_added_to_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("step").write_text("before=1")
    for _ in range(2):
        assert run("render", "base.json", "-o", "env=+step", "-o", "summary=+page.md") == 0
    lines = Path("step").read_text().splitlines()
    assert lines[0] == "before=1"
    assert lines[1:] == lines[1:5] * 2
    assert lines[1] == "size_bytes=1030"
    assert Path("page.md").read_text().count("### `") == 2
    assert run("render", "base.json", "-o", "env=+") == 0
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == "slim: env is left out: there is no path after the +\n"


@pytest.mark.parametrize("kind", ["link", "fifo", "folder", "missing"])
def test_nothing_but_files_is_added_to(
    kind: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import os

    (folder / "other").write_text("precious")
    path = folder / "no" / "x" if kind == "missing" else folder / "out"
    if kind == "link":
        path.symlink_to("other")
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    assert run("render", "base.json", "-o", f"env=+{path}") == 2
    assert "[no-output]" in capsys.readouterr().err
    assert (folder / "other").read_text() == "precious"


# Images that cannot be read


def test_a_failed_analysis_makes_pages_that_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    data = Path("image.tar").read_bytes()
    Path("image.tar").write_bytes(data[: len(data) // 2])
    Path("page.md").write_text("within budget")
    outputs = ["-o", "markdown=page.md", "-o", "summary=+sum.md", "-o", "json=out.json"]
    for call in (["analyze", "image.tar"], ["compare", "base.json", "image.tar"]):
        assert run(*call, *outputs, "--key", "api", "--head", "8b8bf6d") in (3, 4)
        page = Path("page.md").read_text()
        assert page.startswith('<!-- slim:report v=1 key="api" head=8b8bf6d -->\n')
        assert "### `api` image could not be analysed: " in page
        assert "could not be analysed" in Path("sum.md").read_text()
        assert not Path("out.json").exists()
    assert run("analyze", "image.tar", "-o", "markdown") in (3, 4)
    assert "### `image.tar` image could not be analysed" in capsys.readouterr().out


def test_a_wrong_call_makes_no_page() -> None:
    assert run("analyze", "image.tar", "--tag", "none", "-o", "markdown=page.md") == 2
    assert not Path("page.md").exists()


def test_every_file_is_in_the_export_and_not_in_the_report() -> None:
    call = ["analyze", "image.tar", "--top", "1", "-o", "ncdu=all.ncdu", "-o", "json=short.json"]
    assert run(*call) == 0
    assert "smaller file" not in Path("all.ncdu").read_text()
    assert '"a", "asize": 1000' in Path("all.ncdu").read_text()
    assert len(read("short.json")["largest_files"]) == 1
    assert read("short.json")["truncated"]["largest_files"] == 3
    assert run("analyze", "image.tar", "--top", "1", "-o", "json=alone.json") == 0
    assert read("short.json") == read("alone.json")


def test_the_base_image_can_be_given_to_both(folder: Path) -> None:
    third = tar_layer(delete("etc/b"), created_by="RUN three")
    save(image(FIRST, third), folder / "image.tar")
    save(image(FIRST, SECOND), folder / "before.tar")
    call = ["analyze", "image.tar", "--against", "before.tar", "--base", "base.tar"]
    assert run(*call, "-o", "json=made.json") == 0
    growth = read("made.json")["growth"]
    assert growth["base_image"] == {"disk_bytes": 0, "pull_bytes": 0}
    assert growth["own"]["disk_bytes"] == growth["disk_bytes"] == -500_070


def test_fingerprints_stay_when_lines_of_the_dockerfile_move(folder: Path) -> None:
    lists = {"var/lib/apt/lists/a_Packages": b"x" * 300_000, "var/lib/dpkg/status": b""}
    apt = "RUN /bin/sh -c apt-get update # buildkit"
    save(image(tar_layer(lists, created_by=apt)), folder / "image.tar")
    found = []
    for lines in (
        "FROM scratch\nRUN apt-get update\n",
        "FROM scratch\n\n# why\n\nRUN apt-get update\n",
    ):
        (folder / "Dockerfile").write_text(lines)
        call = ["analyze", "image.tar", "--dockerfile", "Dockerfile"]
        assert run(*call, "-o", "sarif=out.sarif", "-o", "gitlab=out.gitlab") == 0
        (result,) = read("out.sarif")["runs"][0]["results"]
        (entry,) = read("out.gitlab")
        line = result["locations"][0]["physicalLocation"]["region"]["startLine"]
        assert line == entry["location"]["lines"]["begin"]
        found.append((line, result["partialFingerprints"], entry["fingerprint"]))
    assert [step[0] for step in found] == [2, 5]
    assert found[0][1:] == found[1][1:]


def test_a_dockerfile_below_the_working_directory_is_named_from_there(folder: Path) -> None:
    """CI systems give whole paths, and annotate by those of the repository."""
    (folder / "ci").mkdir()
    (folder / "ci" / "Dockerfile").write_text("FROM scratch\nRUN one\nRUN two\n")
    call = ["analyze", "image.tar", "-o", "json=made.json", "--dockerfile"]
    for name, shown in (
        (f"{folder}/ci/Dockerfile", "ci/Dockerfile"),
        ("ci/Dockerfile", "ci/Dockerfile"),
    ):
        assert run(*call, name) == 0
        assert read("made.json")["layers"][1]["dockerfile"]["path"] == shown
