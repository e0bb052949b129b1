"""The image's own build, read back from its history: what the build stage of a written Dockerfile repeats.

Each step is data: texts are quoted where they are written down (`dockerfile.py`). A history that does not
say enough gives no steps at all: a build that leaves one out would make another image.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from slim.dockerfile.history import Recorded, recorded, shells
from slim.dockerfile.syntax import split_flags
from slim.files.table import Kind
from slim.files.view import decoded, encoded
from slim.image.model import History
from slim.patterns import regex
from slim.rebuild.model import BuildStep, Given

_CONTENT = ("file:", "dir:", "multi:")
_ASSIGNED = regex(r"(?:^|\s)([A-Za-z_][A-Za-z0-9_]{0,255})=")
_LEGACY = regex(r"([A-Za-z_][A-Za-z0-9_]{0,255})\s")
_PIECE = regex(
    r"""'(?P<single>[^']*)'|(?P<mark>")|\\(?P<escaped>.)"""
    r"""|\$(?:\{(?P<braced>[A-Za-z_]\w*)\}|(?P<name>[A-Za-z_]\w*))""",
    re.ASCII | re.DOTALL,
)
"""What is more than itself in a word of a Dockerfile."""
_SETTINGS = frozenset(
    (
        *("CMD", "ENTRYPOINT", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD"),
        *("STOPSIGNAL", "VOLUME"),
    )
)
"""They say how the image runs, which is no matter of the build stage."""
_MAX_STEPS = 200


class _Copied(Struct, frozen=True):
    """The files of a layer that COPY or ADD made, below its target."""

    target: str
    """Absolute, without a slash at its end."""
    files: dict[str, bytes]
    """Path below the target, empty for a target that is a file → digest of the contents."""


def build_steps(given: Given, own_toolchain: bool) -> tuple[BuildStep, ...]:
    """The instructions on top of the base image; empty where they cannot all be repeated.

    Args:
        own_toolchain: the base image is one of a language, whose own instructions are not repeated.
    """
    history = given.history_entries
    if sum(not entry.empty_layer for entry in history) != len(given.history):
        return ()
    start = _after_toolchain(history) if own_toolchain else _after_base(history, given.base_layers)
    if start == 0 or len(history) - start > _MAX_STEPS:
        return ()
    steps: list[BuildStep] = []
    known = shells([entry.created_by for entry in history], ())
    context = _context(given, known, start)
    for step in _read(given, known, start, context):
        if step is None:
            return ()
        steps.append(step)
    return tuple(steps) if any(step.keyword in ("RUN", "COPY", "ADD") for step in steps) else ()


def _after_base(history: Sequence[History], layers: int) -> int:
    """Index of the first entry on top of the base's layers, or of the first layer where none is known."""
    layers_before = 0
    for index, entry in enumerate(history):
        layers_before += not entry.empty_layer
        if layers_before >= max(layers, 1):
            return index + 1
    return 0


def is_of_toolchain(given: Given, row: int) -> bool:
    """Whether a file comes with an image whose tool chain the application was built with."""
    layer = given.view.files.layer_of(row)
    first = given.history_entries[: _after_toolchain(given.history_entries)]
    return layer < sum(not entry.empty_layer for entry in first)


def _after_toolchain(history: Sequence[History]) -> int:
    """Index behind the last CMD that layers follow: with it an image of a language ends."""
    last = max((i for i, entry in enumerate(history) if not entry.empty_layer), default=0)
    commands = (
        index + 1
        for index, entry in enumerate(history[:last])
        if re.match(r"(?:/bin/sh -c #\(nop\)\s+)?CMD\b", entry.created_by)
    )
    return max(commands, default=0)


def _entries(
    given: Given, known: Sequence[str], start: int
) -> Iterator[tuple[int, int | None, Recorded, str]]:
    """(index, layer or None, instruction, working directory) of the entries from `start` on."""
    layer = 0
    workdir = "/"
    for index, entry in enumerate(given.history_entries):
        own_layer = None if entry.empty_layer else layer
        layer += not entry.empty_layer
        instruction = recorded(entry.created_by, known)
        if instruction.keyword == "WORKDIR":
            workdir = _absolute(workdir, _expanded(given, instruction.value))
            instruction = Recorded("WORKDIR", workdir)
        if index >= start:
            yield index, own_layer, instruction, workdir


def _read(
    given: Given, known: Sequence[str], start: int, context: _Copied | None
) -> Iterator[BuildStep | None]:
    defined = {entry.partition("=")[0]: entry.partition("=")[2] for entry in given.config.env}
    given_arguments: set[str] = set()
    for index, layer, entry, workdir in _entries(given, known, start):
        keyword, value = entry.keyword, entry.value
        if keyword in _SETTINGS:
            continue
        if keyword == "ENV":
            names = _ASSIGNED.findall(value) or _LEGACY.findall(value)[:1]
            pairs = tuple((name, defined[name]) for name in names if name in defined)
            yield BuildStep(index, "ENV", pairs=pairs)
        elif keyword == "ARG":
            name, has_value, text = value.partition("=")
            if has_value and name not in given_arguments:
                yield BuildStep(index, "ARG", pairs=((name.strip(), text.strip("\"'")),))
        elif keyword in ("COPY", "ADD"):
            yield _copy(given, index, layer, entry, workdir, context)
        elif keyword == "RUN":
            fresh = [
                (name, text)
                for name, _, text in (
                    argument.partition("=") for argument in entry.arguments.split(" ") if argument
                )
                if _LEGACY.fullmatch(name + " ") and name not in given_arguments
            ]
            if fresh:
                given_arguments.update(name for name, _ in fresh)
                yield BuildStep(index, "ARG", pairs=tuple(fresh))
            yield BuildStep(index, "RUN", value) if value else None
        elif keyword in ("WORKDIR", "USER", "SHELL"):
            # A directory has been expanded already.
            text = value if keyword == "WORKDIR" else _expanded(given, value)
            yield BuildStep(index, keyword, text)
        else:
            yield None


def _copy(
    given: Given,
    index: int,
    layer: int | None,
    entry: Recorded,
    workdir: str,
    context: _Copied | None,
) -> BuildStep | None:
    """With names of the build's context; None for files of another stage, and where names are unknown."""
    flags, text = split_flags(entry.value)
    guessed = False
    if any(flag.startswith(("--from", "--exclude", "--parents")) for flag in flags):
        return None
    kept = tuple(flag for flag in flags if flag.startswith(("--chown=", "--chmod=")))
    content, found, target = text.partition(" in ")
    if found and content.startswith(_CONTENT):
        target = _expanded(given, target.partition(" |")[0].strip())
        copied = _copied(given, layer, _absolute(workdir, target))
        names = _sources(content, copied, context, target, workdir)
        guessed = content.startswith("dir:") and names == [_own_name(target, workdir)]
    else:
        *names, target = text.split() or [""]
        # BuildKit does not record `--from`; only another stage has absolute paths.
        if any(name.startswith("/") for name in names) or "[" in text:
            return None
    if not names or not target:
        return None
    return BuildStep(index, entry.keyword, target, words=tuple(names), flags=kept, guessed=guessed)


def _context(given: Given, known: Sequence[str], start: int) -> _Copied | None:
    """What other files of the context are found in: what was copied to the working directory, or else the
    largest directory."""
    last = _absolute("/", given.config.working_dir)
    found: list[tuple[bool, _Copied]] = []
    for _, layer, entry, workdir in _entries(given, known, start):
        if entry.keyword in ("COPY", "ADD"):
            text = split_flags(entry.value)[1]
            content, is_content, target = text.partition(" in ")
            if is_content and content.startswith("dir:"):
                path = _absolute(workdir, _expanded(given, target.partition(" |")[0].strip()))
                found.append((path in {workdir, last} - {"/"}, _copied(given, layer, path)))
            elif text.startswith(". "):
                path = _absolute(workdir, _expanded(given, text[2:].strip()))
                found.append((path in {workdir, last} - {"/"}, _copied(given, layer, path)))
    return max(found, key=lambda each: (each[0], len(each[1].files)), default=(False, None))[1]


def _copied(given: Given, layer: int | None, target: str) -> _Copied:
    files = given.view.files
    place = encoded(target.strip("/"))
    found: dict[str, bytes] = {}
    for row in () if layer is None else files.rows_of(layer):
        if files.kind[row] not in (Kind.FILE, Kind.HARDLINK):
            continue
        path = files.path(row)
        if path == place or not place or path.startswith(place + b"/"):
            found[decoded(path[len(place) :].lstrip(b"/"))] = files.digest(row)
    return _Copied(target, found)


def _sources(
    content: str, copied: _Copied, context: _Copied | None, target: str, workdir: str
) -> list[str]:
    """Names in the build's context of what a classic builder or buildah only recorded the hash of."""
    if context is None or copied.files is context.files:
        context = None
    base = target.rstrip("/").rpartition("/")[2]
    if content.startswith("dir:"):
        if context is None or copied.files == context.files:
            return ["."]
        prefix = _prefix(copied, context)
        if prefix is not None:
            return [prefix or "."]
        if elsewhere := _own_name(target, workdir):
            return [elsewhere]
        inside = target.removeprefix(workdir).strip("/") if target.startswith("/") else target
        inside = inside.removeprefix("./").rstrip("/")
        return [inside if inside.rpartition("/")[2] not in ("", ".", "..") else "."]
    names: list[str] = []
    for path, digest in copied.files.items():
        name = path or base
        if context is not None and context.files.get(path or "\0") != digest:
            alike = sorted(
                (other.rpartition("/")[2] != name, len(other), other)
                for other, its in context.files.items()
                if its == digest
            )
            name = alike[0][2] if alike else name
        if "/" in path and (context is None or name not in context.files):
            return []
        names.append(name)
    return names


def _own_name(target: str, workdir: str) -> str:
    """What a directory of the context may be called that was copied to an absolute path; empty for one in the
    working directory."""
    place = target.rstrip("/")
    inside = workdir != "/" and (place + "/").startswith(workdir + "/")
    return place.rpartition("/")[2] if target.startswith("/") and not inside else ""


def _prefix(copied: _Copied, context: _Copied) -> str | None:
    """The directory of the context in which all copied files are, with the same contents."""
    if not copied.files:
        return None
    first, digest = next(iter(copied.files.items()))
    for path, its in context.files.items():
        if its == digest and (path == first or path.endswith("/" + first)):
            prefix = path[: len(path) - len(first)]
            if all(
                context.files.get(prefix + name) == content
                for name, content in copied.files.items()
            ):
                return prefix.rstrip("/")
    return None


def _expanded(given: Given, text: str) -> str:
    """A word without its quotes and with the image's variables: buildah records it as it is written."""
    env, text = given.facts.env, text.strip()
    pieces: list[str] = []
    at, inside = 0, False
    while (found := _PIECE.search(text, at)) is not None:
        pieces.append(text[at : found.start()])
        at = found.end()
        name = found["braced"] or found["name"]
        if found["mark"]:
            inside = not inside
        elif name:
            pieces.append(env.get(name, found[0]))
        elif found["escaped"]:
            pieces.append(found["escaped" if not inside or found["escaped"] in '\\"$' else 0])
        elif inside:
            pieces.append("'")
            at = found.start() + 1
        else:
            pieces.append(found["single"])
    # BuildKit records what it has made of a text: there a lone quote is one.
    return text if inside else "".join((*pieces, text[at:]))


def _absolute(workdir: str, path: str) -> str:
    """A path without `.` and doubled slashes."""
    parts: list[str] = []
    for part in (path if path.startswith("/") else f"{workdir}/{path}").split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)
