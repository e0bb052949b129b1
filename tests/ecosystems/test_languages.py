"""Libraries of languages: Python, conda, gems, Composer, .NET. Node and OTP have files of their own."""

from __future__ import annotations

import doctest
import importlib
import json
import pkgutil
from importlib import metadata
from pathlib import Path

import pytest

from slim import ecosystems
from slim.ecosystems import KEEPS
from slim.ecosystems.catalog import read_catalog
from slim.ecosystems.conda.packages import read_conda
from slim.ecosystems.dotnet.packages import read_dotnet
from slim.ecosystems.php.packages import read_php
from slim.ecosystems.python.packages import normalized, read_python
from slim.ecosystems.ruby.packages import read_ruby
from slim.files import extract
from slim.packages.package import Package
from tests.support.installed_languages import GEMSPEC, RECORD, SITE, conda


def distribution(
    name: str, record: str | None, installer: str = "pip", **more: bytes
) -> dict[bytes, bytes]:
    folder = SITE + name.encode() + b"-1.0.dist-info/"
    head = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    head += "Requires-Dist: PyYAML>=5\nRequires-Dist: ruff; extra == 'dev'\n"
    head += "Requires-Dist: tomli (>=1) ; python_version < '3.11'\n\nName: in the description\n"
    found = {
        folder + b"METADATA": head.encode(),
        folder + b"INSTALLER": installer.encode() + b"\n",
    }
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
    assert [one.names for one in package.depends] == [(scope + "pyyaml",), (scope + "tomli",)]
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
    found = {one.name: one for one in read.packages}
    assert found["old"].files == (
        SITE + b"old/a.py",
        b"opt/venv/bin/old",
        SITE + b"old.egg-info/PKG-INFO",
    )
    assert found["single"].files == (SITE + b"single.egg-info",)
    assert found["tops"].directories == (SITE + b"tops.egg-info", SITE + b"tops")
    assert found["new"].directories == (egg.rstrip(b"/"),)
    assert not read.notices


def test_damaged_metadata_is_noted() -> None:
    nameless = {SITE + b"x-1.dist-info/METADATA": b"Version: 1\n"}
    read = read_python(nameless | distribution("demo", "a" * 200_000 + '",x\n"open'))
    assert [one.name for one in read.packages] == ["demo"]
    assert len(read.notices) == 2


def test_names_are_compared_as_pip_does() -> None:
    assert normalized("Foo__Bar.baz-.-Q") == "foo-bar-baz-q"


