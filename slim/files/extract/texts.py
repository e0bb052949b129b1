"""Which small files are kept as they are: package lists, manifests, and scripts that start programs. Pure.

A file is chosen by its path alone, or for scripts by its `#!` as well. Each has a cap, in bytes: a larger
file of that name is not what it should be. Nothing that is likely to hold a secret is in the table.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

_KIB, _MIB = 1 << 10, 1 << 20
SCRIPT_BYTES = 64 * _KIB
"""Larger scripts are programs in their own right."""
NAMED_BYTES = _MIB
"""Cap of a file that somebody asks for by its path."""
_RPM = 128 * _MIB
_BIG, _MEDIUM, _SMALL = 16 * _MIB, _MIB, 64 * _KIB


class Choice(Struct, frozen=True):
    """Files of one name, or with one ending, in some directories."""

    directory: bytes
    """`/a/b` is this path (of the image), `a/b` any that ends so, `*b` any whose last component ends so,
    `a/*` any right below an `a`, and empty is any."""
    name: bytes
    cap: int
    database: bool
    """What package managers know: no other text may take the room for it."""

    def covers(self, directory: bytes) -> bool:
        """Whether a directory is one of them; its path is without a leading slash."""
        wanted = self.directory
        if wanted.startswith(b"/"):
            return directory == wanted[1:]
        if wanted.endswith(b"/*"):
            wanted, directory = wanted[:-2], directory.rpartition(b"/")[0]
        if wanted.startswith(b"*"):
            return directory.endswith(wanted[1:])
        return not wanted or (b"/" + directory).endswith(b"/" + wanted)


_DATABASES = """
    /var/lib/dpkg/status /var/lib/dpkg/diversions /var/lib/dpkg/status.d/* /var/lib/dpkg/info/*.list
    /var/lib/apt/extended_states
    /lib/apk/db/installed /usr/lib/apk/db/installed /etc/apk/world
    /usr/lib/sysimage/libdnf5/packages.toml
"""
_RPM_DIRECTORIES = "/var/lib/rpm /usr/share/rpm /usr/lib/sysimage/rpm"
_RPM_NAMES = "Packages Packages.db rpmdb.sqlite rpmdb.sqlite-wal rpmdb.sqlite-shm"
_BIG_FILES = """
    *.dist-info/RECORD *.egg-info/installed-files.txt conda-meta/*.json
    node_modules/.package-lock.json node_modules/.modules.yaml .pnpm/lock.yaml
    vendor/composer/installed.json *.deps.json
"""
_MEDIUM_FILES = """
    /etc/passwd *.dist-info/METADATA *.dist-info/entry_points.txt *.egg-info
    *.egg-info/PKG-INFO *.egg-info/top_level.txt EGG-INFO/PKG-INFO EGG-INFO/top_level.txt
    package.json ebin/*.app releases/*.rel releases/*/*.rel
    specifications/*.gemspec specifications/default/*.gemspec Gemfile.lock mix.lock
    priv/static/cache_manifest.json
"""
_SMALL_FILES = """
    /etc/os-release /usr/lib/os-release *.dist-info/INSTALLER *.dist-info/direct_url.json pyvenv.cfg
    releases/start_erl.data *.runtimeconfig.json Procfile
    supervisord.conf supervisor/conf.d/*.conf supervisor.d/* supervisord.d/* s6-rc.d/*/up
    gem.build_complete
    /etc/crontab /etc/cron.d/* /etc/crontabs/* /var/spool/cron/* /var/spool/cron/crontabs/*
    nginx.conf nginx/conf.d/*.conf
"""
_CAPS = {b"package.json": 256 * _KIB}

_SCRIPT_DIRECTORIES = frozenset(
    b"bin sbin libexec init.d cont-init.d docker-entrypoint.d my_init.d"
    b" cron.hourly cron.daily cron.weekly cron.monthly".split()
)
_SECRET_NAMES = (b".env", b".netrc", b".npmrc", b".pypirc", b"id_", b"cookie")
_SECRET_ENDINGS = tuple(b".env .pem .key .p12 .pfx .jks .keystore .kdbx .ppk .ovpn".split())
_SECRET_WORDS = (b"secret", b"credential", b"password", b"token")


def choose(directory: bytes, name: bytes) -> Choice | None:
    """The choice that a path falls under; `directory` is without a leading slash.

    >>> choose(b"var/lib/dpkg", b"status") is None, choose(b"srv", b"status") is None
    (False, True)
    """
    above, _, last = directory.rpartition(b"/")
    above = above.rpartition(b"/")[2]
    for one in _BY_NAME.get(name, ()):
        if one.covers(directory):
            return one
    for one in (*_BY_DIRECTORY.get(last, ()), *_BY_DIRECTORY.get(above + b"/*", ())):
        if name.endswith(one.name) and one.covers(directory):
            return one
    return next((one for one in _ANYWHERE if name.endswith(one.name)), None)


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


def _choices() -> list[Choice]:
    found: list[Choice] = []
    rpm = [f"{one}/{name}" for one in _RPM_DIRECTORIES.split() for name in _RPM_NAMES.split()]
    for paths, cap, database in (
        (_DATABASES.split(), 4 * _BIG, True),
        (rpm, _RPM, True),
        (_BIG_FILES.split(), _BIG, False),
        (_MEDIUM_FILES.split(), _MEDIUM, False),
        (_SMALL_FILES.split(), _SMALL, False),
    ):
        for path in paths:
            directory, _, name = path.encode().rpartition(b"/")
            found.append(Choice(directory, name, _CAPS.get(name, cap), database))
    return found


def _grouped(choices: list[tuple[bytes, Choice]]) -> dict[bytes, tuple[Choice, ...]]:
    found: dict[bytes, tuple[Choice, ...]] = {}
    for key, one in choices:
        found[key] = (*found.get(key, ()), one)
    return found


def _place(directory: bytes) -> bytes:
    """The last component, or the last two where the last is any."""
    parts = directory.split(b"/")
    return b"/".join(parts[-2:] if parts[-1] == b"*" else parts[-1:])


_NAMED = [(one.name, one) for one in _choices() if not one.name.startswith(b"*")]
_ENDING = [replace(one, name=one.name[1:]) for one in _choices() if one.name.startswith(b"*")]
_BY_NAME = _grouped(_NAMED)
_BY_DIRECTORY = _grouped([(_place(one.directory), one) for one in _ENDING if one.directory])
_ANYWHERE = [one for one in _ENDING if not one.directory]
_ENDINGS = tuple(one.name for one in _ANYWHERE)
DIRECTORIES = frozenset(key for key in _BY_DIRECTORY if b"/" not in key)
"""Names of directories in which files may be chosen by their endings …"""
PARENTS = frozenset(key[:-2] for key in _BY_DIRECTORY if key.endswith(b"/*"))
"""… and names of directories right above such."""
NAMES = frozenset(_BY_NAME)
"""Names of files that are worth asking `choose` for."""
HEADS = dict.fromkeys((b"{\n", b"{\r", b"{ ", b'{"', b"\xef\xbb", b"Me"), _ENDINGS)
"""How files that are chosen in any directory begin, JSON and `Metadata-…`, and how their names end."""
