"""Dockerfiles that slim writes for images of unusual shapes, built unchanged: what they make answers.

A program in the root directory, libraries that are linked in from elsewhere, names with blanks, servers
that run in the background: what the projects of `twins` do not have.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

import slim
from slim.report.untrusted import bare
from tests.real.factory.project import Project, read_project
from tests.real.factory.smoke import smoke
from tests.real.factory.workshop import Workshop
from tests.real.tools import need

pytestmark = pytest.mark.real

TWIN = """
half = "train"
ecosystem = "any"
style = "none"
about = "a shape"
[smoke]
port = 8000
ask = [{ path = "/", expect = "hello from the library" }]
"""
SERVER = """
import http.server, NAME
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(NAME.greeting().encode())
http.server.HTTPServer(("0.0.0.0", 8000), Handler).serve_forever()
"""
PACKAGE = 'def greeting():\\n    return "hello from the library"\\n'
PYPROJECT = '[project]\\nname = "shop"\\nversion = "1"\\n'
INSTALL = "RUN apt-get update && apt-get install -y {} vim\n"
"""vim stands for what the program does not need."""
FETCH = (
    f"RUN mkdir -p /libs/shop/shop && printf '{PYPROJECT}' > /libs/shop/pyproject.toml"
    f" && printf '{PACKAGE}' > /libs/shop/shop/__init__.py\n"
)


@dataclass(frozen=True)
class Shape:
    """A project whose Dockerfile has something that few have."""

    name: str
    dockerfile: str
    files: dict[str, str]
    written: str
    """What the written Dockerfile has to contain."""
    instead: str = ""
    """What takes the place of that, where its history has a hole."""


SHAPES = (
    Shape(
        "root",
        "FROM debian:13\n"
        + INSTALL.format("python3-venv")
        + 'COPY . /\nEXPOSE 8000\nCMD ["python3", "/main.py"]\n',
        {
            "main.py": SERVER.replace("NAME", "shop"),
            "shop/__init__.py": PACKAGE.replace("\\n", "\n"),
            "requirements.txt": "",
        },
        "/main.py",
    ),
    Shape(
        "editable",
        "FROM debian:13\n"
        + INSTALL.format("python3-venv")
        + "RUN python3 -m venv /opt/venv\n"
        + FETCH
        + "RUN /opt/venv/bin/pip install -e /libs/shop\n"
        'WORKDIR "/srv/my shop"\nCOPY . .\nEXPOSE 8000\nCMD ["/opt/venv/bin/python", "main.py"]\n',
        {"main.py": SERVER.replace("NAME", "shop")},
        '\nWORKDIR "/srv/my shop"\nCOPY . .\n',
    ),
    Shape(
        "hole",
        "FROM debian:13 AS fetch\n"
        + FETCH
        + "FROM debian:13\n"
        + INSTALL.format("python3-venv")
        + "RUN python3 -m venv /opt/venv\nCOPY --from=fetch /libs /libs\n"
        "RUN echo /libs/shop > $(echo /opt/venv/lib/python3*/site-packages)/shop.pth\n"
        'WORKDIR /app\nCOPY . .\nEXPOSE 8000\nCMD ["/opt/venv/bin/python", "main.py"]\n',
        {"main.py": SERVER.replace("NAME", "shop"), "requirements.txt": ""},
        "# The history does not say where this is from: the build context, or another stage.\n"
        "COPY libs /libs\n",
        FETCH,
    ),
    Shape(
        "linked",
        "FROM debian:13\n"
        + INSTALL.format("nodejs")
        + 'RUN mkdir -p /libs/shared && echo \'{"name": "shared", "version": "1.0.0"}\' >'
        " /libs/shared/package.json"
        " && echo 'module.exports = () => \"hello from the library\"' > /libs/shared/index.js\n"
        "WORKDIR /app\nCOPY . .\nRUN mkdir node_modules && ln -s ../../libs/shared node_modules/shared\n"
        'EXPOSE 8000\nCMD ["node", "server.js"]\n',
        {
            "package.json": json.dumps(
                {
                    "name": "web",
                    "version": "1.0.0",
                    "scripts": {"start": "node server.js"},
                    "dependencies": {"shared": "file:../libs/shared"},
                }
            ),
            "server.js": "const greet = require('shared')\n"
            "require('http').createServer((_, to) => to.end(greet())).listen(8000)\n",
        },
        "/libs/shared",
    ),
    Shape(
        "background",
        "FROM debian:13\n"
        + INSTALL.format("nginx-light")
        + "RUN sed -i 's/listen 80 /listen 8000 /; s/listen \\[::\\]:80/listen [::]:8000/'"
        " /etc/nginx/sites-enabled/default\n"
        "COPY . /var/www/html\nEXPOSE 8000\nCMD service nginx start && tail -f /dev/null\n",
        {"index.html": "<p>hello from the library</p>\n"},
        "nginx",
    ),
    Shape(
        "names",
        "FROM debian:13\n"
        + INSTALL.format("python3-venv")
        + 'WORKDIR "/srv/it\'s \\$5"\nCOPY . .\nEXPOSE 8000\n'
        'ENV SAID="a `b` \\"c\\""\nCMD python3 main.py\n',
        {
            "main.py": SERVER.replace("NAME", "shop"),
            "shop/__init__.py": PACKAGE.replace("\\n", "\n"),
            "shop/[a] *'\"b.txt": "x",
        },
        "COPY --from=build",
    ),
)


@pytest.fixture(scope="module")
def place(workshop: Path) -> Workshop:
    need("buildah", "skopeo", "unshare", "nsenter", "git")
    prepared = Workshop(workshop / "projects")
    prepared.prepare()
    return prepared


def project_of(shape: Shape, folder: Path) -> Project:
    files = {
        "careless.Dockerfile": shape.dockerfile,
        "careful.Dockerfile": "",
        "twin.toml": TWIN,
        **shape.files,
    }
    home = folder / shape.name
    for name, text in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return read_project(home)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_what_is_written_builds_and_answers(shape: Shape, place: Workshop, tmp_path: Path) -> None:
    project = project_of(shape, tmp_path)
    careless = place.archive(project, "careless")
    with place.root(project, "careless") as root:
        assert smoke(root, place.config(careless), project) is None
    report = slim.analyze(careless, base=place.base())
    rebuild = report.predicted.rebuild
    assert rebuild is not None, (report.image.role, report.image.stacks)
    text = bare(rebuild.dockerfile)
    assert shape.written in text, text
    written = tmp_path / "written.Dockerfile"
    written.write_text(text.replace(shape.written, shape.instead) if shape.instead else text)
    archive = place.build(project, "written", written)
    with place.root(project, "written") as root:
        assert smoke(root, place.config(archive), project) is None, text
    size = slim.analyze(archive, advice=False).totals.disk_bytes
    assert abs(size - rebuild.disk_bytes) < 0.2 * size, (size, rebuild.disk_bytes, text)
