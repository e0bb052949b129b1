"""Image, files and ledger → Report [pure]."""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from itertools import compress
from typing import TYPE_CHECKING

from slim.advice.advise import Advice, Amount
from slim.errors import InputError
from slim.files import dive, tree
from slim.files.ledger import LayerSums, Ledger
from slim.files.table import Fate, Files, Kind, LayerTable, mask
from slim.image import kinds
from slim.image.base import BaseImage
from slim.image.model import Image, Layer
from slim.report import model, redact
from slim.report.findings import findings
from slim.version import VERSION

if TYPE_CHECKING:
    from slim.dockerfile import Placement

_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Counsel:
    """What the rules say, and what they were told about the image."""

    advice: Advice
    rules_digest: str | None
    snippets: Mapping[str, str]
    role: str
    role_score: int
    evidence: Sequence[str]
    stacks: Sequence[str]


SILENT = Counsel(Advice((), Amount(), Amount()), None, {}, "unknown", 0, (), ())
"""No rules were applied."""


def build(
    image: Image,
    tables: Sequence[LayerTable | None],
    files: Files,
    ledger: Ledger,
    base: BaseImage,
    *,
    placements: Sequence[Placement | None] = (),
    dockerfile: str = "",
    counsel: Counsel = SILENT,
    verified: bool,
    top: int,
    redacted: bool = True,
) -> model.Report:
    """Assemble the report; `placements` belong to the history entries, `top` bounds each list."""
    advice = counsel.advice
    text = redact.command if redacted else str
    places = _places(image, placements, _utf8(dockerfile))
    created_by = [text(layer.history.created_by) if layer.history else "" for layer in image.layers]
    waste, waste_left = _waste(files, ledger, created_by, places, top)
    rollup = tree.roll_up(files, ledger.pull)
    directories = tree.largest_directories(files, rollup, top)
    heaviest = tree.largest_files(files, top)
    score = dive.score(files)
    return model.Report(
        tool=model.Tool(version=VERSION, rules=counsel.rules_digest),
        source=model.Source(
            input=_utf8(image.input),
            format=image.format,
            compression=image.compression,
            archive_bytes=image.archive_bytes,
            verified=verified,
        ),
        image=_image(image, base, counsel, redacted),
        totals=_totals(ledger, base, advice),
        predicted=_predicted(ledger, advice),
        findings=findings(
            advice,
            created_by=created_by,
            places=places,
            snippets=counsel.snippets,
            values=_values(image, base),
            example=lambda row: _example(files, ledger, row),
            top=top,
        ),
        layers=[
            _layer(layer, table, sums, files.changes[layer.index], created, place, base, verified)
            for layer, table, sums, created, place in zip(
                image.layers, tables, ledger.layers, created_by, places, strict=True
            )
        ],
        waste=waste,
        directories=[
            model.DirectoryInfo(
                **_path(files.directory_path(one)),
                disk_bytes=rollup.disk[one],
                pull_bytes=rollup.pull[one],
                files=rollup.files[one],
            )
            for one in directories
        ],
        largest_files=[_example(files, ledger, row) for row in heaviest],
        dive=model.Dive(
            efficiency=score.efficiency,
            wasted_bytes=score.wasted_bytes,
            user_wasted_percent=score.user_wasted_percent,
        ),
        warnings=_warnings(image, tables, files),
        truncated=model.Truncated(
            findings=max(0, len(advice.findings) - top),
            waste=waste_left,
            directories=max(0, sum(map(bool, rollup.disk)) - len(directories)),
            largest_files=sum(map(bool, compress(files.size, files.live_bodies()))) - len(heaviest),
        ),
    )


def _predicted(ledger: Ledger, advice: Advice) -> model.Predicted:
    disk = sum(one.disk_bytes for one in ledger.layers)
    pull = sum(one.pull_bytes for one in ledger.layers)
    return model.Predicted(
        safe=model.Amount(disk_bytes=disk - advice.safe.disk, pull_bytes=pull - advice.safe.pull),
        all=model.Amount(
            disk_bytes=disk - advice.reclaimable.disk, pull_bytes=pull - advice.reclaimable.pull
        ),
    )


def _values(image: Image, base: BaseImage) -> dict[str, str]:
    """What this image knows of the placeholders in snippets."""
    config = image.config
    values: dict[str, str] = {}
    if config.working_dir not in ("", "/"):
        values["app_dir"] = _utf8(config.working_dir)
    if config.exposed_ports:
        values["port"] = _utf8(config.exposed_ports[0].partition("/")[0])
    if config.user:
        values["user"] = _utf8(config.user.partition(":")[0])
    if base.name:
        values["base_image"] = values["base"] = _utf8(base.name)
    return values


