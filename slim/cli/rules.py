"""`slim rules`: the rules that come with slim and those of users: list them, show one, check files."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from slim.cli.commands import Commands
from slim.cli.options import option
from slim.errors import UsageError

if TYPE_CHECKING:
    from slim.rules.rule import Rule


@click.group(cls=Commands)
def rules() -> None:
    """List the rules, show one, check files of rules."""


@rules.command("list", epilog="Example:\n\n  slim rules list ELX --category cache")
@click.argument(
    "prefix",
    metavar="[PREFIX]…",
    nargs=-1,
    help="Only ids or slugs that begin so: ELX, PYT0, deb/.",
)
@option("--category", "Only this category.", "NAME")
def list_rules(prefix: Sequence[str], category: str | None) -> None:
    """Print id, certainty, safety and title of each rule."""
    from slim.cli.console import print_output

    wanted = tuple(prefix or ("",))
    lines = [
        f"{rule.id:7} {rule.confidence:8} {rule.safety:6} {rule.slug}: {rule.title}"
        for rule in _load()
        if (rule.id.startswith(wanted) or rule.slug.startswith(wanted))
        and category in (None, rule.category)
    ]
    if not lines:
        raise UsageError("no-rules", "no rule fits", "`slim rules list` prints all of them")
    print_output("\n".join(lines) + "\n")


@rules.command(epilog="Example:\n\n  slim rules show ELX009")
@click.argument("rule", metavar="ID", help="Id or slug.")
def show(rule: str) -> None:
    """Print what a rule finds, why that is waste, how to fix it.

    Also when the fix breaks something, and where all that is known from.
    """
    from slim.cli.console import print_output
    from slim.formats.rulebook import describe

    print_output(describe(find(rule)))


@rules.command(epilog="Example:\n\n  slim rules check acm.toml")
@click.argument(
    "files",
    metavar="FILE…",
    nargs=-1,
    required=True,
    type=click.Path(exists=True),
    help="Files of rules.",
)
def check(files: Sequence[str]) -> None:
    """Print every fault of rule files with its line.

    The exit code is 1 if there is any.
    """
    from pathlib import Path

    from slim.advice.vocabulary import VOCABULARY
    from slim.cli.console import print_output
    from slim.formats.terminal import clean
    from slim.rules.user_packs import lint

    faults = lint([Path(file) for file in files], VOCABULARY)
    if faults:
        print_output("\n".join(clean(str(fault)) for fault in faults) + "\n")
        raise click.exceptions.Exit(1)
    count = "1 file" if len(files) == 1 else f"{len(files)} files"
    print(f"slim: {count} of rules without a fault", file=sys.stderr)


@rules.command(epilog="Example:\n\n  slim rules new ACM001 > acm.toml")
@click.argument("rule", metavar="ID", help="Three capitals, three digits.")
def new(rule: str) -> None:
    """Print a pack with one rule to fill in.

    Once it is filled in, `slim rules check` accepts it.
    """
    from slim.cli.console import print_output
    from slim.formats.rulebook import template

    print_output(template(rule))


def find(name: str, known: Sequence[Rule] | None = None) -> Rule:
    """A rule by id or slug, among those that come with slim if nothing else is said.

    Raises:
        UsageError: there is none; the hint names the nearest.
    """
    from difflib import get_close_matches

    by_name = {key: rule for rule in known or _load() for key in (rule.id, rule.slug)}
    if name in by_name or name.upper() in by_name:
        return by_name.get(name) or by_name[name.upper()]
    near = get_close_matches(name, by_name, 1)
    hint = f"did you mean {near[0]}?" if near else "`slim rules list` prints all of them"
    raise UsageError("no-such-rule", f"there is no rule {name!r}", hint)


def _load() -> tuple[Rule, ...]:
    from slim.advice.vocabulary import VOCABULARY
    from slim.rules.builtin import builtin_rules
    from slim.rules.rule import rules_of

    return tuple(sorted(rules_of(builtin_rules(VOCABULARY).packs), key=lambda rule: rule.id))
