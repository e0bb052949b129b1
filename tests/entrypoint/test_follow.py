"""What an image runs: followed through wrappers, scripts and supervisors, and never without end."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slim.ecosystems import KNOWLEDGE
from slim.entrypoint import follow
from slim.entrypoint.follow import MAX_COMMANDS, MAX_LINE, MAX_WORDS
from slim.entrypoint.resolve import runs_of, script_paths
from slim.entrypoint.runs import Command, Runs
from slim.facts.gather import gather
from tests.conftest import LONG
from tests.support.views import C, config, view


def runs(tree: str = "", contents: dict[str, str] | None = None, **fields: Any) -> Runs:
    return runs_of(config(**fields), view(tree, contents), KNOWLEDGE.tools)


def final(found: Runs) -> list[tuple[str, str]]:
    return [(" ".join(command.words), command.path) for command in found.final]


@pytest.mark.parametrize(
    ("command", "contents"),
    [
        (
            "supervisord",
            {"etc/supervisord.conf": "[program:x]\ncommand=serve\ndirectory=/srv/feed ; home\n"},
        ),
        (
            "supervisord --configuration=/opt/s.conf",
            {"opt/s.conf": "[program:x]\ncommand=serve\ndirectory=/srv/feed\n"},
        ),
        ("honcho -d /srv/feed start", {"srv/feed/Procfile": "web: serve"}),
        ("s6-svscan /opt/services", {"opt/services/x/run": "#!/bin/sh\ncd /srv/feed\nexec serve"}),
        ("runsvdir /opt/services", {"opt/services/x/run": "#!/bin/sh\ncd /srv/feed\nexec serve"}),
    ],
)
def test_services_are_started_where_their_settings_say(
    command: str, contents: dict[str, str]
) -> None:
    tree = f"usr/bin/serve usr/bin/{command.split(maxsplit=1)[0]} srv/feed/ " + " ".join(contents)
    found = runs(tree, contents, cmd=tuple(command.split()))
    assert [(each.path, each.cwd) for each in found.final] == [("usr/bin/serve", "srv/feed")]


def test_programs_are_looked_up_on_the_path_and_through_links() -> None:
    found = runs(
        "opt/bin/tool usr/bin/tool usr/bin/node->/opt/node/bin/node opt/node/bin/node",
        cmd=("tool", "x"),
        env=("PATH=/none:/opt/bin:/usr/bin",),
    )
    assert final(found) == [("tool x", "opt/bin/tool")]
    found = runs("usr/bin/node->/opt/node/bin/node opt/node/bin/node", cmd=("node", "a.js"))
    assert final(found) == [("node a.js", "opt/node/bin/node")]
    assert final(runs("srv/run", cmd=("./run",), working_dir="/srv/")) == [("./run", "srv/run")]
    assert final(runs("srv/run", cmd=("run",), working_dir="/srv")) == [("run", "")]


def test_entry_point_and_command_are_one_line_except_behind_a_shell() -> None:
    assert final(runs(entrypoint=("a", "b"), cmd=("c",))) == [("a b c", "")]
    found = runs(entrypoint=("/bin/sh", "-c", "node server.js"), cmd=("ignored",))
    assert final(found) == [("node server.js", "")]
    assert found.words == ("/bin/sh", "-c", "node server.js", "ignored")


def test_files_among_arguments_are_resolved_from_the_working_directory() -> None:
    found = runs(
        "srv/app.py usr/a->/srv/app.py",
        cmd=("python", "app.py", "/usr/a", "-x", "no.py"),
        working_dir="/srv",
    )
    assert found.commands[0].files == ("srv/app.py",)
    assert found.resolved == ("srv/app.py",)


def test_commands_before_the_last_one_are_on_the_way() -> None:
    found = runs(cmd=("sh", "-c", "migrate && seed $(which db); serve & exec run"))
    assert [(command.name, command.main) for command in found.commands] == [
        ("sh", True), ("migrate", False), ("seed", False), ("serve", True), ("exec", True),
        ("which", False), ("run", True),
    ]  # fmt: skip
    assert final(found) == [("serve", ""), ("run", "")]


def test_the_last_command_counts_where_nothing_replaces_the_shell() -> None:
    assert final(runs(cmd=("sh", "-c", "migrate; serve; exit 0"))) == [("serve", "")]


def test_a_script_changes_directory() -> None:
    script = '#!/bin/sh\ncd "$(dirname "$0")"\ncd ../lib\nexec ./tool\n'
    found = runs("opt/lib/tool", {"opt/bin/start": script}, cmd=("/opt/bin/start",))
    assert final(found) == [("./tool", "opt/lib/tool")]


def test_interpreters_of_scripts_are_commands_too() -> None:
    found = runs(
        "usr/bin/{python3.12,env} usr/bin/python3->python3.12",
        {"usr/bin/a": "#!/usr/bin/env -S python3 -u\n", "usr/bin/b": "#! /usr/bin/python3\n"},
        cmd=("sh", "-c", "a x & b y"),
    )
    assert final(found) == [
        ("python3 -u /usr/bin/a x", "usr/bin/python3.12"),
        ("/usr/bin/python3 /usr/bin/b y", "usr/bin/python3.12"),
    ]


def test_scripts_that_are_read_in_are_followed() -> None:
    found = runs(
        "bin/sh",
        {"lib.sh": "PORT=1\nhelper --now\n", "run": "#!/bin/sh\n. /lib.sh\nexec serve\n"},
        cmd=("/run",),
    )
    assert "helper" in [command.name for command in found.commands]
    assert final(found) == [("serve", "")]


def test_a_main_command_is_followed_again_after_a_helper_of_the_same_words() -> None:
    found = runs(
        "a.js usr/bin/node", {"usr/bin/x": "#!/usr/bin/node\n"}, cmd=("sh", "-c", "x; x; exec x")
    )
    assert final(found) == [("/usr/bin/node /usr/bin/x", "usr/bin/node")]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("#!/bin/sh\nexec /run\n", ("/run",)),
        ('#!/bin/sh\nexec gosu app "$0" "$@"\n', ("/run", "x")),
        ("#!/bin/sh\n. /run\n", ("/run",)),
        ('#!/bin/sh\nexec /run "$@" "$@" y\n', ("/run", "x")),
        ('#!/bin/sh\n/run a"$1" & /run b"$1"\n', ("/run", "x")),
        ("#!/run\n", ("/run",)),
        ("#!/usr/bin/env /run\n", ("/run",)),
        ('#!/bin/sh\neval "$@"\n', ("/run", "/run", "/run")),
    ],
)
def test_cycles_end(script: str, words: tuple[str, ...]) -> None:
    found = runs("usr/bin/env", {"run": script}, cmd=words)
    assert found.commands[0].words == words
    assert len(found.commands) <= MAX_COMMANDS
    assert (
        sum(len(word) for command in found.commands for word in command.words)
        <= MAX_COMMANDS * MAX_LINE
    )


@LONG
def test_what_is_read_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "".join(f"/next {n}\n" for n in range(500))
    contents = {"run": "#!/bin/sh\n" + lines, "next": "#!/bin/sh\n" + "a $1$1 " * 8000}
    begin = time.process_time()
    found = runs("", contents, cmd=("/run",))
    assert time.process_time() - begin < 10
    assert len(found.commands) <= MAX_COMMANDS
    assert all(len(command.words) <= MAX_WORDS for command in found.commands)
    monkeypatch.setattr(follow, "MAX_READ", 5)
    assert len(runs("", contents, cmd=("/run",)).commands) == 1


def test_the_health_check_is_apart() -> None:
    found = runs(cmd=("a",), healthcheck=("CMD-SHELL", "curl -f x || exit 1"))
    assert [command.name for command in found.healthcheck] == ["curl"]
    assert [command.name for command in found.commands] == ["a"]
    assert [command.name for command in runs(healthcheck=("CMD", "/probe", "-x")).healthcheck] == [
        "probe"
    ]
    assert not runs(healthcheck=("NONE",)).healthcheck
    assert not runs(healthcheck=("CMD",)).all


def test_npm_scripts_are_read_from_the_directory_that_is_asked_for() -> None:
    contents = {"web/package.json": '{"scripts": {"serve": "vite --host"}}'}
    tree = "web/node_modules/.bin/vite->../vite/bin/vite.js web/node_modules/vite/bin/vite.js"
    found = runs(tree, contents, cmd=("yarn", "--cwd", "web", "serve"))
    assert [(command.name, command.main) for command in found.commands] == [
        ("yarn", True),
        ("vite", True),
    ]
    found = runs(tree, contents, cmd=("npm", "run", "serve"), working_dir="/web")
    assert final(found) == [("vite --host", "web/node_modules/vite/bin/vite.js")]


@pytest.mark.parametrize(
    "content", ["", "[]", '{"scripts": 1}', '{"scripts": {"start": []}}', "[" * 10_000]
)
def test_a_damaged_package_json_says_nothing(content: str) -> None:
    assert len(runs("", {"package.json": content}, cmd=("npm", "start")).commands) == 1


@pytest.mark.parametrize(
    "content", ["", "[]", '{"processes": 1}', '{"processes": [1, {"command": 1}]}', "[" * 10_000]
)
def test_a_damaged_label_of_buildpacks_says_nothing(content: str) -> None:
    assert not runs(labels={"io.buildpacks.build.metadata": content}).commands


def test_evidence_shows_no_values() -> None:
    found = runs(cmd=("serve", "--password=hunter2", "KEY=hunter2", "http://u:hunter2@h"))
    assert found.evidence == ("CMD: serve",)
    long = Command(("a" * 200,), "", True, True, "CMD")
    assert len(long.brief) == 80


def test_scripts_are_named_before_the_image_is_read() -> None:
    paths = script_paths(
        config(
            entrypoint=("/opt/../start", "-x"), cmd=("sh", "-c", "exec ./serve $X"),
            working_dir="/app", env=("PATH=/bin:/opt/bin",),
        )
    )  # fmt: skip
    assert {b"start", b"app/serve", b"opt/bin/sh", b"bin/exec"} <= paths
    assert b"app/-x" not in paths
    many = tuple(str(n) for n in range(1000))
    assert len(script_paths(config(cmd=many))) <= MAX_COMMANDS


PIECES = st.sampled_from(
    [
        *(
            "a",
            "/run",
            "sh",
            "-c",
            "exec",
            "$@",
            '"$@"',
            "&",
            ";",
            "|",
            "\n",
            "#!/bin/sh\n",
            "env",
            "A=b",
        ),
        *(
            "(",
            ")",
            "$(",
            "`",
            "'",
            '"',
            "gosu",
            "x",
            "--",
            "tini",
            "case",
            "in",
            "esac",
            ";;",
            "if",
            "then",
        ),
        *(
            ".",
            "cd",
            "..",
            "supervisord",
            "/init",
            "npm",
            "start",
            "cron",
            "bundle",
            "exec",
            "\0",
            "\udcff",
        ),
        *("é", "${A:-", "}", "<<E"),
    ]
)
TEXTS = st.lists(PIECES, max_size=30).map(" ".join)
WORDS = st.lists(st.one_of(PIECES, TEXTS, st.text(max_size=8)), max_size=8).map(tuple)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(WORDS, WORDS, WORDS, TEXTS, TEXTS, TEXTS, st.lists(st.text(max_size=12), max_size=4))
def test_hostile_images_are_read_to_the_end(
    entrypoint: tuple[str, ...],
    cmd: tuple[str, ...],
    check: tuple[str, ...],
    script: str,
    services: str,
    workdir: str,
    env: list[str],
) -> None:
    kept = {
        name: text.encode("utf-8", "replace").decode()
        for name, text in (("s", script), ("v", services))
    }
    contents = {
        "run": kept["s"], "a": "#!/bin/sh\n" + kept["s"], "usr/bin/x": "#!" + kept["s"],
        "etc/services.d/x/run": kept["s"], "etc/cron.d/x": "* * * * * root " + kept["v"],
        "etc/supervisord.conf": "[program:x]\ncommand=" + kept["v"], "package.json": kept["v"],
        "etc/passwd": kept["v"], "etc/os-release": kept["s"], "Procfile": "x: " + kept["v"],
    }  # fmt: skip
    image = config(
        entrypoint=entrypoint, cmd=cmd, healthcheck=("CMD", *check), working_dir=workdir,
        env=("PATH=/usr/bin:.", *env), labels={"io.buildpacks.build.metadata": services},
    )  # fmt: skip
    facts = gather(
        image,
        (),
        view("usr/bin/env usr/bin/y->x", contents, {"usr/bin/node": C}),
        knowledge=KNOWLEDGE,
    )
    assert len(facts.runs.commands) <= MAX_COMMANDS
    assert set(facts.evidence) == facts.facts


PACKAGE = (
    '{"scripts": {"start": "node server.js", "set": "NODE_ENV=production node server.js", '
    '"two": "node migrate.js && node server.js", "again": "npm start", "moved": "cd web && node x.js", '
    '"shell": "node $FILE", "next": "next start"}}'
)


@pytest.mark.parametrize(
    ("fields", "direct"),
    [
        ({"cmd": ("npm", "start")}, ("node", "server.js")),
        ({"cmd": ("npm", "run", "again")}, ("node", "server.js")),
        ({"cmd": ("npm", "start", "--", "-p", "80")}, ("node", "server.js", "-p", "80")),
        ({"cmd": ("npm", "run", "set")}, ("env", "NODE_ENV=production", "node", "server.js")),
        ({"cmd": ("npx", "cross-env", "A=b", "node", "server.js")}, ("env", "A=b", "node", "server.js")),
        ({"entrypoint": ("tini", "--"), "cmd": ("npm", "start")}, ("tini", "--", "node", "server.js")),
        (
            {"cmd": ("npm", "run", "next")},
            ("node", "/app/node_modules/next/dist/bin/next", "start"),
        ),
        ({"cmd": ("npm", "run", "two")}, ()),
        (
            {"cmd": ("npm", "run", "moved")},
            ("sh", "-c", "cd /app/web && exec node x.js"),
        ),
        ({"entrypoint": ("tini", "--"), "cmd": ("npm", "run", "moved")}, ()),
        ({"cmd": ("npm", "run", "shell")}, ()),
        ({"cmd": ("npm", "run", "none")}, ()),
        ({"cmd": ("node", "server.js")}, ()),
        ({"cmd": ("sh", "-c", "npm start")}, ()),
        ({"cmd": ("/entry.sh",)}, ()),
    ],
)  # fmt: skip
def test_what_does_the_same_without_npm(fields: dict[str, Any], direct: tuple[str, ...]) -> None:
    contents = {
        "app/package.json": PACKAGE,
        "entry.sh": "#!/bin/sh\nexec npm start\n",
        "app/node_modules/next/dist/bin/next": "#!/usr/bin/env node\n",
    }
    tree = (
        "usr/bin/{node,env,npm,npx,tini} app/{server.js,web/x.js,node_modules/.bin/cross-env} "
        "app/node_modules/.bin/next->../next/dist/bin/next"
    )
    found = runs(tree, contents, working_dir="/app", **fields)
    assert found.direct == direct
    assert ("usr/bin/npm" in found.resolved) is (fields["cmd"][0] in ("npm", "sh", "/entry.sh"))


def test_files_that_tools_look_for_are_named_before_the_image_is_read() -> None:
    image = config(cmd=("sh", "-c", "service web start; make -s run"), working_dir="/srv")
    assert script_paths(image) >= {b"srv/Makefile", b"etc/init.d/web"}


@pytest.mark.parametrize(
    "makefile",
    [
        "a := $(a)$(a)\nrun:\n\t$(a)\n",
        "".join(f"v{n} = $(v{n + 1}) $(v{n + 1})\n" for n in range(400)) + "run:\n\t$(v0)\n",
        "run: " + " ".join(f"t{n}" for n in range(2_000)) + "\n\tserve\n",
        "".join(f"t{n}: t{n + 1}\n\tx{n}\n" for n in range(2_000)) + "run: t0\n\tserve\n",
        "run:\n" + "\tmake run$(X)\n" * 4_000,
        "a b=c " * 8_000 + ":\n\tx\nrun:\n\tserve\n",
        ": := :\n" * 4_000,
    ],
    ids=["itself", "chain", "many", "deep", "again", "long", "colons"],
)
def test_a_hostile_makefile_is_read_to_the_end(makefile: str) -> None:
    began = time.monotonic()
    found = runs(
        "usr/bin/make", {"srv/Makefile": makefile}, cmd=("make", "run"), working_dir="/srv"
    )
    assert len(found.commands) <= MAX_COMMANDS
    assert time.monotonic() - began < 5


def test_what_does_the_same_without_make() -> None:
    makefile = "run:\n\tnode server.js\ntwo: run\n\tnode other.js\n"
    tree, contents = "usr/bin/{make,node} srv/server.js", {"srv/Makefile": makefile}
    found = {
        target: runs(tree, contents, cmd=("make", target), working_dir="/srv").direct
        for target in ("run", "two")
    }
    assert found == {"run": ("node", "server.js"), "two": ()}
