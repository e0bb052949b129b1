"""`slim explain` and `slim rules try`: why rules fire in an image, or why not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from slim.cli import groups, options
from slim.cli.cache import open_cache
from slim.cli.registry import RegistryOptions
from slim.cli.rules import find, rules
from slim.cli.settings import read_now
from slim.errors import UsageError

if TYPE_CHECKING:
    from slim.config.settings import ImageSettings
    from slim.limits import Limits
    from slim.pipeline import AdviceOptions
    from slim.rules.rule import Rule


@click.command(
    epilog="Examples:\n\n"
    "  slim explain ELX009\n\n"
    "  slim explain ELX009 app.tar --dockerfile Dockerfile\n\n"
    "  slim explain debian/apt-lists registry.example.com/team/app:1.2\n\n"
    "  slim explain ELX009 report.json"
)
@click.argument("rule", metavar="ID", help="Id or slug of the rule.")
@click.argument(
    "image",
    metavar="[IMAGE]",
    required=False,
    shell_complete=options.files,
    help="An image in any form that `slim analyze` reads, or the JSON report of one, which"
    " knows less. Without: what the rule is about.",
)
@groups.ImageOptions.options
@options.rules
@groups.IgnoreOptions.options
@groups.SettingsOptions.options
@groups.WorkOptions.options
@RegistryOptions.options
@groups.VoiceOptions.options
def explain(
    rule: str,
    image: str | None,
    rules: Sequence[str],
    choice: groups.ImageOptions,
    ignoring: groups.IgnoreOptions,
    settings: groups.SettingsOptions,
    work: groups.WorkOptions,
    registry: RegistryOptions,
    voice: groups.VoiceOptions,
) -> None:
    """Say why a rule fired in an image, or why not.

    What it matched and claims there, or what keeps it silent: its conditions, the image's role, what is
    protected, owned by packages, suppressed, or claimed by another rule.
    """
    from slim.advice.vocabulary import VOCABULARY
    from slim.cli.cache import cache_folder
    from slim.cli.console import print_output
    from slim.formats.explanation import render_reported
    from slim.formats.rulebook import describe
    from slim.pipeline import AdviceOptions
    from slim.report.load import is_report, load_report
    from slim.rules.builtin import builtin_rules
    from slim.rules.rule import rules_digest, rules_of
    from slim.rules.user_packs import with_user_packs

    voice.begin()
    read = settings.read(settings.key)
    every = with_user_packs(
        builtin_rules(VOCABULARY, cache_folder()), [*read.packs, *rules], VOCABULARY
    )
    wanted = find(rule, rules_of(every.packs))
    limits = work.limits(read.limits)
    if image is None:
        print_output(describe(wanted))
        return
    if is_report(image):
        report = load_report(image, limits=limits)
        print_output(render_reported(wanted, report, digest=rules_digest(every.packs)))
        return
    _print(
        image,
        [wanted],
        AdviceOptions(
            every,
            read_now().date(),
            choice.role or read.image.role,
            ignoring.ignores(read.image.ignores),
            not ignoring.no_ignore,
        ),
        limits,
        work,
        choice,
        registry,
        read.image,
    )


@rules.command(
    "try",
    epilog="Examples:\n\n"
    "  slim rules try acme.toml app.tar\n\n"
    "  slim rules try acme.toml registry.example.com/team/app:1.2 --role release",
)
@click.argument(
    "file",
    metavar="FILE",
    shell_complete=options.files,
    help="A file of rules, or a folder of files.",
)
@click.argument(
    "image",
    metavar="IMAGE",
    shell_complete=options.files,
    help="An image in any form that `slim analyze` reads.",
)
@groups.ImageOptions.options
@groups.WorkOptions.options
@RegistryOptions.options
@groups.VoiceOptions.options
def try_(
    file: str,
    image: str,
    choice: groups.ImageOptions,
    work: groups.WorkOptions,
    registry: RegistryOptions,
    voice: groups.VoiceOptions,
) -> None:
    """Apply the rules of a file alone, and say what each does or why not.

    The file is checked first, as by `slim rules check`; a fault ends it with exit code 2. What slim never
    proposes to delete is protected here too; suppressions do not count.
    """
    from slim.advice.vocabulary import VOCABULARY
    from slim.cli.cache import cache_folder
    from slim.config.settings import ImageSettings
    from slim.pipeline import AdviceOptions
    from slim.rules.builtin import builtin_rules
    from slim.rules.rule import rules_of
    from slim.rules.user_packs import load_user_packs

    voice.begin()
    own = load_user_packs([file], builtin_rules(VOCABULARY, cache_folder()), VOCABULARY)
    if not (applied := rules_of(own.packs)):
        raise UsageError("no-rules", f"there are no rules in {file!r}", "slim rules new ID")
    advice = AdviceOptions(own, read_now().date(), choice.role, (), obey_label=False)
    _print(image, applied, advice, work.limits(), work, choice, registry, ImageSettings())


def _print(
    image: str,
    explained: Sequence[Rule],
    advice: AdviceOptions,
    limits: Limits,
    work: groups.WorkOptions,
    choice: groups.ImageOptions,
    registry: RegistryOptions,
    told: ImageSettings,
) -> None:
    """Read the image and print what became of the rules."""
    from slim import pipeline
    from slim.cli.console import print_output
    from slim.files.options import ReadOptions
    from slim.formats.explanation import render

    tables = open_cache(kept=work.cache)
    access = registry.access(limits.timeout)
    with work.watched(limits.timeout) as progress:
        explanations, report = pipeline.explain(
            choice.ref(image, access, told),
            ReadOptions(True, work.jobs, limits, tables, progress),
            advice,
            explained,
            base=choice.base_ref(access, told),
            dockerfile=choice.dockerfile_ref(told),
        )
    if tables is not None:
        tables.prune()
    print_output("\n".join(render(explanation, report) for explanation in explanations))
