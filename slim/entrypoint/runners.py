"""What the tools of languages start: `npm start`, `uv run web`, `conda run -n app x`, `bundle exec puma`.

Such a tool reads the project's own list of scripts, or looks a command up in the project's environment
(`node_modules/.bin`, `.venv/bin`). It could be left out by starting that directly.
Source: the manuals of npm (`npm-run-script`, `npm-start`), yarn, pnpm, Bun, Deno (`deno task`), Composer
("Scripts"), PDM, Rye, Hatch, Pipenv, Pixi, uv ("Project environments"), Poetry, conda and Bundler.
"""

from __future__ import annotations

import json
import shlex
import tomllib
from collections.abc import Mapping, Sequence
from typing import TypeGuard

from msgspec import Struct

from slim.entrypoint.tables import names
from slim.files.view import View, below, encoded

_MAX_TEXT = 4_096
_MAX_PLACES = 16

_NODE = names("npm yarn yarnpkg pnpm bun")
_AT = names("--prefix --cwd -C --dir --working-dir -d")
_PACKAGES = (b"packages", b"apps", b"services", b"libs")
"""Where the packages of one project are mostly kept."""
_WORKSPACE = names("-w --workspace --filter -F")
_VIRTUAL = names("uv uvx poetry pipenv pdm rye hatch poe")
_CONDA = names("conda mamba micromamba")
_BUNDLE = names("bundle bundler")
_SCRIPTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "pdm": (("pyproject.toml", "tool.pdm.scripts"),),
    "rye": (("pyproject.toml", "tool.rye.scripts"),),
    "hatch": (
        ("pyproject.toml", "tool.hatch.envs.default.scripts"),
        ("hatch.toml", "envs.default.scripts"),
    ),
    "poe": (("pyproject.toml", "tool.poe.tasks"),),
    "pipenv": (("Pipfile", "scripts"),),
    "pixi": (("pixi.toml", "tasks"), ("pyproject.toml", "tool.pixi.tasks")),
    "deno": (("deno.json", "tasks"), ("deno.jsonc", "tasks"), ("package.json", "scripts")),
    "composer": (("composer.json", "scripts"),),
}
"""Tool → (file, dotted key) of its scripts, the first that there is counts."""
_VERBS = {"deno": ("task",), "composer": ("run-script", "run"), "poe": ()}
"""Words of which one stands in front of a script's name, where that is not `run`."""


class Documents:
    """JSON and TOML files of an image, each read once."""

    def __init__(self, view: View) -> None:
        self.view = view
        self._read: dict[bytes, dict[str, object]] = {}

    def __call__(self, path: bytes) -> dict[str, object]:
        """One file; empty where there is none, or a damaged one."""
        if path not in self._read:
            self._read[path] = _parsed(
                self.view.read(path), is_json=path.endswith((b".json", b".jsonc"))
            )
        return self._read[path]


class Started(Struct, frozen=True):
    """What a script of a project starts."""

    text: str
    """For a shell."""
    cwd: bytes
    where: str
    """File that says so."""
    before: str = ""
    """For a shell, on the way."""


def project_script(
    name: str, words: tuple[str, ...], cwd: bytes, read: Documents
) -> Started | None:
    """What a tool that is called with `words` starts by the project's list of scripts; None for nothing."""
    rest = list(words[1:])
    if name == "node":
        return _node_run(rest, cwd, read)
    if name in _NODE:
        return _node_script(name, rest, cwd, read)
    if name in ("run-s", "run-p", "npm-run-all", "npm-run-all2", "concurrently"):
        return _several(name, rest, cwd)
    return _other_script(name, rest, cwd, read) if name in _SCRIPTS else None


def environment_places(
    name: str,
    words: Sequence[str],
    path: bytes | None,
    cwd: bytes,
    env: Mapping[str, str],
    view: View,
) -> tuple[bytes, ...]:
    """The directories in which a tool looks for commands before it looks on the PATH.

    Args:
        path: of the tool's own file.
    """
    if name in _VIRTUAL:
        found = _virtual_environments(words, cwd, env, view)
    elif name in _CONDA:
        found = _conda_environments(words, path, env)
    elif name == "pixi":
        found = [below(cwd, b".pixi/envs/default")]
    elif name in _BUNDLE:
        found = _gem_homes(cwd, env, view)
    else:
        return ()
    places = (view.real(below(place, b"bin")) for place in found[:_MAX_PLACES])
    return tuple(dict.fromkeys(place for place in places if place is not None))


