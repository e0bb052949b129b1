"""`slim repack` and `slim verify` from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from slim.formats.certificate.schema import render_certificate_schema
from slim.image.ref import ImageRef
from slim.image.source import open_image
from tests.conftest import GOLDEN
from tests.support.building import image, layer, save
from tests.support.commands import run
from tests.support.pipes import pipe
from tests.support.repacking import seen, stored_layers

SCHEMA = GOLDEN / "certificate-1.0.schema.json"
CACHE = "var/cache/apt/archives/x_1_all.deb"
STATUS = b"Package: base-files\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n"
SYSTEM = {"etc/os-release": b"ID=debian\n", "var/lib/dpkg/status": STATUS}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    careless = image(
        layer({**SYSTEM, "a": b"1" * 5_000}), layer({CACHE: b"\0" * 200_000}), layer(".wh.a b=2")
    )
    save(careless, tmp_path / "app.tar")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def certificate(path: str = "app.slim.json") -> Any:
    found = json.loads(Path(path).read_text())
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(found)
    return found


def test_the_committed_schema_is_that_of_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert SCHEMA.read_text() == render_certificate_schema()
    Draft202012Validator.check_schema(json.loads(SCHEMA.read_text()))
    assert run("schema", "certificate") == 0
    assert capsys.readouterr().out == SCHEMA.read_text()
    assert run("schema", "other") == 2


def test_dead_bytes_go_and_the_certificate_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("repack", "app.tar", "-o", "app.slim.tar") == 0
    out, err = capsys.readouterr()
    assert "The filesystem is the source's, path by path" in out
    assert err == ""
    (image,) = certificate()["images"]
    assert [(each["path"], each["rule"], each["disk_bytes"]) for each in image["removed"]] == [
        ("a", "deleted", 5_000)
    ]
    assert image["proof"]["differences"] == []
    with open_image(ImageRef("app.slim.tar")) as result:
        assert image["result"]["digest"] == result.manifest_digest
        assert result.config.labels["io.slim.repack.source"] == image["source"]["digest"]
    assert run("verify", "app.tar", "app.slim.tar", "app.slim.json") == 0
    assert run("verify", "app.tar", "app.slim.tar") == 0


def test_what_is_chosen_is_missed_and_certified(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("repack", "app.tar", "-o", "app.slim.tar", "--level", "safe") == 0
    assert CACHE.encode() not in seen(stored_layers(Path("app.slim.tar")))
    assert "DEB002" in capsys.readouterr().out
    assert run("verify", "app.tar", "app.slim.tar", "app.slim.json") == 0
    assert run("verify", "app.tar", "app.slim.tar") == 1
    assert f"/{CACHE}" in capsys.readouterr().out
    assert run("verify", "app.tar", "app.tar", "app.slim.json") == 1
    out = capsys.readouterr().out
    assert "The certificate does not fit" in out
    assert "still there" in out


def test_a_plan_is_edited_and_carried_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("analyze", "app.tar", "-o", "plan=plan.json") == 0
    plan = json.loads(Path("plan.json").read_text())
    assert {finding["rule"] for finding in plan["findings"] if finding["apply"]} >= {"DEB002"}
    assert run("repack", "app.tar", "-o", "out.tar", "--plan", "plan.json") == 0
    assert CACHE.encode() not in seen(stored_layers(Path("out.tar")))
    for finding in plan["findings"]:
        finding["apply"] = False
    Path("plan.json").write_text(json.dumps(plan))
    assert run("repack", "app.tar", "-o", "out.tar", "--plan", "plan.json") == 0
    assert CACHE.encode() in seen(stored_layers(Path("out.tar")))
    capsys.readouterr()
    assert run("repack", "out.tar", "-o", "no.tar", "--plan", "plan.json") == 2
    assert "another-image" in capsys.readouterr().err


def test_a_trace_keeps_what_was_used() -> None:
    Path("used").write_text(f"/{CACHE}\n")
    call = ("repack", "app.tar", "-o", "out.tar", "--level", "safe", "--keep-trace", "used")
    assert run(*call) == 0
    assert CACHE.encode() in seen(stored_layers(Path("out.tar")))
    assert certificate("out.json")["images"][0]["observed"] == [CACHE]


def test_certificates_for_people() -> None:
    names = ("c.json", "c.md", "c.html", "c.txt")
    papers = [word for name in names for word in ("--certificate", name)]
    assert run("repack", "app.tar", "-o", "out.tar", "--level", "safe", *papers) == 0
    assert not Path("out.json").exists()
    for name in names:
        text = Path(name).read_text()
        assert "DEB002" in text
        assert CACHE in text
    assert Path("c.html").read_text().startswith("<!doctype html>")
    assert "default-src 'none'" in Path("c.html").read_text()


def test_all_platforms_become_one_index(tmp_path: Path) -> None:
    from slim.image.source import images_in

    fixture = Path(__file__).parents[2] / "fixtures" / "platforms.tar"
    assert run("repack", str(fixture), "-o", "oci-archive:all.tar") == 0
    before = images_in(ImageRef(str(fixture)))
    after = images_in(ImageRef("all.tar"))
    assert [result.platform for result in after] == [source.platform for source in before]
    assert len(certificate("all.json")["images"]) == len(before) > 1
    assert run("verify", str(fixture), "all.tar", "all.json") == 0
    assert run("repack", str(fixture), "-o", "docker-archive:one.tar") == 2
    assert not Path("one.tar").exists()
    platform = str(before[0].platform)
    assert run("repack", str(fixture), "-o", "one.tar", "--platform", platform) == 0


@pytest.mark.parametrize(
    ("words", "code", "slug"),
    [
        (["app.tar"], 2, "no-output"),
        (["none.tar", "-o", "out.tar"], 3, "unreadable"),
        (["app.tar", "-o", "no/such/out.tar"], 2, "no-output"),
        (["app.tar", "-o", "oci-archive:"], 2, "no-output"),
        (["app.tar", "-o", "out.tar", "--level", "sfae"], 2, "bad-choice"),
        (["app.tar", "-o", "out.tar", "--layers", "one"], 2, "bad-choice"),
        (["app.tar", "-o", "out.tar", "--compression", "lz4"], 2, "bad-choice"),
        (["app.tar", "-o", "out.tar", "--certificate", "c.pdf"], 2, "bad-choice"),
        (["app.tar", "-o", "out.tar", "--certificate", "no/c.json"], 2, "no-output"),
        (["app.tar", "-o", "out.tar", "--apply", "GOL001"], 2, "nothing-to-apply"),
        (["app.tar", "-o", "out.tar", "--apply", "GOL001", "--level", "all"], 2, "bad-choice"),
        (["app.tar", "-o", "out.tar", "--plan", "app.tar"], 3, "not-a-plan"),
        (["app.tar", "-o", "out.tar", "--keep-trace", "none"], 3, "unreadable"),
        (["app.tar", "-o", "out.tar", "--limit", "layer-bytes=1000"], 5, "limit-layer-bytes"),
    ],
)
def test_errors_write_nothing(
    words: list[str], code: int, slug: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("repack", *words) == code
    assert f"[{slug}]" in capsys.readouterr().err
    assert [each.name for each in folder.iterdir()] == ["app.tar"]


@pytest.mark.parametrize("text", ["{}", "[1]", '{"schema_version": "9.0"}', "x"])
def test_what_is_no_certificate(text: str) -> None:
    Path("c.json").write_text(text)
    assert run("verify", "app.tar", "app.tar", "c.json") == 3


def test_what_lies_beside_the_image_is_listed_and_not_copied(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fixture = Path(__file__).parents[2] / "fixtures" / "platforms.tar"
    with open_image(ImageRef(str(fixture), platform="linux/amd64")) as found:
        companions = len(found.companions)
    assert run("repack", str(fixture), "-o", "out.tar", "--platform", "linux/amd64") == 0
    assert len(certificate("out.json")["left_out"]) == companions
    assert capsys.readouterr().err.count("not copied") == companions


def test_what_goes_by_in_a_pipe_is_kept_until_it_is_done(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("repack", "app.tar", "-o", "first.tar") == 0
    with pipe((folder / "app.tar").read_bytes()) as name:
        assert run("repack", name, "-o", "second.tar") == 0
    assert (folder / "second.tar").read_bytes() == (folder / "first.tar").read_bytes()
    with pipe((folder / "app.tar").read_bytes()) as name:
        assert run("verify", name, "second.tar", "second.json") == 0
    capsys.readouterr()
    with pipe(b"") as name:
        assert run("repack", name, "-o", "third.tar") == 3
    assert "is empty: did the command before the pipe fail?" in capsys.readouterr().err
    assert not (folder / "third.tar").exists()
