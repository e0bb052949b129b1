"""Who may be asked and who may be told: origins, challenges, credentials, helpers, options."""

from __future__ import annotations

import base64
import json
import os
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import slim
from slim.cli.registry import RegistryOptions
from slim.errors import NetworkError, SlimError, UsageError
from slim.image.reference import parse_reference
from slim.image.registry.access import Access, Login, auth_file_paths
from slim.image.registry.challenge import read_challenge
from slim.image.registry.credentials import find_login
from slim.image.registry.origin import (
    check_target,
    follow,
    may_see_credentials,
    origin_of,
    registry_origin,
)
from tests.conftest import LONG
from tests.support.building import image, layer
from tests.support.fake_registry import LOGIN, Answer, Fake, Request, serve

HOME = registry_origin("registry.example.com", plain_http=False)
HUB = parse_reference("debian:12")
APP = parse_reference("registry.example.com/team/app:1")


def test_tokens_come_from_the_registry_a_known_pair_or_whom_the_user_trusts() -> None:
    hub = registry_origin(HUB.api_host, plain_http=False)
    trusting = Access(trusted_realms=frozenset({"auth.example.net", "10.0.0.5:8443"}))
    for registry, url, access, expected in (
        (HOME, "https://registry.example.com/token", Access(), True),
        (HOME, "https://registry.example.com:8443/token", Access(), True),
        (HOME, "https://auth.example.net/token", Access(), False),
        (HOME, "https://auth.example.net/token", trusting, True),
        (HOME, "https://evil.auth.example.net/token", trusting, False),
        (hub, "https://auth.docker.io/token", Access(), True),
        (HOME, "https://auth.docker.io/token", Access(), False),
    ):
        assert may_see_credentials(origin_of(url), registry, access) == expected, url
    check_target(origin_of("https://10.0.0.5:8443/x"), HOME, trusting, "a token server")
    with pytest.raises(NetworkError):
        check_target(origin_of("https://10.0.0.5/x"), HOME, trusting, "a token server")


@pytest.mark.parametrize(
    ("location", "slug"),
    [
        ("http://registry.example.com/x", "registry-downgrade"),
        ("//10.0.0.1/x", "registry-private-address"),
        ("https://e\\vil.test/", "registry-url"),
        ("https://evil.test/\r\nX: y", "registry-url"),
        ("https://user@evil.test/", "registry-url"),
        ("ftp://evil.test/", "registry-url"),
        ("https://evil.test:99999/", "registry-url"),
        ("https://[::1", "registry-url"),
        ("", "registry-url"),
    ],
)
def test_redirects_that_are_not_followed(location: str, slug: str) -> None:
    with pytest.raises(NetworkError) as refused:
        follow("https://registry.example.com/v2/x", location, HOME, Access())
    assert refused.value.slug == slug


def test_redirects_that_are_followed() -> None:
    for location, target in (
        ("/y?z=1#w", "https://registry.example.com/y?z=1"),
        ("https://storage.example.net/y", "https://storage.example.net/y"),
    ):
        assert follow("https://registry.example.com/v2/x", location, HOME, Access()) == target


def test_challenges_are_read() -> None:
    bearer = read_challenge('Bearer realm="https://a.test/t",service="x, \\"y\\"",scope=z')
    assert bearer is not None
    assert (bearer.scheme, bearer.realm, bearer.service) == ("bearer", "https://a.test/t", 'x, "y"')
    both = read_challenge('Basic realm="b", Bearer realm="https://a.test/t"')
    assert both is not None
    assert both.scheme == "bearer"
    twice = read_challenge('Bearer realm="https://a.test/t",realm="https://evil.test/t"')
    assert twice is not None
    assert twice.realm == "https://a.test/t"
    assert read_challenge("Negotiate") is None


@given(st.text(max_size=300) | st.text('Bearbsic rlm=",\\ ', max_size=200))
def test_no_challenge_breaks_the_reader(text: str) -> None:
    read_challenge(text)


def auth(user: str = LOGIN.user, password: str = LOGIN.password) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def write(path: Path, auths: Mapping[str, object], **more: Any) -> Access:
    path.write_text(json.dumps({"auths": auths, **more}))
    return Access(auth_files=(path,))


@pytest.mark.parametrize(
    "key",
    [
        "registry.example.com.evil.test", "example.com", "*.example.com", "registry.example.com:443",
        "registry.example.com/tea", "registry.example.com/team/app/x", "REGISTRY.example.com",
        "http://registry.example.com",
    ],
)  # fmt: skip
def test_credentials_of_other_hosts_are_not_taken(tmp_path: Path, key: str) -> None:
    assert find_login(write(tmp_path / "auth", {key: auth()}), APP) is None


