"""What a rebuild keeps besides code and libraries, and what the step about stages never claims."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

import slim
from slim.report.untrusted import bare
from tests.conftest import LONG
from tests.support.building import file, image, layer, save, symlink
from tests.support.debian import KILO, MEGA, Debian, part, program, rebuilt
from tests.support.small_images import base, go_program, node_image, stepwise, tools


def claimed(report: slim.Report) -> set[str]:
    found = [finding for finding in report.findings if finding.rule == "TCH029"]
    return {bare(example.path) for finding in found for example in finding.examples}


@LONG
def test_what_steps_put_elsewhere_stays(tmp_path: Path) -> None:
    debian = Debian()
    root = base(debian)
    installed = {**tools(debian), "etc/tool.conf": b"t" * KILO, "opt/sdk/bin/tool": b"t" * MEGA}
    installed["var/lib/ghostscript/fonts"] = b"f" * KILO
    app = {
        "app/go.mod": b"module example.com/shop\n",
        "app/main.go": b"m" * KILO,
        "app/shop.yaml": b"y" * KILO,
        "app/web/index.html": b"w" * 3 * KILO,
        "app/web/handler.go": b"h" * KILO,
        "app/posts/first.md": b"p" * KILO,
        "app/NOTES.md": b"n" * KILO,
        "app/docs/api.md": b"d" * KILO,
        "app/bin/other": program(size=MEGA),
    }
    report = stepwise(
        tmp_path,
        ("ADD rootfs.tar.xz /", root),
        ("RUN apt-get install -y gcc", {**installed, **debian.database()}),
        ("COPY . .", app),
        ("RUN go build -o /usr/local/bin/shop .", {"usr/local/bin/shop": go_program()}),
        (
            "RUN cp conf/*.json /etc/ && cp -r web /srv/web",
            {"etc/shop.json": b"j" * KILO, "srv/web/a.css": b"c" * KILO, "opt/b": b"b" * KILO},
        ),
        (
            "RUN shop --load",
            {
                "var/lib/shop/a.db": b"d" * KILO,
                "data/b": b"b" * KILO,
                "var/lib/dpkg/x": b"x" * KILO,
            },
        ),
        Cmd=["/usr/local/bin/shop"],
    )
    rebuild = rebuilt(report)
    assert rebuild.origin == "scratch"
    stays = {"app/posts/first.md", "app/shop.yaml", "app/web/index.html"}
    assert part(rebuild, "files beside it").paths == [
        "/app/posts",
        "/app/shop.yaml",
        "/app/web/index.html",
    ]
    assert part(rebuild, "files beside it").disk_bytes == 5 * KILO, "Markdown may be what it shows"
    assert part(rebuild, "other files of the application").disk_bytes == 5 * KILO
    copied = bare(rebuild.dockerfile).rpartition("\nFROM ")[2]
    assert "/data" in copied
    assert "/var/lib/shop" in copied
    assert "/var/lib/dpkg" not in copied
    assert "/var/lib/ghostscript" not in copied
    stays |= {"etc/shop.json", "usr/local/bin/shop"}
    assert not stays & claimed(report)
    assert "app/bin/other" in claimed(report)


@LONG
def test_settings_stay_beside_an_output(tmp_path: Path) -> None:
    more = {
        "app/openapi.yaml": b"o" * KILO,
        "app/mail/welcome.hbs": b"m" * KILO,
        "app/src/style.css": b"c" * KILO,
        "app/Makefile": b"all:\n",
        "app/test/data.json": b"t" * KILO,
    }
    rebuild = rebuilt(node_image(tmp_path, more=more))
    shown = ["/app/dist", "/app/package.json", "/app/public", "/app/mail", "/app/openapi.yaml"]
    assert sorted(part(rebuild, "the application").paths) == sorted(shown)


@LONG
def test_a_package_runner_is_seen_through(tmp_path: Path) -> None:
    """`npm start` needs npm; what the rebuilt image starts does not."""
    script = b'{"scripts": {"start": "node server.js"}}'
    debian = Debian()
    root = base(debian)
    installed = {
        **tools(debian),
        **debian.add("nodejs", {"usr/bin/node": program(b"libc.so.6", size=MEGA)}),
        **debian.add("npm", {"usr/bin/npm": b"#!/usr/bin/node\n"}, depends="nodejs, node-tar"),
        **debian.add("node-tar", {"usr/share/nodejs/tar/index.js": b"t" * 3 * MEGA}, auto=True),
    }
    report = stepwise(
        tmp_path,
        ("ADD rootfs.tar.xz /", root),
        ("RUN apt-get install -y npm", {**installed, **debian.database()}),
        ("COPY . .", {"app/package.json": script, "app/server.js": b"1"}),
        Cmd=["npm", "start"],
        Env=["PATH=/usr/bin:/bin"],
    )
    rebuild = rebuilt(report)
    assert part(rebuild, "system packages").packages == ["nodejs"]
    assert 'CMD ["node", "server.js"]' in bare(rebuild.dockerfile)
    assert "usr/bin/npm" not in claimed(report), "it is what the image runs now"


def distribution(
    site: str, name: str, code: Mapping[str, bytes], *commands: str
) -> dict[str, bytes]:
    """A distribution of Python that was asked for by name."""
    info = f"{site}/{name}-1.dist-info"
    listed = [*code, f"{name}-1.dist-info/METADATA", f"{name}-1.dist-info/REQUESTED"]
    listed += [f"../../../bin/{command}" for command in commands]
    return {
        **{f"{site}/{path}": content for path, content in code.items()},
        **{f"usr/local/bin/{command}": b"#!/usr/bin/python3\n" for command in commands},
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n".encode(),
        f"{info}/INSTALLER": b"pip\n",
        f"{info}/REQUESTED": b"",
        f"{info}/RECORD": "".join(f"{path},,\n" for path in listed).encode(),
    }


def python_image(
    folder: Path, *packages: tuple[str, int, str, str], env: str = "A=b"
) -> slim.Report:
    """A service of gunicorn; further packages as (name, bytes, dependencies, fields)."""
    debian = Debian()
    root = base(debian)
    installed = {
        **tools(debian),
        **debian.add(
            "python3.13",
            {"usr/bin/python3.13": program(b"libc.so.6"), "usr/lib/python3.13/os.py": b"o" * MEGA},
        ),
        **debian.add("python3", {"usr/bin/python3": "python3.13"}, depends="python3.13"),
        **debian.add("libc6-dev", {"usr/lib/x86_64-linux-gnu/libc.so": b"GROUP ( libc.so.6 )"}),
    }
    site = "usr/local/lib/python3.13/dist-packages"
    libraries = {
        **distribution(
            site, "gunicorn", {"gunicorn/__init__.py": b"g" * MEGA}, "gunicorn", "other"
        ),
        **distribution(
            site,
            "pandas",
            {
                "pandas/__init__.py": b"p" * KILO,
                "pandas/core.py": b"p" * MEGA,
                "pandas/tests/test_all.py": b"t" * 5 * MEGA,
                "pandas/native.cpython-313-x86_64-linux-musl.so": program(b"libc.so"),
            },
        ),
        **distribution(
            site, "mypy", {"mypy/__init__.py": b"m" * KILO, "mypy/a.py": b"m" * 2 * MEGA}
        ),
    }
    for name, size, depends, fields in packages:
        installed |= debian.add(
            name,
            {f"usr/share/{name}/all": b"x" * size},
            depends=depends,
            auto=name.startswith("lib"),
            fields=fields,
        )
    return stepwise(
        folder,
        ("ADD rootfs.tar.xz /", root),
        ("RUN apt-get install -y python3 gcc", {**installed, **debian.database()}),
        ("COPY . .", {"app/requirements.txt": b"gunicorn\n", "app/shop.py": b"a" * KILO}),
        ("RUN pip install -r requirements.txt", libraries),
        Cmd=["gunicorn", "shop:app"],
        Env=["PATH=/usr/local/bin:/usr/bin:/bin", env],
    )


@LONG
def test_commands_of_distributions_stay(tmp_path: Path) -> None:
    """Wherever they are; large tests make no library a tool; a linker script is no library."""
    report = python_image(tmp_path)
    rebuild = rebuilt(report)
    libraries = part(rebuild, "libraries")
    assert 7 * MEGA < libraries.disk_bytes < 7 * MEGA + 50 * KILO, "no mypy"
    assert "/tests" not in bare(rebuild.dockerfile), "who installs pandas has its tests"
    assert 5 * MEGA <= rebuild.disk_bytes - rebuild.low_disk_bytes < 5 * MEGA + 10 * KILO
    assert "libc6-dev" not in part(rebuild, "system packages").packages
    assert not {"usr/local/bin/gunicorn", "usr/local/bin/other"} & claimed(report)


@LONG
def test_what_nothing_uses_decides_between_two_bounds(tmp_path: Path) -> None:
    report = python_image(
        tmp_path,
        ("ffmpeg", 3 * MEGA, "libavcodec61", ""),
        ("libavcodec61", 5 * MEGA, "", ""),
        ("vim", 4 * MEGA, "", "Section: editors\n"),
        ("procps", MEGA, "", ""),
        ("python3-lxml", 2 * MEGA, "", "Section: python\n"),
        ("chromium", 6 * MEGA, "", ""),
        env="BROWSER=/usr/share/chromium/all",
    )
    rebuild = rebuilt(report)
    kept = {"ffmpeg", "libavcodec61", "python3-lxml", "chromium"}
    assert kept < set(part(rebuild, "system packages").packages)
    assert not {"vim", "procps"} & set(part(rebuild, "system packages").packages)
    sizes = {bare(package.name): package.disk_bytes // MEGA for package in rebuild.unused}
    assert sizes == {"ffmpeg": 8, "vim": 4, "procps": 1}
    # A module of Python may be imported: the lower bound is without it, too, and without tests of pandas.
    assert 15 * MEGA < rebuild.disk_bytes - rebuild.low_disk_bytes < 15 * MEGA + 10 * KILO
    # Nothing calls an editor; scripts call ps.
    assert MEGA < rebuild.high_disk_bytes - rebuild.disk_bytes < MEGA + 10 * KILO
    assert rebuild.low_pull_bytes < rebuild.pull_bytes < rebuild.high_pull_bytes
    bounds = f"{rebuild.low_disk_bytes / MEGA:.1f}–{rebuild.high_disk_bytes / MEGA:.1f} MB)"
    for form in ("text", "markdown", "html"):
        output = " ".join(slim.render(report, form).replace("&nbsp;", " ").split())
        assert "nothing kept uses them: ffmpeg 8.00 MB, vim 4.00 MB, procps 1.00 MB" in output
        assert bounds in output


def test_what_package_managers_write_anew_is_nobodys_chown(tmp_path: Path) -> None:
    templates = {"var/cache/debconf/templates.dat": b"t" * MEGA}
    report = stepwise(
        tmp_path,
        ("ADD rootfs.tar.xz /", base(Debian())),
        ("RUN apt-get install -y a", {**templates, "app/a": b"a" * MEGA}),
        ("RUN apt-get install -y b && chmod 755 /app/a", {**templates, "app/a": b"a" * MEGA}),
        Cmd=["/app/a"],
    )
    found = next(finding for finding in report.findings if finding.rule == "LYR003")
    assert [bare(example.path) for example in found.examples] == ["app/a"]
    # The database of the base is replaced by whatever is installed; that of the first RUN need not be.
    found = next(finding for finding in report.findings if finding.rule == "LYR018")
    assert (found.claimed_bytes, found.base_bytes) == (MEGA, 0)
    assert [bare(example.path) for example in found.examples] == [*templates]
    assert not report.predicted.other_base_bytes


@pytest.mark.parametrize("created_by", ["# debian.sh --arch 'amd64' out/ 'trixie' '@1'"])
def test_the_base_of_debian_as_it_is_made_now(created_by: str, tmp_path: Path) -> None:
    """One entry, and no CMD of its own in the history."""
    report = stepwise(
        tmp_path,
        (created_by, base(Debian())),
        ("COPY . /app", {"app/a": b"1"}),
        ("RUN make", {"app/b": b"1"}),
        Cmd=["/app/b"],
    )
    assert [layer.from_base for layer in report.layers] == [True, False, False]


@LONG
def test_a_directory_whose_name_is_no_text(tmp_path: Path) -> None:
    """WORKDIR is a link to it; what was assumed names it."""
    debian = Debian()
    root = base(debian)
    node = debian.add("nodejs", {"usr/bin/node": program(b"libc.so.6", size=MEGA)})
    manifest = b'{"scripts": {"build": "tsc"}}'
    sample = image(
        layer(root, created_by="ADD rootfs.tar.xz /"),
        layer({**tools(debian), **node, **debian.database()}, created_by="RUN apt-get install"),
        layer(
            file(b"srv/a\xff/package.json", manifest),
            file(b"srv/a\xff/dist/main.js", b"1"),
            file(b"srv/a\xff/src/main.ts", b"1"),
            symlink("app", b"srv/a\xff"),
            created_by="COPY . .",
        ),
        config={
            "Cmd": ["node", "dist/main.js"],
            "WorkingDir": "/app",
            "ExposedPorts": {"80/tcp": {}},
        },
    )
    save(sample, tmp_path / "image.tar", "docker")
    report = slim.analyze(tmp_path / "image.tar")
    assert "/srv/a\ufffd" in bare(rebuilt(report).assumes[0])
    assert r"/srv/a\ufffd" in slim.render(report, "json")


@LONG
def test_the_file_that_says_what_is_started_stays(tmp_path: Path) -> None:
    """Where make starts the program in a shell, it is not left out; a Makefile is no source then."""
    makefile = b"run:\n\tmkdir -p /tmp/shop\n\tnode dist/server.js\nbuild:\n\ttsc\n"
    more = {
        "app/Makefile": makefile,
        "usr/bin/make": program(b"libc.so.6"),
        "usr/local/bin/entry.sh": b'#!/bin/sh\nexec "$@"\n',
        "etc/shop/shop.conf": b"a",
    }
    report = node_image(tmp_path, more=more, Entrypoint=["entry.sh"], Cmd=["make", "run"])
    rebuild = rebuilt(report)
    assert part(rebuild, "scripts and libraries").files == 3
    lines = bare(rebuild.dockerfile).splitlines()
    assert 'CMD ["make", "run"]' in lines
    # Of an image whose history has a hole: the template says what it cannot make.
    final = [line for line in lines[lines.index("") :] if line.startswith("COPY --from=build")]
    for path in ("/app/Makefile", "/etc/shop", "/usr/bin/make", "/usr/local/bin/entry.sh"):
        assert any(f'"{path}"' in line for line in final), final
    listed = [line for line in lines if line.startswith("#   ")]
    assert listed == ["#   /etc/shop", "#   /usr/bin/make", "#   /usr/local/bin/entry.sh"]
