"""The recommendation: one sentence that an expert would say, then the steps that it takes."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from msgspec.structs import replace

import slim
from slim.formats import changes
from slim.formats.plan import LAST_STAGE, MULTI_STAGE, REBUILD, recommend, steps
from slim.report import model
from slim.report.gates import Gates
from slim.report.judge import judge
from slim.report.model import Report
from slim.report.stages import is_multi_stage
from slim.report.untrusted import bare, untrusted
from slim.units import SI
from tests.conftest import LONG
from tests.support.building import image, save
from tests.support.building import layer as tar_layer
from tests.support.commands import run
from tests.support.comparisons import compared, package
from tests.support.pages import rendered
from tests.support.reports import MB, clean, finding, layer, place, report, wasteful

OTHER_STAGE = model.FixInfo(text="Compile earlier.", snippet=None, where="other-stage", verify=None)
DOCKERFILE = (
    "FROM golang:1 AS build\nRUN make\n\nFROM --platform=$T debian:13-slim AS final\nCMD a\n"
)


def at(index: int, claimed: int, line: int | None = None) -> list[model.Cause]:
    where = place(line) if line else None
    return [
        model.Cause(
            layer=index, created_by=untrusted("RUN x"), dockerfile=where, claimed_bytes=claimed
        )
    ]


def rebuilt(disk: int, dockerfile: str = DOCKERFILE) -> model.Rebuild:
    part = model.KeepPart(
        what="the release", why=untrusted("it runs"), disk_bytes=disk, pull_bytes=disk, files=1,
        packages=[], paths=[], guessed=False,
    )  # fmt: skip
    return model.Rebuild(
        disk_bytes=disk, pull_bytes=disk, stack="elixir", confidence="likely",
        base=untrusted("the distribution"), origin="layers", keep=[part], assumes=[],
        dockerfile=untrusted(dockerfile),
    )  # fmt: skip


def with_rebuild(disk: int) -> Report:
    sample = wasteful()
    return replace(sample, predicted=replace(sample.predicted, rebuild=rebuilt(disk)))


def sentence(sample: Report) -> str:
    advised = recommend(sample, SI)
    return bare(advised.sentence) if advised else ""


def test_a_rebuild_is_named_by_what_it_ships_and_on_what() -> None:
    assert sentence(with_rebuild(104 * MB)) == (
        "Ship the release on debian:13-slim, built in an earlier stage: 343 MB → 104 MB on disk"
        " (−70%). The Dockerfile is below."
    )
    page = rendered(with_rebuild(104 * MB), "text")
    assert page.index("Ship the release") < page.index("What to change") < page.index("FROM golang")


@pytest.mark.parametrize(
    ("built", "because"),
    [
        (104, "The fixes one by one come to 301 MB: they remove only what a rule names"),
        (300, ""),
        (315, ""),
        (
            318,
            "With the other steps below it would be 301 MB: they delete parts of what it installs",
        ),
        (334, "The fixes one by one come to 301 MB, less than the multi-stage build's 334 MB"),
    ],
)
def test_why_the_two_predictions_differ_by_more_than_a_twentieth(built: int, because: str) -> None:
    advised = recommend(with_rebuild(built * MB), SI)
    assert advised is not None
    assert advised.because.startswith(because)
    assert bool(advised.because) is bool(because)


@pytest.mark.parametrize(
    ("built", "first"), [(180, "Ship the release on"), (280, "One instruction")]
)
def test_a_build_that_gets_half_as_far_comes_before_fixes_that_add_to_it(
    built: int, first: str
) -> None:
    sample = with_rebuild(built * MB)
    fixed = model.Amount(disk_bytes=100 * MB, pull_bytes=1)
    found = finding(1, "PYT007", 243 * MB, fix=OTHER_STAGE, where=at(1, 243 * MB))
    sample = replace(sample, findings=[found], predicted=replace(sample.predicted, all=fixed))
    assert sentence(sample).startswith(first)


def test_without_a_rebuild_the_lines_that_hold_most_of_it_are_counted() -> None:
    layers = [layer(number, "RUN x", 100 * MB) for number in range(4)]
    claims = ((0, 60, 3), (1, 40, 4), (1, 20, 4), (2, 1, 9))
    findings = [
        finding(number, "DEB001", size * MB, where=at(index, size * MB, line))
        for number, (index, size, line) in enumerate(claims)
    ]
    sample = report(layers, findings=findings)
    change = "121 MB: 400 MB → 279 MB on disk (−30%)."
    assert sentence(sample) == f"Two lines of your Dockerfile can save {change}"
    placeless = [replace(each, where=at(0, each.claimed_bytes)) for each in findings]
    sample = report(layers, findings=placeless)
    assert sentence(sample) == f"One instruction of your Dockerfile can save {change}"


@pytest.mark.parametrize("format", ["text", "markdown", "html"])
def test_under_a_hundredth_there_is_nothing_to_do(format: str) -> None:
    small = finding(1, "DEB001", MB // 2, where=at(1, MB // 2))
    sample = report(clean().layers, findings=[small])
    page = rendered(sample, format).replace("\u00a0", " ")
    assert "Nothing worth changing: all fixes together would save 500 kB (0.5%)." in page
    assert small.fix.text.strip("`.") not in page.split("<details", 1)[0]
    assert "Nothing worth changing" not in rendered(wasteful(), format)


def test_a_builder_is_told_what_would_count_if_it_were_a_release() -> None:
    note = finding(1, "TCH001", 0, mode="note", disk_bytes=90 * MB)
    sample = report(clean().layers, findings=[note])
    role = model.Role(name="builder", score=6, evidence=[])
    sample = replace(sample, image=replace(sample.image, role=role))
    assert "--role release judges it as that (one rule alone points at 90.0 MB)" in sentence(sample)


def test_findings_for_another_stage_are_one_step() -> None:
    staged = [
        finding(number, "TCH001", size * MB, fix=OTHER_STAGE) for number, size in ((1, 30), (2, 20))
    ]
    sample = report(clean().layers, findings=[*staged, finding(3, "DEB001", 40 * MB)])
    assert [(step.saves, len(step.findings)) for step in steps(sample)] == [
        (50 * MB, 2),
        (40 * MB, 1),
    ]
    text = rendered(sample, "text")
    assert text.count(MULTI_STAGE) == 1
    assert OTHER_STAGE.text not in text
    alone = report(clean().layers, findings=staged[:1])
    assert MULTI_STAGE not in rendered(alone, "text")


def test_another_stage_comes_first_even_where_one_option_saves_more() -> None:
    staged = [
        finding(number, "TCH001", size * MB, fix=OTHER_STAGE) for number, size in ((1, 30), (2, 20))
    ]
    sample = report(clean().layers, findings=[finding(3, "DEB004", 90 * MB), *staged])
    assert [step.saves for step in steps(sample)] == [50 * MB, 90 * MB]


def test_a_written_dockerfile_is_one_step_with_all_that_it_leaves_out() -> None:
    findings = [
        finding(1, "DEB004", 150 * MB, in_rebuild=True),
        finding(2, "PYT007", 60 * MB, fix=OTHER_STAGE),
        finding(3, "TCH001", 30 * MB, fix=OTHER_STAGE, in_rebuild=True),
    ]
    sample = replace(with_rebuild(104 * MB), findings=findings)
    assert [(step.saves, step.title, len(step.findings)) for step in steps(sample)] == [
        (239 * MB, REBUILD, 2),
        (60 * MB, "", 1),
    ]
    for format in ("text", "markdown", "html"):
        assert REBUILD in rendered(sample, format)
        assert MULTI_STAGE not in rendered(sample, format)
    # The fixes get much farther than the build: then they are what is recommended.
    worse = replace(sample, predicted=replace(sample.predicted, rebuild=rebuilt(340 * MB)))
    assert [step.title for step in steps(worse)] == [MULTI_STAGE, ""]
    again = replace(sample, layers=staged("COPY --from=build /rel ./").layers)
    assert steps(again)[0].title == LAST_STAGE


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("layers", "would remove it."),
        ("scratch", "would remove it, such as that of the Dockerfile."),
    ],
)
def test_waste_of_the_base_goes_where_the_dockerfile_has_another(
    origin: Literal["layers", "scratch"], expected: str
) -> None:
    sample = with_rebuild(104 * MB)
    other = replace(rebuilt(104 * MB), origin=origin)
    predicted = replace(sample.predicted, rebuild=other, other_base_bytes=50 * MB)
    text = " ".join(rendered(replace(sample, predicted=predicted), "text").split())
    assert f"50.0 MB of waste sits in the base image; only a different base {expected}" in text


@LONG
def test_the_rebuild_of_a_real_report_takes_care_of_what_it_leaves_out() -> None:
    sample = slim.analyze("fixtures/phoenix-fat.tar")
    by_rule = {each.rule: each for each in sample.findings}
    assert by_rule["TCH001"].in_rebuild
    assert by_rule["LYR003"].in_rebuild, "what hid the files stays in the build stage"
    assert sample.predicted.rebuild is not None
    first = steps(sample)[0]
    assert first.saves == sample.totals.disk_bytes - sample.predicted.rebuild.disk_bytes
    claimed = sum(each.claimed_bytes for each in first.findings)
    assert abs(first.saves - claimed) * 10 <= claimed


@pytest.mark.parametrize("format", ["text", "markdown", "html"])
def test_nobody_is_asked_to_save_thirteen_bytes(format: str) -> None:
    findings = [
        finding(1, "DEB001", 50 * MB),
        finding(2, "VCS004", 13, title="Files of a repository host", fix=OTHER_STAGE),
    ]
    sample = report(clean().layers, findings=findings)
    assert [step.saves for step in steps(sample)] == [50 * MB]
    page = rendered(sample, format)
    assert "Files of a repository host" not in page.split("<details")[0]
    if format == "text":
        assert "… and 1 smaller one" in page
    if format == "html":
        assert "1 fix for a few bytes is not listed" in page
    assert "Files of a repository host" not in rendered(sample, "sarif")
    tiny = report([layer(0, "COPY app", 20_000)], findings=findings[1:])
    assert "Files of a repository host" in rendered(tiny, "sarif")
    assert [step.saves for step in steps(tiny)] == [13]


def test_an_example_is_a_file_that_is_claimed(tmp_path: Any) -> None:
    """Of a large file that another finding claims, nobody can save anything here."""
    maps = {
        "app/node_modules/a/dist/a.js": b"x",
        "app/node_modules/a/dist/a.js.map": b"m" * 2_000_000,
    }
    modules = {
        "app/node_modules/b/dist/b.js": b"x",
        "app/node_modules/b/dist/b.js.map": b"m" * 1_500_000,
        "app/node_modules/a/package.json": b'{"name": "a", "version": "1.0.0"}',
        "app/node_modules/b/package.json": b'{"name": "b", "version": "1.0.0"}',
        "app/node_modules/.package-lock.json": (
            b'{"packages": {"node_modules/a": {"version": "1.0.0", "dev": true},'
            b' "node_modules/b": {"version": "1.0.0"}}}'
        ),
        "app/server.js": b"x",
    }
    path = save(
        image(tar_layer({**maps, **modules}), config={"Cmd": ["node", "/app/server.js"]}),
        tmp_path / "app.tar",
    )
    by_rule = {each.rule: each for each in slim.analyze(path).findings}
    found = by_rule["NOD037"]
    assert found.claimed_bytes == 1_500_000
    assert found.disk_bytes == 3_500_000
    assert [bare(each.path) for each in found.examples] == ["app/node_modules/b/dist/b.js.map"]
    assert (found.files, found.claimed_files) == (2, 1)


def test_packages_are_named_largest_first_with_their_size() -> None:
    names = [untrusted(name) for name in ("aaa", "erlang-dev", "zzz")]
    packages = [
        package(name, "1", size * MB)
        for name, size in zip(("aaa", "erlang-dev", "zzz"), (1, 30, 9), strict=True)
    ]
    sample = report(
        clean().layers,
        findings=[finding(1, "ELX037", 40 * MB, packages=names, where=at(1, 40 * MB))],
        packages=packages,
    )
    for format in ("text", "markdown"):
        assert "erlang-dev (30.0 MB), zzz (9.00 MB), aaa (1.00 MB)" in rendered(
            sample, format
        ).replace("\u00a0", " ").replace("`", "")


def grown(claimed: int, elsewhere: int) -> slim.Comparison:
    """Layer 5 is new with 68 MB, of which a new finding that is mostly in layer 6 claims some."""
    before = report([layer(0, "ADD rootfs", 100 * MB)])
    causes = [*at(6, elsewhere), *at(5, claimed)]
    found = finding(1, "JSN001", claimed + elsewhere, where=causes)
    layers = [
        layer(0, "ADD rootfs", 100 * MB),
        layer(5, "COPY app", 68 * MB),
        layer(6, "RUN npm", 97 * MB),
    ]
    return compared(before, report(layers, findings=[found]))


def test_a_cause_saves_what_the_finding_claims_in_its_own_layer() -> None:
    causes = {cause.layer.index: cause for cause in changes.largest_increases(grown(1600, 96 * MB))}
    assert (causes[6].saves, causes[5].saves, causes[5].finding) == (96 * MB, 0, None)
    causes = {cause.layer.index: cause for cause in changes.largest_increases(grown(8 * MB, 0))}
    assert causes[5].saves == 8 * MB


def test_what_shrank_reads_like_it() -> None:
    before = report(
        [
            layer(0, "ADD rootfs", 100 * MB),
            layer(1, "RUN build", 900 * MB),
            layer(2, "COPY a", 5 * MB),
        ]
    )
    after = report(
        [layer(0, "ADD rootfs", 100 * MB), layer(2, "COPY a", 8 * MB), layer(3, "COPY b", 1 * MB)]
    )
    sample = compared(before, after)
    text, page, html = (rendered(sample, name) for name in ("text", "markdown", "html"))
    assert "▼" in text.splitlines()[0]
    assert "▼" in page.splitlines()[1]
    assert "Largest decreases" in text
    assert "Largest increases" not in text, "4 MB of 900 matter to nobody"
    assert page.index("900") < page.index("other layers")
    assert "Largest decreases" in html
    back = rendered(compared(after, before), "text")
    assert "▲" in back.splitlines()[0]
    assert "Largest increases" in back


def test_a_finding_says_what_it_claims_in_each_layer(tmp_path: Any) -> None:
    lists = {"var/lib/apt/lists/a_Packages": b"x" * 300_000, "var/lib/dpkg/status": b""}
    more = {"var/lib/apt/lists/b_Packages": b"y" * 200_000}
    path = save(image(tar_layer(lists), tar_layer(more)), tmp_path / "app.tar")
    assert run("analyze", str(path), "-o", f"json={tmp_path / 'app.json'}") == 0
    found = slim.load_report(tmp_path / "app.json").findings[0]
    assert found.rule == "DEB001"
    assert [(cause.layer, cause.claimed_bytes) for cause in found.where] == [
        (0, 300_000),
        (1, 200_000),
    ]


@pytest.mark.parametrize("format", ["text", "markdown", "html"])
def test_where_nothing_is_worth_changing_no_details_follow_unless_a_gate_fails(format: str) -> None:
    small = finding(1, "DEB001", MB // 2, where=at(1, MB // 2))
    sample = replace(wasteful(), findings=[small], predicted=clean().predicted)
    sample = replace(sample, predicted=replace(sample.predicted, all=replace(sample.predicted.all)))
    quiet = replace(
        sample,
        predicted=replace(sample.predicted, all=model.Amount(disk_bytes=342 * MB, pull_bytes=1)),
    )
    page = rendered(quiet, format)
    assert "Nothing worth changing" in page
    if format == "text":
        assert "Dead weight, by" not in page
        assert "Largest files" not in page
        assert "\nLayers" in page
    if format == "markdown":
        assert "<b>Dead weight</b>" not in page
        assert "<b>Layers</b>" in page
    if format == "html":
        assert 'class="steps"' not in page
    failed = judge(quiet, Gates(size=MB))
    details = {"text": "Largest files", "markdown": "<b>Dead weight</b>", "html": 'class="steps"'}
    assert details[format] in rendered(failed, format)


def staged(created_by: str, *, from_stage: bool = False, disk: int = 20) -> Report:
    sample = with_rebuild(104 * MB)
    layers = [
        layer(0, "ADD rootfs", 100 * MB, from_base=True),
        layer(1, "RUN apt-get install", 100 * MB),
        layer(2, created_by, disk * MB, dockerfile=replace(place(9), from_stage=from_stage)),
    ]
    return replace(sample, layers=layers)


@pytest.mark.parametrize(
    ("sample", "multi"),
    [
        (staged("COPY /srv/build/rel/shop ./ # buildkit"), True),
        (staged("COPY --chown=app:app --from=build /rel ./"), True),
        (staged("COPY --chown=app:app /rel ./ # buildkit"), True),
        (staged("/bin/sh -c #(nop) COPY dir:abc in /app", from_stage=True), True),
        (staged("/bin/sh -c #(nop) COPY dir:abc in /app"), False),
        (staged("COPY . . # buildkit"), False),
        (staged("COPY ./rel /app # buildkit"), False),
        (staged("COPY /usr/bin/composer /usr/bin/composer # buildkit", disk=3), False),
        (staged("RUN cp /a /b # buildkit"), False),
    ],
)
def test_an_image_of_several_stages_is_not_told_to_have_some(sample: Report, multi: bool) -> None:
    for format in ("text", "markdown", "html"):
        page = rendered(sample, format).replace("\u00a0", " ").replace("`", "")
        lead = (
            "The last stage ships more than it needs. The release alone on debian:13-slim:"
            if multi
            else "Ship the release on debian:13-slim, built in an earlier stage:"
        )
        assert lead in " ".join(page.replace("<code>", "").replace("</code>", "").split())
        assert ("A multi-stage build would be" in page) is (not multi and format != "markdown")


def test_the_dockerfile_says_what_is_copied_from_a_stage(tmp_path: Any) -> None:
    path = save(
        image(
            tar_layer({"etc/os-release": b"x"}, created_by="ADD file:1 in /"),
            tar_layer({"app/a": b"x"}, created_by="/bin/sh -c #(nop) COPY dir:12 in /app "),
        ),
        tmp_path / "app.tar",
    )
    source = tmp_path / "Dockerfile"
    source.write_text("FROM a AS build\nRUN make\nFROM b\nCOPY --from=build /out /app\n")
    sample = slim.analyze(path, dockerfile=source)
    places = [each.dockerfile for each in sample.layers]
    assert places[-1] is not None
    assert places[-1].from_stage
    assert is_multi_stage(sample)


def test_a_comment_names_the_three_largest_packages() -> None:
    names = [untrusted(f"package{letter}") for letter in "abcde"]
    packages = [package(f"package{letter}", "1", 9 * MB) for letter in "abcde"]
    sample = report(
        clean().layers,
        findings=[finding(1, "ELX037", 40 * MB, packages=names, where=at(1, 40 * MB))],
        packages=packages,
    )
    page = rendered(sample).replace("\u00a0", " ")
    assert "packagec (9.00 MB) and 2 packages" in page
    assert "packagee (9.00 MB)" in " ".join(rendered(sample, "text").split())
