"""What the application's sources and requirements name stays; what nothing names decides the upper bound."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import slim
from slim.report.untrusted import bare
from tests.conftest import LONG
from tests.support.debian import KILO, MEGA, Debian, Tree, part, program, rebuilt
from tests.support.small_images import base, stepwise, tools

SITE = "usr/local/lib/python3.13/dist-packages"


def distribution(
    name: str, size: int, *requires: str, asked: bool = True, entries: bytes = b""
) -> dict[str, bytes]:
    """A distribution of Python, by default one that was asked for by name."""
    info = f"{SITE}/{name}-1.dist-info"
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\nLicense: all rights\n        \n        kept\n"
    files = {
        f"{SITE}/{name}/__init__.py": b"x" * size,
        f"{info}/METADATA": (
            about + "".join(f"Requires-Dist: {one}\n" for one in requires)
        ).encode(),
        **({f"{info}/REQUESTED": b""} if asked else {}),
        **({f"{info}/entry_points.txt": entries} if entries else {}),
    }
    listed = (path.removeprefix(SITE + "/") for path in files)
    return {
        **files,
        f"{info}/INSTALLER": b"pip\n",
        f"{info}/RECORD": "".join(f"{path},,\n" for path in listed).encode(),
    }


def service(
    folder: Path,
    source: bytes,
    requirements: bytes = b"flask\n",
    beside: Tree | None = None,
    more: Tree | None = None,
    system: dict[str, Tree] | None = None,
    step: str = "",
) -> slim.Report:
    """A service of Python with more distributions and programs than it may use; `more` are further
    distributions, `system` further packages, `step` is what runs after their installation."""
    debian = Debian()
    root = base(debian)
    python: Tree = {
        "usr/bin/python3.13": program(b"libc.so.6"),
        "usr/lib/python3.13/os.py": b"o" * MEGA,
    }
    installed = {
        **tools(debian),
        **debian.add("python3.13", python),
        **debian.add("python3", {"usr/bin/python3": "python3.13"}, depends="python3.13"),
        **debian.add("ffmpeg", {"usr/bin/ffmpeg": program(size=3 * MEGA)}, depends="libavcodec61"),
        **debian.add("libavcodec61", {"usr/lib/libav.so.61": program(size=5 * MEGA)}, auto=True),
        **debian.add("libmagic1", {"usr/lib/libmagic.so.1": program(size=MEGA)}),
    }
    for name, files in (system or {}).items():
        installed |= debian.add(name, files)
    libraries = {
        **distribution("flask", MEGA),
        **distribution("charting", 4 * MEGA),
        **(more or {}),
    }
    return stepwise(
        folder,
        ("ADD rootfs.tar.xz /", root),
        ("RUN apt-get install -y python3 gcc", {**installed, **debian.database()}),
        (
            "COPY . .",
            {
                "app/requirements.txt": requirements,
                "app/main.py": b"import core\n",
                "app/core.py": source,
                **(beside or {}),
            },
        ),
        (f"RUN pip install -r requirements.txt charting && {step}", libraries),
        Cmd=["python3", "main.py"],
        Env=["PATH=/usr/local/bin:/usr/bin:/bin"],
    )


@pytest.mark.parametrize(
    ("source", "requirements", "programs", "libraries"),
    [
        (b"import flask\n", b"flask\n", False, False),
        (b"import flask\nrun(['ffmpeg', '-i'])\n", b"flask\n", True, False),
        (b"import flask\nload('charting.services')\n", b"flask\n", False, True),
        (b"import flask\n", b"flask\ncharting>=7 # editor\n", False, True),
        (b"import flask\n", b"", False, True),
        (b"\0compiled", b"flask\n", True, True),
    ],
    ids=["nothing", "a program", "a module", "a requirement", "no requirements", "no source"],
)
@LONG
def test_what_nothing_names_decides_the_upper_bound(
    source: bytes, requirements: bytes, programs: bool, libraries: bool, tmp_path: Path
) -> None:
    rebuild = rebuilt(service(tmp_path, source, requirements))
    packages = set(part(rebuild, "system packages").packages)
    assert ("ffmpeg" in packages) == programs
    assert "libmagic1" in packages, "a library may be loaded by a name that nobody writes down"
    size = part(rebuild, "libraries").disk_bytes
    assert (size > 5 * MEGA) == libraries
    beyond = rebuild.high_disk_bytes - rebuild.disk_bytes
    assert (beyond >= 8 * MEGA) == (not programs)
    assert (beyond % (8 * MEGA) >= 4 * MEGA) == (not libraries)
    assert "ffmpeg" in {bare(each.name) for each in rebuild.unused} or programs


@LONG
@pytest.mark.parametrize(
    ("source", "requirements", "more", "used"),
    [
        (b"", b"mysqlclient", distribution("mysqlclient", MEGA), True),
        (b"", b"maps", distribution("maps", MEGA, entries=b"[flask.plugins]\na = maps\n"), True),
        (b"", b"maps", distribution("maps", MEGA, entries=b"[console_scripts]\na = maps\n"), False),
        (b"frame.plot()", b"plots", distribution("plots", MEGA), True),
        (b"frame.sum()", b"plots", distribution("plots", MEGA), False),
        (b"", b"", distribution("plots", MEGA, asked=False), True),
        (b"", b"", distribution("checker", MEGA, asked=False), False),
        (b"import checker", b"", distribution("checker", MEGA, asked=False), True),
        (b"", b"", distribution("speedups", MEGA, asked=False), True),
        (b"", b"", distribution("slowdowns", MEGA, asked=False), False),
        (
            b"",
            b"",
            distribution("serving", 1, "below", asked=False) | distribution("below", MEGA),
            True,
        ),
    ],
)
def test_a_requirement_that_no_source_names(
    source: bytes, requirements: bytes, more: Tree, used: bool, tmp_path: Path
) -> None:
    """It is used where a library loads it: as a driver or a plug-in, or for an extra that a source means.

    What requirements ask for stays all the same, since settings may name it, but not in the lower bound.
    """
    frames = distribution(
        "frames",
        MEGA,
        *("plots; extra == 'plot'", "checker>=2; extra == 'test'", "serving[fast]"),
        asked=True,
    )
    serving = distribution(
        "serving", KILO, "speedups; extra == 'fast'", "slowdowns; extra == 'slow'", asked=False
    )
    report = service(
        tmp_path,
        b"import frames\nimport flask\n" + source + b"\n",
        b"frames\nflask\n" + requirements + b"\n",
        more={**frames, **serving, **more},
    )
    rebuild = rebuilt(report)
    size = part(rebuild, "libraries").disk_bytes
    assert (size > 3 * MEGA) == (used or requirements != b"")
    if requirements:
        unsure = rebuild.disk_bytes - rebuild.low_disk_bytes
        assert (unsure > 2 * MEGA) != used, "libmagic1 is unsure in any case"


@LONG
@pytest.mark.parametrize("script", [False, True])
def test_clients_of_databases_are_started_by_scripts(script: bool, tmp_path: Path) -> None:
    """What the application's compiled part does is not known, but it connects through a library."""
    client: Tree = {"usr/lib/postgresql/17/bin/psql": program(size=4 * MEGA)}
    report = service(
        tmp_path,
        b"\0compiled",
        beside={"app/wait.sh": b"#!/bin/sh\nuntil pg_isready; do sleep 1; done\n"}
        if script
        else None,
        system={"postgresql-client-17": client},
    )
    rebuild = rebuilt(report)
    packages = part(rebuild, "system packages").packages
    assert ("postgresql-client-17" in packages) == script
    assert (rebuild.high_disk_bytes - rebuild.disk_bytes >= 4 * MEGA) != script


