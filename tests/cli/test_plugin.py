"""`slim plugin`: settings as Drone and Woodpecker give them, and the commands that they become."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import slim
from slim.cli.app import app
from slim.cli.plugin import plugin_options
from slim.cli.plugin_settings import Plan, plan
from slim.errors import UsageError
from tests.support.building import delete, image, layer, save
from tests.support.commands import run
from tests.support.environments import CI, WOODPECKER
from tests.support.forges import TOKEN, Forge, serve
from tests.support.reports import wasteful

OPTIONS = plugin_options(app)


def planned(**settings: str) -> Plan:
    env = {f"PLUGIN_{name.upper()}": value for name, value in settings.items()}
    return plan(env, OPTIONS, "tmp.json")


def test_an_image_alone_is_analysed() -> None:
    words = ("analyze", "--output", "text", "--output", "json=tmp.json", "--", "i.tar")
    assert planned(image="i.tar") == Plan(words, (), (), "")


def test_every_kind_of_setting_becomes_an_option() -> None:
    found = planned(
        image="-i.tar",
        max_size="340MB",
        fail_on='["high", "SEC001"]',
        limit="layers=9, members=5",
        max_layers="12",
        exit_zero="True",
        verify="false",
        advice="true",
        output="text,json=size.json,markdown=c.md",
        base_image="debian.tar",
        key="api",
        comment="true",
        forge="gitea",
        token="secret",  # noqa: S106
        when="always",
        require="no",
        pr="7",
    )
    assert found.measure[0] == "analyze"
    assert found.measure[-2:] == ("--", "-i.tar")
    assert " ".join(found.measure[1:-2]) == (
        "--max-size 340MB --fail-on high --fail-on SEC001 --limit layers=9 --limit members=5"
        " --max-layers 12 --exit-zero --no-verify --advice"
        " --output text --output json=size.json --output markdown=c.md --key api --base debian.tar"
    )
    start = ("comment", "gitea", "--key", "api", "--when", "always", "--pr", "7")
    assert found.comment == (*start, "size.json")
    assert found.on_failure == start
    assert found.token == "secret"  # noqa: S105
    assert "secret" not in " ".join((*found.measure, *found.comment))


def test_a_base_is_compared_with() -> None:
    found = planned(image="i.tar", base="main.json", max_growth="5%,1MB", fail_on="new:high")
    assert " ".join(found.measure) == (
        "analyze --max-growth 5%,1MB --fail-on new:high --against main.json"
        " --output text --output json=tmp.json -- i.tar"
    )


def test_what_both_commands_take_goes_to_both() -> None:
    found = planned(image="i.tar", comment="true", key="api", report_url="https://ci.example/r")
    both = ("--key", "api", "--report-url", "https://ci.example/r")
    assert found.measure[1:5] == both
    assert found.comment == ("comment", *both, "tmp.json")


def test_reports_of_earlier_steps_are_commented_on() -> None:
    found = planned(reports='["a.json","b.json"]', comment="yes", key="all")
    assert (found.measure, found.comment) == ((), ("comment", "--key", "all", "a.json", "b.json"))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "image and reports"),
        ({"image": "a", "reports": "b"}, "image and reports"),
        ({"image": "a", "max_sise": "1"}, "did you mean `max_size`"),
        ({"image": "a", "against": "x"}, "unknown setting 'against'"),
        ({"reports": "a", "max_size": "1"}, "setting `max_size` needs `image`"),
        ({"image": "a", "comment": "maybe"}, "comment: 'maybe' is neither true nor false"),
        ({"image": "a", "exit_zero": "[]"}, "exit_zero: '[]' is neither true nor false"),
        ({"image": "a", "fail_on": "[1, {}]"}, "is not a list of words"),
        ({"image": "a", "fail_on": "[" * 10_000}, "is not a list of words"),
        ({"image": "a", "help": "true"}, "unknown setting 'help'"),
        ({"image": "a", "failure": "x"}, "unknown setting 'failure'"),
    ],
)
def test_settings_without_effect_are_errors(settings: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError) as caught:
        planned(**settings)
    assert says in caught.value.message


def test_an_empty_setting_is_none() -> None:
    """A secret that a pull request from a fork does not get is an empty text."""
    assert planned(image="i.tar", token="", max_size="", comment="") == planned(image="i.tar")


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Forge]:
    """A step of Woodpecker in its workspace, and its forge."""
    for name in list(os.environ):
        if name.startswith((*CI, "PLUGIN_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SLIM_TOKEN", "")  # so that what the plugin sets goes, too
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.chdir(tmp_path)
    built = image(layer({"etc/a": b"x" * 500_000, "etc/b": b"two"}), layer(delete("etc/a")))
    save(built, tmp_path / "image.tar")
    with serve("forgejo") as forge:
        environment = {**WOODPECKER, "CI_FORGE_URL": forge.url, "SLIM_API_URL": forge.url}
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield forge


def settings(monkeypatch: pytest.MonkeyPatch, **values: Any) -> None:
    """As Woodpecker gives them: scalars as text, the rest as JSON."""
    for name, value in values.items():
        text = value if isinstance(value, str) else json.dumps(value)
        monkeypatch.setenv(f"PLUGIN_{name.upper()}", text)


def test_a_step_fails_over_budget_and_comments(
    job: Forge, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings(monkeypatch, image="image.tar", max_size="100kB", comment=True, token=TOKEN, key="api")
    assert run("plugin") == 1
    printed = capsys.readouterr()
    assert "500 kB on disk" in printed.out
    assert "over budget" in printed.err
    assert TOKEN not in printed.out + printed.err
    assert "over budget" in job.comments[0].body
    settings(monkeypatch, max_size="1MB")
    assert run("plugin") == 0
    assert len(job.comments) == 1
    assert "within budget" in job.comments[0].body


def test_later_steps_are_told(job: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("out").write_text("earlier=1\n")
    monkeypatch.setenv("DRONE_OUTPUT", "out")
    settings(monkeypatch, image="image.tar", max_size="100kB")
    assert run("plugin") == 1
    lines = Path("out").read_text().splitlines()
    assert lines[:2] == ["earlier=1", "size_bytes=500003"]
    assert "verdict=fail" in lines
    monkeypatch.setenv("DRONE_OUTPUT", "no/such/folder/file")
    assert run("plugin") == 2


def test_a_step_without_secrets_prints_the_comment_and_passes(
    job: Forge, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings(monkeypatch, image="image.tar", comment=True, token="", output=["json=size.json"])
    assert run("plugin") == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("<!-- slim:report")
    assert "[no-token]" in printed.err
    assert slim.load_report("size.json").totals.disk_bytes == 500_003
    assert job.log == []


def test_a_required_comment_that_fails_fails_the_step(
    job: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    job.locked = True
    settings(monkeypatch, image="image.tar", comment=True, token=TOKEN, require=True)
    assert run("plugin") == 6


def test_an_image_that_cannot_be_analysed_is_said_in_the_comment(
    job: Forge, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings(monkeypatch, image="image.tar", comment=True, token=TOKEN, key="api")
    assert run("plugin") == 0
    data = Path("image.tar").read_bytes()
    Path("image.tar").write_bytes(data[: len(data) // 2])
    assert run("plugin") in (3, 4)
    error = capsys.readouterr().err
    assert "slim: error: " in error
    assert len(job.comments) == 1
    assert "### `api` image could not be analysed: the archive ends at byte" in job.comments[0].body


def test_a_comparison_charges_what_is_new(job: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    settings(monkeypatch, image="image.tar", output=["json=main.json"])
    assert run("plugin") == 0
    built = image(layer({"etc/a": b"x" * 500_000, "etc/c": b"y" * 900_000}))
    save(built, Path("image.tar"))
    monkeypatch.delenv("PLUGIN_OUTPUT")
    settings(monkeypatch, base="main.json", max_growth="5%,100kB", comment=True, token=TOKEN)
    assert run("plugin") == 1
    assert "image grew 900" in job.comments[0].body.replace("\u00a0", " ")


def test_reports_of_several_images_make_one_comment(
    job: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("api", "web"):
        Path(f"{name}.json").write_text(slim.render(wasteful(), "json"))
    settings(monkeypatch, reports=["api.json", "web.json"], comment=True, token=TOKEN)
    assert run("plugin") == 0
    assert [comment.body.count("<summary>") for comment in job.comments] == [2]


def test_a_wrong_setting_is_explained(
    job: Forge, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings(monkeypatch, image="image.tar", max_size="a lot")
    assert run("plugin") == 2
    assert "[bad-budget]" in capsys.readouterr().err
    settings(monkeypatch, max_size="1MB", max_layers="x")
    assert run("plugin") == 2
    assert "--max-layers" in capsys.readouterr().err
