"""The manifest graph: indexes, manifests and descriptors that mislead."""

from __future__ import annotations

import base64
import hashlib
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3

from slim import analyze
from slim.errors import IntegrityError, UsageError
from slim.image.kinds import layer_label
from slim.image.select import parse_platform
from tests.support.attacks import Attack, named, prove, shown
from tests.support.building import Layer, delete, descriptor, encode, file, layer, raw_layer
from tests.support.layouts import (
    BYE,
    CONFIG,
    DOCKER_CONFIG,
    DOCKER_INDEX,
    DOCKER_LAYER,
    DOCKER_MANIFEST,
    DROP,
    EMPTY,
    HELLO,
    INDEX,
    LAYER,
    MANIFEST,
    Members,
    blob_name,
    config,
    entry,
    index,
    manifest,
    nested,
    pack,
    packed,
    simple,
    unpack,
    with_config,
    world,
)

MADE = config(HELLO)
TOP = manifest(MADE, HELLO)
ARM_MADE = config(BYE, architecture="arm64", variant="v8")
ARM_TOP = manifest(ARM_MADE, BYE)
AMD = {"os": "linux", "architecture": "amd64"}
ARM = {"os": "linux", "architecture": "arm64", "variant": "v8"}
UNKNOWN = {"os": "unknown", "architecture": "unknown"}
STATEMENT = b'{"_type":"https://in-toto.io/Statement/v0.1"}'
ATTESTATION = manifest(
    config(), descriptor("application/vnd.in-toto+json", STATEMENT), artifactType=DROP
)
OF_IMAGE = {
    "vnd.docker.reference.type": "attestation-manifest",
    "vnd.docker.reference.digest": str(entry(TOP)["digest"]),
}
EMPTY_JSON = b"{}"
COSIGN = "application/vnd.dev.cosign.artifact.sig.v1+json"
ATTESTATION_ARTIFACT = manifest(
    EMPTY_JSON,
    config=descriptor(EMPTY, EMPTY_JSON),
    artifactType="application/vnd.docker.attestation.manifest.v1+json",
    subject=entry(TOP),
)
SCHEMA_1 = encode({"schemaVersion": 1, "fsLayers": []})
UNTYPED = manifest(MADE, HELLO, mediaType=DROP)
UNTYPED_INDEX = index(entry(UNTYPED, mediaType=DROP), mediaType=DROP)
DOCKER_TOP = manifest(
    MADE,
    mediaType=DOCKER_MANIFEST,
    config=descriptor(DOCKER_CONFIG, MADE),
    layers=[descriptor(DOCKER_LAYER, HELLO.blob)],
)
WINDOWS = layer(file("Files/a\\b", b"1", pax=((b"MSWINDOWS.rawsd", b"x"),)), file("Hives/x", b"2"))
INLINE_CONFIG = manifest(
    MADE, HELLO, config={**descriptor(CONFIG, MADE), "data": base64.b64encode(MADE).decode()}
)


def listed(*entries: dict[str, object], **changes: Any) -> Members:
    """An index with HELLO's image and these entries beside it."""
    return world(index(entry(TOP), *entries, **changes), TOP, MADE, HELLO)


def two(amd: dict[str, Any] | None = None, arm: dict[str, Any] | None = None) -> Members:
    """Images for two platforms."""
    top = index(
        entry(TOP, **({"platform": amd} if amd else {})),
        entry(ARM_TOP, **({"platform": arm} if arm else {})),
    )
    return world(top, TOP, MADE, HELLO, ARM_TOP, ARM_MADE, BYE)


def artifact(config_type: str, **changes: Any) -> Members:
    """A manifest of something that is not an image."""
    top = manifest(EMPTY_JSON, config=descriptor(config_type, EMPTY_JSON), **changes)
    return world(index(entry(top)), top, EMPTY_JSON)


def labelled(media_type: str, layer: Layer = HELLO, **changes: Any) -> Members:
    """An image whose layer has this media type."""
    return simple(layer, layers=[{**descriptor(media_type, layer.blob), **changes}])


def without(members: Members, *datas: bytes) -> Members:
    gone = {blob_name(data) for data in datas}
    return {name: data for name, data in members.items() if name not in gone}


