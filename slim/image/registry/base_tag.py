"""Which tag of a repository an image was built on: the one whose layers the image begins with.

The tags whose names are most like the version that the image tells are looked at first. Tags that name the
same manifest are one, and the digest that an image names as its base's is enough. Of several tags that fit,
the one with most layers is the base; where it has as many as the history tells, no others are asked for.
"""

from __future__ import annotations

from msgspec.structs import replace

from slim.errors import InputError, UsageError
from slim.image.base import find_base
from slim.image.model import Image
from slim.image.ref import ImageRef
from slim.image.reference import Reference
from slim.image.registry.client import Client
from slim.image.registry.listing import list_tags
from slim.image.source import open_image
from slim.limits import Limits
from slim.patterns import regex

_MOST = 100
"""Tags that are looked at: each takes up to four requests."""
_NUMBER = regex(r"([0-9]+)")


def find_base_tag(image: Image, reference: Reference, ref: ImageRef, limits: Limits) -> str:
    """The full name of the base image in this repository; empty where no tag is `image`'s base.

    Args:
        image: that is built on it.
        ref: how its registry is read.

    Raises:
        NetworkError: the registry does not answer, or does not list its tags.
    """
    guess = find_base(image)
    hint = guess.name.rpartition(":")[2] if ":" in guess.name else ""
    listed = list_tags(reference, ref.access, limits).names
    client = Client(reference, ref.access, limits)
    seen: set[str] = set()
    found, most = "", 0
    try:
        for tag in sorted(listed, key=lambda tag: _rank(tag, hint))[:_MOST]:
            name = str(replace(reference, tag=tag, digest=""))
            _, digest, _ = client.manifest(tag)
            if digest == guess.digest:
                return name
            if digest in seen:
                continue
            seen.add(digest)
            count = _layers_of(replace(ref, name=f"{name}@{digest}"), image, limits)
            if count > most:
                found, most = name, count
                if count >= guess.layers > 0:
                    break
    finally:
        client.close()
    return found


def _layers_of(ref: ImageRef, image: Image, limits: Limits) -> int:
    """How many layers the image at `ref` has, if `image` begins with all of them; else 0."""
    platform = str(image.config.platform)
    try:
        with open_image(replace(ref, platform=platform, manifest_only=True), limits) as other:
            theirs = [layer.diff_id for layer in other.layers]
    except (InputError, UsageError):
        return 0  # of another platform, or no image at all: another tag may do
    ours = [layer.diff_id for layer in image.layers]
    return len(theirs) if theirs == ours[: len(theirs)] else 0


def _rank(tag: str, hint: str) -> tuple[int, list[tuple[int, int, str]]]:
    """`latest` and what begins as the hint does come first, then newer versions before older ones."""
    alike = 0
    while alike < min(len(tag), len(hint)) and tag[alike] == hint[alike]:
        alike += 1
    if tag == hint:
        alike += 1
    if not hint and tag == "latest":
        alike = 1
    parts = [part for part in _NUMBER.split(tag) if part]
    newest = [(0, -int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]
    return -alike, newest
