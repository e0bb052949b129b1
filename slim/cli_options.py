"""The options that commands share: types for their parameters, each declared once, with its help.

A command names the type and its own default: `top: Top = 20`. Every option can be set by the variable
`SLIM_<FLAG>` too.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer


def option(flags: str, text: str, metavar: str | None = None, **more: Any) -> Any:
    """An option of typer by its long flag (`--no-X` after a slash, `-x` after a blank)."""
    long = flags.partition(" ")[0].partition("/")[0]
    return typer.Option(
        *flags.split(),
        metavar=metavar,
        envvar=f"SLIM_{long.strip('-').upper().replace('-', '_')}",
        help=text,
        **more,
    )


# --- what is set in a file -----------------------------------------------------------------------

ConfigFile = Annotated[
    str | None,
    option(
        "--config -c",
        "Settings; else .slim.toml or slim.toml, from here up to the root of the repository.",
        "FILE",
        show_default=False,
    ),
]
NoConfig = Annotated[bool, option("--no-config", "Read no file of settings.")]
Key = Annotated[
    str | None,
    option(
        "--key",
        "The image's name among several: its [image.NAME] of slim.toml, and what tells its comment from"
        " others.",
        "NAME",
    ),
]

# --- what to read --------------------------------------------------------------------------------

Tag = Annotated[str | None, option("--tag", "Choose an image by its tag.")]
ImageIndex = Annotated[int | None, option("--image-index", "Choose an image by position, from 0.")]
Platform = Annotated[
    str | None,
    option("--platform", "Choose an image by platform.", "OS/ARCH[/VARIANT]"),
]
BaseImage = Annotated[
    str | None,
    option(
        "--base",
        "The base image, in any form IMAGE can have: keeps its bytes apart exactly.",
        "IMAGE",
    ),
]
Dockerfile = Annotated[
    str | None,
    option(
        "--dockerfile",
        "The Dockerfile that built the image: findings name its lines.",
        "FILE",
    ),
]
Target = Annotated[
    str | None,
    option("--target", "The stage that was built, as in docker build.", "STAGE"),
]

# --- how to read a registry ----------------------------------------------------------------------

ManifestOnly = Annotated[
    bool,
    option("--manifest-only", "Of an image in a registry read no layers: only their sizes."),
]
Full = Annotated[
    bool,
    option(
        "--full",
        "Read layers in a registry as a whole, even if their table of contents tells their files.",
    ),
]

# --- how to read it ------------------------------------------------------------------------------

AdviceWanted = Annotated[
    bool,
    option(
        "--advice/--no-advice", "Apply the rules: what to change, and how big the image is then."
    ),
]
RoleName = Annotated[
    str | None,
    option(
        "--role",
        "What the image is for, where the signs mislead:"
        " release, builder, dev, base, tool or unknown.",
        "ROLE",
    ),
]
RulePacks = Annotated[
    list[str] | None,
    option(
        "--rules",
        "Rules of your own, in a file or a folder of files, beside those of slim.",
        "FILE|DIR",
        show_default=False,
    ),
]
Verify = Annotated[bool, option("--verify/--no-verify", "Check every digest, diff id and size.")]
Redact = Annotated[bool, option("--redact/--no-redact", "Hide values that look like secrets.")]
Top = Annotated[int, option("--top", "Length of each list.", min=1, max=100_000)]
Timestamp = Annotated[
    bool,
    option(
        "--timestamp",
        "Say in the JSON when it was made: now, or at the moment of SOURCE_DATE_EPOCH.",
    ),
]
AllFiles = Annotated[
    bool,
    option(
        "--all-files/--no-all-files",
        "List every file in the report, so that it can be compared file by file later.",
    ),
]
Jobs = Annotated[int | None, option("--jobs -j", "Layers to read at once.", min=1, max=256)]
LimitSettings = Annotated[
    list[str] | None,
    option(
        "--limit",
        "Raise or lower a limit on what is read, such as layer-bytes=100GiB.",
        "NAME=VALUE",
        show_default=False,
    ),
]
Timeout = Annotated[
    int | None,
    option(
        "--timeout",
        "Give up after so many seconds; 0: never. Default: 900.",
        "SECONDS",
        min=0,
        max=10_000_000,
        show_default=False,
    ),
]
CacheWanted = Annotated[
    bool,
    option(
        "--cache/--no-cache",
        "Keep what is known of a layer for the next run: see `slim cache`.",
    ),
]
ShowProgress = Annotated[
    bool,
    option("--progress/--no-progress", "A bar on stderr for long work, on a terminal."),
]

# --- what not to tell ----------------------------------------------------------------------------

Ignored = Annotated[
    list[str] | None,
    option(
        "--ignore",
        "Suppress a rule's findings, or those at some paths: VCS001:/app/.git/**.",
        "RULE[:GLOB]",
        show_default=False,
    ),
]
NoIgnore = Annotated[
    bool,
    option("--no-ignore", "Suppress nothing, whatever slim.toml or a label of the image say."),
]
ShowSuppressed = Annotated[
    bool,
    option("--show-suppressed", "List what is suppressed in text and markdown."),
]

Units = Annotated[
    str | None,
    option(
        "--units",
        "Of sizes for people: si (1 MB = 1,000,000 bytes, the default) or iec (1 MiB = 1,048,576 bytes).",
        "si|iec",
        show_default=False,
    ),
]

Color = Annotated[
    str,
    option(
        "--color",
        "Of text at stdout: auto (on a terminal, unless NO_COLOR or FORCE_COLOR say otherwise), always or"
        " never.",
        "auto|always|never",
    ),
]
NoColor = Annotated[
    bool, typer.Option("--no-color", help="The same as --color never.", show_default=False)
]
Quiet = Annotated[bool, option("--quiet -q", "Say nothing on stderr but errors.")]
Verbose = Annotated[
    int,
    option(
        "--verbose -v",
        "Say on stderr what is read, a line per layer; -vv: also how.",
        count=True,
        show_default=False,
    ),
]

# --- what to write -------------------------------------------------------------------------------

Outputs = Annotated[
    list[str] | None,
    option(
        "--output -o",
        "text, json, markdown, html, svg, summary, sarif, gitlab, github, junit, csv, metrics, env or"
        " ncdu; repeat it for several; +PATH adds to a file. Default: text on a terminal, else json.",
        "FORMAT[=PATH]",
        show_default=False,
    ),
]

Flavor = Annotated[
    str,
    option("--flavor", "Of markdown: github, gitlab, gitea, bitbucket or plain.", "NAME"),
]
Head = Annotated[
    str,
    option("--head", "The commit that the page is about.", "SHA", show_default=False),
]
BaseHead = Annotated[
    str,
    option("--base-head", "The commit that it is compared with.", "SHA", show_default=False),
]
Run = Annotated[
    str,
    option(
        "--run",
        "The job's number: an older one does not replace a newer page.",
        "N",
        show_default=False,
    ),
]
RunUrl = Annotated[str, option("--run-url", "Link to the job.", "URL", show_default=False)]
Against = Annotated[
    str | None,
    option(
        "--against --base-report",
        "Compare with this: an image in any form IMAGE can have, or the JSON report of one. All"
        " outputs are then those of the comparison; -o report=FILE is the report of IMAGE.",
        "IMAGE|REPORT.json",
        show_default=False,
    ),
]

# --- what to fail on -----------------------------------------------------------------------------

MaxSize = Annotated[
    str | None,
    option(
        "--max-size",
        "Fail if the image is larger on disk, such as 340MB.",
        "SIZE",
        show_default=False,
    ),
]
MaxPullSize = Annotated[
    str | None,
    option("--max-pull-size", "Fail if there is more to pull.", "SIZE", show_default=False),
]
MaxReclaimable = Annotated[
    str | None,
    option("--max-reclaimable", "Fail if the findings claim more.", "SIZE", show_default=False),
]
MaxLayers = Annotated[
    int | None,
    option("--max-layers", "Fail if there are more layers.", "COUNT", show_default=False),
]
MaxGrowth = Annotated[
    str | None,
    option(
        "--max-growth",
        "Fail if the image is larger than what it is compared with by more than both.",
        "PERCENT,SIZE",
        show_default=False,
    ),
]
FailOn = Annotated[
    list[str] | None,
    option(
        "--fail-on",
        "Fail on findings: high, medium, low (and what is worse), or rules such as DEB001.",
        "LEVEL|ID[,…]",
        show_default=False,
    ),
]
ExitZero = Annotated[bool, option("--exit-zero", "Say what fails, but exit with 0 all the same.")]

# --- where to comment ----------------------------------------------------------------------------

CommentWords = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[FORGE] REPORT.json…",
        help="auto (the default), github, gitlab, gitea, forgejo, bitbucket, bitbucket_dc or azure;"
        " then reports or comparisons, which make one comment together.",
        show_default=False,
    ),
]
Behavior = Annotated[
    str | None,
    option(
        "--behavior",
        "What becomes of slim's earlier comment: update, new (it stays), hide-and-new (it is folded"
        " away) or delete-and-new.",
        "WHAT",
        show_default="update",
    ),
]
When = Annotated[
    str | None,
    option(
        "--when",
        "When to make a comment where there is none: changed (there is something worth a word),"
        " always, or failed (a gate did not pass). One that is there is always kept up to date.",
        "WHEN",
        show_default="changed",
    ),
]
DryRun = Annotated[bool, option("--dry-run", "Print the comment, and ask nobody.")]
Require = Annotated[
    bool,
    option(
        "--require",
        "Exit with 6 when the comment cannot be made: no token, no pull request, refused.",
    ),
]
Repository = Annotated[
    str,
    option(
        "--repo",
        "The repository; on GitLab its number does, too, on Azure PROJECT/REPOSITORY.",
        "OWNER/NAME",
        show_default=False,
    ),
]
PullRequest = Annotated[int | None, option("--pr", "The pull request.", "NUMBER", min=1)]
TokenFile = Annotated[str | None, option("--token-file", "Read the token from a file.", "FILE")]
ApiUrl = Annotated[
    str,
    option("--api-url", "The API, such as https://git.example/api/v1.", "URL", show_default=False),
]
MaxBytes = Annotated[
    int | None, option("--max-bytes", "Leave out folds of a longer comment.", "BYTES", min=1)
]
ReportUrl = Annotated[
    str, option("--report-url", "Link to the HTML report.", "URL", show_default=False)
]
RulesUrl = Annotated[
    str,
    option(
        "--rules-url",
        "Link the ids of rules to pages about them: https, with {id} or {slug} in it.",
        "TEMPLATE",
        show_default=False,
    ),
]
Failure = Annotated[
    str,
    option(
        "--failure",
        "In place of a report: say that the image could not be analysed, and why.",
        "TEXT",
        show_default=False,
    ),
]
