"""Java: the archives or classes that run, and a runtime without the development kit.

Where a package has `java`, the runtime is that package: distributions keep compiler and tools in others.
Where a kit was unpacked, what only develops goes from it; its one file of modules stays as it is, although
one that `jlink` writes would be smaller: which modules reflection loads, nothing in the image tells.
Source: the java and jlink commands, JDK 21; JEP 220 "Modular Run-Time Images".
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from slim.entrypoint.runs import Command
from slim.files.view import below as join
from slim.files.view import decoded, encoded
from slim.rebuild.application import Leftover, beside, paths_of
from slim.rebuild.interpreted import children, copied, home_of, listed, main_command, system_owner
from slim.rebuild.model import FROM_APPLICATION, Given, KeptFiles, Plan
from slim.rebuild.trees import below, row_at, rows_at

_CLASS_PATH = ("-cp", "-classpath", "--class-path")
_BESIDE = (
    b"lib",
    b"libs",
    b"config",
    b"BOOT-INF",
    b"META-INF",
    b"org",
    b"dependencies",
    b"application",
)
"""What lies beside an archive and is read with it."""
_LEFTOVER = Leftover(
    endings=(b".java", b".kt", b".kts", b".scala", b".groovy", b".class", b".gradle", b".iml"),
    names=frozenset(
        (
            *(
                b"pom.xml",
                b"build.xml",
                b"target",
                b"build",
                b"out",
                b"bin",
                b"classes",
                b".gradle",
            ),
            *(b".mvn", b"mvnw", b"mvnw.cmd", b"gradlew", b"gradlew.bat", b"gradle", b"src"),
            *(b"gradle.properties", b".classpath", b".project", b".settings"),
        )
    ),
)
"""What a project has besides archives and the files that its program may read."""
_DEVELOPMENT = frozenset((b"jmods", b"include", b"man", b"demo", b"sample"))
_FILES = frozenset((b"src.zip", b"ct.sym"))
_RUN_TIME = frozenset((b"java", b"keytool", b"rmiregistry", b"jfr", b"jrunscript"))
"""Programs of a runtime without its kit."""
_LIBRARIES = "/usr/share/java"
_KIT = re.compile(r"(?:default|openjdk-[0-9]+)-j|maven|gradle|ant$")
"""Packages that are known for what they are, without a guess."""
_MAX_PATHS = 1_000


def plan(given: Given) -> Plan | None:
    """What to keep of an image that runs a program of Java; None where it is not known which."""
    command = main_command(given, "java")
    binary = None if command is None else _binary(given, command)
    home = None if command is None else _home(given, command)
    if command is None or binary is None or home is None:
        return None
    kept = _program(given, command, home)
    named = frozenset(
        row for path in kept for row in (*rows_at(given.view, (path,)), *below(given.view, path))
    )
    read = [row for row in beside(given, (home,), _LEFTOVER) if row not in named]
    paths = paths_of(given, read, home)
    compiled = _compiled_with(given, command)
    owner = system_owner(given, binary)
    root = given.view.files.path(binary).removesuffix(b"/bin/java")
    runtime = [] if owner is not None else _runtime(given, root)
    tool = next((tool for file, tool in _TOOLS.items() if given.view.is_file(join(home, file))), "")
    return Plan(
        stack="java",
        parts=(
            KeptFiles(
                "the application",
                "archives and classes on its class path, and directories beside them",
                sorted(named),
                loses=FROM_APPLICATION,
                paths=tuple(kept),
            ),
            KeptFiles(
                "files beside it",
                "files of the project that are not sources: a program may read them",
                read,
                loses=FROM_APPLICATION,
                paths=tuple(paths),
            ),
            KeptFiles(
                "the Java runtime", "the kit without what only develops", runtime, paths=(root,)
            ),
        ),
        runtime=(given.view.files.path(binary),),
        packages=() if owner is None else (owner,),
        builds=compiled,
        homes=(home, root) if owner is None else (home,),
        values={
            "home": f"/{decoded(home)}",
            **({tool: "yes"} if tool else {}),
            **({} if owner is not None else _own(given, root)),
        },
        copies=copied(home, [*kept, *paths]),
        guesses=(
            *(() if owner is not None else (_WHOLE,)),
            *((_HELD.format(listed(sorted(compiled))),) if compiled else ()),
        ),
    )


_HELD = "the archive holds what it needs of {}"
_WHOLE = "a runtime has the same file of modules as the kit; jlink writes a smaller one"


def _compiled_with(given: Given, command: Command) -> frozenset[str]:
    """Debian's packages of libraries and tools that were asked for by name: an archive of the application
    does not find the libraries by itself. None where the command names their directory."""
    if any(_LIBRARIES in word for word in command.words):
        return frozenset()
    packages = given.graph.packages
    return frozenset(
        package.name
        for package in packages
        if package.manager == "dpkg"
        and package.auto is False
        and package.section.rpartition("/")[2] == "java"
        and not _KIT.match(package.name)
    )


def _own(given: Given, root: bytes) -> dict[str, str]:
    """Of a kit that no package has; the version as JAVA_VERSION says it: `jdk-21.0.5+11`, `17.0.9`."""
    version = re.search(r"[0-9]{1,3}", given.facts.env.get("JAVA_VERSION", ""))
    image = {"toolchain": f"eclipse-temurin:{version[0]}-jdk"} if version else {}
    return {"java_home": f"/{decoded(root)}", "own_toolchain": "yes", **image}


_TOOLS = {
    b"mvnw": "maven_wrapper",
    b"pom.xml": "maven",
    b"gradlew": "gradle_wrapper",
    b"build.gradle": "gradle",
    b"build.gradle.kts": "gradle",
}
"""File of a project → what builds it."""


def _binary(given: Given, command: Command) -> int | None:
    row = row_at(given.view, encoded(command.path)) if command.path else None
    return row if row is not None and given.view.files.name[row] == b"java" else None


def _home(given: Given, command: Command) -> bytes | None:
    """The project's directory; that of the archive, where there is no project."""
    found = home_of(given, command, "java")
    if found is None and command.files:
        found = encoded(command.files[0]).rpartition(b"/")[0]
    return found or None


