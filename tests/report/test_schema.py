"""The report's JSON and its schema: what is committed is what the code means, and what it writes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from jsonschema.exceptions import ValidationError  # type: ignore[import-untyped]
from msgspec.structs import replace

import slim
from slim.formats.json import render
from slim.report.model import SCHEMA_VERSION, Budget, Dive
from slim.report.schema import render_schema
from slim.report.untrusted import untrusted
from tests.conftest import GOLDEN, LONG
from tests.support.attacks import every
from tests.support.building import delete, file, image, layer, save
from tests.support.layouts import DOCKER_LAYER, HELLO, config, docker, entry, pack, simple

COMMITTED = GOLDEN / f"report-{SCHEMA_VERSION}.schema.json"


@cache
def validator() -> Draft202012Validator:
    schema = json.loads(COMMITTED.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_the_committed_schema_is_that_of_the_code() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == render_schema()


def without_order(report: slim.Report | slim.Comparison) -> Any:
    return json.loads(render(report))


FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
IMAGES: dict[str, Callable[[Path], Path]] = {
    "nothing": lambda folder: pack(folder, simple()),
    "docker": lambda folder: pack(folder, docker(config(HELLO), HELLO)),
    "unknown": lambda folder: pack(folder, simple(HELLO, layers=[entry(b"gone", FOREIGN)])),
    "mislabelled": lambda folder: pack(
        folder, simple(HELLO, layers=[entry(HELLO.blob, DOCKER_LAYER + ".gzip")])
    ),
    "rich": lambda folder: save(
        image(
            layer({"etc/a": b"one" * 500}, file(b"caf\xe9", b"1"), created_by="RUN make"),
            layer(delete("etc/a"), file("var/lib/apt/lists/x_Packages", b"x" * 300_000)),
            config={"Env": ["A=b"], "Labels": {"a": "b"}, "ExposedPorts": {"80/tcp": {}}},
        ),
        folder / "image.tar",
        "docker",
    ),
}


@pytest.mark.parametrize("name", IMAGES)
@pytest.mark.parametrize("options", [{}, {"verify": False}, {"top": 1, "redact": False}])
def test_reports_are_valid(name: str, options: dict[str, Any], tmp_path: Path) -> None:
    report = without_order(slim.analyze(IMAGES[name](tmp_path), **options))
    validator().validate(report)


@LONG
def test_reports_of_attacks_are_valid(tmp_path: Path) -> None:
    """A part of the inputs that are no errors: a schema is slow to check."""
    read = [attack for _, attack in every() if attack.make and not attack.error]
    for attack in read[::5]:
        folder = tmp_path / attack.id
        folder.mkdir()
        assert attack.make is not None
        report = slim.analyze(attack.make(folder), jobs=1, **attack.options)
        validator().validate(without_order(report))
    assert len(read) > 150


def test_comparisons_are_valid(tmp_path: Path) -> None:
    for number, name in enumerate(("nothing", "docker", "unknown")):
        folder = tmp_path / str(number)
        folder.mkdir()
        sides = [slim.analyze(IMAGES[kind](folder), all_files=True) for kind in (name, "rich")]
        for first, second in (sides, sides[::-1]):
            validator().validate(without_order(slim.compare(first, second, top=2)))


def test_a_comparison_is_told_from_a_report_by_its_kind(tmp_path: Path) -> None:
    report = slim.analyze(IMAGES["rich"](tmp_path))
    comparison = without_order(slim.compare(report, report))
    for document in (comparison, without_order(report)):
        validator().validate(document)
        document["kind"] = {"comparison": "analysis", "analysis": "comparison"}[document["kind"]]
        with pytest.raises(ValidationError):
            validator().validate(document)


def integers(value: Any, name: str = "") -> Iterator[tuple[str, int]]:
    if type(value) is int:
        yield name, value
    elif isinstance(value, dict):
        for key, below in value.items():
            yield from integers(below, key)
    elif isinstance(value, list):
        for below in value:
            yield from integers(below, name)


def test_the_wire_is_ascii_and_its_numbers_are_whole(tmp_path: Path) -> None:
    report = slim.analyze(IMAGES["rich"](tmp_path))
    text = render(report)
    assert text.isascii()
    assert text.endswith("}\n")
    assert json.loads(text, parse_constant=pytest.fail)
    numbers = list(integers(json.loads(text)))
    assert len(numbers) > 50
    assert all(0 <= number < 2**63 for _, number in numbers)


def test_names_of_sizes_end_in_bytes() -> None:
    """Every 63-bit number of the schema is called `…_bytes`, but for the limits that users set."""
    schema = json.loads(render_schema())
    sizes = 0
    for part in (part for title, part in schema["$defs"].items() if title != "Budget"):
        for name, kind in part.get("properties", {}).items():
            if kind.get("maximum") == 2**63 - 1:
                assert name.endswith("_bytes"), name
                sizes += 1
    assert sizes > 30


def test_unknown_fields_are_accepted(tmp_path: Path) -> None:
    """A newer slim of the same major version may add some."""
    report = without_order(slim.analyze(IMAGES["rich"](tmp_path)))
    report["future"] = {"a": 1}
    report["layers"][0]["future"] = []
    validator().validate(report)
    assert msgspec.convert(report, slim.Report).layers[0].index == 0


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (("schema_version",), 1),
        (("totals", "pull_bytes"), -1),
        (("totals", "pull_bytes"), 1.5),
        (("totals", "pull_bytes"), 2**63),
        (("totals", "pull_bytes"), "1"),
        (("layers", 0, "verified"), "yes"),
        (("layers",), {}),
        (("image", "env"), []),
        (("waste", 0, "class"), "other"),
        (("dive", "efficiency"), 1.5),
    ],
)
def test_wrong_types_are_refused(at: tuple[Any, ...], value: Any, tmp_path: Path) -> None:
    report = without_order(slim.analyze(IMAGES["rich"](tmp_path)))
    place = report
    for key in at[:-1]:
        place = place[key]
    place[at[-1]] = value
    with pytest.raises(ValidationError):
        validator().validate(report)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(report, slim.Report)


@pytest.mark.parametrize("field", ["schema_version", "totals", "layers", "image", "source"])
def test_what_must_be_there_is_said(field: str, tmp_path: Path) -> None:
    report = without_order(slim.analyze(IMAGES["docker"](tmp_path)))
    assert field in report
    assert field in validator().schema["$defs"]["Report"]["properties"]


def test_the_same_image_is_the_same_report(tmp_path: Path) -> None:
    path = IMAGES["rich"](tmp_path)
    texts = {render(slim.analyze(path, jobs=jobs)) for jobs in (1, 2, 8, None)}
    assert len(texts) == 1


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_json_has_no_number_for_is_in_no_report(number: float) -> None:
    budget: dict[str, Any] = {"name": "growth", "value": 1, "limit": 1, "result": "under"}
    with pytest.raises(ValueError, match="not a number"):
        Dive(efficiency=number, wasted_bytes=0, user_wasted_percent=0)
    with pytest.raises(ValueError, match="not a number"):
        Dive(efficiency=1, wasted_bytes=0, user_wasted_percent=number)
    with pytest.raises(ValueError, match="not a number"):
        Budget(**budget, percent=number)
    assert Budget(**budget).percent is None


def test_all_of_unicode_is_escaped_as_json_does(tmp_path: Path) -> None:
    every = (
        "".join(chr(code) for code in range(0x3000) if not 0x300 <= code < 0x2000) + "\U0001f600"
    )
    report = slim.analyze(IMAGES["docker"](tmp_path))
    report = replace(report, source=replace(report.source, input=untrusted(every)))
    text = render(report)
    assert text.isascii()
    assert "\x7f" not in text
    assert json.dumps(every) in text
    assert json.loads(text)["source"]["input"] == every
