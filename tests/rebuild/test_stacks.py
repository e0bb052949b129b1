"""What a rebuild keeps of small images of each stack, and that no value becomes an instruction."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slim.advice.vocabulary import VOCABULARY
from slim.dockerfile.parse import parse_dockerfile
from slim.image.model import Config, Platform
from slim.rebuild.dockerfile import fill, recipe
from slim.rebuild.model import BuildStep, Rebuild, Transfer, Uninstall
from slim.report import model
from slim.report.untrusted import bare
from slim.rules.builtin import builtin_rules
from tests.conftest import LONG
from tests.support.beam import atoms, beam_file, chunk
from tests.support.debian import KILO, LIBRARIES, MEGA, Debian, Tree, part, program, rebuilt
from tests.support.elf import elf_image
from tests.support.small_images import analyzed, base, go_program, node_image, tools


@LONG
def test_node_keeps_the_output_and_the_packages_of_production(tmp_path: Path) -> None:
    rebuild = rebuilt(node_image(tmp_path))
    assert rebuild.stack == "node"
    assert rebuild.origin == "layers"
    application = part(rebuild, "the application")
    assert application.files == 3, "output, manifest and what is public"
    assert application.paths == ["/app/dist", "/app/package.json", "/app/public"]
    modules = part(rebuild, "packages for production")
    assert 700 * KILO < modules.disk_bytes < 710 * KILO
    system = part(rebuild, "system packages")
    assert system.packages == ["libnode", "nodejs"], "no npm, no compiler, no python3"
    assert rebuild.confidence == "possible"
    assert "apt-get install -y --no-install-recommends nodejs \\" in bare(rebuild.dockerfile)
    assert 'COPY --from=build --chown=1000:1001 ["/app/dist", "/app/dist"]' in bare(
        rebuild.dockerfile
    )
    assert "RUN npm run build\n" in bare(rebuild.dockerfile)


@pytest.mark.parametrize(
    ("lock", "install"),
    [("COPY", "npm ci"), ("COPY, RUN", "npm ci"), ("RUN", "npm install"), ("", "npm install")],
)
@LONG
def test_a_lock_that_a_run_wrote_is_not_in_the_context(
    lock: str, install: str, tmp_path: Path
) -> None:
    lines = bare(rebuilt(node_image(tmp_path, lock=lock)).dockerfile).splitlines()
    assert f"RUN --mount=type=cache,target=/root/.npm {install}" in lines
    assert ("COPY package.json package-lock.json ./" in lines) == (install == "npm ci")


@LONG
def test_node_without_a_build_keeps_the_sources(tmp_path: Path) -> None:
    rebuild = rebuilt(node_image(tmp_path, build=False))
    assert part(rebuild, "the application").paths == ["/app"]
    assert part(rebuild, "the application").disk_bytes > 400 * KILO
    assert "RUN npm run build" not in bare(rebuild.dockerfile)
    assert rebuild.confidence == "likely"


@pytest.mark.parametrize(
    ("words", "env", "kept"),
    [
        ("--config=/settings/app.json", "", "/settings/app.json"),
        ("--require=/otel/register.js", "", "/otel/register.js"),
        ("", "NODE_EXTRA_CA_CERTS=/certs/ca.crt", "/certs/ca.crt"),
        ("", "NODE_OPTIONS=--require=/otel/register.js", "/otel/register.js"),
        ("--models /models", "", "/models/large.bin"),
        ("", "MODELS=/models", ""),
    ],
)
def test_what_the_start_names_stays(words: str, env: str, kept: str, tmp_path: Path) -> None:
    debian = Debian()
    root = base(debian)
    installed = {
        **tools(debian),
        **debian.add("nodejs", {"usr/bin/node": program(b"libc.so.6", size=MEGA)}),
    }
    made = dict.fromkeys(
        ("settings/app.json", "otel/register.js", "certs/ca.crt", "models/large.bin"),
        b"m" * 100 * KILO,
    )
    report = analyzed(
        tmp_path,
        root,
        {**installed, **debian.database()},
        {"app/server.js": b"1"},
        made,
        Cmd=["node", "server.js", *words.split()],
        Env=["PATH=/usr/bin:/bin", *([env] if env else [])],
    )
    named = [part for part in rebuilt(report).keep if part.what == "files that the start names"]
    assert [part.disk_bytes for part in named] == ([100 * KILO] if kept else [])
    claims = {bare(example.path) for each in report.findings for example in each.examples}
    assert kept not in claims


@LONG
def test_what_is_built_beside_a_server_in_a_directory_of_its_own_stays(tmp_path: Path) -> None:
    app = {
        "app/server/package.json": b'{"name": "server"}',
        "app/server/index.js": b"1",
        "app/client/package.json": b'{"name": "client", "scripts": {"build": "vite build"}}',
        "app/client/src/main.js": b"s" * 100 * KILO,
        "app/client/node_modules/vite/index.js": b"v" * MEGA,
        "app/client/dist/main.js": b"d" * 100 * KILO,
    }
    rebuild = npm_image(tmp_path, ["node", "server/index.js"], app)
    around = part(rebuild, "files around it")
    assert 100 * KILO <= around.disk_bytes < 101 * KILO, "neither sources nor packages"


@LONG
def test_more_applications_than_are_looked_at_have_no_rebuild(tmp_path: Path) -> None:
    count = 40
    services = "".join(f"[program:p{n}]\ncommand=node /srv/p{n}/x.js\n" for n in range(count))
    app = {f"srv/p{n}/x.js": b"1" for n in range(count)}
    app["etc/supervisor/supervisord.conf"] = services.encode()
    debian = Debian()
    root = base(debian)
    installed = {
        **tools(debian),
        **debian.add("nodejs", {"usr/bin/node": program(b"libc.so.6", size=MEGA)}),
        **debian.add("supervisor", {"usr/bin/supervisord": program(b"libc.so.6", size=MEGA)}),
    }
    layers = root, {**installed, **debian.database()}, dict(app)
    report = analyzed(tmp_path, *layers, Cmd=["supervisord"], WorkingDir="")
    assert report.predicted.rebuild is None


@pytest.mark.parametrize(
    ("variable", "program_name", "script"),
    [("PYTHONPATH", "python3.13", "serve.py"), ("NODE_PATH", "node", "serve.js")],
)
def test_modules_that_a_variable_names_stay(
    variable: str, program_name: str, script: str, tmp_path: Path
) -> None:
    debian = Debian()
    root = base(debian)
    installed = {
        **tools(debian),
        **debian.add(program_name, {f"usr/bin/{program_name}": program(b"libc.so.6", size=MEGA)}),
    }
    app = {
        f"app/{script}": b"1",
        "libraries/numpy/core.so": program(b"libc.so.6", size=4 * MEGA),
        "libraries/numpy-1.dist-info/METADATA": b"Metadata-Version: 2.1\nName: numpy\nVersion: 1\n",
        "libraries/numpy-1.dist-info/RECORD": b"numpy/core.so,,\nnumpy-1.dist-info/METADATA,,\n",
    }
    rebuild = rebuilt(
        analyzed(
            tmp_path,
            root,
            {**installed, **debian.database()},
            app,
            Cmd=[program_name, script],
            Env=["PATH=/usr/bin:/bin", f"{variable}=/libraries:/nowhere:/usr"],
        )
    )
    (kept,) = (part for part in rebuild.keep if "/libraries" in part.paths)
    assert 4 * MEGA <= kept.disk_bytes < 4 * MEGA + KILO
    assert '["/libraries", "/libraries"]' in bare(rebuild.dockerfile)


@pytest.mark.parametrize(
    ("command", "home"),
    [
        (["mkdocs", "serve"], None),
        (["python3.13", "-m", "mkdocs", "serve"], None),
        (["gunicorn", "--chdir", "/srv/shop", "shop:app"], "/srv/shop"),
        (["uvicorn", "--app-dir=/srv/shop", "shop:app"], "/srv/shop"),
        (["uvicorn", "shop:app"], "unknown"),
    ],
)
@LONG
def test_a_program_of_a_library_needs_no_project(
    command: list[str], home: str | None, tmp_path: Path
) -> None:
    debian = Debian()
    root = base(debian)
    installed = {
        **tools(debian),
        **debian.add("python3.13", {"usr/bin/python3.13": program(b"libc.so.6", size=MEGA)}),
    }
    site, script = "usr/local/lib/python3.13/dist-packages", b"#!/usr/bin/python3.13\n"
    app = {
        "srv/shop/shop.py": b"1",
        "usr/local/bin/mkdocs": script,
        "usr/local/bin/gunicorn": script,
        "usr/local/bin/uvicorn": script,
        f"{site}/mkdocs/__init__.py": b"m" * MEGA,
        f"{site}/mkdocs-1.dist-info/METADATA": b"Metadata-Version: 2.1\nName: mkdocs\nVersion: 1\n",
        f"{site}/mkdocs-1.dist-info/RECORD": b"mkdocs/__init__.py,,\n"
        b"../../../bin/mkdocs,,\n../../../bin/uvicorn,,\n",
    }
    layers = root, {**installed, **debian.database()}, app
    if home == "unknown":
        report = analyzed(tmp_path, *layers, Cmd=command, WorkingDir="")
        assert report.predicted.rebuild is None
        return
    rebuild = rebuilt(analyzed(tmp_path, *layers, Cmd=command, WorkingDir=""))
    assert part(rebuild, "libraries").disk_bytes > MEGA
    application = [
        path for part in rebuild.keep if part.what == "the application" for path in part.paths
    ]
    assert application == ([] if home is None else [home])


@pytest.mark.parametrize(
    ("command", "home"),
    [
        (["sh", "-c", "cd /srv/feed && exec node feed.js"], "/srv/feed"),
        (["node", "/srv/feed/feed.js"], "/srv/feed"),
        (["node", "/srv/feed/bin/serve.js"], "/srv/feed"),
        (["node", "/usr/local/bin/serve.js"], None),
    ],
)
def test_the_application_is_where_it_is_started_or_where_its_program_lies(
    command: list[str], home: str | None, tmp_path: Path
) -> None:
    debian = Debian()
    root = base(debian)
    installed = {
        **tools(debian),
        **debian.add("nodejs", {"usr/bin/node": program(b"libc.so.6", size=MEGA)}),
    }
    app = {
        "srv/feed/feed.js": b"1",
        "srv/feed/bin/serve.js": b"1",
        "srv/feed/programme.json": b"{}",
        "usr/local/bin/serve.js": b"1",
    }
    found = analyzed(
        tmp_path, root, {**installed, **debian.database()}, app, Cmd=command, WorkingDir=""
    ).predicted.rebuild
    if home is None:
        assert found is None
    else:
        assert found is not None
        assert part(found, "the application").paths == [home]


def npm_image(folder: Path, command: list[str], app: dict[str, bytes]) -> model.Rebuild:
    """The rebuild of an image that starts its program with Debian's npm."""
    debian = Debian()
    root = base(debian)
    npm: Tree = {"usr/bin/npm": b"#!/usr/bin/node\n" + b"n" * 4 * MEGA}
    installed = {
        **tools(debian),
        **debian.add("nodejs", {"usr/bin/node": program(b"libc.so.6", size=MEGA)}),
        **debian.add("npm", npm, depends="nodejs"),
    }
    return rebuilt(
        analyzed(folder, root, {**installed, **debian.database()}, dict(app), Cmd=command)
    )


