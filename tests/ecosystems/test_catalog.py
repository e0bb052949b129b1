"""All package databases together: which files are kept, and files that are no document."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

from slim import ecosystems
from slim.ecosystems import KEEPS
from slim.ecosystems.catalog import read_catalog
from slim.files import extract


def test_the_examples_of_the_documentation() -> None:
    examples = 0
    modules = (
        module
        for package in (ecosystems, extract)
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + ".")
    )
    for module in modules:
        result = doctest.testmod(importlib.import_module(module.name))
        assert not result.failed, module.name
        examples += result.attempted
    assert examples > 10


@pytest.mark.parametrize(
    "path",
    [
        b"opt/conda/conda-meta/a.json",
        b"vendor/composer/installed.json",
        b"app/a.deps.json",
        b"node_modules/a/package.json",
        b"node_modules/.package-lock.json",
    ],
)
@pytest.mark.parametrize("data", [b"", b"[1]", b"{", b"[" * 100_000, b'{"a":' * 100_000, b"\xff"])
def test_no_document_is_a_notice(path: bytes, data: bytes) -> None:
    catalog = read_catalog({path: data})
    assert catalog.packages == ()
    assert len(catalog.warnings) == (path.startswith(b"vendor") and data == b"[1]") ^ 1


@pytest.mark.parametrize(
    ("directory", "name", "taken"),
    [
        (b"var/lib/dpkg", b"status", True),
        (b"var/lib/dpkg/status.d", b"tzdata", True),
        (b"var/lib/dpkg/info", b"libc6:amd64.list", True),
        (b"var/lib/dpkg/info", b"libc6:amd64.postinst", False),
        (b"etc/apt", b"sources.list", False),
        (b"usr/lib/sysimage/rpm", b"rpmdb.sqlite-wal", True),
        (b"srv", b"Packages", False),
        (b"app/node_modules/a", b"package.json", True),
        (b"app", b"App.deps.json", True),
        (b"app", b"data.json", False),
        (b"opt/conda/conda-meta", b"a.json", True),
        (b"usr/lib/erlang/lib/kernel-10/ebin", b"kernel.app", True),
    ],
)
def test_which_files_of_databases_are_kept(directory: bytes, name: bytes, taken: bool) -> None:
    assert (KEEPS.choose(directory, name) is not None) == taken
