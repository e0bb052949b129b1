"""The images of the benchmark: made deterministically from synthetic data.

Every image is a docker-archive of the Docker 25 shape (``manifest.json`` beside an OCI layout,
blobs under ``blobs/sha256``), so that each layer has a digest to verify and dive can read it,
compressed or not. The data imitates an image's mix of text, machine code and packed files.

    python -m tests.bench.images NAME…       make some images, print their paths
    python -m tests.bench.images --list      say which there are

Files live in the folder named by ``SLIM_BENCH_DIR`` (default: ``slim-bench`` in the temporary
folder) and are made once: a finished file is never written again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import struct
import sys
import tempfile
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache, partial
from itertools import accumulate
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

GENERATION = 1  # part of every file name: raise it when the recipe changes
CHUNK = 1 << 20
POOL = 32 << 20  # bytes of material that all file contents are cut from
PHRASES = 60_000
MEDIA = "application/vnd.oci.image."

Entry = tuple[str, bytes]  # path (a directory ends in "/") and content


# --- material -------------------------------------------------------------------------------


@cache
def material() -> bytes:
    """Return the bytes that contents are cut from: text, code-like and random stretches.

    Gzip makes it 2.3 times smaller and zstd 2.9 times; decompressors run over it about as
    fast as over a Debian ``/usr``.
    """
    rng = random.Random(20_240_117)  # noqa: S311  # reproducible, no secret
    letters = "etaoinshrdlucmfwypvbgk"
    falling = list(accumulate(range(len(letters), 0, -1)))
    words = ["".join(rng.choices(letters, cum_weights=falling, k=rng.randint(2, 10))).encode()
             for _ in range(12_000)]  # fmt: skip
    opcodes = [rng.randbytes(rng.choice((1, 2, 2, 3, 3, 4, 7))) for _ in range(3_000)]
    lines = phrases(rng, words, b" ", 4)
    blocks = phrases(rng, opcodes, b"", 8)
    often = list(accumulate(1 / (rank + 10) for rank in range(PHRASES)))
    parts: list[bytes] = []
    size = 0
    while size < POOL:
        kind = rng.random()
        if kind < 0.45:
            part = b"\n".join(rng.choices(lines, cum_weights=often, k=9_000))
        elif kind < 0.9:
            part = b"".join(rng.choices(blocks, cum_weights=often, k=18_000)) + bytes(2048)
        else:
            part = rng.randbytes(96 << 10)
        parts.append(part)
        size += len(part)
    return b"".join(parts)[:POOL]


def phrases(rng: random.Random, atoms: list[bytes], glue: bytes, longest: int) -> list[bytes]:
    """Return sequences of atoms, which occur by Zipf's law."""
    often = list(accumulate(1 / (rank + 3) for rank in range(len(atoms))))
    return [
        glue.join(rng.choices(atoms, cum_weights=often, k=rng.randint(1, longest)))
        for _ in range(PHRASES)
    ]


def cut(rng: random.Random, size: int) -> bytes:
    """Return ``size`` bytes of material from a random place."""
    pool = material()
    start = rng.randrange(POOL)
    data = pool[start : start + size]
    while len(data) < size:
        data += pool[: size - len(data)]
    return data


def sizes(rng: random.Random, files: int, total: int) -> list[int]:
    """Return file sizes like an image's (log-normal) that add up to about ``total`` bytes."""
    raw = [rng.lognormvariate(0, 1.9) for _ in range(files)]
    scale = total / sum(raw)
    return [int(value * scale) for value in raw]


# --- layers ---------------------------------------------------------------------------------


def tree(
    seed: int, file_sizes: Iterable[int], per_directory: int = 12, *, blank: int = 0
) -> Iterator[Entry]:
    """Yield directories and files of the given sizes (bytes); with `blank` one byte in so many is zero."""
    rng = random.Random(seed)  # noqa: S311
    folder = ""
    result: set[str] = set()
    for number, size in enumerate(file_sizes):
        if number % per_directory == 0:
            group = number // per_directory
            parts = ["usr", "lib", f"pack-{seed}-{group // 40}", f"module{group % 40:02}"]
            for depth in range(1, len(parts) + 1):
                folder = "/".join(parts[:depth]) + "/"
                if folder not in result:
                    result.add(folder)
                    yield folder, b""
        zeros = size // blank if blank else 0
        data = cut(rng, size - zeros) + bytes(zeros) if size else b""
        yield f"{folder}file_{number:07}.so", data


def whiteouts(files: int, every: int) -> Iterator[Entry]:
    """Yield a whiteout for every ``every``-th file of ``tree(0, …)``."""
    for number, (path, _) in enumerate(
        entry for entry in tree(0, [0] * files) if not entry[0].endswith("/")
    ):
        if number % every == 0:
            folder, _, name = path.rpartition("/")
            yield f"{folder}/.wh.{name}", b""


