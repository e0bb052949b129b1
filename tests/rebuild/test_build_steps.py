"""The build stage repeats the image's own build, and the final stage gets what that made."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

import slim
from fixtures.build import FOLDER
from slim.dockerfile.parse import parse_dockerfile
from slim.report.untrusted import bare
from tests.conftest import LONG
from tests.support.building import image, layer, save
from tests.support.checked import checked_analyze
from tests.support.debian import (
    KILO,
    MEGA,
    Debian,
    Tree,
    analyzed,
    base,
    compilers,
    program,
    rebuilt,
)
from tests.support.shared import TABLES

DIGEST = "9f" * 32
NOP = "/bin/sh -c #(nop) "
SHELL = "/bin/sh -c "
Steps = Sequence[tuple[str, Mapping[str, bytes | str | None] | None]]
APP: Tree = {
    "app/package.json": b'{"name": "shop"}',
    "app/server.js": b"s" * KILO,
    "app/deploy/shop.conf": b"listen 80;",
}
CONFIG = {
    "Cmd": ["node", "server.js"],
    "WorkingDir": "/app",
    "User": "shop",
    "Env": ["PATH=/usr/bin:/bin", "NODE_ENV=production", "API_TOKEN=hush"],
    "Labels": {"org.example.team": 'a "b" $c', "io.buildah.version": "1"},
}


def written(
    folder: Path,
    steps: Steps,
    **config: Any,
) -> list[str]:
    """Lines of the Dockerfile for an image of Debian with some steps; one with files makes a layer."""
    debian = Debian()
    root = {**base(debian), "etc/passwd": b"root:x:0:0::/root:/bin/sh\n"}
    compilers(debian)
    debian.add("nodejs", {"usr/bin/node": program(b"libc.so.6", size=MEGA)})
    debian.add("nginx", {"etc/nginx/nginx.conf": b"old", "usr/sbin/nginx": program(b"libc.so.6")})
    install = SHELL + "apt-get install -y gcc nodejs nginx"
    known = [("# debian.sh", root), (install, debian.layer()), *steps]
    built = image(
        *(layer(files, created_by=text) for text, files in known if files is not None),
        config=CONFIG | config,
        history=[
            {"created_by": text, **({"empty_layer": True} if files is None else {})}
            for text, files in known
        ],
        compression="gzip",
    )
    save(built, folder / "image.tar", "docker")
    text = bare(rebuilt(checked_analyze(folder / "image.tar")).dockerfile)
    assert len(parse_dockerfile(text).stages) == 2
    return text.splitlines()


@LONG
def test_steps_come_back_in_their_order(tmp_path: Path) -> None:
    users = b"root:x:0:0::/root:/bin/sh\nshop:x:1001:1002::/srv:/bin/false\n"
    lines = written(
        tmp_path,
        [
            (NOP + "ENV NODE_ENV=production", None),
            (NOP + "ENV API_TOKEN=hush", None),
            (NOP + "WORKDIR /app", None),
            (NOP + f"COPY dir:{DIGEST} in . ", APP),
            (NOP + f"COPY file:{DIGEST} in /etc/nginx/shop.conf ", {"etc/nginx/shop.conf": b"listen 80;"}),
            (NOP + f"COPY file:{DIGEST} in /etc/nginx/nginx.conf ", {"etc/nginx/nginx.conf": b"new"}),
            (SHELL + "npm install", {"app/node_modules/a/index.js": b"a" * KILO}),
            (SHELL + "useradd shop", {"etc/passwd": users}),
            (SHELL + "mkdir /var/lib/shop && ln -s /dev/stdout /var/log/shop.log", {
                "var/lib/shop": None, "var/log/shop.log": "/dev/stdout"}),
            (NOP + "USER shop", None),
        ],
    )  # fmt: skip
    build = lines[: lines.index("")]
    order = [
        "FROM debian:13-slim AS build",
        "RUN apt-get install -y gcc nodejs nginx",
        'ENV NODE_ENV="production"',
        "# API_TOKEN looks like a secret: give it when the container starts.",
        "WORKDIR /app",
        "COPY . .",
        "COPY deploy/shop.conf /etc/nginx/shop.conf",
        "COPY nginx.conf /etc/nginx/nginx.conf",
        "RUN --mount=type=cache,target=/root/.npm npm install",
        "RUN useradd shop",
        "USER shop",
    ]
    assert [line for line in build if line in order] == order
    final = lines[lines.index("") :]
    for line in (
        "FROM debian:13-slim",
        "RUN groupadd --gid 1002 shop && useradd --uid 1001 --gid 1002 "
        "--home-dir /srv --shell /bin/false shop",
        'LABEL org.example.team="a \\"b\\" \\$c"',
        "COPY --from=build /app /app",
        "COPY --from=build /var/lib/shop /var/lib/shop",
        "RUN ln -sfn /dev/stdout /var/log/shop.log",
        "USER shop",
        'CMD ["node", "server.js"]',
    ):
        assert line in final, "\n".join(final)
    assert not any("hush" in line or "buildah" in line for line in lines)


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (
            "cat <<EOF > /x\nRUN evil\nEOF",
            'RUN ["/bin/sh", "-c", "cat <<EOF > /x\\nRUN evil\\nEOF"]',
        ),
        ("make \\", 'RUN ["/bin/sh", "-c", "make \\\\"]'),
        ("--mount=type=secret make", 'RUN ["/bin/sh", "-c", "--mount=type=secret make"]'),
        (
            "curl -H 'Authorization: Bearer abcdef0123456789abcdef'",
            "# A command with something like",
        ),
    ],
)
@LONG
def test_a_command_stays_one_instruction(command: str, shown: str, tmp_path: Path) -> None:
    steps: Steps = [(NOP + f"COPY dir:{DIGEST} in /app ", APP), (SHELL + command, {"app/x": b"x"})]
    assert any(line.startswith(shown) for line in written(tmp_path, steps, User=""))


@pytest.mark.parametrize(
    "text", ["", "COPY --from=other /app /app", "COPY /usr/lib/x /app # buildkit"]
)
@LONG
def test_a_history_with_a_hole_is_not_repeated(text: str, tmp_path: Path) -> None:
    lines = written(tmp_path, [(text, APP)], User="")
    assert not any(line.startswith("# The image's own build") for line in lines)
    assert "RUN --mount=type=cache,target=/root/.npm npm install" in lines


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("/libs", "COPY libs /libs"),
        ("/libs/", "COPY libs /libs/"),
        ("./libs", ""),
        ("/app/libs", ""),
    ],
)
def test_a_directory_that_is_not_of_the_context(target: str, shown: str, tmp_path: Path) -> None:
    """Builders that record a hash do so for files of another stage, too."""
    place = target.strip("/").replace("./", "app/")
    steps: Steps = [
        (NOP + f"COPY dir:{DIGEST} in /app ", APP),
        (NOP + "WORKDIR /app", None),
        (NOP + f"COPY dir:{DIGEST} in {target} ", {f"{place}/{n}.js": b"l" for n in range(9)}),
    ]
    lines = written(tmp_path, steps, User="")
    assert "COPY . /app" in lines
    at = lines.index(shown or f"COPY libs {target}")
    assert lines[at - 1].startswith("# The history does not say where") == bool(shown)


@pytest.mark.parametrize(
    ("recorded", "place", "written_as"),
    [
        ("/srv/my shop", "/srv/my shop", 'WORKDIR "/srv/my shop"'),
        ('"/srv/my shop"', "/srv/my shop", 'WORKDIR "/srv/my shop"'),
        ("'/srv/my shop'", "/srv/my shop", 'WORKDIR "/srv/my shop"'),
        ('"/srv/\\"a\\" \\$b \'c\'"', "/srv/\"a\" $b 'c'", 'WORKDIR "/srv/\\"a\\" \\$b \'c\'"'),
        ('/srv/5" disk', '/srv/5" disk', 'WORKDIR "/srv/5\\" disk"'),
        ("$NODE_ENV/it's", "/production/it's", 'WORKDIR "/production/it\'s"'),
    ],
)
def test_a_directory_with_blanks_and_quotes(
    recorded: str, place: str, written_as: str, tmp_path: Path
) -> None:
    files = {path.replace("app", place[1:], 1): content for path, content in APP.items()}
    command = ["node", f"{place}/server.js"]
    steps: Steps = [
        (NOP + f"WORKDIR {recorded}", None),
        (NOP + f"COPY dir:{DIGEST} in . ", files),
    ]
    lines = written(tmp_path, steps, User="", WorkingDir=place, Cmd=command)
    build, final = lines[: lines.index("")], lines[lines.index("") :]
    assert written_as in build
    assert "COPY . ." in build
    assert written_as in final
    word = re.sub(r"([\"'$])", r"\\\1", place)
    assert f"COPY --from=build {json.dumps([word, word])}" in final


def test_a_template_is_filled_in_for_a_directory_with_blanks(tmp_path: Path) -> None:
    files = {path.replace("app", "srv/my shop", 1): content for path, content in APP.items()}
    command = ["node", "/srv/my shop/server.js"]
    lines = written(tmp_path, [("", files)], User="", WorkingDir="/srv/my shop", Cmd=command)
    assert lines.count('WORKDIR "/srv/my shop"') == 2
    assert 'COPY --from=build ["/srv/my shop", "/srv/my shop"]' in lines


def test_what_a_step_deleted_of_a_package_stays_deleted(tmp_path: Path) -> None:
    steps: Steps = [
        (NOP + f"COPY dir:{DIGEST} in /app ", APP),
        (SHELL + "rm /etc/nginx/nginx.conf", {"etc/nginx/.wh.nginx.conf": b""}),
    ]
    final = written(tmp_path, steps, User="", Cmd=["sh", "-c", "nginx && exec node server.js"])
    assert "RUN rm -rf /etc/nginx/nginx.conf" in final


def test_what_a_package_generates_is_not_copied_beside_it(tmp_path: Path) -> None:
    debian = Debian()
    root = base(debian)
    compilers(debian)
    mime = "usr/share/mime"
    debian.add("shared-mime-info", {f"{mime}/packages/freedesktop.org.xml": b"<x/>"}, auto=True)
    served = {"etc/nginx/nginx.conf": b"root /srv;", "usr/sbin/nginx": program(b"libc.so.6")}
    debian.add("nginx", served, depends="shared-mime-info")
    cache: Tree = {f"{mime}/mime.cache": b"m" * KILO, f"{mime}/text/plain.xml": b"<y/>"}
    own = {f"{mime}/packages/own.xml": b"<z/>", "srv/index.html": b"<h1>"}
    report = analyzed(tmp_path, root, {**debian.layer(), **cache}, own, Cmd=["nginx"])
    lines = bare(rebuilt(report).dockerfile).splitlines()
    copied = [line.split()[-1] for line in lines if line.startswith("COPY --from")]
    assert copied == [f"/{mime}/packages/own.xml", "/srv"]


@LONG
def test_what_leads_nowhere_in_the_final_stage_is_not_made_there(tmp_path: Path) -> None:
    site = {"srv/site/index.html": b"<h1>", "srv/site/uploads": None}
    modules = {
        "app/node_modules/vite/bin/vite.js": b"v" * KILO,
        "app/node_modules/.bin/vite": "../vite/bin/vite.js",
        "app/node_modules/.cache": None,
    }
    links = {
        "etc/nginx/sites/shop": "/srv/site",
        "opt/vite": "/app/node_modules/vite/bin/vite.js",
        "opt/gone": "/nowhere",
    }
    steps: Steps = [
        (NOP + f"COPY dir:{DIGEST} in /app ", APP),
        (SHELL + "npm ci", modules),
        (SHELL + "cp -r dist /srv/site", site),
        (SHELL + "ln -s …", links),
    ]
    settings = b"server { root /srv/site; }"
    steps = [
        *steps,
        (NOP + f"COPY file:{DIGEST} in /etc/nginx/nginx.conf ", {"etc/nginx/nginx.conf": settings}),
    ]
    final = written(tmp_path, steps, User="", Cmd=["nginx", "-g", "daemon off;"])
    final = final[final.index("") :]
    text = "\n".join(final)
    assert "/srv/site" in text
    assert "/srv/site/uploads" not in text, "it is copied with its parent"
    assert "ln -sfn /srv/site /etc/nginx/sites/shop" in text
    for gone in ("node_modules", "/opt/vite", "/opt/gone"):
        assert gone not in text, text


@LONG
@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.tar")), ids=lambda path: path.stem)
def test_no_fixture_is_told_to_install_what_it_should_remove(path: Path) -> None:
    platform = "linux/arm64" if path.stem == "platforms" else None
    report = slim.analyze(path, platform=platform, cache=TABLES)
    for finding in report.findings:
        snippet = bare(finding.fix.snippet or "")
        assert not re.search(r"(?<!\$)\{[a-z_]+\}", snippet), finding.rule
        for line in snippet.splitlines():
            installs = re.search(r"(?:apt-get install|apk add|dnf install)(.*)", line)
            if installs and finding.packages:
                words = set(installs[1].split())
                assert words.isdisjoint(map(bare, finding.packages)), finding.rule
    if report.predicted.rebuild is not None:
        text = bare(report.predicted.rebuild.dockerfile)
        assert len(parse_dockerfile(text).stages) == 2
        assert not re.search(r"(?<!\$)\{[a-z_]+\}", text)
