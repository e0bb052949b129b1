"""Which container engine of this machine has an image that the user calls by a bare name, such as `app:1`.

Each engine is asked by its own command, where that is on PATH, else at its socket; none of this pulls. Only
what no engine has may be looked for in a registry, and only with consent: otherwise a registry that the user
never chose would be told of names that are mistyped, or of images that are not built yet.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import NamedTuple

from msgspec.structs import replace

from slim.image.ref import ImageRef
from slim.image.reference import parse_reference
from slim.image.source import is_bare, not_local
from slim.patterns import regex

_log = logging.getLogger(__name__)
_SECONDS = 10.0
"""For each engine: a daemon that is away may be waited for over a network."""
_ABSENT = regex(
    r"no such (?:image|object)|not known|not found|unable to find|not an image", re.IGNORECASE
)
"""How engines say that they have no such image; anything else is a failure of the engine."""

_NO_IMAGE = "has no such image"


class _Lookup(NamedTuple):
    """How an engine is asked for one image."""

    engine: str
    command: tuple[str, ...]
    """`{}` stands for the name."""
    prints: bool
    """It prints something if the image is there; else its exit code says so: 0 or 1."""


_LOOKUPS = (
    _Lookup("docker", ("docker", "image", "inspect", "--format", "{{.Id}}", "{}"), True),
    _Lookup("podman", ("podman", "image", "exists", "{}"), False),
    _Lookup(
        "containerd",
        ("ctr", "--connect-timeout", "2s", "images", "list", "--quiet", 'name=="{}"'),
        True,
    ),
    _Lookup(
        "buildah",
        ("buildah", "inspect", "--type", "image", "--format", "{{.FromImageID}}", "{}"),
        True,
    ),
)


def located(ref: ImageRef) -> ImageRef:
    """The same image with its engine in front of a bare name, or with its registry if `ref.access` lets one
    be asked; any other name is returned as it is.

    Raises:
        InputError: no engine has it, and no registry may be asked; the slug is that of
            `not_local`.
        UsageError: the name could be two things.
    """
    if not is_bare(ref.name):
        return ref
    answers: tuple[str, ...] = ()
    if not ref.manifest_only:
        engine, answers = _find(ref.name, ref.access.sockets)
        if engine:
            return replace(ref, name=f"{engine}:{_called(engine, ref.name)}")
    if not ref.access.remote:
        raise not_local(ref.name, answers)
    return replace(ref, name=full_name(ref.name))


def full_name(name: str) -> str:
    """A bare name with the registry and the tag that every engine would add to it."""
    return str(parse_reference(name))


def _find(name: str, sockets: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The first engine that has the image, or none and what each engine answered."""
    # Most images are files: what runs commands is imported for those that are not.
    import shutil

    answers, missing = [], []
    for lookup in _LOOKUPS:
        program = shutil.which(lookup.command[0])
        if program is not None:
            answer = _ask(lookup, program, name)
        elif (answer_there := _ask_socket(lookup.engine, name, sockets)) is not None:
            answer = answer_there
        else:
            missing.append(lookup.command[0])
            continue
        _log.debug("%s: %s", lookup.engine, answer or f"has {name}")
        if not answer:
            return lookup.engine, ()
        answers.append(f"{lookup.engine}: {answer}")
    if missing:
        answers.append(f"not on PATH: {', '.join(missing)}")
    return "", tuple(answers)


def _called(engine: str, name: str) -> str:
    """containerd itself knows full names only."""
    return full_name(name) if engine == "containerd" else name


def _ask_socket(engine: str, name: str, sockets: Mapping[str, str]) -> str | None:
    """The same at the engine's socket; None where there is none."""
    from slim.image.engine_socket import ask, find_socket

    path = find_socket(engine, sockets)
    if not path:
        return None
    refusal = ask(path, name)
    if refusal is None:
        return ""
    return f"failed: {refusal}" if refusal else _NO_IMAGE


def _ask(lookup: _Lookup, program: str, name: str) -> str:
    """Why the engine does not have the image; empty if it has."""
    import subprocess

    called = _called(lookup.engine, name)
    words = [word.replace("{}", called) for word in lookup.command[1:]]
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command; the name follows the grammar
            [program, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {_SECONDS:.0f} seconds"
    except OSError as error:
        return f"cannot be run: {error.strerror}"
    if done.returncode == 1 and not lookup.prints:
        return _NO_IMAGE
    if not done.returncode:
        return "" if done.stdout.strip() or not lookup.prints else _NO_IMAGE
    lines = done.stderr.decode("utf-8", "replace").split("\n")
    message = next((line.strip() for line in reversed(lines) if line.strip()), "")
    if not message or _ABSENT.search(message):
        return _NO_IMAGE
    return f"failed: {message[:300]}"
