"""What is read is bounded, and the error says by what; what is cut off or changed is never half read."""

from __future__ import annotations

import ast
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import fields

import slim
from slim.cli.environment import read_limits
from slim.config.reader import parse_settings
from slim.errors import InputError, IntegrityError, LimitError, SlimError, UsageError
from slim.files.overlay import resolve
from slim.files.table import LayerTable
from slim.image.build import read_document
from slim.image.ref import ImageRef
from slim.image.source import open_image
from slim.limits import DEFAULT_LIMITS, Limits, exceeded, limit_names, limits_in, with_limits
from slim.report.warnings import warnings
from tests.support.attacks import Attack, named, prove, shown
from tests.support.building import (
    END,
    Entry,
    Image,
    Layer,
    archive,
    delete,
    encode,
    extension,
    file,
    gzip,
    hardlink,
    image,
    layer,
    pax_record,
    raw_layer,
    save,
    symlink,
    tar,
    zstandard,
)
from tests.support.layouts import (
    HELLO,
    Members,
    config,
    docker,
    entry,
    index,
    manifest,
    nested,
    pack,
    packed,
    simple,
    stored,
    unpack,
    world,
    write,
)

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MADE = config(HELLO)
TOP = manifest(MADE, HELLO)
TAR_BYTES = len(HELLO.tar)
LONG_LAYOUT = encode({"imageLayoutVersion": "1.0.0"}) + b" "
TWO_FILES = (file("a", b"1"), file("b", b"2"))
LONG_COMMENT = file("f", pax=((b"comment", b"x" * 700),))
RECORD = len(pax_record(b"comment", b"x" * 700))
ABSENT = [entry(b"%d" % number) for number in range(5)]
SEVERAL = world(index(*ABSENT, entry(TOP)), TOP, MADE, HELLO)


def holding(*items: Entry) -> Callable[[Path], Path]:
    """An image with one layer of these entries."""
    return packed(simple(layer(items)))


def in_window(window_log: int) -> bytes:
    engine = zstd.ZstdCompressor(options={int(zstd.CompressionParameter.window_log): window_log})
    return engine.compress(HELLO.tar) + engine.flush()


def squeezed(blob: bytes) -> Members:
    """HELLO's image with its layer stored as this blob."""
    return simple(Layer((), HELLO.tar, blob))


def limited(
    name: str, limit: int, value: int, given: str, make: Callable[[Path], Path], suffix: str = ""
) -> Attack:
    """More than a limit allows: the error names value, limit and flag."""
    dashed, words = name.replace("_", "-"), name.replace("_", " ")
    return Attack(
        id=f"L-{dashed}{suffix}",
        given=f"{given}, and a limit of {limit:,}",
        make=make,
        options={"limits": Limits(**{name: limit})},
        error=f"limit-{dashed}",
        code=5,
        says=(f"{words}: {value:,} is over the limit of {limit:,}",),
    )


