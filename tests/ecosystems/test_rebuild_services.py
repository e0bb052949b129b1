"""What a rebuild keeps of PHP, Ruby, .NET, sites behind nginx, and several services in one image."""

from __future__ import annotations

import json
from pathlib import Path

import slim
from slim.report.untrusted import bare
from tests.support.debian import (
    KILO,
    MEGA,
    Debian,
    Tree,
    analyzed,
    base,
    compilers,
    installed,
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


def nginx(debian: Debian) -> None:
    debian.add(
        "nginx",
        {
            "usr/sbin/nginx": program(b"libc.so.6", size=MEGA),
            "etc/nginx/nginx.conf": b"http { include /etc/nginx/sites-enabled/*; }\n",
            "etc/nginx/snippets/php.conf": b"fastcgi_pass unix:/run/php.sock;\n",
        },
    )


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


def test_php_behind_nginx_keeps_what_both_run_with(tmp_path: Path) -> None:
    report = php_image(tmp_path, Cmd=["supervisord", "-n"], WorkingDir="/")
    made = rebuilt(report)
    assert made.stack == "services"
    assert set(installed(made)) == {
        *("nginx", "php-fpm", "php8.4-fpm", "php8.4-common", "php8.4-gd", "php8.4-zip"),
        *("supervisor", "python3"),
    }, (
        "no composer, php-dev, compiler; no intl, which nobody asked for, nor xsl, which is not enabled"
    )
    assert any("intl" in bare(text) for text in made.assumes)
    application = part(made, "the application")
    assert application.paths == ["/srv/shop"]
    assert application.files == 5
    assert application.disk_bytes < 210 * KILO, "no packages for development, no node_modules"
    assert part(made, "the files that are served").paths == ["/srv/shop/public", "/srv/pictures"]
    assert part(made, "the files that are served").disk_bytes == 70 * KILO
    text = bare(made.dockerfile)
    assert "COPY --from=build /etc/supervisor/shops" in text
    assert "COPY --from=build /srv" in text


def test_an_extension_that_no_source_calls_decides_the_upper_bound(tmp_path: Path) -> None:
    page: Tree = {"srv/shop/public/index.php": b"<!doctype html><?= 1 ?>\n"}
    made = rebuilt(php_image(tmp_path, page, Cmd=["supervisord", "-n"], WorkingDir="/"))
    assert not {"php8.4-gd", "php8.4-intl"} & set(installed(made))
    assert "php8.4-zip" in installed(made), "a package of Composer requires it"
    assert any("gd" in bare(text) for text in made.assumes)
    assert made.high_disk_bytes - made.disk_bytes >= 2 * MEGA
    unread: Tree = {"srv/shop/public/index.php": b"#!/usr/bin/php\n" + b"<?php" * 50_000}
    made = rebuilt(php_image(tmp_path, unread, Cmd=["supervisord", "-n"], WorkingDir="/"))
    assert "php8.4-gd" in installed(made), "a source that is too large for a look"


def test_supervisord_reads_settings_of_the_application(tmp_path: Path) -> None:
    settings: Tree = {"srv/shop/docker/all.ini": SUPERVISED}
    command = ["supervisord", "-c", "/srv/shop/docker/all.ini"]
    made = rebuilt(php_image(tmp_path, settings, Cmd=command, WorkingDir="/"))
    assert made.stack == "services"


def test_php_alone(tmp_path: Path) -> None:
    report = php_image(tmp_path, Cmd=["php-fpm8.4", "-F"], WorkingDir="/srv/shop")
    made = rebuilt(report)
    assert made.stack == "php"
    assert "nginx" not in installed(made), "no source of the application names it"
    assert "nginx" in {bare(package.name) for package in made.unused}
    assert not {"composer", "gcc", "php-dev", "php8.4-intl"} & set(installed(made))


def test_apache_with_the_module_of_php(tmp_path: Path) -> None:
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
        tmp_path, root, debian.layer(), app, Cmd=["apache2", "-DFOREGROUND"], WorkingDir="/"
    )
    made = rebuilt(report)
    assert made.stack == "php"
    assert part(made, "the application").paths == ["/srv/shop"]
    assert installed(made) == ["apache2", "libapache2-mod-php8.4"]


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
        tmp_path,
        root,
        {**debian.layer(), **compiled},
        app,
        Cmd=["php", "artisan", "serve"],
    )
    made = rebuilt(report)
    kept = part(made, "PHP")
    assert kept.files == 3
    assert 8 * MEGA <= kept.disk_bytes < 8.1 * MEGA
    assert f'"/{place}/gd.so"' in bare(made.dockerfile)


