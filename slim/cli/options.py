"""The options that commands share: decorators, each declared once, with its help and its variable.

Every option can be set by the variable `SLIM_<FLAG>` too; of one that can be repeated the variable holds
words. A decorator has the name that the value has in the command.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Function = Callable[..., None]
"""What does the work of a command."""
Decorator = Callable[[Function], Function]


def option(
    flags: str, text: str, metavar: str | None = None, *, default: Any = None, **more: Any
) -> Decorator:
    """An option of click by its long flag (`-x` after a blank), with the variable that sets it."""
    long = flags.partition(" ")[0].partition("/")[0]
    more.setdefault("show_default", default != "")
    return click.option(
        *flags.split(),
        metavar=metavar,
        envvar=f"SLIM_{long.strip('-').upper().replace('-', '_')}",
        show_envvar=True,
        help=text,
        default=default,
        **more,
    )


def flag(flags: str, text: str, *, default: bool = False) -> Decorator:
    """An option without a value (`--no-X` after a slash)."""
    return option(flags, text, is_flag=True, default=default)


def files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """What the shell completes where a file is named: files."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def top(default: int) -> Decorator:
    """The option `--top`."""
    lengths = click.IntRange(min=1, max=100_000)
    return option("--top", "Length of each list.", "N", type=lengths, default=default)


# --- what is set in a file -----------------------------------------------------------------------

config = option(
    "--config -c",
    "Settings; else .slim.toml or slim.toml, from here up to the root of the repository.",
    "FILE",
    shell_complete=files,
)
no_config = flag("--no-config", "Read no file of settings.")
trust_config = flag(
    "--trust-config",
    "Let a slim.toml that was found name registries, engines and files outside its folder.",
)
key = option(
    "--key",
    "The image's name among several: its [image.NAME] of slim.toml, and what tells its comment from"
    " others.",
    "NAME",
)

# --- what to read --------------------------------------------------------------------------------

tag = option("--tag", "Choose an image by its tag.", "TAG")
image_index = option("--image-index", "Choose an image by position, from 0.", "N", type=int)
platform = option("--platform", "Choose an image by platform.", "OS/ARCH[/VARIANT]")
base = option(
    "--base",
    "The base image, in any form IMAGE can have: keeps its bytes apart exactly.",
    "IMAGE",
    shell_complete=files,
)
dockerfile = option(
    "--dockerfile",
    "The Dockerfile that built the image: findings name its lines.",
    "FILE",
    shell_complete=files,
)
target = option("--target", "The stage that was built, as in docker build.", "STAGE")

# --- how to read a registry ----------------------------------------------------------------------

plain_http = option(
    "--plain-http",
    "Ask this registry without TLS, as written in IMAGE, such as localhost:5000.",
    "HOST",
    multiple=True,
)
insecure = option(
    "--insecure", "Do not check the certificate of this registry.", "HOST", multiple=True
)
ca_file = option(
    "--ca-file", "Certificates of the authorities to trust, in PEM.", "FILE", shell_complete=files
)
auth_file = option(
    "--auth-file",
    "Credentials as docker or podman keep them; by default theirs are looked for.",
    "FILE",
    shell_complete=files,
)
registry_user = option(
    "--registry-user",
    "User for one registry; the password is in SLIM_REGISTRY_PASSWORD or --registry-password-file.",
    "HOST=USER",
    multiple=True,
)
registry_password_file = option(
    "--registry-password-file",
    "File with the password of --registry-user.",
    "FILE",
    shell_complete=files,
)
credential_helper = option(
    "--credential-helper",
    "Run docker-credential-NAME for one registry; none is run without this.",
    "HOST=NAME",
    multiple=True,
)
anonymous = flag("--anonymous", "Look for no credentials.")
trusted_realm = option(
    "--trusted-realm",
    "A token server on another host that may see the registry's credentials.",
    "HOST",
    multiple=True,
)
proxy = option("--proxy", "HTTP proxy for registries; http_proxy and the like are not used.", "URL")
block_private = flag("--block-private", "Refuse hosts whose names lead into a private network.")
manifest_only = flag(
    "--manifest-only", "Of an image in a registry read no layers: only their sizes."
)
full = flag(
    "--full",
    "Read layers in a registry as a whole, even if their table of contents tells their files.",
)

# --- how to read it ------------------------------------------------------------------------------

advice = flag(
    "--advice/--no-advice",
    "Apply the rules: what to change, and how big the image is then.",
    default=True,
)
role = option(
    "--role",
    "What the image is for, where the signs mislead: release, builder, dev, base, tool or unknown.",
    "ROLE",
)
rules = option(
    "--rules",
    "Rules of your own, in a file or a folder of files, beside those of slim.",
    "FILE|DIR",
    multiple=True,
    shell_complete=files,
)
verify = flag("--verify/--no-verify", "Check every digest, diff id and size.", default=True)
redact = flag("--redact/--no-redact", "Hide values that look like secrets.", default=True)
timestamp = flag(
    "--timestamp", "Say in the JSON when it was made: now, or at the moment of SOURCE_DATE_EPOCH."
)
all_files = flag(
    "--all-files/--no-all-files",
    "List every file in the report, so that it can be compared file by file later.",
)
jobs = option("--jobs -j", "Layers to read at once.", "N", type=click.IntRange(min=1, max=256))
limit = option(
    "--limit",
    "Raise or lower a limit on what is read, such as layer-bytes=100GiB.",
    "NAME=VALUE",
    multiple=True,
)
timeout = option(
    "--timeout",
    "Give up after so many seconds; 0: never. Default: 900.",
    "SECONDS",
    type=click.IntRange(min=0, max=10_000_000),
)
cache = flag(
    "--cache/--no-cache",
    "Keep what is known of a layer for the next run: see `slim cache`.",
    default=True,
)
progress = flag(
    "--progress/--no-progress", "A bar on stderr for long work, on a terminal.", default=True
)

