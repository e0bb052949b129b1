"""What `slim.analyze` does: plain arguments → the values that the pipeline works with."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

from slim import pipeline
from slim.advice.rule_set import rule_set
from slim.advice.suppression import Suppression
from slim.dockerfile.load import DockerfileRef
from slim.facts.gpu_names import architecture_of
from slim.files.cache import TableCache
from slim.files.options import ReadOptions
from slim.image.ref import ImageRef
from slim.image.registry.access import ANONYMOUS, Access
from slim.limits import DEFAULT_LIMITS, Limits
from slim.report.model import Report


def analyze(
    source: str | os.PathLike[str],
    *,
    tag: str | None = None,
    image_index: int | None = None,
    platform: str | None = None,
    base: str | os.PathLike[str] | None = None,
    registry: Access | None = None,
    manifest_only: bool = False,
    full: bool = False,
    exact_pull: bool = False,
    dockerfile: str | os.PathLike[str] | None = None,
    target: str | None = None,
    advice: bool = True,
    role: str | None = None,
    gpus: Sequence[str] = (),
    rules: Sequence[str] = (),
    ignores: Sequence[Suppression] = (),
    obey_label: bool = True,
    today: date | None = None,
    verify: bool = True,
    redact: bool = True,
    top: int = 20,
    all_files: bool = False,
    jobs: int | None = None,
    limits: Limits | None = None,
    cache: TableCache | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Analyze one image: where its bytes come from, which are waste, and what to change.

    Args:
        source: docker-archive, OCI archive or OCI layout directory; a prefix such as `oci-dir:` is
            allowed. `-` is stdin, `app:1` or `docker:app:1` an image of an engine, `HOST/NAME:TAG` or
            `registry:NAME` one in a registry.
        tag, image_index, platform: choose one of several images.
        base: the base image, in any form that `source` may have.
        registry: how registries are read, and who we are there; by default anonymously.
        manifest_only: fetch no layers from a registry: only their sizes are known.
        full: download layers from a registry whole, even if they carry a table of contents.
        exact_pull: compress layers that an archive stores uncompressed, whose size in a registry is estimated
            otherwise.
        dockerfile: the Dockerfile that built the image; `target` is the stage that was built.
        advice: apply the rules; without, the report has no findings and no packages.
        role: what the image is for (`release`, `builder`, …), in place of what is detected.
        gpus: architectures of the GPUs that it is for (`sm_90`): code for others is then pointed at.
        rules: files or folders of rules to apply beside those of slim.
        ignores: findings to suppress; an image's label may have more, if `obey_label`.
        today: the day on which suppressions have expired or not; by default this day in UTC.
        verify: check every digest, diff ID and size.
        redact: hide values that look like secrets.
        top: length of the report's lists.
        all_files: list every file that has bytes, so that reports can be compared file by file.
        jobs: layers to read at once; the number of processors by default. It changes no result.
        limits: bounds on what is read.
        cache: tables of layers that were read before; of these only the digests are checked.
        progress: called with (stored bytes read, stored bytes in all), from several threads; in all 0
            for a pipe, whose size is unknown.

    Raises:
        InputError: unreadable or unsupported (exit code 3).
        IntegrityError: bytes that are not what a digest says (4).
        LimitError: larger than allowed (5).
        NetworkError: a registry does not answer, or refuses (6).
        UsageError: several images and no choice, a bad option (2).
        ValueError: one of `gpus` is no architecture.
    """
    access = registry or ANONYMOUS
    judged = None
    if advice:
        judged = pipeline.AdviceOptions(
            rule_set(rules),
            today or datetime.now(UTC).date(),
            role,
            tuple(ignores),
            obey_label,
            gpus=tuple(map(architecture_of, gpus)),
        )
    return pipeline.analyze(
        ImageRef(os.fspath(source), tag, image_index, platform, access, manifest_only, full),
        ReadOptions(verify, jobs, limits or DEFAULT_LIMITS, cache, progress, exact_pull),
        judged,
        pipeline.ReportOptions(top, all_files, redact),
        base=ImageRef(os.fspath(base), access=access) if base is not None else None,
        dockerfile=DockerfileRef(os.fspath(dockerfile) if dockerfile else None, target),
    )
