"""Packages of NuGet, as a published application lists them."""

from __future__ import annotations

import json

from slim.ecosystems.dotnet.packages import read_dotnet


def test_dotnet() -> None:
    document = {
        "runtimeTarget": {"name": ".NETCoreApp,Version=v9.0"},
        "targets": {
            ".NETCoreApp,Version=v9.0": {
                "App/1.0.0": {"dependencies": {"Npgsql": "9.0.3"}, "runtime": {"App.dll": {}}},
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
