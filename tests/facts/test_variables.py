"""Values of the variables: real directories of the image, and never more than one tool's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slim.advice.vocabulary import VOCABULARY
from slim.ecosystems import KNOWLEDGE
from slim.entrypoint.runs import Runs, environment
from slim.facts.roots import roots_of
from slim.facts.variables import languages, values_of
from slim.files.view import View
from slim.rules.variables import bind
from tests.support.views import config, view


def values(
    tree: str, *env: str, workdir: str = "", accounts: str = ""
) -> dict[str, tuple[str, ...]]:
    seen = view(tree, {"etc/passwd": accounts} if accounts else {})
    return found_in(seen, environment(config(env=env)), workdir)


def found_in(seen: View, env: Mapping[str, str], workdir: str) -> dict[str, tuple[str, ...]]:
    roots = roots_of(seen, KNOWLEDGE.landmarks, Runs())
    return values_of(KNOWLEDGE.variables, env, workdir, roots, seen)


SAMPLE_TREE = """
    root/{.cache/{rebar3,go-build,pip,uv,pypoetry,huggingface/hub}/x,.mix/x,.hex/x,go/x,.cargo/x,.rustup/x}
    root/{.npm/x,.local/share/pnpm/store/x,.m2/x,.gradle/x,.nuget/x,.composer/x} home/app/.cache/x
    usr/lib/python3/dist-packages/x.py usr/local/lib/python3.12/site-packages/x.py
    app/.venv/{pyvenv.cfg,lib/python3.12/site-packages/x.py} app/package.json srv/app/mix.exs
    {usr/lib,usr/local/lib}/erlang/{erts-15.2/bin/erlexec,lib/stdlib-6.2/ebin/stdlib.app}
    {app,opt/app}/{releases/{start_erl.data,1.0/a.boot},lib/a-1/ebin/a.app,bin/a} opt/{mix,hex}/x
    usr/local/bundle/{gems,specifications}/x var/lib/gems/3.3.0/{gems,specifications}/x go/pkg/x
    {app,srv/app}/local/lib/perl5/x.pm root/.perl-cpm/x
    usr/local/{cargo,rustup}/x {app,app/assets}/node_modules/x/package.json
    usr/local/share/.cache/yarn/x pnpm/store/x opt/conda/conda-meta/history
    {usr/lib/jvm/java-21-openjdk-amd64,opt/java/openjdk}/bin/java
    {usr/share,usr/lib}/dotnet/shared/Microsoft.NETCore.App/8/x.dll
"""


def test_every_sample_value_is_found_where_rules_expect_it() -> None:
    found = values(
        SAMPLE_TREE,
        "MIX_HOME=/opt/mix",
        "HEX_HOME=/opt/hex",
        "LANG=en",
        "LANGUAGE=de",
        workdir="/app",
    )
    for name, samples in VOCABULARY.samples.items():
        assert set(samples) <= set(found[name]), name


@pytest.mark.parametrize("value", [
    "/", "", "relative", "/root", "/home/app", "/home", "/usr", "/usr/local", "/app", "//tmp", "/var/cache",
    "/srv/..", "/root/../app/.", "/opt", "/none", "/etc", "/app/link", "\0", "/app/file",
])  # fmt: skip
def test_a_cache_is_never_something_that_holds_more(value: str) -> None:
    tree = (
        "root/ home/app/x app/{src/,file,link->/root} usr/local/ tmp/ var/cache/x srv/ opt/x etc/x"
    )
    names = re.findall(
        r"\w+",
        """
        NPM_CONFIG_CACHE PIP_CACHE_DIR XDG_CACHE_HOME YARN_CACHE_FOLDER GOCACHE MIX_HOME CARGO_HOME GOPATH
        MAVEN_CONFIG GRADLE_USER_HOME COMPOSER_HOME HF_HOME GEM_HOME BUNDLE_PATH NUGET_PACKAGES PYTHONPATH
        """,
    )
    found = values(
        tree, *(f"{name}={value}" for name in names), "HOME=/home/app", workdir="/app/src"
    )
    assert found.pop("home") == ("home/app", "root")
    assert found.pop("app") == ("app/src",)
    assert not any(found.values())


def test_environment_and_links_are_followed() -> None:
    found = values(
        "big/{npm,pip,pkgs/packages,one/x,two/x}/x cache->/big/npm",
        *("npm_config_cache=/cache", "PIP_CACHE_DIR=/big/pip", "NUGET_PACKAGES=/big/pkgs/packages"),
        "GOPATH=/big/one:/big/two",
    )
    assert found["npm_cache"] == ("big/npm",)
    assert found["pip_cache"] == ("big/pip",)
    assert found["nuget"] == ("big/pkgs",)
    assert found["gopath"] == ("big/one", "big/two")


def test_homes_are_those_that_exist_and_are_people_s() -> None:
    accounts = """root:x:0:0::/root:/bin/sh
