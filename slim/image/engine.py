"""Images of a container engine on this machine, by the engine's own command for saving one, as a pipe.

The engine answers for access and storage: slim only runs the command and reads what it writes. Where the
command is not on PATH, the engine's socket will do. Sources: docker-save(1), podman-save(1), ctr(8) `images
export`, buildah-push(1).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

from slim.errors import InputError, SlimError, UsageError
from slim.patterns import regex

if TYPE_CHECKING:
    import subprocess

_log = logging.getLogger(__name__)
ENGINES = {
    "docker": ("docker", "save"),
    "podman": ("podman", "save"),
    "containerd": ("ctr", "images", "export"),
    "buildah": ("buildah", "push", "--quiet"),
}
"""Prefix of the input → how its command begins."""
_NAME = regex(r"[A-Za-z0-9][A-Za-z0-9._/:@+-]{0,1023}")
_GRACE, _MOMENT = 10.0, 0.5
"""Seconds that a command has to end: after its output did, and after an error in it."""
_TAIL = 4096


def split_engine(ref: str) -> tuple[str, str] | None:
    """(engine, name of an image) of `podman:app:1`; None for other inputs.

    Raises:
        UsageError: what follows the prefix is not the name of an image.
    """
    engine, colon, name = ref.partition(":")
    if not colon or engine not in ENGINES:
        return None
    if not _NAME.fullmatch(name):
        raise UsageError(
            "bad-name", f"{ref!r} names no image", f"write {engine}:NAME, such as {engine}:app:1"
        )
    return engine, name


def command_of(engine: str, name: str, platform: str | None) -> tuple[str, ...]:
    """The command that writes the image to stdout as an archive.

    >>> command_of("containerd", "app:1", "linux/arm64")
    ('ctr', 'images', 'export', '--platform', 'linux/arm64', '-', 'app:1')
    """
    start = ENGINES[engine]
    if engine == "containerd":
        chosen = ("--platform", platform) if platform else ()
        return (*start, *chosen, "-", name)
    if engine == "buildah":
        return (*start, name, "docker-archive:/dev/stdout")
    return (*start, name)


@contextmanager
def running(
    engine: str, name: str, platform: str | None, sockets: Mapping[str, str] = {}
) -> Iterator[int]:
    """Run the engine's command, or ask at its socket; the value is the file descriptor that its archive
    comes from.

    Args:
        sockets: engine → where it listens, if not at the usual place.

    Raises:
        UsageError: the command is not on PATH, and there is no socket.
        InputError: it fails; its own words are in the message.
    """
    # Most images are files: what runs commands is imported for those that are not.
    import shutil
    import subprocess
    import tempfile

    command = command_of(engine, name, platform)
    program = shutil.which(command[0])
    if program is None:
        from slim.image.engine_socket import find_socket, streaming

        if path := find_socket(engine, sockets):
            _log.debug("asking %s at %s", engine, path)
            with streaming(engine, path, name) as fd:
                yield fd
            return
        raise UsageError(
            "no-engine",
            f"{command[0]} is not on PATH, and there is no socket of {engine}",
            f"install {command[0]}, or run `{' '.join(ENGINES[engine])}` on the machine that has the image"
            " and analyze the file",
        )
    _log.debug("running %s", " ".join(command))
    with (
        tempfile.TemporaryFile() as words,
        subprocess.Popen(  # noqa: S603 - a fixed command; the name has been checked
            [program, *command[1:]], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=words
        ) as process,
    ):
        assert process.stdout is not None  # noqa: S101 - asked for above
        try:
            yield process.stdout.fileno()
            _check(process, words, engine, name, _GRACE)
        except SlimError as error:
            if error.slug != "engine-failed":
                # What was read makes no sense: perhaps because the command failed.
                _check(process, words, engine, name, _MOMENT)
            raise
        finally:
            process.stdout.close()
            process.kill()


def load_image(engine: str, archive: str) -> None:
    """Hand a docker-archive to `docker load` or `podman load`.

    Raises:
        UsageError: the command is not on PATH.
        InputError: it fails; its own words are in the message.
    """
    import shutil
    import subprocess
    import tempfile

    program = shutil.which(engine)
    if program is None:
        raise UsageError(
            "no-engine",
            f"{engine} is not on PATH",
            f"install {engine}, or write docker-archive:PATH",
        )
    with (
        tempfile.TemporaryFile() as words,
        subprocess.Popen(  # noqa: S603 - a fixed command, and a path of ours
            [program, "load", "--input", archive],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=words,
        ) as process,
    ):
        try:
            if process.wait():
                reason = _last_words(words) or f"exit code {process.returncode}"
                raise InputError(
                    "engine-failed",
                    f"{engine} could not load the image: {reason}",
                    f"does `{engine} load` work by itself?",
                )
        finally:
            process.kill()


def _last_words(words: IO[bytes]) -> str:
    """The last line that a command has written about itself."""
    words.seek(max(0, words.seek(0, os.SEEK_END) - _TAIL))
    lines = words.read().decode("utf-8", "replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _check(
    process: subprocess.Popen[bytes], words: IO[bytes], engine: str, name: str, seconds: float
) -> None:
    """Refuse what a command wrote that failed; one that still runs has not."""
    import subprocess

    with suppress(subprocess.TimeoutExpired):
        if process.wait(seconds):
            reason = _last_words(words)
            raise InputError(
                "engine-failed",
                f"{engine} could not save {name!r}: {reason or f'exit code {process.returncode}'}",
                f"does `{' '.join(command_of(engine, name, None))}` work by itself?",
            )