def test_a_site_needs_nothing_that_built_it(tmp_path: Path) -> None:
    debian = Debian()
    root = base(debian)
    nginx(debian)
    debian.add("nodejs", {"usr/bin/node": program(b"libc.so.6", size=40 * MEGA)})
    debian.add("npm", {"usr/share/npm/cli.js": b"n" * 4 * MEGA}, depends="nodejs")
    settings = b"server { root /app/dist; }\n"
    app: Tree = {
        "app/package.json": b'{"scripts": {"build": "vite build"}}',
        "app/src/main.ts": b"m" * 300 * KILO,
        "etc/nginx/sites-available/site": settings,
        "etc/nginx/sites-enabled/site": "../sites-available/site",
    }
    made_by_run: Tree = {
        "app/node_modules/vite/index.js": b"v" * 9 * MEGA,
        "app/dist/index.html": b"i" * 20 * KILO,
        "app/dist/assets/main.js": b"a" * 80 * KILO,
    }
    report = analyzed(
        tmp_path, root, debian.layer(), app, made_by_run, Cmd=["nginx", "-g", "daemon off;"]
    )
    made = rebuilt(report)
    assert made.stack == "nginx"
    assert part(made, "the files that are served").disk_bytes == 100 * KILO
    assert installed(made) == ["nginx"]
    assert any("/app" in bare(text) for text in made.assumes)
    assert part(made, "nginx's settings").files >= 3
    kept = {one.what for one in made.keep}
    assert "other copied files" not in kept, "sources and package.json stay behind"


def test_sources_that_lie_where_nginx_starts(tmp_path: Path) -> None:
    debian = Debian()
    root = base(debian)
    nginx(debian)
    debian.add("pandoc", {"usr/bin/pandoc": program(b"libc.so.6", size=40 * MEGA)})
    app: Tree = {
        "app/content/chapter.txt": b"c" * 300 * KILO,
        "etc/nginx/nginx.conf": b"http {\n  include books/*.conf;\n}\n",
        "etc/nginx/books/one.conf": b"server { root /var/www/book/$host; }\n",
    }
    written: Tree = {"var/www/book/one/index.html": b"i" * 20 * KILO}
    command = {"Entrypoint": ["/usr/sbin/nginx"], "Cmd": ["-g", "daemon off;"]}
    made = rebuilt(analyzed(tmp_path, root, debian.layer(), app, written, **command))
    assert installed(made) == ["nginx"], "nginx starts no pandoc"
    assert part(made, "the files that are served").paths == ["/var/www/book"]
    assert part(made, "nginx's settings").files == 3
    assert not [one for one in made.keep if "content" in "".join(map(bare, one.paths))]
    assert sum(one.disk_bytes for one in made.keep if one.what.startswith("other")) == 0
    assert any("/app" in bare(text) for text in made.assumes)


