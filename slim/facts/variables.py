"""The values of the variables of rule patterns in one image: `{home}`, `{release_root}`, `{npm_cache}`.

Values are directories of the final filesystem, links followed, without leading slash. Those that ENV
names are hostile like everything else: the root, the directories of the system, homes, and whatever
contains the working directory are never taken for a cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct

from slim.entrypoint.tables import raw_names
from slim.facts.roots import Roots
from slim.files.view import View, decoded, encoded

MAX_VALUES = 64
"""Most values of one variable."""
_MAX_PASSWD = 4_096
_NO_HOMES = raw_names(
    "bin sbin dev proc nonexistent usr/bin usr/sbin usr/games var/spool/lpd var/mail var/spool/news "
    "var/spool/uucp var/backups var/list run/ircd var/run/ircd var/empty var/cache/man sys usr var etc "
    "var/adm var/spool/mail var/ftp var/lib/misc usr/lib usr/share run tmp sbin/nologin var/lib home opt "
    "srv usr/local lib mnt media boot"
)


class Variable(Struct, frozen=True, kw_only=True):
    """A variable of rule patterns, and where its directories are looked for, in this order."""

    name: str
    samples: tuple[str, ...]
    """The values that the examples of the rules are tested with."""
    place: str = ""
    """A place of this name is a value."""
    env: tuple[str, ...] = ()
    """Variables of the image that name a directory, or several with colons; `NAME/below` is one below it."""
    fixed: tuple[bytes, ...] = ()
    """Paths at which it is by itself."""
    in_home: tuple[bytes, ...] = ()
    in_cache: tuple[bytes, ...] = ()
    mark: bytes = b""
    """A name that a directory of `env` or `fixed` must hold."""
    find: Callable[[Directories, Roots], Iterable[bytes]] | None = None
    """More values, where that is not enough."""


def values_of(
    variables: Iterable[Variable], env: Mapping[str, str], workdir: str, roots: Roots, view: View
) -> dict[str, tuple[str, ...]]:
    """Every variable with its values, each at most `MAX_VALUES`."""
    directories = Directories(env, encoded(workdir.strip("/")), roots, view)
    return {variable.name: _texts(_values(variable, directories, roots)) for variable in variables}


def _values(variable: Variable, directories: Directories, roots: Roots) -> Iterator[bytes]:
    yield from roots.of(variable.place)
    yield from directories.named(variable.env, variable.fixed, variable.mark)
    yield from directories.below(directories.homes, variable.in_home)
    yield from directories.below(directories.caches, variable.in_cache)
    if variable.find is not None:
        yield from variable.find(directories, roots)


class Directories:
    """Looks directories up: those that ENV names, and those below homes and caches."""

    def __init__(self, env: Mapping[str, str], workdir: bytes, roots: Roots, view: View) -> None:
        self.env = env
        self.view = view
        self._roots = roots
        self.homes = _homes(env, view)
        self.workdir = view.real(workdir) if workdir else None
        """The working directory, links followed."""
        caches = [*self.named(("XDG_CACHE_HOME",)), *self.below(self.homes, (b".cache",))]
        self.caches = tuple(dict.fromkeys(caches))

    def named(
        self, variables: tuple[str, ...], fixed: tuple[bytes, ...] = (), mark: bytes = b""
    ) -> list[bytes]:
        """Directories that ENV names, and fixed ones; with `mark`, only those that hold such a name."""
        found: list[bytes] = []
        for variable in variables:
            name, _, rest = variable.partition("/")
            for value in self.env.get(name, "").split(":")[:MAX_VALUES]:
                path = self._real(encoded(value + ("/" + rest if rest else "")))
                if path is not None and value.startswith("/") and not self.is_shared(path):
                    found.append(path)
        found += [path for place in fixed if (path := self._real(place)) is not None]
        return [path for path in found if not mark or self.view.exists(path + b"/" + mark)]

    def below(self, parents: Iterable[bytes], names: tuple[bytes, ...]) -> list[bytes]:
        """Directories of some names in others, links followed."""
        paths = (self._real(parent + b"/" + name) for parent in parents for name in names)
        return [path for path in paths if path is not None]

    def _real(self, path: bytes) -> bytes | None:
        """The directory that a path leads to."""
        return self.view.real(path) if self.view.is_dir(path) else None

    def is_shared(self, path: bytes) -> bool:
        """Whether it is not one tool's own directory."""
        if not path or self._roots.is_system(path) or path in _NO_HOMES or path in self.homes:
            return True
        inside = self.workdir is not None and (self.workdir + b"/").startswith(path + b"/")
        return inside or any(home.startswith(path + b"/") for home in self.homes)


def own_directories(directories: Directories, roots: Roots) -> list[bytes]:
    """The working directory, and those with a project file."""
    workdir = directories.workdir
    if workdir is None or (workdir not in roots.projects and roots.is_system(workdir)):
        return [*roots.projects]
    return [workdir, *roots.projects]


def _homes(env: Mapping[str, str], view: View) -> tuple[bytes, ...]:
    """ENV's HOME, `/root`, the directories in `/home`, and the homes of /etc/passwd, as far as they exist."""
    paths = [encoded(env.get("HOME", "")), b"root"]
    paths += [b"home/" + name for name in view.children(b"home")[:MAX_VALUES]]
    for line in (view.read(b"etc/passwd") or b"").split(b"\n", _MAX_PASSWD)[:_MAX_PASSWD]:
        fields = line.split(b":", 6)
        if len(fields) == 7 and fields[5].startswith(b"/"):
            paths.append(fields[5])
    found: dict[bytes, None] = {}
    for path in paths:
        real = view.real(path) if path else None
        if real and real not in _NO_HOMES and view.is_dir(real):
            found[real] = None
    return tuple(found)[:MAX_VALUES]


def languages(env: Mapping[str, str]) -> tuple[str, ...]:
    """Names of locale directories that LANG, LANGUAGE and LC_* ask for.

    >>> languages({"LANG": "de_DE.UTF-8", "LC_TIME": "C.UTF-8"})
    ('de_DE', 'de')
    """
    found: dict[str, None] = {}
    for name, value in env.items():
        if name not in ("LANG", "LANGUAGE") and not name.startswith("LC_"):
            continue
        for locale in value[:1024].split(":") if name == "LANGUAGE" else (value[:64],):
            base, at, modifier = locale.partition("@")
            base = base.partition(".")[0]
            for text in (base + at + modifier, base, base.partition("_")[0]):
                if text and "/" not in text and base not in ("C", "POSIX"):
                    found[text] = None
    return tuple(found)[:MAX_VALUES]


def _texts(paths: Iterable[bytes]) -> tuple[str, ...]:
    """As texts, each once; the root is not a value."""
    return tuple(dict.fromkeys(decoded(path) for path in paths if path))[:MAX_VALUES]
