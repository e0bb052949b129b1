"""Writes to stdout and files: as a whole or not at all."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial

from slim.errors import UsageError
from slim.patterns import regex

STDOUT = ("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")
"""Paths that are names of stdout."""
_DESCRIPTOR = regex(r"/dev/fd/(\d{1,9})|/proc/self/fd/(\d{1,9})|/dev/stderr", re.ASCII)
"""Names of what is open already; opening them again fails for sockets, and would cut a file short."""


def print_output(text: str, *, exact: bool = False) -> None:
    """Write to stdout: in its encoding for people, or `exact`, in UTF-8 whatever that is.

    A reader that has gone away is not our failure: nothing happens then.

    Raises:
        UsageError: stdout is closed, or what it leads to is full.
    """
    try:
        if sys.stdout is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        if exact and sys.stdout.encoding.lower() != "utf-8":
            sys.stdout.flush()
            sys.stdout.buffer.write(text.encode())
        else:
            sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_output()
    except OSError as error:
        _drop_output()
        raise UsageError("no-output", f"cannot write to stdout: {error.strerror}") from None


def _drop_output() -> None:
    """What is still buffered must not be tried again when the interpreter ends."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_output(text: str | Iterable[str], path: str, *, private: bool) -> None:
    """Write a file as a whole or not at all, from a text or its pieces; a link at its place is replaced, not
    followed.

    What no file can take the place of is written to: a named pipe, a character device such as /dev/null, and
    what the shell hands over as /dev/fd/N.

    Raises:
        UsageError: the folder is missing or not writable, or there is a folder or another kind of device.
    """
    with ExitStack() as written:
        stage_output(text, path, written, private=private)


def stage_output(
    text: str | Iterable[str], path: str, written: ExitStack, *, private: bool = False
) -> None:
    """As `write_output`, but the file gets its name when the stack `written` ends without an error.

    Raises:
        UsageError: as `write_output`, here or at the end of the stack.
    """
    # Imported by who writes a file.
    import tempfile

    pieces = (text,) if isinstance(text, str) else text
    path = path.rstrip("/") or path
    with _saying(path):
        if _DESCRIPTOR.fullmatch(path) or (os.path.exists(path) and not os.path.isfile(path)):
            written.callback(_write_to, pieces, path)
            return
        folder = os.path.dirname(path) or os.curdir
        handle, temporary = tempfile.mkstemp(prefix=".slim-", dir=folder)
        written.push(partial(_place, temporary, path))
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(pieces)
        if not private:
            os.chmod(temporary, 0o666 & ~_umask())


def _place(temporary: str, target: str, kind: object, *_: object) -> None:
    """Give a file its name, or take it away if anything has failed."""
    try:
        if kind is None:
            with _saying(target):
                os.replace(temporary, target)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)


def _write_to(pieces: Iterable[str], path: str) -> None:
    """Write to what is no file."""
    with _saying(path):
        if descriptor := _DESCRIPTOR.fullmatch(path):
            number = descriptor[1] or descriptor[2] or "2"
            _write_into(os.dup(int(number)), pieces)
            return
        mode = os.stat(path).st_mode
        if not (stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)):
            raise UsageError(
                "no-output",
                f"cannot write {path!r}: it exists and is not a regular file",
                "without a path a format goes to stdout: -o json",
            )
        _write_into(os.open(path, os.O_WRONLY | os.O_NOCTTY), pieces)


@contextmanager
def _saying(path: str) -> Iterator[None]:
    """Errors of the system name the path."""
    try:
        yield
    except (OSError, OverflowError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError("no-output", f"cannot write {path!r}: {why}") from None


def _write_into(handle: int, pieces: Iterable[str]) -> None:
    """A reader that has gone away is not our failure."""
    with suppress(BrokenPipeError), os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
        file.writelines(pieces)


def append_output(text: str, path: str) -> None:
    """Add to a file that others write too, on a line of its own; it is made where there is none.

    Raises:
        UsageError: the folder is missing or not writable, or there is a link, device or pipe.
    """
    try:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
        handle = os.open(path, flags, 0o666)
        with os.fdopen(handle, "r+b", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise UsageError("no-output", f"cannot add to {path!r}: it is not a regular file")
            size = file.seek(0, os.SEEK_END)
            if size:
                file.seek(size - 1)
                if file.read(1) != b"\n":
                    text = f"\n{text}"
            data = text.encode("utf-8")
            while data:
                data = data[file.write(data) :]
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError("no-output", f"cannot add to {path!r}: {why}") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