def test_the_longest_key_counts_and_the_first_file(tmp_path: Path) -> None:
    keys = {"registry.example.com": auth("host"), "registry.example.com/team": auth("team")}
    access = write(tmp_path / "auth", keys)
    found = find_login(access, APP)
    assert found is not None
    assert found.user == "team"
    named = Access(auth_files=access.auth_files, logins={APP.host: Login("me", "x")})
    assert find_login(named, APP) == Login("me", "x")
    hub = find_login(write(tmp_path / "hub", {"https://index.docker.io/v1/": auth()}), HUB)
    assert hub == LOGIN


@pytest.mark.parametrize(
    "entry",
    [{}, {"auth": ""}, {"auth": "!!"}, {"auth": 7}, {"auth": "bm9jb2xvbg=="}, {"identitytoken": "x"}, 7],
)  # fmt: skip
def test_entries_without_a_password_are_passed_over(tmp_path: Path, entry: object) -> None:
    assert find_login(write(tmp_path / "auth", {APP.host: entry}), APP) is None


@pytest.mark.parametrize("data", [b"{", b"\xff", b"x" * (2 << 20), b'{"auths": {"a": 1, "a": 2}}'])
def test_a_damaged_file_is_one_error_that_quotes_nothing(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "auth").write_bytes(data)
    with pytest.raises(UsageError) as refused:
        find_login(Access(auth_files=(tmp_path / "auth",)), APP)
    assert refused.value.slug == "bad-auth-file"


def test_a_pipe_in_place_of_the_file_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "auth")
    with pytest.raises(UsageError, match="not a regular file"):
        find_login(Access(auth_files=(tmp_path / "auth",)), APP)


def test_helpers_of_the_file_are_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = helper(tmp_path, monkeypatch, "evil", "")
    stores = {"credsStore": "evil", "credHelpers": {APP.host: "evil"}}
    assert find_login(write(tmp_path / "auth", {APP.host: {}}, **stores), APP) is None
    assert not ran.exists()


def helper(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, script: str) -> Path:
    """Put a credential helper on the PATH; returns where it writes what it is given."""
    program, ran = folder / f"docker-credential-{name}", folder / "ran"
    program.write_text(f'#!/bin/sh\necho "$@" > {ran}; cat >> {ran}\n{script}\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return ran


def test_a_helper_is_run_for_its_host_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = json.dumps({"Username": LOGIN.user, "Secret": LOGIN.password})
    ran = helper(tmp_path, monkeypatch, "mine", f"echo '{shown}'")
    access = Access(helpers={APP.host: "mine"})
    assert find_login(access, parse_reference("other.example.com/app")) is None
    assert not ran.exists()
    assert find_login(access, APP) == LOGIN
    assert ran.read_text().split() == ["get", APP.host]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("exit 1", "ended with code 1"),
        ("echo hunter2-secret", "did not answer with"),
        ('echo \'{"Username":"a"}\'', "did not answer with"),
        ('echo \'{"Username":"<token>","Secret":"hunter2-secret"}\'', "identity token"),
        ("head -c 100000 /dev/zero", "more than"),
        ("exec sleep 30", "longer than"),
    ],
)
def test_a_helper_that_fails_is_one_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, words: str
) -> None:
    from slim.image.registry import credentials

    monkeypatch.setattr(credentials, "_HELPER_SECONDS", 0.3)
    helper(tmp_path, monkeypatch, "mine", script)
    with pytest.raises(NetworkError, match=words) as refused:
        find_login(Access(helpers={APP.host: "mine"}), APP)
    assert "hunter2" not in refused.value.message


@pytest.mark.parametrize("name", ["../x", "a/b", "", "a b", "x" * 65, "ä"])
def test_names_of_helpers_are_checked(name: str) -> None:
    with pytest.raises(UsageError):
        find_login(Access(helpers={APP.host: name or " "}), APP)


def test_a_helper_is_not_looked_for_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper(tmp_path, monkeypatch, "mine", "")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", ":.:bin")
    with pytest.raises(UsageError) as refused:
        find_login(Access(helpers={APP.host: "mine"}), APP)
    assert refused.value.slug == "no-helper"


