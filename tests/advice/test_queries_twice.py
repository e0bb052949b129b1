"""What is in an image twice, in several versions, or without an owner: through the built-in rules."""

from __future__ import annotations

import io
import random
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from slim.ecosystems.java.queries import artifact_of
from slim.ecosystems.versions import version_of
from slim.report.model import Finding
from slim.report.untrusted import bare
from tests.conftest import LONG
from tests.support.building import Entry, Layer, file, image, layer, save, symlink
from tests.support.checked import checked_analyze
from tests.support.elf import SECTIONS, elf_image, go_section

Findings = Callable[..., dict[str, Finding]]
Contents = dict[str, bytes | str | None]
PROGRAM = elf_image(SECTIONS, needed=(b"libc.so.6",), interpreter=b"/lib64/ld-linux-x86-64.so.2")
JAVA = {"Cmd": ["java", "-jar", "/app/shop.jar"], "WorkingDir": "/app"}


@pytest.fixture
def found(tmp_path: Path) -> Findings:
    """Rule id → finding, of an image of some layers."""

    def analyze(
        *layers: Layer, config: Mapping[str, Any] | None = None, **more: Any
    ) -> dict[str, Finding]:
        sample = image(*layers, config=config, history=more.pop("history", None))
        path = save(sample, tmp_path / "image.tar")
        return {
            finding.rule: finding for finding in checked_analyze(path, top=1000, **more).findings
        }

    return analyze


def paths(finding: Finding) -> set[str]:
    return {bare(example.path) for example in finding.examples}


def noise(size: int, seed: int) -> bytes:
    """Bytes that no other file has, and that do not compress to nothing."""
    return random.Random(seed).randbytes(size)  # noqa: S311


