"""The committed images are what fixtures/build.py makes, and what slim says of them is what was put in."""

from __future__ import annotations

import gzip
import io
import json
import struct
import tarfile
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import slim
from fixtures import deflate
from fixtures.build import FOLDER, IMAGES
from fixtures.contents import Content, beam, elf
from slim import Report
from slim.dockerfile.align import place
from slim.dockerfile.parse import parse_dockerfile
from slim.errors import UsageError
from slim.formats.terminal import columns
from slim.report.untrusted import bare
from tests.conftest import LONG
from tests.support import shared
from tests.support.checked import checked_analyze

FAT, SLIM = "phoenix-fat", "phoenix-slim"
RELEASE = "app/_build/prod/rel/shop/"
MB = 1_000_000


@cache
def analyzed(name: str) -> Report:
    archive, dockerfile = FOLDER / f"{name}.tar", FOLDER / f"{name}.Dockerfile"
    return checked_analyze(archive, dockerfile=dockerfile if dockerfile.exists() else None)


@pytest.mark.parametrize(
    "name", [pytest.param(image, marks=LONG if FAT in image else ()) for image in IMAGES]
)
@LONG
def test_the_committed_images_are_those_that_the_script_makes(name: str) -> None:
    sample = IMAGES[name]()
    assert (FOLDER / name).read_bytes() == sample, "run python fixtures/build.py"
    assert len(sample) < 1.2 * MB, "small enough to be committed"


def test_every_image_is_committed_and_none_is_left_over() -> None:
    assert {path.name for path in FOLDER.glob("*.tar")} == set(IMAGES)


# --- gzip without a library ----------------------------------------------------------------------

RUNS = st.tuples(st.sampled_from([b"a", b"\0", b"xyz", b"name: value\n"]), st.integers(1, 2_000))
DATA = st.lists(st.one_of(st.binary(min_size=1, max_size=40).map(lambda data: (data, 1)), RUNS))


@given(DATA)
def test_what_our_gzip_packs_zlib_unpacks(pieces: list[tuple[bytes, int]]) -> None:
    data = b"".join(piece * times for piece, times in pieces) + b"."
    packed = deflate.gzip(data)
    assert gzip.decompress(packed) == data


@pytest.mark.parametrize("size", [1, 257, 258, 259, 516, 517, 66_047, 66_048, 66_049, 1 << 20])
def test_runs_of_any_length(size: int) -> None:
    data = b"<" + b"\n" * size + b">"
    assert gzip.decompress(deflate.gzip(data)) == data


def test_gzip_finds_what_repeats() -> None:
    text = Path(deflate.__file__).read_bytes()
    assert len(deflate.gzip(text)) < len(text) / 2
    assert len(deflate.gzip(text * 2)) < len(text) * 0.6
    assert len(deflate.gzip(bytes(10 * MB))) < 10_000


# --- contents that a reader of images looks into -------------------------------------------------


@pytest.mark.parametrize(("debug", "docs"), [(0, 0), (70_000, 20_000)])
def test_a_beam_file_is_an_iff_form(debug: int, docs: int) -> None:
    data = whole(beam("Elixir.Shop.Repo", 100_003, debug=debug, docs=docs))
    assert data[:4] == b"FOR1"
    assert data[8:12] == b"BEAM"
    assert struct.unpack(">I", data[4:8])[0] == len(data) - 8
    chunks, at = {}, 12
    while at < len(data):
        name, length = struct.unpack(">4sI", data[at : at + 8])
        chunks[name.decode()] = length
        at += 8 + length + -length % 4
    assert at == len(data)
    assert {"AtU8", "Code", "ImpT", "ExpT", "Line"} <= set(chunks)
    assert chunks.get("Dbgi", 0) == debug // 1024 * 1024
    assert chunks.get("Docs", 0) == docs // 1024 * 1024
    kept = len(data) - sum(chunks[chunk] + 8 for chunk in ("Dbgi", "Docs") if chunk in chunks)
    assert abs(kept - 100_003) < 4


