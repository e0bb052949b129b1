"""What a rebuild keeps of sites behind nginx."""

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
    installed,
    nginx,
    part,
    program,
    rebuilt,
)


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
    rebuild = rebuilt(report)
    assert rebuild.stack == "nginx"
    assert part(rebuild, "the files that are served").disk_bytes == 100 * KILO
    assert installed(rebuild) == ["nginx"]
    assert any("/app" in bare(text) for text in rebuild.assumes)
    assert part(rebuild, "nginx's settings").files >= 3
    kept = {part.what for part in rebuild.keep}
    assert "other copied files" not in kept, "sources and package.json stay behind"


@LONG
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
    rebuild = rebuilt(analyzed(tmp_path, root, debian.layer(), app, written, **command))
    assert installed(rebuild) == ["nginx"], "nginx starts no pandoc"
    assert part(rebuild, "the files that are served").paths == ["/var/www/book"]
    assert part(rebuild, "nginx's settings").files == 3
    assert not [part for part in rebuild.keep if "content" in "".join(map(bare, part.paths))]
    assert sum(part.disk_bytes for part in rebuild.keep if part.what.startswith("other")) == 0
    assert any("/app" in bare(text) for text in rebuild.assumes)


@pytest.mark.parametrize(
    ("directive", "kept"),
    [
        (b"", {"libnginx-mod-http-own"}),
        (b"# xslt_stylesheet one.xsl;\n", {"libnginx-mod-http-own"}),
        (b"xslt_stylesheet one.xsl;\n", {"libnginx-mod-http-own", "libnginx-mod-http-xslt-filter"}),
        (b"#" * 70_000, {"libnginx-mod-http-own", "libnginx-mod-http-xslt-filter"}),
    ],
    ids=["none", "a comment", "its directive", "settings that are too long to read"],
)
@LONG
def test_modules_whose_directives_no_settings_name(
    directive: bytes, kept: set[str], tmp_path: Path
) -> None:
    debian = Debian()
    root = base(debian)
    nginx(debian)
    debian.add("pandoc", {"usr/bin/pandoc": program(b"libc.so.6", size=40 * MEGA)})
    modules = {
        "http_xslt_filter": "libnginx-mod-http-xslt-filter",
        "http_own": "libnginx-mod-http-own",
    }
    for module, package in modules.items():
        path = f"usr/lib/nginx/modules/ngx_{module}_module.so"
        available = f"usr/share/nginx/modules-available/{module}.conf"
        library = f"lib{module.replace('_', '-')}1"
        debian.add(library, {f"{LIBRARIES}/{library}.so.1": program(size=MEGA)}, auto=True)
        needs = f"{library}.so.1".encode()
        files = {path: program(needs, size=2 * MEGA), available: f"load_module /{path};\n".encode()}
        debian.add(package, files, depends=f"nginx, {library}", auto=True)
        debian.files[f"etc/nginx/modules-enabled/{module}.conf"] = f"/{available}"
    debian.add(
        "nginx-full",
        {"usr/share/doc/nginx-full/x": b"x"},
        depends=", ".join(("nginx", *modules.values())),
    )
    app: Tree = {
        "etc/nginx/nginx.conf": b"include modules-enabled/*.conf;\n"
        b"http { include mime.types; include sites-enabled/*; }\n",
        "etc/nginx/mime.types": b"types { text/html html; }\n",
        "etc/nginx/sites-enabled/one": directive + b"server { root /var/www/html; }\n",
        "var/www/html/index.html": b"i" * 20 * KILO,
    }
    report = analyzed(tmp_path, root, debian.layer(), app, Cmd=["nginx"])
    rebuild = rebuilt(report)
    packages = {bare(name) for part in rebuild.keep for name in part.packages}
    assert {name for name in packages if "-mod-" in name} == kept
    assert ("nginx-full" in packages) == (len(kept) == 2)
    libraries = {name for name in packages if name.startswith("libhttp-")}
    assert len(libraries) == len(kept), "what only their modules need goes with them"
    claims = [bare(example.path) for each in report.findings for example in each.examples]
    assert not any(path.endswith((".so", ".so.1")) for path in claims), "nginx loads them now"
