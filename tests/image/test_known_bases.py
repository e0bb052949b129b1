"""Official images are recognised by their own instructions in the history, not by a variable alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

import slim
from slim.image.known_bases import KNOWN_BASES
from slim.report.model import Base
from slim.report.untrusted import bare
from tests.support.building import image, layer, save
from tests.support.commands import run

ALPINE = ["ADD alpine-minirootfs-3.20.3-x86_64.tar.gz / # buildkit", 'CMD ["/bin/sh"]']
DEBIAN = ["# debian.sh --arch 'amd64' out/ 'bookworm' '@1727654400'"]
BUILDPACK = [
    "RUN /bin/sh -c set -eux; apt-get update; apt-get install -y curl # buildkit",
    "RUN /bin/sh -c apt-get update && apt-get install -y git mercurial # buildkit",
]
PYTHON = [
    "ENV PATH=/usr/local/bin:/usr/bin",
    "RUN /bin/sh -c set -eux; apk add --no-cache ca-certificates tzdata ; # buildkit",
    "ENV PYTHON_VERSION=3.12.7",
    "RUN /bin/sh -c set -eux; wget -O p.xz https://www.python.org/ftp/python/${V}/p.xz # buildkit",
    "RUN /bin/sh -c set -eux; for src in idle3 pip3; do ln -s $src; done # buildkit",
    'CMD ["python3"]',
]
CLASSIC_NODE = [
    "/bin/sh -c #(nop) ADD file:9a4f77dfaba7fd2aa78186e4ef0e7486ad55101cefc1fabbc1b385601bb38920 in / ",
    '/bin/sh -c #(nop)  CMD ["bash"]',
    "/bin/sh -c groupadd --gid 1000 node && useradd node",
    "/bin/sh -c #(nop)  ENV NODE_VERSION=20.18.0",
    '/bin/sh -c ARCH= && curl -fsSLO "https://nodejs.org/dist/v$NODE_VERSION/SHASUMS256.txt.asc"',
    "/bin/sh -c #(nop) COPY file:4d192565a7220e135cab6c77fbc1c73211b69f3d9fb37e62857b2c6eb9363d51 in /u/ ",
    '/bin/sh -c #(nop)  ENTRYPOINT ["docker-entrypoint.sh"]',
    '/bin/sh -c #(nop)  CMD ["node"]',
]
GO = [
    "ENV GOLANG_VERSION=1.23.2",
    "ENV GOPATH=/go",
    "COPY /target/ / # buildkit",
    'RUN /bin/sh -c mkdir -p "$GOPATH/src" "$GOPATH/bin" && chmod -R 1777 "$GOPATH" # buildkit',
    "WORKDIR /go",
]
PHP = [
    "ENV PHP_VERSION=8.3.12",
    "RUN /bin/sh -c set -eux; docker-php-source extract; ./configure # buildkit",
    "COPY docker-php-ext-* /usr/local/bin/ # buildkit",
    'ENTRYPOINT ["docker-php-entrypoint"]',
    "WORKDIR /var/www/html",
    "RUN /bin/sh -c set -eux; cd /usr/local/etc; test -d php-fpm.d # buildkit",
    'CMD ["php-fpm"]',
]
OWN = ["WORKDIR /app", "COPY . . # buildkit", 'CMD ["./start"]']


def base_of(folder: Path, texts: Sequence[str], env: Sequence[str]) -> Base:
    """The base image that is found; instructions that make layers make one each."""
    makers = ("RUN", "COPY", "ADD", "# debian", "/bin/sh -c #(nop) ADD", "/bin/sh -c #(nop) COPY")
    history = [
        {
            "created_by": text,
            "empty_layer": not (
                text.startswith(makers) or ("(nop)" not in text and text.startswith("/bin/sh"))
            ),
        }
        for text in texts
    ]
    with_layer = [entry for entry in history if not entry["empty_layer"]]
    layers = [layer({f"file-{number}": b"x"}) for number, _ in enumerate(with_layer)]
    path = save(image(*layers, config={"Env": list(env)}, history=history), folder / "image.tar")
    return slim.analyze(path).image.base


@pytest.mark.parametrize(
    ("texts", "env", "name", "layers"),
    [
        ([*ALPINE, *PYTHON, *OWN], "PYTHON_VERSION=3.12.7", "python:3.12.7-alpine", 4),
        ([*DEBIAN, *PYTHON[2:], *OWN], "PYTHON_VERSION=3.12.7", "python:3.12.7-slim", 3),
        ([*DEBIAN, *BUILDPACK, *PYTHON[2:], *OWN], "PYTHON_VERSION=3.12.7", "python:3.12.7", 5),
        ([*CLASSIC_NODE, *OWN], "NODE_VERSION=20.18.0", "node:20.18.0-slim", 4),
        ([*ALPINE, *GO, *OWN], "GOLANG_VERSION=1.23.2", "golang:1.23.2-alpine", 3),
        ([*DEBIAN, *PHP, *OWN], "PHP_VERSION=8.3.12", "php:8.3.12", 4),
        ([*ALPINE, *PYTHON, *OWN], "PYTHON_VERSION=$(date)", "python", 4),
    ],
    ids=["python-alpine", "python-slim", "python", "node-classic", "golang", "php-fpm", "no-version"],
)  # fmt: skip
def test_an_official_image_is_recognised(
    texts: list[str], env: str, name: str, layers: int, tmp_path: Path
) -> None:
    base = base_of(tmp_path, texts, [env])
    assert (bare(base.name), base.layers, base.how) == (name, layers, "known")
    assert (base.guessed, base.confidence) == (True, "likely")


@pytest.mark.parametrize(
    ("texts", "env", "layers"),
    [
        ([*ALPINE, "ENV PYTHON_VERSION=3.12.7", *OWN], ["PYTHON_VERSION=3.12.7"], 1),
        ([*ALPINE, "ENV PYTHON_VERSION=3", 'CMD ["python3"]', *OWN], ["PYTHON_VERSION=3"], 1),
        ([*ALPINE, *PYTHON[3:], *OWN], ["PYTHON_VERSION=3.12.7"], 1),
        ([*ALPINE, *PYTHON[:-1], *OWN], ["PYTHON_VERSION=3.12.7"], 1),
        ([*ALPINE, *PYTHON, *OWN], [], 1),
        ([*ALPINE, PYTHON[5], *PYTHON[2:5], *OWN], ["PYTHON_VERSION=3.12.7"], 1),
    ],
    ids=["variable", "no-steps", "never-set", "no-end", "not-in-config", "other-order"],
)
def test_what_only_imitates_is_not(
    texts: list[str], env: list[str], layers: int, tmp_path: Path
) -> None:
    base = base_of(tmp_path, texts, env)
    assert (base.layers, base.how, bare(base.name)) == (layers, "history", "")
    assert base.confidence == "possible"


def test_an_official_image_is_not_its_own_base(tmp_path: Path) -> None:
    base = base_of(tmp_path, [*ALPINE, *PYTHON], ["PYTHON_VERSION=3.12.7"])
    assert (base.layers, base.how) == (1, "history")


def test_of_two_official_images_the_last_is_the_base(tmp_path: Path) -> None:
    env = ["PYTHON_VERSION=3.12.7", "GOLANG_VERSION=1.23.2"]
    assert base_of(tmp_path, [*DEBIAN, *PYTHON[2:], *GO, *OWN], env).name == "golang:1.23.2"


def test_what_buildah_notes_is_the_base_of_a_docker_archive(tmp_path: Path) -> None:
    history = [
        {"created_by": "# debian.sh --arch 'amd64'"},
        {"created_by": "/bin/sh -c make", "comment": "FROM localhost/debian:bookworm-slim"},
    ]
    built = image(layer({"a": b"a"}), layer({"b": b"b"}), history=history)
    base = slim.analyze(save(built, tmp_path / "image.tar", "docker-old")).image.base
    assert bare(base.name) == "localhost/debian:bookworm-slim"
    assert (base.layers, base.confidence) == (1, "likely")


def test_people_read_how_sure_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base_of(tmp_path, [*ALPINE, *PYTHON, *OWN], ["PYTHON_VERSION=3.12.7"])
    assert run("analyze", str(tmp_path / "image.tar"), "-o", "text") == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "Base image python:3.12.7-alpine: layers 0–3" in out
    assert "(likely, guessed from its own instructions in the history; pass --base IMAGE" in out


def test_a_base_image_at_hand_is_certain(tmp_path: Path) -> None:
    base = save(image(layer({"a": b"a"})), tmp_path / "base.tar")
    path = save(image(layer({"a": b"a"}), layer({"b": b"b"})), tmp_path / "image.tar")
    assert slim.analyze(path, base=base).image.base.confidence == "certain"
    assert slim.analyze(path).image.base.confidence is None


def test_every_known_base_has_signs_of_its_own() -> None:
    for base in KNOWN_BASES:
        assert base.own, base.name
        assert base.variable.isupper(), base.name