def zipped(members: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as target:
        for name, content in members.items():
            target.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


def packed(members: Mapping[str, bytes], mode: str = "w:gz") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as target:  # type: ignore[call-overload]
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            target.addfile(entry, io.BytesIO(content))
    return out.getvalue()


# --- Jars -----------------------------------------------------------------------------------------

LIBRARIES = {f"lib{number}-1.0.jar": noise(400_000 + 8 * number, number) for number in range(4)}
FAT = zipped(
    {"BOOT-INF/classes/App.class": b"class", "BOOT-INF/lib/other-1.0.jar": b"other"}
    | {f"BOOT-INF/lib/{name}": content for name, content in LIBRARIES.items()}
)
LOOSE: Contents = {f"app/lib/{name}": content for name, content in LIBRARIES.items()}


def test_loose_copies_go_where_the_outer_jar_is_run(found: Findings) -> None:
    loose = LOOSE | {"app/lib/extra-1.jar": noise(100_000, 50)}
    finding = found(layer({"app/shop.jar": FAT}), layer(loose), config=JAVA)["JVM004"]
    assert paths(finding) == set(LOOSE)
    assert finding.claimed_bytes == sum(map(len, LIBRARIES.values()))


def test_the_outer_jar_goes_where_all_of_it_is_on_the_class_path(found: Findings) -> None:
    config = {"Cmd": ["java", "-cp", "/app/classes:/app/lib/*", "com.example.App"]}
    contents = LOOSE | {"app/lib/other-1.0.jar": b"other", "app/shop.jar": FAT}
    assert paths(found(layer(contents), config=config)["JVM004"]) == {"app/shop.jar"}
    # What only the outer one holds may be needed.
    assert "JVM004" not in found(layer(LOOSE | {"app/shop.jar": FAT}), config=config)


@pytest.mark.parametrize(
    ("command", "place"),
    [
        (["java", "-cp", "lib/*:classes", "com.example.App"], "app/lib/"),
        (["java", "org.springframework.boot.loader.launch.JarLauncher"], "app/BOOT-INF/lib/"),
    ],
)
def test_the_outer_jar_goes_where_it_is_run_unpacked(
    command: list[str], place: str, found: Findings
) -> None:
    contents: Contents = {"app/shop.jar": FAT, f"{place}other-1.0.jar": b"other"}
    contents.update({place + name: content for name, content in LIBRARIES.items()})
    config = {"Cmd": command, "WorkingDir": "/app"}
    assert paths(found(layer(contents), config=config)["JVM004"]) == {"app/shop.jar"}


def test_both_may_be_needed_where_a_command_names_both(found: Findings) -> None:
    config = {"Cmd": ["java", "-Dloader.path=/app/lib", "-jar", "/app/shop.jar"]}
    assert "JVM004" not in found(layer(LOOSE | {"app/shop.jar": FAT}), config=config)


def test_jars_of_other_sizes_are_others(found: Findings) -> None:
    others: Contents = {f"app/lib/{name}": library + b"!" for name, library in LIBRARIES.items()}
    assert "JVM004" not in found(layer(others | {"app/shop.jar": FAT}), config=JAVA)


def test_a_servers_libraries_are_not_those_of_its_war(found: Findings) -> None:
    war = zipped({f"WEB-INF/lib/{name}": content for name, content in LIBRARIES.items()})
    server = {f"opt/tomcat/lib/{name}": content for name, content in LIBRARIES.items()}
    beside = {
        f"opt/tomcat/webapps/a/WEB-INF/lib/{name}": library for name, library in LIBRARIES.items()
    }
    contents: Contents = {"opt/tomcat/webapps/a.war": war}
    config = {"Cmd": ["catalina.sh", "run"]}
    contents.update(server)
    assert "JVM004" not in found(layer(contents), config=config)
    contents.update(beside)
    assert paths(found(layer(contents), config=config)["JVM004"]) == set(beside)


def test_a_jar_that_a_package_owns_is_not_in_the_way(found: Findings) -> None:
    status = b"Package: libx-java\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n"
    listed = "".join(f"/{path}\n" for path in LOOSE).encode()
    database: Contents = {"var/lib/dpkg/status": status, "var/lib/dpkg/info/libx-java.list": listed}
    assert "JVM004" not in found(layer(LOOSE | database | {"app/shop.jar": FAT}), config=JAVA)


def test_several_versions_of_a_jar(found: Findings) -> None:
    names = [
        *("guava-30.1-jre.jar", "guava-31.0-jre.jar", "epoll-4.1.9.Final-linux-x86_64.jar"),
        *("epoll-4.1.9.Final-linux-aarch_64.jar", "tool-1.0-rc1.jar", "tool-1.0.jar"),
        *("log4j-1.2-api-2.20.0.jar", "log4j-1.2.17.jar", "plain.jar"),
    ]
    contents: Contents = {}
    contents.update({f"app/lib/{name}": noise(80_000, at) for at, name in enumerate(names)})
    contents |= {
        "app/plugins/guava-29.0-jre.jar": noise(80_000, 60),
        "app/plugins/guava-31.0-jre.jar": noise(80_000, 61),
        "app/shop.jar": FAT,
    }
    finding = found(layer(contents), config=JAVA)["JVM011"]
    assert paths(finding) == {"app/lib/guava-30.1-jre.jar", "app/lib/tool-1.0-rc1.jar"}


@pytest.mark.parametrize("name", ["a.jar", "1-2.txt", "a-b.jar", "a-1.txt", f"a-1{'-' * 300}.jar"])
def test_names_without_a_version(name: str) -> None:
    assert artifact_of(name) is None


def test_versions_in_order() -> None:
    written = ["1.0-alpha", "1.0.M2", "1.0.Final", "1.0.1", "1.2", "1.10", "2024.1", "9" * 5000]
    assert sorted(written, key=version_of) == written


# --- Archives -------------------------------------------------------------------------------------

TREE = {
    "tool-1.2/bin/tool": noise(150_000, 1),
    "tool-1.2/lib/a.so": noise(90_000, 2),
    "tool-1.2/lib/b.so": noise(80_000, 3),
    "tool-1.2/README": b"read me",
}


def unpacked(place: str, strip: int = 0, tree: Mapping[str, bytes] = TREE) -> Contents:
    return {place + "/".join(name.split("/")[strip:]): content for name, content in tree.items()}


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz"])
@pytest.mark.parametrize("strip", [0, 1])
def test_an_archive_beside_its_tree(mode: str, strip: int, found: Findings) -> None:
    name = f"srv/data/tool.tar.{mode[2:]}"
    contents = {name: packed(TREE, mode)} | unpacked("opt/place/", strip)
    finding = found(layer(contents), config={"Cmd": ["/opt/place/bin/tool"]})["ARC005"]
    assert (paths(finding), finding.claimed_bytes) == ({name}, len(packed(TREE, mode)))


def test_a_zip_beside_its_tree(found: Findings) -> None:
    contents = {"srv/tool.zip": zipped(TREE)} | unpacked("usr/local/", 1)
    assert paths(found(layer(contents))["ARC005"]) == {"srv/tool.zip"}


@pytest.mark.parametrize(
    "tree",
    [
        {name: content + b"!" for name, content in TREE.items()},
        {"other/" + name.rpartition("/")[2]: content for name, content in TREE.items()},
        dict(list(TREE.items())[:2]),
        {},
    ],
    ids=["other sizes", "other places", "half of it", "nothing"],
)
def test_an_archive_of_something_else(tree: dict[str, bytes], found: Findings) -> None:
    contents = {"srv/tool.zip": zipped(TREE)} | unpacked("opt/", tree=tree)
    assert "ARC005" not in found(layer(contents | {"srv/a": b"1"}))


def test_archives_that_are_kept_on_purpose(found: Findings) -> None:
    home = "usr/local/lib/python3.12"
    wheel = zipped(TREE)
    contents = {
        f"{home}/ensurepip/_bundled/pip-24.3-py3-none-any.whl": wheel,
        f"{home}/os.py": b"import sys",
    } | unpacked(f"{home}/site-packages/")
    assert "ARC005" not in found(layer(contents))


def test_an_archive_of_one_large_file(found: Findings) -> None:
    """Only the beginning of a compressed tar is read: that is all there is to see of it."""
    program = noise(6_000_000, 9)
    contents: Contents = {
        "srv/tool.tgz": packed({"tool": program, "LICENSE": b"free"}),
        "usr/local/bin/tool": program,
    }
    assert paths(found(layer(contents))["ARC005"]) == {"srv/tool.tgz"}


def test_a_war_and_what_a_server_unpacked_from_it(found: Findings) -> None:
    war = {f"WEB-INF/classes/C{at}.class": noise(120_000, at) for at in range(5)}
    contents = {"opt/tomcat/webapps/shop.war": zipped(war)} | unpacked(
        "opt/tomcat/webapps/shop/", tree=war
    )
    finding = found(layer(contents), config={"Cmd": ["catalina.sh", "run"]})["JVM010"]
    assert paths(finding) == {"opt/tomcat/webapps/shop.war"}
    run = {"Cmd": ["java", "-jar", "/opt/tomcat/webapps/shop.war"]}
    assert "JVM010" not in found(layer(contents), config=run)


# --- Run-time systems -----------------------------------------------------------------------------


def node(prefix: str, seed: int) -> list[Entry]:
    return [
        file(f"{prefix}/bin/node", PROGRAM + noise(2_000_000, seed)),
        file(f"{prefix}/lib/node_modules/npm/index.js", noise(50_000, seed + 1)),
    ]


def test_a_second_node_that_nothing_starts(found: Findings) -> None:
    config = {"Cmd": ["node", "/srv/server.js"], "Env": ["PATH=/usr/local/bin:/usr/bin"]}
    new_layer = layer([*node("usr/local", 1), *node("opt/node-18", 5), file("srv/server.js", b"1")])
    finding = found(new_layer, config=config, role="release")["TCH028"]
    assert paths(finding) == {"opt/node-18/bin/node", "opt/node-18/lib/node_modules/npm/index.js"}


@pytest.mark.parametrize(
    "command",
    [["/opt/node-18/bin/node", "/srv/server.js"], ["/srv/start"], ["/bin/sh"]],
    ids=["started by its path", "started by a script's first line", "nothing known"],
)
def test_a_second_node_that_may_be_used(command: list[str], found: Findings) -> None:
    health = (
        {"Test": ["CMD", "/usr/local/bin/node", "-e", "1"]} if command[0] != "/bin/sh" else None
    )
    config = {"Cmd": command, "Healthcheck": health}
    script = file("srv/start", b"#!/opt/node-18/bin/node\n", mode=0o755)
    new_layer = layer([*node("usr/local", 1), *node("opt/node-18", 5), script])
    assert "TCH028" not in found(new_layer, config=config, role="release")


def packages(*paragraphs: str, lists: Mapping[str, str], auto: str = "") -> Contents:
    """dpkg's database: one paragraph of fields for each package, and the files of each."""
    status = "\n".join(
        f"Package: {paragraph}\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n"
        if "\n" not in paragraph
        else "Package: "
        + paragraph.replace(
            "\n", "\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n", 1
        )
        + "\n"
        for paragraph in paragraphs
    )
    states = "\n".join(
        f"Package: {name}\nArchitecture: amd64\nAuto-Installed: 1\n" for name in auto.split()
    )
    result: Contents = {
        "var/lib/dpkg/status": status.encode(),
        "var/lib/apt/extended_states": states.encode(),
    }
    for name, listed in lists.items():
        result[f"var/lib/dpkg/info/{name}.list"] = "".join(
            f"/{p}\n" for p in listed.split()
        ).encode()
    return result


PYTHON = {
    "python3": "usr/share/doc/python3/copyright",
    "python3.13": "usr/bin/python3.13 usr/lib/python3.13/os.py",
    "python3-pip": "usr/lib/python3/dist-packages/pip/main.py",
    "gdb": "usr/bin/gdb",
}


def python_image(*more: str) -> list[Entry]:
    database = packages(
        "python3\nDepends: python3.13",
        "python3.13",
        "python3-pip\nDepends: python3",
        *more,
        lists=PYTHON,
        auto="python3 python3.13",
    )
    contents: dict[str, bytes] = {
        path: noise(600_000, at)
        for at, path in enumerate(" ".join(PYTHON.values()).split())
        if path != "usr/bin/python3.13"
    }
    contents |= {
        "usr/bin/python3.13": PROGRAM + noise(2_000_000, 20),
        "usr/local/bin/python3.12": PROGRAM + noise(2_000_000, 21),
        "usr/local/lib/python3.12/os.py": b"import sys",
        "srv/app.py": b"print()",
    }
    result = [file(path, content) for path, content in contents.items()]
    result += [
        file(path, content) for path, content in database.items() if isinstance(content, bytes)
    ]
    return [*result, symlink("usr/local/bin/python3", "python3.12")]


RUN_PYTHON = {"Cmd": ["python3", "/srv/app.py"], "Env": ["PATH=/usr/local/bin:/usr/bin"]}


def test_the_distributions_python_beside_the_one_that_runs(found: Findings) -> None:
    finding = found(layer(python_image()), config=RUN_PYTHON, role="release")["TCH028"]
    # With their lists, which are dpkg's own files about them; five files are examples.
    assert finding.files == 7
    assert paths(finding) == {
        "usr/bin/python3.13", "usr/lib/python3.13/os.py", "usr/share/doc/python3/copyright",
        "usr/lib/python3/dist-packages/pip/main.py", "var/lib/dpkg/info/python3.13.list",
    }  # fmt: skip


def test_a_runtime_that_another_package_needs_stays(found: Findings) -> None:
    new_layer = layer(python_image("gdb\nDepends: python3"))
    assert "TCH028" not in found(new_layer, config=RUN_PYTHON, role="release")


# --- Gems, .NET -----------------------------------------------------------------------------------


def gem(name: str, version: str, seed: int) -> Contents:
    home = "usr/local/bundle"
    return {
        f"{home}/specifications/{name}-{version}.gemspec": f"# stub: {name} {version} ruby lib\n".encode(),
        f"{home}/gems/{name}-{version}/lib/{name}.rb": noise(90_000, seed),
    }


LOCK = "GEM\n  remote: https://rubygems.example/\n  specs:\n    rack (2.2.9)\n    puma (6.0-java)\n"


def test_gems_in_other_versions_than_the_lock_files(found: Findings) -> None:
    gems = (
        gem("rack", "2.2.9", 1) | gem("rack", "2.2.3", 2) | gem("rack", "3.1.0", 3)
        | gem("puma", "6.0", 4) | gem("rake", "13.0", 5) | gem("rake", "12.0", 6)
    )  # fmt: skip
    app: Contents = {"srv/app/Gemfile": b"", "srv/app/Gemfile.lock": LOCK.encode()}
    finding = found(layer(gems | app), config={"Cmd": ["ruby", "app.rb"]})["RBY009"]
    assert {path.split("/")[4] for path in paths(finding) if "/gems/" in path} == {"rack-2.2.3"}


def test_a_later_patch_of_a_shared_runtime(found: Findings) -> None:
    home = "usr/share/dotnet/shared/Microsoft.NETCore.App"
    contents: Contents = {
        f"{home}/{version}/System.Private.CoreLib.dll": noise(1_200_000, seed)
        for seed, version in enumerate(["8.0.1", "8.0.11", "9.0.0", "8.0.12-rc.1"])
    }
    finding = found(layer(contents), config={"Cmd": ["dotnet", "app.dll"]})["NET009"]
    assert paths(finding) == {f"{home}/8.0.1/System.Private.CoreLib.dll"}


def tool(version: str, size: int, seed: int) -> bytes:
    """A Go program; the version is in its build information."""
    section = go_section(f"path\tk8s.io/kubectl\nmod\tk8s.io/kubectl\t{version}\n")
    sections = [*SECTIONS, (b".go.buildinfo", 1, 3, section, 0)]
    return elf_image(sections, interpreter=b"/lib64/ld-linux-x86-64.so.2") + noise(size, seed)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"Env": ["PATH=/usr/local/bin:/opt/sdk/bin"]}, {"opt/sdk/bin/kubectl"}),
        ({"Env": ["PATH=/opt/sdk/bin:/usr/local/bin"]}, {"usr/local/bin/kubectl"}),
        ({"Env": ["PATH=/usr/local/bin"], "Cmd": ["/opt/sdk/bin/kubectl", "proxy"]}, set()),
        ({"Env": ["PATH=/srv/bin"]}, set()),
    ],
)
def test_a_tool_that_another_version_hides(
    config: dict[str, Any], expected: set[str], found: Findings
) -> None:
    contents: Contents = {
        "usr/local/bin/kubectl": tool("v1.29.0", 1_200_000, 1),
        "opt/sdk/bin/kubectl": tool("v1.27.0", 1_200_000, 2),
    }
    findings = found(layer(contents), config={"Cmd": ["/bin/true"]} | config, role="release")
    assert (paths(findings["CLD010"]) if "CLD010" in findings else set()) == expected


