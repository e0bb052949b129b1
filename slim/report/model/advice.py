"""What the rules found, what to do about it, and how big the image will be."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from slim.report.model.layers import Example, Place
from slim.report.model.sizes import Count, Size
from slim.report.untrusted import Untrusted


class Amount(Struct, frozen=True, kw_only=True):
    """Bytes on disk and in the pull."""

    disk_bytes: Size
    pull_bytes: Size


class KeepPart(Struct, frozen=True, kw_only=True):
    """A part of a rebuilt image; no byte is in two."""

    what: str
    why: Untrusted
    disk_bytes: Size
    pull_bytes: Size
    files: Count
    packages: list[Untrusted]
    """Of the system's package manager."""
    paths: list[Untrusted]
    """Where the files are in this image, where a few directories say so."""
    guessed: bool
    """Some of the bytes are not those of this image's files."""


class UnusedPackage(Struct, frozen=True, kw_only=True):
    """A package that was installed by name, with all that only it needs."""

    name: Untrusted
    disk_bytes: Size
    pull_bytes: Size


class Rebuild(Struct, frozen=True, kw_only=True):
    """The image that a multi-stage build would make."""

    disk_bytes: Size
    """What `keep` adds up to."""
    pull_bytes: Size
    stack: str
    confidence: Literal["likely", "possible"]
    """`possible` if something was assumed."""
    base: Untrusted
    """What the final stage stands on, in words."""
    origin: Literal["layers", "packages", "scratch"]
    """The base: layers of this image as they are, packages of its distribution, or nothing."""
    keep: list[KeepPart]
    assumes: list[Untrusted]
    dockerfile: Untrusted
    """A complete Dockerfile with this image's own values."""
    low_disk_bytes: Size = 0
    """With only what is known to be used: the least that it would be. 0 with `high_disk_bytes` 0: unknown."""
    high_disk_bytes: Size = 0
    """With everything that might be used or left in it: the most."""
    low_pull_bytes: Size = 0
    high_pull_bytes: Size = 0
    unused: list[UnusedPackage] = []
    """System packages that were installed by name and that nothing kept uses; some of them are kept."""


class Predicted(Struct, frozen=True, kw_only=True):
    """How big the image would be."""

    safe: Amount
    """After all steps whose safety is `safe`."""
    all: Amount
    """After all steps."""
    other_base_bytes: Size = 0
    """What findings point at in the base image, each byte once: only another base leaves it out."""
    rebuild: Rebuild | None = None
    """Made by a multi-stage build instead; null where that is not the answer, or cannot be computed."""


class Cause(Struct, frozen=True, kw_only=True):
    """The instruction to change."""

    layer: Count
    created_by: Untrusted
    dockerfile: Place | None
    claimed_bytes: Size = 0
    """What the finding claims in this layer; 0 in reports of before it was counted."""


class FixInfo(Struct, frozen=True, kw_only=True):
    """What to do about a finding."""

    text: str
    snippet: Untrusted | None
    """Dockerfile lines, with this image's paths and packages where they are known."""
    where: Literal["same-layer", "other-stage", "dockerignore", "base"]
    verify: str | None
    """A command that shows that the fix worked."""


class Suppressed(Struct, frozen=True, kw_only=True):
    """Why a finding is not told."""

    by: str
    """Where it is said: `slim.toml:12`, `label`, `--ignore`."""
    reason: str
    until: str | None
    """The last day on which it counts, as 2030-01-31."""


class Finding(Struct, frozen=True, kw_only=True):
    """What one rule says about this image."""

    id: str
    """Stable fingerprint."""
    rule: str
    slug: str
    title: str
    why: str
    category: str
    mode: Literal["claim", "note"]
    """A `note` claims nothing: the image's role does not call for it, or others claim its bytes."""
    severity: Literal["high", "medium", "low", "info"]
    """From bytes and certainty."""
    confidence: Literal["certain", "likely", "possible"]
    safety: Literal["safe", "check", "risky"]
    """Of the fix."""
    disk_bytes: Size
    """All that the rule points at, the base image's part aside."""
    pull_bytes: Size
    claimed_bytes: Size
    """What counts here and in no other finding."""
    claimed_pull_bytes: Size
    base_bytes: Size
    """What the rule points at in the base image: another base would be needed."""
    files: Count
    """All that the rule points at."""
    where: list[Cause]
    """Most bytes first."""
    fix: FixInfo
    breaks_when: list[str]
    packages: list[Untrusted]
    """Without those of which other findings claim all that is claimed."""
    examples: list[Example]
    """The largest files: of what is claimed, where anything is."""
    sources: list[str]
    variables: list[Untrusted] = []
    """Names of variables that the rule is about; never their values."""
    along: list[Untrusted] = []
    """Packages that go when `packages` are uninstalled, since nothing else wants them; counted in."""
    claimed_files: Count = 0
    """Those that are claimed, whole or in part; 0 in reports of before it was counted."""
    in_rebuild: bool = False
    """The Dockerfile of `predicted.rebuild` takes care of it: the image that it builds has none of the
    claimed bytes, or hardly any."""
    suppressed: Suppressed | None = None
    """The user does not want to hear it: a note that claims nothing and fails no gate. One that was
    suppressed after the analysis, by `slim check`, is a note that keeps its claim."""