def confused(name: str, top: bytes, media_type: str = MANIFEST) -> Attack:
    """A document that is an index to one reader and a manifest to another."""
    return Attack(
        id=f"M4-{name}",
        given=f"type confusion: {name.replace('-', ' ')}",
        make=packed(world(index(entry(top, media_type)), top, TOP, MADE, HELLO)),
        error="bad-document",
    )


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def with_data(data: str, layer: Layer = HELLO, **changes: Any) -> Members:
    """The layer's bytes in its descriptor, and nowhere else."""
    return without(labelled(LAYER, layer, data=data, **changes), layer.blob)


def hashed(algorithm: str, **changes: Any) -> Members:
    """Manifest, config and layer named by digests of an algorithm."""

    def name(data: bytes) -> str:
        new = blake3 if algorithm == "blake3" else partial(hashlib.new, algorithm)
        return f"{algorithm}:{new(data).hexdigest()}"

    top = manifest(
        MADE,
        config=descriptor(CONFIG, MADE, digest=name(MADE)),
        layers=[{**descriptor(LAYER, HELLO.blob), "digest": name(HELLO.blob)}],
    )
    members = world(index(entry(top, digest=name(top))))
    for data in (top, MADE, HELLO.blob):
        members[f"blobs/{name(data).replace(':', '/')}"] = data
    return members


def digest_of_layer(digest: str) -> Members:
    return simple(HELLO, layers=[{**descriptor(LAYER, HELLO.blob), "digest": digest}])


def sized(size: Any) -> Members:
    return simple(HELLO, layers=[{**descriptor(LAYER, HELLO.blob), "size": size}])


NOTHING = raw_layer(b"")
SELF = index({"mediaType": INDEX, "digest": "sha256:" + "0" * 64, "size": 10})

