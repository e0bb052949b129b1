"""Wheels, eggs, and what an environment that is installed here lists."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from slim.ecosystems import KEEPS
from slim.ecosystems.python.packages import normalized, read_python
from tests.conftest import LONG
from tests.support.installed_languages import RECORD, SITE


def distribution(
    name: str, record: str | None, installer: str = "pip", **more: bytes
) -> dict[bytes, bytes]:
    folder = SITE + name.encode() + b"-1.0.dist-info/"
    head = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    head += "Requires-Dist: PyYAML>=5\nRequires-Dist: ruff; extra == 'dev'\n"
    head += "Requires-Dist: tomli (>=1) ; python_version < '3.11'\n\nName: in the description\n"
    found = {folder + b"METADATA": head.encode(), folder + b"INSTALLER": installer.encode() + b"\n"}
    if record is not None:
        found[folder + b"RECORD"] = record.encode()
    return found | {folder + key.encode() + b".txt": data for key, data in more.items()}


def test_a_wheel() -> None:
    read = read_python(distribution("demo", RECORD))
    (package,) = read.packages
    assert (package.name, package.version, package.auto) == ("demo", "1.0", False)
    assert package.files[:3] == (
        b"opt/venv/bin/demo",
        SITE + b"demo/__init__.py",
        SITE + b"demo/a, b.py",
    )
    assert not any(b"escape" in path for path in package.files)
    assert package.directories == (SITE + b"demo-1.0.dist-info",)
    scope = SITE.decode().rstrip("/") + ":"
    assert [dependency.names for dependency in package.depends] == [
        (scope + "pyyaml",),
        (scope + "tomli",),
    ]
    assert package.provides == (scope + "demo",)


def test_whether_it_was_asked_for() -> None:
    without = RECORD.replace("demo-1.0.dist-info/REQUESTED,,\n", "")
    assert read_python(distribution("demo", without)).packages[0].auto is True
    assert read_python(distribution("demo", without, "uv")).packages[0].auto is None
    assert read_python(distribution("demo", None)).packages[0].auto is None


def test_without_a_list_the_top_level_names_count() -> None:
    (package,) = read_python(
        distribution("demo", None, top_level=b"demo\n_demo\n../x\n..\n")
    ).packages
    assert package.files == ()
    assert package.directories == (SITE + b"demo-1.0.dist-info", SITE + b"demo", SITE + b"_demo")


def test_eggs() -> None:
    info = b"Name: old\nVersion: 2\n"
    egg = b"srv/eggs/new-1-py3.egg/"
    read = read_python(
        {
            SITE + b"old.egg-info/PKG-INFO": info,
            SITE
            + b"old.egg-info/installed-files.txt": b"../old/a.py\n../../../../bin/old\nPKG-INFO\n",
            SITE + b"single.egg-info": b"Name: single\nVersion: 3\n",
            SITE + b"tops.egg-info/PKG-INFO": b"Name: tops\n",
            SITE + b"tops.egg-info/top_level.txt": b"tops\n",
            egg + b"EGG-INFO/PKG-INFO": b"Name: new\nVersion: 1\n",
        }
    )
    found = {package.name: package for package in read.packages}
    assert found["old"].files == (
        SITE + b"old/a.py",
        b"opt/venv/bin/old",
        SITE + b"old.egg-info/PKG-INFO",
    )
    assert found["single"].files == (SITE + b"single.egg-info",)
    assert found["tops"].directories == (SITE + b"tops.egg-info", SITE + b"tops")
    assert found["new"].directories == (egg.rstrip(b"/"),)
    assert not read.warnings


def test_damaged_metadata_is_noted() -> None:
    nameless = {SITE + b"x-1.dist-info/METADATA": b"Version: 1\n"}
    read = read_python(nameless | distribution("demo", "a" * 200_000 + '",x\n"open'))
    assert [package.name for package in read.packages] == ["demo"]
    assert len(read.warnings) == 2


def test_names_are_compared_as_pip_does() -> None:
    assert normalized("Foo__Bar.baz-.-Q") == "foo-bar-baz-q"


@LONG
def test_this_environment_is_read_as_the_standard_library_reads_it() -> None:
    """An independent oracle: importlib.metadata, on what is installed here."""
    contents: dict[bytes, bytes] = {}
    expected: dict[tuple[str, str], set[str]] = {}
    for distribution in metadata.distributions():
        folder = getattr(distribution, "_path", None)
        if not isinstance(folder, Path) or folder.suffix != ".dist-info" or not distribution.files:
            continue
        for path in folder.iterdir():
            chosen = KEEPS.choose(str(path.parent).lstrip("/").encode(), path.name.encode())
            if path.is_file() and chosen is not None and path.stat().st_size <= chosen.cap:
                contents[str(path).lstrip("/").encode()] = path.read_bytes()
        located = {str(Path(str(distribution.locate_file(file)))) for file in distribution.files}
        expected[distribution.metadata["Name"], distribution.version] = {
            _plain(path) for path in located
        }
    read = read_python(contents)
    assert not read.warnings
    found = {
        (package.name, package.version): {"/" + path.decode() for path in package.files}
        for package in read.packages
    }
    assert len(expected) > 5
    assert found == expected


def _plain(path: str) -> str:
    """Without `..`, as text: the environment may have links."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts.pop()
        elif part:
            parts.append(part)
    return "/" + "/".join(parts)