# --- Without an owner -----------------------------------------------------------------------------


def test_files_that_no_package_owns_are_a_note(found: Findings) -> None:
    database = packages("base", lists={"base": "usr/bin/own usr/lib/os-release"})
    contents: Contents = database | {
        "usr/bin/own": noise(1_500_000, 1),
        "usr/bin/stray": noise(1_500_000, 2),
        "usr/bin/service": PROGRAM + noise(1_500_000, 3),
        "usr/lib/locale/locale-archive": noise(1_500_000, 4),
        "usr/lib/x/__pycache__/a.cpython-312.pyc": noise(1_500_000, 5),
        "usr/lib/x86_64-linux-gnu/gconv/gconv-modules.cache": noise(1_500_000, 6),
        "usr/local/bin/tool": noise(1_500_000, 7),
        "opt/x": noise(1_500_000, 8),
    }
    finding = found(layer(contents), config={"Cmd": ["/usr/bin/service"]})["JNK004"]
    assert paths(finding) == {"usr/bin/stray"}
    assert (finding.mode, finding.claimed_bytes) == ("note", 0)


def test_without_a_database_nothing_is_unowned(found: Findings) -> None:
    assert "JNK004" not in found(layer({"usr/bin/stray": noise(1_500_000, 2)}))


# --- Types, models, whole copies ------------------------------------------------------------------


