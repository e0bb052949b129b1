"""A format is a value and a line in the list: what the command line and the errors say follows."""

from __future__ import annotations

from pathlib import Path

import pytest

from slim.formats import formats
from slim.formats.model import Format, RenderOptions
from slim.report.model import Report
from tests.support.commands import run
from tests.support.pages import rendered
from tests.support.reports import wasteful


def layers(report: Report, options: RenderOptions) -> str:
    return "".join(f"{options.units.size(layer.disk_bytes)}\n" for layer in report.layers)


LAYERS = Format(name="layers", about="The layers' sizes.", ending=".layers", report=layers)


def test_each_format_has_its_name_in_the_list() -> None:
    assert [formats.load_format(name).name for name in formats.FORMATS] == list(formats.FORMATS)


def test_a_format_that_is_in_the_list_is_known_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(formats.FORMATS, "layers", f"{__name__}.LAYERS")
    monkeypatch.chdir(tmp_path)
    Path("report.json").write_text(rendered(wasteful(), "json"))
    assert run("render", "report.json", "-o", "layers", "-o", "layers=sizes.layers") == 0
    out = capsys.readouterr().out
    assert out == Path("sizes.layers").read_text() == rendered(wasteful(), "layers")
    assert out.startswith("117 MB\n")
    assert run("render", "report.json", "-o", "nothing") == 2
    assert ", layers" in capsys.readouterr().err
    # It shows reports alone: no comparisons, no page of several.
    assert "layers" not in formats.format_names(compared=True)
    assert run("compare", "report.json", "report.json", "-o", "layers") == 2
    assert run("render", "report.json", "report.json", "-o", "layers") == 2
    assert "format 'layers' shows one image by itself" in capsys.readouterr().err