bin:x:1:1::/bin:/x
games:x:5:60::/usr/games:/x
nobody:x:9:9::/nonexistent:/x
www:x:33:33::/var/www:/x
db:x:70:70::/var/lib/db:/x
gone:x:71:71::/home/gone:/x
root2:x:0:0::/:/x
broken
link:x:1:1::/data/me:/x
"""
    tree = "root/ bin/ usr/games/ var/www/ var/lib/db/ home/me/ data->/home"
    assert values(tree, "HOME=/opt/app", accounts=accounts)["home"] == (
        "root",
        "home/me",
        "var/www",
        "var/lib/db",
    )
    assert values(tree + " opt/app/", "HOME=/opt/app")["home"] == ("opt/app", "root", "home/me")


def test_the_working_directory_is_an_application_s_unless_it_is_the_system_s() -> None:
    assert values("srv/x", workdir="/srv")["app"] == ()
    assert values("srv/mix.exs", workdir="/srv")["app"] == ("srv",)
    assert values("usr/local/x", workdir="/usr/local")["app"] == ()
    assert values("usr/src/app/x", workdir="/usr/src/app/")["app"] == ("usr/src/app",)
    assert values("", workdir="/gone")["app"] == ()
    assert values("x", workdir="/")["app"] == ()


def test_projects_are_those_of_the_image_s_makers() -> None:
    tree = """
        app/{mix.exs,deps/phoenix/mix.exs,assets/package.json,node_modules/x/package.json,vendor/y/composer.json}
        usr/local/go/src/go.mod go/pkg/mod/x/go.mod usr/lib/node_modules/npm/package.json
        usr/local/cargo/registry/src/x/Cargo.toml usr/share/x/Gemfile opt/conda/pkgs/x/setup.py
        app/_build/x/mix.exs root/.npm/x/package.json
        srv/shop/shop.csproj usr/src/app/go.mod package.json
    """
    assert values(tree)["app"] == ("app", "app/assets", "srv/shop", "usr/src/app")


def test_modules_are_the_outermost_of_an_application() -> None:
    tree = """
        app/{node_modules/a/node_modules/b,node_modules/.pnpm/c/node_modules/d}/package.json
        usr/{lib,local/lib}/node_modules/npm/package.json root/.nvm/versions/node/v20/lib/node_modules/npm/x
        opt/node/{bin/node,lib/node_modules/npm/x} usr/share/nodejs/node_modules/x/y
        root/.npm/_npx/1/node_modules/x/y
        usr/local/lib/python3.12/site-packages/j/node_modules/x/y srv/link->/app/node_modules
    """
    assert values(tree)["node_modules"] == ("app/node_modules",)


def test_environments_of_conda_are_left_to_their_installation() -> None:
    tree = "opt/conda/{conda-meta/x,envs/a/conda-meta/x} srv/envs/b/conda-meta/x"
    assert values(tree)["conda"] == ("opt/conda", "srv/envs/b")


def test_java_and_sites_are_real_directories() -> None:
    tree = """
        usr/lib/jvm/java-21/bin/java usr/lib/jvm/default->java-21 usr/bin/java->/usr/lib/jvm/java-21/bin/java
        v/{pyvenv.cfg,lib/python3.12/site-packages/x,lib64->lib} opt/odd/site-packages/x
        deps/x.dist-info/RECORD plain/x.py
    """
    found = values(tree, "JAVA_HOME=/usr/lib/jvm/default", "PYTHONPATH=/deps:/plain")
    assert found["java_home"] == ("usr/lib/jvm/java-21",)
    assert found["site"] == ("v/lib/python3.12/site-packages", "deps")
    assert found["venv"] == ("v",)


@pytest.mark.parametrize(("env", "expected"), [
    ({"LANG": "en_US.UTF-8"}, ("en_US", "en")),
    ({"LANG": "C.UTF-8", "LC_ALL": "POSIX"}, ()),
    ({"LANGUAGE": "de_AT:de:en"}, ("de_AT", "de", "en")),
    ({"LC_TIME": "sr_RS.UTF-8@latin"}, ("sr_RS@latin", "sr_RS", "sr")),
    ({"LANG": "../etc", "LC_ALL": ""}, ()),
    ({"PATH": "/x"}, ()),
])  # fmt: skip
def test_languages(env: dict[str, str], expected: tuple[str, ...]) -> None:
    assert [language for language in languages(env) if language != ".."] == list(expected)
    assert bind("usr/share/locale/{lang}/**", {"lang": languages(env)}) is not None


def test_values_are_not_more_than_64() -> None:
    many = "home/u{0}/.npm/x app{0}/mix.exs v{0}/pyvenv.cfg m{0}/node_modules/x"
    found = values(" ".join(many.format(n) for n in range(100)))
    for name in ("home", "npm_cache", "app", "venv", "node_modules"):
        assert len(found[name]) == 64


@given(
    st.dictionaries(st.sampled_from(["HOME", "GOPATH", "HF_HOME", "LANG", "PATH"]), st.text()),
    st.text(),
)
def test_any_environment_gives_values_that_can_be_bound(env: dict[str, str], workdir: str) -> None:
    fields: dict[str, Any] = {"env": tuple(f"{name}={value}" for name, value in env.items())}
    seen = view("a/b/c root/x")
    found = found_in(seen, environment(config(**fields)), workdir)
    for name, texts in found.items():
        bind(f"{{{name}}}/**", {name: texts})
        assert "" not in texts
