"""Whatever an image holds, readers return; they do not raise, and what they return can be used."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slim.ecosystems.catalog import read_catalog
from slim.packages.package import MAX_WARNINGS
from tests.conftest import LONG
from tests.support.package_databases import MANAGERS, PATHS, SOUND, use
from tests.support.rpm import DATABASES

FILES = st.sampled_from(PATHS)


@st.composite
def damaged(draw: st.DrawFn) -> dict[bytes, bytes]:
    """The sound files, with a few cut, overwritten, repeated or replaced."""
    contents = dict(SOUND)
    contents |= dict([draw(st.sampled_from(sorted(DATABASES.items())))])
    for path in draw(st.lists(FILES, min_size=1, max_size=4)):
        data = contents.get(path, DATABASES.get(path, b""))
        at = draw(st.integers(0, len(data)))
        piece = draw(
            st.binary(max_size=12) | st.sampled_from([b"\0" * 9, b"\xff" * 9, b"\n\n", b"}"])
        )
        size = draw(st.sampled_from([0, len(piece), len(data)]))
        contents[path] = data[:at] + piece + data[at + size :]
    return contents


def test_the_sound_files_are_read_without_a_notice() -> None:
    for path, data in DATABASES.items():
        catalog = read_catalog({**SOUND, path: data})
        texts = [
            warning.text for warning in catalog.warnings if "are not listed" not in warning.text
        ]
        assert texts == []
        assert {package.manager for package in catalog.packages} == MANAGERS
        use(catalog)


@LONG
@settings(max_examples=150)
@given(damaged())
def test_damaged_files(contents: dict[bytes, bytes]) -> None:
    use(read_catalog(contents))


@settings(max_examples=100)
@given(st.dictionaries(FILES, st.binary(max_size=200), max_size=6))
def test_nonsense(contents: dict[bytes, bytes]) -> None:
    use(read_catalog(contents))


def test_a_flood_of_faults_is_a_few_notices() -> None:
    contents = {b"node_modules/p%d/package.json" % n: b"{" for n in range(500)}
    warnings = read_catalog(contents).warnings
    assert len(warnings) == MAX_WARNINGS
    assert "450 more" in warnings[-1].text


DEB = b"Package: a\nStatus: install ok installed\nArchitecture: all\n"


@pytest.mark.parametrize(
    ("path", "data", "most"),
    [
        ("var/lib/dpkg/status", DEB + b"\n" * 35_000, 8),
        ("var/lib/dpkg/status", DEB + b"Depends: " + b"a," * 50_000, 8),
        ("var/lib/dpkg/status", DEB + b"Depends: " + b"a|" * 50_000, 8),
        ("var/lib/dpkg/status", DEB + b"Depends: a\n" + b" x\n" * 35_000, 8),
        ("var/lib/dpkg/status", DEB + b"Depends: a\n" * 8_000, 8),
        ("var/lib/dpkg/status", DEB + b"Provides: " + b"some," * 20_000, 8),
        ("lib/apk/db/installed", b"P:a\n" + b"\n" * 35_000, 8),
        ("lib/apk/db/installed", b"P:a\nD:" + b"a " * 50_000, 16),
        ("lib/apk/db/installed", b"P:a\nF:usr\n" + b"R:some\n" * 13_000, 16),
    ],
)
@LONG
def test_a_database_takes_some_times_its_size(path: str, data: bytes, most: int) -> None:
    tracemalloc.start()
    try:
        read = read_catalog({path.encode(): data})
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(read.packages) == 1
    assert peak < most * len(data)
