"""Gates are not decided by what a layer's own table of contents says of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import LONG
from tests.support.building import file, image, layer, save
from tests.support.commands import run
from tests.support.lazy_layers import Maker, Table, chunked, estargz, served

KEY = b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"
HIDDEN = [file("root/key.pem", KEY), file("srv/big", bytes(50_000_000))]
SHOWN = [file("etc/motd", b"hello\n")]


def lie(table: Table) -> None:
    """All but the first file is left out."""
    del table[1:]


@pytest.mark.parametrize("make", [estargz, chunked])
@pytest.mark.parametrize(
    "gates",
    [
        ["--max-size", "1MB", "--fail-on", "high"],
        ["--max-size", "1MB"],
        ["--fail-on", "high"],
        ["--fail-on", "SEC001"],
        ["--max-reclaimable", "1MB"],
    ],
)
@LONG
def test_a_table_of_contents_passes_no_gate(
    make: Maker, gates: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with served(make([*SHOWN, *HIDDEN], lie)) as fake:
        call = ["analyze", fake.name, "--plain-http", fake.host, "--no-cache", *gates]
        assert run(*call, "-o", "json=-") == 3
        shown = capsys.readouterr()
        assert json.loads(shown.out)["verdict"]["result"] == "unknown"
        assert "the contents of 1 layer were not verified" in shown.err
        assert "--full" in shown.err
        assert run(*call, "--full") == ("--max-size" in gates)


@pytest.mark.parametrize("make", [estargz, chunked])
@LONG
def test_what_the_manifest_says_is_decided(make: Maker) -> None:
    with served(make([*SHOWN, *HIDDEN], lie)) as fake:
        call = ["analyze", fake.name, "--plain-http", fake.host, "--no-cache"]
        assert run(*call, "--max-layers", "1", "--max-pull-size", "1MB") == 0
        assert run(*call, "--max-layers", "0") == 1


@LONG
def test_neither_side_of_a_comparison_is_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    save(image(layer({"etc/motd": b"hello\n"})), tmp_path / "small.tar")
    save(image(layer({"srv/big": bytes(2_000_000)})), tmp_path / "large.tar")

    def boast(table: Table) -> None:
        table[0].update(size=5_000_000)

    with served(chunked(SHOWN)) as fake:
        registry = ["--plain-http", fake.host, "--no-cache"]
        compare = ["compare", "small.tar", fake.name, *registry]
        assert run(*compare, "--max-growth", "1%,1MB") == 3
        assert run(*compare, "--fail-on", "new:high") == 3
        capsys.readouterr()
        assert run("compare", fake.name, "small.tar", *registry, "--fail-on", "new:high") == 3
        assert "the base's report: the contents of 1 layer" in capsys.readouterr().err
        assert run("compare", fake.name, "small.tar", *registry, "--fail-on", "high") == 0
    with served(chunked(SHOWN, boast)) as fake:
        # A base that says it is larger still excuses nothing.
        registry = ["--plain-http", fake.host, "--no-cache"]
        assert run("compare", fake.name, "large.tar", *registry, "--max-size", "1MB") == 1
