"""The user's settings, for one image and for several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field

from slim.fleet.teams import Teams
from slim.report.gates import Gates

if TYPE_CHECKING:
    from slim.advice.suppression import Suppression
    from slim.forge.choices import Behavior, When


class ImageSettings(Struct, frozen=True):
    """What the file says of an image; None or empty where it says nothing."""

    dockerfile: str | None = None
    target: str | None = None
    base: str | None = None
    platform: str | None = None
    role: str | None = None
    gpus: tuple[int, ...] = ()
    """Architectures: 90 is sm_90."""
    output: tuple[str, ...] = ()
    units: str | None = None
    rules_url: str = ""
    trust_labels: bool | None = None
    behavior: Behavior | None = None
    when: When | None = None
    gates: Gates = field(default_factory=Gates)
    ignores: tuple[Suppression, ...] = ()


class Settings(Struct, frozen=True):
    """A file's settings; paths in it are joined to its folder."""

    file: str = ""
    """As it was found, for messages; empty when there is none."""
    image: ImageSettings = field(default_factory=ImageSettings)
    images: Mapping[str, ImageSettings] = field(default_factory=dict)
    """By key: what differs for this image."""
    limits: tuple[str, ...] = ()
    """`NAME=VALUE`."""
    packs: tuple[str, ...] = ()
    """Files or folders of rules."""
    teams: Teams = field(default_factory=Teams)
    """Of a fleet."""

    def of(self, key: str) -> ImageSettings:
        """The settings of the image with this key: suppressions are added, everything else is replaced."""
        general, own = self.image, self.images.get(key, ImageSettings())
        return ImageSettings(
            dockerfile=own.dockerfile or general.dockerfile,
            target=own.target or general.target,
            base=own.base or general.base,
            platform=own.platform or general.platform,
            role=own.role or general.role,
            gpus=own.gpus or general.gpus,
            output=own.output or general.output,
            units=own.units or general.units,
            rules_url=own.rules_url or general.rules_url,
            trust_labels=general.trust_labels if own.trust_labels is None else own.trust_labels,
            behavior=own.behavior or general.behavior,
            when=own.when or general.when,
            gates=own.gates.over(general.gates),
            ignores=general.ignores + own.ignores,
        )