@LONG
def test_a_workspace_is_started_in_its_directory_with_the_packages_of_all(tmp_path: Path) -> None:
    app = {
        "app/package.json": b'{"workspaces": ["packages/*"], "scripts": {"start": "npm start -w server"}}',
        "app/packages/server/package.json": b'{"name": "server", "scripts": {"start": "node index.js"}}',
        "app/packages/server/index.js": b"1",
        "app/packages/render/index.js": b"1",
        "app/node_modules/fastify/package.json": b'{"name": "fastify", "version": "4"}',
        "app/node_modules/fastify/index.js": bytes(MEGA),
    }
    rebuild = npm_image(tmp_path, ["npm", "start"], app)
    assert part(rebuild, "the application").paths == ["/app"]
    assert part(rebuild, "packages for production").paths == ["/app/node_modules"]
    assert part(rebuild, "packages for production").disk_bytes > MEGA
    assert part(rebuild, "system packages").packages == ["nodejs"]
    command = 'CMD ["sh", "-c", "cd /app/packages/server && exec node index.js"]'
    assert command in bare(rebuild.dockerfile)


def test_a_program_that_was_installed_for_all_keeps_its_packages(tmp_path: Path) -> None:
    modules = "usr/local/lib/node_modules"
    app = {
        "app/index.html": b"1",
        f"{modules}/http-server/package.json": b'{"name": "http-server", "version": "1"}',
        f"{modules}/http-server/bin/http-server": b"#!/usr/bin/env node\nrequire('mime')\n",
        f"{modules}/http-server/node_modules/mime/package.json": b'{"name": "mime", "version": "1"}',
        f"{modules}/http-server/node_modules/mime/index.js": b"m" * MEGA,
        f"{modules}/npm/package.json": b'{"name": "npm", "version": "1"}',
        f"{modules}/npm/index.js": b"n" * 5 * MEGA,
    }
    program_path = f"/{modules}/http-server/bin/http-server"
    rebuild = npm_image(tmp_path, [program_path], app)
    packages = part(rebuild, "packages for production")
    assert packages.paths == ["/app/node_modules", f"/{modules}"]
    assert MEGA < packages.disk_bytes < MEGA + KILO, "without npm"