ATTACKS = (
    Attack(
        id="M1",
        given="an entry of an unknown media type beside the image",
        make=packed(listed(entry(b"?", "application/vnd.example.thing"))),
        warns="other-descriptors",
        says=("application/vnd.example.thing",),
        counts={"totals.layers": 1},
    ),
    Attack(
        id="M1-only",
        given="an index with entries of unknown media types only",
        make=packed(world(index(entry(b"?", "application/vnd.example.thing")), b"?")),
        error="no-image",
        says=("1 entries of other types",),
    ),
    Attack(
        id="M2",
        given="an image below eight indexes",
        make=packed(nested(8)),
        counts={"totals.layers": 1},
    ),
    Attack(
        id="M2-deep",
        given="an image below nine indexes",
        make=packed(nested(9)),
        error="limit-index-depth",
        code=5,
    ),
    Attack(
        id="M2-twice",
        given="an index that two indexes list",
        make=packed(
            world(
                index(entry(index(entry(TOP)), INDEX), entry(index(entry(TOP)), INDEX), entry(TOP)),
                index(entry(TOP)),
                TOP,
                MADE,
                HELLO,
            )
        ),
        counts={"totals.layers": 1},
        outcome="one image, not several",
    ),
    Attack(
        id="M2-cycle",
        given="an index that lists itself",
        make=packed(
            {
                **world(index(entry(SELF, INDEX, digest="sha256:" + "0" * 64))),
                "blobs/sha256/" + "0" * 64: SELF,
            }
        ),
        error="wrong-digest",
        code=4,
        reason="an index cannot hold its own digest: verifying finds every cycle first",
    ),
    Attack(
        id="M3",
        given="documents and entries without mediaType",
        make=packed(
            world(
                index(entry(UNTYPED_INDEX, mediaType=DROP), mediaType=DROP),
                UNTYPED_INDEX,
                UNTYPED,
                MADE,
                HELLO,
            )
        ),
        counts={"totals.layers": 1},
    ),
    confused("manifest-with-manifests", manifest(MADE, HELLO, manifests=[entry(TOP)])),
    confused("index-with-layers", index(entry(TOP), layers=[]), INDEX),
    confused("index-with-config", index(entry(TOP), config=descriptor(CONFIG, MADE)), INDEX),
    confused("index-labelled-manifest", index(entry(TOP)), MANIFEST),
    confused("index-labelled-manifest-untyped", index(entry(TOP), mediaType=DROP), MANIFEST),
    confused("manifest-labelled-index", TOP, INDEX),
    confused("manifest-labelled-index-untyped", manifest(MADE, HELLO, mediaType=DROP), INDEX),
    confused("manifest-that-says-index", manifest(MADE, HELLO, mediaType=INDEX)),
    confused("index-that-says-manifest", index(entry(TOP), mediaType=MANIFEST), INDEX),
    confused("neither", encode({"schemaVersion": 2})),
    Attack(
        id="M4-index-json",
        given="index.json that is a manifest",
        make=packed({**simple(HELLO), "index.json": TOP}),
        error="bad-document",
    ),
    Attack(
        id="M4-null",
        given='an index with "layers": null',
        make=packed(listed(layers=None, config=None)),
        counts={"totals.layers": 1},
        reason="null is absent (M17); containerd's check by raw bytes is stricter",
    ),
    Attack(
        id="M5",
        given="one image and its BuildKit attestation",
        make=packed(
            {
                **listed(entry(ATTESTATION, platform=UNKNOWN, annotations=OF_IMAGE)),
                blob_name(ATTESTATION): ATTESTATION,
                blob_name(STATEMENT): STATEMENT,
                blob_name(config()): config(),
            }
        ),
        warns="attestations",
        quiet="orphan-blob",
        says=(
            f"1 attestation manifests of {len(ATTESTATION) + len(config()) + len(STATEMENT):,} bytes",
        ),
        counts={"totals.layers": 1},
    ),
    Attack(
        id="M5-architecture",
        given="an attestation that only its architecture `unknown` tells",
        make=packed(
            {
                **listed(entry(ATTESTATION, platform={**AMD, "architecture": "unknown"})),
                blob_name(ATTESTATION): ATTESTATION,
            }
        ),
        warns="attestations",
        counts={"totals.layers": 1},
    ),
    Attack(
        id="M5-artifact",
        given="an attestation as an artifact with a subject",
        make=packed(
            {
                **listed(entry(ATTESTATION_ARTIFACT)),
                blob_name(ATTESTATION_ARTIFACT): ATTESTATION_ARTIFACT,
            }
        ),
        counts={"totals.layers": 1},
        outcome="the image alone is a candidate",
    ),
    Attack(
        id="M5-only",
        given="attestations without their image",
        make=packed(
            world(index(entry(ATTESTATION, annotations=OF_IMAGE)), ATTESTATION, config(), STATEMENT)
        ),
        error="no-image",
        says=("1 attestations",),
    ),
    Attack(
        id="M5-odd-layers",
        given="an attestation whose layers are a number",
        make=packed(
            {
                **listed(entry(manifest(MADE, layers=5), annotations=OF_IMAGE)),
                blob_name(manifest(MADE, layers=5)): manifest(MADE, layers=5),
            }
        ),
        warns="attestations",
    ),
    Attack(
        id="M6",
        given="images for two platforms, no choice",
        make=packed(two(AMD, ARM)),
        error="ambiguous-image",
        code=2,
        says=("linux/amd64", "linux/arm64/v8"),
    ),
    Attack(
        id="M6-choice",
        given="images for two platforms, one chosen",
        make=packed(two(AMD, ARM)),
        options={"platform": "linux/arm64"},
        counts={"totals.live_bytes": 8, "image.platform": "linux/arm64/v8"},
    ),
    Attack(
        id="M6-config",
        given="platforms that only the configs say",
        make=packed(two()),
        options={"platform": "linux/arm64/v8"},
        counts={"totals.live_bytes": 8},
    ),
    Attack(
        id="M6-none",
        given="a platform that no image is for",
        make=packed(two(AMD, ARM)),
        options={"platform": "linux/s390x"},
        error="no-such-platform",
        code=2,
    ),
    Attack(
        id="M6-absent",
        given="two platforms, of which one was saved",
        make=packed(without(two(AMD, ARM), ARM_TOP, ARM_MADE, BYE.blob)),
        counts={"totals.live_bytes": 5},
    ),
    Attack(
        id="M6-absent-choice",
        given="the platform that was not saved",
        make=packed(without(two(AMD, ARM), ARM_TOP, ARM_MADE, BYE.blob)),
        options={"platform": "linux/arm64"},
        error="missing-blob",
        says=("manifest",),
    ),
    *(
        Attack(
            id=f"M7-{name}",
            given=f"{what}, not an image",
            make=packed(artifact(media_type, **changes)),
            error="not-an-image",
            says=(what, changes.get("artifactType", media_type)),
        )
        for name, what, media_type, changes in (
            ("helm", "a Helm chart", "application/vnd.cncf.helm.config.v1+json", {}),
            ("cosign", "a cosign signature", EMPTY, {"artifactType": COSIGN}),
            ("wasm", "a WebAssembly module", "application/vnd.wasm.config.v0+json", {}),
            ("empty", "an artifact without config", EMPTY, {}),
            ("unknown", "an artifact", "application/vnd.example.thing", {}),
        )
    ),
    Attack(
        id="M8",
        given="a layer whose bytes are in its descriptor",
        make=packed(with_data(encoded(HELLO.blob))),
        counts={"totals.live_bytes": 5},
    ),
    Attack(
        id="M8-documents",
        given="a manifest and a config whose bytes are in their descriptors",
        make=packed(world(index(entry(INLINE_CONFIG, data=encoded(INLINE_CONFIG))), HELLO)),
        counts={"totals.layers": 1},
    ),
    Attack(
        id="M8-other",
        given="data in a descriptor that is not what the digest says",
        make=packed(with_data(encoded(b"x" * len(HELLO.blob)))),
        error="wrong-digest",
        code=4,
    ),
    Attack(
        id="M8-other-beside",
        given="wrong data in a descriptor, with the right blob in the archive",
        make=packed(labelled(LAYER, data=encoded(b"x" * len(HELLO.blob)))),
        error="wrong-digest",
        code=4,
    ),
    Attack(
        id="M8-base64",
        given="data that is base64 only to lenient decoders",
        make=packed(with_data(encoded(HELLO.blob)[:40] + "\n" + encoded(HELLO.blob)[40:])),
        error="bad-document",
        says=("base64",),
    ),
    Attack(
        id="M9",
        given="a foreign layer that is not in the archive",
        make=packed(
            without(
                labelled(
                    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
                    urls=["http://169.254.169.254/latest"],
                ),
                HELLO.blob,
            )
        ),
        warns="unknown-contents",
        says=("never fetched",),
        counts={"totals.live_bytes": 0, "totals.pull_bytes": len(HELLO.blob)},
    ),
    Attack(
        id="M9-here",
        given="a nondistributable layer that is in the archive",
        make=packed(labelled("application/vnd.oci.image.layer.nondistributable.v1.tar")),
        quiet="unknown-contents",
        counts={"totals.live_bytes": 5},
    ),
    Attack(
        id="M10",
        given="an encrypted layer",
        make=packed(labelled(LAYER + "+gzip+encrypted")),
        warns="unknown-contents",
        says=("encrypted",),
        counts={"totals.live_bytes": 0, "totals.pull_bytes": len(HELLO.blob)},
    ),
    Attack(
        id="M11",
        given="a Docker schema 1 manifest by its fields",
        make=packed(world(index(entry(SCHEMA_1)), SCHEMA_1)),
        error="schema-1",
    ),
    Attack(
        id="M11-type",
        given="a Docker schema 1 manifest by its media type",
        make=packed(
            world(
                index(entry(b"x", "application/vnd.docker.distribution.manifest.v1+prettyjws")),
                b"x",
            )
        ),
        error="schema-1",
    ),
    Attack(
        id="M12-docker",
        given="an image in Docker's media types",
        make=packed(
            world(
                index(entry(DOCKER_TOP, DOCKER_MANIFEST), mediaType=DOCKER_INDEX),
                DOCKER_TOP,
                MADE,
                HELLO,
            )
        ),
        counts={"totals.live_bytes": 5},
    ),
    *(
        Attack(
            id=f"M12-{name}",
            given=f"a layer of the type {media_type}",
            make=packed(labelled(media_type)),
            error="unsupported-layer",
            says=(media_type,),
        )
        for name, media_type in (
            ("erofs", "application/vnd.erofs.layer.v1"),
            ("squashfs", "application/vnd.sylabs.sif.layer.v1.squashfs"),
            ("lz4", LAYER + "+lz4"),
            ("none", ""),
        )
    ),
    Attack(
        id="M13-sha512",
        given="everything named by sha512",
        make=lambda folder: unpack(folder, hashed("sha512")),
        counts={"totals.live_bytes": 5, "source.verified": True},
    ),
    Attack(
        id="M13-md5",
        given="everything named by md5",
        make=packed(hashed("md5")),
        error="unknown-digest",
        code=4,
        says=("md5",),
    ),
    Attack(
        id="M13-blake3",
        given="everything named by blake3",
        make=lambda folder: unpack(folder, hashed("blake3")),
        counts={"totals.live_bytes": 5, "source.verified": True},
    ),
    Attack(
        id="M13-blake3-wrong",
        given="a layer named by another blob's blake3 digest",
        make=packed(
            {**digest_of_layer("blake3:" + "0" * 64), "blobs/blake3/" + "0" * 64: HELLO.blob}
        ),
        error="layer-digest",
        code=4,
        says=("blake3:0000",),
    ),
    Attack(
        id="M13-blake3-absent",
        given="everything named by blake3, where the package for it is not installed",
        outcome="error unknown-digest (exit code 4)",
        proof="test_without_its_package_blake3_is_refused",
    ),
    *(
        Attack(
            id=f"M13-{name}",
            given=f"a digest that is {what}",
            make=packed(digest_of_layer(digest)),
            error="bad-document",
            says=("digest",),
        )
        for name, what, digest in (
            ("upper", "written in capitals", "sha256:" + "A" * 64),
            ("short", "too short", "sha256:abcd"),
            ("path", "a path", "sha256:../../../../etc/passwd"),
            ("algorithm", "a path by its algorithm", "../../etc:passwd"),
            ("empty", "empty", ""),
            ("newline", "followed by a newline", "sha256:" + "a" * 64 + "\n"),
            ("bare", "without an algorithm", "a" * 64),
            ("unicode", "of other digits", "sha256:" + "٣" * 64),
        )
    ),
    *(
        Attack(
            id=f"M14-{name}",
            given=f"a layer whose size is {what}",
            make=packed(sized(size)),
            error=error,
            code=code,
        )
        for name, what, size, error, code in (
            ("larger", "one byte too large", len(HELLO.blob) + 1, "wrong-size", 4),
            ("smaller", "one byte too small", len(HELLO.blob) - 1, "wrong-size", 4),
            ("negative", "negative", -1, "bad-document", 3),
            ("huge", "2^63", 2**63, "bad-document", 3),
            ("text", "a string", "10", "bad-document", 3),
            ("true", "true", True, "bad-document", 3),
            ("null", "null", None, "bad-document", 3),
        )
    ),
    Attack(
        id="M14-manifest",
        given="a manifest of another size than its descriptor says",
        make=packed(world(index(entry(TOP, size=len(TOP) - 1)), TOP, MADE, HELLO)),
        error="wrong-size",
        code=4,
    ),
    Attack(
        id="M14-appended",
        given="a byte appended to the config",
        make=packed({**simple(HELLO), blob_name(MADE): MADE + b" "}),
        error="wrong-size",
        code=4,
    ),
    Attack(
        id="M14-swapped",
        given="two layers of one size, swapped",
        make=packed(
            {
                **simple(HELLO, layer({"etc/hello": b"HELLO"})),
                blob_name(HELLO.blob): layer({"etc/hello": b"HELLO"}).blob,
                blob_name(layer({"etc/hello": b"HELLO"}).blob): HELLO.blob,
            }
        ),
        error="layer-digest",
        code=4,
    ),
    Attack(
        id="M15",
        given="an image without layers",
        make=packed(simple()),
        counts={"totals.layers": 0, "totals.disk_bytes": 0},
    ),
    Attack(
        id="M15-null",
        given='"layers": null',
        make=packed(simple(layers=None)),
        counts={"totals.layers": 0},
    ),
    Attack(
        id="M15-empty-blob",
        given="a layer of 0 bytes",
        make=packed(simple(NOTHING, HELLO)),
        warns="empty-layer-blob",
        quiet="media-type-mismatch",
        counts={"totals.layers": 2, "totals.live_files": 1},
    ),
    Attack(
        id="M16",
        given="one layer twice, with a deletion in between",
        make=packed(simple(HELLO, layer(delete("etc/hello")), HELLO)),
        counts={"totals.layers": 3, "totals.live_files": 1, "totals.dead_bytes": 5},
        outcome="read once, applied at both places, pulled once",
    ),
    Attack(
        id="M17",
        given="unknown fields, a subject, null where something is optional",
        make=packed(
            simple(
                HELLO,
                subject=entry(b"x"),
                annotations=None,
                artifactType=None,
                future={"a": [1, {"b": None}]},
            )
        ),
        counts={"totals.layers": 1},
    ),
    Attack(
        id="M18",
        given="containerd's full name and a ref name",
        make=packed(
            world(
                index(
                    entry(
                        TOP,
                        annotations={
                            "org.opencontainers.image.ref.name": "latest",
                            "io.containerd.image.name": "registry.example/app:1",
                        },
                    )
                ),
                TOP,
                MADE,
                HELLO,
            )
        ),
        counts={"image.tags": ["registry.example/app:1", "latest"]},
    ),
    Attack(
        id="M19",
        given="a Windows layer: Files/ and Hives/, names with backslashes, os.version",
        make=packed(
            with_config(config(WINDOWS, os="windows", **{"os.version": "10.0.20348.1"}), WINDOWS)
        ),
        counts={"image.platform": "windows/amd64", "totals.live_files": 2, "totals.live_bytes": 2},
    ),
)


