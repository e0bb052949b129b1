"""What an image says to slim by its labels, and how not to listen where that would decide a gate."""

from __future__ import annotations

from msgspec.structs import replace

from slim.image.model import Image

PREFIX = "org.slim."
"""Labels that are meant for slim: `org.slim.ignore`, `org.slim.role`."""


def without_own_labels(image: Image) -> tuple[Image, tuple[tuple[str, str], ...]]:
    """The image without labels that are meant for slim; and an (id, text) of a warning for each."""
    labels = image.config.labels
    mine = sorted(name for name in labels if name.startswith(PREFIX))
    if not mine:
        return image, ()
    rest = {name: value for name, value in labels.items() if name not in mine}
    return (
        replace(image, config=replace(image.config, labels=rest)),
        tuple(
            (
                "label-untrusted",
                f"the label {name[:80]} does not count where findings decide: --trust-labels",
            )
            for name in mine[:10]
        ),
    )