def header(path: str, size: int) -> bytes:
    """Return a ustar header of one block; the path must fit its 100 bytes."""
    name = path.encode()
    assert len(name) <= 100
    mode, kind = (b"0000755", b"5") if path.endswith("/") else (b"0000644", b"0")
    owner = b"0000000\0"
    before = b"%b%b\0%b%b%011o\x0014524770000\0" % (
        name.ljust(100, b"\0"),
        mode,
        owner,
        owner,
        size,
    )
    after = kind + bytes(100) + b"ustar\x0000" + b"root".ljust(32, b"\0") * 2
    checksum = sum(before) + sum(after) + 8 * 32  # its own field counts as spaces
    return (before + b"%06o\0 " % checksum + after).ljust(512, b"\0")


def tar(entries: Iterable[Entry]) -> Iterator[bytes]:
    """Yield a tar of the entries in chunks of about ``CHUNK`` bytes."""
    parts: list[bytes] = []
    size = 0
    for path, data in entries:
        parts += (header(path, len(data)), data, bytes(-len(data) % 512))
        size += 512 + len(data)
        if size >= CHUNK:
            yield b"".join(parts)
            parts, size = [], 0
    yield b"".join(parts) + bytes(1024)


# --- compression ----------------------------------------------------------------------------


def gzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Compress to one gzip member, level 6, the chunks in parallel.

    Each chunk is deflated with the 32 KiB before it as its dictionary and ends on a byte
    boundary (sync flush), so the concatenation is one valid deflate stream, RFC 1951.
    """

    def deflate(chunk: bytes, before: bytes) -> bytes:
        packer = zlib.compressobj(6, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, before)
        return packer.compress(chunk) + packer.flush(zlib.Z_SYNC_FLUSH)

    yield b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
    crc, size, before = 0, 0, b""
    waiting: deque[Future[bytes]] = deque()
    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as executor:
        for chunk in chunks:
            waiting.append(executor.submit(deflate, chunk, before))
            crc, size, before = zlib.crc32(chunk, crc), size + len(chunk), chunk[-32768:]
            while len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        for future in waiting:
            yield future.result()
    yield b"\x03\0" + struct.pack("<II", crc, size & 0xFFFFFFFF)  # an empty final block, trailer


def zstandard(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Compress to one zstd frame, level 3, with the library's own threads."""
    packer = zstd.ZstdCompressor(
        options={
            zstd.CompressionParameter.compression_level: 3,
            zstd.CompressionParameter.checksum_flag: 1,
            zstd.CompressionParameter.nb_workers: os.cpu_count() or 1,
        }
    )
    for chunk in chunks:
        yield packer.compress(chunk)
    yield packer.flush()


FORMS: dict[str, tuple[str, Callable[[Iterable[bytes]], Iterable[bytes]]]] = {
    "plain": ("layer.v1.tar", lambda chunks: chunks),
    "gzip": ("layer.v1.tar+gzip", gzip),
    "zstd": ("layer.v1.tar+zstd", zstandard),
}


# --- archives -------------------------------------------------------------------------------


class Blob(NamedTuple):
    """A layer inside an archive: digests are hexadecimal, offset and size are bytes."""

    digest: str
    diff_id: str
    offset: int
    size: int


def add_member(out: BinaryIO, name: str, chunks: Iterable[bytes]) -> tuple[str, int, int]:
    """Append a member whose name may hold ``{}`` for its digest; return digest, offset, size."""
    start = out.tell()
    out.write(bytes(512))
    digest = hashlib.sha256()
    size = 0
    for chunk in chunks:
        out.write(chunk)
        digest.update(chunk)
        size += len(chunk)
    out.write(bytes(-size % 512))
    end = out.tell()
    out.seek(start)
    out.write(header(name.format(digest.hexdigest()), size))
    out.seek(end)
    return digest.hexdigest(), start + 512, size


def write_archive(
    target: Path, layers: Iterable[tuple[str | None, Iterable[bytes]]], media: str
) -> list[Blob]:
    """Write a Docker 25 archive; a layer is (diff id or None for its own digest, chunks)."""
    blobs = []
    partial_file = target.with_suffix(".partial")
    with partial_file.open("w+b") as out:
        for known, chunks in layers:
            digest, offset, size = add_member(out, "blobs/sha256/{}", chunks)
            blobs.append(Blob(digest, known or digest, offset, size))
        config: dict[str, Any] = {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Env": ["PATH=/usr/bin"], "Cmd": ["/usr/bin/app"]},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{blob.diff_id}" for blob in blobs]},
            "history": [{"created_by": f"COPY part{n} /"} for n in range(len(blobs))],
        }
        config_digest, _, config_size = add_member(out, "blobs/sha256/{}", [as_json(config)])
        manifest = {
            "schemaVersion": 2,
            "mediaType": MEDIA + "manifest.v1+json",
            "config": descriptor("config.v1+json", config_digest, config_size),
            "layers": [descriptor(media, blob.digest, blob.size) for blob in blobs],
        }
        digest, _, size = add_member(out, "blobs/sha256/{}", [as_json(manifest)])
        index = {"schemaVersion": 2, "manifests": [descriptor("manifest.v1+json", digest, size)]}
        docker = {
            "Config": f"blobs/sha256/{config_digest}",
            "RepoTags": [f"bench/{target.stem}:latest"],
            "Layers": [f"blobs/sha256/{blob.digest}" for blob in blobs],
        }
        add_member(out, "index.json", [as_json(index)])
        add_member(out, "manifest.json", [as_json([docker])])
        add_member(out, "oci-layout", [as_json({"imageLayoutVersion": "1.0.0"})])
        out.write(bytes(1024))
    partial_file.rename(target)
    return blobs