def _program(given: Given, command: Command, home: bytes) -> list[bytes]:
    """What the command names, and what belongs to it; all of the directory where it names nothing."""
    workdir = encoded(given.config.working_dir).lstrip(b"/")
    named = [encoded(file) for file in command.files if file.endswith((".jar", ".war"))]
    for entry in _class_path(command.words):
        path = encoded(entry).removesuffix(b"/*")
        full = given.view.real(path if path.startswith(b"/") else join(workdir, path))
        if full:
            named.append(full)
    beside = {path.rpartition(b"/")[0] for path in named}
    found = [
        *named,
        *(path for folder in sorted(beside) for path in children(given, folder, _BESIDE)),
    ]
    unique = list(dict.fromkeys(found))[:_MAX_PATHS]
    # An archive inside of a directory that is kept comes with it.
    inside = [path for path in unique if not any(path.startswith(other + b"/") for other in unique)]
    return inside or [home]


def _class_path(words: Iterable[str]) -> list[str]:
    follows, found = False, ""
    for word in words:
        if follows:
            found = word
        follows = word in _CLASS_PATH
    return [path for path in found.split(":")[:_MAX_PATHS] if path]


def _runtime(given: Given, root: bytes) -> list[int]:
    """Files of an unpacked kit that a runtime has too."""
    files = given.view.files
    rows: list[int] = []
    for row in below(given.view, root):
        parts = files.path(row)[len(root) + 1 :].split(b"/")
        tool = parts[0] == b"bin" and parts[-1] not in _RUN_TIME
        if parts[0] not in _DEVELOPMENT and parts[-1] not in _FILES and not tool:
            rows.append(row)
    return rows
