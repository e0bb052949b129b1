"""The layers of several docker-archives on top of each other: one large image.

    python -m tests.bench.joined_image TARGET ARCHIVE…

A layer that several have is taken once. Prints how many layers and stored bytes it has.
"""

from __future__ import annotations

import io
import json
import sys
import tarfile
from typing import Any


def main() -> None:
    """Write it."""
    target, *archives = sys.argv[1:]
    layers: list[str] = []
    diff_ids: list[str] = []
    size = 0
    config: dict[str, Any] = {}
    with tarfile.open(target, "w") as out:
        for at, path in enumerate(archives):
            with tarfile.open(path) as archive:
                manifest = _document(archive, "manifest.json")[0]
                config = _document(archive, manifest["Config"])
                for name, diff_id in zip(
                    manifest["Layers"], config["rootfs"]["diff_ids"], strict=True
                ):
                    if diff_id in diff_ids:
                        continue
                    member = archive.getmember(name)
                    content = archive.extractfile(member)
                    member.name = f"{at}/{len(layers)}.tar"
                    out.addfile(member, content)
                    layers.append(member.name)
                    diff_ids.append(diff_id)
                    size += member.size
        config["rootfs"]["diff_ids"] = diff_ids
        config["history"] = [{"created_by": name} for name in layers]
        documents = {
            "config.json": config,
            "manifest.json": [{"Config": "config.json", "RepoTags": None, "Layers": layers}],
        }
        for name, document in documents.items():
            data = json.dumps(document).encode()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            out.addfile(member, io.BytesIO(data))
    print(f"{len(layers)} layers of {size / 1e9:.2f} GB, stored")


def _document(archive: tarfile.TarFile, name: str) -> Any:
    found = archive.extractfile(name)
    if found is None:
        raise ValueError(f"{name} is not a file")
    return json.load(found)


if __name__ == "__main__":
    main()