def _image(image: Image, base: BaseImage, counsel: Counsel, redacted: bool) -> model.ImageInfo:
    config = image.config
    show = redact.value if redacted else lambda _, value: value
    variables = (entry.partition("=") for entry in config.env)
    words = redact.command if redacted else str
    return model.ImageInfo(
        name=image.names[0] if image.names else "",
        tags=list(image.names),
        digest=image.manifest_digest,
        config_digest=image.config_digest,
        platform=str(config.platform),
        created=config.created,
        entrypoint=[words(word) for word in config.entrypoint],
        cmd=[words(word) for word in config.cmd],
        user=config.user,
        working_dir=config.working_dir,
        env={name: show(name, value) for name, _, value in variables},
        labels={name: show(name, value) for name, value in sorted(config.labels.items())},
        exposed_ports=list(config.exposed_ports),
        role=model.Role(
            name=counsel.role,  # type: ignore[arg-type]
            score=counsel.role_score,
            evidence=list(counsel.evidence),
        ),
        stacks=list(counsel.stacks),
        base=model.Base(
            layers=base.layers,
            name=base.name,
            digest=base.digest,
            how=base.how,  # type: ignore[arg-type]
            guessed=base.guessed,
        ),
    )


def _totals(ledger: Ledger, base: BaseImage, advice: Advice) -> model.Totals:
    layers = ledger.layers
    pull = sum(one.pull_bytes for one in layers)
    disk = sum(one.disk_bytes for one in layers)
    live = sum(one.live_bytes for one in layers)
    live_pull = sum(one.live_pull_bytes for one in layers)
    dead_pull = sum(one.dead_pull_bytes for one in layers)
    if disk > model.LARGEST:
        # Only sparse files can claim so much; numbers of more bits do not survive other JSON parsers.
        raise InputError(
            "absurd-sizes",
            f"the files claim {disk:,} bytes together, more than any filesystem holds",
            "the image was made to mislead: it holds sparse files of absurd size",
        )
    return model.Totals(
        pull_bytes=pull,
        disk_bytes=disk,
        live_bytes=live,
        dead_bytes=disk - live,
        live_pull_bytes=live_pull,
        dead_pull_bytes=dead_pull,
        tar_bytes=sum(one.tar_bytes for one in layers),
        overhead_bytes=sum(one.overhead_bytes for one in layers),
        overhead_pull_bytes=pull - live_pull - dead_pull,
        base_bytes=sum(one.disk_bytes for one in layers[: base.layers]),
        base_pull_bytes=sum(one.pull_bytes for one in layers[: base.layers]),
        reclaimable_bytes=advice.reclaimable.disk,
        reclaimable_pull_bytes=advice.reclaimable.pull,
        layers=len(layers),
        files=sum(one.files for one in layers),
        live_files=sum(one.live_files for one in layers),
    )


def _layer(
    layer: Layer,
    table: LayerTable | None,
    sums: LayerSums,
    changes: tuple[int, int, int],
    created_by: str,
    place: model.Place | None,
    base: BaseImage,
    verified: bool,
) -> model.LayerInfo:
    descriptor = layer.descriptor
    digest = descriptor.digest if descriptor else ""
    if not digest and table is not None:
        digest = table.blob_digest
    return model.LayerInfo(
        index=layer.index,
        digest=digest,
        diff_id=layer.diff_id,
        media_type=descriptor.media_type if descriptor else "",
        compression=table.compression if table is not None else "",
        created_by=created_by,
        dockerfile=place,
        from_base=layer.index < base.layers,
        verified=verified and table is not None,
        missing=layer.missing,
        blob_bytes=sums.blob_bytes,
        pull_bytes=sums.pull_bytes,
        tar_bytes=sums.tar_bytes,
        disk_bytes=sums.disk_bytes,
        live_bytes=sums.live_bytes,
        dead_bytes=sums.dead_bytes,
        live_pull_bytes=sums.live_pull_bytes,
        dead_pull_bytes=sums.dead_pull_bytes,
        overhead_bytes=sums.overhead_bytes,
        labels=[
            model.LabelBytes(label=label, tar_bytes=tar, pull_bytes=pull)
            for label, (tar, pull) in sums.labels.items()
        ],
        files=sums.files,
        live_files=sums.live_files,
        added=changes[0],
        changed=changes[1],
        removed=changes[2],
    )


