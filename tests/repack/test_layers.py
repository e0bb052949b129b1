"""What becomes of layers: entries copied byte for byte, holes filled, base layers untouched."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from slim.errors import InputError, UsageError
from slim.files.options import ReadOptions
from slim.image.ref import ImageRef
from slim.image.source import open_image
from slim.repack.certificate import Certificate
from slim.repack.compressors import Compression
from slim.repack.model import LAYER_MODES, LayerMode
from tests.support.building import (
    Entry,
    Layer,
    Parts,
    delete,
    directory,
    entries,
    file,
    hardlink,
    header,
    image,
    layer,
    padded,
    save,
    symlink,
)
from tests.support.repacking import config_of, repack, seen, stored_layers


def repacked(
    folder: Path, stack: Sequence[Parts | Layer], mode: LayerMode = "keep", *, base: int = 0
) -> tuple[Certificate, list[list[Entry]]]:
    """The result of a stack whose first layers are those of a base image."""
    layers = [entries if isinstance(entries, Layer) else layer(entries) for entries in stack]
    source = save(image(*layers), folder / "source.tar")
    given = save(image(*layers[:base]), folder / "base.tar") if base else None
    certificate = repack(
        source,
        folder / "result.tar",
        mode=mode,
        base=ImageRef(str(given)) if given else None,
    )
    return certificate, stored_layers(folder / "result.tar")


def names(layers: list[list[Entry]]) -> list[str]:
    return [" ".join(item.name.decode() for item in items) for items in layers]


def test_each_layer_loses_what_nothing_shows(tmp_path: Path) -> None:
    stack = ["d/ d/a=1 d/b=2 x=9", "d/ d/b=3", ".wh.x"]
    certificate, result = repacked(tmp_path, stack)
    assert names(result) == ["d d/a", "d d/b"]
    what = [(layer.what, layer.kept_entries) for layer in certificate.images[0].layers]
    assert what == [("rewritten", 2), ("unchanged", 2), ("emptied", 0)]
    removed = {(path.path, path.rule, path.layer) for path in certificate.images[0].removed}
    assert removed == {("d/b", "rewritten", 0), ("x", "deleted", 0)}
    assert not any(path.visible for path in certificate.images[0].removed)


def test_squash_and_flat(tmp_path: Path) -> None:
    stack = ["d/ d/a=1 d/b=2 x=9 y=8", "d/ d/b=3 z=7", ".wh.x .wh.z d/ d/c=1"]
    assert names(repacked(tmp_path, stack, "squash", base=1)[1]) == [
        "d d/a d/b x y",
        "d/b .wh.x d d/c",
    ]
    assert names(repacked(tmp_path, stack, "flat", base=1)[1]) == ["d/a y d/b d d/c"]


def test_entries_are_copied_byte_for_byte(tmp_path: Path) -> None:
    """Whatever is in them: records that mean nothing to us, odd owners, names beyond any field."""
    strange = [
        file("a", b"1" * 700, pax=((b"VENDOR.unknown", b"\xff\0x"), (b"mtime", b"1.25"))),
        file("n" * 200, b"2", uid=2_000_000, mode=0o6755, mtime=5),
        symlink("l", "t" * 180),
        directory("d", mode=0o1777, gid=77),
    ]
    repacked(tmp_path, [[*strange, file("dead", b"x" * 5_000)], ".wh.dead"])
    with open_image(ImageRef(str(tmp_path / "result.tar"))) as found:
        blob = b"".join(found.layers[0].blob.chunks())  # type: ignore[union-attr]
    import gzip

    expected = b"".join(header(entry) + padded(entry.content) for entry in strange)
    assert gzip.decompress(blob) == expected + bytes(1024)


def test_a_body_whose_name_goes_is_stored_under_the_next_name(tmp_path: Path) -> None:
    long = "deep/" + "n" * 120
    stack: list[Parts] = [
        [
            directory("deep"),
            file("a", b"body", mode=0o755, mtime=3),
            *(hardlink(name, "a", mode=0o755, mtime=3) for name in (long, "c")),
        ],
        "a=other",
    ]
    result = repacked(tmp_path, stack)[1]
    assert names(result) == [f"deep {long} c", "a"]
    assert result[0][1].content == b"body"
    assert result[0][1].mode == 0o755
    assert result[0][2].link.decode() == long
    assert seen(result) == seen([list(entries(items)) for items in stack])


def test_a_body_keeps_its_records_under_another_name(tmp_path: Path) -> None:
    records = ((b"SCHILY.xattr.user.k", b"v"), (b"mtime", b"1.5"))
    first = file("a", b"1", pax=(*records, (b"path", b"first/" + b"n" * 150)))
    link = hardlink("b", "a", pax=(*records, (b"linkpath", b"first/" + b"n" * 150)))
    last = hardlink("c", "b", pax=records)
    gone: list[Entry] = [directory("first"), delete(b"first/" + b"n" * 150)]
    stack = [[directory("first"), first, link, last], gone]
    result = repacked(tmp_path, stack)[1]
    assert names(result) == ["b c", "first"]
    assert result[0][0].pax == ((b"SCHILY.xattr.user.k", b"v"),)


def test_names_that_say_different_things_of_a_file_all_stay(tmp_path: Path) -> None:
    stack: list[Parts] = [[file("a", b"1", mode=0o644), hardlink("b", "a", mode=0o600)], ".wh.b"]
    assert names(repacked(tmp_path, stack)[1]) == ["a b", ".wh.b"]
    with pytest.raises(InputError, match="hard link"):
        repacked(tmp_path, stack, "flat")


def test_a_whiteout_stays_while_it_hides_something(tmp_path: Path) -> None:
    stack = ["d/ d/base=1", "d/ d/own=1", "d/ d/.wh.base d/.wh.own"]
    assert names(repacked(tmp_path, stack, base=1)[1]) == ["d d/base", "d d/.wh.base"]
    assert names(repacked(tmp_path, stack)[1]) == ["d"]


def test_what_an_entry_hid_stays_hidden_when_it_goes(tmp_path: Path) -> None:
    """A file takes the place of a directory of the base, and a directory that of the file."""
    stack: list[Parts] = ["p/ p/x=1", ".wh.p p=file", ".wh.p", "p/ p/y=2"]
    modes: tuple[LayerMode, ...] = ("keep", "squash")
    for mode in modes:
        result = repacked(tmp_path, stack, mode, base=1)[1]
        assert seen(result).keys() == {b"p", b"p/y"}
    stack = ["p/ p/x=1", "p=file", "p/ p/y=2"]
    for mode in modes:
        result = repacked(tmp_path, stack, mode, base=1)[1]
        assert seen(result).keys() == {b"p", b"p/y"}
        assert "p" not in [entry.name.decode() for entry in result[1] if entry.type == b"0"]


def test_a_directory_that_nothing_describes_does_not_go_with_its_contents(tmp_path: Path) -> None:
    for mode in LAYER_MODES:
        result = repacked(tmp_path, ["d/e/f=1 g=1", "d/e/.wh.f"], mode)[1]
        assert seen(result).keys() == {b"d", b"d/e", b"g"}


def test_the_base_image_is_copied_blob_for_blob(tmp_path: Path) -> None:
    """Also what nothing shows any more, and whatever the result is compressed with."""
    first = layer("etc/ etc/a=1 etc/b=2", compression="gzip", members=3)
    own = layer("etc/ etc/a=3 x=1", compression="gzip")
    source = save(image(first, own, layer(".wh.x")), tmp_path / "source.tar")
    base = save(image(first), tmp_path / "base.tar")
    repack(
        source,
        tmp_path / "result.tar",
        base=ImageRef(str(base)),
        compression=Compression("zstd", 3),
    )
    with open_image(ImageRef(str(tmp_path / "result.tar"))) as found:
        blob = found.layers[0].blob
        assert blob is not None
        assert b"".join(blob.chunks()) == first.blob
        kinds = [layer.descriptor.media_type for layer in found.layers if layer.descriptor]
    assert kinds == [
        "application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.oci.image.layer.v1.tar+zstd",
    ]


def test_layers_that_engines_read_differently_stay_as_they_are(tmp_path: Path) -> None:
    """What is written through a link of a lower layer lies at two paths, depending on the engine."""
    stack = ["d/ d/x=1 l->d y=1", "l/x=2", ".wh.y", "z=1", "z=2"]
    certificate, result = repacked(tmp_path, stack)
    what = [layer.what for layer in certificate.images[0].layers]
    assert what == ["frozen", "frozen", "unchanged", "emptied", "unchanged"]
    assert "write-through-symlink" in certificate.images[0].layers[1].why
    assert names(result)[:2] == ["d d/x l y", "l/x"]
    with pytest.raises(InputError, match="write-through-symlink"):
        repacked(tmp_path, stack, "squash")


def test_an_image_without_anything_to_remove_keeps_its_digest(tmp_path: Path) -> None:
    source = save(
        image("d/ d/a=1", "b=1", compression="gzip", annotations={"a.b": "c"}), tmp_path / "s.tar"
    )
    certificate = repack(source, tmp_path / "result.tar")
    image_part = certificate.images[0]
    assert image_part.source.digest == image_part.result.digest
    with open_image(ImageRef(str(tmp_path / "result.tar"))) as found:
        assert found.manifest_digest == image_part.source.digest
        assert found.names == ("1",)


@pytest.mark.parametrize("mode", LAYER_MODES)
def test_an_image_of_which_nothing_is_left_has_an_empty_layer(
    tmp_path: Path, mode: LayerMode
) -> None:
    assert names(repacked(tmp_path, ["a=1", ".wh.a"], mode)[1]) == [""]


def test_another_base_is_refused(tmp_path: Path) -> None:
    source = save(image("a=1", "b=1"), tmp_path / "source.tar")
    other = save(image("c=1"), tmp_path / "other.tar")
    with pytest.raises(UsageError, match="does not begin"):
        repack(source, tmp_path / "result.tar", base=ImageRef(str(other)))
    assert not (tmp_path / "result.tar").exists()


def test_config_and_history(tmp_path: Path) -> None:
    history: list[dict[str, Any]] = [
        {"created_by": "ADD"},
        {"created_by": "ENV", "empty_layer": True},
        {"created_by": "RUN rm"},
        {"created_by": "COPY", "author": "me"},
    ]
    settings = {"Env": ["A=1"], "Labels": {"mine": "1"}, "Entrypoint": ["/x"]}
    source = save(
        image("a=1 b=1", ".wh.a", "c=1", config=settings, history=history), tmp_path / "s.tar"
    )
    before = config_of(source)
    repack(source, tmp_path / "result.tar")
    after = config_of(tmp_path / "result.tar")
    empty = {"empty_layer": True}
    assert after["history"] == [*history[:2], {**history[2], **empty}, history[3]]
    assert len(after["rootfs"]["diff_ids"]) == 2
    labels = after["config"].pop("Labels")
    assert labels.pop("mine") == "1"
    assert sorted(labels) == [f"io.slim.repack.{key}" for key in ("level", "source", "version")]
    assert after["config"] == {"Env": ["A=1"], "Entrypoint": ["/x"]}
    for key in ("rootfs", "history", "config"):
        del before[key], after[key]
    assert before == after
    repack(source, tmp_path / "flat.tar", mode="flat")
    after = config_of(tmp_path / "flat.tar")
    kept = [step["created_by"] for step in after["history"] if not step.get("empty_layer")]
    assert kept == ["COPY"]


def test_the_result_is_the_same_bytes_every_time(tmp_path: Path) -> None:
    stack: list[Parts] = [{f"f{n}": bytes([n]) * 200_000 for n in range(9)}, ".wh.f1"]
    source = save(image(*map(layer, stack)), tmp_path / "source.tar")
    digests = set()
    for threads in (1, 2, 5):
        target = tmp_path / f"{threads}.tar"
        repack(source, target, options=ReadOptions(jobs=threads), compression=None)
        digests.add(hashlib.sha256(target.read_bytes()).hexdigest())
    assert len(digests) == 1


@pytest.mark.parametrize("form", ["oci-archive", "oci-dir", "docker-archive", "archive"])
def test_every_form_shows_the_same(tmp_path: Path, form: str) -> None:
    stack = ["d/ d/a=1 x=2", ".wh.x d/ d/b=>d/a", "c=1"]
    stack[1] = ".wh.x d/ d/b=3"
    source = save(image(*map(layer, stack), compression="gzip"), tmp_path / "s.tar", "docker")
    repack(source, tmp_path / "out", form=form)  # type: ignore[arg-type]
    assert seen(stored_layers(tmp_path / "out")) == seen([list(entries(items)) for items in stack])
    if form in ("docker-archive", "archive"):
        with tarfile.open(tmp_path / "out") as tar:
            assert "manifest.json" in tar.getnames()
        with open_image(ImageRef(f"docker-archive:{tmp_path / 'out'}")) as found:
            assert found.names == ("app:1",)


def test_a_layer_without_the_padding_of_its_last_entry(tmp_path: Path) -> None:
    data = layer("dead=1 kept=22").tar[:1538]
    source = save(image(Layer((), data, data), layer(".wh.dead")), tmp_path / "source.tar")
    repack(source, tmp_path / "result.tar")
    assert names(stored_layers(tmp_path / "result.tar")) == ["kept"]


def test_sparse_files_and_old_headers_survive(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        info = tarfile.TarInfo("sparse")
        info.pax_headers = {
            "GNU.sparse.major": "0",
            "GNU.sparse.minor": "1",
            "GNU.sparse.size": "1000000",
            "GNU.sparse.numblocks": "1",
            "GNU.sparse.map": "512,600",
            "GNU.sparse.name": "sparse",
        }
        info.size = 600
        tar.addfile(info, io.BytesIO(b"s" * 600))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.LNKTYPE, "sparse"
        tar.addfile(link)
        tar.addfile(tarfile.TarInfo("dead"))
    data = out.getvalue()
    source = save(
        image(Layer((), data, data), layer([delete("dead"), delete("sparse")])),
        tmp_path / "source.tar",
    )
    repack(source, tmp_path / "result.tar")
    result = stored_layers(tmp_path / "result.tar")
    assert names(result) == ["link"]
    assert result[0][0].content == bytes(512) + b"s" * 600 + bytes(1_000_000 - 1112)
