"""Command: builds and measures projects, and keeps what was measured beside them for docs/twins.md.

    python -m tests.real.factory [--only NAME …] [--half test|train] [--folder FOLDER] [--quick]

Images stay in the folder (or SLIM_TWINS, or below the system's temporary folder), which grows to some 50 GB
where there is room, or 20 GB. Results go into tests/real/twins/results, one file for each project.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.real.factory.measure import measure
from tests.real.factory.project import all_projects
from tests.real.factory.results import read_results, write_result
from tests.real.factory.table import details
from tests.real.factory.workshop import Workshop, default_folder, free_bytes

_ROOM = 4_000_000_000
"""Free bytes below which nothing more is built."""
_PLENTY = 6_000_000_000
"""Free bytes above which layers are kept for the next build, which may begin with the same steps."""


def main() -> None:
    """Build and measure what the options name; exit code 1 if anything could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m tests.real.factory")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="projects; default: all")
    parser.add_argument("--half", choices=("test", "train"))
    parser.add_argument("--folder", type=Path, default=default_folder())
    parser.add_argument("--details", type=Path, help="write a text with everything that was seen")
    parser.add_argument(
        "--known", action="store_true", help="measure nothing, write the details only"
    )
    parser.add_argument("--quick", action="store_true", help="do not build slim's Dockerfiles")
    options = parser.parse_args()
    workshop = Workshop(options.folder)
    projects = [
        one
        for one in all_projects()
        if (not options.only or one.name in options.only)
        and (not options.half or one.half == options.half)
    ]
    if not options.known:
        workshop.prepare()
    for project in projects if not options.known else ():
        if free_bytes(workshop.store.folder) < _ROOM:
            sys.exit(f"less than {_ROOM:,} bytes are free in {workshop.store.folder}")
        print(project.name, flush=True)
        result = measure(workshop, project, quick=options.quick)
        if free_bytes(workshop.store.folder) < _PLENTY:
            workshop.forget()
        write_result(result)
        if options.details:
            options.details.write_text(details(read_results()))
    if options.known and options.details:
        options.details.write_text(details(read_results()))
    sys.exit(any("broken" in one for one in read_results()))


if __name__ == "__main__":
    main()
