"""What SECURITY.md promises, each promise by a test that has its name: the short proof, on whole runs.

The long proofs are elsewhere, and in docs/attacks.md.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

import slim
from slim.errors import SlimError
from slim.formats.formats import format_names
from tests.conftest import LONG
from tests.support.building import delete, file, gzip, image, layer, save, symlink
from tests.support.checked import checked_analyze
from tests.support.fake_registry import LOGIN, Answer, Fake, Request, serve
from tests.support.layouts import pack, simple

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PAGE = Path(__file__).parents[2] / "SECURITY.md"
WATCHED = """
import json, os, runpy, sys
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
CHANGES = ("os.rename", "os.mkdir", "os.symlink", "os.link", "os.chmod", "os.remove")
RUNS = ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "os.fork")
def watch(event, arguments):
    if event == "open":
        if not isinstance(arguments[0], int) and arguments[2] & WRITES:
            note("write", os.fsdecode(arguments[0]))
    elif event in CHANGES:
        note("write", os.fsdecode(arguments[0]))
    elif event in RUNS:
        note("run", str(arguments[0]))
    elif event in ("socket.connect", "socket.getaddrinfo", "socket.bind"):
        note("network", str(arguments[1:]))
def note(*words):
    os.write(int(os.environ["SEEN"]), json.dumps(words).encode() + b"\\n")
