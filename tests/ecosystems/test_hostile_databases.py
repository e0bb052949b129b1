"""Whatever an image holds, readers return; they do not raise, and what they return can be used."""

from __future__ import annotations

import tracemalloc
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slim.ecosystems.catalog import Catalog, read_catalog
from slim.packages.closure import recommends_only, removal_closure, why
from slim.packages.graph import link
from slim.packages.owners import own
from slim.packages.package import MAX_NOTICES, SYSTEM
from tests.conftest import LONG
from tests.ecosystems.test_apk import INSTALLED as APK
from tests.ecosystems.test_apk import WORLD
from tests.ecosystems.test_dpkg import STATUS
from tests.ecosystems.test_languages import GEMSPEC, RECORD, SITE, conda
from tests.ecosystems.test_node import APP, LOCK, PNPM
from tests.ecosystems.test_otp import APP as OTP
from tests.ecosystems.test_otp import REL
from tests.ecosystems.test_rpm import DATABASES
from tests.support.building import layer
from tests.support.checked import checked_files

SOUND: dict[bytes, bytes] = {
    b"var/lib/dpkg/status": STATUS,
    b"var/lib/dpkg/status.d/base": STATUS,
    b"var/lib/dpkg/status.d/base.md5sums": b"0123  usr/bin/x\n",
    b"var/lib/dpkg/info/libz1:amd64.list": b"/.\n/lib\n/lib/libz.so.1\n",
    b"var/lib/dpkg/diversions": b"/lib/libz.so.1\n/lib/moved\n:\n",
    b"var/lib/apt/extended_states": b"Package: libz1\nArchitecture: amd64\nAuto-Installed: 1\n",
    b"lib/apk/db/installed": APK,
    b"etc/apk/world": WORLD,
    SITE + b"demo-1.0.dist-info/METADATA": b"Name: demo\nVersion: 1\nRequires-Dist: x\n",
    SITE + b"demo-1.0.dist-info/RECORD": RECORD.encode(),
    SITE + b"old.egg-info/PKG-INFO": b"Name: old\n",
    SITE + b"old.egg-info/installed-files.txt": b"../old/a.py\n",
    b"usr/lib/gems/specifications/nokogiri-1.gemspec": GEMSPEC,
    b"app/vendor/composer/installed.json": b'{"packages":[{"name":"a/b","require":{"c/d":"1"}}]}',
    b"app/a.deps.json": b'{"runtimeTarget":{"name":"t"},"targets":{"t":{"a/1":{"runtime":{"a":{}}}}}}',
    b"app/node_modules/.package-lock.json": b'{"packages":{"node_modules/web":{"dev":true}}}',
    b"app/node_modules/.modules.yaml": b"included:\n  devDependencies: true\n",
    b"app/node_modules/.pnpm/lock.yaml": LOCK,
    b"app/lib/phoenix/ebin/phoenix.app": OTP,
    b"app/releases/1/demo.rel": REL,
    b"usr/lib/sysimage/libdnf5/packages.toml": b'[packages]\n"a.x" = {reason = "User"}\n',
    **APP,
    **PNPM,
    **conda(),
}
PATHS = sorted({*SOUND, *DATABASES})
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


MANAGERS = {*SYSTEM, "conda", "python", "node", "otp", "gem", "composer", "nuget"}


def use(catalog: Catalog) -> None:
    """Everything that is done with packages, on an image that has a few of their files."""
    for notice in catalog.notices:
        assert notice.text.startswith("could not read ")
    graph = link(catalog.packages)
    for reason in why(graph):
        assert reason.text(graph)
    recommends_only(graph)
    for index, package in enumerate(catalog.packages):
        assert package.name
        assert package.manager in MANAGERS
        assert len(removal_closure(graph, [index])) <= len(catalog.packages)
    stacked = checked_files([layer("lib->usr/lib usr/lib/libz.so.1=1 app/node_modules/web/x=2")])
    ownership = own(stacked.files, catalog.packages, array("q", bytes(8 * len(stacked.files))))
    assert sum(ownership.files) <= 2


def test_the_sound_files_are_read_without_a_notice() -> None:
    for path, data in DATABASES.items():
        catalog = read_catalog({**SOUND, path: data})
        texts = [one.text for one in catalog.notices if "are not listed" not in one.text]
        assert texts == []
        assert {one.manager for one in catalog.packages} == MANAGERS
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
    notices = read_catalog(contents).notices
    assert len(notices) == MAX_NOTICES
    assert "450 more" in notices[-1].text


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
def test_a_database_takes_some_times_its_size(path: str, data: bytes, most: int) -> None:
    tracemalloc.start()
    try:
        read = read_catalog({path.encode(): data})
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(read.packages) == 1
    assert peak < most * len(data)
