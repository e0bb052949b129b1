"""`slim compare`: what changed from one image to another, each an image or a report of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from slim.cli.command import argument, command, option
from slim.cli.measure import CHANGES, LENGTHS, RunOptions, SubjectOptions, measure
from slim.cli.output import Outputs


@command(
    epilog="Examples:\n\n"
    "  slim compare main.json app.tar --dockerfile Dockerfile -o markdown=comment.md\n\n"
    "  slim compare main.json branch.json --max-growth 5%,1MB --fail-on new:high\n\n"
    "  slim compare registry.example.com/app:main registry.example.com/app:branch\n\n"
    "  slim compare main/{}.json api.tar web.tar --key {} -o json=size-{}.json"
)
def compare(
    before: Annotated[
        str,
        argument(
            "BASE",
            "What to compare with: an image in any form that `slim analyze` reads, or the JSON"
            " report of one. {} in it becomes the short name of IMAGE.",
            file=True,
        ),
    ],
    images: Annotated[
        Sequence[str], argument("IMAGE…", "What changed, in the same forms.", many=True, file=True)
    ],
    output: Outputs,
    subject: SubjectOptions,
    top: Annotated[
        int, option("--top", "Length of each list.", "N", kind=LENGTHS, default=CHANGES)
    ],
    run: RunOptions,
) -> None:
    """Show what changed between BASE and IMAGE, and what caused it.

    A limit that BASE exceeds already is no reason to fail; `new:` in front of a level or rule of
    --fail-on means findings that BASE does not have.

    With several images each is compared with BASE. `{}` in BASE, in --key and in an output path is replaced
    by the image's short name: api for api.tar, out/api.json and registry.example.com/team/api.
    """
    measure(images, before, output, subject, run, top=top, changes=top)
