"""The options that commands share: types for their parameters, each declared once, with its help.

A command names the type and its own default: `top: Top = 20`. Every option can be set by the variable
`SLIM_<FLAG>` too.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer


def _option(flags: str, text: str, metavar: str | None = None, **more: Any) -> Any:
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
    _option(
        "--config -c",
        "Settings; else .slim.toml or slim.toml, from here up to the root of the repository.",
        "FILE",
        show_default=False,
    ),
]
NoConfig = Annotated[bool, _option("--no-config", "Read no file of settings.")]
Key = Annotated[
    str | None,
    _option("--key", "The image's name among several: its [image.NAME] of slim.toml.", "NAME"),
]

# --- what to read --------------------------------------------------------------------------------

Tag = Annotated[str | None, _option("--tag", "Choose an image by its tag.")]
ImageIndex = Annotated[int | None, _option("--image-index", "Choose an image by position, from 0.")]
Platform = Annotated[
    str | None,
    _option("--platform", "Choose an image by platform.", "OS/ARCH[/VARIANT]"),
]
BaseImage = Annotated[
    str | None,
    _option(
        "--base",
        "The base image, in any form IMAGE can have: keeps its bytes apart exactly.",
        "IMAGE",
    ),
]
Dockerfile = Annotated[
    str | None,
    _option(
        "--dockerfile",
        "The Dockerfile that built the image: findings name its lines.",
        "FILE",
    ),
]
Target = Annotated[
    str | None,
    _option("--target", "The stage that was built, as in docker build.", "STAGE"),
]

# --- how to read a registry ----------------------------------------------------------------------

ManifestOnly = Annotated[
    bool,
    _option("--manifest-only", "Of an image in a registry read no layers: only their sizes."),
]
Full = Annotated[
    bool,
    _option(
        "--full",
        "Read layers in a registry as a whole, even if their table of contents tells their files.",
    ),
]
PlainHttp = Annotated[
    list[str] | None,
    _option(
        "--plain-http",
        "Ask this registry without TLS, as written in IMAGE, such as localhost:5000.",
        "HOST",
        show_default=False,
    ),
]
Insecure = Annotated[
    list[str] | None,
    _option(
        "--insecure",
        "Do not check the certificate of this registry.",
        "HOST",
        show_default=False,
    ),
]
CaFile = Annotated[
    str | None,
    _option("--ca-file", "Certificates of the authorities to trust, in PEM.", "FILE"),
]
AuthFile = Annotated[
    str | None,
    _option(
        "--auth-file",
        "Credentials as docker or podman keep them; by default theirs are looked for.",
        "FILE",
    ),
]
RegistryUser = Annotated[
    list[str] | None,
    _option(
        "--registry-user",
        "User for one registry; the password is in SLIM_REGISTRY_PASSWORD or --registry-password-file.",
        "HOST=USER",
        show_default=False,
    ),
]
RegistryPasswordFile = Annotated[
    str | None,
    _option("--registry-password-file", "File with the password of --registry-user.", "FILE"),
]
CredentialHelper = Annotated[
    list[str] | None,
    _option(
        "--credential-helper",
        "Run docker-credential-NAME for one registry; none is run without this.",
        "HOST=NAME",
        show_default=False,
    ),
]
Anonymous = Annotated[bool, _option("--anonymous", "Look for no credentials.")]
TrustedRealm = Annotated[
    list[str] | None,
    _option(
        "--trusted-realm",
        "A token server on another host that may see the registry's credentials.",
        "HOST",
        show_default=False,
    ),
]
Proxy = Annotated[
    str | None,
    _option("--proxy", "HTTP proxy for registries; http_proxy and the like are not used.", "URL"),
]
BlockPrivate = Annotated[
    bool,
    _option("--block-private", "Refuse hosts whose names lead into a private network."),
]

# --- how to read it ------------------------------------------------------------------------------

AdviceWanted = Annotated[
    bool,
    _option(
        "--advice/--no-advice", "Apply the rules: what to change, and how big the image is then."
    ),
]
RoleName = Annotated[
    str | None,
    _option(
        "--role",
        "What the image is for, where the signs mislead:"
        " release, builder, dev, base, tool or unknown.",
        "ROLE",
    ),
]
RulePacks = Annotated[
    list[str] | None,
    _option(
        "--rules",
        "Rules of your own, in a file or a folder of files, beside those of slim.",
        "FILE|DIR",
        show_default=False,
    ),
]
Verify = Annotated[bool, _option("--verify/--no-verify", "Check every digest, diff id and size.")]
Redact = Annotated[bool, _option("--redact/--no-redact", "Hide values that look like secrets.")]
Top = Annotated[int, _option("--top", "Length of each list.", min=1, max=100_000)]
AllFiles = Annotated[
    bool,
    _option(
        "--all-files/--no-all-files",
        "List every file in the report, so that it can be compared file by file later.",
    ),
]
Jobs = Annotated[int | None, _option("--jobs -j", "Layers to read at once.", min=1, max=256)]
LimitSettings = Annotated[
    list[str] | None,
    _option(
        "--limit",
        "Raise or lower a limit on what is read, such as layer-bytes=100GiB.",
        "NAME=VALUE",
        show_default=False,
    ),
]
Timeout = Annotated[
    int | None,
    _option(
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
    _option(
        "--cache/--no-cache",
        "Keep what is known of a layer for the next run: see `slim cache`.",
    ),
]
ShowProgress = Annotated[
    bool,
    _option("--progress/--no-progress", "A bar on stderr for long work, on a terminal."),
]

# --- what not to tell ----------------------------------------------------------------------------

Ignored = Annotated[
    list[str] | None,
    _option(
        "--ignore",
        "Suppress a rule's findings, or those at some paths: VCS001:/app/.git/**.",
        "RULE[:GLOB]",
        show_default=False,
    ),
]
NoIgnore = Annotated[
    bool,
    _option("--no-ignore", "Suppress nothing, whatever slim.toml or a label of the image say."),
]
ShowSuppressed = Annotated[
    bool,
    _option("--show-suppressed", "List what is suppressed in text and markdown."),
]

# --- what to write -------------------------------------------------------------------------------

Outputs = Annotated[
    list[str] | None,
    _option(
        "--output -o",
        "text, json, markdown, html, svg, summary, sarif, gitlab, github, junit, csv, metrics, env or"
        " ncdu; repeat it for several; +PATH adds to a file. Default: text on a terminal, else json.",
        "FORMAT[=PATH]",
        show_default=False,
    ),
]

Flavor = Annotated[
    str,
    _option("--flavor", "Of markdown: github, gitlab, gitea, bitbucket or plain.", "NAME"),
]
Head = Annotated[
    str,
    _option("--head", "The commit that the page is about.", "SHA", show_default=False),
]
BaseHead = Annotated[
    str,
    _option("--base-head", "The commit that it is compared with.", "SHA", show_default=False),
]
Run = Annotated[
    str,
    _option(
        "--run",
        "The job's number: an older one does not replace a newer page.",
        "N",
        show_default=False,
    ),
]
RunUrl = Annotated[str, _option("--run-url", "Link to the job.", "URL", show_default=False)]
Against = Annotated[
    str | None,
    _option(
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
    _option(
        "--max-size",
        "Fail if the image is larger on disk, such as 340MB.",
        "SIZE",
        show_default=False,
    ),
]
MaxPullSize = Annotated[
    str | None,
    _option("--max-pull-size", "Fail if there is more to pull.", "SIZE", show_default=False),
]
MaxReclaimable = Annotated[
    str | None,
    _option("--max-reclaimable", "Fail if the findings claim more.", "SIZE", show_default=False),
]
MaxLayers = Annotated[
    int | None,
    _option("--max-layers", "Fail if there are more layers.", "COUNT", show_default=False),
]
MaxGrowth = Annotated[
    str | None,
    _option(
        "--max-growth",
        "Fail if the image is larger than what it is compared with by more than both.",
        "PERCENT,SIZE",
        show_default=False,
    ),
]
FailOn = Annotated[
    list[str] | None,
    _option(
        "--fail-on",
        "Fail on findings: high, medium, low (and what is worse), or rules such as DEB001.",
        "LEVEL|ID[,…]",
        show_default=False,
    ),
]
ExitZero = Annotated[bool, _option("--exit-zero", "Say what fails, but exit with 0 all the same.")]

# --- where to comment ----------------------------------------------------------------------------

CommentWords = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[FORGE] REPORT.json…",
        help="auto (the default), github, gitlab, gitea, forgejo, bitbucket or azure; then reports"
        " or comparisons, which make one comment together.",
        show_default=False,
    ),
]
Behavior = Annotated[
    str,
    _option(
        "--behavior",
        "What becomes of slim's earlier comment: update, new (it stays), hide-and-new (GitHub) or"
        " delete-and-new.",
        "WHAT",
    ),
]
When = Annotated[
    str,
    _option(
        "--when",
        "When to make a comment where there is none: changed (there is something worth a word),"
        " always, or failed (a gate did not pass). One that is there is always kept up to date.",
        "WHEN",
    ),
]
DryRun = Annotated[bool, _option("--dry-run", "Print the comment, and ask nobody.")]
Require = Annotated[
    bool,
    _option(
        "--require",
        "Exit with 6 when the comment cannot be made: no token, no pull request, refused.",
    ),
]
Repository = Annotated[
    str,
    _option(
        "--repo",
        "The repository; on GitLab its number does, too, on Azure PROJECT/REPOSITORY.",
        "OWNER/NAME",
        show_default=False,
    ),
]
PullRequest = Annotated[int | None, _option("--pr", "The pull request.", "NUMBER", min=1)]
TokenFile = Annotated[str | None, _option("--token-file", "Read the token from a file.", "FILE")]
ApiUrl = Annotated[
    str,
    _option("--api-url", "The API, such as https://git.example/api/v1.", "URL", show_default=False),
]
CommentKey = Annotated[
    str,
    _option(
        "--key",
        "Tells several comments of one pull request apart. Default: the image's name.",
        "NAME",
        show_default=False,
    ),
]
MaxBytes = Annotated[
    int | None, _option("--max-bytes", "Leave out folds of a longer comment.", "BYTES", min=1)
]
ReportUrl = Annotated[
    str, _option("--report-url", "Link to the HTML report.", "URL", show_default=False)
]
Failure = Annotated[
    str,
    _option(
        "--failure",
        "In place of a report: say that the image could not be analysed, and why.",
        "TEXT",
        show_default=False,
    ),
]
