"""The files of a store: in a folder of this machine, or where fsspec reaches (s3://…)."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol

from slim.errors import InputError, UsageError
from slim.fleet.extra import load_engine

PARTIAL = ".new-"
"""Begins the name of a file that is not complete yet."""


class Folder(Protocol):
    """Files by names with `/` in them; each is written whole or not at all."""

    place: str

    def read(self, name: str) -> bytes | None:
        """The contents; None where there is no such file."""

    def write(self, name: str, data: bytes) -> None:
        """Write a file, in place of one that is there."""

    def take(self, name: str, path: str) -> None:
        """The same with a file of this machine, which is gone then."""

    def names(self, folder: str) -> list[str]:
        """The names of the files in a folder, without it, sorted; empty where there is none."""

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""

    def path(self, name: str) -> str:
        """The file on this machine, fetched where it is elsewhere."""


class LocalFolder:
    """A folder of this machine, or one that all machines of a cluster mount."""

    def __init__(self, place: str) -> None:
        self.place = os.path.abspath(place)

    def read(self, name: str) -> bytes | None:
        """See `Folder.read`."""
        try:
            with open(self.path(name), "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _broken("read", name, error) from None

    def write(self, name: str, data: bytes) -> None:
        """See `Folder.write`."""
        try:
            handle, temporary = self._temporary(name)
            with open(handle, "wb") as file:
                file.write(data)
            os.replace(temporary, self.path(name))
        except OSError as error:
            raise _broken("write", name, error) from None

    def take(self, name: str, path: str) -> None:
        """See `Folder.take`."""
        try:
            handle, temporary = self._temporary(name)
            os.close(handle)
            shutil.copyfile(path, temporary)
            os.replace(temporary, self.path(name))
            os.unlink(path)
        except OSError as error:
            raise _broken("write", name, error) from None

    def names(self, folder: str) -> list[str]:
        """See `Folder.names`."""
        try:
            with os.scandir(self.path(folder)) as entries:
                return sorted(
                    entry.name
                    for entry in entries
                    if entry.is_file(follow_symlinks=False) and not entry.name.startswith(PARTIAL)
                )
        except (FileNotFoundError, NotADirectoryError):
            return []

    def remove(self, name: str) -> None:
        """See `Folder.remove`."""
        with suppress(OSError):
            os.unlink(self.path(name))

    def path(self, name: str) -> str:
        """See `Folder.path`."""
        return os.path.join(self.place, name)

    def _temporary(self, name: str) -> tuple[int, str]:
        folder = os.path.dirname(self.path(name))
        os.makedirs(folder, exist_ok=True)
        return tempfile.mkstemp(prefix=PARTIAL, dir=folder)


class RemoteFolder:
    """A folder behind a URL that fsspec knows, with the credentials of the user's own environment."""

    def __init__(self, place: str) -> None:
        fsspec = load_engine("fsspec")
        self.place = place.rstrip("/")
        try:
            self._files: Any
            self._files, self._root = fsspec.core.url_to_fs(self.place)
        except (ImportError, ValueError) as error:
            raise UsageError(
                "no-filesystem",
                f"cannot open the store {place!r}: {error}",
                "install the package that fsspec needs for it, such as s3fs for s3://",
            ) from None
        self._fetched = tempfile.TemporaryDirectory(prefix="slim-fleet-")

    def read(self, name: str) -> bytes | None:
        """See `Folder.read`."""
        try:
            with self._asking("read", name):
                data: bytes = self._files.cat_file(f"{self._root}/{name}")
        except FileNotFoundError:
            return None
        return data

    def write(self, name: str, data: bytes) -> None:
        """See `Folder.write`."""
        with self._asking("write", name), self._found(name):
            self._files.pipe_file(f"{self._root}/{name}", data)

    def take(self, name: str, path: str) -> None:
        """See `Folder.take`."""
        with self._asking("write", name), self._found(name):
            self._files.put_file(path, f"{self._root}/{name}")
        os.unlink(path)

    def names(self, folder: str) -> list[str]:
        """See `Folder.names`."""
        self._files.invalidate_cache()
        with suppress(FileNotFoundError), self._asking("list", folder):
            found = self._files.ls(f"{self._root}/{folder}", detail=True)
            return sorted(
                each["name"].rpartition("/")[2] for each in found if each["type"] == "file"
            )
        return []

    def remove(self, name: str) -> None:
        """See `Folder.remove`."""
        with suppress(FileNotFoundError), self._asking("remove", name):
            self._files.rm_file(f"{self._root}/{name}")

    def path(self, name: str) -> str:
        """See `Folder.path`; always fetched anew."""
        target = os.path.join(self._fetched.name, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with self._asking("read", name), self._found(name):
            self._files.get_file(f"{self._root}/{name}", target)
        return target

    @contextmanager
    def _asking(self, verb: str, name: str) -> Iterator[None]:
        """Whatever the package of the user raises but for what is not there is one error in one line."""
        try:
            yield
        except (FileNotFoundError, InputError):
            raise
        except Exception as error:
            text = str(error).strip().partition("\n")[0][:300]
            raise InputError(
                "store-unusable",
                f"cannot {verb} {name!r} of the store {self.place!r}:"
                f" {text or type(error).__name__}",
                "check its address, and the settings of the package that opens it (for s3fs AWS_…)",
            ) from None

    @contextmanager
    def _found(self, name: str) -> Iterator[None]:
        """What has to be there: a bucket to write to, or a file that was listed."""
        try:
            yield
        except FileNotFoundError as error:
            raise InputError(
                "store-unusable",
                f"the store {self.place!r} has no place for {name!r}: {error}",
                "make its bucket, and scan again",
            ) from None


def folder_of(place: str) -> Folder:
    """The folder that the user names: a path, or a URL such as s3://bucket/fleet.

    Raises:
        UsageError: nothing that is installed can open the URL.
    """
    return RemoteFolder(place) if "://" in place else LocalFolder(place)


@contextmanager
def only_one(folder: Folder) -> Iterator[None]:
    """One scan at a time; the lock goes with the process. Stores elsewhere have none.

    Raises:
        UsageError: another scan is running.
    """
    if not isinstance(folder, LocalFolder):
        yield
        return
    try:
        os.makedirs(folder.place, exist_ok=True)
        handle = os.open(folder.path("lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise _broken("write", "", error, folder.place) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise UsageError(
            "store-busy",
            f"another scan is writing to {folder.place!r}",
            "wait for it, or use a store of its own",
        ) from None
    try:
        yield
    finally:
        os.close(handle)


def _broken(verb: str, name: str, error: OSError, place: str = "") -> InputError:
    where = place or name
    return InputError(
        "store-unusable",
        f"cannot {verb} {where!r} of the store: {error.strerror}",
        "check its permissions and whether the disk is full",
    )
