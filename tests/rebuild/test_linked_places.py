"""A library that the application has by a link stays where the link leads to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slim.report.untrusted import bare
from tests.conftest import LONG
from tests.support.debian import KILO, MEGA, Debian, Tree, base, compilers, part, program, rebuilt
from tests.support.small_images import stepwise

FETCH = "RUN git clone https://example.org/shared /libs/shared"
APP: Tree = {
    "app/package.json": json.dumps({"dependencies": {"shared": "file:../libs/shared"}}).encode(),
    "app/server.js": b"require('shared')",
    "app/node_modules/shared": "../../libs/shared",
    "app/public/usr": "/usr/share",
    "app/public/gone": "/nowhere",
}
LIBRARY: Tree = {
    "libs/shared/package.json": b'{"name": "shared", "version": "1"}',
    "libs/shared/index.js": b"s" * 300 * KILO,
    "libs/shared/templates": "/libs/templates",
    "libs/templates/a.html": b"t" * 50 * KILO,
    "libs/other/index.js": b"o" * MEGA,
}


@pytest.mark.parametrize("fetch", [FETCH, "", "COPY libs /libs"])
@LONG
def test_a_library_beside_the_project_stays(fetch: str, tmp_path: Path) -> None:
    debian = Debian()
    root = base(debian)
    compilers(debian)
    debian.add("nodejs", {"usr/bin/node": program(b"libc.so.6", size=MEGA)})
    report = stepwise(
        tmp_path,
        ("ADD rootfs.tar.xz /", root),
        ("RUN apt-get install -y gcc nodejs", debian.layer()),
        (fetch, LIBRARY),
        ("COPY . .", {path: file for path, file in APP.items() if "node_modules" not in path}),
        ("RUN npm install", {path: file for path, file in APP.items() if "node_modules" in path}),
        Cmd=["node", "server.js"],
    )
    rebuild = rebuilt(report)
    linked = part(rebuild, "linked directories")
    assert [bare(path) for path in linked.paths] == ["/libs/shared", "/libs/templates"]
    assert linked.disk_bytes == 350 * KILO + len(LIBRARY["libs/shared/package.json"] or "")
    text = bare(rebuild.dockerfile)
    build, _, final = text.partition("\n\n")
    assert (fetch or "#   /libs/shared\n#   /libs/templates\n") in build
    copied = [line for line in final.splitlines() if line.startswith("COPY --from=build")]
    assert any("/libs/shared" in line or line.endswith(" /libs") for line in copied), copied
    assert "/usr/share" not in final
