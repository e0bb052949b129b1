"""The whole program on one page: image → files → report."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from slim.image.registry.access import ANONYMOUS, Access
from slim.limits import DEFAULT_LIMITS, Limits
from slim.reading import Reading, read_image

if TYPE_CHECKING:
    from slim.advice.consult import Counsel
    from slim.advice.explain import Explanation
    from slim.advice.ignore import Ignore
    from slim.advice.survey import Ground
    from slim.files.cache import TableCache
    from slim.report.build import Rulebook
    from slim.report.model import Report
    from slim.rules.rule import Pack, Rule

_EXPLAINED = 10_000
"""Findings that a report has from which some are explained: all of them."""


def analyze(
    source: str | os.PathLike[str],
    *,
    tag: str | None = None,
    image_index: int | None = None,
    platform: str | None = None,
    base: str | os.PathLike[str] | None = None,
    registry: Access = ANONYMOUS,
    manifest_only: bool = False,
    full: bool = False,
    dockerfile: str | os.PathLike[str] | None = None,
    target: str | None = None,
    advice: bool = True,
    role: str | None = None,
    rules: Sequence[str] = (),
    ignores: Sequence[Ignore] = (),
    obey_label: bool = True,
    today: date | None = None,
    verify: bool = True,
    redact: bool = True,
    top: int = 20,
    all_files: bool = False,
    jobs: int | None = None,
    limits: Limits = DEFAULT_LIMITS,
    cache: TableCache | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Analyze one image: where its bytes come from, and which of them are dead.

    Args:
        source: docker-archive, OCI archive or OCI layout directory; a prefix such as `oci-dir:` is
            allowed. `-` is stdin, `docker:app:1` an image of an engine, `HOST/NAME:TAG` or
            `registry:NAME` one in a registry.
        tag, image_index, platform: choose one of several images.
        base: the base image, in any form that `source` may have.
        registry: how registries are read, and who we are there.
        manifest_only: of an image in a registry read no layers: only their sizes are known.
        full: read layers in a registry whose table of contents would do.
        dockerfile: the Dockerfile that built the image; `target` is the stage that was built.
        advice: apply the rules; without, the report has no findings and no packages.
        role: what the image is for (`release`, `builder`, …), where the signs mislead.
        rules: files or folders of rules to apply beside those of slim.
        ignores: findings that are not to be told; an image's label may have more, if `obey_label`.
        today: the day by which they have expired or not; by default this day in UTC.
        verify: check every digest, diff id and size.
        redact: hide values that look like secrets.
        top: length of the report's lists.
        all_files: list every file that has bytes, so that reports can be compared file by file.
        jobs: layers to read at once; the number of processors by default. It changes no result.
        cache: tables of layers that were read before; of these only the digests are checked.
        progress: called with (stored bytes read, stored bytes in all), from several threads; in all 0
            for a pipe, which does not say.

    Raises:
        InputError: unreadable or unsupported (exit code 3).
        IntegrityError: bytes that are not what a digest says (4).
        LimitError: larger than allowed (5).
        NetworkError: a registry does not answer, or refuses (6).
        UsageError: several images and no choice, a bad option (2).
    """
    own = _load_rules(rules) if advice else None
    with read_image(
        source,
        tag=tag,
        image_index=image_index,
        platform=platform,
        base=base,
        registry=registry,
        manifest_only=manifest_only,
        full=full,
        dockerfile=dockerfile,
        target=target,
        advice=advice,
        verify=verify,
        all_files=all_files,
        jobs=jobs,
        limits=limits,
        cache=cache,
        progress=progress,
    ) as read:
        counsel, rulebook = None, None
        if advice:
            counsel, rulebook = _consult(
                read, own, role, ignores, obey_label, today or datetime.now(UTC).date()
            )
        from slim.report.build import build

        return build(
            read.image,
            read.tables,
            read.files,
            read.ledger,
            read.base,
            placements=read.placements,
            dockerfile=_shown_path(dockerfile) if dockerfile is not None else "",
            counsel=counsel,
            rulebook=rulebook,
            verified=verify
            and not manifest_only
            and not any(layer.toc for layer in read.image.layers),
            top=top,
            all_files=all_files,
            redacted=redact,
        )


