"""The role of an image: what decides, what only hints, and who has the last word."""

from __future__ import annotations

from typing import Any

import pytest

from slim.advice.vocabulary import VOCABULARY
from slim.ecosystems import KNOWLEDGE
from slim.facts.gather import Facts, gather, owned_paths
from slim.image.model import History
from slim.packages.package import Package
from slim.rules.builtin import builtin_rules
from slim.rules.rule import rules_of
from tests.support.views import GO, C, config, view

SERVER: dict[str, Any] = {"cmd": ("python", "/srv/app.py")}


def facts_of(tree: str = "@debian usr/bin/python srv/app.py", **fields: Any) -> Facts:
    given = {name: fields.pop(name) for name in ("role_override", "names") if name in fields}
    history = tuple(History(text) for text in fields.pop("history", ()))
    packages = fields.pop("packages", ())
    elfs = fields.pop("elfs", {})
    return gather(
        config(**fields), history, view(tree, elfs=elfs), packages, **given, knowledge=KNOWLEDGE
    )


def points(facts: Facts, role: str) -> int:
    return dict(facts.role.scores)[role]


def test_the_user_wins_over_the_label_and_the_label_over_signs() -> None:
    assert facts_of(**SERVER).role.name == "release"
    labels = {"org.slim.role": "builder"}
    labelled = facts_of(**SERVER, labels=labels).role
    assert (labelled.name, labelled.evidence[0]) == (
        "builder",
        "builder: the label org.slim.role says so",
    )
    shown = facts_of(**SERVER, labels=labels, role_override="dev").role
    assert (shown.name, shown.evidence[0]) == ("dev", "dev: the user says so")
    assert facts_of(**SERVER, labels={"org.slim.role": "unknown"}).role.name == "unknown"


@pytest.mark.parametrize("label", ["", "Release", "nonsense"])
def test_a_role_that_does_not_exist_is_no_role(label: str) -> None:
    assert (
        facts_of(**SERVER, labels={"org.slim.role": label}, role_override=label).role.name
        == "release"
    )


def test_without_a_margin_the_role_is_unknown() -> None:
    close = facts_of(
        "@debian usr/bin/gcc usr/lib/gcc/x/14/cc1 app/mix.exs", cmd=("bash",), exposed_ports=("80/tcp",),
        user="app", env=("MIX_ENV=dev",),
    ).role  # fmt: skip
    ranked = sorted((score for _, score in close.scores), reverse=True)
    assert ranked[0] - ranked[1] < 2
    assert (close.name, close.score) == ("unknown", ranked[0])


def test_a_compiler_makes_no_builder_of_an_image_that_runs_an_application() -> None:
    tree = "@debian usr/bin/python srv/app.py usr/lib/gcc/x86_64-linux-gnu/14/cc1plus"
    served = facts_of(tree, **SERVER, env=("GOLANG_VERSION=1",))
    assert served.role.name == "release"
    assert points(served, "builder") == 0
    assert "compiler.present" in served.facts
    assert facts_of(tree, cmd=("bash",)).role.name == "builder"


@pytest.mark.parametrize(
    ("fields", "role", "more"),
    [
        ({"exposed_ports": ("80/tcp",)}, "release", 1),
        ({"healthcheck": ("CMD", "x")}, "release", 1),
        ({"healthcheck": ("NONE",)}, "release", 0),
        ({"user": "app"}, "release", 1),
        ({"user": "0:0"}, "release", 0),
        ({"user": "root"}, "release", 0),
        ({"env": ("RAILS_ENV=production",)}, "release", 1),
        ({"env": ("ASPNETCORE_URLS=x",)}, "release", 1),
        ({"env": ("NODE_ENV=test",)}, "dev", 3),
        ({"env": ("CODESPACES=true",)}, "dev", 5),
        ({"env": ("RUNNER_TOOL_CACHE=/x",)}, "dev", 5),
        ({"env": ("DOTNET_VERSION=8",)}, "release", 1),
        ({"env": ("DOTNET_VERSION=8", "DOTNET_SDK_VERSION=8")}, "release", 0),
        ({"user": "gitpod"}, "dev", 5),
        ({"labels": {"devcontainer.metadata": "[]"}}, "dev", 5),
        ({"onbuild": ("COPY . .",)}, "builder", 4),
        ({"onbuild": ("COPY . .",)}, "base", 4),
        ({"labels": {"io.buildpacks.builder.metadata": "{}"}}, "builder", 5),
        ({"labels": {"io.buildpacks.lifecycle.metadata": "{}"}}, "release", 3),
        ({"labels": {"io.buildpacks.stack.id": "x"}}, "base", 4),
        ({"labels": {"com.github.actions.name": "x"}}, "tool", 3),
        ({"names": ("shop-builder:1",)}, "builder", 1),
        ({"names": ("shop:prod",)}, "release", 1),
        ({"names": ("shopbuilder",)}, "builder", 0),
    ],
)
def test_signs_of_the_config_give_points(fields: dict[str, Any], role: str, more: int) -> None:
    assert points(facts_of(**SERVER, **fields), role) - points(facts_of(**SERVER), role) == more


