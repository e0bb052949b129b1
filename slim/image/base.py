"""How many layers of an image are its base image's, and how that is known.

A base image at hand (`--base`) decides exactly, by the diff ids that both start with. Else
`org.opencontainers.image.base.*` may give its name, but nothing in an image says where the base ends:
the history is looked at, and the result calls itself a guess, with how sure it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from slim.image.known_bases import find_known
from slim.image.model import History, Image, Layer
from slim.patterns import regex

_NAME = "org.opencontainers.image.base.name"
_DIGEST = "org.opencontainers.image.base.digest"
_ROOTFS = regex(
    r"(?:/bin/sh -c #\(nop\) )?(?:ADD|COPY) (?:file|multi|dir):[0-9a-f]{10,} in /"
    r"|(?:ADD|COPY) \S+ /"
)
"""An instruction that puts a whole root filesystem in place …"""
_SYSTEM_MAKERS = ("debuerreotype", "debian.sh --arch", "mmdebstrap", "debootstrap", "apko")
"""… and tools that make one, a whole system each …"""
_MAKERS = (*_SYSTEM_MAKERS, "bazel build")
"""… or any layer."""
_FROM = "FROM "
"""How the comment begins that Buildah and Podman give to the first entry on top of a base image."""
_COMMAND = regex(r"^(?:/bin/sh -c #\(nop\)\s+)?(?:CMD|ENTRYPOINT)\b")


class BaseImage(Struct, frozen=True):
    """The base image's part: layers `0 … layers-1`."""

    layers: int
    name: str
    digest: str
    how: str
    """Where it is from: `given`, `annotation`, `label`, `known`, `history` or `unknown`. `known` is an
    official image that its own instructions tell."""
    guessed: bool
    """The number of layers is a heuristic."""
    confidence: str = ""
    """Of that number: `certain`, `likely` or `possible`; empty where there are no layers."""
    reference: str = ""
    """What `FROM` can name; empty where all that is known is a path or the bare tag of an OCI layout."""


def find_base(image: Image, given: Image | None = None) -> BaseImage:
    """The part of `image` that is its base image; `given` is that base when it is at hand.

    Raises nothing: a `given` image that is not the base gives 0 layers and the way `given`.
    """
    if given is not None:
        shared = _shared(image.layers, given.layers)
        whole = shared == len(given.layers)
        full = next((name for name in given.names if ":" in name or "@" in name), "")
        name = full or given.input  # the bare tag of an OCI layout, `latest`, says nothing
        layers = shared if whole else 0
        certainty = "certain" if layers else ""
        return BaseImage(layers, name, given.manifest_digest, "given", False, certainty, full)
    layers, confidence, name, how = _guess(image)
    for source, values in (("annotation", image.annotations), ("label", image.config.labels)):
        if values.get(_NAME) or values.get(_DIGEST):
            named = values.get(_NAME, "")
            digest = values.get(_DIGEST, "")
            return BaseImage(layers, named, digest, source, True, confidence, named)
    # buildah notes what FROM named; the tag of a known image is made up from what it leaves.
    reference = name if how == "history" and ":" in name else ""
    return BaseImage(layers, name, "", how, layers > 0, confidence, reference)


def _guess(image: Image) -> tuple[int, str, str, str]:
    """(layers, confidence, name, how) of the base image that the history tells."""
    history, count = image.history, len(image.layers)
    if sum(not entry.empty_layer for entry in history) != count:
        return 0, "", "", "unknown"
    if noted := [at for at, entry in enumerate(history) if entry.comment.startswith(_FROM)]:
        name = history[noted[-1]].comment.removeprefix(_FROM).strip()
        layers = _made(history[: noted[-1]])
        return (layers, "likely", name, "history") if layers < count else (0, "", "", "unknown")
    known = find_known(history, image.config)
    layers = _boundary(history, count)
    if known is not None and layers <= (layers_made := _made(history[: known.entries])) < count:
        return layers_made, "likely", known.name, "known"
    return (layers, "possible", "", "history") if layers else (0, "", "", "unknown")


def _made(history: Sequence[History]) -> int:
    """Layers that these entries made."""
    return sum(not entry.empty_layer for entry in history)


def _shared(layers: Sequence[Layer], base: Sequence[Layer]) -> int:
    count = 0
    for layer, other in zip(layers, base, strict=False):
        if layer.diff_id != other.diff_id:
            break
        count += 1
    return count


def _boundary(history: Sequence[History], layers: int) -> int:
    """Layers up to the first CMD or ENTRYPOINT that something follows, if a root filesystem is first.

    A base image ends with its command; an application's instructions come after it. The root filesystem
    alone is the base where a tool made it that records its command in the same entry, as Debian's does now.
    """
    count = 0
    if not history or not _is_rootfs(history[0].created_by):
        return 0
    for index, entry in enumerate(history):
        count += not entry.empty_layer
        if _COMMAND.match(entry.created_by) and index + 1 < len(history):
            return min(count, layers) if count < layers else 0
    whole = any(maker in history[0].created_by for maker in _SYSTEM_MAKERS)
    return 1 if whole and layers > 1 and not history[0].empty_layer else 0


def _is_rootfs(created_by: str) -> bool:
    """Without its comment, `# buildkit`; blanks are folded, so that no pattern has to try many."""
    instruction = " ".join(created_by.split()).partition(" # ")[0]
    return _ROOTFS.fullmatch(instruction) is not None or any(
        maker in created_by for maker in _MAKERS
    )
