"""What a rebuild keeps of images that run a program of C, or one of a package."""

from __future__ import annotations

from pathlib import Path

import pytest

from slim.report.untrusted import bare
from tests.conftest import LONG
from tests.support.debian import (
    KILO,
    LIBRARIES,
    MEGA,
    Debian,
    Tree,
    analyzed,
    base,
    compilers,
    part,
    program,
    rebuilt,
)
from tests.support.debian import installed as installed_packages
from tests.support.small_images import stepwise

SYMBOLS = 800 * KILO


def built(name: str = "", *needed: bytes) -> Tree:
    """What a compiler made: a program with symbols."""
    sections = [(b".symtab", 2, 0, b"s" * SYMBOLS, 0)]
    return {name: program(b"libc.so.6", *needed, sections=sections, size=2 * MEGA)}


def installed(*, strip: bool = True) -> tuple[Tree, Tree]:
    """The layers of the distribution and of the packages."""
    debian = Debian()
    root = base(debian)
    compilers(debian)
    debian.add("zlib1g", {f"{LIBRARIES}/libz.so.1": program(size=100 * KILO)}, auto=True)
    debian.add("zlib1g-dev", {f"{LIBRARIES}/libz.a": b"a" * 200 * KILO}, depends="zlib1g")
    if strip:
        debian.add("binutils", {"usr/bin/strip": program(size=100 * KILO)}, auto=True)
    return root, debian.layer()


@LONG
def test_a_program_of_c_is_kept_without_its_sources(tmp_path: Path) -> None:
    sources = {
        "app/Makefile": b"echo: echo.c\n",
        "app/src/echo.c": b"c" * 300 * KILO,
        "app/echo.conf": b"c" * KILO,
    }
    built_files = {**built("app/echo", b"libz.so.1"), "app/src/echo.o": b"o" * MEGA}
    rebuild = rebuilt(analyzed(tmp_path, *installed(), sources, built_files, Cmd=["./echo"]))
    assert rebuild.stack == "native"
    size = len(built("app/echo", b"libz.so.1")["app/echo"])  # type: ignore[arg-type]
    assert part(rebuild, "the program").disk_bytes == size - SYMBOLS
    assert part(rebuild, "files beside it").paths == ["/app/echo.conf"]
    assert part(rebuild, "system packages").packages == ["zlib1g"]
    dockerfile = bare(rebuild.dockerfile)
    stage, _, final = dockerfile.rpartition("\nFROM ")
    assert stage.endswith("RUN strip /app/echo\n")
    assert "COPY --from=build /app/echo /app/echo\n" in final
    assert "COPY --from=build /app/echo.conf /app/echo.conf\n" in final


@pytest.mark.parametrize(("strip", "step"), [(False, 3), (True, 2)], ids=["no strip", "copied"])
@LONG
def test_only_what_was_linked_here_is_stripped(strip: bool, step: int, tmp_path: Path) -> None:
    """A program that was copied may carry data behind its sections."""
    layers: list[Tree] = [*installed(strip=strip), {"app/notes": b"1"}, {"app/log": b"1"}]
    layers[step] = built("app/echo")
    rebuild = rebuilt(analyzed(tmp_path, *layers, Cmd=["./echo"]))
    size = len(built("app/echo")["app/echo"])  # type: ignore[arg-type]
    assert part(rebuild, "the program").disk_bytes == size
    assert "RUN strip" not in bare(rebuild.dockerfile)


def test_what_was_installed_with_a_program_stays(tmp_path: Path) -> None:
    built_files: Tree = {
        **built("usr/local/bin/server"),
        "usr/local/bin/control": program(size=300 * KILO),
        "usr/local/lib/server/plugin.so": program(size=200 * KILO),
        "usr/local/share/server/pages.db": b"p" * 100 * KILO,
        "usr/local/include/server.h": b"h" * MEGA,
        "usr/local/lib/libserver.a": b"a" * MEGA,
        "usr/local/share/man/man1/server.1": b"m" * MEGA,
    }
    sources = {"app/main.c": b"c" * MEGA}
    rebuild = rebuilt(analyzed(tmp_path, *installed(), sources, built_files, Cmd=["server"]))
    with_it = part(rebuild, "what was installed with it")
    assert with_it.files == 3
    assert 600 * KILO < with_it.disk_bytes < 610 * KILO
    final = bare(rebuild.dockerfile).rpartition("\nFROM ")[2]
    assert "RUN ldconfig\n" not in final
    for path in ("bin/control", "lib/server", "share/server"):
        assert f"/usr/local/{path}" in final or "/usr/local /usr/local" in final


