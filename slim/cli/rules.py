"""`slim rules`: list the rules, show one, check files of rules and try them on an image."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import click

from slim import pipeline
from slim.advice.rule_set import rule_set
from slim.advice.vocabulary import VOCABULARY
from slim.cli.command import Commands, argument, command, option
from slim.cli.environment import cache_folder, read_now
from slim.cli.explain import ReadingOptions, find_rule, print_explanations
from slim.cli.options import ImageOptions
from slim.cli.progress import print_message
from slim.cli.write import print_output
from slim.config.settings import ImageSettings
from slim.errors import UsageError
from slim.formats.rulebook import describe, template
from slim.formats.terminal import clean
from slim.rules.builtin import builtin_rules
from slim.rules.user_packs import lint, load_user_packs


@command("list", epilog="Example:\n\n  slim rules list ELX --category cache")
def list_rules(
    prefix: Annotated[
        Sequence[str],
        argument(
            "[PREFIX]…",
            "Only ids or slugs that begin so: ELX, PYT0, deb/.",
            many=True,
            required=False,
        ),
    ],
    category: Annotated[str | None, option("--category", "Only this category.", "NAME")],
) -> None:
    """Print ID, confidence, safety and title of each rule."""
    prefixes = tuple(prefix or ("",))
    lines = [
        f"{rule.id:7} {rule.confidence:8} {rule.safety:6} {rule.slug}: {rule.title}"
        for rule in rule_set(cache_folder=cache_folder()).sorted()
        if (rule.id.startswith(prefixes) or rule.slug.startswith(prefixes))
        and category in (None, rule.category)
    ]
    if not lines:
        raise UsageError("no-rules", "no rule matches", "`slim rules list` prints all of them")
    print_output("\n".join(lines) + "\n")


@command(epilog="Example:\n\n  slim rules show ELX009")
def show(rule: Annotated[str, argument("ID", "Id or slug.")]) -> None:
    """Show what a rule finds, why it is waste and how to fix it.

    Also when the fix breaks something, and the sources for all of this.
    """
    print_output(describe(find_rule(rule, rule_set(cache_folder=cache_folder()).sorted())))


@command(epilog="Example:\n\n  slim rules check acm.toml")
def check(
    files: Annotated[
        Sequence[str], argument("FILE…", "Files of rules.", kind=click.Path(exists=True), many=True)
    ],
) -> None:
    """Validate rule files; print every error with its line number.

    The exit code is 1 if there is any.
    """
    faults = lint([Path(file) for file in files], VOCABULARY)
    if faults:
        print_output("\n".join(clean(str(fault)) for fault in faults) + "\n")
        raise click.exceptions.Exit(1)
    count = "1 file" if len(files) == 1 else f"{len(files)} files"
    print_message(f"slim: {count} of rules without a fault")


@command(epilog="Example:\n\n  slim rules new ACM001 > acm.toml")
def new(rule: Annotated[str, argument("ID", "Three capitals, three digits.")]) -> None:
    """Print a template for a rule pack.

    It has one rule. Once it is filled in, `slim rules check` accepts it.
    """
    print_output(template(rule))


@command(
    "try",
    epilog="Examples:\n\n"
    "  slim rules try acme.toml app.tar\n\n"
    "  slim rules try acme.toml registry.example.com/team/app:1.2 --role release",
)
def try_rules(
    file: Annotated[str, argument("FILE", "A file of rules, or a folder of files.", file=True)],
    image: Annotated[
        str, argument("IMAGE", "An image in any form that `slim analyze` reads.", file=True)
    ],
    choice: ImageOptions,
    reading: ReadingOptions,
) -> None:
    """Run only the rules in FILE against an image and explain each result.

    The file is checked first, as by `slim rules check`; a fault ends it with exit code 2. What slim never
    proposes to delete is protected here too; suppressions do not count.
    """
    reading.messages.begin()
    own = load_user_packs([file], builtin_rules(VOCABULARY, reading.work.cache_folder), VOCABULARY)
    explained = own.sorted()
    if not explained:
        raise UsageError("no-rules", f"no rules in {file!r}", "slim rules new ID")
    advice = pipeline.AdviceOptions(
        own,
        read_now().date(),
        choice.read_role(),
        (),
        obey_label=False,
        gpus=choice.read_gpus(ImageSettings()),
    )
    limits = reading.work.limits()
    print_explanations(image, explained, advice, choice, ImageSettings(), reading, limits)


rules = Commands(
    "rules",
    "List, show, check and try rules.",
    [list_rules, show, check, new, try_rules],
)