ATTACKS: tuple[Attack, ...] = (
    limited("json_bytes", 99, len(MADE), "a larger config", packed(docker(MADE, HELLO))),
    limited(
        "layout_bytes", len(LONG_LAYOUT) - 1, len(LONG_LAYOUT), "a longer oci-layout",
        packed({**simple(HELLO), "oci-layout": LONG_LAYOUT}),
    ),
    limited("json_depth", 3, 4, "a config of depth 4", packed(simple(HELLO))),
    limited("json_nodes", 11, 14, "a document of more values", packed(simple(HELLO))),
    limited("index_depth", 3, 4, "indexes in indexes", packed(nested(4))),
    limited("index_documents", 5, 6, "six manifests", packed(SEVERAL)),
    limited("descriptors", 5, 6, "six descriptors", packed(SEVERAL)),
    limited("layers", 1, 2, "two layers", packed(simple(HELLO, HELLO))),
    limited("members", 3, 4, "a tar of five members", packed(simple(HELLO))),
    limited(
        "members", 3, 4, "a compressed tar of five", stored(gzip(archive(simple(HELLO)))), "-gzip"
    ),
    limited(
        "members", 3, 4, "a layout of five files", lambda folder: unpack(folder, simple(HELLO)), "-dir"
    ),
    limited(
        "members", 3, 4, "nine extension headers", stored(extension(b"x", b"") * 9), "-extensions"
    ),
    limited("member_name_bytes", 20, 20 + 1, "names of more bytes", packed({"x" * 21: b""})),
    limited("extension_bytes", 700, RECORD, "a larger PAX header", holding(LONG_COMMENT)),
    limited(
        "extension_bytes", 700, RECORD, "one in the archive", stored(tar([LONG_COMMENT])), "-outer"
    ),
    limited("path_bytes", 99, 100, "a longer path", holding(file("x" * 100))),
    limited("path_bytes", 99, 100, "a longer member name", stored(tar([file("x" * 100)])), "-outer"),
    limited("path_depth", 3, 4, "a file five levels down", holding(file("1/2/3/4/f"))),
    limited("layer_entries", 1, 2, "two entries", holding(*TWO_FILES)),
    limited(
        "image_entries", 1, 2, "an entry in each of two layers", packed(simple(HELLO, layer("b")))
    ),
    limited(
        "layer_name_bytes", 29, 30, "a directory, a file and a link of 30 bytes",
        holding(file("d123456789/f12345678"), symlink("l", "target7890")),
    ),
    limited(
        "layer_name_bytes", 29, 30, "three plain files",
        holding(*(file(letter * 10, b"1") for letter in "abc")), "-plain",
    ),
    limited(
        "layer_name_bytes", 14, 15, "a hard link through a symbolic link",
        holding(file("d" * 3 + "/f", b"1"), symlink("l", "ddd"), hardlink("h2", "l/f")), "-hard-link",
    ),
    limited(
        "memory_bytes", 33_000, 33_713, "a layer of one file", packed(simple(layer("a"))),
    ),
    limited("layer_bytes", 2000, TAR_BYTES, "a larger layer", packed(simple(HELLO))),
    limited(
        "image_bytes", 2100, TAR_BYTES + 1536, "two such layers", packed(simple(HELLO, layer("b")))
    ),
    limited(
        "image_bytes", 3000, 10_240, "a larger archive in gzip",
        stored(gzip(archive(simple(HELLO)))), "-outer",
    ),
    limited("window_log", 20, 21, "a zstd window of 2 MiB", packed(squeezed(in_window(21)))),
    limited("frames", 2, 3, "three gzip members", packed(squeezed(gzip(HELLO.tar, 3)))),
    limited(
        "frames", 2, 3, "three zstd frames", packed(squeezed(zstandard(HELLO.tar, 3))), "-zstd"
    ),
    Attack(
        id="L-link-hops",
        given="20 symbolic links on the way to a file, and a limit of 10",
        make=holding(*(symlink(f"l{n}", f"l{n + 1}") for n in range(20)), file("l0/f", b"1")),
        options={"limits": Limits(link_hops=10)},
        warns="symlink-loop",
        counts={"totals.live_files": 1},
        reason="no error: a kernel gives up there too, and the path is kept as it is written",
    ),
    limited(
        "layer_entries", 9, 10, "a file whose path has 20 new directories",
        holding(file("/".join("abcdefghijklmnopqrst") + "/f")), "-directories",
    ),
    limited(
        "layer_entries", 9, 10, "20 extension headers",
        packed(simple(raw_layer(extension(b"x", b"") * 20 + END))), "-extensions",
    ),
    Attack(
        id="L-many-layers",
        given="more layers than overlay2 stacks",
        make=packed(simple(*[HELLO] * 126)),
        warns="many-layers",
        says=("126 layers",),
    ),
    Attack(
        id="L-layers-enough",
        given="125 layers",
        make=packed(simple(*[HELLO] * 125)),
        quiet="many-layers",
    ),
    Attack(
        id="L-ratio",
        given="a layer of more than 1 GiB that is stored in less than a 200th",
        outcome="warning high-ratio",
        proof="test_a_layer_that_unfolds_far_is_said",
    ),
    Attack(
        id="X7",
        given="an archive that is cut off at every block and at random bytes",
        outcome="an error, or the same report",
        proof="test_a_cut_archive_is_an_error_or_the_same",
    ),
    Attack(
        id="X8",
        given="an archive with a changed byte",
        outcome="an error, or the same numbers",
        proof="test_a_changed_byte_is_an_error_or_changes_no_number",
    ),
    Attack(
        id="X10",
        given="1,000 images in manifest.json that all name one config, and a platform",
        outcome="the config is read once",
        proof="test_one_config_is_read_once",
    ),
)  # fmt: skip


@pytest.mark.parametrize("attack", shown(ATTACKS), ids=named)
def test_limits(attack: Attack, tmp_path: Path) -> None:
    prove(attack, tmp_path)