def test_type_declarations_of_a_server(found: Findings) -> None:
    modules = "app/node_modules"
    contents: Contents = {
        "app/server.js": b"1",
        "app/package.json": b"{}",
        f"{modules}/zod/package.json": b'{"name":"zod","version":"1.0.0"}',
        f"{modules}/zod/index.d.ts": noise(700_000, 1),
        f"{modules}/zod/index.js": noise(700_000, 2),
        f"{modules}/@types/node/package.json": b'{"name":"@types/node","version":"1.0.0"}',
        f"{modules}/@types/node/fs.d.ts": noise(700_000, 3),
        f"{modules}/@types/node/README.md": b"types",
    }
    config = {"Cmd": ["node", "/app/server.js"], "WorkingDir": "/app"}
    finding = found(layer(contents), config=config, role="release")["NOD016"]
    assert paths(finding) == {
        f"{modules}/zod/index.d.ts", f"{modules}/@types/node/fs.d.ts",
        f"{modules}/@types/node/README.md", f"{modules}/@types/node/package.json",
    }  # fmt: skip


def test_weights_in_a_second_format_behind_links(found: Findings) -> None:
    home = "root/.cache/huggingface/hub/models--bert"
    new_layer = layer(
        [
            file(f"{home}/blobs/aa", noise(12_000_000, 1)),
            file(f"{home}/blobs/bb", noise(12_000_000, 2)),
            file(f"{home}/blobs/cc", noise(2_000_000, 3)),
            symlink(f"{home}/snapshots/r1/model.safetensors", "../../blobs/aa"),
            symlink(f"{home}/snapshots/r1/pytorch_model.bin", "../../blobs/bb"),
        ]
    )
    findings = found(new_layer, config={"Cmd": ["python3", "x.py"]})
    assert paths(findings["MLM002"]) == {f"{home}/blobs/bb"}
    assert paths(findings["MLM009"]) == {f"{home}/blobs/cc"}


@LONG
def test_weights_that_are_not_the_same_model(found: Findings) -> None:
    contents: Contents = {
        "models/a/model.safetensors": noise(12_000_000, 1),
        "models/b/pytorch_model.bin": noise(12_000_000, 2),
        "models/c/adapter_model.safetensors": noise(80_000, 3),
        "models/c/pytorch_model.bin": noise(12_000_000, 4),
        "models/d/model.safetensors": noise(80_000, 5),
        "models/d/pytorch_model.bin": noise(12_000_000, 6),
    }
    assert "MLM002" not in found(layer(contents))


@pytest.mark.parametrize(
    ("text", "speaks"),
    [
        ("COPY / / # buildkit", True),
        ("COPY --chown=0:0 / /", True),
        ("COPY /app / # buildkit", False),
    ],
)
def test_a_whole_file_system_in_one_layer(text: str, speaks: bool, found: Findings) -> None:
    history = [{"created_by": "ENV A=1", "empty_layer": True}, {"created_by": text}]
    findings = found(layer({"usr/bin/a": noise(1_500_000, 1)}), history=history)
    assert ("LYR009" in findings) == speaks
    if speaks:
        assert (findings["LYR009"].mode, findings["LYR009"].claimed_bytes) == ("note", 0)
