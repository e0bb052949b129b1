"""What computed selections find, and what they leave alone: whole images through the built-in rules."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from slim.advice.image_facts import facts_of_image
from slim.advice.vocabulary import ABOUT_REBUILD, VOCABULARY
from slim.ecosystems import KEEPS
from slim.files.extract.assigned import assigns_secret
from slim.files.ledger import account
from slim.files.overlay import resolve
from slim.files.scan import scan
from slim.image.ref import ImageRef
from slim.image.source import open_image
from slim.report.model import Finding, Report
from slim.report.untrusted import bare
from tests.conftest import LONG
from tests.support.building import Layer, hardlink, image, layer, save
from tests.support.checked import checked_analyze

Findings = Callable[..., dict[str, Finding]]
MANY = b"x" * 1_500_000


@pytest.fixture
def report(tmp_path: Path) -> Callable[..., Report]:
    """Analyze an image of some layers."""

    def analyze(
        *layers: Layer,
        config: Mapping[str, Any] | None = None,
        history: list[dict[str, Any]] | None = None,
        form: str = "oci-archive",
        **options: Any,
    ) -> Report:
        built = image(*layers, config=config, history=history)
        return checked_analyze(save(built, tmp_path / "image.tar", form), **options, top=1000)

    return analyze


@pytest.fixture
def found(report: Callable[..., Report]) -> Findings:
    """Rule id → finding."""

    def analyze(*layers: Layer, **options: Any) -> dict[str, Finding]:
        return {finding.rule: finding for finding in report(*layers, **options).findings}

    return analyze


def paths(finding: Finding) -> set[str]:
    return {bare(example.path) for example in finding.examples}


def different(size: int, seed: int = 0) -> bytes:
    """Bytes that no other file has."""
    return (b"%d " % seed) * (size // len(b"%d " % seed))


# --- Layers ---------------------------------------------------------------------------------------


def test_many_small_layers_are_a_note(found: Findings) -> None:
    layers = [layer({f"etc/part-{number}": b"small"}) for number in range(12)]
    finding = found(layer({"app/large": MANY}), *layers, role="release")["LYR010"]
    assert (finding.mode, finding.files, finding.claimed_bytes) == ("note", 12, 0)


def test_few_small_layers_are_nothing(found: Findings) -> None:
    layers = [layer({f"etc/part-{number}": b"small"}) for number in range(8)]
    assert "LYR010" not in found(layer({"app/large": MANY}), *layers, role="release")


def test_layers_without_compression(found: Findings) -> None:
    uncompressed, packed = layer({"a": b"1"}), layer({"b": b"2"}, compression="gzip")
    finding = found(uncompressed, packed)["LYR014"]
    assert (finding.mode, paths(finding)) == ("note", {"a"})


def test_an_archive_of_docker_save_says_nothing_about_compression(found: Findings) -> None:
    assert "LYR014" not in found(layer({"a": b"1"}), form="docker")


# --- Erlang and Elixir ----------------------------------------------------------------------------

OTP: dict[str, bytes | str | None] = {
    "usr/lib/erlang/erts-15.0/bin/beam.smp": different(600_000),
    "usr/lib/erlang/erts-15.0/bin/erlexec": b"e",
    "usr/lib/erlang/bin/start.boot": b"b",
    "usr/lib/erlang/lib/stdlib-6.0/ebin/stdlib.app": b'{application,stdlib,[{vsn,"10.0"}]}.',
    "usr/lib/erlang/lib/stdlib-6.0/ebin/lists.beam": different(900_000, 1),
}
RELEASE: dict[str, bytes | str | None] = {
    "app/bin/shop": b"#!/bin/sh\nexec /app/erts-15.0/bin/erlexec\n",
    "app/releases/start_erl.data": b"15.0 0.1.0",
    "app/releases/0.1.0/start.boot": b"boot",
    "app/lib/shop-0.1.0/ebin/shop.app": b'{application,shop,[{vsn,"0.1.0"}]}.',
    "app/lib/shop-0.1.0/ebin/shop.beam": b"beam",
}
ERTS: dict[str, bytes | str | None] = {
    "app/erts-15.0/bin/beam.smp": different(600_000),
    "app/erts-15.0/bin/erlexec": b"e",
}
START = {"Cmd": ["/app/bin/shop", "start"], "WorkingDir": "/app", "Env": ["MIX_ENV=prod"]}


def test_the_installed_erlang_goes_and_the_release_keeps_its_own(found: Findings) -> None:
    findings = found(layer(OTP), layer(RELEASE, ERTS), config=START)
    assert findings["ELX008"].mode == "claim"
    assert findings["ELX008"].claimed_bytes == sum(len(content or b"") for content in OTP.values())
    # The release's copy of beam.smp is not a copy to be saved as well: one of the two must stay.
    assert findings.get("LYR004") is None or findings["LYR004"].claimed_bytes == 0


def test_a_release_without_its_own_erts_needs_the_installed_one(found: Findings) -> None:
    assert "ELX008" not in found(layer(OTP), layer(RELEASE), config=START)


STATIC = "app/lib/shop-0.1.0/priv/static/"
OLD, NEW = "0" * 32, "1" * 32
MANIFEST = {
    "latest": {"app.js": f"app-{NEW}.js", "odd": ["no text"]},
    "digests": {
        f"app-{OLD}.js": {"logical_path": "app.js"},
        f"app-{NEW}.js": {"logical_path": "app.js"},
        "../../ebin/shop.beam": {},
    },
}
ASSETS: dict[str, bytes | str | None] = {
    f"{STATIC}cache_manifest.json": json.dumps(MANIFEST).encode(),
    f"{STATIC}app.js": b"new",
    f"{STATIC}app-{NEW}.js": b"new",
    f"{STATIC}app-{OLD}.js": b"older",
    f"{STATIC}app-{OLD}.js.gz": b"packed",
}


def test_assets_of_earlier_builds(found: Findings) -> None:
    finding = found(layer(RELEASE, ERTS, ASSETS), config=START)["ELX021"]
    assert paths(finding) == {f"{STATIC}app-{OLD}.js", f"{STATIC}app-{OLD}.js.gz"}
    assert finding.claimed_bytes == len(b"older") + len(b"packed")


@pytest.mark.parametrize("text", ["", "[]", '{"latest": 1, "digests": []}', "{", '{"digests": 3}'])
def test_a_manifest_that_says_nothing(text: str, found: Findings) -> None:
    assets = ASSETS | {f"{STATIC}cache_manifest.json": text.encode()}
    assert "ELX021" not in found(layer(RELEASE, ERTS, assets), config=START)


# --- Python ---------------------------------------------------------------------------------------


def environment(home: str, seed: int) -> dict[str, bytes | str | None]:
    site = f"{home}/lib/python3.12/site-packages"
    return {
        f"{home}/pyvenv.cfg": b"home = /usr/bin\n",
        f"{home}/bin/gunicorn": f"#!/{home}/bin/python\n".encode(),
        f"{site}/flask/app.py": different(1_200_000, seed),
        f"{site}/flask-3.0.dist-info/METADATA": b"Name: flask\nVersion: 3.0\n",
    }


TWO = layer(environment("opt/venv", 1), environment("srv/old", 2))


def test_an_environment_that_nothing_starts(found: Findings) -> None:
    finding = found(TWO, config={"Cmd": ["/opt/venv/bin/gunicorn", "app"]})["PYT021"]
    assert paths(finding) >= {"srv/old/lib/python3.12/site-packages/flask/app.py"}
    assert not any(path.startswith("opt/venv") for path in paths(finding))


@pytest.mark.parametrize(
    "config",
    [
        {"Cmd": ["/opt/venv/bin/gunicorn", "app"], "Env": ["PATH=/srv/old/bin:/usr/bin"]},
        {"Cmd": ["/opt/venv/bin/gunicorn", "--chdir", "/srv/old/bin"]},
        {"Cmd": ["/opt/venv/bin/gunicorn"], "Healthcheck": {"Test": ["CMD", "/srv/old/bin/gunicorn"]}},
        {"Cmd": ["/usr/bin/python3", "app.py"]},
    ],
)  # fmt: skip
def test_environments_that_may_be_used(config: dict[str, Any], found: Findings) -> None:
    assert "PYT021" not in found(TWO, config=config)


# --- PHP ------------------------------------------------------------------------------------------

INSTALLED = {
    "packages": [
        {"name": "vendor/used", "install-path": "../vendor/used"},
        {"name": "vendor/checks", "install-path": "../vendor/checks"},
    ],
    "dev": True,
    "dev-package-names": ["vendor/checks"],
}


def test_packages_that_composer_marks_as_dev(found: Findings) -> None:
    contents: dict[str, bytes | str | None] = {
        "app/vendor/composer/installed.json": json.dumps(INSTALLED).encode(),
        "app/vendor/vendor/used/src/a.php": b"used",
        "app/vendor/vendor/checks/src/b.php": b"checks",
        "app/index.php": b"<?php",
    }
    finding = found(layer(contents), config={"Cmd": ["php", "/app/index.php"]}, role="release")
    assert paths(finding["PHP008"]) == {"app/vendor/vendor/checks/src/b.php"}


# --- Secrets --------------------------------------------------------------------------------------

HIDDEN = "hunter2-of-the-test"


@pytest.mark.parametrize(
    ("path", "text", "rule"),
    [
        ("root/.npmrc", f"//registry.example.org/:_authToken={HIDDEN}\n", "SEC003"),
        ("root/.npmrc", f"email=a@b.example\n_password = {HIDDEN}\n", "SEC003"),
        ("etc/pip.conf", f"[global]\nindex-url = https://me:{HIDDEN}@host.example/simple\n", "SEC013"),
        ("root/.m2/settings.xml", f"<server>\n  <password>{HIDDEN}</password>\n", "SEC014"),
    ],
)  # fmt: skip
def test_settings_with_a_secret(
    path: str, text: str, rule: str, report: Callable[..., Report]
) -> None:
    result = report(
        layer({path: text.encode()}), layer({"app/x": b"1"}), config={"WorkingDir": "/app"}
    )
    finding = {finding.rule: finding for finding in result.findings}[rule]
    assert (finding.mode, finding.claimed_bytes, paths(finding)) == ("note", 0, {path})
    assert HIDDEN not in repr(result)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "registry=https://registry.example.org/\n",
        "//registry.example.org/:_authToken=${NPM_TOKEN}\n",
        "//registry.example.org/:_authToken=\n",
        "# _authToken=abc\n",
        "index-url = https://host.example/simple\n",
        "index-url = https://me:$PASSWORD@host.example/simple\n",
        "<password>${env.PASSWORD}</password>",
        "cafile=/etc/ssl/token.pem\npassword_file = /run/x\n",
        "=" * 70_000,
        "://" * 20_000,
        '<add key="' * 9_000,
    ],
)
def test_settings_without_a_secret(text: str) -> None:
    assert not assigns_secret(text.encode())


def test_secrets_in_settings_and_history_are_named_and_never_shown(
    report: Callable[..., Report],
) -> None:
    config = {
        "Env": [
            f"DATABASE_PASSWORD={HIDDEN}", "PATH=/usr/bin", "API_TOKEN=", "SECRET=${X}",
            "PASSWORD_FILE=/run/secrets/p",
        ],
        "Labels": {"org.example.api-key": HIDDEN, "org.example.title": "shop"},
    }  # fmt: skip
    history = [
        {"created_by": "ADD file /", "empty_layer": False},
        {"created_by": f"ENV DATABASE_PASSWORD={HIDDEN}", "empty_layer": True},
        {"created_by": f"ARG NPM_TOKEN='{HIDDEN} x'", "empty_layer": True},
        {"created_by": f"RUN |1 GIT_TOKEN={HIDDEN} /bin/sh -c make A_TOKEN=$GIT_TOKEN # buildkit"},
        {"created_by": f"/bin/sh -c git clone https://me:{HIDDEN}@host.example/x"},
    ]
    result = report(
        layer({"a": b"1"}), layer({"b": b"2"}), layer({"c": b"3"}), config=config, history=history
    )
    finding = {finding.rule: finding for finding in result.findings}["SEC010"]
    assert finding.variables == [
        "DATABASE_PASSWORD", "GIT_TOKEN", "NPM_TOKEN", "an address with a password",
        "org.example.api-key",
    ]  # fmt: skip
    assert [place.layer for place in finding.where] == [1, 2]
    assert (finding.mode, finding.files, finding.disk_bytes) == ("note", 0, 0)
    assert HIDDEN not in repr(result)


def test_settings_without_secrets(found: Findings) -> None:
    config = {
        "Env": ["PATH=/usr/bin", "TOKENIZERS_PARALLELISM=1", "SECRET_KEY_FILE=/run/secrets/k"]
    }
    assert "SEC010" not in found(layer({"a": b"1"}), config=config)


# --- Each byte once -------------------------------------------------------------------------------


@LONG
def test_a_share_of_the_image_below_which_a_rule_is_silent(found: Findings) -> None:
    """NOD019 speaks from 1 % of the image, and from 1 MB."""
    server: dict[str, bytes | str | None] = {
        "app/server.js": b"1",
        "app/package.json": b"{}",
        "app/node_modules/zod/package.json": b'{"name":"zod","version":"1.0.0"}',
        "app/node_modules/zod/docs/guide.html": different(1_500_000),
    }
    config = {"Cmd": ["node", "/app/server.js"], "WorkingDir": "/app"}
    large = layer({"srv/film": bytes(200_000_000)}, compression="zstd")
    assert "NOD019" in found(layer(server), config=config, role="release")
    assert "NOD019" not in found(large, layer(server), config=config, role="release")


def test_of_two_copies_one_stays_whatever_other_rules_take(found: Findings) -> None:
    copy = different(100_000)
    findings = found(
        layer({"usr/lib/erlang/lib/wx-2/priv/wx.so": copy}, {"srv/a": b"1"}),
        layer({"srv/deep/er/wx.so": copy}, hardlink("srv/link", "srv/deep/er/wx.so")),
    )
    assert sum(finding.claimed_bytes for finding in findings.values()) <= len(copy)


def test_of_equal_copies_the_one_that_runs_stays(found: Findings) -> None:
    copies = layer({"usr/local/bin/longer-name": MANY, "opt/a/bin/x": MANY})
    config = {"Entrypoint": ["/usr/local/bin/longer-name"]}
    assert paths(found(copies, config=config)["CLD005"]) == {"opt/a/bin/x"}


def test_what_runs_is_never_claimed(found: Findings) -> None:
    cache = layer({"root/.cache/pip/run": MANY, "root/.cache/pip/left": MANY})
    run = found(cache, config={"Entrypoint": ["/root/.cache/pip/run"]})["PYT001"]
    assert run.claimed_bytes == len(MANY)


# --- Ruby -----------------------------------------------------------------------------------------


def test_what_was_compiled_for_a_gem_is_the_gems(report: Callable[..., Report]) -> None:
    """RubyGems marks the directory of a compiled extension with an empty file."""
    home = "usr/local/bundle"
    built = f"{home}/extensions/x86_64-linux/3.3.0/nokogiri-1.16.0"
    result = report(
        layer(
            {
                f"{home}/specifications/nokogiri-1.16.0.gemspec": b"# -*- encoding: utf-8 -*-\n"
                b"# stub: nokogiri 1.16.0 ruby lib\n",
                f"{home}/gems/nokogiri-1.16.0/lib/nokogiri.rb": b"ruby",
                f"{built}/gem.build_complete": b"",
                f"{built}/nokogiri/nokogiri.so": different(5_000),
            }
        )
    )
    (gem,) = result.packages
    assert (gem.manager, bare(gem.name), gem.files) == ("gem", "nokogiri", 4)


def test_every_query_that_a_rule_may_name_is_computed(tmp_path: Path) -> None:
    path = save(image({"a": b"1"}), tmp_path / "image.tar")
    with (
        open_image(ImageRef(str(path))) as opened,
        scan(opened, extract=True, keeps=KEEPS) as tables,
    ):
        pass
    files = resolve(tables)
    ledger = account(files, tables, [layer.size for layer in opened.layers])
    computed = set(facts_of_image(opened, files, ledger, base_layers=0).queries)
    assert computed | {*ABOUT_REBUILD} == VOCABULARY.queries, (
        "those are asked once the others have claimed"
    )
