"""How an image is read, as a value."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from slim.files.cache import TableCache
from slim.limits import DEFAULT_LIMITS, Limits

Progress = Callable[[int, int], None]
"""Called from several threads with (stored bytes read, stored bytes in all); in all 0 for a pipe."""


class ReadOptions(Struct, frozen=True):
    """How layers are read. Only `exact_pull` changes what a report says of an intact image."""

    verify: bool = True
    """Check every digest, diff ID and size."""
    jobs: int | None = None
    """Layers read at once; None: as many as there are processors."""
    limits: Limits = DEFAULT_LIMITS
    cache: TableCache | None = None
    """Tables of layers that were read before; of these only the digests are checked."""
    progress: Progress | None = None
    exact_pull: bool = False
    """Compress layers that an archive stores uncompressed, where their size in a registry is estimated."""


DEFAULT_OPTIONS = ReadOptions()
