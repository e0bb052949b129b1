"""Report v1: the wire format. These types are the source of the JSON Schema (`slim schema`).

All sizes are whole bytes and end in `_bytes`; ratios are 0..1; lists are sorted; there is no timestamp
unless one is asked for, so that the same image gives the same report. Consumers must accept unknown
fields: a minor version only adds some.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

SCHEMA_VERSION = "1.0"

LARGEST = 2**63 - 1
Size = Annotated[int, Meta(ge=0, le=LARGEST)]
Count = Annotated[int, Meta(ge=0)]
Moment = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
Ratio = Annotated[float, Meta(ge=0, le=1)]


class Tool(Struct, frozen=True, kw_only=True):
    """What wrote the report."""

    name: str = "slim"
    version: str
    rules: str | None = None
    """Digest of the rule packs that were applied; null when none were."""


class Source(Struct, frozen=True, kw_only=True):
    """What was read."""

    input: str
    """As given by the user."""
    format: str
    """`docker-archive`, `oci-archive` or `oci-dir`."""
    compression: str
    """Of the archive as a whole."""
    archive_bytes: Size
    verified: bool
    """Every digest, diff id and size was checked."""


class Base(Struct, frozen=True, kw_only=True):
    """The base image, as far as it is known."""

    layers: Count
    """Number of layers that belong to it."""
    name: str
    digest: str
    how: Literal["given", "annotation", "label", "history", "unknown"]
    """Where it is from."""
    guessed: bool
    """The number of layers is a heuristic on the history."""


class ImageInfo(Struct, frozen=True, kw_only=True):
    """How the image runs. Values that look like secrets are replaced by `[redacted]`."""

    name: str
    tags: list[str]
    digest: str
    """Of the manifest; empty where the archive has none."""
    config_digest: str
    platform: str
    created: str
    entrypoint: list[str]
    cmd: list[str]
    user: str
    working_dir: str
    env: dict[str, str]
    labels: dict[str, str]
    exposed_ports: list[str]
    role: Role
    stacks: list[str]
    base: Base


class Totals(Struct, frozen=True, kw_only=True):
    """Sums over all layers."""

    pull_bytes: Size
    """What a registry sends: the stored blobs."""
    disk_bytes: Size
    """What an engine unpacks: logical sizes of regular files in all layers, hard links 0."""
    live_bytes: Size
    """The part of `disk_bytes` that the final filesystem shows."""
    dead_bytes: Size
    """`disk_bytes` - `live_bytes`: shipped and never visible."""
    live_pull_bytes: Size
    dead_pull_bytes: Size
    tar_bytes: Size
    """The layers once decompressed."""
    overhead_bytes: Size
    """`tar_bytes` less the stored contents of regular files: headers, padding, ends."""
    overhead_pull_bytes: Size
    base_bytes: Size
    """`disk_bytes` of the base image's layers."""
    base_pull_bytes: Size
    reclaimable_bytes: Size
    """The union of what all findings claim."""
    reclaimable_pull_bytes: Size
    layers: Count
    files: Count
    """Names of regular files in all layers, hard links included."""
    live_files: Count
    """Those that the final filesystem shows."""


class Place(Struct, frozen=True, kw_only=True):
    """Lines of a Dockerfile."""

    path: str
    line: Count
    end_line: Count


class LabelBytes(Struct, frozen=True, kw_only=True):
    """Bytes of a layer that belong to no file."""

    label: str
    tar_bytes: Size
    pull_bytes: Size


class LayerInfo(Struct, frozen=True, kw_only=True):
    """One layer. `pull_bytes` and `tar_bytes` are exactly what files and labels add up to."""

    index: Count
    digest: str
    """Of the stored blob; empty where it is neither named nor computed."""
    diff_id: str
    media_type: str
    compression: str
    """As found: `none`, `gzip`, `zstd`, `bzip2`, `xz`; empty when the contents are unknown."""
    created_by: str
    """The instruction, from the image's history."""
    dockerfile: Place | None
    from_base: bool
    verified: bool
    missing: str
    """Why the contents are unknown; empty when they are known."""
    blob_bytes: Size
    """Stored size."""
    pull_bytes: Size
    """Stored size; 0 for a blob that an earlier layer has too."""
    tar_bytes: Size
    disk_bytes: Size
    live_bytes: Size
    dead_bytes: Size
    """Bytes of this layer that later layers, or itself, hide."""
    live_pull_bytes: Size
    dead_pull_bytes: Size
    reclaimable_bytes: Size = 0
    """What findings claim of this layer, dead bytes included."""
    reclaimable_pull_bytes: Size = 0
    reclaimable_live_bytes: Size = 0
    """The part of `reclaimable_bytes` that the final filesystem shows."""
    reclaimable_live_pull_bytes: Size = 0
    overhead_bytes: Size
    labels: list[LabelBytes]
    files: Count
    live_files: Count
    added: Count
    """Names of regular files that were not there before."""
    changed: Count
    removed: Count


