"""The real images of the benchmark: made by package managers and builders, as people build them.

The applications are the careless ones of `tests/real/twins`, built by buildah from Debian packages, npm, PyPI
and Hex; two more images repack one of them. Each comes as a docker-archive of uncompressed layers, and with
layers that skopeo compressed with gzip and with zstd. Needs root, buildah, skopeo, mmdebstrap and network the
first time.

    python -m tests.bench.real_images NAME.FORM…    make some, print their paths

They are made once, in the folder of `images`, and what is built for them in the folder of the twins.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from tests.bench.images import CHUNK, folder, write_archive
from tests.real.factory.project import PROJECTS, read_project
from tests.real.factory.workshop import Workshop, default_folder
from tests.real.tools import run

FORMS = ("plain", "gzip", "zstd")
APPLICATIONS = {
    "phoenix": "ex-mixrun-board",
    "next": "node-next-blog",
    "wheels": "py-pandas-report",
    "debian": "php-fpm-shop",
    "three-stacks": "multi-parcel-desk",
}
"""Image → project of the twins."""
REPACKED = ("node-modules", "pax-times")
"""100,000 files of node_modules and more; every entry with times in PAX records, as BuildKit writes them."""
NAMES = (*APPLICATIONS, *REPACKED)
_FILES = 100_000


def image(name: str, form: str) -> Path:
    """Return the path of an image in a form; make it if it is not there yet."""
    target = folder() / f"real-{name}.{form}.tar"
    if target.exists():
        return target
    with tempfile.TemporaryDirectory(dir=folder()) as place:
        partial_file = Path(place, "image.tar")
        if form != "plain":
            _compressed(image(name, "plain"), form, Path(place), partial_file)
        elif name in APPLICATIONS:
            built = _built(APPLICATIONS[name])
            run("skopeo", "copy", "--quiet", "--insecure-policy",
                f"oci-archive:{built}", f"docker-archive:{partial_file}:bench/{name}:1")  # fmt: skip
        else:
            _repacked(name, partial_file)
        partial_file.rename(target)
    return target


def _built(project: str) -> Path:
    workshop = Workshop(default_folder())
    archive = workshop.of(read_project(PROJECTS / project)) / "careless.tar"
    if not archive.exists():
        workshop.prepare()
        archive = workshop.archive(read_project(PROJECTS / project), "careless")
    return archive


def _compressed(source: Path, form: str, place: Path, target: Path) -> None:
    """An OCI layout with the `manifest.json` of docker-archives beside it, which dive reads, too."""
    layout = place / "layout"
    run("skopeo", "copy", "--quiet", "--insecure-policy", "--dest-compress-format", form,
        f"docker-archive:{source}", f"oci:{layout}:1")  # fmt: skip

    def blob(descriptor: dict[str, str]) -> str:
        return "blobs/" + descriptor["digest"].replace(":", "/")

    index = json.loads((layout / "index.json").read_text())
    manifest = json.loads((layout / blob(index["manifests"][0])).read_text())
    docker = {
        "Config": blob(manifest["config"]),
        "RepoTags": ["bench/image:1"],
        "Layers": [blob(layer) for layer in manifest["layers"]],
    }
    (layout / "manifest.json").write_text(json.dumps([docker]))
    with tarfile.open(target, "w") as archive:
        for path in sorted(layout.iterdir()):
            archive.add(path, path.name)
    shutil.rmtree(layout)


def _repacked(name: str, target: Path) -> None:
    """Put what the image `next` shows into new layers with GNU tar."""
    workshop = Workshop(default_folder())
    project = read_project(PROJECTS / APPLICATIONS["next"])
    _built(project.name)
    with workshop.root(project, "careless") as root:
        if name == "pax-times":
            layers = [["--format=posix", "."]]
        else:
            modules = "app/node_modules"
            count = sum(1 for path in Path(root, modules).rglob("*") if path.is_file())
            layers = [
                [f"--transform=s,^app,srv/{copy},", modules] for copy in range(_FILES // count + 1)
            ]
        write_archive(target, ((None, _tar(root, words)) for words in layers), "layer.v1.tar")


def _tar(root: Path, words: Iterable[str]) -> Iterator[bytes]:
    with subprocess.Popen(
        ["tar", "--create", "--sort=name", "--directory", root, *words], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        with closing(process.stdout) as stream:
            yield from iter(partial(stream.read, CHUNK), b"")
    assert not process.returncode


def main() -> None:
    """Make the images that are named, as NAME.FORM; all of them if none is."""
    for name_and_form in sys.argv[1:] or [f"{name}.{form}" for name in NAMES for form in FORMS]:
        name, _, form = name_and_form.partition(".")
        print(image(name, form or "plain"), flush=True)


if __name__ == "__main__":
    main()
