"""The whole program on one page: image → files → advice → report."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from slim.dockerfile.load import NO_DOCKERFILE, DockerfileRef, place_history, read_dockerfile
from slim.errors import UsageError
from slim.files.budget import Budget, weight
from slim.files.extract.texts import NO_KEEPS
from slim.files.ledger import Ledger, account
from slim.files.opening import open_any, open_base, rereadable
from slim.files.options import ReadOptions
from slim.files.overlay import resolve
from slim.files.scan import check_limits, scan
from slim.files.table import Files, LayerTable
from slim.image.base import BaseImage, find_base
from slim.image.model import Image
from slim.image.ref import ImageRef
from slim.image.source import images_in
from slim.report.build import Rulebook, build
from slim.report.model import Report

if TYPE_CHECKING:
    from slim.advice.advise import Advice
    from slim.advice.explain import Explanation
    from slim.advice.suppression import Suppression
    from slim.dockerfile.align import Placement
    from slim.repack.certificate import Certificate
    from slim.repack.model import LayerMode, Selection
    from slim.repack.repack import Source
    from slim.repack.run import Target
    from slim.repack.verify import Verification, Verified
    from slim.rules.rule import Rule, Rules

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
    gpus: tuple[int, ...] = ()
    """Architectures of the GPUs that the image is for (90 is sm_90); empty if that is not known."""


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
    with _read(ref, options, base, dockerfile, bool(advice), report.all_files, late=True) as read:
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
    every_path: bool = False,
) -> tuple[tuple[Explanation, ...], Report]:
    """Why each of the `explained` rules matches in an image or does not, and the report of all rules.

    They are among `advice.rules`: another of these may claim what one matches. With `every_path` all files
    that they claim are named, not the largest ones. Errors as for `analyze`.
    """
    # What explains rules is imported by who asks.
    from slim.advice.explain import explain as explain_rule

    with _read(ref, options, base, dockerfile, True, False, late=True) as read:
        advised = _advise(read, advice)
        shown = ReportOptions(top=_EXPLAINED)
        report = _report(ref, read, advice, advised, options, shown, dockerfile)
        protected = advice.rules.protected
        explanations = tuple(
            explain_rule(advised, protected, rule, every_path=every_path) for rule in explained
        )
        return explanations, report


def report_of(
    image: Image,
    tables: Sequence[LayerTable | None],
    options: ReadOptions,
    advice: AdviceOptions,
    report: ReportOptions,
) -> Report:
    """The report of an image whose tables are known and verified; nothing is read.

    Raises:
        LimitError: all layers together are larger than allowed.
        InputError: sizes that cannot be added up.
    """
    budget = Budget(options.limits)
    for table in {id(table): table for table in tables if table is not None}.values():
        budget.spend(weight(table))
    check_limits(tables, options.limits, budget)
    files = resolve(tables)
    ledger = account(files, tables, [layer.size for layer in image.layers])
    read = Reading(image, tables, files, ledger, find_base(image), ())
    advised = _advise(read, advice)
    return _report(ImageRef(image.input), read, advice, advised, options, report, NO_DOCKERFILE)


def repack(
    ref: ImageRef,
    options: ReadOptions,
    advice: AdviceOptions | None,
    target: Target,
    selection: Selection,
    mode: LayerMode,
    *,
    base: ImageRef | None = None,
    proved: Callable[[Certificate], None] = lambda _: None,
) -> Certificate:
    """Write an image again without what goes; of several platforms all, unless `ref` chooses one.

    `advice` is needed at every level but `dead`. `options.jobs` threads compress. `proved` gets the
    certificate before the image has its name.

    Raises:
        InternalError: the result would show another filesystem than it should (exit code 70).
        Others as for `analyze`; nothing is written then.
    """
    # Writing images is imported by who writes one.
    from slim.repack.memory import forget_contents, return_free_memory
    from slim.repack.removal import NOTHING, choose
    from slim.repack.repack import Source
    from slim.repack.run import repack_all

    # Offsets of entries are not in the cache.
    options = replace(options, cache=None, verify=True)

    def sources() -> Iterator[Source]:
        for each in images_in(stored, options.limits):
            with _read(each, options, base, NO_DOCKERFILE, bool(advice), True) as read:
                if base is not None and not read.base.layers and not selection.include_base:
                    raise UsageError(
                        "other-base",
                        f"the image does not begin with the layers of {base.name!r}",
                        "give the base that it was built on, or --include-base to touch all layers",
                    )
                base_layers = 0 if selection.include_base else read.base.layers
                own = replace(read, base=replace(read.base, layers=base_layers))
                # The advice is let go of, and what it asked for: it takes as much memory as all that follows.
                choice = NOTHING
                if advice is not None:
                    return_free_memory()
                    advised = _advise(own, advice)
                    choice = choose(read.files, read.ledger, base_layers, advised, selection)
                    del advised
                forget_contents(read.files, read.tables)
                return_free_memory()
                yield Source(read.image, read.tables, read.files, read.ledger, base_layers, choice)

    with rereadable(ref, options.limits) as stored:
        certificate = repack_all(sources(), ref.name, selection, mode, target, options, proved)
    return_free_memory()
    return certificate


def verify(
    before: ImageRef,
    after: ImageRef,
    options: ReadOptions,
    certificate: Certificate | None = None,
) -> Verified:
    """Compare the filesystems of two images, platform by platform; errors are those of `analyze`."""
    # As above.
    from slim.repack.trees import tree_of
    from slim.repack.verify import Verified
    from slim.repack.verify import verify as compare_images

    options = replace(options, cache=None, verify=True)
    found: list[Verification] = []
    faults: list[str] = []
    with rereadable(before, options.limits) as first, rereadable(after, options.limits) as second:
        for ref in images_in(first, options.limits):
            other = replace(second, platform=ref.platform or second.platform)
            with (
                _read(ref, options, None, NO_DOCKERFILE, False, True) as left,
                _read(other, options, None, NO_DOCKERFILE, False, True) as right,
            ):
                sides = [
                    (read.image, tree_of(read.image, read.tables, read.files))
                    for read in (left, right)
                ]
                verified, wrong = compare_images(sides[0], sides[1], certificate, options.limits)
                found.append(verified)
                faults += wrong
    return Verified(tuple(found), tuple(faults))


@contextmanager
def _read(
    ref: ImageRef,
    options: ReadOptions,
    base: ImageRef | None,
    dockerfile: DockerfileRef,
    extract: bool,
    all_files: bool,
    *,
    late: bool = False,
) -> Iterator[Reading]:
    """image → files.

    With `late`, digests of layers may still be computed in the body of the `with`, and its end raises if one
    is wrong: nothing may leave the process before.
    """
    text = read_dockerfile(dockerfile)
    keeps = NO_KEEPS
    if extract:
        # What is known of ecosystems is half of slim, and imported for advice only.
        from slim.ecosystems import KEEPS as keeps
    with open_any(ref, options, extract=extract, keeps=keeps) as image:
        platform = str(image.config.platform)
        _log.info("%s: %s, %s, %d layers", ref.name, image.format, platform, len(image.layers))
        placements = place_history(dockerfile, text, [entry.created_by for entry in image.history])
        extra: Collection[bytes] = ()
        if extract:
            from slim.entrypoint.resolve import script_paths

            extra = script_paths(image.config)
        with scan(
            image,
            options,
            extract=extract,
            keeps=keeps,
            extra=extra,
            skim=not all_files,
            late=late,
        ) as tables:
            files = resolve(tables)
            _log.debug("names in all layers: %s", f"{len(files.name):,}")
            ledger = account(files, tables, [layer.size for layer in image.layers])
            opened = open_base(base, image, options) if base else None
            yield Reading(image, tables, files, ledger, find_base(image, opened), placements)


def _advise(read: Reading, options: AdviceOptions) -> Advice:
    """files → facts → advice."""
    # As above.
    from slim.advice.advise import advise
    from slim.advice.image_facts import facts_of_image
    from slim.advice.labels import without_own_labels

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
        gpus=options.gpus,
    )
    advice = advise(
        facts,
        options.rules.sorted(),
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
        rulebook=Rulebook(advice.rules.digest(), advice.rules.snippets) if advice else None,
        verified=options.verify and not lazy,
        top=shown.top,
        all_files=shown.all_files,
        redacted=shown.redact,
    )
