"""What a rebuild keeps of .NET."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import slim
from slim.report.untrusted import bare
from tests.conftest import LONG
from tests.support.debian import KILO, MEGA, Debian, Tree, analyzed, base, part, program, rebuilt


def runtime(version: str = "8.0.4") -> Tree:
    root = "usr/share/dotnet"
    return {
        f"{root}/dotnet": program(b"libc.so.6", size=70 * KILO),
        f"{root}/host/fxr/{version}/libhostfxr.so": program(size=300 * KILO),
        f"{root}/shared/Microsoft.NETCore.App/{version}/System.dll": b"s" * 5 * MEGA,
        f"{root}/shared/Microsoft.NETCore.App/6.0.1/System.dll": b"6" * 5 * MEGA,
        f"{root}/shared/Microsoft.AspNetCore.App/{version}/Web.dll": b"w" * 3 * MEGA,
        f"{root}/shared/Microsoft.WindowsDesktop.App/{version}/Wpf.dll": b"d" * 3 * MEGA,
        f"{root}/sdk/8.0.204/csc.dll": b"c" * 60 * MEGA,
        f"{root}/packs/x/x.dll": b"p" * 9 * MEGA,
    }


NOTHING: Tree = {}
FRAMEWORK = {"framework": {"name": "Microsoft.AspNetCore.App", "version": "8.0.0"}}


def options(**of_runtime: object) -> bytes:
    """The contents of `NAME.runtimeconfig.json`."""
    return json.dumps({"runtimeOptions": {"tfm": "net8.0", **of_runtime}}).encode()


def dotnet_image(
    folder: Path, place: str, *command: str, more: Tree = NOTHING, **config: object
) -> slim.Report:
    debian = Debian()
    root = base(debian)
    sources: Tree = {
        "src/Shop.csproj": b"<Project/>",
        "src/Program.cs": b"p" * 90 * KILO,
        "src/appsettings.json": b"{}",
    }
    output: dict[str, bytes | str | None] = {
        f"{place}/Shop.dll": b"d" * 200 * KILO,
        f"{place}/Shop.runtimeconfig.json": options(**FRAMEWORK),
        f"{place}/Shop.deps.json": b"{}",
        **{f"{place}/{name}": content for name, content in more.items()},
        "root/.nuget/packages/x/x.nupkg": b"n" * 8 * MEGA,
    }
    output = {path: content for path, content in output.items() if content is not None}
    link = {"usr/bin/dotnet": "/usr/share/dotnet/dotnet"}
    return analyzed(
        folder,
        root,
        {**debian.layer(), **runtime(), **link},
        sources,
        output,
        Cmd=list(command),
        **config,
    )


def test_a_published_application_needs_its_runtime_only(tmp_path: Path) -> None:
    rebuild = rebuilt(dotnet_image(tmp_path, "out", "dotnet", "/out/Shop.dll", WorkingDir="/out"))
    assert rebuild.stack == "dotnet"
    kept = part(rebuild, ".NET's runtime")
    assert kept.files == 4, "dotnet, hostfxr, the two frameworks"
    assert 8 * MEGA < kept.disk_bytes < 8.5 * MEGA
    assert part(rebuild, "the application").files == 3
    assert "other copied files" not in {part.what for part in rebuild.keep}
    assert not rebuild.assumes


@LONG
def test_dotnet_run_keeps_the_output(tmp_path: Path) -> None:
    rebuild = rebuilt(
        dotnet_image(tmp_path, "src/bin/Release/net8.0", "dotnet", "run", WorkingDir="/src")
    )
    application = part(rebuild, "the application")
    assert application.files == 4, "the output, and the settings beside the sources"
    assert rebuild.assumes


@LONG
def test_what_is_for_other_machines_stays_behind(tmp_path: Path) -> None:
    more: Tree = {
        "Shop": program(b"libc.so.6", size=70 * KILO),
        "runtimes/win-x64/native/e_sqlite3.dll": b"w" * MEGA,
        "runtimes/linux-arm64/native/libe_sqlite3.so": program(size=MEGA),
        "runtimes/linux-x64/native/libe_sqlite3.so": program(size=MEGA),
        "de/Shop.resources.dll": b"r" * KILO,
        "wwwroot/index.html": b"<html>",
    }
    report = dotnet_image(tmp_path, "out", "/out/Shop", more=more, WorkingDir="/out")
    rebuild = rebuilt(report)
    application = part(rebuild, "the application")
    # Two descriptions, the assembly, the host, the library for Linux, a translation and a page.
    assert application.files == 7
    assert MEGA < application.disk_bytes < 1.5 * MEGA
    assert part(rebuild, ".NET's runtime").files == 4, "the host is no runtime"
    text = bare(rebuild.dockerfile)
    assert "RUN ln -sfn /usr/share/dotnet/dotnet /usr/bin/dotnet" in text
    assert "    /out/runtimes/win-x64" in text
    assert "RUN make" in text, "the image's own steps build it"


@LONG
def test_an_application_with_its_own_runtime_needs_no_other(tmp_path: Path) -> None:
    own: Tree = {
        "Shop": program(b"libc.so.6", size=70 * KILO),
        "Shop.runtimeconfig.json": options(
            includedFrameworks=[{"name": "Microsoft.NETCore.App", "version": "8.0.4"}]
        ),
        "libcoreclr.so": program(b"libc.so.6", size=7 * MEGA),
    }
    rebuild = rebuilt(dotnet_image(tmp_path, "out", "/out/Shop", more=own, WorkingDir="/out"))
    assert ".NET's runtime" not in {part.what for part in rebuild.keep}
    assert part(rebuild, "the application").disk_bytes > 7 * MEGA


@LONG
@pytest.mark.parametrize(("size", "has_runtime"), [(60 * MEGA, True), (MEGA, False)])
def test_a_program_of_a_single_file(tmp_path: Path, size: int, has_runtime: bool) -> None:
    alone: Tree = {
        "Shop": program(b"libc.so.6", size=size),
        "Shop.dll": None,
        "Shop.runtimeconfig.json": None,
        "Shop.deps.json": None,
    }
    rebuild = rebuilt(dotnet_image(tmp_path, "out", "/out/Shop", more=alone, WorkingDir="/out"))
    assert part(rebuild, "the application").files == 1
    assert (".NET's runtime" in {part.what for part in rebuild.keep}) != has_runtime
    unsure = rebuild.disk_bytes - rebuild.low_disk_bytes
    assert (unsure > 8 * MEGA) != has_runtime, "nothing says whether such a small one needs it"


@LONG
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"runtimeOptions": 1}',
        b'{"runtimeOptions": {"framework": [], "frameworks": {"name": 1}}}',
        b'{"runtimeOptions": {"frameworks": ' + b"[" * 100_000,
        b'{"runtimeOptions": {"framework": {"name": "../../etc", "version": "9"}}}',
        b'{"runtimeOptions": {"framework": {"name": "Microsoft.NETCore.App", "version": "'
        + b"9" * 5000
        + b'"}}}',
    ],
)
def test_a_description_that_makes_no_sense(tmp_path: Path, content: bytes) -> None:
    more: Tree = {"Shop.runtimeconfig.json": content, "Shop.deps.json": content}
    report = dotnet_image(tmp_path, "out", "dotnet", "/out/Shop.dll", more=more)
    assert report.predicted.rebuild is None or report.predicted.rebuild.stack == "dotnet"
