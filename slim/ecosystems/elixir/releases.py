"""Erlang and Elixir: releases, and installations of OTP.

A release has `releases/start_erl.data`, a boot file in `releases/VERSION`, applications in `lib` and
commands in `bin`. An installation of OTP has all of these too; `releases/NUMBER/OTP_VERSION` tells it.
Source: rel(4) and "Creating and Upgrading a Target System" of Erlang/OTP; mix release; the layouts that
distillery, exrm and relx write.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import islice, pairwise

from msgspec import Struct

from slim.entrypoint.runs import Command, Runs
from slim.facts.roots import Roots
from slim.files.view import View, below, decoded

MAX_RELEASES = 64
_MAX_NAMES = 2_000
"""Names of one directory that are looked at."""
_START_MARKS = (b"start_erl.data", b"RELEASE_ROOT_DIR", b"REL_VSN")
"""What is in the start scripts of mix, distillery, exrm and relx."""


class Release(Struct, frozen=True):
    """One release."""

    root: bytes
    """Directory without leading slash; empty where it lies in the image's root."""
    kind: str
    """Tool that made it: `mix`, `distillery`, `exrm`, `relx`, or `otp` where nothing tells."""
    has_erts: bool
    """It brings its own Erlang run-time system."""
    phoenix: bool
    elixir: bool
    """It has the application `elixir`."""


def is_start_script(view: View, path: bytes) -> bool:
    """Whether a program is the start script of an Erlang or Elixir release.

    Scripts of one's own beside it, such as `bin/server`, are not: they call it.
    """
    root, _, last = path.rpartition(b"/")[0].rpartition(b"/")
    if last != b"bin" or not view.is_file(below(root, b"releases/start_erl.data")):
        return False
    text = view.read(path) or b""
    return any(mark in text for mark in _START_MARKS)


def releases(marks: Iterable[bytes], view: View) -> tuple[Release, ...]:
    """The releases among the directories that hold the paths `marks` of `releases/start_erl.data`."""
    found: list[Release] = []
    for mark in islice(marks, MAX_RELEASES):
        if (b"/" + mark).endswith(b"/releases/start_erl.data"):
            release = release_at(mark[: -len(b"releases/start_erl.data")].rstrip(b"/"), view)
            found += [] if release is None else [release]
    return tuple(sorted(found, key=lambda release: release.root))


def release_at(root: bytes, view: View) -> Release | None:
    """The release in a directory; None where it is not one."""
    versions = [below(root, b"releases/" + name) for name in _some(view, below(root, b"releases"))]
    if any(view.exists(path + b"/OTP_VERSION") for path in versions):
        return None
    has_boot = any(name.endswith(b".boot") for path in versions for name in _some(view, path))
    libraries = [name for name in _some(view, below(root, b"lib")) if b"-" in name]
    if not (has_boot and _has_app(root, libraries, view) and _some(view, below(root, b"bin"))):
        return None
    return Release(
        root,
        _kind(root, versions, view),
        has_erts=any(name.startswith(b"erts-") for name in _some(view, root)),
        phoenix=any(name.startswith(b"phoenix-") for name in libraries),
        elixir=any(name.startswith(b"elixir-") for name in libraries),
    )


def releases_of(roots: Roots, view: View) -> tuple[Release, ...]:
    """The releases of an image that are in use."""
    found = (release_at(root, view) for root in roots.of("release_root"))
    return tuple(release for release in found if release is not None)


def in_use(found: Iterable[Release], files: Collection[str], view: View) -> tuple[Release, ...]:
    """The releases without those that only lie where they were built and that no command, which are the
    paths `files`, is from: these are leftovers of a build."""
    return tuple(
        release
        for release in found
        if not _is_build(release.root, view)
        or any(path.startswith(decoded(release.root) + "/") for path in files)
    )


def _is_build(root: bytes, view: View) -> bool:
    project, found, _ = root.rpartition(b"/rel/")
    return b"/_build/" in b"/" + root or (bool(found) and view.is_file(project + b"/mix.exs"))


def mix_task(runs: Runs) -> Command | None:
    """The first command that is a task of Mix: `mix phx.server`, `iex -S mix`, `elixir -S mix run`."""
    for command in runs.commands:
        words = command.words
        if command.name == "mix" and any(not word.startswith("-") for word in words[1:]):
            return command
        if command.name in ("iex", "elixir") and ("-S", "mix") in pairwise(words):
            return command
    return None


def otp_roots(marks: Iterable[bytes], view: View) -> tuple[bytes, ...]:
    """Installations of OTP, given the paths of `erlexec`, which is in `erts-VERSION/bin`."""
    found: set[bytes] = set()
    for mark in islice(marks, MAX_RELEASES):
        root, _, rest = (b"/" + mark).rpartition(b"/erts-")
        root = root.lstrip(b"/")
        if rest.count(b"/") != 2 or not rest.endswith(b"/bin/erlexec") or not root:
            continue
        is_release = view.exists(below(root, b"releases/start_erl.data")) and not any(
            view.exists(below(root, b"releases/" + version + b"/OTP_VERSION"))
            for version in _some(view, below(root, b"releases"))
        )
        libraries = _some(view, below(root, b"lib"))
        if not is_release and any(name.startswith(b"stdlib-") for name in libraries):
            found.add(root)
    return tuple(sorted(found))


def _some(view: View, path: bytes) -> list[bytes]:
    return list(islice(view.names_in(path), _MAX_NAMES))


def _has_app(root: bytes, libraries: Iterable[bytes], view: View) -> bool:
    return any(
        file.endswith(b".app")
        for name in libraries
        for file in _some(view, below(root, b"lib/" + name + b"/ebin"))
    )


def _kind(root: bytes, versions: Iterable[bytes], view: View) -> str:
    inside = {version: set(_some(view, version)) for version in versions}
    starts = any(
        name.endswith(b".sh") and name != b"env.sh" for has in inside.values() for name in has
    )
    if any(b"env.sh" in has for has in inside.values()) or view.exists(
        below(root, b"releases/COOKIE")
    ):
        return "mix"
    if any(has & {b"libexec", b"commands", b"hooks"} for has in inside.values()):
        return "distillery"
    if starts or view.exists(below(root, b"running-config")):
        return "exrm"
    commands = _some(view, below(root, b"bin"))
    if any(name == b"nodetool" or name.startswith(b"nodetool-") for name in commands):
        return "relx"
    if any(name.endswith(b".escript") for name in commands):
        return "relx"
    return "otp"