@LONG
def test_npm_stays_where_it_starts_more_than_one_program(tmp_path: Path) -> None:
    scripts = (
        b'{"scripts": {"start": "node first.js & node second.js", "prestart": "node before.js"}}'
    )
    files = ("first.js", "second.js", "before.js")
    app = {"app/package.json": scripts, **{f"app/{name}": b"1" for name in files}}
    rebuild = npm_image(tmp_path, ["npm", "start"], app)
    assert part(rebuild, "system packages").packages == ["nodejs", "npm"]
    assert 'CMD ["npm", "start"]' in bare(rebuild.dockerfile)


SERVICES = b"""[supervisord]
nodaemon=true
[program:first]
directory=/srv/first
command=node server.js
[program:second]
command=node /srv/second/server.js ; beside it
"""


def test_every_application_that_a_supervisor_starts_stays(tmp_path: Path) -> None:
    debian = Debian()
    root = base(debian)
    installed = {
        **tools(debian),
        **debian.add("nodejs", {"usr/bin/node": program(b"libc.so.6", size=MEGA)}),
        **debian.add("supervisor", {"usr/bin/supervisord": program(b"libc.so.6", size=MEGA)}),
    }
    app = {"etc/supervisor/supervisord.conf": SERVICES}
    for name, package in (("first", "left"), ("second", "right")):
        manifest = f'{{"name":"{name}","dependencies":{{"{package}":"1"}}}}'
        module = f"srv/{name}/node_modules/{package}"
        app[f"srv/{name}/package.json"] = manifest.encode()
        app[f"srv/{name}/server.js"] = f"require('{package}')".encode()
        app[f"{module}/package.json"] = f'{{"name":"{package}","version":"1.0.0"}}'.encode()
        app[f"{module}/index.js"] = bytes(300 * KILO)
    report = analyzed(
        tmp_path,
        root,
        {**installed, **debian.database()},
        app,
        Cmd=["supervisord", "-c", "/etc/supervisor/supervisord.conf"],
        WorkingDir="",
    )
    rebuild = rebuilt(report)
    modules = [part for part in rebuild.keep if part.what == "packages for production"]
    assert [part.paths for part in modules] == [
        ["/srv/first/node_modules"],
        ["/srv/second/node_modules"],
    ]
    assert all(300 * KILO < part.disk_bytes < 301 * KILO for part in modules)
    for place in ("/srv/first", "/srv/second"):
        assert f'["{place}", "{place}"]' in bare(rebuild.dockerfile)


GRADLE = b"""#!/bin/sh
APP_HOME=$( cd -P "${APP_HOME:-./}.." > /dev/null && printf '%s' "$PWD" ) || exit
CLASSPATH=$APP_HOME/lib/shop.jar:$APP_HOME/lib/guava.jar
exec java -classpath "$CLASSPATH" com.example.Main "$@"
"""
"""What Gradle writes to start an application, in short."""
BESIDE = ["/opt/shop/lib", "/opt/shop/conf"]


