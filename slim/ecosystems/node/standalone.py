"""What `next build` writes with `output: "standalone"`, computed from its traces.

The build traces which files each page and the server itself load, and writes the lists beside what it
compiled, whether or not that output is asked for. `next start` needs more: its own command line.
Source: Next.js documentation, "output" and "outputFileTracingIncludes"; `copyTracedFiles` in its sources.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from msgspec import Struct

from slim.entrypoint.runs import Command
from slim.entrypoint.tables import raw_names
from slim.files.view import View, decoded, encoded
from slim.files.view import below as join
from slim.packages.documents import load_object, object_of, text_of, texts_of
from slim.packages.package import PackageWarnings
from slim.rebuild.model import Given
from slim.rebuild.trees import below, row_at

_TRACE = b".nft.json"
_SERVER = b".next/next-server.js.nft.json"
_ABOUT = b".next/required-server-files.json"
_PROGRAM = "node_modules/next/dist/bin/next"
_CONFIGS = (b"next.config.mjs", b"next.config.ts", b"next.config.js")
_STARTER = tuple(
    b"node_modules/next/dist/" + place
    for place in sorted(
        raw_names(
            "server build lib shared telemetry compiled/amphtml-validator compiled/@next compiled/conf "
            "compiled/@edge-runtime/primitives compiled/node-fetch compiled/postcss-preset-env "
            "compiled/crypto-browserify compiled/cssnano-simple compiled/schema-utils3 compiled/acorn "
            "compiled/compression compiled/comment-json compiled/tar"
        )
    )
)
"""Where most of what the program of the standalone output loads besides lies: only a build that is asked for
it traces that. Measured with Next.js 15: all but 0.9 of 17.6 MB, and 1.0 MB too much."""
_CODE = (b".js", b".json", b".cjs", b".mjs", b".wasm")
_MOST_FILES = 500_000


class Standalone(Struct, frozen=True):
    """The files of one application."""

    traced: tuple[int, ...]
    """Rows that the traces name."""
    starter: tuple[int, ...]
    """Rows that the traces of another build would name, as far as their places tell."""
    built: tuple[int, ...]
    """Rows of what the build wrote and the server reads."""
    folder: str
    """Where the build puts the program, below `.next`; `standalone`, and in a repository of several
    applications a directory in that."""
    config: str
    """Which file has the configuration that does not ask for this output yet: its ending, `none` for no file,
    `module` for one of ECMAScript that ends in `.js`; empty where it asks."""


def standalone(given: Given, command: Command, home: bytes) -> Standalone | None:
    """The files; None if the program is not Next.js's own server, or not all traces are known."""
    view = given.view
    if "start" not in command.words or not any(_PROGRAM in file for file in command.files):
        return None
    about = _object(view, join(home, _ABOUT))
    if about is None or not view.is_file(join(home, _SERVER)):
        return None
    traces = [join(home, _SERVER)]
    built: list[int] = []
    for row in below(view, join(home, b".next/server")):
        path = view.files.path(row)
        if path.endswith(_TRACE):
            traces.append(path)
        else:
            built.append(row)
    paths: dict[bytes, None] = {}
    for trace in traces:
        document = _object(view, trace)
        if document is None or len(paths) > _MOST_FILES:
            return None
        paths.update(dict.fromkeys(_listed(trace, texts_of(document.get("files")))))
    paths.update(dict.fromkeys(join(home, encoded(name)) for name in texts_of(about.get("files"))))
    rows = (row_at(view, path) for path in paths)
    built += below(view, join(home, b".next/static"))
    package = row_at(view, join(home, b".next/package.json"))
    built += [] if package is None else [package]
    inside = text_of(about.get("relativeAppDir")).strip("/")
    configured = text_of(object_of(about.get("config")).get("output")) == "standalone"
    return Standalone(
        tuple(row for row in rows if row is not None),
        tuple(_starter(given, home)) if not configured else (),
        tuple(built),
        "/".join(filter(None, ("standalone", inside))),
        "" if configured else _config(view, home),
    )


def port_of(command: Command) -> str:
    """The port that an option of `next start` chooses; empty without one."""
    for at, word in enumerate(command.words):
        name, _, value = word.partition("=")
        if name in ("-p", "--port"):
            value = value or "".join(command.words[at + 1 : at + 2])
            return value if value.isascii() and value.isdigit() else ""
    return ""


def _listed(trace: bytes, names: list[str]) -> Iterator[bytes]:
    above = trace.rpartition(b"/")[0]
    for name in names:
        path = posixpath.normpath(above + b"/" + encoded(name))
        if not path.startswith((b"..", b"/")):
            yield path


def _starter(given: Given, home: bytes) -> Iterator[int]:
    names = given.view.files.name
    for place in _STARTER:
        for row in below(given.view, join(home, place)):
            if names[row].endswith(_CODE):
                yield row


def _config(view: View, home: bytes) -> str:
    name = next((name for name in _CONFIGS if view.is_file(join(home, name))), None)
    if name is None:
        return "none"
    ending = decoded(name).rpartition(".")[2]
    package = _object(view, join(home, b"package.json")) or {}
    return "module" if ending == "js" and package.get("type") == "module" else ending


def _object(view: View, path: bytes) -> dict[str, object] | None:
    content = view.read(path)
    return None if content is None else load_object(content, path, PackageWarnings())
