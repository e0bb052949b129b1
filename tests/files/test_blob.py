"""What one blob is read from is closed, however the reading ends."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field

import pytest

from slim.errors import InputError
from slim.files.blob import scan_blob


@dataclass(frozen=True)
class Connection:
    """A blob that comes over a connection, which somebody has to close."""

    data: bytes
    position: int = 0
    closed: list[bool] = field(default_factory=list)

    @property
    def size(self) -> int:
        return len(self.data)

    def chunks(self, most: int = 0) -> Generator[bytes, None, None]:
        try:
            for at in range(0, len(self.data), 512):
                yield self.data[at : at + 512]
        finally:
            self.closed.append(True)


def test_a_blob_is_closed_while_the_error_that_ended_its_reading_is_still_held() -> None:
    blob = Connection(b"no header of a tar".ljust(512) * 9)
    with pytest.raises(InputError) as error:
        scan_blob(blob)
    assert error.value.slug == "tar-header"
    assert blob.closed == [True]
