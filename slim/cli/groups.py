"""The groups of options that several commands take, and what each makes of its values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from slim.cli.grouped import Grouped
from slim.cli.settings import read_config, read_ignores, read_limits, read_now, read_units
from slim.dockerfile.load import DockerfileRef
from slim.errors import UsageError
from slim.image.ref import ImageRef
from slim.image.registry.access import Access

if TYPE_CHECKING:
    from slim.advice.suppression import Suppression
    from slim.config.load import Config
    from slim.config.settings import ImageSettings
    from slim.limits import Limits
    from slim.report.comparison import Comparison
    from slim.report.gates import Gates
    from slim.report.model import Report

    Document = Report | Comparison

T = TypeVar("T")
COLORS = ("auto", "always", "never")


class SettingsOptions(Grouped, parameter="settings"):
    """Which settings hold."""

    config: str | None
    no_config: bool
    trust_config: bool
    key: str | None

    def read(self, key: str | None, *, judging: bool = True) -> Config:
        """The file's settings for the image of `key`, as `read_config` says."""
        return read_config(
            self.config, self.no_config, key, trusted=self.trust_config, judging=judging
        )


class ImageOptions(Grouped, parameter="choice"):
    """Which image, and what is known of it beforehand."""

    dockerfile: str | None
    target: str | None
    base: str | None
    tag: str | None
    image_index: int | None
    platform: str | None
    full: bool
    role: str | None

    def before(self, name: str, access: Access, told: ImageSettings) -> ImageRef:
        """The image that another is compared with: only what holds for any image is used."""
        return ImageRef(
            name, platform=self.platform or told.platform, access=access, full=self.full
        )

    def ref(
        self, name: str, access: Access, told: ImageSettings, *, manifest_only: bool = False
    ) -> ImageRef:
        """The image; where the options say nothing the file does."""
        return ImageRef(
            name,
            self.tag,
            self.image_index,
            self.platform or told.platform,
            access,
            manifest_only,
            self.full,
        )

    def base_ref(self, access: Access, told: ImageSettings) -> ImageRef | None:
        """The base image."""
        name = self.base or told.base
        return ImageRef(name, access=access) if name else None

    def dockerfile_ref(self, told: ImageSettings) -> DockerfileRef:
        """The Dockerfile, and the stage that was built."""
        return DockerfileRef(self.dockerfile or told.dockerfile, self.target or told.target)


class ReportOptions(Grouped, parameter="reports"):
    """What of an image is read, and what its report has."""

    manifest_only: bool
    advice: bool
    rules: Sequence[str]
    verify: bool
    redact: bool
    all_files: bool
    timestamp: bool


class WorkOptions(Grouped, parameter="work"):
    """How much work may be done, and how."""

    jobs: int | None
    limit: Sequence[str]
    timeout: int | None
    cache: bool
    progress: bool

    def limits(self, in_file: Sequence[str] = ()) -> Limits:
        """The limits of all places where they can be set."""
        return read_limits(self.limit, self.timeout, in_file)

    @contextmanager
    def watched(self, seconds: int) -> Iterator[Callable[[int, int], None] | None]:
        """Work that ends in time, and shows how far it is by calling what this gives."""
        from slim.cli.console import progress
        from slim.cli.deadline import deadline

        with deadline(seconds), progress(self.progress) as advance:
            yield advance


class IgnoreOptions(Grouped, parameter="ignoring"):
    """Which findings are not to be told."""

    ignore: Sequence[str]
    no_ignore: bool

    def ignores(self, in_file: Sequence[Suppression]) -> tuple[Suppression, ...]:
        """The suppressions of all places but the image's label."""
        return read_ignores(self.ignore, self.no_ignore, in_file)

    def on(self, document: Document, in_file: Sequence[Suppression] = ()) -> tuple[Document, int]:
        """A report or comparison as the suppressions have it; and how many findings were suppressed in the
        analysis, and are not any more."""
        from slim.report.suppress import suppress, unsuppress

        if self.no_ignore:
            return unsuppress(document)
        return suppress(document, self.ignores(in_file), read_now().date()), 0


