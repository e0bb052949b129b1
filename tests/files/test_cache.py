"""The cache of layers' tables: it saves work, and changes nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given

import slim
from slim.ecosystems import KEEPS
from slim.files import cache as caches
from slim.files import layer as layers_read
from slim.files.blob import scan_blob
from slim.files.budget import weight
from slim.files.cache import TableCache
from slim.files.table import LayerTable
from slim.files.table_bytes import pack, unpack
from slim.limits import Limits
from tests.conftest import LONG
from tests.support.attacks import Attack, everywhere
from tests.support.building import MemoryBlob, delete, file, image, layer, raw_layer, save
from tests.support.stacks import LAYERS

BASE = layer({"usr/lib/libc.so": bytes(5000), "usr/bin/entry": b"exec one two\n"})


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Layers of tests are too small to be worth a file."""
    monkeypatch.setattr(caches, "_SMALL", 0)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the blobs that are read as layers."""
    found: list[int] = []

    def counted(blob: Any, **options: Any) -> Any:
        found.append(blob.size)
        return scan_blob(blob, **options)

    monkeypatch.setattr(layers_read, "scan_blob", counted)
    return found


@given(LAYERS)
def test_what_is_unpacked_is_what_was_packed(entries: Any) -> None:
    table = scan_blob(MemoryBlob(layer(entries).blob), extract=True, keeps=KEEPS, extra=None)
    packed = pack(table)
    assert packed is not None
    table.data = LayerTable().data
    assert unpack(packed) == table


def test_programs_modules_and_scripts_are_kept(tmp_path: Path) -> None:
    program = Path(sys.executable).resolve().read_bytes()
    built = image(
        layer({"usr/bin/python": program, "srv/run": b"exec python\n", "k": b"\0" * 9}),
        config={"Cmd": ["sh", "/srv/run"]},
    )
    path = save(built, tmp_path / "image.tar")
    uncached = slim.analyze(path)
    cache = TableCache(tmp_path / "cache")
    assert slim.analyze(path, cache=cache) == uncached
    assert slim.analyze(path, cache=cache) == uncached


@pytest.mark.parametrize("form", ["docker-old", "docker", "oci-archive", "oci-dir"])
@pytest.mark.parametrize("verify", [True, False])
def test_only_new_layers_are_read(
    form: str, verify: bool, tmp_path: Path, reads: list[int]
) -> None:
    cache = TableCache(tmp_path / "cache")
    first = save(image(BASE, {"a": b"1"}), tmp_path / "first", form)
    second = save(image(BASE, {"b": b"2" * 800}, (delete("b"),)), tmp_path / "second", form)
    uncached = [slim.analyze(path, verify=verify) for path in (first, second)]
    reads.clear()
    slim.analyze(first, cache=cache)
    assert len(reads) == 2
    reads.clear()
    assert slim.analyze(second, cache=cache, verify=verify) == uncached[1]
    assert len(reads) == 2, "the base was seen"
    slim.analyze(second, cache=cache)
    reads.clear()
    assert slim.analyze(first, cache=cache, verify=verify) == uncached[0]
    assert slim.analyze(second, cache=cache, verify=verify) == uncached[1]
    assert reads == []


def test_nothing_is_kept_that_was_not_verified(tmp_path: Path) -> None:
    cache = TableCache(tmp_path / "cache")
    slim.analyze(save(image(BASE), tmp_path / "image.tar"), cache=cache, verify=False)
    assert cache.usage().layers == 0


@pytest.mark.parametrize("form", ["docker-old", "docker", "oci-archive"])
def test_a_known_digest_on_other_bytes_is_found_out(form: str, tmp_path: Path) -> None:
    cache = TableCache(tmp_path / "cache")
    path = save(image(BASE), tmp_path / "image.tar", form)
    slim.analyze(path, cache=cache)
    data = bytearray(path.read_bytes())
    at = data.find(b"exec one two")
    assert at > 0 or form != "docker-old"
    data[at if at > 0 else data.find(BASE.blob) + len(BASE.blob) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(slim.SlimError) as uncached:
        slim.analyze(path)
    with pytest.raises(slim.SlimError) as caught:
        slim.analyze(path, cache=cache)
    assert caught.value.exit_code == 4
    if form == "docker-old":
        assert str(caught.value) == str(uncached.value)


def test_a_wrong_digest_is_told_before_what_comes_after_the_layers(tmp_path: Path) -> None:
    """Digests of known layers are computed beside the rest: which failure is told does not depend on it."""
    cache = TableCache(tmp_path / "cache")
    large = layer({"large": os.urandom(50_000)})
    good, bad = (tmp_path / f"{name}.tar" for name in ("good", "bad"))
    save(image(large, BASE), good, "oci-archive")
    data = good.read_bytes()
    upper, other = data.find(large.blob), data.find(BASE.blob)
    bad.write_bytes(_flipped(data, upper, other))
    slim.analyze(save(image(large), tmp_path / "large.tar", "oci-archive"), cache=cache)
    for options in ({}, {"base": "/absent"}, {"limits": Limits(image_entries=1)}):
        with pytest.raises(slim.SlimError) as uncached:
            slim.analyze(bad, **options)
        with pytest.raises(slim.SlimError) as caught:
            slim.analyze(bad, cache=cache, **options)
        assert caught.value.exit_code == 4
        assert "layer 0" in str(caught.value)
        assert str(caught.value) == str(uncached.value)
    with pytest.raises(slim.SlimError) as later:
        slim.analyze(good, cache=cache, base="/absent")
    assert later.value.exit_code == 3


def _flipped(data: bytes, *places: int) -> bytes:
    changed = bytearray(data)
    for place in places:
        changed[place + 600] ^= 1
    return bytes(changed)


@pytest.mark.parametrize("attack", everywhere(0))
@LONG
def test_attacks_with_a_cache(attack: Attack, tmp_path: Path) -> None:
    """Without a cache, with an empty one and with a full one: one outcome."""
    assert attack.make is not None
    (tmp_path / "made").mkdir()
    source = attack.make(tmp_path / "made")
    options = {"advice": False, **attack.options}

    def outcome(**more: Any) -> Any:
        try:
            return slim.analyze(source, **options, **more)
        except slim.SlimError as error:
            return error.slug, error.message

    cache = TableCache(tmp_path / "cache")
    expected = outcome()
    assert outcome(cache=cache) == expected
    assert outcome(cache=cache) == expected


def test_contents_that_were_not_asked_for_before(tmp_path: Path, reads: list[int]) -> None:
    """A table says nothing of files that only the other image's config names, and lacks none."""
    cache = TableCache(tmp_path / "cache")
    named = image(BASE, config={"Cmd": ["sh", "/usr/bin/entry"]})
    other = image(BASE, config={"Cmd": ["sh", "/usr/lib/none"]})
    paths = [save(built, tmp_path / f"{number}.tar") for number, built in enumerate((other, named))]
    uncached = [slim.analyze(path) for path in paths]
    for order in ((0, 1, 0, 1), (1, 0, 1)):
        cache.clear()
        for number in order:
            assert slim.analyze(paths[number], cache=cache) == uncached[number]
    reads.clear()
    for number in (1, 0, 1):
        slim.analyze(paths[number], cache=cache)
    assert reads == []


