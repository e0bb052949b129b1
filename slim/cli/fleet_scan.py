"""`slim fleet scan`."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, ClassVar

import click
from msgspec import Struct
from msgspec.structs import replace

from slim.advice.rule_set import rule_set
from slim.cli.command import argument, command, flag, option
from slim.cli.environment import cache_folder, read_limits, read_now
from slim.cli.options import Limit, RulePaths
from slim.cli.progress import MessageOptions, is_terminal, print_message, print_warning
from slim.cli.registry import AttachedOptions, RegistryOptions, own_login_files
from slim.cli.write import print_output
from slim.errors import UsageError, hide_logins
from slim.fleet.cluster import cluster
from slim.fleet.plan import Selection
from slim.fleet.scan import ScanOptions, Summary, Workers, scan_fleet
from slim.fleet.sources import read_sources
from slim.fleet.work import Context
from slim.formats.terminal import clean
from slim.image.select import parse_platform
from slim.patterns import regex
from slim.secrets import redact
from slim.units import format_bytes

_SHOWN = 20
"""Failures that are listed."""
_DAY = regex(r"\d{4}-\d{2}-\d{2}", re.ASCII)
StorePlace = Annotated[
    str,
    option(
        "--store",
        "Folder of the store, or a URL that fsspec can open such as s3://bucket/fleet.",
        "DIR|URL",
        default="slim-fleet",
        file=True,
    ),
]


class SelectOptions(Struct, frozen=True):
    """Which tags of a repository."""

    heading: ClassVar[str] = "Which tags of each repository"

    tags: Annotated[
        Sequence[str],
        option("--tags", "Only tags that match, such as 'v*'.", "GLOB", multiple=True),
    ]
    newest: Annotated[
        int | None,
        option(
            "--newest",
            "Only the N that were built last, by the date in their configs.",
            "N",
            kind=click.IntRange(min=1),
        ),
    ]
    since: Annotated[
        str | None, option("--since", "Only those built on this day or later.", "YYYY-MM-DD")
    ]
    platform: Annotated[
        str | None,
        option("--platform", "Of multi-platform images, only this platform.", "OS/ARCH[/VARIANT]"),
    ]

    def selection(self) -> Selection:
        """As a value.

        Raises:
            UsageError: no date or no platform.
        """
        if self.since is not None and not _DAY.fullmatch(self.since):
            raise UsageError(
                "bad-date", f"--since: {self.since[:40]!r} is not a date", "write 2026-01-31"
            )
        platform = str(parse_platform(self.platform)) if self.platform else ""
        return Selection(tuple(self.tags), self.newest, self.since or "", platform)


class ClusterOptions(Struct, frozen=True):
    """Where the work is done."""

    heading: ClassVar[str] = "Where the work is done"

    workers: Annotated[
        int | None,
        option(
            "--workers",
            "Processes on this machine. Default: one for each processor.",
            "N",
            kind=click.IntRange(min=1, max=256),
        ),
    ]
    scheduler: Annotated[
        str | None,
        option(
            "--scheduler",
            "Use the Dask cluster whose scheduler is at tcp://HOST:PORT or tls://HOST:PORT.",
            "ADDRESS",
        ),
    ]
    dashboard: Annotated[
        str | None,
        option(
            "--dashboard",
            "Show Dask's page about the work on this machine, such as 127.0.0.1:8787.",
            "HOST:PORT",
        ),
    ]

    @contextmanager
    def workers_of(self, context: Context) -> Iterator[Workers]:
        """The workers of a scan; errors are those of `cluster`."""
        # A worker asks its own environment, wherever it is.
        context = replace(context, login_files=own_login_files)
        with cluster(
            context, scheduler=self.scheduler, workers=self.workers, dashboard=self.dashboard
        ) as found:
            if found.dashboard:
                print_warning(f"slim: dashboard: {clean(found.dashboard)}")
            yield found


@command(
    epilog="Examples:\n\n"
    "  slim fleet scan build/*.tar --store fleet\n\n"
    "  slim fleet scan 'registry:registry.example.com/team/*' --tags 'v*' --newest 3 --store fleet\n\n"
    "  slim fleet scan references.txt --store s3://bucket/fleet --scheduler tls://dask.example.com:8786"
)
def scan(
    sources: Annotated[
        Sequence[str],
        argument(
            "SOURCE…",
            "Archives, OCI layouts, folders of them; a text file with a reference on each line; a"
            " reference; or registry:HOST/PROJECT/* for all repositories that match.",
            many=True,
            file=True,
        ),
    ],
    store: StorePlace,
    select: SelectOptions,
    where: ClusterOptions,
    rules: RulePaths,
    limit: Limit,
    timeout: Annotated[
        int | None,
        option(
            "--timeout",
            "Give up on a layer or a list after so many seconds; 0: never. Default: 900.",
            "SECONDS",
            kind=click.IntRange(min=0, max=10_000_000),
        ),
    ],
    progress: Annotated[
        bool,
        flag(
            "--progress/--no-progress",
            "Show progress on stderr when it is a terminal.",
            default=True,
        ),
    ],
    registry: RegistryOptions,
    attached: AttachedOptions,
    messages: MessageOptions,
) -> None:
    """Bring a store up to date with many images: each distinct layer is read once.

    What the store knows is not read again, images that a source no longer has leave it, and a scan that
    was interrupted continues where it stopped. An image that cannot be read is recorded with its error; the
    rest goes on, and the exit code is that of the worst error.
    """
    messages.begin()
    limits = read_limits(limit, timeout)
    options = ScanOptions(
        store=store,
        access=registry.access(limits.timeout),
        limits=limits,
        rules=rule_set(rules, cache_folder()),
        now=read_now(),
        selection=replace(
            select.selection(), attached=attached.attached, signed=attached.require_signature
        ),
    )
    with _progress(progress) as advance:
        summary = scan_fleet(
            read_sources(sources),
            options,
            where.workers_of,
            lambda number: time.sleep(2.0**number),
            advance,
        )
    _tell(summary)
    if summary.exit_code:
        raise click.exceptions.Exit(summary.exit_code)


def _tell(summary: Summary) -> None:
    for warning in summary.warnings:
        print_warning(f"slim: {clean(warning)}")
    for name, error, _ in summary.failures[:_SHOWN]:
        print_message(f"slim: {clean(hide_logins(name))}: {clean(redact.message(error))}")
    if len(summary.failures) > _SHOWN:
        print_message(f"slim: … and {len(summary.failures) - _SHOWN:,} more that could not be read")
    done = summary.images - summary.kept
    print_output(
        f"{summary.images:,} images: {done:,} analyzed, {summary.kept:,} known,"
        f" {summary.removed:,} removed, {len(summary.failures):,} failed\n"
        f"{summary.layers:,} layers read, {format_bytes(summary.read_bytes)}\n"
    )


@contextmanager
def _progress(shown: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A line on stderr that says how far the work is; only on a terminal."""
    shown = shown and is_terminal(sys.stderr) and os.environ.get("TERM") != "dumb"
    last = 0.0
    written = False

    def advance(what: str, done: int, total: int) -> None:
        nonlocal last, written
        if not shown or time.monotonic() - last < 0.1:
            return
        last = time.monotonic()
        written = True
        number = format_bytes if what == "reading layers" else "{:,}".format
        of = f" of {number(total)}" if total else ""
        sys.stderr.write(f"\r\x1b[2K{what}: {number(done)}{of}")
        sys.stderr.flush()

    try:
        yield advance
    finally:
        if written:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()