@pytest.mark.parametrize(
    ("command", "class_path", "kept"),
    [
        (["java", "-jar", "/shop.jar"], "", ["/shop.jar"]),
        (["java", "-cp", "/opt/shop/lib/*", "com.example.Main"], "", BESIDE),
        (["sh", "-c", "cd /opt/shop && exec java -cp lib com.example.Main"], "", BESIDE),
        (["java", "com.example.Main"], "/opt/shop/lib", BESIDE),
        (["/opt/shop/bin/shop"], "", ["/opt/shop"]),
    ],
)  # fmt: skip
def test_archives_are_found_without_a_working_directory(
    command: list[str], class_path: str, kept: list[str], tmp_path: Path
) -> None:
    debian = Debian()
    root = base(debian)
    installed = {
        **tools(debian),
        **debian.add("openjdk-21-jre-headless", {"usr/bin/java": program(b"libc.so.6", size=MEGA)}),
    }
    archive = b"PK\3\4" + bytes(MEGA)
    app = {
        "shop.jar": archive,
        "opt/shop/lib/shop.jar": archive,
        "opt/shop/lib/guava.jar": archive,
        "opt/shop/conf/shop.yml": b"a: 1",
        "opt/shop/bin/shop": GRADLE,
    }
    report = analyzed(
        tmp_path,
        root,
        {**installed, **debian.database()},
        app,
        Cmd=command,
        WorkingDir="",
        Env=["PATH=/usr/bin:/bin", *([f"CLASSPATH={class_path}"] if class_path else [])],
    )
    application = [
        path
        for part in rebuilt(report).keep
        if part.what in ("the application", "files beside it")
        for path in part.paths
    ]
    assert application == kept


def test_what_the_health_check_calls_stays(tmp_path: Path) -> None:
    debian = Debian()
    root = base(debian)
    installed = {
        **tools(debian),
        **debian.add("nodejs", {"usr/bin/node": program(b"libc.so.6", size=MEGA)}),
        **debian.add("curl", {"usr/bin/curl": program(b"libcurl.so.4")}, depends="libcurl4"),
        **debian.add("libcurl4", {f"{LIBRARIES}/libcurl.so.4": program(size=MEGA)}, auto=True),
        **debian.add("wget", {"usr/bin/wget": program(size=MEGA)}),
    }
    app = {"app/package.json": b"{}", "app/server.js": b"1"}
    check = {"Test": ["CMD-SHELL", "curl -f http://localhost/?token=x || exit 1"]}
    report = analyzed(
        tmp_path,
        root,
        {**installed, **debian.database()},
        app,
        Cmd=["node", "server.js"],
        Healthcheck=check,
    )
    rebuild = rebuilt(report)
    assert part(rebuild, "system packages").packages == ["curl", "libcurl4", "nodejs"]
    assert 'HEALTHCHECK CMD ["/bin/sh", "-c", "curl -f ' in bare(rebuild.dockerfile)


@LONG
def test_python_keeps_what_was_asked_for(tmp_path: Path) -> None:
    debian = Debian()
    root = base(debian)
    installed = {
        **tools(debian),
        **debian.add(
            "python3.13",
            {"usr/bin/python3.13": program(b"libc.so.6"), "usr/lib/python3.13/os.py": b"o" * MEGA},
        ),
        **debian.add("python3", {"usr/bin/python3": "python3.13"}, depends="python3.13"),
        **debian.add("python3-pip", {"usr/bin/pip": b"p" * 2 * MEGA}, depends="python3"),
    }
    site = "opt/venv/lib/python3.13/site-packages"
    app: dict[str, bytes | str | None] = {
        "app/requirements.txt": b"flask\n",
        "app/shop/__init__.py": b"a" * 1000,
        "opt/venv/pyvenv.cfg": b"home = /usr/bin\n",
        "opt/venv/bin/python": "/usr/bin/python3.13",
        "opt/venv/bin/flask": b"#!/opt/venv/bin/python\n",
    }
    for name, needs, requested in (
        ("flask", "jinja2", True),
        ("jinja2", "", False),
        ("pytest", "pluggy", True),
        ("pluggy", "", False),
        ("pip", "", True),
    ):
        info = f"{site}/{name}-1.dist-info"
        listed = [f"{name}/__init__.py", f"{name}-1.dist-info/METADATA"]
        listed += [f"{name}-1.dist-info/REQUESTED"] * requested
        required = f"Requires-Dist: {needs}\n" if needs else ""
        app |= {
            f"{site}/{name}/__init__.py": b"p" * MEGA * (3 if name == "pytest" else 1),
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n{required}".encode(),
            f"{info}/INSTALLER": b"pip\n",
            f"{info}/RECORD": "".join(f"{path},,\n" for path in listed).encode(),
        }
    report = analyzed(
        tmp_path,
        root,
        {**installed, **debian.database()},
        app,
        Cmd=["flask", "run"],
        Env=["PATH=/opt/venv/bin:/usr/bin:/bin", "API_TOKEN=hush", 'GREETING=a "b" $c \\'],
    )
    rebuild = rebuilt(report)
    libraries = part(rebuild, "libraries")
    assert 2 * MEGA <= libraries.disk_bytes < 2 * MEGA + 10 * KILO, "flask and jinja2"
    assert part(rebuild, "system packages").packages == ["python3", "python3.13"]
    assert "hush" not in bare(rebuild.dockerfile)
    assert "# API_TOKEN looks like a secret" in bare(rebuild.dockerfile)
    assert 'ENV GREETING="a \\"b\\" \\$c \\\\"' in bare(rebuild.dockerfile)
    assert 'ENV PATH="/opt/venv/bin:$PATH"' in bare(rebuild.dockerfile)


