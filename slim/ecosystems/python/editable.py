"""Projects that an environment has by their place only: `pip install -e /libs/x`.

Source: Python packaging, "Recording the Direct URL Origin of installed distributions" (`dir_info.editable`);
the `site` module for `.pth`; setuptools, "Development Mode" (`.egg-link`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from urllib.parse import unquote

from slim.files.view import below as join
from slim.files.view import encoded
from slim.packages.documents import load_object, object_of, text_of
from slim.packages.package import PackageWarnings
from slim.rebuild.model import Given

_MOST = 32
_FILE = "file://"
_NAMES = (b".pth", b".egg-link")
_SYSTEM = (b"usr/lib/", b"usr/share/", b"lib/")
_MOST_FILES = 500
_MOST_LINES = 200


def editable_projects(
    given: Given, sites: Collection[bytes], homes: Collection[bytes], left: Collection[int]
) -> list[bytes]:
    """The directories outside of `homes` in which such projects lie.

    Args:
        sites: the site directories of the environment.
        left: distributions that are not kept.
    """
    view, inside = given.view, tuple(home + b"/" for home in homes)
    found: dict[bytes, None] = {}
    for place in (*_by_record(given, sites, left), *_by_path(given, sites)):
        real = view.real(place)
        if (
            real
            and view.is_dir(real)
            and not given.facts.roots.is_system(real)
            and not real.startswith(_SYSTEM)
            and not (real + b"/").startswith((*inside, *(known + b"/" for known in found)))
        ):
            found[real] = None
    return list(found)[:_MOST]


def _by_record(given: Given, sites: Collection[bytes], left: Collection[int]) -> Iterator[bytes]:
    ends = tuple(site + b"/" for site in sites)
    for index, package in enumerate(given.graph.packages):
        if package.manager == "python" and index not in left and package.record.startswith(ends):
            path = join(package.record.rpartition(b"/")[0], b"direct_url.json")
            content = given.view.read(path)
            record = load_object(content, path, PackageWarnings()) if content is not None else None
            url = text_of((record or {}).get("url"))
            if url.startswith(_FILE) and object_of((record or {}).get("dir_info")).get("editable"):
                yield encoded(unquote(url.removeprefix(_FILE)))


def _by_path(given: Given, sites: Collection[bytes]) -> Iterator[bytes]:
    """What settings of a site directory put on the path of modules."""
    for site in sites:
        names = [name for name in given.view.children(site) if name.endswith(_NAMES)]
        for name in names[:_MOST_FILES]:
            lines = (given.view.read(join(site, name)) or b"").split(b"\n", _MOST_LINES)
            yield from (line.strip() for line in lines if line.startswith(b"/"))
