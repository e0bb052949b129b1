"""What web servers run PHP by: a module of Apache, FastCGI, CGI; and which of them an image starts."""

from __future__ import annotations

from slim.entrypoint.runs import Command
from slim.entrypoint.tables import names
from slim.files.view import View, below
from slim.packages.package import SYSTEM
from slim.patterns import regex
from slim.rebuild.model import Given

APACHE = names("apache2 apache2ctl apachectl httpd httpd-foreground apache2-foreground")
_MODULES = (
    *(b"usr/lib/apache2/modules", b"usr/lib/apache2", b"etc/httpd/modules"),
    *(b"usr/lib64/httpd/modules", b"usr/local/apache2/modules"),
)
_INTERFACES = {
    "apache": regex(r"libapache2-mod-php[0-9.]*"),
    "fpm": regex(r"php[0-9.]*-fpm"),
    "cgi": regex(r"php[0-9.]*-cgi"),
}
"""What a web server runs PHP by → Debian's packages of it."""
_ANY_INTERFACE = regex(r"php[0-9.]*")
"""Packages without files that need one of them, Apache's first."""
_STARTERS = frozenset(("service", "systemctl", "invoke-rc.d", "systemd", "init"))
"""Programs that may start an interface which no command names …"""
_SPEAKERS = frozenset(("nginx", "caddy", "lighttpd"))
"""… and those that may speak to one."""


def module_of(view: View) -> bytes | None:
    """The path of PHP's module; None where Apache has none."""
    for place in _MODULES:
        for name in view.children(place):
            if name.startswith((b"libphp", b"mod_php")):
                return below(place, name)
    return None


def not_started(given: Given, command: Command) -> frozenset[int]:
    """Packages of interfaces between PHP and a web server that the image does not start."""
    running = {command.name, *(each.name for each in given.facts.runs.all)}
    if running & _STARTERS:
        return frozenset()
    idle = [] if running & APACHE else [_INTERFACES["apache"]]
    if not running & _SPEAKERS:
        others = [name for name in ("fpm", "cgi") if not any(name in each for each in running)]
        idle += map(_INTERFACES.__getitem__, others)
    names = {
        index: package.name
        for index, package in enumerate(given.graph.packages)
        if package.manager in SYSTEM
    }
    found = {index for index, name in names.items() if any(each.fullmatch(name) for each in idle)}
    if found:
        found |= {index for index, name in names.items() if _ANY_INTERFACE.fullmatch(name)}
    return frozenset(found)