def explain(
    source: str | os.PathLike[str],
    wanted: Sequence[Rule],
    applied: Sequence[Rule],
    *,
    tag: str | None = None,
    image_index: int | None = None,
    platform: str | None = None,
    base: str | os.PathLike[str] | None = None,
    registry: Access = ANONYMOUS,
    full: bool = False,
    dockerfile: str | os.PathLike[str] | None = None,
    target: str | None = None,
    role: str | None = None,
    ignores: Sequence[Ignore] = (),
    obey_label: bool = True,
    today: date | None = None,
    jobs: int | None = None,
    limits: Limits = DEFAULT_LIMITS,
    cache: TableCache | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[tuple[Explanation, ...], Report]:
    """Why each of the rules `wanted` says what it says about an image, or why it says nothing.

    `applied` are all rules that take part, `wanted` among them: one may have what another would claim. The
    report has their findings. All else is as for `analyze`.
    """
    from slim.advice.apply import apply
    from slim.advice.consult import counsel_of
    from slim.advice.explain import explain as explain_rule
    from slim.rules.builtin import builtin_never, builtin_snippets

    with read_image(
        source,
        tag=tag,
        image_index=image_index,
        platform=platform,
        base=base,
        registry=registry,
        full=full,
        dockerfile=dockerfile,
        target=target,
        jobs=jobs,
        limits=limits,
        cache=cache,
        progress=progress,
    ) as read:
        from slim.report.build import Rulebook, build

        ground, never = _survey(read, role), builtin_never()
        done = apply(
            ground,
            applied,
            never,
            ignores=ignores,
            obey_label=obey_label,
            today=today or datetime.now(UTC).date(),
        )
        report = build(
            read.image,
            read.tables,
            read.files,
            read.ledger,
            read.base,
            placements=read.placements,
            dockerfile=_shown_path(dockerfile) if dockerfile is not None else "",
            counsel=counsel_of(ground, done),
            rulebook=Rulebook("", builtin_snippets()),
            verified=not any(layer.toc for layer in read.image.layers),
            top=_EXPLAINED,
        )
        return tuple(explain_rule(ground, done, never, one) for one in wanted), report


def _consult(
    read: Reading,
    own: tuple[tuple[Pack, ...], dict[str, str]] | None,
    role: str | None,
    ignores: Sequence[Ignore],
    obey_label: bool,
    today: date,
) -> tuple[Counsel, Rulebook]:
    """Apply the rules that come with slim, and the user's own."""
    from slim.advice.apply import apply
    from slim.advice.consult import counsel_of
    from slim.advice.vocabulary import VOCABULARY
    from slim.report.build import Rulebook
    from slim.rules.builtin import builtin_globs, builtin_never, builtin_packs, builtin_snippets
    from slim.rules.rule import rules_digest, rules_of

    more, fragments = own or ((), {})
    packs = (*builtin_packs(VOCABULARY), *more)
    ground = _survey(read, role)
    applied = apply(
        ground,
        rules_of(packs),
        builtin_never(),
        ignores=ignores,
        obey_label=obey_label,
        today=today,
        parsed=builtin_globs(VOCABULARY),
    )
    rulebook = Rulebook(rules_digest(packs), {**fragments, **builtin_snippets()})
    return counsel_of(ground, applied), rulebook


def _survey(read: Reading, role: str | None) -> Ground:
    """What rules can ask about the image."""
    from slim.advice.survey import survey

    # An archive of `docker save` is not how a registry stores the image.
    saved = read.image.format == "docker-archive"
    return survey(
        read.image,
        read.files,
        read.ledger,
        base_layers=read.base.layers,
        role=role,
        compressions=() if saved else [one.compression if one else "" for one in read.tables],
    )


def _load_rules(paths: Sequence[str]) -> tuple[tuple[Pack, ...], dict[str, str]] | None:
    if not paths:
        return None
    from slim.advice.vocabulary import VOCABULARY
    from slim.rules.user_packs import load_user_packs

    return load_user_packs(paths, VOCABULARY)


def _shown_path(path: str | os.PathLike[str]) -> str:
    """As the report names it: below the working directory from there, as code hosts name files."""
    from pathlib import Path

    name = os.fspath(path)
    try:
        return str(Path(name).relative_to(Path.cwd()))
    except (ValueError, OSError):  # elsewhere, or relative already
        return name
