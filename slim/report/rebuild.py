"""The multi-stage rebuild → its part of the report [pure]."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from slim.image.base import BaseImage
from slim.image.model import Config
from slim.report import model
from slim.report.naming import utf8
from slim.report.untrusted import untrusted

if TYPE_CHECKING:
    from slim.rebuild.model import Rebuild


def rebuild(
    made: Rebuild | None,
    config: Config,
    base: BaseImage,
    snippets: Mapping[str, str],
    *,
    redacted: bool,
) -> model.Rebuild | None:
    """What is kept, and the Dockerfile: the template `rebuild-STACK` of the rules, filled in."""
    if made is None:
        return None
    from slim.rebuild.dockerfile import recipe

    template = snippets.get(f"rebuild-{made.stack}", "")
    name = base.reference if made.origin == "layers" and base.layers else ""
    return model.Rebuild(
        disk_bytes=made.disk,
        pull_bytes=made.pull,
        stack=made.stack,
        confidence="possible" if made.guesses else "likely",
        base=untrusted(made.base),
        origin=made.origin,
        keep=[
            model.KeepPart(
                what=part.what,
                why=untrusted(utf8(part.why)),
                disk_bytes=part.disk,
                pull_bytes=part.pull,
                files=part.files,
                packages=[untrusted(utf8(one)) for one in part.packages],
                paths=[untrusted("/" + one.decode("utf-8", "replace")) for one in part.paths],
                guessed=part.guessed,
            )
            for part in made.parts
        ],
        assumes=[untrusted(one) for one in made.guesses],
        dockerfile=untrusted(recipe(made, config, template, name, redacted=redacted)),
    )
