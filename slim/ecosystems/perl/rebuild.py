"""Perl: the interpreter of the system, the application, and modules that no package of the system has.

Source: perlrun and Debian's Perl policy, "Module path": what cpan installs is below /usr/local.
"""

from __future__ import annotations

from collections.abc import Iterator

from slim.files.view import below as join
from slim.files.view import encoded
from slim.rebuild.interpreted import main_command, system_owner
from slim.rebuild.model import Given, Plan
from slim.rebuild.packaged import packaged
from slim.rebuild.trees import below, row_at

_MODULES = (
    b"usr/local/share/perl",
    b"usr/local/share/perl5",
    b"usr/local/lib/perl5",
    b"usr/local/lib64/perl5",
)
_FOR_PEOPLE = (b".pod", b".3pm", b".3perl")


def plan(given: Given) -> Plan | None:
    """What to keep of an image that runs a program of Perl; None where no package brings the interpreter."""
    view = given.view
    command = main_command(given, "perl", frozenset(("carton",)))
    if command is None:
        return None
    for path in (encoded(command.path), b"usr/bin/perl"):
        program = row_at(view, path) if path else None
        if program is not None and system_owner(given, program) is not None:
            return packaged(given, command, "perl", program, _modules(given))
    return None


def _modules(given: Given) -> Iterator[int]:
    # Debian's directory of compiled modules has the name of the architecture above it.
    local = b"usr/local/lib"
    compiled = (join(join(local, name), b"perl") for name in given.view.names_in(local))
    for place in (*_MODULES, *compiled):
        for row in below(given.view, place):
            if not given.view.files.name[row].endswith(_FOR_PEOPLE):
                yield row