def test_an_elf_file_has_its_sections() -> None:
    data = whole(elf(50_000, symbols=9_000))
    assert len(data) == 50_000
    offset, entry, count, names = struct.unpack("<40xQ10xHHH", data[:64])
    assert offset + count * entry == len(data)
    headers = [
        struct.unpack("<IIQQQQIIQQ", data[offset + n * entry :][:entry]) for n in range(count)
    ]
    assert all(header[4] + header[5] <= offset for header in headers)
    table = data[headers[names][4] :][: headers[names][5]]
    sizes = {table[header[0] :].split(b"\0")[0].decode(): header[5] for header in headers}
    assert sizes[".symtab"] + sizes[".strtab"] == 9_000
    assert sizes[".symtab"] % 24 == 0
    assert sizes[".text"] > 40_000


def whole(content: Content) -> bytes:
    data = b"".join(piece * times for piece, times in content.pieces)
    assert len(data) == content.size
    return data


# --- the Phoenix images --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (FAT, [4, 6, 8, 9, 10, 12, 13, 14, 15, 17, 18, 23, 24, 25, 27, 28, 29]),
        (SLIM, [19, 20, 21, 22, 23, 24, 25]),
    ],
)
@LONG
def test_the_history_is_the_dockerfile_line_by_line(name: str, lines: list[int]) -> None:
    dockerfile = (FOLDER / f"{name}.Dockerfile").read_text()
    history = [entry["created_by"] for entry in config(name)["history"]]
    places = place(parse_dockerfile(dockerfile), history)
    assert [place.line if place else None for place in places] == [None, None, *lines]
    report = analyzed(name)
    own = [layer for layer in report.layers if not layer.from_base]
    assert all(layer.dockerfile and layer.dockerfile.line in lines for layer in own)
    assert report.layers[0].dockerfile is None


@LONG
def test_the_fat_image_has_the_sizes_of_the_article() -> None:
    """272.6 MB against 54.3 MB: blog.drone.io on Phoenix, by the files that each image shows."""
    fat, slim = analyzed(FAT).totals, analyzed(SLIM).totals
    assert fat.live_bytes == pytest.approx(272.6 * MB, rel=0.01)
    assert slim.disk_bytes == pytest.approx(54.32 * MB, rel=0.01)
    assert fat.disk_bytes > 450 * MB


def test_what_is_dead_in_the_fat_image_and_why() -> None:
    report = analyzed(FAT)
    line_of = [layer.dockerfile.line if layer.dockerfile else 2 for layer in report.layers]
    size = dict(zip(line_of, (layer.disk_bytes for layer in report.layers), strict=True))
    dead = {
        (group.kind, line_of[group.origin_layer], line_of[group.ended_by]): group
        for group in report.waste
    }
    large = {cause: group.disk_bytes for cause, group in dead.items() if group.disk_bytes > MB}
    modules = large["deleted", 24, 25]
    assert 30 * MB < modules < 40 * MB
    # `chown -R` stores again what four instructions put below /app, npm's part to no end
    assert large == {
        ("metadata-only", 13, 24): size[24] - size[17] - size[18] - modules,
        ("metadata-only", 15, 24): modules,
        ("metadata-only", 17, 24): size[17],
        ("metadata-only", 18, 24): size[18],
        ("deleted", 24, 25): modules,
    }
    assert (size[25], report.layers[-1].removed) == (0, dead["deleted", 24, 25].files)
    # The rest: files that `COPY . .` brings once more, the package database, the users
    assert set(dead) - set(large) == {
        ("metadata-only", 12, 17),
        ("metadata-only", 14, 17),
        ("rewritten", 2, 4),
        ("rewritten", 4, 6),
        ("rewritten", 2, 23),
    }


@LONG
def test_how_the_fat_image_runs_and_what_it_stands_on() -> None:
    image = analyzed(FAT).image
    assert image.cmd == ["mix", "phx.server"]
    assert tuple(map(bare, (image.user, image.working_dir, image.platform))) == (
        "app",
        "/app",
        "linux/amd64",
    )
    assert (image.base.layers, image.base.how, image.base.guessed) == (1, "history", True)
    exact = checked_analyze(shared.FAT, base=FOLDER / "phoenix-slim.tar", cache=shared.TABLES)
    assert exact.image.base.layers == 0, "the slim image is no base of it"
    assert analyzed(FAT).layers[0].diff_id == analyzed(SLIM).layers[0].diff_id


