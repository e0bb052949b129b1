"""The result of a repacking → a registry."""

from __future__ import annotations

from slim.cli.progress import print_warning
from slim.errors import UsageError
from slim.image.reference import parse_reference
from slim.image.registry.access import Access
from slim.image.source import find_reference, opened_archive
from slim.limits import Limits


def push_result(path: str, name: str, source: str, access: Access, limits: Limits) -> None:
    """Push the image of an OCI archive or layout. What its `source` is made of may be mounted from there.

    Raises:
        UsageError: `name` is not a tag of a repository.
        NetworkError: the registry refuses, or does not answer.
    """
    reference = parse_reference(name.removeprefix("registry:"))
    if reference.digest:
        raise UsageError(
            "bad-choice", f"--push: {name!r} is a digest", "an image is pushed to HOST/NAME:TAG"
        )
    # What speaks HTTP is imported only for what is sent over it.
    from slim.image.registry.push import push

    origin = find_reference(source)
    shared = origin is not None and origin.host == reference.host
    with opened_archive(path, limits) as archive:
        digest = push(
            archive,
            reference,
            access,
            limits,
            mount_from=origin.repository if origin is not None and shared else "",
        )
    print_warning(f"slim: pushed {reference.host}/{reference.repository}:{reference.tag}@{digest}")