def _places(
    image: Image, placements: Sequence[Placement | None], path: str
) -> list[model.Place | None]:
    """The Dockerfile lines of each layer: of the i-th history entry that made one."""
    made = [
        placement
        for entry, placement in zip(image.history, placements, strict=False)
        if not entry.empty_layer
    ]
    if len(made) != len(image.layers):
        return [None] * len(image.layers)
    return [
        model.Place(path=path, line=placement.line, end_line=placement.end_line)
        if placement
        else None
        for placement in made
    ]


def _waste(
    files: Files,
    ledger: Ledger,
    created_by: Sequence[str],
    places: Sequence[model.Place | None],
    top: int,
) -> tuple[list[model.Waste], int]:
    """Dead bytes by class, origin and cause, largest first; and how many groups are left out."""
    groups: dict[tuple[int, int, int], list[int]] = defaultdict(list)
    for layer in range(len(files.starts) - 1):
        if not ledger.layers[layer].dead:
            continue
        inside = files.rows_of(layer)
        dead = mask(files.fate[inside.start : inside.stop], *(fate for fate in Fate if fate))
        for row in compress(inside, dead):
            if files.kind[row] == Kind.FILE:
                groups[files.fate[row], layer, files.ended_by[row]].append(row)
    found = []
    for (fate, origin, ended_by), rows in groups.items():
        disk = sum(files.size[row] for row in rows)
        examples = nlargest(_EXAMPLES, rows, key=lambda row: (files.size[row], -row))
        found.append(
            model.Waste(
                kind=Fate(fate).label,  # type: ignore[arg-type]
                origin_layer=origin,
                ended_by=ended_by,
                created_by=created_by[ended_by],
                dockerfile=places[ended_by],
                disk_bytes=disk,
                pull_bytes=sum(ledger.pull[row] for row in rows),
                files=len(rows),
                examples=[_example(files, ledger, row) for row in examples],
            )
        )
    found.sort(key=lambda one: (-one.disk_bytes, one.origin_layer, one.ended_by, one.kind))
    return found[:top], max(0, len(found) - top)


def _example(files: Files, ledger: Ledger, row: int) -> model.Example:
    return model.Example(
        layer=files.layer_of(row),
        **_path(files.path(row)),
        disk_bytes=files.size[row],
        pull_bytes=ledger.pull[row],
    )


def _path(raw: bytes) -> dict[str, str]:
    """`path`, and `path_b64` where the bytes are not UTF-8."""
    try:
        return {"path": raw.decode("utf-8")}
    except UnicodeDecodeError:
        return {
            "path": raw.decode("utf-8", "replace"),
            "path_b64": base64.b64encode(raw).decode("ascii"),
        }


def _utf8(name: str) -> str:
    """A file name of this machine as text that every JSON parser takes."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _warnings(
    image: Image, tables: Sequence[LayerTable | None], files: Files
) -> list[model.Warning]:
    found = [
        model.Warning(
            id=notice.id,
            text=notice.text,
            layer=notice.layer,
            path=notice.path.decode("utf-8", "replace") if notice.path else None,
        )
        for notice in image.notices
    ]
    for layer, table in zip(image.layers, tables, strict=True):
        if layer.missing:
            found.append(
                model.Warning(id="unknown-contents", text=layer.missing, layer=layer.index)
            )
        if table is not None and table.blob_bytes:
            found += _compression(layer, table)
    if len(image.layers) > _MANY_LAYERS:
        text = f"{len(image.layers)} layers: overlay2 refuses more than {_MANY_LAYERS}"
        found.append(model.Warning(id="many-layers", text=text))
    for layer_index, id, notice in files.notices:
        found.append(
            model.Warning(
                id=id,
                text=notice.text,
                layer=layer_index if layer_index >= 0 else None,
                path=notice.path.decode("utf-8", "replace") if notice.path else None,
                count=notice.count,
            )
        )
    return sorted(found, key=lambda one: (one.layer if one.layer is not None else -1, one.id))


def _compression(layer: Layer, table: LayerTable) -> Iterator[model.Warning]:
    """Blobs that some engine cannot unpack, because of what they are or of what they are called."""
    media_type = layer.descriptor.media_type if layer.descriptor else ""
    label = kinds.layer_label(media_type)
    if media_type and label != table.compression:
        text = f"labelled as {label}, but its bytes are {table.compression}"
        if label == "none" and media_type not in kinds.SNIFFED:
            text += ": containerd cannot unpack it"
        yield model.Warning(id="media-type-mismatch", text=text, layer=layer.index)
    if table.compression in ("bzip2", "xz"):
        text = f"compressed as {table.compression}: docker load reads it, no engine pulls it"
        yield model.Warning(id="docker-only-compression", text=text, layer=layer.index)


_MANY_LAYERS = 125
"""overlay2 stacks 128 at most, moby keeps some for itself."""
