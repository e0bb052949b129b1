"""Settings of packages that a link enables for a server: `conf-enabled/90-javascript-alias.conf`.

A server that reads all of such a directory does not start with a link in it that leads nowhere. A package's
scripts take the link away, but not whoever only leaves out its files; so the file that it leads to stays.
Source: Debian's a2enconf(8), lighty-enable-mod(1).
"""

from __future__ import annotations

from slim.advice.image_facts import ImageFacts
from slim.files.table import Kind
from slim.packages.owners import NOBODY

_ENABLED = b"-enabled"


def enabled_settings(image: ImageFacts) -> frozenset[int]:
    """Bodies of the files below /etc to which links lead that no package has, in directories that are called
    `…-enabled`."""
    files, view = image.files, image.view
    found: set[int] = set()
    for row in files.links:
        home = files.directory[row]
        if (
            files.kind[row] == Kind.SYMLINK
            and files.shown[row]
            and files.dir_name[home].endswith(_ENABLED)
            and image.owned.owner[row] == NOBODY
            and files.path(row).startswith(b"etc/")
        ):
            target = view.row(files.path(row))
            if target is not None:
                found.add(files.body.get(target, target))
    return frozenset(found)
