"""`slim attach`."""

from __future__ import annotations

from typing import Annotated

from slim.cli.command import argument, command
from slim.cli.environment import read_limits
from slim.cli.options import Limit, Timeout
from slim.cli.progress import MessageOptions
from slim.cli.registry import RegistryOptions
from slim.cli.write import print_output
from slim.errors import InputError
from slim.image.reference import parse_reference


@command(
    epilog="Example:\n\n"
    "  slim analyze registry.example.com/app:1 -o json=report.json && slim attach report.json"
    " registry.example.com/app:1"
)
def attach(
    report: Annotated[
        str,
        argument("REPORT.json", "The report of the image, as slim analyze writes it.", file=True),
    ],
    image: Annotated[str, argument("IMAGE", "The image: HOST/NAME@DIGEST or HOST/NAME:TAG.")],
    limit: Limit,
    timeout: Timeout,
    registry: RegistryOptions,
    messages: MessageOptions,
) -> None:
    """Push a report to a registry, as an artifact that refers to its image.

    slim compare, --against and slim fleet scan then use it in place of reading the image's layers. Prints
    the digest of the artifact.
    """
    messages.begin()
    limits = read_limits(limit, timeout)
    try:
        with open(report, "rb") as file:
            content = file.read(limits.report_bytes + 1)
    except OSError as error:
        raise InputError("unreadable", f"cannot read {report!r}: {error.strerror}") from None
    reference = parse_reference(image.removeprefix("registry:"))
    access = registry.access(limits.timeout)
    # What speaks HTTP is imported only where it is used: the help imports all commands.
    from slim.report.pushed import attach_report

    print_output(f"{attach_report(content, report, reference, access, limits)}\n")