class Example(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file, named. A path that is not UTF-8 has U+FFFD in `path` and its bytes in `path_b64`."""

    layer: Count
    path: str
    disk_bytes: Size = field(default=0)
    pull_bytes: Size = field(default=0)
    path_b64: str | None = None
    content: str | None = None
    """XXH3-128 of the contents in hexadecimal, where every file is listed: equal for equal files, and no
    proof of it."""


class Waste(Struct, frozen=True, kw_only=True):
    """Dead bytes of one class, made dead by one layer."""

    kind: Literal["rewritten", "metadata-only", "deleted", "duplicate-entry", "orphan"] = field(
        name="class"
    )
    origin_layer: Count
    """Layer that ships the bytes."""
    ended_by: Count
    """Layer that hides them."""
    created_by: str
    """Instruction of the layer that hides them."""
    dockerfile: Place | None
    disk_bytes: Size
    pull_bytes: Size
    files: Count
    examples: list[Example]


class Role(Struct, frozen=True, kw_only=True):
    """What the image is for, as far as its config and files tell."""

    name: Literal["release", "builder", "dev", "base", "tool", "unknown"]
    score: int
    evidence: list[str]


class Amount(Struct, frozen=True, kw_only=True):
    """Bytes on disk and in the pull."""

    disk_bytes: Size
    pull_bytes: Size


class KeepPart(Struct, frozen=True, kw_only=True):
    """A part of a rebuilt image; no byte is in two."""

    what: str
    why: str
    disk_bytes: Size
    pull_bytes: Size
    files: Count
    packages: list[str]
    """Of the system's package manager."""
    paths: list[str]
    """Where the files are in this image, where a few directories say so."""
    guessed: bool
    """Some of the bytes are not those of this image's files."""


class Rebuild(Struct, frozen=True, kw_only=True):
    """The image that a multi-stage build would make."""

    disk_bytes: Size
    """What `keep` adds up to."""
    pull_bytes: Size
    stack: str
    confidence: Literal["likely", "possible"]
    """`possible` if something was assumed."""
    base: str
    """What the final stage stands on, in words."""
    origin: Literal["layers", "packages", "scratch"]
    """The base: layers of this image as they are, packages of its distribution, or nothing."""
    keep: list[KeepPart]
    assumes: list[str]
    dockerfile: str
    """A complete Dockerfile with this image's own values."""


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
    created_by: str
    dockerfile: Place | None


class FixInfo(Struct, frozen=True, kw_only=True):
    """What to do about a finding."""

    text: str
    snippet: str | None
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
    where: list[Cause]
    """Most bytes first."""
    fix: FixInfo
    breaks_when: list[str]
    packages: list[str]
    examples: list[Example]
    sources: list[str]
    variables: list[str] = []
    """Names of variables that the rule is about; never their values."""
    along: list[str] = []
    """Packages that go when `packages` are uninstalled, since nothing else wants them; counted in."""
    suppressed: Suppressed | None = None
    """One that was suppressed after the analysis, by `slim check`, is a note that keeps its claim."""
    """The user does not want to hear it: a note that claims nothing and fails no gate."""


class PackageInfo(Struct, frozen=True, kw_only=True):
    """An installed package and the live files that it owns; a file has at most one owner."""

    manager: str
    name: str
    version: str
    disk_bytes: Size
    pull_bytes: Size
    files: Count
    reclaimable_bytes: Size = 0
    """What findings claim of its files, be it by the package or by path."""
    reclaimable_pull_bytes: Size = 0
    layer: int | None
    """The layer that has most of it; null when no live file is its own."""
    why: str
    """`manual`, `needed by git`, `recommended by git`, `base system` or `unknown`."""


class DirectoryInfo(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A directory of the final filesystem with all below it."""

    path: str
    disk_bytes: Size = field(default=0)
    pull_bytes: Size = field(default=0)
    files: Count = field(default=0)
    path_b64: str | None = None


class TreeNode(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A directory or file of the final filesystem, with all below it.

    A directory is the sum of its children in every number: where not all have a node of their own, the
    last child is the rest of them. The first node is the root: the image's live bytes and files.
    """

    parent: Count | None = None
    """Index of the directory that it is in, which is an earlier node; null for the root."""
    kind: Literal["directory", "file", "rest"] = "directory"
    """`rest`: the files and directories of `parent` that have no node of their own."""
    name: str = ""
    """Last part of the path; empty for the root and for a rest."""
    name_b64: str | None = None
    """Its bytes, where they are not UTF-8: those then are U+FFFD in `name`."""
    disk_bytes: Size = 0
    pull_bytes: Size = 0
    files: Count = 0
    """Names of regular files. A file with several has its bytes at the first of them."""
    reclaimable_bytes: Size = 0
    """What findings claim of `disk_bytes`."""
    reclaimable_pull_bytes: Size = 0
    layer: Count | None = None
    """The layer that has most of its bytes; null when it has none."""


class Dive(Struct, frozen=True, kw_only=True):
    """dive's own score, by dive's formula, for people who move their gates."""

    efficiency: Ratio
    wasted_bytes: Size
    user_wasted_percent: float
    """A share, 1 = 100 %, as `highestUserWastedPercent` is compared; may be over 1."""


class Warning(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something to know that is no error."""

    id: str
    text: str
    layer: int | None = None
    path: str | None = None
    """The first path it applies to."""
    count: Count = 1


class Truncated(Struct, frozen=True, kw_only=True):
    """How many entries the lists leave out."""

    findings: Count
    packages: Count = 0
    waste: Count
    directories: Count
    largest_files: Count


class Budget(Struct, frozen=True, kw_only=True):
    """A limit that the user set, and what it was compared with."""

    name: Literal[
        "size",
        "pull-size",
        "reclaimable",
        "layers",
        "growth",
        "dive-efficiency",
        "dive-wasted-bytes",
        "dive-user-wasted",
    ]
    """Those of dive's are compared with `dive`: efficiency has a lower limit, the others upper ones."""
    value: int
    """Bytes, or layers; growth may be negative; dive's two ratios in millionths, rounded."""
    base_image_bytes: Size = 0
    """Of growth alone: what the base image grew by, which is not in `value` and not charged."""
    limit: Size
    """In the unit of `value`."""
    percent: float | None = None
    """Of growth alone: it is over when it exceeds both `limit` and this share of the base, 1 = 1 %."""
    result: Literal["under", "over", "unknown"]
    """`over`: the limit is exceeded, or missed where it is a lower one; `unknown`: the report does not
    hold what would decide it."""


class Verdict(Struct, frozen=True, kw_only=True):
    """What the gates said; with no budgets and an empty `fail_on` nothing was asked."""

    result: Literal["pass", "fail", "unknown"] = "pass"
    headline: str = ""
    """One sentence; empty when nothing was asked."""
    reasons: list[str] = []
    """What failed or could not be decided, one sentence each."""
    fail_on: list[str] = []
    """Levels and rules whose findings fail the gate."""
    findings: list[str] = []
    """Fingerprints of the findings that do."""


class Report(Struct, frozen=True, kw_only=True):
    """The analysis of one image."""

    schema_version: str = SCHEMA_VERSION
    kind: Literal["analysis"] = "analysis"
    timestamp: Moment | UnsetType = UNSET
    """When it was made, in UTC; only with `--timestamp`."""
    tool: Tool
    source: Source
    image: ImageInfo
    totals: Totals
    predicted: Predicted
    findings: list[Finding]
    """Most claimed bytes first: the order in which to act."""
    layers: list[LayerInfo]
    waste: list[Waste]
    """Largest first."""
    packages: list[PackageInfo] = []
    """Largest first; empty where no rules were applied."""
    directories: list[DirectoryInfo]
    """Largest first; one that is mostly a directory below it is left out."""
    largest_files: list[Example]
    """Largest first: with `--all-files` every file that has bytes."""
    tree: list[TreeNode] = []
    """The final filesystem: the files and directories that matter most, and what is left of each
    directory. Parents come before children, and of those the largest first."""
    dive: Dive
    warnings: list[Warning]
    truncated: Truncated
    budgets: list[Budget] = []
    verdict: Verdict = Verdict()