# --- what not to tell ----------------------------------------------------------------------------

ignore = option(
    "--ignore",
    "Suppress a rule's findings, or those at some paths: VCS001:/app/.git/**.",
    "RULE[:GLOB]",
    multiple=True,
)
no_ignore = flag("--no-ignore", "Suppress nothing, whatever slim.toml or a label of the image say.")
trust_labels = flag(
    "--trust-labels",
    "Let the image's own labels say, for the gates too, what it is for and what is suppressed.",
)
show_suppressed = flag("--show-suppressed", "List what is suppressed in text and markdown.")

units = option(
    "--units",
    "Of sizes for people: si (1 MB = 1,000,000 bytes, the default) or iec (1 MiB = 1,048,576 bytes).",
    "si|iec",
)

color = option(
    "--color",
    "Of text at stdout: auto (on a terminal, unless NO_COLOR or FORCE_COLOR say otherwise), always or"
    " never.",
    "auto|always|never",
    default="auto",
)
no_color = click.option("--no-color", is_flag=True, help="The same as --color never.")
quiet = flag("--quiet -q", "Say nothing on stderr but errors.")
verbose = option(
    "--verbose -v",
    "Say on stderr what is read, a line per layer; -vv: also how.",
    count=True,
    default=0,
    show_default=False,
)

# --- what to write -------------------------------------------------------------------------------

output = option(
    "--output -o",
    "text, json, markdown, html, svg, summary, sarif, gitlab, github, junit, csv, metrics, env or"
    " ncdu; repeat it for several; +PATH adds to a file. Default: text on a terminal, else json.",
    "FORMAT[=PATH]",
    multiple=True,
)

flavor = option(
    "--flavor", "Of markdown: github, gitlab, gitea, bitbucket or plain.", "NAME", default="github"
)
head = option("--head", "The commit that the page is about.", "SHA", default="")
base_head = option("--base-head", "The commit that it is compared with.", "SHA", default="")
run = option(
    "--run", "The job's number: an older one does not replace a newer page.", "N", default=""
)
run_url = option("--run-url", "Link to the job.", "URL", default="")
against = option(
    "--against --base-report",
    "Compare with this: an image in any form IMAGE can have, or the JSON report of one. All"
    " outputs are then those of the comparison; -o report=FILE is the report of IMAGE.",
    "IMAGE|REPORT.json",
    shell_complete=files,
)

# --- what to fail on -----------------------------------------------------------------------------

max_size = option("--max-size", "Fail if the image is larger on disk, such as 340MB.", "SIZE")
max_pull_size = option("--max-pull-size", "Fail if there is more to pull.", "SIZE")
max_reclaimable = option("--max-reclaimable", "Fail if the findings claim more.", "SIZE")
max_layers = option("--max-layers", "Fail if there are more layers.", "COUNT", type=int)
max_growth = option(
    "--max-growth",
    "Fail if the image is larger than what it is compared with by more than both.",
    "PERCENT,SIZE",
)
fail_on = option(
    "--fail-on",
    "Fail on findings: high, medium, low (and what is worse), or rules such as DEB001.",
    "LEVEL|ID[,…]",
    multiple=True,
)
exit_zero = flag("--exit-zero", "Say what fails, but exit with 0 all the same.")

# --- where to comment ----------------------------------------------------------------------------

behavior = option(
    "--behavior",
    "What becomes of slim's earlier comment: update, new (it stays), hide-and-new (it is folded"
    " away) or delete-and-new.",
    "WHAT",
    show_default="update",
)
when = option(
    "--when",
    "When to make a comment where there is none: changed (there is something worth a word),"
    " always, or failed (a gate did not pass). One that is there is always kept up to date.",
    "WHEN",
    show_default="changed",
)
dry_run = flag("--dry-run", "Print the comment, and ask nobody.")
require = flag(
    "--require", "Exit with 6 when the comment cannot be made: no token, no pull request, refused."
)
repo = option(
    "--repo",
    "The repository; on GitLab its number does, too, on Azure PROJECT/REPOSITORY.",
    "OWNER/NAME",
    default="",
)
pr = option("--pr", "The pull request.", "NUMBER", type=click.IntRange(min=1))
token_file = option("--token-file", "Read the token from a file.", "FILE", shell_complete=files)
api_url = option("--api-url", "The API, such as https://git.example/api/v1.", "URL", default="")
max_bytes = option(
    "--max-bytes", "Leave out folds of a longer comment.", "BYTES", type=click.IntRange(min=1)
)
report_url = option("--report-url", "Link to the HTML report.", "URL", default="")
rules_url = option(
    "--rules-url",
    "Link the ids of rules to pages about them: https, with {id} or {slug} in it.",
    "TEMPLATE",
    default="",
)
failure = option(
    "--failure",
    "In place of a report: say that the image could not be analysed, and why.",
    "TEXT",
    default="",
)