def _virtual_environments(
    words: Sequence[str], cwd: bytes, env: Mapping[str, str], view: View
) -> list[bytes]:
    projects = [
        below(cwd, encoded(folder)) for folder in _values(words, ("--project", "--directory", *_AT))
    ]
    variables = (env.get(variable, "") for variable in ("UV_PROJECT_ENVIRONMENT", "VIRTUAL_ENV"))
    found = [below(cwd, encoded(value)) for value in variables if value]
    found += [below(folder, name) for folder in (*projects, cwd) for name in (b".venv", b"venv")]
    home = encoded(env.get("HOME") or "/root")
    stores = [home + b"/.cache/pypoetry/virtualenvs", home + b"/.local/share/virtualenvs"]
    for variable, inside in (("WORKON_HOME", b""), ("POETRY_VIRTUALENVS_PATH", b""),
                             ("POETRY_CACHE_DIR", b"/virtualenvs")):  # fmt: skip
        if env.get(variable):
            stores.append(encoded(env[variable]) + inside)
    for store in stores:
        found += [store + b"/" + name for name in view.children(below(b"", store))[:_MAX_PLACES]]
    return found


def _conda_environments(
    words: Sequence[str], path: bytes | None, env: Mapping[str, str]
) -> list[bytes]:
    homes = [
        encoded(env[variable])
        for variable in ("MAMBA_ROOT_PREFIX", "CONDA_DIR")
        if env.get(variable)
    ]
    if path is not None:
        homes.append(path.rpartition(b"/")[0].rpartition(b"/")[0])
    homes += [b"opt/conda", b"opt/miniconda3", b"root/miniconda3", b"opt/miniforge3"]
    prefixes = _values(words, ("-p", "--prefix"))
    named = _values(words, ("-n", "--name")) or ([] if prefixes else ["base"])
    found = list(map(encoded, prefixes))
    for name in named:
        inside = b"" if name == "base" else b"/envs/" + encoded(name)
        found += [home + inside for home in homes]
    return found


def _gem_homes(cwd: bytes, env: Mapping[str, str], view: View) -> list[bytes]:
    found = [encoded(env[variable]) for variable in ("GEM_HOME", "BUNDLE_BIN") if env.get(variable)]
    bundles = [below(cwd, encoded(env["BUNDLE_PATH"]))] if env.get("BUNDLE_PATH") else []
    for bundle in (*bundles, below(cwd, b"vendor/bundle"), b"usr/local/bundle"):
        found += [
            below(bundle, b"ruby/" + version)
            for version in view.children(below(bundle, b"ruby"))[:4]
        ]
        found.append(bundle)
    return [
        *found,
        cwd,
        *(b"var/lib/gems/" + version for version in view.children(b"var/lib/gems")[:4]),
    ]


def _values(words: Sequence[str], options: Sequence[str]) -> list[str]:
    """The values of some options: `--name x`, `--name=x`."""
    found: list[str] = []
    for at, word in enumerate(words):
        name, equals, value = word.partition("=")
        if word in options and at + 1 < len(words):
            found.append(words[at + 1])
        elif equals and name in options:
            found.append(value)
    return found


def _node_run(rest: list[str], cwd: bytes, read: Documents) -> Started | None:
    """`node --run start`."""
    named = _values(rest, ("--run",))
    behind = rest[rest.index("--") + 1 :] if "--" in rest else []
    return _package_script(named[0], behind, cwd, read) if named else None


def _node_script(name: str, rest: list[str], cwd: bytes, read: Documents) -> Started | None:
    cwd, operand = _next(rest, cwd, read)
    if operand == "workspace" and name.startswith("yarn"):
        _, package = _next(rest, cwd, read)
        cwd = _workspace(package, cwd, read)
        cwd, operand = _next(rest, cwd, read)
    if operand in ("run", "run-script"):
        cwd, operand = _next(rest, cwd, read)
        known = True
    else:
        known = operand in ("start", "test", "restart", "stop")
    if not operand or (name == "npm" and not known) or operand in ("exec", "dlx", "x"):
        return None
    if name == "npm":
        # Options in front of `--` are npm's own.
        own, rest = (rest[: rest.index("--")], rest[rest.index("--") + 1 :]) if "--" in rest else (
            rest, []
        )  # fmt: skip
        cwd, operands = (
            _directory(own, cwd, read),
            [word for word in own if not word.startswith("-")],
        )
        taken = _values(own, (*_AT, *_WORKSPACE))
        rest = [*(word for word in operands if word not in taken), *rest]
    found = _package_script(operand, rest, cwd, read)
    if found is not None:
        return found
    if name == "npm":
        default = operand == "start" and read.view.is_file(below(cwd, b"server.js"))
        found = Started("node server.js", cwd, "package.json") if default else None
    else:
        if operand == "node":
            return Started(shlex.join(("node", *rest)), cwd, "package.json")
        if read.view.is_file(below(cwd, b"node_modules/.bin/" + encoded(operand))):
            return Started(shlex.join((operand, *rest)), cwd, "package.json")
    return found


