"""`slim verify`: two images compared path by path, whoever made them."""

from __future__ import annotations

from typing import Annotated

import click
from msgspec import Struct

from slim import pipeline
from slim.cli.command import argument, command, option
from slim.cli.environment import read_limits
from slim.cli.options import Limit, Timeout
from slim.cli.progress import MessageOptions, deadline, progress
from slim.cli.read import read_small
from slim.cli.registry import RegistryOptions
from slim.cli.write import print_output
from slim.files.options import ReadOptions
from slim.formats.certificate import render_verified
from slim.image.ref import ImageRef
from slim.repack.verify import read_certificate


class ReadingOptions(Struct, frozen=True):
    """How the images are read."""

    limit: Limit
    timeout: Timeout
    registry: RegistryOptions
    messages: MessageOptions


@command(
    epilog="Examples:\n\n"
    "  slim verify app.tar app.slim.tar\n\n"
    "  slim verify app.tar app.slim.tar app.slim.json"
)
def verify(
    before: Annotated[str, argument("BEFORE", "An image.", file=True)],
    after: Annotated[str, argument("AFTER", "The image that was made from it.", file=True)],
    certificate: Annotated[
        str | None,
        argument(
            "[CERTIFICATE]",
            "What slim repack wrote: the paths that it lists as removed have to be missing.",
            required=False,
            file=True,
        ),
    ],
    platform: Annotated[
        str | None,
        option("--platform", "Compare the images of this platform.", "OS/ARCH[/VARIANT]"),
    ],
    reading: ReadingOptions,
) -> None:
    """Compare the filesystems of two images path by path, whoever made them.

    Type, mode, owner, time, extended attributes, link target, device, content and which names are one file.
    Exits with 1 if there is a difference that no certificate lists.
    """
    reading.messages.begin()
    limits = read_limits(reading.limit, reading.timeout)
    access = reading.registry.access(limits.timeout)
    claimed = None
    if certificate is not None:
        what = "a certificate is what slim repack writes beside its result"
        data = read_small(certificate, limits.report_bytes, what)
        claimed = read_certificate(data, certificate)
    with deadline(limits.timeout), progress(True) as advance:
        found = pipeline.verify(
            ImageRef(before, platform=platform, access=access, full=True),
            ImageRef(after, platform=platform, access=access, full=True),
            ReadOptions(True, None, limits, None, advance),
            claimed,
        )
    print_output(render_verified(found))
    if not found.holds:
        raise click.exceptions.Exit(1)