def test_this_environment_is_read_as_the_standard_library_reads_it() -> None:
    """An independent oracle: importlib.metadata, on what is installed here."""
    contents: dict[bytes, bytes] = {}
    expected: dict[tuple[str, str], set[str]] = {}
    for one in metadata.distributions():
        folder = getattr(one, "_path", None)
        if not isinstance(folder, Path) or folder.suffix != ".dist-info" or not one.files:
            continue
        for path in folder.iterdir():
            chosen = KEEPS.choose(str(path.parent).lstrip("/").encode(), path.name.encode())
            if path.is_file() and chosen is not None and path.stat().st_size <= chosen.cap:
                contents[str(path).lstrip("/").encode()] = path.read_bytes()
        located = {str(Path(str(one.locate_file(file)))) for file in one.files}
        expected[one.metadata["Name"], one.version] = {_plain(path) for path in located}
    read = read_python(contents)
    assert not read.notices
    found = {
        (one.name, one.version): {"/" + path.decode() for path in one.files}
        for one in read.packages
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


def test_conda() -> None:
    (package,) = read_conda(conda()).packages
    assert (package.name, package.version, package.arch) == ("numpy", "2.3.1", "linux-64")
    assert package.files == (
        b"opt/conda/conda-meta/numpy-2.3.1-py312.json",
        b"opt/conda/lib/a.so",
        b"opt/conda/bin/f2py",
    )
    assert [one.names for one in package.depends] == [("opt/conda:python",), ("opt/conda:libblas",)]
    assert package.auto is False
    assert read_conda(conda(requested_spec="")).packages[0].auto is True
    assert read_conda({b"opt/conda/conda-meta/history": b"x"}).packages == ()
    odd = read_conda(conda(files=[1, None, "../../../escape", "ok"], depends={}, version=3))
    assert odd.packages[0].files[1:] == (b"opt/conda/ok",)


def test_gems() -> None:
    home = b"usr/local/bundle"
    full = b"nokogiri-1.18.10-x86_64-linux-gnu"
    contents = {
        home + b"/specifications/" + full + b".gemspec": GEMSPEC,
        home + b"/specifications/default/json-2.9.1.gemspec": b"# stub: json 2.9.1 ruby lib\n",
        home + b"/extensions/x86_64-linux/3.4.0/" + full + b"/gem_make.out": b"make\n",
        home + b"/gems/" + full + b"/test/specifications/no.gemspec": b"no stub",
        b"app/app.gemspec": b"# stub: app 1 ruby lib\n",
    }
    read = read_ruby(contents)
    found = {one.name: one for one in read.packages}
    assert set(found) == {"nokogiri", "json"}
    gem = found["nokogiri"]
    assert (gem.version, gem.arch) == ("1.18.10", "x86_64-linux-gnu")
    assert gem.directories == (
        home + b"/gems/" + full,
        home + b"/doc/" + full,
        home + b"/extensions/x86_64-linux/3.4.0/" + full,
    )
    assert home + b"/cache/" + full + b".gem" in gem.files
    names = [one.names for one in gem.depends]
    assert names == [("usr/local/bundle:mini_portile2",), ("usr/local/bundle:racc",)]
    assert found["json"].directories == ()
    assert found["json"].provides == ("usr/local/bundle:json",)
    assert len(read.notices) == 1


INSTALLED = {
    "packages": [
        {
            "name": "monolog/monolog",
            "version": "3.9.0",
            "type": "library",
            "require": {"php": ">=8.1", "psr/log": "^2"},
            "provide": {"psr/log-implementation": "3.0.0"},
            "install-path": "../monolog/monolog",
        },
        {"name": "phpunit/phpunit", "version": "11", "install-path": "../phpunit/phpunit"},
        {"name": "meta/package", "type": "metapackage", "install-path": None},
        {"version": "nameless"},
    ],
    "dev": True,
    "dev-package-names": ["phpunit/phpunit"],
}


def php(document: object, place: bytes = b"app/") -> dict[str, Package]:
    path = place + b"vendor/composer/installed.json"
    return {one.name: one for one in read_php({path: json.dumps(document).encode()}).packages}


def test_composer() -> None:
    found = php(INSTALLED)
    assert set(found) == {"monolog/monolog", "phpunit/phpunit", "meta/package"}
    monolog = found["monolog/monolog"]
    assert monolog.directories == (b"app/vendor/monolog/monolog",)
    names = [one.names for one in monolog.depends]
    assert names == [("app/vendor:php",), ("app/vendor:psr/log",)]
    assert monolog.provides[1] == "app/vendor:psr/log-implementation"
    assert (monolog.dev, found["phpunit/phpunit"].dev) == (False, True)
    assert found["meta/package"].directories == ()


def test_composer_1_wrote_a_bare_list() -> None:
    found = php([{"name": "a/b", "version": "1"}], b"")
    assert found["a/b"].directories == (b"vendor/a/b",)
    assert found["a/b"].dev is None


def test_dotnet() -> None:
    document = {
        "runtimeTarget": {"name": ".NETCoreApp,Version=v9.0"},
        "targets": {
            ".NETCoreApp,Version=v9.0": {
                "App/1.0.0": {
                    "dependencies": {"Npgsql": "9.0.3"},
                    "runtime": {"App.dll": {}},
                },
                "Npgsql/9.0.3": {
                    "runtime": {"lib/net9.0/Npgsql.dll": {}},
                    "resources": {"lib/net9.0/de/Npgsql.resources.dll": {"locale": "de"}},
                    "runtimeTargets": {"runtimes/win/lib/net9.0/X.dll": {"rid": "win"}},
                    "native": {"runtimes/linux-x64/native/libx.so": {}},
                },
            },
            "other": {"Unused/1": {}},
        },
        "libraries": {"App/1.0.0": {"type": "project"}, "Npgsql/9.0.3": {"type": "package"}},
    }
    path = b"app/App.deps.json"
    app, npgsql = read_dotnet({path: b"\xef\xbb\xbf" + json.dumps(document).encode()}).packages
    assert (app.section, npgsql.section, npgsql.version) == ("project", "package", "9.0.3")
    assert app.files == (b"app/App.dll",)
    assert app.depends[0].names == npgsql.provides
    assert set(npgsql.files) == {
        b"app/Npgsql.dll",
        b"app/de/Npgsql.resources.dll",
        b"app/runtimes/win/lib/net9.0/X.dll",
        b"app/libx.so",
    }


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
    assert len(catalog.notices) == (path.startswith(b"vendor") and data == b"[1]") ^ 1


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
