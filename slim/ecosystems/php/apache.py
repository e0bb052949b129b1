"""PHP as a module of Apache: the server's programs, and where its module is."""

from __future__ import annotations

from slim.entrypoint.tables import names
from slim.files.view import View, below

APACHE = names("apache2 apache2ctl apachectl httpd httpd-foreground apache2-foreground")
_MODULES = (
    *(b"usr/lib/apache2/modules", b"usr/lib/apache2", b"etc/httpd/modules"),
    *(b"usr/lib64/httpd/modules", b"usr/local/apache2/modules"),
)


def module_of(view: View) -> bytes | None:
    """The path of PHP's module; None where Apache has none."""
    for place in _MODULES:
        for name in view.children(place):
            if name.startswith((b"libphp", b"mod_php")):
                return below(place, name)
    return None
