"""What npm, yarn, pnpm, Bun, Deno and Node itself start by the scripts of a `package.json`.

Source: the manuals of npm (`npm-run-script`, `npm-start`), yarn, pnpm, Bun and Deno (`deno task`), and of
npm-run-all and concurrently, which start several scripts.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from slim.entrypoint.operands import option_values
from slim.entrypoint.runners import (
    CHANGES_DIRECTORY,
    MAX_SCRIPT,
    Call,
    Documents,
    Runner,
    Started,
    runner,
)
from slim.entrypoint.scripts import listed_script, table
from slim.entrypoint.tables import names
from slim.files.view import below, encoded

BINS = b"node_modules/.bin"
_PACKAGES = (b"packages", b"apps", b"services", b"libs")
"""Where the packages of one project are mostly kept."""
_WORKSPACE = names("-w --workspace --filter -F")
_FILE = "package.json"
_DENO = (("deno.json", "tasks"), ("deno.jsonc", "tasks"), (_FILE, "scripts"))


def _npm(call: Call, read: Documents) -> Started | None:
    rest = list(call.words)
    cwd, operand = _next(rest, call.cwd, read)
    if operand in ("run", "run-script"):
        cwd, operand = _next(rest, cwd, read)
    elif operand not in ("start", "test", "restart", "stop"):
        return None
    if not operand or operand in ("exec", "x"):
        return None
    # Options in front of `--` are npm's own.
    own, given = rest, list[str]()
    if "--" in rest:
        own, given = rest[: rest.index("--")], rest[rest.index("--") + 1 :]
    cwd = _directory(own, cwd, read)
    taken = option_values(own, CHANGES_DIRECTORY | _WORKSPACE)
    operands = [word for word in own if not word.startswith("-") and word not in taken]
    found = _package_script(operand, [*operands, *given], cwd, read)
    if found is None and operand == "start" and read.view.is_file(below(cwd, b"server.js")):
        return Started("node server.js", cwd, _FILE)
    return found


def _others(call: Call, read: Documents) -> Started | None:
    """yarn, pnpm and Bun, which take a script's name for a command of their own."""
    rest = list(call.words)
    cwd, operand = _next(rest, call.cwd, read)
    if operand == "workspace" and call.name.startswith("yarn"):
        _, package = _next(rest, cwd, read)
        cwd, operand = _next(rest, _workspace(package, cwd, read), read)
    if operand in ("run", "run-script"):
        cwd, operand = _next(rest, cwd, read)
    if not operand or operand in ("exec", "dlx", "x"):
        return None
    found = _package_script(operand, rest, cwd, read)
    if found is None and (
        operand == "node" or read.view.is_file(below(cwd, BINS + b"/" + encoded(operand)))
    ):
        return Started(shlex.join((operand, *rest)), cwd, _FILE)
    return found


def _node(call: Call, read: Documents) -> Started | None:
    """`node --run start`."""
    named = option_values(call.words, ("--run",))
    behind = call.words[call.words.index("--") + 1 :] if "--" in call.words else ()
    return _package_script(named[0], behind, call.cwd, read) if named else None


def _deno(call: Call, read: Documents) -> Started | None:
    return listed_script(call, read, _DENO, ("task",))


def _several(call: Call, _: Documents) -> Started | None:
    """Tools that start several scripts one after the other, or side by side."""
    operands = [word for word in call.words if not word.startswith("-")]
    if not operands:
        return None
    if call.name == "concurrently":
        texts = [
            f"npm run {operand.removeprefix('npm:')}" if operand.startswith("npm:") else operand
            for operand in operands
        ]
    else:
        texts = [f"npm run {operand}" for operand in operands]
    together = call.name in ("concurrently", "run-p")
    together |= "--parallel" in call.words or "-p" in call.words
    return Started((" &\n" if together else "\n").join(texts), call.cwd, _FILE)


def _next(rest: list[str], cwd: bytes, read: Documents) -> tuple[bytes, str]:
    """Take the options up to the next operand, and that."""
    options: list[str] = []
    while rest:
        word = rest.pop(0)
        if not word.startswith("-"):
            return _directory(options, cwd, read), word
        options.append(word)
        if word in CHANGES_DIRECTORY or word in _WORKSPACE:
            options += rest[:1]
            del rest[:1]
    return _directory(options, cwd, read), ""


def _directory(options: Sequence[str], cwd: bytes, read: Documents) -> bytes:
    """The directory that options choose."""
    for value in option_values(options, CHANGES_DIRECTORY):
        cwd = below(cwd, encoded(value))
    for value in option_values(options, _WORKSPACE):
        cwd = _workspace(value, cwd, read)
    return cwd


def _workspace(name: str, cwd: bytes, read: Documents) -> bytes:
    """The directory of a package of the project: by its place, or by its name, which its directory mostly
    has as well."""
    direct, last = below(cwd, encoded(name)), encoded(name.rpartition("/")[2])
    places = [below(cwd, folder + b"/" + last) for folder in _PACKAGES]
    found = (
        place
        for place in (direct, *places)
        if last and read.view.is_file(below(place, b"package.json"))
    )
    return next(found, cwd)


def _package_script(
    name: str, arguments: Sequence[str], cwd: bytes, read: Documents
) -> Started | None:
    scripts = table(read(below(cwd, b"package.json")), "scripts")
    text, before = scripts.get(name), scripts.get(f"pre{name}")
    if not isinstance(text, str) or not text:
        return None
    line = " ".join((text[:MAX_SCRIPT], *map(shlex.quote, arguments)))
    return Started(line, cwd, _FILE, before[:MAX_SCRIPT] if isinstance(before, str) else "")


RUNNERS = (
    Runner(names=names("npm"), verbs=("exec", "x"), script=_npm),
    Runner(names=names("yarn pnpm"), verbs=("exec", "dlx"), script=_others),
    Runner(names=names("yarnpkg bun"), script=_others),
    Runner(names=names("node"), script=_node),
    Runner(names=names("deno"), script=_deno),
    Runner(names=names("run-s run-p npm-run-all npm-run-all2 concurrently"), script=_several),
    runner("npx pnpx bunx corepack cross-env"),
    runner("nodenv", "exec"),
)