def test_where_docker_and_podman_keep_credentials() -> None:
    environ = {"HOME": "/h", "XDG_RUNTIME_DIR": "/run/user/1"}
    assert [str(path) for path in auth_file_paths(environ)] == [
        "/run/user/1/containers/auth.json",
        "/h/.config/containers/auth.json",
        "/h/.docker/config.json",
    ]
    assert auth_file_paths({}) == ()
    assert [str(p) for p in auth_file_paths({"REGISTRY_AUTH_FILE": "/x", **environ})] == ["/x"]
    assert str(auth_file_paths({**environ, "DOCKER_CONFIG": "/d"})[-1]) == "/d/config.json"


def options(environ: Mapping[str, str] = MappingProxyType({}), **given: Any) -> Access:
    return RegistryOptions(**given).access(900, environ)


def test_user_and_password_are_for_one_host(tmp_path: Path) -> None:
    environ = {"SLIM_REGISTRY_PASSWORD": "geheim"}
    access = options(registry_user=["Registry.example.com=me"], environ=environ)
    assert access.logins == {"registry.example.com": Login("me", "geheim")}
    assert "geheim" not in repr(access)
    file = tmp_path / "password"
    file.write_text("other\n")
    access = options(registry_user=["a.test=me"], registry_password_file=str(file), environ=environ)
    assert access.logins == {"a.test": Login("me", "other")}
    assert options(registry_user=["a.test=me"], anonymous=True, environ=environ).logins == {}


@pytest.mark.parametrize(
    "given",
    [
        {"registry_user": ["me"]},
        {"registry_user": ["a.test=me"]},
        {"registry_user": ["a.test=me", "b.test=me"], "environ": {"SLIM_REGISTRY_PASSWORD": "x"}},
        {"registry_user": ["a.test=me"], "registry_password_file": "/missing"},
        {"plain_http": ["http://a.test"]},
        {"insecure": ["*"]},
        {"credential_helper": ["pass"]},
        {"proxy": "a.test:3128"},
        {"ca_file": "/missing"},
        {"auth_file": "/missing"},
    ],
    ids=str,
)
def test_options_that_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as refused:
        options(**given)
    assert refused.value.hint or "no file" in refused.value.message


def test_a_proxy_is_used_if_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def proxy(fake: Fake, request: Request) -> Answer | None:
        seen.append(request.path)
        return target.answer(Request("GET", "/v2/" + request.path.partition("/v2/")[2], {}))

    seen: list[str] = []
    with serve(image(layer({"a": b"b"}))) as target, serve(None, proxy) as middle:
        monkeypatch.setenv("http_proxy", "http://localhost:1")
        name = "registry.example.com/team/app:1"
        hosts = frozenset({"registry.example.com"})
        access = Access(plain_http=hosts, proxy=f"http://{middle.host}", timeout=20)
        assert slim.analyze(name, registry=access).totals.files == 1
        assert seen[0] == "http://registry.example.com/v2/team/app/manifests/1"


@LONG
def test_a_host_that_is_not_there_is_one_error() -> None:
    access = Access(plain_http=frozenset({"localhost:1"}), timeout=20)
    with pytest.raises(SlimError) as refused:
        slim.analyze("localhost:1/app:1", registry=access)
    assert (refused.value.slug, refused.value.exit_code) == ("registry-unreachable", 6)
    assert "refused" in refused.value.message


@LONG
def test_the_commands_take_images_in_registries() -> None:
    """By options and by variables; a failing gate is no success, whatever the registry says."""
    built = image(layer({"a": b"b" * 5000}), compression="gzip")
    with serve(built) as first, serve(built) as second:
        program = [sys.executable, "-m", "slim"]
        quiet = {name: text for name, text in os.environ.items() if not name.startswith("SLIM_")}
        analyzed = subprocess.run(
            [
                *program,
                "analyze",
                first.name,
                "--plain-http",
                first.host,
                "-o",
                "json",
                "--no-cache",
            ],
            env=quiet,
            capture_output=True,
            check=True,
        )
        assert json.loads(analyzed.stdout)["totals"]["disk_bytes"] == 5000
        hosts = {"SLIM_PLAIN_HTTP": f"{first.host} {second.host}"}
        compared = subprocess.run(
            [*program, "compare", first.name, second.name, "-o", "json"],
            env=quiet | hosts,
            capture_output=True,
            check=True,
        )
        assert json.loads(compared.stdout)["kind"] == "comparison"
        second.script = lambda fake, request: Answer(404)
        failed = subprocess.run(
            [*program, "analyze", second.name, "--max-size", "1B", "--exit-zero"],
            env=quiet | hosts,
            capture_output=True,
            check=False,
            text=True,
        )
        assert failed.returncode == 6
        assert "[registry-not-found]" in failed.stderr
        assert len(failed.stderr.splitlines()) == 2
