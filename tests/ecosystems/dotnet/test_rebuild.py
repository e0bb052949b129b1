"""What a rebuild keeps of .NET."""

from __future__ import annotations

import json
from pathlib import Path

import slim
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


def dotnet_image(folder: Path, place: str, *command: str, **config: object) -> slim.Report:
    debian = Debian()
    root = base(debian)
    framework = {"name": "Microsoft.AspNetCore.App", "version": "8.0.0"}
    about = json.dumps({"runtimeOptions": {"tfm": "net8.0", "framework": framework}}).encode()
    sources: Tree = {
        "src/Shop.csproj": b"<Project/>",
        "src/Program.cs": b"p" * 90 * KILO,
        "src/appsettings.json": b"{}",
    }
    output: Tree = {
        f"{place}/Shop.dll": b"d" * 200 * KILO,
        f"{place}/Shop.runtimeconfig.json": about,
        f"{place}/Shop.deps.json": b"{}",
        "root/.nuget/packages/x/x.nupkg": b"n" * 8 * MEGA,
    }
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