@pytest.mark.parametrize(
    ("needed", "origin", "zones"),
    [
        ((), "scratch", False),
        ((b"libc.so.6",), "scratch", True),
        ((b"libc.so.6", b"libz.so.1"), "layers", False),
    ],
)
@LONG
def test_go_stands_on_nothing_if_it_can(
    needed: tuple[bytes, ...], origin: str, zones: bool, tmp_path: Path
) -> None:
    debian = Debian()
    root = base(debian)
    installed = {
        **tools(debian),
        **debian.add("zlib1g", {f"{LIBRARIES}/libz.so.1": program(size=100 * KILO)}, auto=True),
        "etc/ssl/certs/ca-certificates.crt": b"c" * 200 * KILO,
    }
    app = {"app/go.mod": b"module example.com/shop\n", "app/main.go": b"m" * KILO}
    binary = go_program(*needed)
    report = analyzed(
        tmp_path,
        root,
        {**installed, **debian.database()},
        app,
        {"usr/local/bin/shop": binary},
        Cmd=["/usr/local/bin/shop"],
        Env=["TZ=Europe/Berlin"] if zones else [],
    )
    rebuild = rebuilt(report)
    assert rebuild.origin == origin
    assert ("build -tags timetzdata" in bare(rebuild.dockerfile)) == zones
    assert ("time zones" in {part.what for part in rebuild.keep}) == zones
    assert part(rebuild, "the program").disk_bytes == len(binary) - 1_500_000
    shorter = len(binary) * 5 // 1000
    if origin == "layers":
        saved = rebuild.disk_bytes - rebuild.low_disk_bytes
        assert shorter <= saved < shorter + KILO, "with -trimpath"
    else:
        # Without roots for TLS, time zones and what calls C, too.
        spare = shorter + 200 * KILO + zones * 406_000 + (50_000 if needed else 0)
        assert rebuild.disk_bytes - rebuild.low_disk_bytes == spare
    if origin == "scratch":
        assert part(rebuild, "TLS roots").disk_bytes == 200 * KILO
        assert "FROM scratch\n" in bare(rebuild.dockerfile)
        assert "-o /out/app ./cmd/server\n" in bare(rebuild.dockerfile)
        assert rebuild.confidence == ("possible" if needed else "likely")
    else:
        assert part(rebuild, "system packages").packages == ["zlib1g"]
        assert "FROM debian:13-slim\n" in bare(rebuild.dockerfile)


@pytest.mark.parametrize(
    "start",
    [
        {"Entrypoint": ["./start.sh"], "Cmd": ["./shop"]},
        {"Cmd": ["/bin/sh", "-c", "./shop --port $PORT"]},
        {"Cmd": ["/bin/sh", "-c", "exec ./shop"]},
        {"Cmd": ["./shop"], "Healthcheck": {"Test": ["CMD-SHELL", "date"]}},
    ],
    ids=["script", "shell", "shell-exec", "health-check"],
)
@LONG
def test_go_that_is_not_started_alone_stands_on_a_system(
    start: dict[str, Any], tmp_path: Path
) -> None:
    """A static program needs nothing, but the rest needs a shell, and what it calls."""
    debian = Debian()
    root = base(debian)
    report = analyzed(
        tmp_path,
        root,
        {**tools(debian), **debian.database()},
        {"app/go.mod": b"module example.com/shop\n", "app/main.go": b"m" * KILO},
        {"app/shop": go_program(), "app/start.sh": b'#!/bin/sh\ndate\nexec "$@"\n'},
        WorkingDir="/app",
        **start,
    )
    rebuild = rebuilt(report)
    assert rebuild.origin == "layers"
    assert "FROM scratch" not in bare(rebuild.dockerfile)
    assert "start.sh" in bare(rebuild.dockerfile)


@LONG
def test_rust_keeps_the_base_and_the_libraries(tmp_path: Path) -> None:
    debian = Debian()
    root = base(debian)
    installed = {
        **tools(debian),
        **debian.add("rustc", {"usr/bin/rustc": program(size=9 * MEGA)}),
        **debian.add("libssl3", {f"{LIBRARIES}/libssl.so.3": program(size=MEGA)}, auto=True),
    }
    comment = b"rustc version 1.80.0 (051478957 2024-07-21)\0"
    sections = [(b".comment", 1, 0, comment, 0), (b".symtab", 2, 0, b"s" * MEGA, 0)]
    binary = program(b"libc.so.6", b"libssl.so.3", sections=sections, size=2 * MEGA)
    app = {
        "app/Cargo.toml": b"[package]\n",
        "app/templates/index.html": b"t" * KILO,
        "app/target/release/shop": binary,
        "app/target/release/deps/libshop.rlib": b"r" * 9 * MEGA,
    }
    report = analyzed(
        tmp_path, root, {**installed, **debian.database()}, app, Cmd=["/app/target/release/shop"]
    )
    rebuild = rebuilt(report)
    assert rebuild.stack == "rust"
    assert rebuild.origin == "layers"
    assert part(rebuild, "the program").disk_bytes == len(binary) - MEGA
    saved = rebuild.disk_bytes - rebuild.low_disk_bytes
    assert 2 * KILO <= saved < 3 * KILO, "headers of sections that go"
    assert part(rebuild, "files beside it").disk_bytes == KILO
    assert part(rebuild, "system packages").packages == ["libssl3"]
    assert "cargo build --locked --release --bin shop" in bare(rebuild.dockerfile)