def test_caddy_and_a_program_under_s6(tmp_path: Path) -> None:
    debian = Debian()
    root = base(debian)
    compilers(debian)
    debian.add(
        "caddy",
        {
            "usr/bin/caddy": program(b"libc.so.6", size=30 * MEGA),
            "etc/caddy/Caddyfile": b":80 {\n  root * /usr/share/caddy\n}\n",
        },
    )
    debian.add("nodejs", {"usr/bin/node": program(b"libc.so.6", size=5 * MEGA)})
    debian.add("npm", {"usr/share/npm/cli.js": b"n" * 4 * MEGA}, depends="nodejs")
    app: Tree = {
        "etc/caddy/site.caddy": b":80 {\n  root * /srv/site\n  file_server\n}\n",
        "etc/services.d/web/run": b"#!/bin/sh\nexec caddy run --config /etc/caddy/site.caddy\n",
        "etc/services.d/api/run": b"#!/bin/sh\nexec node /app/server.js\n",
        "app/package.json": b"{}",
        "app/server.js": b"1",
        "srv/site/index.html": b"i" * 50 * KILO,
    }
    s6: Tree = {
        "init": b"#!/bin/sh\nexec /package/admin/s6/command/s6-svscan\n",
        "package/admin/s6/command/s6-svscan": program(b"libc.so.6", size=200 * KILO),
    }
    report = analyzed(tmp_path, root, debian.layer(), app, s6, Entrypoint=["/init"])
    made = rebuilt(report)
    assert made.stack == "services"
    assert installed(made) == ["caddy", "nodejs"]
    assert part(made, "the files that are served").paths == ["/srv/site"]
    kept = part(made, "the supervisor and its settings")
    assert kept.disk_bytes > 200 * KILO
    assert kept.files == 4
    text = bare(made.dockerfile)
    assert "COPY --from=build /package" in text
    assert "COPY --from=build /init" in text
    assert "COPY --from=build /etc/caddy/site.caddy" in text
    assert 'ENTRYPOINT ["/init"]' in text


def test_an_application_right_in_a_shared_directory(tmp_path: Path) -> None:
    debian = Debian()
    root = base(debian)
    compilers(debian)
    debian.add("php8.4-cli", {"usr/bin/php": program(b"libc.so.6", size=5 * MEGA)})
    app = {"srv/web/router.php": b"<?php\n", "srv/data/days.csv": b"d" * 30 * KILO}
    command = ["php", "-S", "0.0.0.0:80", "-t", "web", "web/router.php"]
    made = rebuilt(analyzed(tmp_path, root, debian.layer(), app, Cmd=command, WorkingDir="/srv"))
    assert part(made, "the application").paths == ["/srv"]
    assert part(made, "the application").files == 2


GEMFILE = b"""source "https://example.org"
gem "sinatra"
gem "puma", "~> 6"
gem "pry", group: :development
group :test, :development do
  gem "rspec"
end
"""
LOCKED = b"""GEM
  remote: https://example.org/
  specs:
    pry (1)
    puma (1)
      nio4r (~> 1)
    nio4r (1)
    rack (1)
    rspec (1)
    sinatra (1)
      rack (>= 1)

DEPENDENCIES
  pry
  puma
  rspec
  sinatra
"""


def gems(home: str, *names: str) -> Tree:
    tree: Tree = {}
    for name in names:
        stub = f"# -*- encoding: utf-8 -*-\n# stub: {name} 1 ruby lib\n\nGem::Specification.new\n"
        tree[f"{home}/specifications/{name}-1.gemspec"] = stub.encode()
        tree[f"{home}/gems/{name}-1/lib/{name}.rb"] = b"r" * 100 * KILO
        tree[f"{home}/cache/{name}-1.gem"] = b"g" * 50 * KILO
        tree[f"{home}/doc/{name}-1/ri/x.ri"] = b"d" * 20 * KILO
    return tree


