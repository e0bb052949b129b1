"""The entries of a tar as slim reads them, to compare with what other readers list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from slim.files.table import LayerTable
from slim.files.tar import walk
from slim.limits import DEFAULT_LIMITS, Limits
from slim.stream.header import Header


class Entry(Struct, frozen=True):
    """An entry as Go's reader returns it."""

    name: bytes
    link: bytes
    type: str
    size: int


def list_entries(chunks: Iterable[bytes], limits: Limits = DEFAULT_LIMITS) -> Iterator[Entry]:
    """The entries of a tar by the exact path, up to its end or the first fault (raised).

    Raises:
        InputError: as `walk`.
    """
    headers: list[Header] = []
    walker = walk(LayerTable(), limits, seen=headers.append)
    fault: Exception | None = None
    try:
        next(walker)
        for chunk in chunks:
            walker.send(chunk)
        walker.send(b"")
    except StopIteration:
        pass
    except Exception as error:
        fault = error
    for header in headers:
        yield Entry(header.name, header.link, header.type, header.size)
    if fault is not None:
        raise fault
