"""A Dockerfile on disk: reads it, and places an image's history on its lines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from slim.errors import UsageError

if TYPE_CHECKING:
    from slim.dockerfile.align import Placement

_MAX_BYTES = 1 << 20


class DockerfileRef(Struct, frozen=True):
    """Which Dockerfile built an image."""

    path: str | None = None
    target: str | None = None
    """The stage that was built; None: the last."""

    @property
    def shown(self) -> str:
        """The path as reports name it: relative to the working directory where it is below, as code
        hosts name files; empty without a Dockerfile."""
        if self.path is None:
            return ""
        # Imported by who has a Dockerfile.
        from pathlib import Path

        try:
            return str(Path(self.path).relative_to(Path.cwd()))
        except (ValueError, OSError):  # elsewhere, or relative already
            return self.path


NO_DOCKERFILE = DockerfileRef()


def read_dockerfile(ref: DockerfileRef) -> str | None:
    """Its text, cut off after 1 MiB; None without a Dockerfile.

    Raises:
        UsageError: it cannot be read.
    """
    if ref.path is None:
        return None
    try:
        with open(ref.path, "rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise UsageError("no-dockerfile", f"cannot read {ref.path!r}: {error.strerror}") from None
    return data.decode("utf-8", "replace")


def place_history(
    ref: DockerfileRef, text: str | None, created_by: Iterable[str]
) -> tuple[Placement | None, ...]:
    """The line of each history entry in the Dockerfile's text; empty without one.

    Raises:
        UsageError: it does not parse, or there is a target but no Dockerfile.
    """
    if text is None:
        if ref.target is not None:
            raise UsageError("no-dockerfile", "--target needs --dockerfile")
        return ()
    # What parses one and finds the lines is imported where there is one.
    from slim.dockerfile.align import place
    from slim.dockerfile.parse import DockerfileError, parse_dockerfile

    try:
        return place(parse_dockerfile(text), list(created_by), target=ref.target)
    except DockerfileError as error:
        raise UsageError(
            "bad-dockerfile",
            f"{ref.path}: {error}",
            "slim reads the Dockerfile only to find lines: leave --dockerfile out to go without",
        ) from None