@pytest.mark.parametrize(
    ("stored_bytes", "tar_bytes", "warned"),
    [(1 << 20, 2 << 30, True), (1 << 20, 1 << 29, False), (1 << 24, 2 << 30, False)],
)
def test_a_layer_that_unfolds_far_is_said(
    stored_bytes: int, tar_bytes: int, warned: bool, tmp_path: Path
) -> None:
    table = LayerTable(blob_bytes=stored_bytes, tar_bytes=tar_bytes, compression="none")
    with open_image(ImageRef(str(pack(tmp_path, simple(HELLO))))) as read:
        found = warnings(read, [table], resolve([table]), ())
    assert ("high-ratio" in [warning.id for warning in found]) == warned


def test_every_limit_is_attacked() -> None:
    attacked = {
        name
        for attack in shown(ATTACKS)
        for name in changed(attack.options.get("limits", DEFAULT_LIMITS))
    }
    # Reports and time: tests/report/test_load.py and below.
    # Tables of contents: tests/image/registry/test_lazy.py.
    others = {"report_bytes", "report_depth", "report_nodes", "timeout", "toc_bytes"}
    assert attacked == {field.name for field in fields(Limits)} - others


def changed(limits: Limits) -> Iterator[str]:
    for field in fields(Limits):
        if getattr(limits, field.name) != getattr(DEFAULT_LIMITS, field.name):
            yield field.name


def test_a_variable_and_a_flag_set_a_limit() -> None:
    set_ = {"SLIM_LIMIT_LAYER_BYTES": "1 GiB", "SLIM_LIMIT_LAYERS": "", "SLIM_LIMIT": "layers=3"}
    assert limits_in(set_) == ("layer-bytes=1 GiB",)
    assert with_limits([*limits_in(set_), "layer-bytes=2"]).layer_bytes == 2
    with pytest.raises(UsageError, match="unknown limit 'layer-byte'"):
        with_limits(limits_in({"SLIM_LIMIT_LAYER_BYTE": "1"}))


