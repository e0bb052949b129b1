"""The multi-stage rebuild → its part of the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from slim.image.base import BaseImage
from slim.image.model import Config
from slim.rebuild.dockerfile import recipe
from slim.report import model
from slim.report.naming import utf8
from slim.report.untrusted import untrusted

if TYPE_CHECKING:
    from slim.rebuild.model import Rebuild


def rebuild(
    rebuilt: Rebuild | None,
    config: Config,
    base: BaseImage,
    snippets: Mapping[str, str],
    *,
    redacted: bool,
    placed: Mapping[int, str],
) -> model.Rebuild | None:
    """What is kept, and the Dockerfile: a template of the rules, filled in.

    `placed`: index of a history entry → its instruction in the user's Dockerfile.
    """
    if rebuilt is None:
        return None
    # An image of this machine alone is not a base for others.
    known = base.layers and not base.reference.startswith("localhost/")
    whole = base.reference if known else ""
    name = whole if rebuilt.layers == base.layers else ""
    return model.Rebuild(
        disk_bytes=rebuilt.disk,
        pull_bytes=rebuilt.pull,
        stack=rebuilt.stack,
        confidence="possible" if rebuilt.guesses else "likely",
        base=untrusted(rebuilt.base),
        origin=rebuilt.origin,
        keep=[
            model.KeepPart(
                what=part.what,
                why=untrusted(utf8(part.why)),
                disk_bytes=part.disk,
                pull_bytes=part.pull,
                files=part.files,
                packages=[untrusted(utf8(name)) for name in part.packages],
                paths=[untrusted("/" + path.decode("utf-8", "replace")) for path in part.paths],
                guessed=part.guessed,
            )
            for part in rebuilt.parts
        ],
        assumes=[untrusted(utf8(text)) for text in rebuilt.guesses],
        dockerfile=untrusted(
            recipe(rebuilt, config, snippets, name, whole=whole, redacted=redacted, placed=placed)
        ),
        low_disk_bytes=rebuilt.disk - rebuilt.unsure[0],
        high_disk_bytes=rebuilt.disk + rebuilt.more[0],
        low_pull_bytes=rebuilt.pull - rebuilt.unsure[1],
        high_pull_bytes=rebuilt.pull + rebuilt.more[1],
        unused=[
            model.UnusedPackage(name=untrusted(utf8(package)), disk_bytes=disk, pull_bytes=pull)
            for package, (disk, pull) in rebuilt.unused
        ],
    )