class ShowOptions(Grouped, parameter="show"):
    """How outputs for people are written."""

    units: str | None
    show_suppressed: bool
    color: str
    no_color: bool

    def words(self, in_file: str | None = None) -> dict[str, Any]:
        """Keywords of `slim.cli.outputs.rendered`.

        Raises:
            UsageError: a value that is none.
        """
        from slim.cli.console import wants_color

        if self.color not in COLORS:
            raise UsageError(
                "bad-choice", f"--color: {self.color!r} is none of {', '.join(COLORS)}"
            )
        color = not self.no_color and wants_color(self.color)
        units = read_units(self.units, in_file)
        return {"units": units, "show_suppressed": self.show_suppressed, "color": color}


class VoiceOptions(Grouped, parameter="voice"):
    """What is said on stderr."""

    quiet: bool
    verbose: int

    def begin(self) -> None:
        """From now on.

        Raises:
            UsageError: both, which exclude each other.
        """
        from slim.cli.console import listen

        if self.quiet and self.verbose:
            raise UsageError("bad-choice", "--quiet and --verbose exclude each other")
        listen(quiet=self.quiet, verbose=self.verbose)


class PageOptions(Grouped, parameter="pages"):
    """What pages say of where they come from."""

    flavor: str
    base_head: str
    head: str
    run: str
    report_url: str
    run_url: str
    rules_url: str

    def labels(self, key: str | None, rules_url: str = "") -> dict[str, str]:
        """Those of `slim.formats.formats.render`; without the empty ones. `rules_url` is the file's.

        Raises:
            UsageError: there is no such flavor, or a template of addresses is none.
        """
        from slim.formats.markdown.flavors import flavor_of

        flavor_of(self.flavor)
        if self.rules_url:
            from slim.formats.rules_url import parse_rules_url

            parse_rules_url(self.rules_url)
        labels = {
            "flavor": self.flavor,
            "key": key or "",
            "base_head": self.base_head,
            "head": self.head,
            "run": self.run,
            "report_url": self.report_url,
            "run_url": self.run_url,
            "rules_url": self.rules_url or rules_url,
        }
        return {name: value for name, value in labels.items() if value}


class GateOptions(Grouped, parameter="gates"):
    """What to fail on."""

    max_size: str | None
    max_pull_size: str | None
    max_reclaimable: str | None
    max_layers: int | None
    max_growth: str | None
    fail_on: Sequence[str]
    exit_zero: bool
    trust_labels: bool

    def trusts_labels(self, in_file: bool | None) -> bool:
        """Whether labels of the image may say what does not count: by the option, else by the file."""
        return self.trust_labels or bool(in_file)

    def gates(self, in_file: Gates, *, compared: bool) -> Gates:
        """The gates that are asked for, else those of the file; `compared`: there is a base, so that
        growth and `new:` mean something.

        Raises:
            UsageError: a size, number or level that is none.
        """
        from slim.report.gates import Gates, parse_fail_on, parse_growth
        from slim.units import parse_bytes

        def parsed(flag: str, text: str | None, parse: Callable[[str], T]) -> T | None:
            try:
                return parse(text) if text is not None else None
            except ValueError as error:
                raise UsageError("bad-budget", f"{flag}: {error}") from None

        if self.max_growth is not None and not compared:
            raise UsageError(
                "no-base",
                "--max-growth needs something to compare with",
                "slim analyze --against BASE",
            )
        if self.max_layers is not None and self.max_layers < 0:
            raise UsageError(
                "bad-budget", f"--max-layers: {self.max_layers} is no number of layers"
            )
        asked = Gates(
            size=parsed("--max-size", self.max_size, parse_bytes),
            pull_size=parsed("--max-pull-size", self.max_pull_size, parse_bytes),
            reclaimable=parsed("--max-reclaimable", self.max_reclaimable, parse_bytes),
            layers=self.max_layers,
            growth=parsed("--max-growth", self.max_growth, parse_growth),
            fail_on=parse_fail_on(self.fail_on, compared=compared),
        )
        return asked.over(in_file if compared else in_file.of_one_image())
