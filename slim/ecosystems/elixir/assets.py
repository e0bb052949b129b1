"""Queries about the assets of Phoenix: what an earlier build left in `priv/static`.

Source: Phoenix's digester (`cache_manifest.json`: `digests` names every digested file that was ever
made, `latest` the one of each that pages link to).
"""

from __future__ import annotations

from slim.ecosystems.model import Subject
from slim.files.view import below
from slim.packages.documents import load_object, object_of
from slim.packages.package import PackageWarnings, normal
from slim.rules.match import QueryResult

_MANIFEST = b"cache_manifest.json"
_PACKED = (b"", b".gz", b".br")


def old_digests(subject: Subject) -> QueryResult:
    """Digested files that no page links to any more, with their compressed copies.

    A manifest that cannot be read selects nothing.
    """
    view = subject.view
    rows: set[int] = set()
    for path in view.find((_MANIFEST,))[_MANIFEST]:
        folder = path.removesuffix(b"/" + _MANIFEST)
        if not (b"/" + folder).endswith(b"/priv/static"):
            continue
        manifest = load_object(view.read(path) or b"", path, PackageWarnings())
        if manifest is None:
            continue
        latest = {
            name for name in object_of(manifest.get("latest")).values() if isinstance(name, str)
        }
        for name in object_of(manifest.get("digests")):
            place = normal(below(folder, name.encode("utf-8", "replace")))
            if name in latest or place is None or not place.startswith(folder + b"/"):
                continue
            found = (view.row(place + ending) for ending in _PACKED)
            rows.update(row for row in found if row is not None)
    return QueryResult(rows=sorted(rows))