def test_libraries_that_were_installed_are_found_by_the_index_of_the_loader(tmp_path: Path) -> None:
    built_files: Tree = {
        **built("usr/local/bin/server", b"libserver.so"),
        "usr/local/lib/libserver.so": program(size=200 * KILO),
        "etc/ld.so.cache": b"glibc-ld.so.cache1.1",
    }
    sources = {"app/main.c": b"c" * MEGA}
    rebuild = rebuilt(analyzed(tmp_path, *installed(), sources, built_files, Cmd=["server"]))
    assert "RUN ldconfig\n" in bare(rebuild.dockerfile).rpartition("\nFROM ")[2]


@LONG
def test_a_program_of_a_package_comes_with_it(tmp_path: Path) -> None:
    debian = Debian()
    root = base(debian)
    compilers(debian)
    debian.add("httpd-mini", {"usr/sbin/httpd-mini": program(b"libc.so.6", size=MEGA)})
    debian.add("httpd-mini-mod-pages", {"usr/lib/mini/pages.so": program(size=300 * KILO)})
    debian.add("hugo", {"usr/bin/hugo": program(size=20 * MEGA)}, fields="Section: web\n")
    report = stepwise(
        tmp_path,
        ("ADD rootfs.tar.xz /", root),
        ("RUN apt-get install -y httpd-mini httpd-mini-mod-pages hugo gcc", debian.layer()),
        ("COPY . /site", {"site/content/index.md": b"1", "site/bees.jpg": b"b" * 200 * KILO}),
        (
            "RUN cd /site && hugo --minify",
            {"site/public/index.html": b"p" * KILO, "site/node_modules/x/index.js": b"x" * MEGA},
        ),
        ("COPY mini.conf /etc/mini/", {"etc/mini/mini.conf": b"root /site/public\n"}),
        Cmd=["httpd-mini", "-f", "/etc/mini/mini.conf"],
        WorkingDir="",
        Env=["PATH=/usr/sbin:/usr/bin:/bin"],
    )
    rebuild = rebuilt(report)
    assert installed_packages(rebuild) == ["httpd-mini", "httpd-mini-mod-pages"]
    application = part(rebuild, "the application")
    assert application.paths == ["/site/bees.jpg", "/site/content", "/site/public"]
    assert "/etc/mini/mini.conf" in bare(rebuild.dockerfile)
    assert "node_modules" not in bare(rebuild.dockerfile)


@pytest.mark.parametrize("home", ["app", "usr/src/app", "root/app"])
def test_a_program_of_perl_keeps_modules_that_no_package_has(home: str, tmp_path: Path) -> None:
    debian = Debian()
    root = base(debian)
    compilers(debian)
    debian.add("perl", {"usr/bin/perl": program(b"libc.so.6", size=MEGA)})
    debian.add("libdbi-perl", {"usr/share/perl5/DBI.pm": b"d" * 100 * KILO}, depends="perl")
    debian.add("cpanminus", {"usr/bin/cpanm": b"#!/usr/bin/perl\n" + b"c" * MEGA}, depends="perl")
    local = "usr/local/lib/x86_64-linux-gnu/perl/5.40.1"
    app = {f"{home}/app.pl": b"use Fast;\n", f"{home}/lib/Shop.pm": b"1"}
    built_files = {
        f"{home}/shop.db": b"d" * 100 * KILO,
        f"{local}/Fast.pm": b"f" * 50 * KILO,
        f"{local}/auto/Fast/Fast.so": program(),
    }
    layers = [root, debian.layer(), app, built_files]
    rebuild = rebuilt(analyzed(tmp_path, *layers, Cmd=["perl", "app.pl"], WorkingDir=f"/{home}"))
    assert rebuild.stack == "perl"
    assert installed_packages(rebuild) == ["libdbi-perl", "perl"]
    assert part(rebuild, "the application").disk_bytes > 100 * KILO
    copied = bare(rebuild.dockerfile).rpartition("\nFROM ")[2]
    assert f"COPY --from=build /{home} /{home}\n" in copied
    assert part(rebuild, "modules of no package").files == 2
    assert f"COPY --from=build /{local}" in bare(rebuild.dockerfile)