@LONG
@pytest.mark.parametrize("notebooks", [True, False])
def test_what_notebooks_draw_with(notebooks: bool, tmp_path: Path) -> None:
    """It is asked for with all the rest, and stays behind where there are notebooks that may use it."""
    report = service(
        tmp_path,
        b"import flask\n",
        b"flask\nseaborn\n",
        beside={"app/explore.ipynb": b"{}"} if notebooks else None,
        more=distribution("seaborn", 3 * MEGA),
    )
    size = part(rebuilt(report), "libraries").disk_bytes
    assert (size > 3 * MEGA) != notebooks


@LONG
def test_what_only_developers_ask_for_stays_behind(tmp_path: Path) -> None:
    """Even where a source is not known, which may name it."""
    report = service(
        tmp_path,
        b"\0compiled",
        beside={"app/requirements/dev.txt": b"-r ../requirements.txt\ntoolbar==4\n"},
        more={
            **distribution("toolbar", 2 * MEGA, "painter"),
            **distribution("painter", MEGA, asked=False),
        },
    )
    rebuild = rebuilt(report)
    assert part(rebuild, "libraries").disk_bytes < 6 * MEGA
    assert rebuild.high_disk_bytes - rebuild.disk_bytes < MEGA


@LONG
@pytest.mark.parametrize("name", ["settings.py", "conf/config.js"])
def test_where_settings_are_sources_a_program_may_be_named_in_them(
    name: str, tmp_path: Path
) -> None:
    """They are not kept, since they may hold passwords: what they say is not known."""
    report = service(tmp_path, b"import flask\n", beside={f"app/{name}": b"'/usr/bin/ffmpeg'\n"})
    assert "ffmpeg" in part(rebuilt(report), "system packages").packages
    claimed = {str(package) for finding in report.findings for package in finding.packages}
    assert not {package for package in claimed if "ffmpeg" in package or "libavcodec" in package}