@pytest.mark.parametrize("name", limit_names())
def test_each_limit_is_a_flag_a_variable_and_a_key(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the later of them counts: the file, the variable, the flag."""
    field, faults = name.replace("-", "_"), list[Any]()
    in_file = parse_settings("slim.toml", f"[limits]\n{name} = 71\n", faults).limits
    assert not faults
    assert getattr(read_limits(in_file=in_file), field) == 71
    monkeypatch.setenv(f"SLIM_LIMIT_{field.upper()}", "72")
    assert getattr(read_limits(in_file=in_file), field) == 72
    assert getattr(read_limits([f"{name}=73"], in_file=in_file), field) == 73


def test_each_limit_is_enforced_by_the_error_that_names_it() -> None:
    """`exceeded` writes value, limit and flag; time has words of its own, link hops are a warning."""
    named = {
        word.value
        for path in Path(slim.__file__).parent.rglob("*.py")
        if "exceeded(" in (text := path.read_text())
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "exceeded"
        for word in ast.walk(node.args[0])
        if isinstance(word, ast.Constant)
    }
    known = {field.name for field in fields(Limits)}
    assert known - named == {"timeout", "link_hops", "layout_bytes"}  # the last by its own attack
    for name in sorted(known):
        error = exceeded(name, 1234, 999, "it")
        assert (error.slug, error.exit_code) == (f"limit-{name.replace('_', '-')}", 5)
        assert "1,234 is over the limit of 999 in it" in error.message
        assert f"--limit {name.replace('_', '-')}=VALUE" in error.hint


def test_an_error_names_the_flag_that_raises_the_limit(tmp_path: Path) -> None:
    path = pack(tmp_path, simple(HELLO))
    with pytest.raises(LimitError) as caught:
        slim.analyze(path, limits=with_limits(["layer-bytes=1 kB"]))
    assert "--limit layer-bytes=VALUE" in caught.value.hint
    assert slim.analyze(path, limits=with_limits(["layer-bytes=2KiB", "layers=1"]))


@pytest.mark.parametrize(
    "setting", ["layers", "layers=", "layers=-1", "layers=many", "layers=1.5", "=1", "x=1", ""]
)
def test_a_limit_is_a_name_and_a_number(setting: str) -> None:
    with pytest.raises(UsageError):
        with_limits([setting])


SMALL = image(
    layer({"etc/": None, "etc/a": b"one" * 300, "etc/b": b"2"}, created_by="COPY etc /etc"),
    layer({"etc/a": b"other"}, delete("etc/b"), compression="gzip", created_by="RUN edit"),
)
CUT = {
    "docker-old": archive,
    "docker": archive,
    "oci-archive": archive,
    "gzip": lambda members: gzip(archive(members)),
    "zstd": lambda members: zstandard(archive(members)),
}


def bytes_of(form: str, folder: Path) -> bytes:
    """SMALL in one of the forms; compressed forms are of an OCI archive."""
    container = "oci-archive" if form in ("gzip", "zstd") else form
    data = save(SMALL, folder / "whole", container).read_bytes()
    return {"gzip": gzip, "zstd": zstandard}.get(form, bytes)(data)


def outcome(path: Path) -> object:
    """All that a report says, but for the size of the file that it is about."""
    report = slim.analyze(path, jobs=1, advice=False)
    return report.image, report.layers, report.waste, report.totals, report.warnings


@pytest.mark.parametrize("form", CUT)
def test_a_cut_archive_is_an_error_or_the_same(form: str, tmp_path: Path) -> None:
    data = bytes_of(form, tmp_path)
    path = write(tmp_path, data)
    whole = outcome(path)
    draw = random.Random(7)  # noqa: S311
    cuts = {*range(0, len(data), 512), *(draw.randrange(len(data)) for _ in range(40))}
    survived = 0
    for cut in sorted(cuts):
        path.write_bytes(data[:cut])
        with suppress(InputError, IntegrityError):
            assert outcome(path) == whole, cut
            survived += 1
    assert survived < len(cuts) / 2


def test_a_cut_file_of_a_layout_is_an_error(tmp_path: Path) -> None:
    root = save(SMALL, tmp_path / "layout", "oci-dir")
    whole = outcome(root)
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        data = path.read_bytes()
        for cut in {0, 1, len(data) // 2, len(data) - 1}:
            path.write_bytes(data[:cut])
            with pytest.raises(SlimError):
                slim.analyze(root)
        path.write_bytes(data)
    assert outcome(root) == whole


@pytest.mark.parametrize("form", CUT)
def test_a_changed_byte_is_an_error_or_changes_no_number(form: str, tmp_path: Path) -> None:
    """Names and instructions of archives without digests may change; what layers hold may not."""
    data = bytes_of(form, tmp_path)
    path = write(tmp_path, data)
    whole = slim.analyze(path, advice=False)
    draw = random.Random(11)  # noqa: S311
    for _ in range(60):
        at = draw.randrange(len(data))
        new = draw.choice((0, 255, 32, data[at] ^ 1, data[at] ^ 128))
        path.write_bytes(data[:at] + bytes([new]) + data[at + 1 :])
        with suppress(SlimError):
            report = slim.analyze(path, jobs=1, advice=False)
            assert report.totals == whole.totals, at
            assert report.largest_files == whole.largest_files, at
            assert [layer.diff_id for layer in report.layers] == [
                layer.diff_id for layer in whole.layers
            ], at


def test_one_config_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"Config": "config.json", "Layers": ["layer.tar"]}
    images = [{**names, "RepoTags": [f"app:{number}"]} for number in range(1000)]
    members: Members = {
        "config.json": MADE,
        "layer.tar": HELLO.blob,
        "manifest.json": encode(images),
    }
    read: list[str] = []

    def counting(archive: Any, name: str, limits: Limits) -> Any:
        read.append(name)
        return read_document(archive, name, limits)

    monkeypatch.setattr("slim.image.docker.read_document", counting)
    report = slim.analyze(pack(tmp_path, members), platform="linux/amd64", image_index=999)
    assert report.image.tags == ["app:999"]
    assert read.count("config.json") == 2, "once for its platform, once for the image"


def test_a_large_choice_is_listed_in_part(tmp_path: Path) -> None:
    names = {"Config": "config.json", "Layers": ["layer.tar"]}
    images = [{**names, "RepoTags": [f"app:{number}"]} for number in range(1000)]
    members: Members = {"config.json": MADE, "manifest.json": encode(images)}
    with pytest.raises(UsageError) as caught:
        slim.analyze(pack(tmp_path, members))
    assert "and 990 more" in caught.value.message
    assert len(caught.value.message) < 500


def test_a_small_image_needs_small_limits_only(tmp_path: Path) -> None:
    """The defaults are far above what an ordinary image needs."""
    path = save(Image((HELLO,), ("app:1",)), tmp_path / "image", "docker")
    assert slim.analyze(path, limits=Limits(json_bytes=1000, members=20, layers=1))