def as_json(document: object) -> bytes:
    """Serialise without spaces, like Go does."""
    return json.dumps(document, separators=(",", ":")).encode()


def descriptor(media: str, digest: str, size: int) -> dict[str, object]:
    """Return an OCI descriptor; ``media`` is the part after ``…oci.image.``."""
    return {"mediaType": MEDIA + media, "digest": f"sha256:{digest}", "size": size}


def slices(path: Path, blob: Blob) -> Iterator[bytes]:
    """Yield the stored bytes of a blob of an archive."""
    with path.open("rb") as file:
        file.seek(blob.offset)
        left = blob.size
        while left:
            chunk = file.read(min(CHUNK, left))
            left -= len(chunk)
            yield chunk


# --- the images -----------------------------------------------------------------------------

MB = 1_000_000
MANY = (0.27, 0.19, 0.14, 0.11, 0.08, 0.06, 0.05, 0.04, 0.03, 0.015, 0.01, 0.005)


def sized_layers(seed: int, files: int, total: int, shares: Iterable[float]) -> list[list[int]]:
    """Return one list of file sizes per layer; shares apply to files and bytes alike."""
    rng = random.Random(seed)  # noqa: S311
    return [sizes(rng, round(files * share), round(total * share)) for share in shares]


def trees(layers: Iterable[list[int]]) -> list[Iterator[Entry]]:
    """Return one layer of entries per list of file sizes."""
    return [tree(seed, file_sizes) for seed, file_sizes in enumerate(layers)]


def stored() -> list[Iterator[Entry]]:
    """Return layers like those of `many`, 670 MB once they are compressed."""
    layers = sized_layers(2, 29_000, 1700 * MB, MANY)
    return [tree(seed, file_sizes, blank=8) for seed, file_sizes in enumerate(layers)]


def small(files: int, layers: int) -> list[Iterator[Entry]]:
    """Return layers of files of about 4 KB."""
    rng = random.Random(4)  # noqa: S311
    each = files // layers
    return trees([[rng.randint(3000, 5000) for _ in range(each)] for _ in range(layers)])


def entries(count: int) -> list[Iterator[Entry]]:
    """Return one layer of ``count`` entries, most of them empty files, the rest tiny."""
    per = 24  # files per directory, so that every 25th entry is a directory
    files = count - count // (per + 1)
    return [tree(0, (300 if n % 8 == 0 else 0 for n in range(files)), per)]


def deleted() -> list[Iterator[Entry]]:
    """Return 20,000 files, then 1,000 whiteouts of them."""
    return [tree(0, [1000] * 20_000), whiteouts(20_000, 20)]


RECIPES: dict[str, Callable[[], list[Iterator[Entry]]]] = {
    "big-one": lambda: trees(sized_layers(1, 15_000, 1000 * MB, [1.0])),
    "many": lambda: trees(sized_layers(2, 29_000, 1700 * MB, MANY)),
    "stored": stored,
    "three": lambda: trees(sized_layers(3, 60_000, 3000 * MB, [0.5, 0.3, 0.2])),
    "small-files": lambda: small(200_000, 4),
    "small-files-one": lambda: small(200_000, 1),
    "whiteouts": deleted,
    "million": partial(entries, 1_000_000),
    **{f"series-{n}k": partial(entries, n * 1000) for n in (50, 100, 200, 400, 800)},
}


def folder() -> Path:
    """Return the folder that keeps the images, made if need be."""
    place = Path(os.environ.get("SLIM_BENCH_DIR") or Path(tempfile.gettempdir()) / "slim-bench")
    place.mkdir(parents=True, exist_ok=True)
    return place


def image(name: str, form: str = "plain") -> Path:
    """Return the path of an image in a form of ``FORMS``; make it if it is not there yet."""
    target = folder() / f"{name}.{form}.{GENERATION}.tar"
    if target.exists():
        return target
    media, pack = FORMS[form]
    if form == "plain":
        blobs = write_archive(target, ((None, tar(layer)) for layer in RECIPES[name]()), media)
        target.with_suffix(".json").write_text(json.dumps(blobs))
        return target
    uncompressed = image(name)
    blobs = [Blob(*blob) for blob in json.loads(uncompressed.with_suffix(".json").read_text())]
    write_archive(
        target, ((blob.diff_id, pack(slices(uncompressed, blob))) for blob in blobs), media
    )
    return target


def main() -> None:
    """Make images: NAME or NAME.FORM (plain, gzip, zstd)."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--list", action="store_true", help="list the names")
    parser.add_argument("names", nargs="*", metavar="NAME[.FORM]")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(RECIPES))
    for expected in arguments.names:
        name, _, form = expected.partition(".")
        print(image(name, form or "plain"), flush=True)


if __name__ == "__main__":
    main()