def _next(rest: list[str], cwd: bytes, read: Documents) -> tuple[bytes, str]:
    """Take the options up to the next operand, and that."""
    options: list[str] = []
    while rest:
        word = rest.pop(0)
        if not word.startswith("-"):
            return _directory(options, cwd, read), word
        options.append(word)
        if word in _AT or word in _WORKSPACE:
            options += rest[:1]
            del rest[:1]
    return _directory(options, cwd, read), ""


def _directory(options: Sequence[str], cwd: bytes, read: Documents) -> bytes:
    """The directory that options choose."""
    for value in _values(options, tuple(_AT)):
        cwd = below(cwd, encoded(value))
    for value in _values(options, tuple(_WORKSPACE)):
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
    scripts = _table(read(below(cwd, b"package.json")), "scripts")
    text, before = scripts.get(name), scripts.get(f"pre{name}")
    if not isinstance(text, str) or not text:
        return None
    line = " ".join((text[:_MAX_TEXT], *map(shlex.quote, arguments)))
    return Started(line, cwd, "package.json", before[:_MAX_TEXT] if isinstance(before, str) else "")


def _several(name: str, rest: Sequence[str], cwd: bytes) -> Started | None:
    """Tools that start several scripts one after the other, or side by side."""
    operands = [word for word in rest if not word.startswith("-")]
    if not operands:
        return None
    if name == "concurrently":
        texts = [
            f"npm run {operand.removeprefix('npm:')}" if operand.startswith("npm:") else operand
            for operand in operands
        ]
    else:
        texts = [f"npm run {operand}" for operand in operands]
    together = name in ("concurrently", "run-p") or "--parallel" in rest or "-p" in rest
    return Started((" &\n" if together else "\n").join(texts), cwd, "package.json")


def _other_script(name: str, rest: list[str], cwd: bytes, read: Documents) -> Started | None:
    for value in _values(rest, tuple(_AT)):
        cwd = below(cwd, encoded(value))
    operands = rest
    while operands and operands[0].startswith("-"):
        operands = operands[2 if operands[0] in _AT else 1 :]
    verbs = _VERBS.get(name, ("run",))
    if verbs:
        if operands[:1] and operands[0] in verbs:
            operands = operands[1:]
        elif name != "composer":
            return None
    while operands and operands[0].startswith("-"):
        operands = operands[1:]
    if not operands:
        return None
    for file, key in _SCRIPTS[name]:
        table: object = read(below(cwd, encoded(file)))
        for part in key.split("."):
            table = _table(table, part)
        text = _text(table.get(operands[0]) if isinstance(table, dict) else None)
        if text:
            arguments = [word for word in operands[1:] if word != "--"]
            return Started(" ".join((text, *map(shlex.quote, arguments))), cwd, file)
    return None


def _text(value: object) -> str:
    """A script, as tools write it: a text, a list, or a table with one of them."""
    if isinstance(value, dict):
        value = next((value[key] for key in ("cmd", "shell", "command") if key in value), "")
        value = shlex.join(value) if _is_texts(value) else value
    elif _is_texts(value):
        value = "\n".join(value)
    if not isinstance(value, str):
        return ""
    lines = [line.replace("@php ", "php ", 1) for line in value[:_MAX_TEXT].split("\n")]
    return "\n".join(line for line in lines if not line.startswith(("@", "Composer\\")))


def _is_texts(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _table(document: object, key: str) -> dict[str, object]:
    found = document.get(key) if isinstance(document, dict) else None
    return found if isinstance(found, dict) else {}


def _parsed(content: bytes | None, *, is_json: bool) -> dict[str, object]:
    if content is None:
        return {}
    try:
        found = json.loads(content) if is_json else tomllib.loads(content.decode())
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
