"""What a rebuild keeps of a site that Caddy serves, beside a program under s6."""

from __future__ import annotations

from pathlib import Path

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
    part,
    program,
    rebuilt,
)


@LONG
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
    rebuild = rebuilt(report)
    assert rebuild.stack == "services"
    assert installed(rebuild) == ["caddy", "nodejs"]
    assert part(rebuild, "the files that are served").paths == ["/srv/site"]
    kept = part(rebuild, "the supervisor and its settings")
    assert kept.disk_bytes > 200 * KILO
    assert kept.files == 4
    text = bare(rebuild.dockerfile)
    assert "COPY --from=build /package" in text
    assert "COPY --from=build /init" in text
    assert "COPY --from=build /etc/caddy/site.caddy" in text
    assert 'ENTRYPOINT ["/init"]' in text