def test_alpine_names_its_packages(tmp_path: Path) -> None:
    def entry(name: str, files: str, needs: str = "", gives: str = "") -> str:
        folder, _, file = files.rpartition("/")
        return f"P:{name}\nV:1\nA:x86_64\nD:{needs}\np:{gives}\nF:{folder}\nR:{file}\n\n"

    below = entry("busybox", "bin/busybox", "so:libc.musl-x86_64.so.1")
    below += entry("musl", "lib/ld-musl-x86_64.so.1", gives="so:libc.musl-x86_64.so.1")
    added = entry("nodejs", "usr/bin/node", "so:libuv.so.1 so:libc.musl-x86_64.so.1")
    added += entry("libuv", "usr/lib/libuv.so.1", gives="so:libuv.so.1")
    added += entry("npm", "usr/lib/npm.js", "nodejs") + entry("gcc", "usr/libexec/cc1", "musl")
    musl = elf_image([], filler=600 * KILO)
    root: dict[str, bytes | str | None] = {
        "etc/os-release": b"ID=alpine\nVERSION_ID=3.20.1\n",
        "etc/apk/world": b"busybox\n",
        "lib/apk/db/installed": below.encode(),
        "bin/busybox": elf_image([], needed=(b"libc.musl-x86_64.so.1",), filler=800 * KILO),
        "lib/ld-musl-x86_64.so.1": musl,
        "lib/libc.musl-x86_64.so.1": "ld-musl-x86_64.so.1",
    }
    needed = (b"libuv.so.1", b"libc.musl-x86_64.so.1")
    installed = {
        "etc/apk/world": b"busybox\ngcc\nnodejs\nnpm\n",
        "lib/apk/db/installed": (below + added).encode(),
        "usr/bin/node": elf_image([], needed=needed, filler=5 * MEGA),
        "usr/lib/libuv.so.1": elf_image([], filler=200 * KILO),
        "usr/lib/npm.js": b"n" * 3 * MEGA,
        "usr/libexec/cc1": elf_image([], filler=20 * MEGA),
    }
    app = {"app/package.json": b"{}", "app/server.js": b"1"}
    rebuild = rebuilt(analyzed(tmp_path, root, installed, app, Cmd=["node", "server.js"]))
    assert part(rebuild, "system packages").packages == ["libuv", "nodejs"]
    assert part(rebuild, "the package database").guessed
    assert "FROM alpine:3.20.1\nRUN apk add --no-cache nodejs\n" in bare(rebuild.dockerfile)
    assert "RUN apk add --no-cache gcc nodejs npm\n" in bare(rebuild.dockerfile)


def test_java_runs_without_its_kit(tmp_path: Path) -> None:
    debian = Debian()
    root = base(debian)
    home = "usr/lib/jvm/java-21-openjdk-amd64"
    installed = {
        **debian.add(
            "openjdk-21-jre-headless",
            {
                f"{home}/bin/java": program(b"libjli.so", runpath=b"$ORIGIN/../lib"),
                f"{home}/lib/libjli.so": program(),
            },
        ),
        **debian.add(
            "openjdk-21-jdk-headless",
            {f"{home}/bin/javac": program(size=9 * MEGA)},
            depends="openjdk-21-jre-headless",
        ),
        **debian.add(
            "libgoogle-gson-java",
            {"usr/share/java/gson.jar": b"PK" + b"g" * MEGA},
            fields="Section: java\n",
        ),
        **debian.add(
            "junit5", {"usr/share/java/junit.jar": b"PK" + b"j" * MEGA}, fields="Section: java\n"
        ),
        "usr/bin/java": f"/{home}/bin/java",
    }
    app = {
        "app/pom.xml": b"<project/>",
        "app/src/Main.java": b"m" * MEGA,
        "app/target/shop.jar": b"PK" + b"j" * MEGA,
        "app/target/classes/Main.class": b"\xca\xfe" * MEGA,
    }
    layers = (root, {**installed, **debian.database()}, app)
    path = ["PATH=/usr/bin:/bin"]
    rebuild = rebuilt(
        analyzed(tmp_path, *layers, Cmd=["java", "-jar", "target/shop.jar"], Env=path)
    )
    assert part(rebuild, "the application").paths == ["/app/target/shop.jar"]
    assert part(rebuild, "the application").disk_bytes == MEGA + 2
    assert "openjdk-21-jdk-headless" not in part(rebuild, "system packages").packages
    assert rebuild.assumes == ["the archive holds what it needs of junit5, libgoogle-gson-java"]
    final = bare(rebuild.dockerfile).rpartition("FROM ")[2]
    assert "mvn --batch-mode package" in bare(rebuild.dockerfile)
    assert "RUN mkdir -p /usr/share/man/man1 \\\n && apt-get update" in final
    assert "openjdk-21-jre-headless" in final
    assert "junit5" not in final
    assert "-java" not in final
    # Where the command names the libraries, they are needed.
    words = ["java", "-cp", "/usr/share/java/gson.jar:target/shop.jar", "Main"]
    final = bare(rebuilt(analyzed(tmp_path, *layers, Cmd=words, Env=path)).dockerfile)
    assert "libgoogle-gson-java" in final.rpartition("FROM ")[2]


def test_a_base_with_the_language_in_it_is_replaced_by_packages(tmp_path: Path) -> None:
    debian = Debian()
    whole = {**base(debian), **tools(debian)}
    whole |= debian.add("nodejs", {"usr/bin/node": program(b"libc.so.6", size=MEGA)})
    whole |= debian.database()
    app = {"app/package.json": b"{}", "app/server.js": b"1"}
    rebuild = rebuilt(analyzed(tmp_path, whole, app, Cmd=["node", "server.js"]))
    assert rebuild.origin == "packages"
    assert part(rebuild, "the distribution's base system").packages == [
        "base-files",
        "dash",
        "libc6",
    ]
    assert part(rebuild, "system packages").packages == ["nodejs"]


