"""All platforms of an image, repacked into one output: archive, layout, or what docker loads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from slim.errors import UsageError
from slim.files.metered import summed
from slim.files.options import ReadOptions
from slim.image.graph import blob_name
from slim.image.model import Image
from slim.repack.certificate import SCHEMA_VERSION, Certificate, LeftOut
from slim.repack.compressors import Compression
from slim.repack.documents import MANIFEST, described, encoded, index_of
from slim.repack.layers import Writing
from slim.repack.model import LayerMode, Selection
from slim.repack.outputs import Output, new_archive, new_directory
from slim.repack.repack import Repacked, Source, repack
from slim.version import VERSION

Form = Literal["oci-archive", "oci-dir", "docker-archive", "archive"]
"""`archive` is an OCI archive that `docker load` reads, too."""
_NAME, _TAG = "io.containerd.image.name", "org.opencontainers.image.ref.name"


class Target(Struct, frozen=True):
    """Where the result goes, and in which form."""

    path: str
    form: Form
    compression: Compression | None = None
    """None: as layers are stored in the source."""
    name: str = ""
    """What the result is called; empty: as the source."""

    def open(self) -> AbstractContextManager[Output]:
        """The output, which is at its path when the block ends without an error."""
        return new_directory(self.path) if self.form == "oci-dir" else new_archive(self.path)

    def layer_name(self, digest: str, diff_id: str) -> str:
        """The member that holds a layer."""
        if self.form != "docker-archive":
            return blob_name(digest)
        return f"{diff_id.partition(':')[2]}.tar"

    @property
    def stored(self) -> Compression | None:
        """How layers are stored."""
        return Compression("none", 0) if self.form == "docker-archive" else self.compression


def repack_all(
    sources: Iterable[Source],
    given: str,
    selection: Selection,
    mode: LayerMode,
    target: Target,
    options: ReadOptions,
    proved: Callable[[Certificate], None],
) -> Certificate:
    """Write all `sources`, one after the other, as the platforms of one image.

    `proved` gets the certificate before the output has its name: if that fails, nothing has been written.

    Raises:
        UsageError: the output cannot be written, or holds one platform and there are several.
        Others as for `repack`.
    """
    written: list[tuple[Image, Repacked]] = []
    threads = options.jobs or 1
    with target.open() as output, ThreadPoolExecutor(threads) as pool:
        for source in sources:
            if written and target.form == "docker-archive":
                raise UsageError(
                    "several-platforms",
                    f"{given!r} holds several platforms, and a docker-archive holds one",
                    "choose one with --platform, or write oci-archive:PATH",
                )
            total = sum(layer.size for layer in source.image.layers)
            writing = Writing(
                output,
                target.layer_name,
                target.stored,
                pool,
                threads,
                options.limits,
                summed(options.progress, total),
            )
            written.append((source.image, repack(source, selection, mode, writing, options)))
        if target.name:
            written = [(replace(image, names=(target.name,)), each) for image, each in written]
        _write_documents(output, written, target)
        certificate = _certificate(written, given, selection, mode)
        proved(certificate)
    return certificate


def _certificate(
    written: list[tuple[Image, Repacked]], given: str, selection: Selection, mode: LayerMode
) -> Certificate:
    companions = {each.digest: each for image, _ in written for each in image.companions}
    return Certificate(
        SCHEMA_VERSION,
        "repack-certificate",
        f"slim {VERSION}",
        selection.level,
        mode,
        given,
        tuple(repacked.certificate for _, repacked in written),
        tuple(
            LeftOut(each.digest, each.artifact_type or each.media_type)
            for each in companions.values()
        ),
    )


def _write_documents(output: Output, written: list[tuple[Image, Repacked]], target: Target) -> None:
    for _, each in written:
        if target.form != "docker-archive":
            output.blob([each.config])
            output.blob([each.manifest])
    if target.form == "docker-archive" or (target.form == "archive" and len(written) == 1):
        image, each = written[0]
        _write_docker(output, image, each, target)
    if target.form == "docker-archive":
        return
    entries = [_entry(image, each) for image, each in written]
    names = dict.fromkeys(name for image, _ in written for name in image.names)
    if len(written) > 1:
        index = index_of(entries)
        output.blob([index])
        top = described(index, "application/vnd.oci.image.index.v1+json")
    else:
        top = entries[0]
    output.document("oci-layout", encoded({"imageLayoutVersion": "1.0.0"}))
    output.document("index.json", index_of(list(_named(top, names))))


def _entry(image: Image, repacked: Repacked) -> dict[str, Any]:
    """The descriptor of a manifest, with what the source's index said of it."""
    platform = image.config.platform
    known = {
        "architecture": platform.architecture,
        "os": platform.os,
        "variant": platform.variant,
    }
    entry = described(repacked.manifest, MANIFEST)
    entry["platform"] = {key: value for key, value in known.items() if value}
    annotations = image.entry.annotations if image.entry else {}
    if kept := {k: v for k, v in annotations.items() if k not in (_NAME, _TAG)}:
        entry["annotations"] = kept
    return entry


def _named(entry: dict[str, Any], names: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The descriptor once for each name, or once without."""
    named = False
    for name in names:
        named = True
        is_full = ":" in name or "/" in name
        about = {_NAME: name, _TAG: name.rpartition(":")[2]} if is_full else {_TAG: name}
        yield {**entry, "annotations": {**entry.get("annotations", {}), **about}}
    if not named:
        yield entry


def _write_docker(output: Output, image: Image, repacked: Repacked, target: Target) -> None:
    """What `docker load` reads: `manifest.json`, and for it alone the config under its old name."""
    written = output.blob(
        [repacked.config],
        blob_name
        if target.form == "archive"
        else lambda digest: f"{digest.partition(':')[2]}.json",
    )
    config = (
        blob_name(written.digest)
        if target.form == "archive"
        else f"{written.digest.partition(':')[2]}.json"
    )
    layers = [target.layer_name(each.layer.digest, each.layer.diff_id) for each in repacked.layers]
    names = [name for name in image.names if ":" in name]
    output.document(
        "manifest.json", encoded([{"Config": config, "RepoTags": names or None, "Layers": layers}])
    )