def test_source_to_image_tells_builder_and_application_apart() -> None:
    labels = {"io.openshift.s2i.scripts-url": "image:///usr/libexec/s2i"}
    tree = "@ubi usr/libexec/s2i/{usage,run}"
    assert points(facts_of(tree, cmd=("/usr/libexec/s2i/usage",), labels=labels), "builder") >= 4
    assert points(facts_of(tree, cmd=("/usr/libexec/s2i/run",), labels=labels), "release") >= 3


def test_layers_that_only_install_packages_are_a_base_or_a_builder() -> None:
    installs = ("root", "RUN apt-get update && apt-get install -y git")
    alone = facts_of(cmd=("bash",), history=installs)
    copied = facts_of(cmd=("bash",), history=(*installs, "COPY dir:x in /app"))
    nop = facts_of(cmd=("bash",), history=(*installs, "/bin/sh -c #(nop) COPY dir:x in /app"))
    assert points(alone, "base") - points(copied, "base") == 2
    assert points(copied, "base") == points(nop, "base")


@pytest.mark.parametrize(
    "command", ["bash", "sh -l", "iex", "python3", "node", "sleep infinity", "tail -f /dev/null"]
)
def test_shells_and_waiting_are_no_service(command: str) -> None:
    facts = facts_of("@debian usr/bin/{iex,node,sleep,tail,python3}", cmd=tuple(command.split()))
    assert facts.role.name == "base"


@pytest.mark.parametrize(
    "command", ["python3 -m http.server", "sh -c serve", "node -e x", "bash /srv/app.sh"]
)
def test_what_is_given_something_to_run_is_not_interactive(command: str) -> None:
    facts = facts_of("@debian srv/app.sh usr/bin/{node,python3}", cmd=tuple(command.split()))
    assert not any("runs only" in line for line in facts.role.evidence)


def test_a_file_that_a_package_owns_is_no_application() -> None:
    tree = "@debian opt/tool/bin/tool"
    package = Package("dpkg", "tool", files=(b"opt/tool/bin/tool",))
    library = Package("python", "tool", files=(b"opt/tool/bin/tool",))
    own = facts_of(tree, cmd=("/opt/tool/bin/tool",), elfs={"opt/tool/bin/tool": GO})
    owned = facts_of(
        tree, cmd=("/opt/tool/bin/tool",), packages=(package,), elfs={"opt/tool/bin/tool": GO}
    )
    assert points(own, "release") - points(owned, "release") == 3
    assert points(facts_of(tree, cmd=("/opt/tool/bin/tool",), packages=(library,)), "release") == 3


def test_a_list_of_a_package_may_name_the_old_place_of_a_file() -> None:
    package = Package("dpkg", "bash", files=(b"bin/bash", b"usr/bin/bashbug"))
    assert owned_paths(["usr/bin/bash", "usr/bin/bashbug", "x"], [package]) == {
        "usr/bin/bash",
        "usr/bin/bashbug",
    }


def test_one_program_without_a_shell_is_a_release() -> None:
    assert facts_of("", cmd=("/api",), elfs={"api": GO}).role.name == "release"
    assert (
        facts_of("", entrypoint=("/usr/bin/api",), elfs={"usr/bin/api": C}).role.name == "release"
    )
    assert (
        facts_of("", entrypoint=("/bin/lint",), cmd=("--help",), elfs={"bin/lint": GO}).role.name
        == "unknown"
    )


def test_commands_of_the_system_are_tools_unless_they_listen() -> None:
    tree = "@debian usr/local/bin/api"
    assert facts_of(tree, cmd=("api",)).role.name == "tool"
    assert facts_of(tree, cmd=("api",), exposed_ports=("80/tcp",)).role.name == "release"


def test_a_completion_of_a_shell_is_no_compiler() -> None:
    tree = "@debian usr/share/bash-completion/completions/{java,javac->java,rustc,clang}"
    assert "compiler.present" not in facts_of(tree, cmd=("bash",)).facts
    for compiler in (
        "usr/lib/jvm/x/bin/javac",
        "root/.cargo/bin/rustc",
        "usr/share/dotnet/sdk/8/csc.dll",
    ):
        assert "compiler.present" in facts_of(f"{tree} {compiler}", cmd=("bash",)).facts
    assert "compiler.present" in facts_of(tree, cmd=("bash",), elfs={"opt/zig/zig": C}).facts


@pytest.mark.parametrize(
    "fields",
    [
        {"exposed_ports": ("80/tcp",)},
        {"healthcheck": ("CMD", "x")},
        {"env": ("MIX_ENV=prod",)},
        {"cmd": ("/data/server",)},
    ],
)
def test_signs_of_an_application_make_no_builder(fields: dict[str, Any]) -> None:
    tree = "@debian @gcc app/mix.exs"
    assert facts_of(tree, cmd=("bash",)).role.name == "builder"
    assert facts_of(tree, **{"cmd": ("bash",), **fields}).role.name == "unknown"


def test_no_rule_is_silent_where_the_role_is_not_known() -> None:
    silent = [
        rule.id
        for rule in rules_of(builtin_rules(VOCABULARY).packs)
        if rule.roles.of("unknown") == "off"
    ]
    assert not silent, "proposals with their bytes"