@pytest.mark.parametrize("attack", shown(ATTACKS), ids=named)
def test_manifests(attack: Attack, tmp_path: Path) -> None:
    prove(attack, tmp_path)


def test_a_layer_twice_is_pulled_once(tmp_path: Path) -> None:
    report = analyze(pack(tmp_path, simple(HELLO, BYE, HELLO)))
    assert [layer.blob_bytes for layer in report.layers] == [2048, 2048, 2048]
    first, second, again = (layer.pull_bytes for layer in report.layers)
    assert min(first, second) > again == 0
    assert report.totals.pull_bytes == first + second
    assert report.waste[0].kind == "metadata-only"


def test_a_windows_path_is_as_it_is_written(tmp_path: Path) -> None:
    report = analyze(pack(tmp_path, simple(layer(file("Files/a\\b", b"1")))))
    assert report.largest_files[0].path == "Files/a\\b"


@pytest.mark.parametrize("blob", [MADE, TOP, HELLO.blob], ids=["config", "manifest", "layer"])
@pytest.mark.parametrize("change", ["appended", "cut", "changed"])
@pytest.mark.parametrize("form", [pack, unpack])
def test_no_blob_can_be_changed(
    form: Callable[[Path, Members], Path], blob: bytes, change: str, tmp_path: Path
) -> None:
    """Every blob is held against its descriptor, in archives and in directories."""
    at = 512 if blob == HELLO.blob else 0  # the payload: a header would not be one any more
    changed = blob[:at] + b" " + blob[at + 1 :]
    other = {"appended": blob + b" ", "cut": blob[:-1], "changed": changed}[change]
    path = form(tmp_path, {**simple(HELLO), blob_name(blob): other})
    with pytest.raises(IntegrityError):
        analyze(path)


