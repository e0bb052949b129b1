"""Packages of conda."""

from __future__ import annotations

from slim.ecosystems.conda.packages import read_conda
from tests.support.installed_languages import conda


def test_conda() -> None:
    (package,) = read_conda(conda()).packages
    assert (package.name, package.version, package.arch) == ("numpy", "2.3.1", "linux-64")
    assert package.files == (
        b"opt/conda/conda-meta/numpy-2.3.1-py312.json",
        b"opt/conda/lib/a.so",
        b"opt/conda/bin/f2py",
    )
    assert [dependency.names for dependency in package.depends] == [
        ("opt/conda:python",),
        ("opt/conda:libblas",),
    ]
    assert package.auto is False
    assert read_conda(conda(requested_spec="")).packages[0].auto is True
    assert read_conda({b"opt/conda/conda-meta/history": b"x"}).packages == ()
    found = read_conda(conda(files=[1, None, "../../../escape", "ok"], depends={}, version=3))
    assert found.packages[0].files[1:] == (b"opt/conda/ok",)
