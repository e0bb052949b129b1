"""Archives of Java, Python wheels and other zips: an input is one zip.

Oracle: nothing is raised; what is kept is bounded, has a size, and leads nowhere else.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

from slim.files.extract.archive import parse_archive
from slim.files.extract.pieces import Pieces
from tests.support.zips import zipped

SMALL = {
    "META-INF/MANIFEST.MF": b"Manifest-Version: 1.0\n",
    "BOOT-INF/lib/a.jar": b"x" * 90,
    "e": b"",
}


def seeds() -> Iterator[bytes]:
    yield zipped(SMALL)
    yield zipped({}, b"a comment")
    yield b"#!/bin/sh\nexec java -jar $0\n" + zipped(SMALL)
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w") as archive,
        archive.open("long", "w", force_zip64=True) as member,
    ):
        member.write(b"y" * 70)
    yield out.getvalue()


def check(data: bytes) -> None:
    found = parse_archive(Pieces.whole(data), b"a.jar")
    assert len(found.members) <= 24
    assert found.entries * 46 <= len(data)
    for path, size in (*found.members, *found.nested):
        assert path
        assert 0 < size < 1 << 64
        assert not {b"", b".", b".."}.intersection(path.split(b"/"))
    tar = parse_archive(Pieces.whole(data), b"a.tar.gz")
    assert len(tar.members) <= 24
