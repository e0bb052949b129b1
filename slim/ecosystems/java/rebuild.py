"""Java: the archives or classes that run, and a runtime without the development kit.

Where a package has `java`, the runtime is that package: distributions keep compiler and tools in others.
Where a kit was unpacked, what only develops goes from it; its one file of modules stays as it is, although
one that `jlink` writes would be smaller: which modules reflection loads, nothing in the image tells.
Source: the java and jlink commands, JDK 21; JEP 220 "Modular Run-Time Images".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from slim.entrypoint.runs import Command
from slim.files.table import Kind
from slim.files.view import below as join
from slim.files.view import decoded, encoded
from slim.patterns import regex
from slim.rebuild.application import Leftover, beside, paths_of
from slim.rebuild.interpreted import (
    children,
    copied,
    home_of,
    listed,
    main_command,
    own_directory,
    system_owner,
)
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
_SERVED = frozenset((b"webapps", b"WEB-INF", b"BOOT-INF", b"deployments", b"standalone"))
"""Directories in which servers such as Tomcat, and archives that are unpacked, have applications."""
_FILES = frozenset((b"src.zip", b"ct.sym"))
_RUN_TIME = frozenset((b"java", b"keytool", b"rmiregistry", b"jfr", b"jrunscript"))
"""Programs of a runtime without its kit."""
_LIBRARIES = "/usr/share/java"
_KIT = regex(r"(?:default|openjdk-[0-9]+)-j|maven|gradle|ant$")
"""Packages that are known for what they are, without a guess."""
_MAX_PATHS = 1_000


def plan(given: Given) -> Plan | None:
    """What to keep of an image that runs a program of Java; None where it is not known which."""
    command = main_command(given, "java")
    binary = None if command is None else _binary(given, command)
    if command is None or binary is None:
        return None
    named = _named(given, command)
    home = _home(given, command, named)
    kept = _program(given, named) or ([home] if home else [])
    if not kept:
        return None
    program = frozenset(
        row for path in kept for row in (*rows_at(given.view, (path,)), *below(given.view, path))
    )
    # Beside an archive that lies right in the root directory is the whole system.
    homes = (home,) if home else ()
    deployed = [row for home in homes for row in _deployed(given, home)]
    read = [
        row
        for row in dict.fromkeys((*beside(given, homes, _LEFTOVER), *deployed))
        if row not in program
    ]
    paths = paths_of(given, read, home) if home else []
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
                sorted(program),
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
        homes=(*homes, root) if owner is None else homes,
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


def _home(given: Given, command: Command, named: Iterable[bytes]) -> bytes:
    """The project's directory, or that of an archive; nothing where it lies right in the root directory."""
    found = home_of(given, command, "java")
    return found or next((home for path in named if (home := own_directory(given, path))), b"")


def _named(given: Given, command: Command) -> list[bytes]:
    """The archives and directories that the command names."""
    workdir = encoded(command.cwd or given.config.working_dir).lstrip(b"/")
    named = [encoded(file) for file in command.files if file.endswith((".jar", ".war"))]
    for entry in _class_path(command.words) or given.facts.env.get("CLASSPATH", "").split(":"):
        path = encoded(entry).removesuffix(b"/*")
        full = given.view.real(path if path.startswith(b"/") else join(workdir, path))
        if full and entry:
            named.append(full)
    return named


def _program(given: Given, named: Sequence[bytes]) -> list[bytes]:
    """What the command names, and what belongs to it."""
    beside = {path.rpartition(b"/")[0] for path in named if b"/" in path}
    found = [
        *named,
        *(path for folder in sorted(beside) for path in children(given, folder, _BESIDE)),
    ]
    unique = list(dict.fromkeys(found))[:_MAX_PATHS]
    # An archive inside of a directory that is kept comes with it.
    return [path for path in unique if not any(path.startswith(other + b"/") for other in unique)]


def _class_path(words: Iterable[str]) -> list[str]:
    follows, found = False, ""
    for word in words:
        if follows:
            found = word
        follows = word in _CLASS_PATH
    return [path for path in found.split(":")[:_MAX_PATHS] if path]


def _deployed(given: Given, home: bytes) -> Iterator[int]:
    """Applications that a server has: what is called as a build's output is called is none there."""
    files = given.view.files
    for row in below(given.view, home):
        parts = files.directory_path(files.directory[row]).split(b"/")
        if not _SERVED.isdisjoint(parts) and files.kind[row] == Kind.FILE:
            yield row


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