sys.addaudithook(watch)
runpy.run_module("slim", run_name="__main__")
"""


def run(*words: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """slim in a process of its own, in this folder."""
    quiet = {name: text for name, text in os.environ.items() if not name.startswith("SLIM_")}
    return subprocess.run(
        [sys.executable, "-m", "slim", *words],
        cwd=folder,
        env={**quiet, "SLIM_CACHE_DIR": str(folder / "cache"), **more},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def slugged(title: str) -> str:
    return "test_" + re.sub(r"[^a-z]+", "_", title.lower()).strip("_")


def test_every_promise_has_a_test_of_its_name() -> None:
    promised = PAGE.read_text().partition("\n## Promised\n")[2].partition("\n## ")[0]
    titles = re.findall(r"^- \*\*(.+?)\.?\*\*", promised, re.MULTILINE)
    assert len(titles) == promised.count("\n- ") >= 9
    names = {name for name in globals() if name.startswith("test_")}
    names.remove("test_every_promise_has_a_test_of_its_name")
    assert {slugged(title) for title in titles} == names


@LONG
def test_nothing_is_run_and_nothing_is_unpacked(tmp_path: Path) -> None:
    """Of an image with a program to run, names that lead out, and links: all that the process did."""
    items = {"usr/bin/app": b"#!/bin/sh\ntouch /tmp/ran\n", "../../up": b"x", "/abs": b"y"}
    built = image(
        layer(items), layer(symlink("l", "/etc"), file("l/passwd", b"z")), config={"Cmd": ["app"]}
    )
    save(built, tmp_path / "image.tar")
    (tmp_path / "out").mkdir()
    read, write = os.pipe()
    done = subprocess.run(
        [
            *(sys.executable, "-c", WATCHED),
            *(
                "analyze",
                "image.tar",
                "--no-progress",
                "-o",
                "html=out/a.html",
                "-o",
                "json=out/a.json",
            ),
        ],
        cwd=tmp_path,
        env={
            **os.environ,
            "SEEN": str(write),
            "SLIM_CACHE_DIR": str(tmp_path / "cache"),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        check=False,
        pass_fds=[write],
    )
    os.close(write)
    assert done.returncode == 0, done.stderr
    with open(read) as pipe:
        seen = [json.loads(line) for line in pipe]
    assert seen, "outputs are written"
    assert done.returncode == 0, done.stderr
    mine = [str(tmp_path / "out"), str(tmp_path / "cache"), "out/"]
    for kind, what in seen:
        assert kind == "write", (kind, what)
        assert what == "/dev/null" or what.startswith(tuple(mine)), what
    assert {path.name for path in tmp_path.iterdir()} <= {"image.tar", "out", "cache"}


def test_nothing_is_hidden(tmp_path: Path) -> None:
    after = layer({"a": b"1"}, end=bytes(1024) + b"behind the end" + bytes(498))
    report = checked_analyze(save(image(after, {"b": b"2"}), tmp_path / "a.tar"))
    assert report.totals.tar_bytes == report.totals.disk_bytes + report.totals.overhead_bytes
    assert any(warning.id == "data-after-end" for warning in report.warnings)
    lie = replace(after, tar=b"another layer")
    with pytest.raises(SlimError) as caught:
        slim.analyze(save(image(lie), tmp_path / "b.tar"))
    assert caught.value.exit_code == 4
    twice = simple(after)
    index = twice["index.json"]
    assert isinstance(index, bytes)
    twice["index.json"] = index.replace(b'"manifests"', b'"manifests":[],"manifests"')
    with pytest.raises(SlimError) as caught:
        slim.analyze(pack(tmp_path, twice))
    assert caught.value.slug == "bad-document"


@LONG
def test_no_wrong_verdict(tmp_path: Path) -> None:
    """1 is a gate that failed; whatever cannot be read is neither 1 nor 0."""
    path = save(image({"a": b"x" * 5_000}, (delete("a"),)), tmp_path / "a.tar")
    assert run("analyze", str(path), "--max-size", "1kB", folder=tmp_path).returncode == 1
    assert run("analyze", str(path), "--max-size", "1MB", folder=tmp_path).returncode == 0
    whole = path.read_bytes()
    for name, data, code in (("cut", whole[: len(whole) // 2], 3), ("none", b"", 3)):
        (tmp_path / f"{name}.tar").write_bytes(data)
        for gate in ("1kB", "1MB"):
            done = run("analyze", f"{name}.tar", "--max-size", gate, folder=tmp_path)
            assert done.returncode == code, done.stderr
    assert run("analyze", str(path), "--max-size", "much", folder=tmp_path).returncode == 2
    assert run("analyze", "absent.tar", "--max-size", "1MB", folder=tmp_path).returncode == 3
    report = json.loads(run("analyze", str(path), "-o", "json", folder=tmp_path).stdout)
    report["totals"]["disk_bytes"] -= 1
    (tmp_path / "report.json").write_text(json.dumps(report))
    assert run("check", "report.json", "--max-size", "1kB", folder=tmp_path).returncode == 3


@LONG
def test_an_image_does_not_decide_its_own_gate(tmp_path: Path) -> None:
    secret = {"app/.env": b"DB_PASSWORD=correct-horse-battery\n"}
    labels = {"org.slim.ignore": "SEC001 of no account", "org.slim.role": "dev"}
    path = save(image(secret, config={"Labels": labels}), tmp_path / "a.tar")
    gate = ("--fail-on", "SEC001")
    assert run("analyze", str(path), *gate, folder=tmp_path).returncode == 1
    assert run("analyze", str(path), *gate, "--trust-labels", folder=tmp_path).returncode == 1
    assert run("analyze", str(path), "-o", "json=r.json", folder=tmp_path).returncode == 0
    assert run("check", "r.json", *gate, folder=tmp_path).returncode == 1


def test_nothing_is_injected(tmp_path: Path) -> None:
    """A few texts in many places; every sink is parsed again in tests/formats/test_sinks.py."""
    bad = [
        "\x1b[31mred",
        "\u202egnp",
        "a\u200bb",
        "\r##vso[task]",
        "<script>x</script>",
        "![x](http://x)",
    ]
    names = {f"srv/{text.replace('/', '|')}": b"x" * 900 for text in bad}
    labels = {f"l{at}": text for at, text in enumerate(bad)}
    built = image(
        layer(names, created_by="RUN " + " ".join(bad)), (delete("srv"),), config={"Labels": labels}
    )
    report = slim.analyze(save(built, tmp_path / "a.tar"))
    for name in format_names():
        text = slim.render(report, name).replace("\r\n", "\n")
        assert not re.search(r"[\x1b\u202e\u200b\r]", text), name
        assert "<script>x" not in text or name not in ("html", "svg"), name
        if name in ("markdown", "html"):
            assert "](http://x)" not in text.replace("`![x](http://x)`", "") or "`" in text


@LONG
def test_nothing_is_exhausted(tmp_path: Path) -> None:
    bomb = replace(layer({"a": b""}), blob=gzip(bytes(50 << 20)), compression="gzip")
    save(image(bomb), tmp_path / "bomb.tar")
    limit = ("--limit", "layer-bytes=1MiB", "--no-verify")
    done = run("analyze", "bomb.tar", *limit, folder=tmp_path)
    assert done.returncode == 5
    assert "1,048,576" in done.stderr
    assert "--limit layer-bytes=" in done.stderr


@LONG
def test_secrets_are_not_repeated(tmp_path: Path) -> None:
    """Neither by an output, a log or an error, nor from settings or key files by the cache."""
    mark = "hunter2plantedsecret"
    items = {"app/.env": f"DB_PASSWORD={mark}\n".encode(), "root/.ssh/id_rsa": KEY % mark.encode()}
    padding = {"usr/lib/x.so": os.urandom(200_000)}
    config = {"Env": [f"API_TOKEN={mark}"], "Labels": {"u": f"https://a:{mark}@x.example/"}}
    built = image(layer(items | padding, created_by=f"ARG NPM_TOKEN={mark}"), config=config)
    save(built, tmp_path / "image.tar")
    report = slim.analyze(tmp_path / "image.tar")
    for name in format_names():
        assert mark not in slim.render(report, name), name
    shown = run("analyze", "image.tar", "--verbose", "--verbose", folder=tmp_path)
    assert mark not in shown.stdout + shown.stderr
    kept = list((tmp_path / "cache").rglob("*.table"))
    assert kept
    for path in kept:
        table = caches_content(path)
        assert mark.encode() not in table
    failed = run("analyze", f"https://me:{mark}@127.0.0.1:1/x", folder=tmp_path)
    assert failed.returncode
    assert mark not in failed.stdout + failed.stderr
    done = run("analyze", "image.tar", "--no-redact", "-o", "json=all.json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "all.json").stat().st_mode & 0o777 == 0o600


KEY = b"-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n"


def caches_content(path: Path) -> bytes:
    """The bytes of a table in the cache, decompressed."""
    packed: bytes = msgspec.msgpack.decode(path.read_bytes()[16:])[1]
    uncompressed: bytes = zstd.decompress(packed)
    return uncompressed


@LONG
def test_discovered_settings_stay_in_their_folder(tmp_path: Path) -> None:
    folder = tmp_path / "checkout"
    (folder / ".git").mkdir(parents=True)
    save(image({"a": b"x"}), folder / "image.tar")
    for settings in (
        'output = ["text=../out"]',
        'base = "127.0.0.1:9/x:1"',
        'output = ["text=/tmp/o"]',
    ):
        (folder / "slim.toml").write_text(settings + "\n")
        done = run("analyze", "image.tar", folder=folder)
        assert done.returncode == 2, done.stderr
        assert "--trust-config" in done.stderr
    assert not (tmp_path / "out").exists()


def test_registries_are_only_read_from(tmp_path: Path) -> None:
    """Credentials stay with their host, also where it sends blobs elsewhere; every verb is GET or HEAD."""

    def script(fake: Fake, request: Request) -> Answer | None:
        if not request.login:
            return Answer(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
        if "/blobs/" in request.path:
            return Answer(307, headers={"Location": f"http://{other.host}{request.path}"})
        return None

    with serve(image({"a": b"x"})) as other, serve(image({"a": b"x"}), script) as fake:
        hosts = frozenset({fake.host, other.host})
        access = fake.access(logins={fake.host: LOGIN}, plain_http=hosts)
        report = slim.analyze(fake.name, registry=access)
        assert report.totals.live_bytes == 1
        assert any(request.login for request in fake.log)
        assert other.log
        assert not any(request.login for request in other.log)
        assert {request.method for request in (*fake.log, *other.log)} <= {"GET", "HEAD"}
