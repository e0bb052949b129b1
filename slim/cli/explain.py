"""`slim explain`: why a rule fired in an image, or why not."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Annotated

from msgspec import Struct

from slim import pipeline
from slim.advice.rule_set import rule_set
from slim.cli.command import argument, command, flag
from slim.cli.environment import read_now
from slim.cli.gates import check_rule_names
from slim.cli.located import find_image
from slim.cli.options import ImageOptions, RulePaths, SettingsOptions, WorkOptions
from slim.cli.progress import MessageOptions
from slim.cli.registry import RegistryOptions
from slim.cli.suppress_options import SuppressOptions
from slim.cli.write import print_output
from slim.config.settings import ImageSettings
from slim.errors import UsageError
from slim.files.options import ReadOptions
from slim.formats.explanation import render, render_reported
from slim.formats.rulebook import describe
from slim.limits import Limits
from slim.report.load import is_report, load_report
from slim.rules.rule import Rule


class ReadingOptions(Struct, frozen=True):
    """How an image is read of which rules are explained."""

    work: WorkOptions
    registry: RegistryOptions
    messages: MessageOptions


@command(
    epilog="Examples:\n\n"
    "  slim explain ELX009\n\n"
    "  slim explain ELX009 app.tar --dockerfile Dockerfile\n\n"
    "  slim explain ELX009 app.tar --all-paths\n\n"
    "  slim explain debian/apt-lists registry.example.com/team/app:1.2\n\n"
    "  slim explain ELX009 report.json"
)
def explain(
    rule: Annotated[str, argument("ID", "Id or slug of the rule.")],
    image: Annotated[
        str | None,
        argument(
            "[IMAGE]",
            "An image in any form that `slim analyze` reads, or the JSON report of one, which knows"
            " less. Without: what the rule is about.",
            required=False,
            file=True,
        ),
    ],
    choice: ImageOptions,
    rules: RulePaths,
    suppress: SuppressOptions,
    settings: SettingsOptions,
    reading: ReadingOptions,
    all_paths: Annotated[
        bool, flag("--all-paths", "Name every file that the rule claims, not only the largest ten.")
    ],
) -> None:
    """Explain why a rule did or did not fire on an image.

    What it matched and claims there, or what keeps it silent: its conditions, the image's role, what is
    protected, owned by packages, suppressed, or claimed by another rule.
    """
    reading.messages.begin()
    config = settings.read(settings.key)
    every = rule_set([*config.packs, *rules], reading.work.cache_folder)
    explained = find_rule(rule, every.sorted())
    check_rule_names(every, suppress.named(), ())
    limits = reading.work.limits(config.limits)
    if image is None:
        print_output(describe(explained))
        return
    if is_report(image):
        report = load_report(image, limits=limits)
        print_output(render_reported(explained, report, digest=every.digest()), exact=True)
        return
    advice = pipeline.AdviceOptions(
        every,
        read_now().date(),
        choice.read_role() or config.image.role,
        suppress.suppressions(config.image.ignores),
        not suppress.no_ignore,
        gpus=choice.read_gpus(config.image),
    )
    print_explanations(
        image, [explained], advice, choice, config.image, reading, limits, every_path=all_paths
    )


def print_explanations(
    image: str,
    explained: Sequence[Rule],
    advice: pipeline.AdviceOptions,
    choice: ImageOptions,
    settings: ImageSettings,
    reading: ReadingOptions,
    limits: Limits,
    *,
    every_path: bool = False,
) -> None:
    """Read the image and print what became of the rules."""
    cache = reading.work.open_cache()
    access = reading.registry.access(limits.timeout)
    base = choice.base_ref(access, settings)
    with reading.work.watched(limits.timeout) as progress:
        explanations, report = pipeline.explain(
            find_image(choice.ref(image, access, settings)),
            ReadOptions(True, reading.work.jobs, limits, cache, progress),
            advice,
            explained,
            base=find_image(base) if base else None,
            dockerfile=choice.dockerfile_ref(settings),
            every_path=every_path,
        )
    if cache is not None:
        cache.prune()
    print_output("\n".join(render(explanation, report) for explanation in explanations))


def find_rule(name: str, rules: Sequence[Rule]) -> Rule:
    """A rule by ID or slug.

    Raises:
        UsageError: there is none; the hint names the nearest.
    """
    by_name = {key: rule for rule in rules for key in (rule.id, rule.slug)}
    if name in by_name or name.upper() in by_name:
        return by_name.get(name) or by_name[name.upper()]
    near = get_close_matches(name, by_name, 1)
    hint = f"did you mean {near[0]}?" if near else "`slim rules list` prints all of them"
    raise UsageError("no-such-rule", f"unknown rule {name!r}", hint)
