"""The floor: what any verifying reader of an image archive has to do, and nothing else.

Each layer is read, inflated (isal or zstd) and hashed with SHA-256 on both sides; a layer
that is stored uncompressed is hashed once. No tar entry is parsed. Two ways to use all cores:

    python -m tests.bench.floor --mode pool IMAGE        one thread per layer at a time
    python -m tests.bench.floor --mode pipeline IMAGE    layer by layer; inflate | hash | hash

The better of the two is the floor that the benchmark divides by. `--mode unverified` reads and
inflates only, one thread per layer: the floor of a reader that checks no digest.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import queue
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from isal import igzip_lib

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

READ = 256 << 10  # bytes per read of the archive
OUT = 256 << 10  # bytes at most per call of a decompressor: larger ones cost page faults
DEPTH = 8  # chunks in flight between two threads of the pipeline


class Blob(NamedTuple):
    """Where a layer lies in the archive (bytes)."""

    offset: int
    size: int


def layers(path: str) -> list[Blob]:
    """Return the layers that ``manifest.json`` names, each stored blob once."""
    with tarfile.open(path) as archive:
        members = {member.name: member for member in archive}
        manifest = archive.extractfile("manifest.json")
        assert manifest is not None
        names = json.load(manifest)[0]["Layers"]
    return [Blob(members[name].offset_data, members[name].size) for name in dict.fromkeys(names)]


def read(fd: int, blob: Blob) -> Iterator[bytes]:
    """Yield the stored bytes of a blob."""
    offset, end = blob.offset, blob.offset + blob.size
    while offset < end:
        chunk = os.pread(fd, min(READ, end - offset), offset)
        if not chunk:
            raise EOFError("archive is truncated")
        offset += len(chunk)
        yield chunk


def inflate(chunks: Iterator[bytes], raw: Callable[[bytes], object]) -> Iterator[bytes]:
    """Yield the inflated bytes; hand every stored chunk to ``raw`` as it is read."""
    decoder: Any = None
    for chunk in chunks:
        raw(chunk)
        data = chunk
        while data or (decoder is not None and not decoder.needs_input and not decoder.eof):
            if decoder is None or decoder.eof:
                decoder = new_decoder(data)
            yield decoder.decompress(data, OUT)
            data = decoder.unused_data if decoder.eof else b""
    if decoder is not None and not decoder.eof:
        raise EOFError("layer is truncated")


def new_decoder(head: bytes) -> Any:
    """Return a decoder, which keeps its own unread input, for the stream of that head."""
    if head[:2] == b"\x1f\x8b":
        return igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
    return zstd.ZstdDecompressor()


def is_compressed(fd: int, blob: Blob) -> bool:
    """Tell gzip and zstd from a plain tar by their magic bytes."""
    head = os.pread(fd, 4, blob.offset)
    return head[:2] == b"\x1f\x8b" or head == b"\x28\xb5\x2f\xfd" or head[1:] == b"\x2a\x4d\x18"


def pool(fd: int, blobs: list[Blob]) -> list[str]:
    """Hash several layers at once, each in one thread."""

    def digests_of(blob: Blob) -> str:
        stored, hasher = hashlib.sha256(), hashlib.sha256()
        if not is_compressed(fd, blob):
            for chunk in read(fd, blob):
                stored.update(chunk)
            return stored.hexdigest()
        for chunk in inflate(read(fd, blob), stored.update):
            hasher.update(chunk)
        return f"{stored.hexdigest()} {hasher.hexdigest()}"

    return each(digests_of, blobs)


def unverified(fd: int, blobs: list[Blob]) -> list[str]:
    """Read and inflate several layers at once, each in one thread; return their sizes."""

    def inflated(blob: Blob) -> str:
        chunks = read(fd, blob)
        return str(sum(map(len, inflate(chunks, len) if is_compressed(fd, blob) else chunks)))

    return each(inflated, blobs)


def each(work: Callable[[Blob], str], blobs: list[Blob]) -> list[str]:
    """Run the work over all layers, the largest first, one thread per core."""
    with ThreadPoolExecutor(os.cpu_count()) as executor:
        return list(executor.map(work, sorted(blobs, key=lambda blob: -blob.size)))


class Hasher:
    """A SHA-256 in a thread of its own behind a bounded queue."""

    def __init__(self) -> None:
        self.hash = hashlib.sha256()
        self.queue: queue.Queue[bytes | None] = queue.Queue(DEPTH)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self) -> None:
        while (chunk := self.queue.get()) is not None:
            self.hash.update(chunk)

    def hexdigest(self) -> str:
        self.queue.put(None)
        self.thread.join()
        return self.hash.hexdigest()


def pipeline(fd: int, blobs: list[Blob]) -> list[str]:
    """Hash one layer after the other; inflating and both hashes overlap."""
    digests = []
    for blob in blobs:
        stored = Hasher()
        if not is_compressed(fd, blob):
            for chunk in read(fd, blob):
                stored.queue.put(chunk)
            digests.append(stored.hexdigest())
            continue
        hasher = Hasher()
        for chunk in inflate(read(fd, blob), stored.queue.put):
            hasher.queue.put(chunk)
        digests.append(f"{stored.hexdigest()} {hasher.hexdigest()}")
    return digests


MODES = {"pool": pool, "pipeline": pipeline, "unverified": unverified}


def main() -> None:
    """Read every layer of IMAGE and print the digests."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--mode", choices=MODES, required=True)
    parser.add_argument("image")
    arguments = parser.parse_args()
    fd = os.open(arguments.image, os.O_RDONLY)
    for line in MODES[arguments.mode](fd, layers(arguments.image)):
        print(line)


if __name__ == "__main__":
    main()