def started(folder: Path, directory: str, start: list[str], files: Tree) -> slim.Report:
    """An application of Node whose distribution brings npm."""
    debian = Debian()
    root = base(debian)
    installed = {
        **tools(debian),
        **debian.add("nodejs", {"usr/bin/node": program(b"libc.so.6", size=MEGA)}),
        **debian.add("npm", {"usr/bin/npm": b"#!/usr/bin/node\n"}, depends="nodejs, node-tar"),
        **debian.add("node-tar", {"usr/share/nodejs/tar/index.js": b"t" * 3 * MEGA}, auto=True),
    }
    return stepwise(
        folder,
        ("ADD rootfs.tar.xz /", root),
        ("RUN apt-get install -y npm", {**installed, **debian.database()}),
        ("COPY . .", files),
        ("RUN npm run build", {f"{directory}/built.txt": b"x"}),
        Cmd=start,
        Env=["PATH=/usr/bin:/bin"],
        Healthcheck={"Test": ["CMD", "node", "-v"], "Interval": 90 * 10**9, "Retries": 4},
    )


@LONG
def test_a_package_runner_is_advice_of_its_own(tmp_path: Path) -> None:
    script = b'{"scripts": {"start": "node server.js"}}'
    files = {"app/package.json": script, "app/server.js": b"const a = 1\n"}
    report = started(tmp_path, "app", ["npm", "start"], files)
    found = next(each for each in report.findings if each.rule == "TCH030")
    assert 3 * MEGA < found.claimed_bytes < 3 * MEGA + 10 * KILO
    assert "present command" in bare(found.breaks_when[0])
    assert "HEALTHCHECK --interval=90s --retries=4 CMD" in bare(rebuilt(report).dockerfile)
    report = started(tmp_path, "app", ["node", "server.js"], files)
    assert not [each for each in report.findings if each.rule == "TCH030"]


