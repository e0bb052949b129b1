"""Which small files are kept as they are: package lists, manifests, and scripts that start programs.

A file is chosen by its path alone, or for scripts by its `#!` as well. Which paths, the ecosystems say: they
hand their lists down as one value. Each has a cap, in bytes: a larger file of that name is not what it should
be. Nothing that is likely to hold a secret is in the lists.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from msgspec import Struct

_KIB, _MIB = 1 << 10, 1 << 20
SCRIPT_BYTES = 64 * _KIB
"""Larger scripts are programs in their own right."""
NAMED_BYTES = _MIB
"""Cap of a file that somebody asks for by its path."""
SMALL, MEDIUM, BIG = 64 * _KIB, _MIB, 16 * _MIB
"""Caps of settings and marks, of manifests, and of lists of files."""


class Keep(Struct, frozen=True):
    """Files that are kept."""

    paths: str
    """With blanks between them: `DIRECTORY/NAME` as in `Choice`; a name may be `*` and an ending. A file
    that is chosen by its ending in any directory must be JSON, or begin with `Metadata-Version`."""
    cap: int = SMALL
    database: bool = False
    heads: tuple[bytes, ...] = ()
    """How files begin that are chosen by their ending in any directory: two bytes each. Such files are
    sources: those of libraries are not kept, and they take no room from others."""
    libraries: str = ""
    """Names of directories, with blanks between them, in which sources are those of libraries, whatever list
    has them; `*` at the end stands for anything."""
    unnamed: str = ""
    """Names of directories, with blanks between them, below which the config of an image names no file."""


class Choice(Struct, frozen=True):
    """Files of one name, or with one ending, in some directories."""

    directory: bytes
    """`/a/b` is this path (of the image), `a/b` any that ends so, `*b` any whose last component ends so,
    `a/*` any right below an `a`, and empty is any."""
    name: bytes
    cap: int
    database: bool
    """What package managers know: no other text may take the room for it."""
    heads: tuple[bytes, ...] = ()

    def covers(self, directory: bytes) -> bool:
        """Whether a directory is one of them; its path is without a leading slash."""
        pattern = self.directory
        if pattern.startswith(b"/"):
            return directory == pattern[1:]
        if pattern.endswith(b"/*"):
            pattern, directory = pattern[:-2], directory.rpartition(b"/")[0]
        if pattern.startswith(b"*"):
            return directory.endswith(pattern[1:])
        return not pattern or (b"/" + directory).endswith(b"/" + pattern)


_SCRIPT_DIRECTORIES = frozenset(
    b"bin sbin libexec init.d cont-init.d docker-entrypoint.d my_init.d"
    b" cron.hourly cron.daily cron.weekly cron.monthly".split()
)
_SECRET_NAMES = (b".env", b".netrc", b".npmrc", b".pypirc", b"id_", b"cookie")
_SECRET_ENDINGS = tuple(b".env .pem .key .p12 .pfx .jks .keystore .kdbx .ppk .ovpn".split())
_SECRET_WORDS = (b"secret", b"credential", b"password", b"token")


def may_start(directory: bytes, name: bytes) -> bool:
    """Whether a script of this path is one that may start programs of the image."""
    if directory.rpartition(b"/")[2] in _SCRIPT_DIRECTORIES or not directory:
        return True
    return (
        b"entrypoint" in name
        or name.startswith(b"start")
        or name == b"run"
        or (name.startswith(b"run") and name.endswith(b".sh"))
    )


_SETTINGS = tuple(b"settings config conf. parameters environment secret local_".split())


def may_hold_settings(name: bytes) -> bool:
    """Whether a source of this name is mostly settings, passwords among them: it is not kept.

    >>> [may_hold_settings(name) for name in (b"settings_local.py", b"wp-config.php", b"views.py")]
    [True, True, False]
    """
    lower = name.lower()
    return any(word in lower for word in _SETTINGS) or may_be_secret(name)


def may_be_secret(name: bytes) -> bool:
    """Whether a file of this name must not be kept, whoever asks for it.

    >>> [may_be_secret(one) for one in (b".env.local", b"server.key", b"start.sh")]
    [True, True, False]
    """
    lower = name.lower()
    return (
        lower.startswith(_SECRET_NAMES)
        or lower.endswith(_SECRET_ENDINGS)
        or any(word in lower for word in _SECRET_WORDS)
    )


class Keeps(Struct, frozen=True, eq=False):
    """Everything that is kept, arranged so that a path that is not costs little."""

    by_name: Mapping[bytes, tuple[Choice, ...]] = {}
    by_directory: Mapping[bytes, tuple[Choice, ...]] = {}
    """Last component of a directory, or the one above and `/*` → files chosen there by their endings."""
    anywhere: tuple[Choice, ...] = ()
    """Files chosen by their endings in any directory."""
    directories: frozenset[bytes] = frozenset()
    """Names of directories in which files may be chosen by their endings …"""
    parents: frozenset[bytes] = frozenset()
    """… and names of directories right above such."""
    libraries: frozenset[bytes] = frozenset()
    """Names of directories of libraries …"""
    library_stems: tuple[bytes, ...] = ()
    """… and how such names begin."""
    unnamed: frozenset[bytes] = frozenset()
    """Names of directories below which the config of an image names no file."""
    digest: str = ""
    """A short name for what is kept: equal for equal lists."""

    def choose(self, directory: bytes, name: bytes) -> Choice | None:
        """The choice that a path falls under; `directory` is without a leading slash."""
        above, _, last = directory.rpartition(b"/")
        above = above.rpartition(b"/")[2]
        for choice in self.by_name.get(name, ()):
            if choice.covers(directory):
                return choice
        inside = self.by_directory.get(last, ()), self.by_directory.get(above + b"/*", ())
        for choice in (*inside[0], *inside[1]):
            if name.endswith(choice.name) and choice.covers(directory):
                return choice
        return next(
            (
                choice
                for choice in self.anywhere
                if name.endswith(choice.name) and not (choice.heads and self.is_library(directory))
            ),
            None,
        )

    def is_library(self, directory: bytes) -> bool:
        """Whether sources in a directory are the system's or a library's, not the application's.

        >>> keeps = keeps_of([Keep("*.py", libraries="python3.*")])
        >>> [keeps.is_library(path) for path in (b"app/lib", b"usr/src/app", b"opt/x/lib/python3.13/json")]
        [False, False, True]
        """
        if (directory + b"/").startswith(_SYSTEM) and not directory.startswith(b"usr/src/"):
            return True
        if not self.libraries.isdisjoint(directory.split(b"/")):
            return True
        from_root = b"/" + directory
        return any(b"/" + stem in from_root for stem in self.library_stems)

    def heads(self, *, of_library: bool = False) -> dict[bytes, tuple[bytes, ...]]:
        """How files that are chosen in any directory begin → how their names end.

        In a directory `of_library` these are fewer: its sources are not kept.
        """
        found: dict[bytes, tuple[bytes, ...]] = {}
        for choice in self.anywhere:
            if of_library and choice.heads:
                continue
            for head in choice.heads or _HEADS:
                found[head] = (*found.get(head, ()), choice.name)
        return found


_HEADS = (b"{\n", b"{\r", b"{ ", b'{"', b"\xef\xbb", b"Me")
"""JSON and `Metadata-…`."""
_SYSTEM = (b"usr/", b"etc/", b"lib/", b"lib64/", b"proc/", b"sys/", b"bin/", b"sbin/")


def keeps_of(keeps: Iterable[Keep]) -> Keeps:
    """Put the lists of all ecosystems together.

    >>> keeps_of([Keep("/var/lib/dpkg/status")]).choose(b"srv", b"status") is None
    True
    """
    named: dict[bytes, list[Choice]] = {}
    ending: dict[bytes, list[Choice]] = {}
    lists = sorted(keeps, key=lambda keep: not keep.database)
    for keep in lists:
        for path in keep.paths.split():
            directory, _, name = path.encode().rpartition(b"/")
            choice = Choice(directory, name.removeprefix(b"*"), keep.cap, keep.database, keep.heads)
            if name.startswith(b"*"):
                ending.setdefault(_place(directory), []).append(choice)
            else:
                named.setdefault(name, []).append(choice)
    by_directory = {key: tuple(choices) for key, choices in ending.items() if key}
    libraries = {name for keep in lists for name in keep.libraries.encode().split()}
    return Keeps(
        {name: tuple(choices) for name, choices in named.items()},
        by_directory,
        tuple(ending.get(b"", ())),
        frozenset(key for key in by_directory if b"/" not in key),
        frozenset(key[:-2] for key in by_directory if key.endswith(b"/*")),
        frozenset(name for name in libraries if not name.endswith(b"*")),
        tuple(sorted(name[:-1] for name in libraries if name.endswith(b"*"))),
        frozenset(name for keep in lists for name in keep.unnamed.encode().split()),
        hashlib.sha256(repr(sorted(map(repr, lists))).encode()).hexdigest()[:12],
    )


def _place(directory: bytes) -> bytes:
    """The last component, or the last two where the last is any."""
    parts = directory.split(b"/")
    return b"/".join(parts[-2:] if parts[-1] == b"*" else parts[-1:])


NO_KEEPS = keeps_of(())