def test_hardly_anything_is_dead_in_the_slim_image() -> None:
    report = analyzed(SLIM)
    assert {group.kind for group in report.waste} == {"rewritten"}, "the package database"
    assert report.totals.dead_bytes < 10_000
    assert report.image.user == "nobody"


@LONG
def test_both_images_hold_the_same_release() -> None:
    fat, slim = (merged(name) for name in (FAT, SLIM))
    built = {path[len(RELEASE) :]: data for path, data in fat.items() if path.startswith(RELEASE)}
    shipped = {path[len("app/") :]: data for path, data in slim.items() if path.startswith("app/")}
    assert built == shipped
    assert "releases/start_erl.data" in shipped
    assert any(path.startswith("erts-") for path in shipped)
    assert "app/_build/prod/shop-0.1.0.tar.gz" in fat


@LONG
def test_the_json_files_are_json_and_the_packages_own_their_files() -> None:
    entries = merged(FAT)
    documents = [data for path, data in entries.items() if path.endswith(".json")]
    assert len(documents) > 50
    assert all(isinstance(json.loads(data), dict) for data in documents)
    database = entries["lib/apk/db/installed"].decode()
    paths, directory = set(), ""
    for line in database.splitlines():
        directory = line[2:] if line.startswith("F:") else directory
        if line.startswith("R:"):
            paths.add(f"{directory}/{line[2:]}")
    assert paths <= set(entries)
    assert {"usr/bin/gcc", "usr/bin/node", "usr/lib/erlang/erts-10.5.6/bin/beam.smp"} <= paths


# --- the small images ----------------------------------------------------------------------------


def test_the_zstd_image() -> None:
    report = analyzed("debian-zstd")
    assert [layer.compression for layer in report.layers] == ["zstd"] * 3
    assert (report.source.format, bare(report.image.base.name)) == (
        "oci-archive",
        "debian:bookworm-slim",
    )
    lists = next(
        directory for directory in report.directories if directory.path == "var/lib/apt/lists"
    )
    assert (lists.disk_bytes, lists.files) == (18_065_000, 3)
    (status,) = report.waste
    assert [example.path for example in status.examples] == ["var/lib/dpkg/status"]


def test_the_image_of_two_platforms() -> None:
    archive = FOLDER / "platforms.tar"
    with pytest.raises(UsageError, match="2 images"):
        checked_analyze(archive)
    sizes = {}
    for platform in ("linux/amd64", "linux/arm64/v8"):
        report = checked_analyze(archive, platform=platform)
        assert report.image.platform == platform
        assert "attestations" in {warning.id for warning in report.warnings}
        sizes[platform] = report.totals.disk_bytes
    assert sizes["linux/amd64"] > sizes["linux/arm64/v8"] > 2 * MB


# --- reading without slim ------------------------------------------------------------------------


@cache
def members(name: str) -> dict[str, bytes]:
    return untar((FOLDER / f"{name}.tar").read_bytes())


def untar(data: bytes) -> dict[str, bytes]:
    """Regular files by path; of the contents at most a megabyte."""
    found = {}
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            body = archive.extractfile(member) if member.isfile() else None
            if body:
                found[member.name] = body.read(MB)
    return found


def manifest(name: str) -> dict[str, list[str]]:
    (entry,) = json.loads(members(name)["manifest.json"])
    return dict(entry)


def config(name: str) -> dict[str, list[dict[str, str]]]:
    return dict(json.loads(members(name)[str(manifest(name)["Config"])]))


@cache
def merged(name: str) -> dict[str, bytes]:
    """All layers into one another; nothing is deleted."""
    stored = (untar(gzip.decompress(members(name)[path])) for path in manifest(name)["Layers"])
    return {path: data for layer in stored for path, data in layer.items()}


def test_the_text_of_the_demo_image_fits_100_columns() -> None:
    dockerfile = FOLDER / f"{FAT}.Dockerfile"
    report = slim.analyze(shared.FAT, dockerfile=dockerfile, cache=shared.TABLES)
    assert max(map(columns, slim.render(report, "text").splitlines())) <= 100