@pytest.mark.parametrize("config", ["next.config.mjs", "next.config.js", "next.config.ts", ""])
@LONG
def test_a_server_of_next_is_what_its_build_traced(config: str, tmp_path: Path) -> None:
    modules, build = "app/node_modules", "app/.next"
    files: dict[str, bytes | str | None] = {
        "app/package.json": b'{"scripts": {"start": "next start -p 4000"}}',
        "app/app/page.tsx": b"p" * KILO,
        "app/content/post.md": b"m" * KILO,
        "app/content/post.yaml": b"y" * KILO,
        "app/public/logo.png": b"l" * 2 * KILO,
        f"{modules}/next/package.json": b'{"name": "next"}',
        f"{modules}/next/dist/bin/next": b"#!/usr/bin/env node\n",
        f"{modules}/next/dist/server/next-server.js": b"s" * MEGA,
        f"{modules}/next/dist/server/other.js": b"o" * 2 * MEGA,
        f"{modules}/next/dist/compiled/babel/bundle.js": b"b" * 4 * MEGA,
        f"{modules}/@next/swc/swc.node": b"w" * 8 * MEGA,
        f"{modules}/.bin/next": "../next/dist/bin/next",
        f"{build}/BUILD_ID": b"1",
        f"{build}/server/app/page.js": b"c" * 3 * KILO,
        f"{build}/server/app/page.js.nft.json": json.dumps(
            {
                "version": 1,
                "files": ["../../../node_modules/next/package.json", "../../../../etc/passwd"],
            }
        ).encode(),
        f"{build}/next-server.js.nft.json": json.dumps(
            {"version": 1, "files": ["../node_modules/next/dist/server/next-server.js"]}
        ).encode(),
        f"{build}/required-server-files.json": json.dumps(
            {"version": 1, "config": {}, "files": [".next/BUILD_ID"], "relativeAppDir": ""}
        ).encode(),
        f"{build}/static/main.js": b"j" * 4 * KILO,
        f"{build}/cache/webpack/0.pack": b"k" * MEGA,
        **({f"app/{config}": b"export default {}\n"} if config else {}),
    }
    rebuild = rebuilt(started(tmp_path, "app", ["npm", "start"], files))
    traced = part(rebuild, "packages for production").disk_bytes
    assert MEGA <= traced < MEGA + KILO
    assert part(rebuild, "the starter of Next.js").disk_bytes == 2 * MEGA
    assert part(rebuild, "the application").disk_bytes < 20 * KILO
    text = bare(rebuild.dockerfile)
    settings, built = text.index('output: "standalone"'), text.index("RUN npm run build")
    assert settings < built
    assert (config or "next.config.mjs") in text
    assert 'COPY --from=build ["/app/.next/standalone", "/app"]' in text
    assert 'COPY --from=build ["/app/content", "/app/content"]' in text
    assert "PORT=4000" in text
    assert 'CMD ["node", "/app/server.js"]' in text
    del files[f"{build}/server/app/page.js.nft.json"]
    files[f"{build}/server/app/page.js.nft.json"] = b"no JSON"
    assert "standalone" not in bare(
        rebuilt(started(tmp_path, "app", ["npm", "start"], files)).dockerfile
    )


@LONG
def test_an_escript_needs_erlang_and_no_elixir(tmp_path: Path) -> None:
    debian = Debian()
    root = base(debian)
    otp = "usr/lib/erlang"
    erlang: Tree = {
        f"{otp}/erts-15/bin/erlexec": program(b"libc.so.6"),
        f"{otp}/erts-15/bin/beam.smp": program(b"libc.so.6", size=8 * MEGA),
        f"{otp}/bin/escript": program(b"libc.so.6"),
        "usr/bin/escript": f"/{otp}/bin/escript",
    }
    installed = {
        **tools(debian),
        **debian.add("erlang-base", erlang, auto=True),
        **debian.add("erlang-ssl", {f"{otp}/lib/ssl-1/ebin/ssl.app": b"{application,ssl,[]}."}),
        **debian.add("erlang-wx", {f"{otp}/lib/wx-1/ebin/wx.app": b"{application,wx,[]}."}),
        **debian.add(
            "elixir", {"usr/lib/elixir/bin/mix": b"m" * 3 * MEGA}, depends="erlang-base, erlang-wx"
        ),
    }
    script = b"#!/usr/bin/env escript\n%%! -escript main check\n" + b"PK" * 500 * KILO
    about = b'{application,check,[{vsn,"1"},{applications,[kernel,elixir,ssl]}]}.'
    report = stepwise(
        tmp_path,
        ("ADD rootfs.tar.xz /", root),
        ("RUN apt-get install -y elixir", {**installed, **debian.database()}),
        ("COPY . .", {"app/mix.exs": b"defmodule", "app/rules.txt": b"r", "app/lib/a.ex": b"e"}),
        (
            "RUN mix escript.build && cp check /usr/local/bin/check",
            {
                "app/check": script,
                "usr/local/bin/check": script,
                "app/_build/prod/lib/check/ebin/check.app": about,
            },
        ),
        Cmd=["check", "/app/rules.txt"],
        Env=["PATH=/usr/local/bin:/usr/bin:/bin"],
    )
    rebuild = rebuilt(report)
    assert set(part(rebuild, "system packages").packages) == {"erlang-base", "erlang-ssl"}
    assert part(rebuild, "the program").disk_bytes == len(script)
    assert part(rebuild, "files of the application").disk_bytes == 1
    assert "COPY --from=build /usr/local/bin /usr/local/bin" in bare(rebuild.dockerfile)


