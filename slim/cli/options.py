"""The options that commands share, in groups, and the values that each group stands for.

Where an option is not given, slim.toml decides, then the default.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, ClassVar

import click
from msgspec import Struct

from slim.cli.command import argument, flag, option
from slim.cli.environment import cache_folder, read_limits, user_cache
from slim.cli.progress import deadline, print_warning, progress
from slim.config.load import Config, load_config
from slim.config.settings import ImageSettings
from slim.dockerfile.load import DockerfileRef
from slim.errors import UsageError
from slim.facts.gpu_names import architecture_of
from slim.facts.roles import ROLES
from slim.files.cache import TableCache
from slim.formats.terminal import clean
from slim.image.ref import ImageRef
from slim.image.registry.access import Access
from slim.limits import Limits
from slim.rules.suggestions import suggestion
from slim.units import UNITS, Units

ReportFiles = Annotated[
    Sequence[str],
    argument(
        "REPORT.json…", "Reports or comparisons that slim wrote as json.", many=True, file=True
    ),
]
Limit = Annotated[
    Sequence[str],
    option(
        "--limit",
        "Raise or lower a limit on what is read, such as layer-bytes=100GiB.",
        "NAME=VALUE",
        multiple=True,
    ),
]
Timeout = Annotated[
    int | None,
    option(
        "--timeout",
        "Give up after so many seconds; 0: never. Default: 900.",
        "SECONDS",
        kind=click.IntRange(min=0, max=10_000_000),
    ),
]
Progress = Annotated[
    bool,
    flag(
        "--progress/--no-progress",
        "Show a progress bar on stderr when it is a terminal.",
        default=True,
    ),
]
ExitZero = Annotated[bool, flag("--exit-zero", "Report failures but always exit with 0.")]
Tag = Annotated[str | None, option("--tag", "Choose an image by its tag.", "TAG")]
UnitsName = Annotated[
    str | None,
    option(
        "--units",
        "Unit system for displayed sizes: si (1 MB = 1,000,000 bytes, default) or iec"
        " (1 MiB = 1,048,576 bytes).",
        "si|iec",
    ),
]
RulePaths = Annotated[
    Sequence[str],
    option(
        "--rules",
        "Your own rules, in a file or a folder of files, in addition to those of slim.",
        "FILE|DIR",
        multiple=True,
        file=True,
    ),
]


class SettingsOptions(Struct, frozen=True):
    """Which settings hold."""

    heading: ClassVar[str] = "Settings"

    config: Annotated[
        str | None,
        option(
            "--config -c",
            "Configuration file. Default: the nearest .slim.toml or slim.toml between the current"
            " directory and the repository root.",
            "FILE",
            file=True,
        ),
    ]
    no_config: Annotated[bool, flag("--no-config", "Ignore configuration files.")]
    trust_config: Annotated[
        bool,
        flag(
            "--trust-config",
            "Let a slim.toml that was found name registries, engines and files outside its folder.",
        ),
    ]
    key: Annotated[
        str | None,
        option(
            "--key",
            "Name of this image: selects [image.NAME] in slim.toml and keeps its PR comment apart from"
            " other images' comments.",
            "NAME",
        ),
    ]

    def read(self, key: str | None, *, judging: bool = True) -> Config:
        """The file's settings for the image of `key`; errors are those of `load_config`.

        What there is to tell of the file is about gates, and told where these count: `judging`.
        """
        if self.no_config:
            if self.config:
                raise UsageError("two-configs", "--config and --no-config exclude each other")
            return Config()
        config = load_config(self.config, key=key, trusted=self.trust_config)
        if config.warning and judging:
            print_warning(f"slim: {clean(config.warning)}")
        return config


class ImageOptions(Struct, frozen=True):
    """Which image, and what is known of it beforehand."""

    heading: ClassVar[str] = "Which image"

    dockerfile: Annotated[
        str | None,
        option(
            "--dockerfile",
            "Dockerfile the image was built from; findings then point at its lines.",
            "FILE",
            file=True,
        ),
    ]
    target: Annotated[
        str | None, option("--target", "The stage that was built, as in docker build.", "STAGE")
    ]
    base: Annotated[
        str | None,
        option(
            "--base",
            "The base image (same forms as IMAGE), so that its bytes are attributed exactly instead of"
            " guessed. Of a repository in a registry, HOST/NAME without a tag, the tag is found.",
            "IMAGE",
            file=True,
        ),
    ]
    tag: Tag
    image_index: Annotated[
        int | None, option("--image-index", "Choose an image by position, from 0.", "N", kind=int)
    ]
    platform: Annotated[
        str | None, option("--platform", "Choose an image by platform.", "OS/ARCH[/VARIANT]")
    ]
    full: Annotated[
        bool,
        flag(
            "--full",
            "Download layers completely even if they carry a table of contents (eStargz,"
            " zstd:chunked).",
        ),
    ]
    role: Annotated[
        str | None,
        option(
            "--role",
            "Override the detected role of the image: release, builder, dev, base, tool or unknown.",
            "ROLE",
        ),
    ]

    gpu: Annotated[
        Sequence[str],
        option(
            "--gpu",
            "GPU that the image is for, by its architecture, such as sm_90: code that it never loads is"
            " reported.",
            "ARCH",
            multiple=True,
        ),
    ]

    def read_gpus(self, settings: ImageSettings) -> tuple[int, ...]:
        """Architectures of the GPUs that the image is for; empty where nobody says.

        Raises:
            UsageError: one is no architecture.
        """
        try:
            return tuple(map(architecture_of, self.gpu)) or settings.gpus
        except ValueError as error:
            hint = "write the compute capability that NVIDIA lists for it: sm_90 for an H100"
            raise UsageError("bad-choice", f"--gpu: {error}", hint) from None

    def read_role(self) -> str | None:
        """The role; None where it is to be detected.

        Raises:
            UsageError: there is no such role.
        """
        roles = (*ROLES, "unknown")
        if self.role is not None and self.role not in roles:
            raise UsageError(
                "bad-choice",
                f"--role: unknown role {self.role!r}{suggestion(self.role, roles)}",
                f"roles: {', '.join(roles)}",
            )
        return self.role

    def ref(
        self, name: str, access: Access, settings: ImageSettings, *, manifest_only: bool = False
    ) -> ImageRef:
        """The image of this name."""
        platform = self.platform or settings.platform
        return ImageRef(
            name, self.tag, self.image_index, platform, access, manifest_only, self.full
        )

    def against_ref(self, name: str, access: Access, settings: ImageSettings) -> ImageRef:
        """What it is compared with: there, tag and position would be those of another archive."""
        platform = self.platform or settings.platform
        return ImageRef(name, platform=platform, access=access, full=self.full)

    def base_ref(self, access: Access, settings: ImageSettings) -> ImageRef | None:
        """The base image."""
        name = self.base or settings.base
        return ImageRef(name, access=access) if name else None

    def dockerfile_ref(self, settings: ImageSettings) -> DockerfileRef:
        """The Dockerfile, and the stage that was built."""
        return DockerfileRef(self.dockerfile or settings.dockerfile, self.target or settings.target)


class ReportOptions(Struct, frozen=True):
    """What of an image is read, and what its report has."""

    heading: ClassVar[str] = "What is read"

    manifest_only: Annotated[
        bool,
        flag(
            "--manifest-only",
            "Registry images only: fetch the manifest but no layers; reports pull sizes only.",
        ),
    ]
    advice: Annotated[
        bool,
        flag(
            "--advice/--no-advice",
            "Apply the rules and predict the size after the fixes.",
            default=True,
        ),
    ]
    rules: RulePaths
    verify: Annotated[
        bool, flag("--verify/--no-verify", "Check every digest, diff ID and size.", default=True)
    ]
    redact: Annotated[
        bool, flag("--redact/--no-redact", "Hide values that look like secrets.", default=True)
    ]
    exact_pull: Annotated[
        bool,
        flag(
            "--exact-pull",
            "Compress layers that an archive stores uncompressed, to know their size in a registry; it is"
            " estimated otherwise.",
        ),
    ]
    all_files: Annotated[
        bool,
        flag(
            "--all-files/--no-all-files",
            "List every file in the report, so that it can be compared file by file later.",
        ),
    ]
    timestamp: Annotated[
        bool,
        flag(
            "--timestamp", "Add a creation timestamp to the JSON report (SOURCE_DATE_EPOCH if set)."
        ),
    ]


class WorkOptions(Struct, frozen=True):
    """How much work may be done, and how."""

    heading: ClassVar[str] = "Time, memory and cache"

    jobs: Annotated[
        int | None,
        option("--jobs -j", "Layers to read at once.", "N", kind=click.IntRange(min=1, max=256)),
    ]
    limit: Limit
    timeout: Timeout
    cache: Annotated[
        bool,
        flag(
            "--cache/--no-cache",
            "Keep what is known of a layer for the next run: see `slim cache`.",
            default=True,
        ),
    ]
    progress: Progress

    def limits(self, in_file: Sequence[str] = ()) -> Limits:
        """The limits of all places where they can be set."""
        return read_limits(self.limit, self.timeout, in_file)

    @property
    def cache_folder(self) -> str | None:
        """Where things may be kept for the next run; None when the cache is off."""
        return cache_folder() if self.cache else None

    def open_cache(self, *, share: bool = False) -> TableCache | None:
        """The user's cache unless it is off; with `share` the images of this run share tables anyhow.

        Raises:
            UsageError: the size that the user set is not a size.
        """
        if self.cache:
            return user_cache(share=share)
        return TableCache(None, share=True) if share else None

    @contextmanager
    def watched(self, seconds: int) -> Iterator[Callable[[int, int], None] | None]:
        """Work that ends in time, and shows how far it is by calling what this gives."""
        with deadline(seconds), progress(self.progress) as advance:
            yield advance


def read_units(option: str | None, in_file: str | None) -> Units:
    """The units of sizes for people: of the option, else of the file.

    Raises:
        UsageError: there are no such units.
    """
    name = option or in_file or "si"
    if name not in UNITS:
        raise UsageError("bad-choice", f"--units: {name!r} is not one of {', '.join(UNITS)}")
    return UNITS[name]