def test_other_limits_are_other_tables(tmp_path: Path) -> None:
    cache = TableCache(tmp_path / "cache")
    path = save(image(BASE), tmp_path / "image.tar")
    slim.analyze(path, cache=cache)
    with pytest.raises(slim.SlimError) as caught:
        slim.analyze(path, cache=cache, limits=Limits(layer_entries=1))
    assert caught.value.slug == "limit-layer-entries"


def spoil_by_cutting(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def spoil_by_flipping(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


def spoil_what_was_asked_for(path: Path) -> None:
    """The part of an entry that is not the table: which files' contents were asked for."""
    data = path.read_bytes()
    path.write_bytes(data[:16] + data[16:].replace(b"\x92", b"\x92\xc0", 1))


def spoil_by_emptying(path: Path) -> None:
    path.write_bytes(b"")


def spoil_by_swapping(path: Path) -> None:
    other = next(entry for entry in path.parent.iterdir() if entry != path)
    path.write_bytes(other.read_bytes())


def spoil_by_linking(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def spoil_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    "spoil",
    [
        spoil_by_cutting,
        spoil_by_flipping,
        spoil_what_was_asked_for,
        spoil_by_emptying,
        spoil_by_swapping,
        spoil_by_linking,
        spoil_by_a_folder,
    ],
)
def test_what_is_damaged_is_read_again(
    spoil: Callable[[Path], None], tmp_path: Path, reads: list[int]
) -> None:
    folder = tmp_path / "cache"
    path = save(image(BASE, {"a": b"1"}), tmp_path / "image.tar")
    uncached = slim.analyze(path, cache=TableCache(folder))
    spoil(next(folder.iterdir()))
    reads.clear()
    assert slim.analyze(path, cache=TableCache(folder)) == uncached
    assert len(reads) == 1


@LONG
def test_a_flipped_bit_anywhere_is_no_table(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    path = save(image(BASE), tmp_path / "image.tar")
    uncached = slim.analyze(path, cache=TableCache(folder))
    (kept,) = folder.iterdir()
    sound = kept.read_bytes()
    spoilt = [sound[:at] + bytes([sound[at] ^ 1]) + sound[at + 1 :] for at in range(len(sound))]
    # A file system that lost power may have kept a part, or blocks of zeros in its place.
    spoilt += [sound[:at] for at in range(len(sound))]
    spoilt += [sound[:at] + bytes(len(sound) - at) for at in range(0, len(sound), 7)]
    cache = TableCache(folder)
    digest = "sha256:" + kept.name.removeprefix("sha256-")[:64]
    for data in spoilt:
        kept.write_bytes(data)
        assert cache.load(digest, extract=True, keeps=KEEPS, extra=None, limits=Limits()) is None
        assert cache.load(digest, extract=True, keeps=KEEPS, extra=(), limits=Limits()) is None
    kept.write_bytes(sound)
    assert slim.analyze(path, cache=cache) == uncached


def test_a_file_that_somebody_else_could_have_written_is_not_read(
    tmp_path: Path, reads: list[int]
) -> None:
    folder = tmp_path / "cache"
    path = save(image(BASE), tmp_path / "image.tar")
    uncached = slim.analyze(path, cache=TableCache(folder))
    (kept,) = folder.iterdir()
    for mode in (0o620, 0o602):
        kept.chmod(mode)
        reads.clear()
        assert slim.analyze(path, cache=TableCache(folder)) == uncached
        assert len(reads) == 1, "it was not used, and is replaced"
        assert kept.stat().st_mode & 0o777 == 0o600


def test_what_is_kept_in_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was used last stays."""
    tables = [scan_blob(MemoryBlob(layer({f"f{at}": b"x"}).blob)) for at in range(20)]
    monkeypatch.setattr(caches, "_SHARED_BYTES", 5 * max(map(weight, tables)))
    cache = TableCache(None, share=True)

    def has(table: LayerTable) -> bool:
        found = cache.load(table.blob_digest, extract=False, extra=(), limits=Limits())
        return found is not None

    for table in tables:
        cache.store(table, extract=False, extra=(), limits=Limits())
        assert has(tables[0])
    kept = [has(table) for table in tables]
    assert kept[0]
    assert all(kept[-4:])
    assert sum(kept) == 5
    monkeypatch.setattr(caches, "_SHARED_BYTES", 1)
    cache.store(tables[3], extract=False, extra=(), limits=Limits())
    assert not has(tables[3])


def test_a_folder_that_others_can_write_to_is_not_used(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    folder.mkdir()
    folder.chmod(0o777)
    cache = TableCache(folder)
    slim.analyze(save(image(BASE), tmp_path / "image.tar"), cache=cache)
    assert list(folder.iterdir()) == []
    assert cache.usage().refused


def test_a_folder_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    path = save(image(BASE), tmp_path / "image.tar")
    assert slim.analyze(path, cache=TableCache(tmp_path / "file" / "below")) == slim.analyze(path)


def test_what_is_kept_is_for_the_user_alone(tmp_path: Path) -> None:
    cache = TableCache(tmp_path / "cache")
    slim.analyze(save(image(BASE), tmp_path / "image.tar"), cache=cache)
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o700
    assert [path.stat().st_mode & 0o777 for path in (tmp_path / "cache").iterdir()] == [0o600]


def test_the_size_is_bounded_and_the_unused_goes_first(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    names = "abcdef"
    for name in names:
        layers = raw_layer(layer((file(name, os.urandom(40_000)),)).tar, (), "none")
        path = save(image(layers), tmp_path / f"{name}.tar")
        slim.analyze(path, cache=TableCache(folder))
        time.sleep(0.01)
    sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
    assert len(sizes) == len(names)
    oldest = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    slim.analyze(tmp_path / "a.tar", cache=TableCache(folder))
    limit = sum(sizes.values()) // 2
    cache = TableCache(folder, limit)
    cache.prune()
    assert 0 < cache.usage().bytes <= limit
    assert oldest[0].exists(), "it was used again"
    assert not oldest[1].exists()


@LONG
def test_runs_side_by_side(tmp_path: Path) -> None:
    path = save(image(BASE, *({f"f{n}": bytes(n)} for n in range(20))), tmp_path / "image.tar")
    uncached = msgspec.json.encode(slim.analyze(path))
    folder = tmp_path / "cache"

    def run(number: int) -> bytes:
        cache = TableCache(folder, 4_000)
        try:
            return msgspec.json.encode(slim.analyze(path, cache=cache))
        finally:
            cache.prune()
            if number % 3 == 0:
                cache.clear()

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(run, range(24))) == {uncached}


@LONG
def test_the_commands(tmp_path: Path) -> None:
    path = save(image(layer({"a": os.urandom(200_000)})), tmp_path / "image.tar")
    environment = {
        **os.environ,
        "SLIM_CACHE_DIR": str(tmp_path / "cache"),
        "PYTHONWARNINGS": "error",
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "slim", *arguments]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=60
        )

    assert run("analyze", str(path), "--no-cache").returncode == 0
    assert not (tmp_path / "cache").exists()
    first, second = run("analyze", str(path)), run("analyze", str(path))
    assert first.returncode == 0
    assert first.stdout == second.stdout
    shown = run("cache", "show").stdout
    assert f"folder  {tmp_path}/cache\nlayers  1\n" in shown
    assert "of at most 1.07 GB" in shown
    assert "removed 1 layers" in run("cache", "clear").stderr
    assert "layers  0\n" in run("cache", "show").stdout
    environment["SLIM_CACHE_SIZE"] = "many"
    assert run("analyze", str(path)).returncode == 2
