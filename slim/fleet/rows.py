"""Tables, images and reports → rows of a store, each a JSON object on one line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress

import msgspec

from slim.facts.system import parse_os_release
from slim.files.table import DIGEST_BYTES, Kind, LayerTable, mask
from slim.fleet.planned import Planned
from slim.report.model import Finding, Report
from slim.report.untrusted import bare
from slim.secrets import redact

_encode = msgspec.json.Encoder().encode
_LONGEST = 1_000
"""Characters of a text from an image that are kept."""
_OS_RELEASE = (b"etc/os-release", b"usr/lib/os-release")


def layer_rows(table: LayerTable) -> dict[str, list[bytes]]:
    """What a layer adds to `layers` and `files`; a function of its blob."""
    rows = list(compress(range(len(table)), mask(table.kind, Kind.FILE)))
    names = sum(kind in (Kind.FILE, Kind.HARDLINK) for kind in table.kind)
    digest = table.blob_digest
    layer = {
        "digest": digest,
        "diff_id": table.diff_id,
        "compression": table.compression,
        "pull_bytes": table.blob_bytes,
        "tar_bytes": table.tar_bytes,
        "disk_bytes": sum(table.size[row] for row in rows),
        "files": names,
        **_distribution(table),
    }
    return {"files": list(_files(table, digest, rows)), "layers": [_encode(layer)]}


def _distribution(table: LayerTable) -> dict[str, str]:
    """Which distribution the layer brings, by its os-release."""
    texts = {table.path(row): text for row, text in table.texts.items()}
    found = parse_os_release(next((texts[path] for path in _OS_RELEASE if path in texts), b""))
    name = f"{found.get('ID', '')} {found.get('VERSION_ID', '')}".strip()
    return {"os": _text(name), "support_end": _text(found.get("SUPPORT_END", ""))}


def _files(table: LayerTable, digest: str, rows: Sequence[int]) -> Iterator[bytes]:
    folders = [b""] * len(table.dirs)
    for index, (parent, name, _) in enumerate(table.dirs):
        if parent >= 0:
            folders[index] = folders[parent] + name + b"/"
    for row in rows:
        at = row * DIGEST_BYTES
        path = folders[table.directory[row]] + table.name[row]
        yield _encode(
            {
                "layer": digest,
                "path": path.decode("utf-8", "replace"),
                "bytes": table.size[row],
                "pull_bytes": table.pull[row],
                "content": int.from_bytes(table.digests[at : at + 8], "big"),
            }
        )


def image_rows(
    planned: Planned,
    scan: int,
    fingerprint: str,
    report: Report | None,
    error: str = "",
    *,
    attached: bool = False,
) -> dict[str, list[bytes]]:
    """All rows of an image; without a report only what its manifest says, and why."""
    tables: dict[str, Iterable[dict[str, object]]] = {
        "image_layers": _layers(planned, report),
        "image_blobs": (
            {
                "image": planned.key,
                "registry": planned.registry,
                "digest": digest,
                "kind": kind,
                "bytes": size,
            }
            for digest, (kind, size) in planned.blobs.items()
        ),
        "packages": _packages(planned.key, report) if report else (),
        "findings": (
            (_finding(planned.key, finding) for finding in report.findings) if report else ()
        ),
        "waste": _waste(planned.key, report) if report else (),
        "images": [_image(planned, scan, fingerprint, report, error, attached)],
    }
    return {table: [_encode(row) for row in rows] for table, rows in tables.items()}


def _image(
    planned: Planned,
    scan: int,
    fingerprint: str,
    report: Report | None,
    error: str,
    attached: bool,
) -> dict[str, object]:
    image = planned.image
    labels = dict(image.config.labels) if image else {}
    shown = {_text(key): _text(redact.value(key, value)) for key, value in labels.items()}
    layers = {each.digest: each.pull_bytes for each in planned.layers}
    totals = report.totals if report else None
    base = report.image.base if report else None
    return {
        "image": planned.key,
        "source": planned.source,
        "registry": planned.registry,
        "repository": planned.repository,
        "tag": planned.tag,
        "name": planned.name,
        "platform": str(image.config.platform) if image else "",
        "digest": image.manifest_digest if image else "",
        "config_digest": image.config_digest if image else "",
        "top_digest": planned.top,
        "created": _text(image.config.created) if image else "",
        "labels": json.dumps(shown, sort_keys=True),
        "scan": scan,
        "fingerprint": fingerprint,
        "attached": attached,
        "error": _text(error),
        "layers": len(planned.layers),
        "pull_bytes": sum(layers.values()),
        "disk_bytes": totals and totals.disk_bytes,
        "live_bytes": totals and totals.live_bytes,
        "dead_bytes": totals and totals.dead_bytes,
        "reclaimable_bytes": totals and totals.reclaimable_bytes,
        "reclaimable_pull_bytes": totals and totals.reclaimable_pull_bytes,
        "files": totals and totals.files,
        "base_name": _text(bare(base.name)) if base else "",
        "base_digest": _text(base.digest) if base else "",
        "base_layers": base.layers if base else 0,
        "role": report.image.role.name if report else "",
        "stacks": " ".join(report.image.stacks) if report else "",
    }


def _layers(planned: Planned, report: Report | None) -> Iterator[dict[str, object]]:
    chain = ""
    for position, layer in enumerate(planned.layers):
        chain = chain_id(chain, layer.diff_id)
        known = report.layers[position] if report else None
        yield {
            "image": planned.key,
            "position": position,
            "digest": layer.digest,
            "diff_id": layer.diff_id,
            "chain": chain,
            "pull_bytes": layer.pull_bytes,
            "disk_bytes": known and known.disk_bytes,
            "dead_bytes": known and known.dead_bytes,
            "reclaimable_bytes": known and known.reclaimable_bytes,
            "created": _text(layer.created),
            "created_by": _text(redact.command(layer.created_by)),
            "from_base": bool(known and known.from_base),
        }


def chain_id(below: str, diff_id: str) -> str:
    """Of a layer on top of a chain (OCI image-spec config.md, "Layer ChainID")."""
    if not below:
        return diff_id
    return f"sha256:{hashlib.sha256(f'{below} {diff_id}'.encode()).hexdigest()}"


def _packages(key: str, report: Report) -> Iterator[dict[str, object]]:
    for package in report.packages:
        yield {
            "image": key,
            "manager": package.manager,
            "name": _text(bare(package.name)),
            "version": _text(bare(package.version)),
            "disk_bytes": package.disk_bytes,
            "pull_bytes": package.pull_bytes,
            "reclaimable_bytes": package.reclaimable_bytes,
            "files": package.files,
            "position": package.layer,
            "why": _text(package.why),
        }


def _finding(key: str, finding: Finding) -> dict[str, object]:
    where = finding.where[0] if finding.where else None
    line = where.dockerfile if where else None
    example = finding.examples[0] if finding.examples else None
    return {
        "image": key,
        "rule": _text(finding.rule),
        "title": _text(finding.title),
        "fix": _text(finding.fix.text),
        "mode": finding.mode,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "safety": finding.safety,
        "claimed_bytes": finding.claimed_bytes,
        "claimed_pull_bytes": finding.claimed_pull_bytes,
        "base_bytes": finding.base_bytes,
        "files": finding.files,
        "position": where and where.layer,
        "created_by": _text(bare(where.created_by)) if where else "",
        "dockerfile": _text(f"{line.path}:{line.line}") if line else "",
        "packages": [_text(bare(name)) for name in finding.packages[:100]],
        "example": _text(bare(example.path)) if example else "",
    }


def _waste(key: str, report: Report) -> Iterator[dict[str, object]]:
    for waste in report.waste:
        yield {
            "image": key,
            "class": waste.kind,
            "origin_layer": waste.origin_layer,
            "ended_by": waste.ended_by,
            "created_by": _text(bare(waste.created_by)),
            "disk_bytes": waste.disk_bytes,
            "pull_bytes": waste.pull_bytes,
            "files": waste.files,
            "example": _text(bare(waste.examples[0].path)) if waste.examples else "",
        }


def _text(text: str) -> str:
    """What an image says, cut to what a table should hold; UTF-8 holds all of it."""
    return text[:_LONGEST].encode("utf-8", "replace").decode()
