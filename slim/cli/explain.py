"""`slim explain` and `slim rules try`: why rules fire in an image, or why not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from slim.cli import groups, options
from slim.cli.cache import open_cache
from slim.cli.registry import RegistryOptions
from slim.cli.rules import find, rules
from slim.cli.settings import read_now
from slim.errors import UsageError

if TYPE_CHECKING:
    from slim.limits import Limits
    from slim.rules.rule import Pack, Rule


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
    from slim.cli.console import print_output
    from slim.formats.explanation import render_reported
    from slim.formats.rulebook import describe
    from slim.report.load import is_report, load_report
    from slim.rules.builtin import builtin_packs
    from slim.rules.rule import rules_digest, rules_of

    voice.begin()
    read = settings.read(settings.key)
    every = (*builtin_packs(VOCABULARY), *_own([*read.packs, *rules]))
    applied = rules_of(every)
    wanted = find(rule, applied)
    limits = work.limits(read.limits)
    if image is None:
        print_output(describe(wanted))
        return
    if is_report(image):
        report = load_report(image, limits=limits)
        print_output(render_reported(wanted, report, digest=rules_digest(every)))
        return
    _print(
        image,
        [wanted],
        applied,
        limits,
        work,
        **choice.general(read.image),
        **choice.own(read.image),
        registry=registry.access(limits.timeout),
        ignores=ignoring.ignores(read.image.ignores),
        obey_label=not ignoring.no_ignore,
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
    from slim.rules.rule import rules_of

    voice.begin()
    applied = rules_of(_own([file]))
    if not applied:
        raise UsageError("no-rules", f"there are no rules in {file!r}", "slim rules new ID")
    from slim.config.settings import ImageSettings

    told, limits = ImageSettings(), work.limits()
    _print(
        image,
        applied,
        applied,
        limits,
        work,
        **choice.general(told),
        **choice.own(told),
        registry=registry.access(limits.timeout),
        obey_label=False,
    )


def _own(paths: Sequence[str]) -> tuple[Pack, ...]:
    if not paths:
        return ()
    from slim.advice.vocabulary import VOCABULARY
    from slim.rules.user_packs import load_user_packs

    return load_user_packs(paths, VOCABULARY)[0]


def _print(
    image: str,
    wanted: Sequence[Rule],
    applied: Sequence[Rule],
    limits: Limits,
    work: groups.WorkOptions,
    **options: Any,
) -> None:
    """Read the image and print what became of the rules; `options` are those of `pipeline.explain`."""
    from slim import pipeline
    from slim.cli.console import print_output
    from slim.formats.explanation import render

    tables = open_cache(kept=work.cache)
    with work.watched(limits.timeout) as progress:
        explanations, report = pipeline.explain(
            image,
            wanted,
            applied,
            today=read_now().date(),
            jobs=work.jobs,
            limits=limits,
            cache=tables,
            progress=progress,
            **options,
        )
    if tables is not None:
        tables.prune()
    print_output("\n".join(render(one, report) for one in explanations))
