"""conda's packages: `conda-meta/NAME-VERSION-BUILD.json` in each environment.

Paths are relative to the environment. `requested_spec` is set for what was asked for by name.
Source: conda's documentation, "Conda package specification" and `PrefixRecord`.
"""

from __future__ import annotations

from slim.packages.documents import load_object, text_of, texts_of
from slim.packages.package import (
    MAX_PACKAGES,
    Contents,
    Package,
    PackageWarnings,
    Read,
    below,
    dependencies,
    normal,
    parent,
    text,
)


def read_conda(contents: Contents) -> Read:
    """All packages of all environments."""
    warnings = PackageWarnings()
    packages: list[Package] = []
    for path in sorted(contents):
        folder, _, name = path.rpartition(b"/")
        if folder.rpartition(b"/")[2] != b"conda-meta" or not name.endswith(b".json"):
            continue
        record = load_object(contents[path], path, warnings)
        if record is None:
            continue
        if len(packages) == MAX_PACKAGES:
            warnings.add(path, f"there are more than {MAX_PACKAGES:,} packages")
            break
        prefix = parent(folder)
        scope = text(prefix) + ":"
        called = text_of(record.get("name"))
        if not called:
            warnings.add(path, "it names no package")
            continue
        joined = (
            normal(below(prefix, name.encode("utf-8", "surrogatepass")))
            for name in texts_of(record.get("files"))
        )
        requirements = [text.split() for text in texts_of(record.get("depends"))]
        packages.append(
            Package(
                manager="conda",
                name=called,
                version=text_of(record.get("version")),
                arch=text_of(record.get("subdir")),
                record=path,
                files=(path, *(file for file in joined if file is not None)),
                depends=dependencies([(scope + words[0],) for words in requirements if words]),
                provides=(scope + called,),
                auto=not text_of(record.get("requested_spec")),
            )
        )
    return Read(tuple(packages), warnings.all())