def otp_application(place: str, name: str, needs: str = "", size: int = MEGA) -> dict[str, bytes]:
    """An application with one module, of which `strip_beams` drops as much as it keeps."""
    module = beam_file(
        atoms(name.encode()), chunk(b"Code", b"c" * size), chunk(b"Dbgi", b"d" * size)
    )
    about = f'{{application,{name},[{{vsn,"1"}},{{modules,[]}},{{applications,[{needs}]}}]}}.\n'
    return {
        f"{place}/ebin/{name}.app": about.encode(),
        f"{place}/ebin/{name}.beam": module,
        f"{place}/src/{name}.erl": b"s" * size,
    }


@pytest.mark.parametrize(
    ("fetched", "command", "project", "release"),
    [
        (False, "mix run --no-halt", b"app: :shop", "shop"),
        (True, "iex -S mix", b"apps_path: 1, releases: [store: [applications: []]]", "store"),
        (
            True,
            "elixir -pa _build/prod/lib/shop/ebin --no-halt -e Shop.start()",
            b"releases: releases()]\nend\ndefp releases do\n[\n{:web, []}",
            "web",
        ),
    ],
)
@LONG
def test_elixir_without_a_release_becomes_one(
    fetched: bool, command: str, project: bytes, release: str, tmp_path: Path
) -> None:
    debian = Debian()
    root = base(debian)
    otp = "usr/lib/erlang"
    erlang: dict[str, bytes | str | None] = {
        f"{otp}/erts-15/bin/erlexec": program(b"libc.so.6"),
        f"{otp}/erts-15/bin/beam.smp": program(b"libstdc++.so.6", size=8 * MEGA),
        f"{otp}/erts-15/doc/info": b"d" * MEGA,
    }
    for name, needs in (("kernel", ""), ("stdlib", "kernel"), ("sasl", ""), ("ssl", "crypto")):
        erlang |= otp_application(f"{otp}/lib/{name}-1", name, needs)
    for name in ("crypto", "wx", "debugger"):
        erlang |= otp_application(f"{otp}/lib/{name}-1", name)
    elixir: dict[str, bytes | str | None] = {"usr/bin/mix": "/usr/lib/elixir/bin/mix"}
    elixir |= {f"usr/bin/{name}": f"/usr/lib/elixir/bin/{name}" for name in ("iex", "elixir")}
    elixir |= {f"usr/lib/elixir/bin/{name}": b"#!/bin/sh\n" for name in ("iex", "elixir")}
    elixir |= {"usr/lib/elixir/bin/mix": b"#!/usr/bin/env elixir\n"}
    for name in ("elixir", "iex", "mix", "ex_unit"):
        elixir |= otp_application(f"usr/lib/elixir/lib/{name}", name)
    installed = {
        **debian.add("erlang-base", erlang, depends="libstdc++6", auto=True),
        **debian.add("elixir", elixir, depends="erlang-base"),
        **debian.add(
            "libstdc++6", {f"{LIBRARIES}/libstdc++.so.6": program(size=2 * MEGA)}, auto=True
        ),
        **debian.add("git", {"usr/bin/git": program(size=5 * MEGA)}),
    }
    build = "app/_build/prod/lib"
    app: dict[str, bytes | str | None] = {
        "app/mix.exs": b"defmodule Shop.MixProject do\n[" + project + b"]\nend\n",
        "app/deps/plug/mix.exs": b"m" * MEGA,
        f"{build}/plug/priv": "../../../../deps/plug/priv",
        "app/deps/plug/priv/data": b"p" * 100 * KILO,
        **otp_application(f"{build}/shop", "shop", "kernel,stdlib,elixir,plug"),
        **otp_application(f"{build}/plug", "plug", "ssl"),
        **otp_application(f"{build}/unused", "unused"),
        "app/deps/unused/mix.exs": b"m",
        **({"app/deps/plug/hex_metadata.config": b"{}."} if fetched else {}),
    }
    report = analyzed(
        tmp_path,
        root,
        {**installed, **debian.database()},
        app,
        Cmd=command.split(),
        Env=["MIX_ENV=prod", "PATH=/usr/bin:/bin", "SECRET_KEY_BASE=hush"],
    )
    rebuild = rebuilt(report)
    ours = part(rebuild, "the application and its dependencies")
    assert ours.why == "2 applications, stripped: plug, shop"
    assert 2 * MEGA + 100 * KILO < ours.disk_bytes < 2 * MEGA + 101 * KILO
    theirs = part(rebuild, "applications of Erlang and Elixir")
    assert bare(theirs.why).endswith("stripped: crypto, elixir, iex, kernel, sasl, ssl, stdlib")
    assert 7 * MEGA < theirs.disk_bytes < 7 * MEGA + KILO * 2
    assert part(rebuild, "boot files and start scripts").guessed
    assert part(rebuild, "Erlang's run-time system").files == 2
    assert part(rebuild, "system packages").packages == ["libstdc++6"]
    assert "hush" not in bare(rebuild.dockerfile)
    assert f'CMD ["bin/{release}", "start"]' in bare(rebuild.dockerfile)
    assert ("mix local.hex" in bare(rebuild.dockerfile)) == fetched
    assert report.predicted.all.disk_bytes == pytest.approx(rebuild.disk_bytes, rel=0.05), (
        "what a release strips goes with all steps, too"
    )


