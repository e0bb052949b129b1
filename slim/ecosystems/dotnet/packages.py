"""NuGet packages of a published .NET application: `NAME.deps.json`.

Publishing lays the files of all packages beside the application: libraries under their last name, those
for one platform only under `runtimes/…`, translations under the culture's name.
Source: the .NET SDK's documentation, "Runtime configuration files" (`.deps.json`).
"""

from __future__ import annotations

from slim.packages.documents import load_object, object_of, text_of
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


def read_dotnet(contents: Contents) -> Read:
    """All libraries that the applications name, projects included."""
    warnings = PackageWarnings()
    packages: list[Package] = []
    for path in sorted(contents):
        if not path.endswith(b".deps.json"):
            continue
        document = load_object(contents[path], path, warnings)
        if document is None:
            continue
        kinds = object_of(document.get("libraries"))
        target = text_of(object_of(document.get("runtimeTarget")).get("name"))
        for key, value in object_of(object_of(document.get("targets")).get(target)).items():
            if len(packages) == MAX_PACKAGES:
                warnings.add(path, f"there are more than {MAX_PACKAGES:,} libraries")
                return Read(tuple(packages), warnings.all())
            kind = text_of(object_of(kinds.get(key)).get("type"))
            packages.append(_package(path, key, object_of(value), kind))
    return Read(tuple(packages), warnings.all())


def _package(path: bytes, key: str, assets: dict[str, object], kind: str) -> Package:
    name, _, version = key.partition("/")
    home = parent(path)
    scope = text(path) + ":"
    files = [normal(below(home, asset)) for asset in _assets(assets)]
    return Package(
        manager="nuget",
        name=name,
        version=version,
        section=kind,
        record=path,
        files=tuple(file for file in files if file is not None),
        depends=dependencies([(scope + name,) for name in object_of(assets.get("dependencies"))]),
        provides=(scope + name,),
    )


def _assets(assets: dict[str, object]) -> list[bytes]:
    """Where publishing puts the files of one library, relative to the application."""
    found: list[str] = []
    for kind in ("runtime", "native"):
        found += (asset.rpartition("/")[2] for asset in object_of(assets.get(kind)))
    found += object_of(assets.get("runtimeTargets"))
    for asset, value in object_of(assets.get("resources")).items():
        culture = text_of(object_of(value).get("locale"))
        found.append(f"{culture}/{asset.rpartition('/')[2]}")
    return [asset.encode("utf-8", "surrogatepass") for asset in found]
