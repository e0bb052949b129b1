"""What web servers serve: the directories that the settings of nginx, Apache and Caddy name.

Source: nginx's documentation of `root`, `alias`, `include` and `load_module`; Apache's of `DocumentRoot`,
`Alias` and `Include`; Caddy's of `root`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from itertools import pairwise

from msgspec import Struct

from slim.entrypoint.runs import Command
from slim.files.view import View, encoded
from slim.files.view import below as join
from slim.patterns import regex

_MAX_FILES = 500
_MAX_NAMES = 2_000
COMMENT = regex(rb"(?m)(?:^|(?<=\s))#[^\n]*")
"""Of settings of most servers."""
_NGINX = regex(
    rb"(?:^|[;{}\s])(root|alias|include|load_module|auth_basic_user_file|ssl_certificate(?:_key)?"
    rb"|ssl_dhparam|ssl_trusted_certificate|js_import|perl_modules)\s+([^;{}\n]{1,1000})\s*;"
)
_APACHE = regex(
    rb"(?im)^[ \t]*(DocumentRoot|Alias|Include|IncludeOptional|LoadModule|ScriptAlias)[ \t]+([^\n]{1,1000})$"
)
_CADDY = regex(rb"(?m)^[ \t]*(root|import)[ \t]+([^\n{}]{1,1000})$")
_SERVED = frozenset((b"root", b"alias", b"documentroot", b"scriptalias"))
_INCLUDED = frozenset((b"include", b"includeoptional", b"import"))
_PLACES = (
    b"etc/nginx",
    b"usr/share/nginx",
    b"usr/local/nginx/conf",
    b"usr/local/nginx",
    b"usr/local/openresty/nginx/conf",
    b"usr/local/openresty/nginx",
)
"""Directories from which relative names in nginx's settings count: those that it is built with."""
_SETTINGS = {
    "nginx": (
        b"etc/nginx/nginx.conf",
        b"usr/local/nginx/conf/nginx.conf",
        b"usr/local/openresty/nginx/conf/nginx.conf",
    ),
    "apache": (
        b"etc/apache2/apache2.conf",
        b"etc/httpd/conf/httpd.conf",
        b"etc/apache2/httpd.conf",
        b"usr/local/apache2/conf/httpd.conf",
    ),
    "caddy": (b"etc/caddy/Caddyfile", b"Caddyfile"),
}
_SYNTAX = {"nginx": _NGINX, "apache": _APACHE, "caddy": _CADDY}
_PREFIXES = {
    "nginx": _PLACES,
    "apache": (b"etc/apache2", b"etc/httpd", b"usr/local/apache2"),
    "caddy": (b"etc/caddy", b""),
}
_ALSO = {
    "nginx": ("openresty", "angie", "tengine"),
    "apache": ("httpd", "httpd-foreground"),
    "caddy": (),
}
"""Further names of the servers' programs."""
_OPTIONS = {"nginx": ("-c",), "apache": ("-f",), "caddy": ("--config", "-c")}


class Site(Struct, frozen=True):
    """What the settings of a web server name; paths without leading slash, links not followed."""

    settings: tuple[bytes, ...] = ()
    """The files of settings themselves."""
    roots: tuple[bytes, ...] = ()
    """Directories and files that are served."""
    files: tuple[bytes, ...] = ()
    """Modules, certificates and lists of users."""


def site_of(view: View, server: str, commands: Iterable[Command] = (), cwd: bytes = b"") -> Site:
    """What a web server reads and serves.

    Args:
        server: `nginx`, `apache` or `caddy`.
        commands: what the image starts; the options of this server may name its settings.
        cwd: the working directory.
    """
    settings: dict[bytes, None] = {}
    roots: dict[bytes, None] = {}
    files: dict[bytes, None] = {}
    todo = [path for path in _SETTINGS[server] if view.is_file(path)]
    for command in commands:
        own = server in command.name or command.name in _ALSO[server]
        for word, after in pairwise(command.words) if own else ():
            if word in _OPTIONS[server]:
                todo.append(_absolute(encoded(after), cwd))
            elif server == "caddy" and word in ("--root", "-r"):
                roots[_absolute(encoded(after), cwd)] = None
    if server == "caddy" and view.is_file(join(cwd, b"Caddyfile")):
        todo.append(join(cwd, b"Caddyfile"))
    while todo and len(settings) < _MAX_FILES:
        path = todo.pop(0)
        if path in settings or not view.is_file(path):
            continue
        settings[path] = None
        content = COMMENT.sub(b"", view.read(path) or b"")
        for key, value in _SYNTAX[server].findall(content):
            values = [word.strip(b"\"'") for word in value.split()]
            name = key.lower()
            if not values:
                continue
            # `Alias /url DIRECTORY`, `LoadModule NAME FILE`, `root * DIRECTORY`: the last word.
            target = values[-1]
            if name in _INCLUDED:
                todo += _matching(view, server, target)
            elif name in _SERVED or (server == "apache" and name == b"alias"):
                roots.update(dict.fromkeys(_existing(view, server, _constant(target), cwd)))
            else:
                files.update(dict.fromkeys(_existing(view, server, target, cwd)))
    return Site(tuple(settings), tuple(roots), tuple(files))


def _absolute(path: bytes, cwd: bytes) -> bytes:
    return path.lstrip(b"/") if path.startswith(b"/") else join(cwd, path)


def _constant(path: bytes) -> bytes:
    """The directories in front of a variable: `/var/www` of `/var/www/$host`."""
    for mark in (b"$", b"{"):
        if mark in path:
            path = path.partition(mark)[0].rpartition(b"/")[0]
    return path


def _existing(view: View, server: str, path: bytes, cwd: bytes) -> list[bytes]:
    """The path, or what a relative one is from the first place that has it."""
    if path.startswith(b"/"):
        path = path.strip(b"/")
        return [path] if path and view.exists(path) else []
    places = (join(place, path) for place in (*_PREFIXES[server], cwd) if path)
    return next(([place] for place in places if view.exists(place)), [])


def _matching(view: View, server: str, pattern: bytes) -> Sequence[bytes]:
    """The files that an `include` names; `*` in the last two components at most."""
    absolute = pattern.startswith(b"/")
    candidates = (
        [pattern.lstrip(b"/")]
        if absolute
        else [join(place, pattern) for place in _PREFIXES[server]]
    )
    found: list[bytes] = []
    for path in candidates:
        above, _, name = path.rpartition(b"/")
        folders = [above]
        if b"*" in above:
            higher, _, last = above.rpartition(b"/")
            folders = [join(higher, name) for name in _fitting(view, higher, last)]
        for folder in folders:
            found += [join(folder, entry) for entry in _fitting(view, folder, name)]
    # IncludeOptional of a directory means all of it.
    more = [
        join(path, child) for path in found if view.is_dir(path) for child in view.children(path)
    ]
    return [*found, *more][:_MAX_FILES]


def _fitting(view: View, folder: bytes, pattern: bytes) -> list[bytes]:
    if not {b"*"[0], b"?"[0], b"["[0]} & set(pattern):
        return [pattern] if view.exists(join(folder, pattern)) else []
    text = pattern.decode("latin-1")
    names = list(view.names_in(folder))[:_MAX_NAMES]
    return sorted(name for name in names if fnmatchcase(name.decode("latin-1"), text))