@pytest.mark.parametrize(
    ("line", "start", "used"),
    [
        (b"", "exec python3 main.py", False),
        (b"os.system('convert a b')\n", "exec python3 main.py", True),
        (b"", "/usr/bin/convert-q16 a b && exec python3 main.py", True),
    ],
)
def test_a_package_that_only_brings_others(
    line: bytes, start: str, used: bool, tmp_path: Path
) -> None:
    """It is used if their programs are; of alternatives the first comes along, as with an installation."""
    debian = Debian()
    root = base(debian)
    convert = {"usr/bin/convert-q16": program(size=3 * MEGA)}
    settings = {"usr/share/fontconfig/x.conf": b"x"}
    installed: Tree = {
        **tools(debian),
        **debian.add("python3", {"usr/bin/python3": program(b"libc.so.6", size=MEGA)}),
        **debian.add("magick", {"usr/share/bug/magick": b"c"}, depends="magick-q16"),
        **debian.add("magick-q16", convert, depends="fontconfig-config", auto=True),
        **debian.add(
            "fontconfig-config",
            settings,
            depends="fonts-dejavu | fonts-none | fonts-urw",
            auto=True,
        ),
        **debian.add("fonts-urw", {"usr/share/fonts/u.otf": b"u" * MEGA}, auto=True),
        **debian.add("fonts-dejavu", {"usr/share/fonts/d.ttf": b"d" * MEGA}, auto=True),
    }
    report = stepwise(
        tmp_path,
        ("ADD rootfs.tar.xz /", root),
        ("RUN apt-get install -y python3 gcc magick", {**installed, **debian.database()}),
        ("COPY . .", {"app/main.py": b"import os\n" + line}),
        Cmd=["sh", "-c", start],
    )
    kept = {bare(name) for each in rebuilt(report).keep for name in each.packages}
    brought = {"magick", "magick-q16", "fontconfig-config", "fonts-dejavu"}
    assert kept & {*brought, "fonts-urw"} == (brought if used else set())


@pytest.mark.parametrize(
    ("lists", "sources", "step", "kept"),
    [
        ({"requirements-train.txt": b"-r requirements.txt\ncharting\n"}, {}, "", False),
        ({"requirements-web.txt": b"-r requirements.txt\ncharting\n"}, {}, "", True),
        ({"requirements-train.txt": b"charting\n"}, {}, "", True),
        ({}, {"train.py": b"import charting\n"}, "python3 train.py", False),
        ({}, {"train.py": b"import charting\n"}, "", True),
        ({}, {"train.py": b"import charting\n", "a.py": b"import train\n"}, "./train.py", True),
        ({}, {"a.py": b"import os\nopen('model.charting')\n"}, "", False),
    ],
    ids=[
        *("for a purpose", "to run", "of its own", "a step", "no step", "a module", "an ending"),
    ],
)
@LONG
def test_what_only_the_build_uses(
    lists: Tree, sources: Tree, step: str, kept: bool, tmp_path: Path
) -> None:
    beside = {f"app/{name}": content for name, content in {**lists, **sources}.items()}
    report = service(tmp_path, b"import flask\n", beside=beside, step=step)
    libraries = part(rebuilt(report), "libraries").disk_bytes
    assert (libraries > 4 * MEGA) == kept
