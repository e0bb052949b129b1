"""dpkg: Debian, Ubuntu and what is made of them."""

from __future__ import annotations

from slim.ecosystems.dpkg.packages import read_dpkg
from slim.ecosystems.dpkg.queries import development, unneeded_tools
from slim.ecosystems.model import Ecosystem, Reader
from slim.ecosystems.shared import weak_only
from slim.entrypoint.tables import names
from slim.facts.known import Evidence, Known
from slim.facts.system import distroless, release_ids, statement
from slim.files.extract.texts import BIG, Keep

_LIKE = names("debian ubuntu raspbian devuan linuxmint pop kali")
_PAGES = (
    b"usr/share/man/man1/ls.1.gz",
    b"usr/share/man/man1/cat.1.gz",
    b"usr/share/man/man1/bash.1.gz",
)
"""Manual pages of packages that every Debian has."""
_MESSAGES = (b"coreutils.mo", b"dpkg.mo", b"libc.mo", b"bash.mo")
_STATUS = b"var/lib/dpkg/status"


def _debian(known: Known) -> Evidence:
    if known.view.exists(_STATUS):
        return ("var/lib/dpkg/status exists",)
    if release_ids(known.view) & _LIKE and not distroless(known.view):
        return (statement(known.view),)
    return ()


def _debian_full(known: Known) -> Evidence:
    """Not one of the slim images, which leave manual pages and translations out."""
    view = known.view
    if not _debian(known) or "ubuntu" in release_ids(view):
        return ()
    page = next((path for path in _PAGES if view.is_file(path)), None)
    locale = b"usr/share/locale/de/LC_MESSAGES/"
    message = next((name for name in _MESSAGES if view.is_file(locale + name)), None)
    if page is None or message is None:
        return ()
    return f"{page.decode()} exists", f"messages of {message.decode()} exist"


DPKG = Ecosystem(
    name="dpkg",
    keeps=(
        Keep(
            "/var/lib/dpkg/status /var/lib/dpkg/diversions /var/lib/dpkg/status.d/* "
            "/var/lib/dpkg/info/*.list /var/lib/apt/extended_states",
            4 * BIG,
            database=True,
        ),
    ),
    packages=Reader(read_dpkg, (_STATUS,)),
    system=frozenset((b"var/lib/dpkg", b"var/lib/apt")),
    facts={"base.debian": _debian, "base.debian_full": _debian_full},
    queries={
        "dpkg.recommends_only": lambda subject: weak_only(subject, "dpkg"),
        "dpkg.dev": development,
        "dpkg.unneeded_tools": unneeded_tools,
    },
)
