"""Which of several images: by tag, position or platform. Never a silent choice."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from slim.errors import UsageError
from slim.image.model import Platform


class Candidate(Struct, frozen=True):
    """An image that could be meant, as far as it is known without reading it."""

    names: tuple[str, ...]
    platform: Platform | None
    key: str
    """Digest or config name: tells candidates apart in messages."""
    present: bool = True
    """Its manifest is in the archive."""

    def __str__(self) -> str:
        name = self.names[0] if self.names else self.key[:19]
        return f"{name} ({self.platform})" if self.platform else name


class Choice(Struct, frozen=True):
    """What the user said about which image is meant."""

    tag: str | None = None
    image_index: int | None = None
    platform: Platform | None = None


def parse_platform(text: str) -> Platform:
    """`os/arch[/variant]`.

    Raises:
        UsageError: anything else.
    """
    parts = text.split("/")
    if not 2 <= len(parts) <= 3 or not all(parts):
        raise UsageError(
            "bad-platform", f"{text!r} is not a platform", "write os/arch[/variant]: linux/arm64/v8"
        )
    return Platform(*parts)


def choose(candidates: Sequence[Candidate], choice: Choice) -> int:
    """Position of the one candidate that is meant.

    Raises:
        UsageError: none or several fit; the message lists them.
    """
    left = list(range(len(candidates)))
    tag, image_index, platform = choice.tag, choice.image_index, choice.platform
    if image_index is not None:
        if not 0 <= image_index < len(candidates):
            raise UsageError(
                "no-such-image",
                f"there is no image {image_index}: the archive has {len(candidates)}",
                "they are counted from 0",
            )
        left = [image_index]
    if tag is not None:
        left = [i for i in left if any(_named(name, tag) for name in candidates[i].names)]
        if not left:
            raise UsageError(
                "no-such-tag", f"no image is tagged {tag!r}", f"images: {_list(candidates)}"
            )
    if platform is not None:
        left = [i for i in left if _fits(candidates[i].platform, platform)]
        if not left:
            raise UsageError(
                "no-such-platform",
                f"no image for platform {platform}",
                f"images: {_list(candidates)}",
            )
    if len(left) > 1:
        # Saving one platform of a multi-platform image leaves the others' manifests out.
        left = [i for i in left if candidates[i].present] or left
    if len(left) != 1:
        chosen = [candidates[i] for i in left]
        raise UsageError(
            "ambiguous-image",
            f"{len(left)} images match: {_list(chosen)}",
            "choose one with --platform, --tag or --image-index (counted from 0)",
        )
    return left[0]


def _named(name: str, tag: str) -> bool:
    """`app` and `app:latest` are the same; a registry's name in front may be left out."""
    full = name if ":" in name.rsplit("/", 1)[-1] else f"{name}:latest"
    requested = tag if ":" in tag.rsplit("/", 1)[-1] else f"{tag}:latest"
    return tag == name or full == requested or full.endswith(f"/{requested}")


def _fits(platform: Platform | None, requested: Platform) -> bool:
    return platform is not None and (
        (platform.os, platform.architecture) == (requested.os, requested.architecture)
        and requested.variant in ("", platform.variant)
    )


def _list(candidates: Sequence[Candidate]) -> str:
    shown = ", ".join(str(candidate) for candidate in candidates[:10])
    return f"{shown} and {len(candidates) - 10} more" if len(candidates) > 10 else shown
