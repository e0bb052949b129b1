"""The values of the variables of rule patterns in one image: `{home}`, `{release_root}`, `{npm_cache}`. Pure.

Values are directories of the final filesystem, links followed, without leading slash. Those that ENV
names are hostile like everything else: the root, the directories of the system, homes, and whatever
contains the working directory are never taken for a cache.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from slim.entrypoint.tables import raw_names
from slim.facts.roots import Roots, is_system
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

Values = Mapping[str, tuple[str, ...]]


def values_of(
    env: Mapping[str, str], workdir: str, roots: Roots, view: View
) -> dict[str, tuple[str, ...]]:
    """Every variable with its values, each at most `MAX_VALUES`."""
    homes = _homes(env, view)
    place = _Place(env, homes, encoded(workdir.strip("/")), view)
    found: dict[str, Iterable[bytes]] = {
        "home": homes,
        "cache": place.caches,
        "site": [*roots.sites, *place.sites()],
        "venv": roots.venvs,
        "app": place.apps(roots),
        "otp_root": roots.otp,
        "release_root": [one.root for one in roots.releases],
        "node_modules": roots.node_modules,
        "conda": [
            *roots.condas,
            *place.named(("CONDA_DIR", "MAMBA_ROOT_PREFIX"), mark=b"conda-meta"),
        ],
        "java_home": [*roots.javas, *place.named(("JAVA_HOME",), mark=b"bin")],
        "dotnet_root": [
            *roots.dotnets,
            *place.named(("DOTNET_ROOT",), (b"usr/share/dotnet", b"usr/lib/dotnet")),
        ],
        "gem_home": [
            *roots.gems,
            *place.named(("GEM_HOME", "BUNDLE_PATH"), (b"usr/local/bundle",)),
        ],
        "nuget": place.nuget(),
        **{name: place.tool(*row) for name, row in _TOOLS.items()},
    }
    values = {name: _texts(paths) for name, paths in found.items()}
    values["lang"] = languages(env)
    return values


_TOOLS: dict[str, tuple[tuple[str, ...], tuple[bytes, ...], tuple[bytes, ...], tuple[bytes, ...]]] = {
    "mix_home": (("MIX_HOME",), (), (b".mix", b".local/share/mix"), ()),
    "hex_home": (
        ("HEX_HOME",), (), (b".hex", b".cache/hex", b".config/hex", b".local/share/hex"), (),
    ),
    "rebar_cache": (("REBAR_CACHE_DIR",), (), (), (b"rebar3",)),
    "gopath": (("GOPATH",), (b"go",), (b"go",), ()),
    "gocache": (("GOCACHE",), (), (), (b"go-build",)),
    "cargo": (("CARGO_HOME",), (b"usr/local/cargo",), (b".cargo",), ()),
    "rustup": (("RUSTUP_HOME",), (b"usr/local/rustup",), (b".rustup",), ()),
    "npm_cache": (("NPM_CONFIG_CACHE", "npm_config_cache"), (), (b".npm",), ()),
    "yarn_cache": (("YARN_CACHE_FOLDER",), (b"usr/local/share/.cache/yarn",), (), (b"yarn",)),
    "pnpm_store": (
        ("NPM_CONFIG_STORE_DIR", "npm_config_store_dir"), (b"pnpm/store",),
        (b".local/share/pnpm/store", b".pnpm-store"), (),
    ),
    "pip_cache": (("PIP_CACHE_DIR",), (), (), (b"pip",)),
    "uv_cache": (("UV_CACHE_DIR",), (), (), (b"uv",)),
    "poetry_cache": (("POETRY_CACHE_DIR",), (), (), (b"pypoetry",)),
    "m2": (("MAVEN_CONFIG",), (), (b".m2",), ()),
    "gradle_home": (("GRADLE_USER_HOME",), (b"home/gradle/.gradle",), (b".gradle",), ()),
    "composer_home": (("COMPOSER_HOME",), (), (b".composer", b".config/composer"), ()),
    "hf": (
        ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "TRANSFORMERS_CACHE", "HF_HOME/hub"), (), (),
        (b"huggingface/hub",),
    ),
}  # fmt: skip
"""Variable → names in ENV, fixed places, places below a home, places below a cache."""


class _Place:
    """Looks directories up."""

    def __init__(
        self, env: Mapping[str, str], homes: tuple[bytes, ...], workdir: bytes, view: View
    ) -> None:
        self._env = env
        self._homes = homes
        self._view = view
        self._workdir = view.real(workdir) if workdir else None
        caches = [*self.named(("XDG_CACHE_HOME",)), *self._below(homes, (b".cache",))]
        self.caches = tuple(dict.fromkeys(caches))

    def tool(
        self,
        variables: tuple[str, ...],
        fixed: tuple[bytes, ...],
        in_home: tuple[bytes, ...],
        in_cache: tuple[bytes, ...],
    ) -> list[bytes]:
        """Directories of one tool."""
        found = self.named(variables, fixed)
        return [*found, *self._below(self._homes, in_home), *self._below(self.caches, in_cache)]

    def named(
        self, variables: tuple[str, ...], fixed: tuple[bytes, ...] = (), mark: bytes = b""
    ) -> list[bytes]:
        """Directories that ENV names, and fixed ones; with `mark`, only those that hold such a name."""
        found: list[bytes] = []
        for variable in variables:
            name, _, rest = variable.partition("/")
            for value in self._env.get(name, "").split(":")[:MAX_VALUES]:
                path = self._real(encoded(value + ("/" + rest if rest else "")))
                if path is not None and value.startswith("/") and not self._is_shared(path):
                    found.append(path)
        found += [path for one in fixed if (path := self._real(one)) is not None]
        return [one for one in found if not mark or self._view.exists(one + b"/" + mark)]

    def sites(self) -> list[bytes]:
        """Directories of PYTHONPATH into which packages were installed."""
        return [
            path
            for path in self.named(("PYTHONPATH",))
            if any(name.endswith(b".dist-info") for name in self._view.names_in(path))
        ]

    def apps(self, roots: Roots) -> list[bytes]:
        """The working directory, and those with a project file."""
        found = [] if self._workdir is None else [self._workdir]
        usable = [one for one in found if one in roots.projects or not is_system(one)]
        return [*usable, *roots.projects]

    def nuget(self) -> list[bytes]:
        """NUGET_PACKAGES is `packages` below it."""
        named = [path for path in self.named(("NUGET_PACKAGES",)) if path.endswith(b"/packages")]
        above = [path.rpartition(b"/")[0] for path in named]
        return [path for path in above if not self._is_shared(path)] + self._below(
            self._homes, (b".nuget",)
        )

    def _below(self, parents: Iterable[bytes], names: tuple[bytes, ...]) -> list[bytes]:
        paths = (self._real(parent + b"/" + name) for parent in parents for name in names)
        return [path for path in paths if path is not None]

    def _real(self, path: bytes) -> bytes | None:
        """The directory that a path leads to."""
        return self._view.real(path) if self._view.is_dir(path) else None

    def _is_shared(self, path: bytes) -> bool:
        """Not one tool's own directory."""
        if not path or is_system(path) or path in _NO_HOMES or path in self._homes:
            return True
        inside = self._workdir is not None and (self._workdir + b"/").startswith(path + b"/")
        return inside or any(home.startswith(path + b"/") for home in self._homes)


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
        for one in value[:1024].split(":") if name == "LANGUAGE" else (value[:64],):
            base, at, modifier = one.partition("@")
            base = base.partition(".")[0]
            for text in (base + at + modifier, base, base.partition("_")[0]):
                if text and "/" not in text and base not in ("C", "POSIX"):
                    found[text] = None
    return tuple(found)[:MAX_VALUES]


def _texts(paths: Iterable[bytes]) -> tuple[str, ...]:
    """As texts, each once; the root is no value."""
    return tuple(dict.fromkeys(decoded(path) for path in paths if path))[:MAX_VALUES]