@pytest.mark.parametrize("text", ["linux", "linux/", "/amd64", "a/b/c/d", ""])
def test_a_platform_has_two_or_three_parts(text: str) -> None:
    with pytest.raises(UsageError, match="is not a platform"):
        parse_platform(text)


@pytest.mark.parametrize(
    ("media_type", "label"),
    [
        ("application/vnd.oci.image.layer.v1.tar", "none"),
        ("application/vnd.oci.image.layer.v1.tar+gzip", "gzip"),
        ("application/vnd.oci.image.layer.v1.tar+zstd", "zstd"),
        ("application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", "zstd"),
        ("application/vnd.docker.image.rootfs.diff.tar", "none"),
        ("application/vnd.docker.image.rootfs.diff.tar.gzip", "gzip"),
        ("application/vnd.docker.image.rootfs.diff.tar.zstd", "zstd"),
        ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "gzip"),
        ("application/vnd.oci.image.layer.v1.tar+lz4", None),
        ("application/vnd.oci.image.layer.v1.tarball", None),
        ("text/plain", None),
    ],
)
def test_layer_types(media_type: str, label: str | None) -> None:
    assert layer_label(media_type) == label


def test_without_its_package_blake3_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "blake3", None)
    path = unpack(tmp_path, hashed("blake3"))
    with pytest.raises(IntegrityError, match="cannot be verified") as caught:
        analyze(path)
    assert "slim-advisor[blake3]" in caught.value.hint
