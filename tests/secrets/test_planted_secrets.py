"""Secrets planted in every place of an image, each with a mark of its own, looked for in every output.

The image is one for which slim writes a whole Dockerfile, since that repeats most of a config.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import slim
from fixtures import phoenix
from fixtures.archive import Image, Step, docker_archive
from fixtures.build import FOLDER
from fixtures.contents import exactly
from fixtures.layers import file
from fixtures.layers import layer as stored
from slim.formats.flavors import FLAVORS
from slim.formats.formats import format_names, render_together
from slim.formats.model import RenderOptions
from slim.report.comparison import Comparison
from slim.report.model import Report
from slim.report.untrusted import bare
from tests.conftest import LONG
from tests.support.attacks import Attack
from tests.support.shared import TABLES

ATTACKS = (
    Attack(
        id="H8-everywhere",
        given="secrets in build arguments, ENV, labels, commands, the health check and a Dockerfile",
        outcome="none of them in any format of reports and comparisons",
        proof="test_no_format_shows_a_planted_secret",
    ),
    Attack(
        id="H8-keys",
        given="private keys and files with passwords, live and deleted",
        outcome="their paths; their contents in no format, not even with --no-redact",
        proof="test_contents_of_key_files_are_in_no_output",
    ),
)

MARK = "plantedsecret"
NUMBERS = count(1)


def secret() -> str:
    return f"{MARK}{next(NUMBERS):03}"


HISTORY = (
    f"ARG NPM_TOKEN={secret()}",
    f"RUN |2 NPM_TOKEN={secret()} MODE=prod /bin/sh -c npm ci # buildkit",
    f"/bin/sh -c #(nop)  ENV DB_PASSWORD={secret()}",
    f"ENV SECRET_KEY_BASE={secret()}",
    f"RUN /bin/sh -c git clone https://bot:{secret()}@git.example/app # buildkit",
    f"RUN /bin/sh -c curl -H 'Authorization: Bearer {secret()}' https://x.example",
    f"RUN /bin/sh -c login --password {secret()}",
    f'LABEL api.token="{secret()}"',
    f"RUN /bin/sh -c java -Dspring.datasource.password={secret()} --spring.datasource.password={secret()}",
    f"RUN /bin/sh -c git clone https://bot:p@a/{secret()}@git.example/app",
    f"RUN /bin/sh -c get https://aws:{'A1' * 300}{secret()}@git.example/app",
    f'RUN /bin/sh -c PASSWORD=a\\ {secret()} TOKEN="a\\"b {secret()}" API_TOKEN=$(printf {secret()}) make',
    f"RUN /bin/sh -c TOKEN=a\\\n{secret()} curl -H Authorization:{secret()} -H X-Api-Key:\\ {secret()} x",
    f'RUN /bin/sh -c curl -d \'{{"password": "{secret()}"}}\' x',
    f"RUN /bin/sh -c npm config set //npm.example/:_authToken {secret()}",
    f"RUN /bin/sh -c echo ghp_{'a1' * 15}{secret()}",
)
CONFIG: Mapping[str, Any] = {
    "Env": [f"SECRET_KEY_BASE={secret()}", f"DATABASE_URL=ecto://app:{secret()}@db/app"],
    "Labels": {"api.token": secret(), "deploy": f"--password={secret()}"},
    "Healthcheck": {"Test": ["CMD", "curl", "-H", f"X-Api-Key: {secret()}", "localhost"]},
}
WRAPPED: Mapping[str, Any] = {
    "Entrypoint": ["/bin/sh", "-c", f'TOKEN={secret()} exec "$@"', "--"],
    "Cmd": ["bin/shop", "start", "--token", secret(), f"--password={secret()}"],
}
"""A start that slim does not know how to rebuild, so it is in an image of its own."""
DOCKERFILE = f"""\
FROM alpine:3.11.6
ARG NPM_TOKEN={secret()}
ENV SECRET_KEY_BASE={secret()}
RUN npm config set --token {secret()}
"""
KEY = "-----BEGIN {}PRIVATE KEY-----\n{}\n-----END {}PRIVATE KEY-----\n"
FILES = {
    "root/.ssh/id_rsa": KEY.format("RSA ", secret(), "RSA "),
    "app/key.pem": KEY.format("", secret(), ""),
    "root/.npmrc": f"//registry.example/:_authToken={secret()}\n",
    "app/.env": f"DB_PASSWORD={secret()}\n",
    "root/.netrc": f"machine x.example login bot password {secret()}\n",
    "root/.aws/credentials": f"[default]\naws_secret_access_key = {secret()}\n",
    "root/.docker/config.json": f'{{"auths": {{"x.example": {{"auth": "{secret()}"}}}}}}\n',
    "root/.git-credentials": f"https://bot:{secret()}@git.example\n",
    "app/config/prod.secret.exs": f'config :shop, secret_key_base: "{secret()}"\n',
}
CONTENTS = [line for text in FILES.values() for line in text.split() if MARK in line]


def plant(path: Path, sample: Image, start: Mapping[str, Any]) -> Path:
    """An image with all of them; each key file is in one layer, and deleted in the next but one."""
    keys = stored({path: file(exactly(text)) for path, text in FILES.items()})
    gone = stored(
        {
            f"{path.rpartition('/')[0]}/.wh.{path.rpartition('/')[2]}": file(exactly(""))
            for path in list(FILES)[::2]
        }
    )
    steps = (
        *sample.steps,
        *(Step(text, keys if number == 1 else None) for number, text in enumerate(HISTORY)),
        Step(HISTORY[1], gone),
    )
    labels = {**sample.config.get("Labels", {}), **CONFIG["Labels"]}
    env = [*sample.config.get("Env", []), *CONFIG["Env"]]
    config = {**sample.config, **CONFIG, **start, "Labels": labels, "Env": env}
    image = replace(sample, steps=steps, config=config, annotations={"api.token": secret()})
    path.write_bytes(docker_archive(image, "shop:1"))
    path.with_name("Dockerfile").write_text(DOCKERFILE)
    return path


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted")
    sample = phoenix.fat()
    plant(folder / "wrapped.tar", sample, WRAPPED)
    return plant(folder / "image.tar", sample, {})


@cache
def reports(path: Path, redact: bool) -> tuple[Report, ...]:
    given: dict[str, Any] = {"redact": redact, "top": 1000, "all_files": True, "cache": TABLES}
    return (
        slim.analyze(path, **given),
        slim.analyze(path.with_name("wrapped.tar"), **given),
        slim.analyze(path, dockerfile=path.with_name("Dockerfile"), **given),
    )


def outputs(path: Path, redact: bool) -> Iterator[tuple[str, str]]:
    """(what, text): every format and flavor of reports and of comparisons, both ways."""
    result = reports(path, redact)
    other = slim.analyze(FOLDER / "phoenix-slim.tar")
    for number, report in enumerate(result):
        both = (slim.compare(other, report), slim.compare(report, other))
        documents: tuple[Report | Comparison, ...] = (report, *both)
        for document in documents:
            for name in format_names(compared=document is not report):
                for flavor in FLAVORS if name == "markdown" else ("github",):
                    options = RenderOptions(flavor=flavor, show_suppressed=True)
                    yield f"{number} {name} {flavor}", slim.render(document, name, options)
        for name in format_names(several=True):
            yield f"{number} together {name}", render_together(documents, name)


@LONG
def test_the_image_is_one_to_be_rebuilt(planted: Path) -> None:
    """Or half of what this looks at would not be there."""
    report = reports(planted, True)[0]
    assert report.predicted.rebuild is not None
    assert "ENV" in bare(report.predicted.rebuild.dockerfile)
    assert {file.path for file in report.largest_files} > set(list(FILES)[1::2])


@LONG
def test_no_format_shows_a_planted_secret(planted: Path) -> None:
    for what, text in outputs(planted, True):
        at = text.find(MARK)
        assert at < 0, (what, text[max(0, at - 100) : at + 40])


@LONG
def test_contents_of_key_files_are_in_no_output(planted: Path) -> None:
    """By their paths they are told of, and this is not for want of looking at the other secrets."""
    found = ""
    for what, text in outputs(planted, False):
        assert not [line for line in CONTENTS if line in text], what
        found += text
    for path in ("root/.ssh/id_rsa", "app/key.pem"):
        assert path in found
    assert found.count(MARK) > 20
