"""Start commands in the forms in which images have them: what runs in the end, and which role that is."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from slim.ecosystems import KNOWLEDGE
from slim.facts.gather import Facts, gather
from slim.files.view import View
from tests.support.views import FILES, TEXTS, Case, config, read_cases, view

FILES["otp-debian"] = """
    usr/lib/erlang/{erts-15.2/bin/{beam.smp,erlexec},lib/stdlib-6.2/ebin/stdlib.app}
    usr/bin/erl->../lib/erlang/bin/erl usr/bin/iex->../lib/elixir/bin/iex
    usr/bin/mix->../lib/elixir/bin/mix usr/bin/elixir->../lib/elixir/bin/elixir
"""
FILES["npm-script"] = FILES["npm"] + (
    " usr/local/lib/node_modules/npm/bin/npx-cli.js"
    " usr/local/bin/npx->../lib/node_modules/npm/bin/npx-cli.js"
)
FILES["node-tools"] = "usr/local/bin/{yarn,pnpm,bun,bunx,corepack}"
FILES["next"] = """
    app/node_modules/.bin/next->../next/dist/bin/next app/node_modules/next/package.json
    app/node_modules/.bin/{concurrently,run-s,cross-env}
"""
FILES["venv"] = "ROOT/{pyvenv.cfg,bin/activate} ROOT/bin/python->/usr/local/bin/python3"
TEXTS.update(
    {
        "elixir-script": (
            '#!/bin/sh\nset -e\nif [ $# -eq 0 ]; then\n  cat <<USAGE >&2\nUsage: $(basename "$0")\n'
            "USAGE\n  exit 1\nfi\nfollow_link () {\n"
            '  cd "$(dirname "$1")" > /dev/null\n  echo "$(pwd -P)/$(basename "$1")"\n}\n'
            'ERL=""\nERL_EXEC="erl"\nMODE="cli"\nI=1\nLENGTH=$#\nset -- "$@" -extra\n'
            'while [ $I -le $LENGTH ]; do\n  C=0\n  case "$1" in\n    +iex)\n      C=1\n'
            '      MODE="iex"\n      ;;\n    --erl)\n      ERL="$ERL $2"\n      shift 2\n      ;;\n'
            '    *)\n      while [ $I -le $LENGTH ]; do\n        set -- "$@" "$1"\n        shift\n'
            "      done\n      break\n      ;;\n  esac\n  shift $C\ndone\n"
            'SELF=$(follow_link "$0")\nSCRIPT_PATH=$(dirname "$SELF")\n'
            'if [ "$MODE" != "iex" ]; then ERL="-s elixir start_cli $ERL"; fi\nBIN=\nBIN="$BIN"\n'
            'set -- "$BIN$ERL_EXEC" -noshell -elixir_root "$SCRIPT_PATH"/../lib $ERL "$@"\n'
            'if [ -n "$PIPE" ]; then\n  ERL_EXEC="run_erl"\n  set -- "$BIN$ERL_EXEC" -daemon\nfi\n'
            'if [ -n "$DRY_RUN" ]; then\n  echo "$@"\nelse\n  exec "$@"\nfi\n'
        ),
        "iex-script": (
            '#!/bin/sh\nset -e\nSELF=$(readlink -f "$0")\nSCRIPT_PATH=$(dirname "$SELF")\n'
            'exec "$SCRIPT_PATH"/elixir --no-halt --erl "-user elixir" +iex "$@"\n'
        ),
        "mix-start": "#!/usr/bin/env elixir\nMix.start\nMix.CLI.main()\n",
        "erl-script": (
            '#!/bin/sh\nprogdir=`dirname "$0"`\nif [ -z "$ERL_ROOTDIR" ]\nthen\n'
            "    ROOTDIR=/usr/lib/erlang\nelse\n    ROOTDIR=/usr/lib/erlang\nfi\n"
            'BINDIR="$ROOTDIR/erts-15.2/bin"\nEMU=beam\nexport EMU ROOTDIR BINDIR\n'
            'exec "$BINDIR/erlexec" ${1+"$@"}\n'
        ),
        "venv-script": "#!/usr/local/bin/python3\nimport sys\nsys.exit(run())\n",
    }
)
ENTRY = (
    '#!/bin/sh\nset -e\nif [ "${1#-}" != "$1" ]; then\n  set -- default "$@"\nfi\n'
    'echo "starting"\nexec "$@"\n'
)
_SHELL = re.compile(r"[;&|$]|^cd |^exec |^[.] |^[A-Z_]+=")
SHELL_FORMS = ("shell", "bash -c")
FORMS = ("exec", "entrypoint and command", "tini", "entry script", "shell", "bash -c")


class Start(Struct):
    """One start command, and what is expected of it."""

    case: Case
    line: str
    roles: list[str]
    families: list[str]
    programs: list[str]
    files: list[str]


def read_starts(text: str) -> Iterator[Start]:
    words, lines, name = [], [], ""
    for line in text.splitlines():
        if line.startswith("## "):
            name = line.partition(" | ")[0]
            words.append(name)
        elif " => " in line and not line.startswith((" ", "#")):
            lines.append((name.removeprefix("## "), line))
        else:
            words.append(line)
    cases = {case.name: case for case in read_cases("\n".join(words) + "\n")}
    for name, line in lines:
        command, _, expected = line.partition(" => ")
        role, family, program, *files = expected.split()
        yield Start(
            cases[name],
            command,
            role.split("|"),
            [] if family == "-" else family.split(","),
            [] if program == "-" else program.split(","),
            files,
        )


TEXTS_OF_STARTS = [
    Path(__file__).with_name(name).read_text(encoding="utf-8")
    for name in ("starts.txt", "public_starts.txt")
]
STARTS = [start for text in TEXTS_OF_STARTS for start in read_starts(text)]


def forms_of(line: str) -> tuple[str, ...]:
    """The forms in which an image can have a line."""
    if line.startswith('["'):
        return ("as written",)
    return SHELL_FORMS if _SHELL.search(line) else FORMS


def fields_of(start: Start, form: str) -> dict[str, Any]:
    """The entry point and the command of an image that is started so."""
    if form == "as written":
        entrypoint, command = json.loads(f"[{start.line.replace('] [', '], [')}]")
        return {"entrypoint": tuple(entrypoint), "cmd": tuple(command)}
    words = tuple(shlex.split(start.line)) if form not in SHELL_FORMS else ()
    if form == "exec":
        return {"cmd": words}
    if form == "entrypoint and command":
        return {"entrypoint": words[:1], "cmd": words[1:]}
    if form == "tini":
        return {"entrypoint": ("tini", "--"), "cmd": words}
    if form == "entry script":
        return {"entrypoint": ("/usr/local/bin/docker-entrypoint.sh",), "cmd": words}
    return {"cmd": ("/bin/sh" if form == "shell" else "bash", "-c", start.line)}


def facts_of(start: Start, form: str) -> Facts:
    image = config(**start.case.config, **fields_of(start, form))
    return gather(image, (), view_of_case(start.case.name), knowledge=KNOWLEDGE)


@cache
def view_of_case(name: str) -> View:
    case = next(start.case for start in STARTS if start.case.name == name)
    contents = {**case.contents, "usr/local/bin/docker-entrypoint.sh": ENTRY}
    return view(" ".join(case.tree), contents, case.elfs)


MATRIX = [
    pytest.param(start, form, id=f"{start.case.name}: {start.line} ({form})")
    for start in STARTS
    for form in forms_of(start.line)
]


@pytest.mark.parametrize(("start", "form"), MATRIX)
def test_a_start_command_is_understood(start: Start, form: str) -> None:
    facts = facts_of(start, form)
    runs = facts.runs
    shown = "\n".join((*runs.evidence, *facts.role.evidence))
    assert facts.role.name in start.roles, shown
    assert sorted(command.path for command in runs.final if command.path) == sorted(
        start.programs
    ), shown
    families = {facts.families[command] for command in runs.final} - {""}
    assert families == set(start.families), shown
    assert set(start.files) <= {path for command in runs.final for path in command.files}, shown


def test_there_are_many_start_commands_each_with_a_source() -> None:
    assert len(STARTS) >= 650
    assert len({(start.case.name, start.line) for start in STARTS}) == len(STARTS)
    lines = [line for text in TEXTS_OF_STARTS for line in text.splitlines()]
    heads = [line for line in lines if line.startswith("## ")]
    assert all(head.partition(" | ")[2] for head in heads)
