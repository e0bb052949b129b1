"""ncdu's export: every byte of the final filesystem, in directories as they are."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import slim
from slim.formats.ncdu import render
from slim.report.model import Report, TreeNode
from slim.report.untrusted import untrusted
from tests.conftest import require
from tests.support.building import delete, file, image, layer, save
from tests.support.pages import names
from tests.support.reports import example, hostile, report
from tests.support.reports import layer as info


def entries(text: str) -> tuple[dict[str, int], int]:
    """Path → bytes of the files, and how deep the directories are."""
    major, minor, head, root = json.loads(text)
    assert (major, minor, head["progname"]) == (1, 2, "slim")
    found: dict[str, int] = {}
    deepest = 0
    waiting: list[tuple[str, Any, int]] = [("", root, 1)]
    while waiting:
        above, node, depth = waiting.pop()
        deepest = max(deepest, depth)
        assert "name" in node[0]
        for child in node[1:]:
            if isinstance(child, list):
                waiting.append((f"{above}{child[0]['name']}/", child, depth + 1))
            else:
                assert child["asize"] == child["dsize"]
                path = above + child["name"]
                found[path] = found.get(path, 0) + child["asize"]
    return found, deepest


IMAGE = image(
    layer({"etc/a": b"a" * 10, "usr/lib/x/y": b"y" * 300, "usr/lib/z": b"z" * 20}),
    layer(delete("etc/a"), file(b"caf\xe9", b"1"), {"usr/bin/tool": b"t" * 1000}),
)


def test_every_file_is_there(tmp_path: Path) -> None:
    result = slim.analyze(save(IMAGE, tmp_path / "a.tar"), all_files=True)
    found, _ = entries(render(result))
    assert found == {"caf\ufffd": 1, "usr/bin/tool": 1000, "usr/lib/x/y": 300, "usr/lib/z": 20}


def test_a_short_report_gives_its_tree_and_loses_no_byte(tmp_path: Path) -> None:
    files = {f"usr/share/{number % 30}/{number}": b"x" * (number + 1) for number in range(1200)}
    result = slim.analyze(save(image(layer(files)), tmp_path / "a.tar"), top=5)
    found, _ = entries(render(result))
    assert sum(found.values()) == result.totals.live_bytes
    assert any("smaller file" in path for path in found)
    assert found["usr/share/29/1199"] == 1200


def listed(paths: list[str]) -> Report:
    files = [example(path, 5) for path in paths]
    return report([info(0, "RUN a", 5 * len(paths))], largest_files=files)


@given(st.lists(st.text("ab/.\n\"'é", max_size=8), max_size=12))
@settings(max_examples=60)
def test_any_paths_are_a_tree_of_all_bytes(paths: list[str]) -> None:
    found, _ = entries(render(listed(paths)))
    assert sum(found.values()) == 5 * len(paths)


@given(names)
@settings(max_examples=20)
def test_any_names_are_json_of_printable_text(document: list[str]) -> None:
    text = render(hostile(document))
    assert text.isascii()
    assert "\\u001b" not in text
    json.loads(text)


def test_paths_of_any_depth_are_written() -> None:
    deep = "/".join("d" * 5_000)
    text = render(listed([deep, "a", deep + "/x"]))
    assert text.count("[") == text.count("]") < 520
    nodes = [TreeNode()]
    nodes += [TreeNode(parent=number, name=untrusted("d")) for number in range(3_000)]
    nodes.append(TreeNode(parent=3_000, kind="file", name=untrusted("f"), disk_bytes=7))
    sample = report([info(0, "RUN a", 7)], tree=nodes)
    found, deepest = entries(render(sample))
    assert sum(found.values()) == 7
    assert deepest < 70


@pytest.mark.real
def test_ncdu_reads_it(tmp_path: Path) -> None:
    """The real program, on a terminal of its own: it shows the sizes of the image."""
    require("ncdu")
    result = slim.analyze(save(IMAGE, tmp_path / "a.tar"), all_files=True)
    path = tmp_path / "ncdu.json"
    path.write_text(render(result))
    again = tmp_path / "again.json"
    subprocess.run(["ncdu", "-f", path, "-o", again], check=True, capture_output=True)
    copied, _ = entries(again.read_text().replace('"progname":"ncdu"', '"progname":"slim"'))
    assert copied == entries(path.read_text())[0]
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        ["ncdu", "--si", "-f", str(path)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm", "LINES": "24", "COLUMNS": "80"},
    )
    os.close(theirs)
    shown = b""
    ends = time.monotonic() + 20
    while b"usr" not in shown and time.monotonic() < ends:
        shown += os.read(ours, 10_000)
    os.write(ours, b"q")
    assert child.wait(timeout=20) == 0
    os.close(ours)
    assert b"usr" in shown
