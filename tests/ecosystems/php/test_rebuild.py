"""What a rebuild keeps of PHP: alone, behind nginx, in Apache, compiled."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import slim
from slim.report.untrusted import bare
from tests.conftest import LONG
from tests.support.debian import (
    KILO,
    MEGA,
    Debian,
    Tree,
    analyzed,
    base,
    compilers,
    installed,
    nginx,
    part,
    program,
    rebuilt,
)

SUPERVISED = b"""[supervisord]
nodaemon=true
[program:fpm]
command=/usr/sbin/php-fpm8.4 -F
[program:web]
command=nginx -g "daemon off;"
"""


SITE = b"""server {
    listen 80;
    root /srv/shop/public; # not /srv/old
    location /pictures { alias /srv/pictures; }
    include snippets/php.conf;
}
"""


def php(debian: Debian) -> None:
    debian.add("php-fpm", {"usr/share/doc/php-fpm/x": b""}, depends="php8.4-fpm")
    debian.add(
        "php8.4-fpm",
        {"usr/sbin/php-fpm8.4": program(b"libc.so.6", size=5 * MEGA)},
        depends="php8.4-common",
        auto=True,
    )
    debian.add("php8.4-common", {"usr/lib/php/20240924/pdo.so": program()}, auto=True)
    debian.add("composer", {"usr/share/php/Composer/c.php": b"c" * 3 * MEGA}, depends="php8.4-fpm")
    debian.add("php-dev", {"usr/include/php/php.h": b"h" * MEGA}, depends="gcc")
    modules = {"pdo": "", "intl": "", "zip": "", "gd": "", "xsl": ""}
    for name in ("intl", "zip", "gd", "xsl"):
        debian.add(
            f"php8.4-{name}",
            {f"usr/lib/php/20240924/{name}.so": program(size=2 * MEGA)},
            auto=name != "gd",
        )
    for name in modules:
        settings = f"; {name}\nextension={name}.so\n".encode()
        debian.files[f"etc/php/8.4/mods-available/{name}.ini"] = settings
        if name != "xsl":
            link = f"/etc/php/8.4/mods-available/{name}.ini"
            debian.files[f"etc/php/8.4/fpm/conf.d/20-{name}.ini"] = link


def shop() -> Tree:
    listed = {
        "packages": [
            {"name": "twig/twig", "install-path": "../twig/twig", "require": {"ext-zip": "*"}},
            {"name": "phpunit/phpunit", "install-path": "../phpunit/phpunit"},
        ],
        "dev-package-names": ["phpunit/phpunit"],
    }
    return {
        "srv/shop/composer.json": b'{"require": {"ext-pdo": "*"}}',
        "srv/shop/public/index.php": b"<?php imagecreatetruecolor(1, 1);\n",
        "srv/shop/config/settings.yaml": b"a: 1\n",
        "srv/shop/vendor/composer/installed.json": json.dumps(listed).encode(),
        "srv/shop/vendor/twig/twig/Twig.php": b"t" * 200 * KILO,
        "srv/shop/vendor/phpunit/phpunit/P.php": b"p" * 4 * MEGA,
        "srv/shop/node_modules/vite/index.js": b"v" * 6 * MEGA,
    }


def php_image(folder: Path, more: Tree | None = None, **config: object) -> slim.Report:
    debian = Debian()
    root = base(debian)
    compilers(debian)
    nginx(debian)
    php(debian)
    debian.add(
        "supervisor",
        {
            "usr/bin/supervisord": b"#!/usr/bin/python3\n",
            "etc/supervisor/supervisord.conf": b"[include]\nfiles = shops/*.conf\n",
        },
        depends="python3",
    )
    debian.add("python3", {"usr/bin/python3": program(b"libc.so.6", size=3 * MEGA)}, auto=True)
    settings: Tree = {
        "etc/nginx/sites-enabled/shop": SITE,
        "etc/supervisor/shops/shop.conf": SUPERVISED,
        "srv/pictures/logo.png": b"l" * 70 * KILO,
    }
    return analyzed(folder, root, debian.layer(), {**shop(), **settings, **(more or {})}, **config)


@LONG
def test_php_behind_nginx_keeps_what_both_run_with(tmp_path: Path) -> None:
    report = php_image(tmp_path, Cmd=["supervisord", "-n"], WorkingDir="/")
    rebuild = rebuilt(report)
    assert rebuild.stack == "services"
    assert set(installed(rebuild)) == {
        *("nginx", "php-fpm", "php8.4-fpm", "php8.4-common", "php8.4-gd", "php8.4-zip"),
        *("supervisor", "python3"),
    }, (
        "no composer, php-dev, compiler; no intl, which nobody asked for, nor xsl, which is not enabled"
    )
    assert any("intl" in bare(text) for text in rebuild.assumes)
    application = part(rebuild, "the application")
    assert application.paths == ["/srv/shop"]
    assert application.files == 5
    assert application.disk_bytes < 210 * KILO, "no packages for development, no node_modules"
    assert part(rebuild, "the files that are served").paths == ["/srv/shop/public", "/srv/pictures"]
    assert part(rebuild, "the files that are served").disk_bytes == 70 * KILO
    text = bare(rebuild.dockerfile)
    assert "COPY --from=build /etc/supervisor/shops" in text
    assert "COPY --from=build /srv" in text


@LONG
def test_an_extension_that_no_source_calls_is_left_out(tmp_path: Path) -> None:
    page: Tree = {"srv/shop/public/index.php": b"<!doctype html><?= 1 ?>\n"}
    rebuild = rebuilt(php_image(tmp_path, page, Cmd=["supervisord", "-n"], WorkingDir="/"))
    assert not {"php8.4-gd", "php8.4-intl"} & set(installed(rebuild))
    assert "php8.4-zip" in installed(rebuild), "a package of Composer requires it"
    assert any("gd" in bare(text) for text in rebuild.assumes)
    assert rebuild.high_disk_bytes - rebuild.disk_bytes < MEGA, "every source was read"
    unread: Tree = {"srv/shop/public/index.php": b"#!/usr/bin/php\n" + b"<?php" * 50_000}
    rebuild = rebuilt(php_image(tmp_path, unread, Cmd=["supervisord", "-n"], WorkingDir="/"))
    assert "php8.4-gd" in installed(rebuild), "a source that is too large for a look"


@LONG
def test_supervisord_reads_settings_of_the_application(tmp_path: Path) -> None:
    settings: Tree = {"srv/shop/docker/all.ini": SUPERVISED}
    command = ["supervisord", "-c", "/srv/shop/docker/all.ini"]
    rebuild = rebuilt(php_image(tmp_path, settings, Cmd=command, WorkingDir="/"))
    assert rebuild.stack == "services"


def test_php_alone(tmp_path: Path) -> None:
    report = php_image(tmp_path, Cmd=["php-fpm8.4", "-F"], WorkingDir="/srv/shop")
    rebuild = rebuilt(report)
    assert rebuild.stack == "php"
    assert "nginx" not in installed(rebuild), "no source of the application names it"
    assert "nginx" in {bare(package.name) for package in rebuild.unused}
    assert not {"composer", "gcc", "php-dev", "php8.4-intl"} & set(installed(rebuild))


@pytest.mark.parametrize("words", [[], ["-d", "/etc/apache2"]], ids=["plain", "its directory"])
@LONG
def test_apache_with_the_module_of_php(words: list[str], tmp_path: Path) -> None:
    debian = Debian()
    root = base(debian)
    compilers(debian)
    debian.add(
        "apache2",
        {
            "usr/sbin/apache2": program(b"libc.so.6", size=MEGA),
            "etc/apache2/apache2.conf": b"IncludeOptional sites-enabled/*.conf\n",
        },
    )
    module = {"usr/lib/apache2/modules/libphp8.4.so": program(size=5 * MEGA)}
    debian.add("libapache2-mod-php8.4", module, depends="apache2")
    app: Tree = {
        "etc/apache2/sites-enabled/shop.conf": b"<VirtualHost *:80>\n  DocumentRoot /srv/shop/public\n",
        **shop(),
    }
    report = analyzed(
        tmp_path, root, debian.layer(), app, Cmd=["apache2", *words, "-DFOREGROUND"], WorkingDir="/"
    )
    rebuild = rebuilt(report)
    assert rebuild.stack == "php"
    assert part(rebuild, "the application").paths == ["/srv/shop"]
    assert installed(rebuild) == ["apache2", "libapache2-mod-php8.4"]


@LONG
def test_php_that_was_compiled(tmp_path: Path) -> None:
    debian = Debian()
    root = base(debian)
    compilers(debian)
    place = "usr/local/lib/php/extensions/no-debug-non-zts-20240924"
    compiled: Tree = {
        "usr/local/bin/php": program(b"libc.so.6", size=7 * MEGA),
        "usr/local/etc/php/conf.d/gd.ini": b"extension=gd\n",
        f"{place}/gd.so": program(size=MEGA),
        f"{place}/ffi.so": program(size=MEGA),
        "usr/local/include/php/main/php.h": b"h" * MEGA,
        "usr/src/php.tar.xz": b"x" * 12 * MEGA,
    }
    app = {"app/artisan": b"#!/usr/bin/env php\n", "app/index.php": b"<?php\n"}
    report = analyzed(
        tmp_path, root, {**debian.layer(), **compiled}, app, Cmd=["php", "artisan", "serve"]
    )
    rebuild = rebuilt(report)
    kept = part(rebuild, "PHP")
    assert kept.files == 3
    assert 8 * MEGA <= kept.disk_bytes < 8.1 * MEGA
    assert f'"/{place}/gd.so"' in bare(rebuild.dockerfile)


def test_an_application_right_in_a_shared_directory(tmp_path: Path) -> None:
    debian = Debian()
    root = base(debian)
    compilers(debian)
    debian.add("php8.4-cli", {"usr/bin/php": program(b"libc.so.6", size=5 * MEGA)})
    app = {"srv/web/router.php": b"<?php\n", "srv/data/days.csv": b"d" * 30 * KILO}
    command = ["php", "-S", "0.0.0.0:80", "-t", "web", "web/router.php"]
    rebuild = rebuilt(analyzed(tmp_path, root, debian.layer(), app, Cmd=command, WorkingDir="/srv"))
    assert part(rebuild, "the application").paths == ["/srv"]
    assert part(rebuild, "the application").files == 2


@LONG
def test_an_interface_that_nothing_starts(tmp_path: Path) -> None:
    """`apt install php` brings Apache's module; a library that was asked for keeps its extensions."""
    debian = Debian()
    root = base(debian)
    compilers(debian)
    module = {"usr/lib/apache2/modules/libphp8.4.so": program(b"libc.so.6", size=5 * MEGA)}
    debian.add("php", {"usr/share/doc/php/x": b""}, depends="php8.4")
    debian.add(
        *("php8.4", {"usr/share/doc/php8.4/x": b""}),
        depends="libapache2-mod-php8.4 | php8.4-fpm",
        auto=True,
    )
    debian.add("libapache2-mod-php8.4", module, depends="apache2-bin, php8.4-cli", auto=True)
    server = {"usr/sbin/apache2": program(b"libc.so.6", size=MEGA)}
    debian.add("apache2-bin", server, auto=True)
    debian.add("php8.4-cli", {"usr/bin/php": program(b"libc.so.6", size=5 * MEGA)}, auto=True)
    library = {"usr/share/php/Twig/Twig.php": b"<?php mb_strlen('');\n"}
    debian.add("php-twig", library, depends="php8.4-mbstring, php8.4-cli")
    extension = {"usr/lib/php/20240924/mbstring.so": program(size=MEGA)}
    debian.add("php8.4-mbstring", extension, auto=True)
    debian.files["etc/php/8.4/cli/conf.d/20-mbstring.ini"] = b"extension=mbstring.so\n"
    app = {"srv/web/index.php": b"<?php require 'Twig/Twig.php';\n"}
    command = ["php", "-S", "0.0.0.0:80", "web/index.php"]
    report = analyzed(tmp_path, root, debian.layer(), app, Cmd=command, WorkingDir="/srv")
    rebuild = rebuilt(report)
    kept = {name for part in rebuild.keep for name in map(bare, part.packages)}
    assert rebuild.high_disk_bytes - rebuild.disk_bytes < MEGA, "no web server starts by itself"
    assert kept >= {"php8.4-cli", "php-twig", "php8.4-mbstring"}
    assert not {"php", "apache2-bin", "libapache2-mod-php8.4"} & kept