def test_a_kit_that_no_package_has(tmp_path: Path) -> None:
    debian = Debian()
    root = base(debian)
    node = {
        "usr/local/bin/node": program(b"libc.so.6", size=MEGA),
        "usr/local/include/node/node.h": b"h" * 3 * MEGA,
        "usr/local/lib/node_modules/npm/package.json": b'{"name": "npm", "version": "10"}',
        "usr/local/lib/node_modules/npm/cli.js": b"n" * 4 * MEGA,
    }
    app = {"app/package.json": b"{}", "app/server.js": b"1"}
    for version, stage in (
        ("22.1.0", "FROM node:22.1.0 AS build"),
        ("", "FROM ${BUILD_IMAGE} AS build"),
    ):
        folder = tmp_path / (version or "unknown")
        folder.mkdir()
        variables = ["PATH=/usr/local/bin:/usr/bin:/bin", f"NODE_VERSION={version}"]
        report = analyzed(folder, root, node, app, Cmd=["node", "server.js"], Env=variables)
        rebuild = rebuilt(report)
        assert part(rebuild, "Node").files == 1
        assert stage in bare(rebuild.dockerfile)
        assert ("ARG BUILD_IMAGE" in bare(rebuild.dockerfile)) == (not version)
        assert "COPY --from=build /usr/local/bin/node /usr/local/bin/node" in bare(
            rebuild.dockerfile
        )


STACKS = (
    *(
        "dotnet",
        "elixir",
        "go",
        "java",
        "nginx",
        "node",
        "php",
        "python",
        "ruby",
        "rust",
        "services",
        "history",
    ),
)
FLAGS = dict.fromkeys(
    (
        "dynamic",
        "own_base",
        "own_toolchain",
        "lock",
        "hex",
        "npm_lock",
        "requirements",
        "maven",
        "bundle",
    ),
    "yes",
)
NAMES = (
    "home",
    "output",
    "venv",
    "program",
    "package",
    "binary",
    "user",
    "node",
    "distribution",
    "toolchain",
)
LINUX = Platform("linux", "amd64")
anything = st.text(max_size=30) | st.sampled_from(
    [
        "--",
        "a\nRUN evil",
        "x\\",
        "<<EOF",
        "a\rUSER root",
        "$(evil)",
        "`",
        '"]\nRUN evil',
        "\u2028RUN",
        "$A",
        "a b",
    ]
)


def allowed(template: str) -> set[str]:
    """Keywords that a filled-in template may have."""
    more = {"ENV", "USER", "EXPOSE", "VOLUME", "STOPSIGNAL", "HEALTHCHECK", "CMD", "ENTRYPOINT"}
    words = {line.split()[0] for line in template.splitlines() if line[:1].isupper()}
    return words | more | {"COPY", "RUN", "ARG", "SHELL"}


@LONG
@pytest.mark.parametrize("stack", STACKS)
@settings(max_examples=60)
@given(texts=st.lists(anything, min_size=37, max_size=37))
def test_no_value_becomes_an_instruction(stack: str, texts: list[str]) -> None:
    template = builtin_rules(VOCABULARY).snippets[f"rebuild-{stack}"]
    value = iter(texts).__next__
    rebuild = Rebuild(
        stack="x",
        origin="layers",
        base="",
        parts=(),
        rows=frozenset(),
        stripped={},
        packages=(value(), value()),
        build_packages=(value(),),
        manager="dpkg",
        guesses=(),
        values=FLAGS | {name: value() for name in NAMES},
        copies=((value(), value()),),
        command=(value(),),
        strips=(value().encode("utf-8", "surrogateescape"),),
        steps=(
            BuildStep(0, "COPY", value(), words=(value(),), flags=(value(),)),
            BuildStep(1, "ENV", pairs=((value(), value()), ("B", value()))),
            BuildStep(2, "RUN", "true " + value()),
            BuildStep(3, "SHELL", value()),
        )
        if stack == "history"
        else (),
        transfer=Transfer(
            (value(),), (value(),), ((Uninstall(frozenset(), "pip uninstall"), (value(),)),)
        ),
    )
    config = Config(
        LINUX,
        env=(f"A={value()}", value()),
        working_dir=value(),
        user=value(),
        exposed_ports=(value(),),
        volumes=(value(),),
        healthcheck=("CMD-SHELL", value()),
        stop_signal=value(),
    )
    text = recipe(rebuild, config, {"rebuild-x": template, "rebuild-history": template}, value())
    parsed = parse_dockerfile(text)
    assert len(parsed.stages) <= 2
    for stage in parsed.stages:
        assert {instruction.keyword for instruction in stage.instructions} <= allowed(template)
        runs = [instruction for instruction in stage.instructions if instruction.keyword == "RUN"]
        # The packages' installation is one; all others are the template's.
        assert len(runs) <= template.count("\nRUN ") + 4
        # The image's own commands, and paths that are deleted, may say anything: as one instruction.
        ours = [run.value for run in runs if not run.value.startswith(("true ", "[", "rm -rf "))]
        assert "evil" not in "".join(ours)
        assert not any(instruction.heredocs for instruction in stage.instructions)


def test_a_template_is_filled_in() -> None:
    template = "FROM a\n# Why.\nUSER {user}\n#? flag\nRUN x \\\n  y\n\n\n\nRUN ${HOME} {port}\n"
    assert fill(template, {"port": "80"}) == "FROM a\n\nRUN ${HOME} 80\n"
    assert fill(template, {"flag": "y", "user": "u"}) == "FROM a\n# Why.\nUSER u\nRUN x \\\n  y\n"