def test_ruby_keeps_the_bundle_without_its_development(tmp_path: Path) -> None:
    debian = Debian()
    root = base(debian)
    compilers(debian)
    kit: Tree = {
        "usr/local/bin/ruby": program(b"libruby.so.3.4", size=30 * KILO),
        "usr/local/bin/bundle": b"#!/usr/local/bin/ruby\n",
        "usr/local/lib/libruby.so.3.4": program(size=4 * MEGA),
        "usr/local/lib/ruby/3.4.0/json.rb": b"j" * MEGA,
        "usr/local/include/ruby-3.4.0/ruby.h": b"h" * 2 * MEGA,
        "usr/local/bundle/bin/puma": b"#!/usr/local/bin/ruby\n",
        **gems("usr/local/bundle", "sinatra", "puma", "nio4r", "rack", "rspec", "pry"),
    }
    app: Tree = {
        "app/Gemfile": GEMFILE,
        "app/Gemfile.lock": LOCKED,
        "app/config.ru": b"run App\n",
        "app/config/settings.yml": b"a: 1\n",
        "app/node_modules/esbuild/index.js": b"e" * 5 * MEGA,
    }
    report = analyzed(
        tmp_path,
        root,
        {**debian.layer(), **kit},
        app,
        Cmd=["bundle", "exec", "puma", "-C", "config/settings.yml"],
        Env=["PATH=/usr/local/bundle/bin:/usr/local/bin:/usr/bin:/bin", "RUBY_VERSION=3.4.1"],
    )
    made = rebuilt(report)
    assert made.stack == "ruby"
    kept = part(made, "gems")
    assert bare(kept.why).endswith("nio4r, puma, rack, sinatra")
    assert 400 * KILO <= kept.disk_bytes < 402 * KILO, "no archives, no documentation, no rspec"
    assert part(made, "the application").files == 4
    assert MEGA < part(made, "Ruby").disk_bytes < 1.1 * MEGA
    assert part(made, "scripts and libraries").disk_bytes > 4 * MEGA
    text = bare(made.dockerfile)
    assert "FROM ruby:3.4.1 AS build" in text
    assert "RUN bundle install" in text
    assert 'COPY --from=build ["/usr/local/bundle", "/usr/local/bundle"]' in text


def test_ruby_from_packages_of_the_distribution(tmp_path: Path) -> None:
    debian = Debian()
    root = base(debian)
    compilers(debian)
    debian.add("ruby", {"usr/bin/ruby": "ruby3.3"}, depends="ruby3.3")
    runs = {"usr/bin/ruby3.3": program(b"libc.so.6", size=2 * MEGA)}
    debian.add("ruby3.3", runs, auto=True)
    debian.add("ruby-full", {"usr/share/doc/ruby-full/x": b""}, depends="ruby, ruby-dev, ri")
    debian.add("ruby-dev", {"usr/include/ruby-3.3.0/ruby.h": b"h" * 2 * MEGA}, auto=True)
    debian.add("ri", {"usr/share/ri/3.3.0/x.ri": b"r" * 9 * MEGA}, auto=True)
    shared = "usr/share/rubygems-integration/all"
    for name, auto in (("sinatra", False), ("rack", True), ("rspec", False)):
        stub = f"# stub: {name} 1 ruby lib\n".encode()
        debian.add(
            f"ruby-{name}",
            {
                f"{shared}/specifications/{name}-1.gemspec": stub,
                f"usr/share/rubygems-integration/all/gems/{name}-1/{name}.rb": b"x" * 90 * KILO,
            },
            depends="ruby-rack" if name == "sinatra" else "ruby",
            auto=auto,
        )
    app: Tree = {"app/Gemfile": b'gem "sinatra"\n', "app/app.rb": b"require 'sinatra'\n"}
    report = analyzed(tmp_path, root, debian.layer(), app, Cmd=["ruby", "app.rb"])
    made = rebuilt(report)
    assert installed(made) == ["ruby", "ruby-rack", "ruby-sinatra", "ruby3.3"]
    assert "bundle install" not in bare(made.dockerfile)


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
    made = rebuilt(dotnet_image(tmp_path, "out", "dotnet", "/out/Shop.dll", WorkingDir="/out"))
    assert made.stack == "dotnet"
    kept = part(made, ".NET's runtime")
    assert kept.files == 4, "dotnet, hostfxr, the two frameworks"
    assert 8 * MEGA < kept.disk_bytes < 8.5 * MEGA
    assert part(made, "the application").files == 3
    assert "other copied files" not in {one.what for one in made.keep}
    assert not made.assumes


def test_dotnet_run_keeps_the_output(tmp_path: Path) -> None:
    made = rebuilt(
        dotnet_image(tmp_path, "src/bin/Release/net8.0", "dotnet", "run", WorkingDir="/src")
    )
    application = part(made, "the application")
    assert application.files == 4, "the output, and the settings beside the sources"
    assert made.assumes
