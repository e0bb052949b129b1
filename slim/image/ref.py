"""Which image the user means, as a value."""

from __future__ import annotations

from msgspec import Struct

from slim.image.registry.access import ANONYMOUS, Access


class ImageRef(Struct, frozen=True):
    """What `open_image` opens: a name, which of its images, and how a registry is asked for it."""

    name: str
    """As the user wrote it: a path, `-`, `app:1`, `docker:app:1`, `HOST/NAME:TAG`, `registry:NAME`."""
    tag: str | None = None
    image_index: int | None = None
    """Position among several images, from 0."""
    platform: str | None = None
    """`OS/ARCH[/VARIANT]`."""
    access: Access = ANONYMOUS
    manifest_only: bool = False
    """Fetch no layers from a registry: only their pull sizes are known then."""
    full: bool = False
    """Download layers whole even if they carry a table of contents."""
