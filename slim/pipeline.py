"""The whole program on one page: image → files → advice → report."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from slim.advice.advise import Advice, advise
from slim.advice.explain import Explanation
from slim.advice.explain import explain as explain_rule
from slim.advice.image_facts import facts_of_image
from slim.advice.labels import without_own_labels
from slim.advice.suppression import Suppression
from slim.dockerfile import Placement
from slim.dockerfile.load import NO_DOCKERFILE, DockerfileRef, place_history, read_dockerfile
from slim.ecosystems import KEEPS
from slim.entrypoint.resolve import script_paths
from slim.files.ledger import Ledger, account
from slim.files.opening import open_any, open_base
from slim.files.options import ReadOptions
from slim.files.overlay import resolve
from slim.files.scan import scan
from slim.files.table import Files, LayerTable
from slim.image.base import BaseImage, find_base
from slim.image.model import Image
from slim.image.ref import ImageRef
from slim.report.build import Rulebook, build
from slim.report.model import Report
from slim.rules.rule import Rule, Rules, rules_digest, rules_of

_log = logging.getLogger(__name__)
_EXPLAINED = 10_000
"""Findings of a report from which rules are explained: all of them."""


class AdviceOptions(Struct, frozen=True):
    """Which rules are applied, and which findings are suppressed."""

    rules: Rules
    today: date
    """The day on which suppressions have expired or not."""
    role: str | None = None
    """What the image is for (`release`, `builder`, …), in place of what is detected."""
    suppressions: tuple[Suppression, ...] = ()
    obey_label: bool = True
    """Suppressions in the image's label count, too."""
    trust_labels: bool = True
    """The image's own labels say what its role is and what is suppressed: they should not where
    findings decide a gate."""


class ReportOptions(Struct, frozen=True):
    """What a report holds."""

    top: int = 20
    """Length of its lists."""
    all_files: bool = False
    """List every file that has bytes, so that reports can be compared file by file."""
    redact: bool = True
    """Hide values that look like secrets."""


class Reading(Struct, frozen=True):
    """One image, and all that is known of its files."""

    image: Image
    tables: Sequence[LayerTable | None]
    """By layer; None where the contents are missing."""
    files: Files
    ledger: Ledger
    base: BaseImage
    placements: tuple[Placement | None, ...]
    """By history entry; empty without a Dockerfile."""


def analyze(
    ref: ImageRef,
    options: ReadOptions,
    advice: AdviceOptions | None,
    report: ReportOptions,
    *,
    base: ImageRef | None = None,
    dockerfile: DockerfileRef = NO_DOCKERFILE,
) -> Report:
    """Where the bytes of an image come from, which are waste, and what to change.

    Without `advice` no rules are applied: the report has no findings and no packages.

    Raises:
        InputError: unreadable or unsupported (exit code 3).
        IntegrityError: bytes that are not what a digest says (4).
        LimitError: larger than allowed (5).
        NetworkError: a registry does not answer, or refuses (6).
        UsageError: several images and no choice, a bad option (2).
    """
    with _read(ref, options, base, dockerfile, bool(advice), report.all_files) as read:
        advised = _advise(read, advice) if advice else None
        return _report(ref, read, advice, advised, options, report, dockerfile)


def explain(
    ref: ImageRef,
    options: ReadOptions,
    advice: AdviceOptions,
    explained: Sequence[Rule],
    *,
    base: ImageRef | None = None,
    dockerfile: DockerfileRef = NO_DOCKERFILE,
) -> tuple[tuple[Explanation, ...], Report]:
    """Why each of the `explained` rules matches in an image or does not, and the report of all rules.

    They are among `advice.rules`: another of these may claim what one matches. Errors as for `analyze`.
    """
    with _read(ref, options, base, dockerfile, True, False) as read:
        advised = _advise(read, advice)
        shown = ReportOptions(top=_EXPLAINED)
        report = _report(ref, read, advice, advised, options, shown, dockerfile)
        protected = advice.rules.protected
        return tuple(explain_rule(advised, protected, rule) for rule in explained), report


@contextmanager
def _read(
    ref: ImageRef,
    options: ReadOptions,
    base: ImageRef | None,
    dockerfile: DockerfileRef,
    extract: bool,
    all_files: bool,
) -> Iterator[Reading]:
    """image → files.

    Digests of layers whose tables are in the cache may still be computed in the body of the `with`, and its
    end raises if one is wrong: nothing may leave the process before.
    """
    text = read_dockerfile(dockerfile)
    with open_any(ref, options, extract=extract, keeps=KEEPS) as image:
        platform = str(image.config.platform)
        _log.info("%s: %s, %s, %d layers", ref.name, image.format, platform, len(image.layers))
        placements = place_history(dockerfile, text, [entry.created_by for entry in image.history])
        extra = script_paths(image.config) if extract else frozenset()
        with scan(
            image, options, extract=extract, keeps=KEEPS, extra=extra, skim=not all_files
        ) as tables:
            files = resolve(tables)
            _log.debug("names in all layers: %s", f"{len(files.name):,}")
            ledger = account(files, tables, [layer.size for layer in image.layers])
            opened = open_base(base, platform, options) if base else None
            yield Reading(image, tables, files, ledger, find_base(image, opened), placements)


def _advise(read: Reading, options: AdviceOptions) -> Advice:
    """files → facts → advice."""
    # An archive of `docker save` is not how a registry stores the image.
    saved = read.image.format == "docker-archive"
    trusted, label_warnings = (
        (read.image, ()) if options.trust_labels else without_own_labels(read.image)
    )
    facts = facts_of_image(
        trusted,
        read.files,
        read.ledger,
        base_layers=read.base.layers,
        role=options.role,
        compressions=() if saved else [table.compression if table else "" for table in read.tables],
    )
    advice = advise(
        facts,
        rules_of(options.rules.packs),
        options.rules.protected,
        suppressions=options.suppressions,
        obey_label=options.obey_label,
        today=options.today,
    )
    return replace(advice, warnings=(*advice.warnings, *label_warnings))


def _report(
    ref: ImageRef,
    read: Reading,
    advice: AdviceOptions | None,
    advised: Advice | None,
    options: ReadOptions,
    shown: ReportOptions,
    dockerfile: DockerfileRef,
) -> Report:
    lazy = ref.manifest_only or any(layer.toc for layer in read.image.layers)
    return build(
        read.image,
        read.tables,
        read.files,
        read.ledger,
        read.base,
        placements=read.placements,
        dockerfile=dockerfile.shown,
        advice=advised,
        rulebook=Rulebook(rules_digest(advice.rules.packs), advice.rules.snippets)
        if advice
        else None,
        verified=options.verify and not lazy,
        top=shown.top,
        all_files=shown.all_files,
        redacted=shown.redact,
    )
