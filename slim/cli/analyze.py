"""`slim analyze`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from slim.cli.command import argument, command, option
from slim.cli.measure import CHANGES, LENGTHS, RunOptions, SubjectOptions, measure
from slim.cli.output import Outputs


@command(
    epilog="Examples:\n\n"
    "  slim analyze app:latest\n\n"
    "  docker save app:1 -o app.tar && slim analyze app.tar\n\n"
    "  docker save app:1 | slim analyze -      slim analyze podman:app:1\n\n"
    "  slim analyze app.tar --dockerfile Dockerfile --target release\n\n"
    "  slim analyze app.tar -o text -o json=report.json\n\n"
    "  slim analyze web.tar worker.tar --key {} -o json=report-{}.json\n\n"
    "  slim analyze app.tar --max-size 340MB --fail-on high -o markdown=comment.md\n\n"
    "  slim analyze app.tar --against main.json --max-growth 5%,1MB -o json=size.json -o"
    " report=app.json\n\n"
    "  slim analyze oci-dir:build/layout --platform linux/arm64 --base debian.tar\n\n"
    "  slim analyze registry.example.com/team/app:1.2 --platform linux/amd64\n\n"
    "  slim analyze localhost:5000/app:1 --plain-http localhost:5000 --manifest-only"
)
def analyze(
    images: Annotated[
        Sequence[str],
        argument(
            "IMAGE…",
            "A docker save archive, OCI archive or OCI layout directory, plain or compressed"
            " (docker-archive:, oci-archive: or oci-dir: in front says which); - for an archive at"
            " stdin; NAME:TAG of a container engine of this machine, or docker:NAME, podman:NAME,"
            " containerd:NAME or buildah:NAME for a certain one. Or an image in a registry:"
            " HOST/NAME:TAG, registry:NAME, or NAME:TAG with --remote.",
            many=True,
            file=True,
        ),
    ],
    output: Outputs,
    against: Annotated[
        str | None,
        option(
            "--against --base-report",
            "Compare with this: an image in any form IMAGE can have, or the JSON report of one. All"
            " outputs are then those of the comparison; -o report=FILE is the report of IMAGE.",
            "IMAGE|REPORT.json",
            file=True,
        ),
    ],
    subject: SubjectOptions,
    top: Annotated[int, option("--top", "Length of each list.", "N", kind=LENGTHS, default=20)],
    run: RunOptions,
) -> None:
    """Analyze an image: where its bytes come from and which of them are waste.

    With several images you get one report each. `{}` in an output path, in --key and in --against is
    replaced by the image's short name. Shared layers are read only once.
    """
    changes = max(top, CHANGES)
    measure(images, against, output, subject, run, top=top, changes=changes)
