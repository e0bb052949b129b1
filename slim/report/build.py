"""Image, files and ledger → Report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from slim.files import dive, tree
from slim.files.ledger import Ledger, disk_bytes
from slim.files.outline import Node, Sort, outline
from slim.files.pull_size import ERROR_PERCENT
from slim.files.table import Files, LayerTable
from slim.image.base import BaseImage
from slim.image.model import Image
from slim.report import model
from slim.report.gpu_code import gpu_code
from slim.report.layers import layer_info, places, reclaimable
from slim.report.naming import contents, example, largest_rule, path, utf8
from slim.report.untrusted import untrusted
from slim.report.warnings import mismatches, warnings
from slim.report.waste import waste
from slim.secrets import redact
from slim.version import VERSION

if TYPE_CHECKING:
    from slim.advice.advise import Advice
    from slim.dockerfile.align import Placement


class Rulebook(Struct, frozen=True):
    """The rules that were applied."""

    digest: str
    snippets: Mapping[str, str]
    """Dockerfile fragments by name."""


_TREE_NODES = 1_000
_KINDS = [sort.name.lower() for sort in Sort]
"""What a node of the tree is called."""


def build(
    image: Image,
    tables: Sequence[LayerTable | None],
    files: Files,
    ledger: Ledger,
    base: BaseImage,
    *,
    placements: Sequence[Placement | None] = (),
    dockerfile: str = "",
    advice: Advice | None = None,
    rulebook: Rulebook | None = None,
    verified: bool,
    top: int,
    all_files: bool = False,
    redacted: bool = True,
) -> model.Report:
    """Assemble the report; `placements` belong to the history entries, `top` bounds each list.

    `all_files`: the list of the largest files has all that have bytes, with hashes of their contents.
    """
    # First: it refuses sizes that nothing below could sum up.
    totals = _totals(ledger, base, advice)
    text = redact.command if redacted else str
    lines = places(image, placements, utf8(dockerfile))
    created_by = [
        untrusted(text(layer.history.created_by) if layer.history else "") for layer in image.layers
    ]
    dead, dead_left = waste(files, ledger, created_by, lines, top)
    rollup = tree.roll_up(files, ledger.pull)
    directories = tree.largest_directories(files, rollup, top)
    largest = tree.largest_files(files, len(files) if all_files else max(top, _TREE_NODES))
    heaviest = largest if all_files else largest[:top]
    gone = advice.reclaimed if advice else ()
    score = dive.score(files)
    advised = None
    if advice and rulebook:
        # What tells of advice is imported where there is some.
        from slim.report.advised import advised_parts

        advised = advised_parts(
            advice,
            rulebook,
            image,
            base,
            placements=placements,
            created_by=created_by,
            places=lines,
            example=lambda row: example(files, ledger, row),
            top=top,
            redacted=redacted,
        )
    return model.Report(
        tool=model.Tool(version=VERSION, rules=rulebook.digest if rulebook else None),
        source=model.Source(
            input=untrusted(utf8(image.input)),
            format=image.format,
            compression=image.compression,
            archive_bytes=image.archive_bytes,
            verified=verified,
        ),
        image=_image(image, base, advice, redacted),
        totals=totals,
        predicted=_predicted(totals, advice, advised.rebuild if advised else None),
        findings=advised.findings if advised else [],
        layers=[
            layer_info(
                layer,
                table,
                sums,
                files.changes[layer.index],
                claimed,
                created,
                line,
                base,
                verified,
            )
            for layer, table, sums, claimed, created, line in zip(
                image.layers,
                tables,
                ledger.layers,
                reclaimable(files, gone),
                created_by,
                lines,
                strict=True,
            )
        ],
        waste=dead,
        packages=advised.packages if advised else [],
        gpu_code=gpu_code(files),
        directories=[
            model.DirectoryInfo(
                **path(files.directory_path(directory)),
                disk_bytes=rollup.disk[directory],
                pull_bytes=rollup.pull[directory],
                files=rollup.files[directory],
            )
            for directory in directories
        ],
        tree=[
            _node(node) for node in outline(files, rollup, ledger.pull, gone, largest, _TREE_NODES)
        ],
        largest_files=list(contents(files, ledger, heaviest, rollup.names, identity=all_files)),
        dive=model.Dive(
            efficiency=score.efficiency,
            wasted_bytes=score.wasted_bytes,
            user_wasted_percent=score.user_wasted_percent,
        ),
        warnings=warnings(
            image,
            tables,
            files,
            _unread(advice) if advice else (),
            (
                *(advice.warnings if advice else ()),
                *mismatches(base, placements, utf8(dockerfile)),
            ),
        ),
        truncated=model.Truncated(
            packages=advised.left_out if advised else 0,
            findings=max(0, len(advice.findings) - top) if advice else 0,
            waste=dead_left,
            directories=len(rollup.disk) - rollup.disk.count(0) - len(directories),
            largest_files=tree.count_files(files) - len(heaviest),
        ),
    )


def _node(node: Node) -> model.TreeNode:
    named = path(node.name)
    return model.TreeNode(
        parent=node.parent if node.parent >= 0 else None,
        kind=_KINDS[node.sort],  # type: ignore[arg-type]
        name=named["path"],
        name_b64=named.get("path_b64"),
        disk_bytes=node.disk,
        pull_bytes=node.pull,
        files=node.files,
        reclaimable_bytes=node.gone_disk,
        reclaimable_pull_bytes=node.gone_pull,
        layer=node.layer if node.layer >= 0 else None,
        rule=largest_rule(node.why_gone),
    )


def _predicted(
    totals: model.Totals, advice: Advice | None, rebuilt: model.Rebuild | None
) -> model.Predicted:
    disk, pull = totals.disk_bytes, totals.pull_bytes
    if advice is None:
        same = model.Amount(disk_bytes=disk, pull_bytes=pull)
        return model.Predicted(safe=same, all=same, other_base_bytes=0, rebuild=rebuilt)
    return model.Predicted(
        safe=model.Amount(disk_bytes=disk - advice.safe.disk, pull_bytes=pull - advice.safe.pull),
        all=model.Amount(
            disk_bytes=disk - advice.reclaimable.disk, pull_bytes=pull - advice.reclaimable.pull
        ),
        other_base_bytes=advice.base.disk,
        rebuild=rebuilt,
    )


def _image(image: Image, base: BaseImage, advice: Advice | None, redacted: bool) -> model.ImageInfo:
    config = image.config
    role = advice.image.facts.role if advice else None
    show = redact.value if redacted else lambda _, value: value
    variables = (entry.partition("=") for entry in config.env)
    words = redact.words if redacted else list
    return model.ImageInfo(
        name=untrusted(image.names[0] if image.names else ""),
        tags=[untrusted(name) for name in image.names],
        digest=image.manifest_digest,
        config_digest=image.config_digest,
        platform=untrusted(str(config.platform)),
        created=untrusted(config.created),
        entrypoint=[untrusted(word) for word in words(config.entrypoint)],
        cmd=[untrusted(word) for word in words(config.cmd)],
        user=untrusted(config.user),
        working_dir=untrusted(config.working_dir),
        env={untrusted(name): untrusted(show(name, value)) for name, _, value in variables},
        labels={
            untrusted(name): untrusted(show(name, value))
            for name, value in sorted(config.labels.items())
        },
        exposed_ports=[untrusted(port) for port in config.exposed_ports],
        role=model.Role(
            name=role.name if role else "unknown",  # type: ignore[arg-type]
            score=role.score if role else 0,
            evidence=[untrusted(redact.command(utf8(sign))) for sign in role.evidence]
            if role
            else [],
        ),
        stacks=[stack.name for stack in advice.image.facts.stacks] if advice else [],
        base=model.Base(
            layers=base.layers,
            name=untrusted(base.name),
            digest=base.digest,
            how=base.how,  # type: ignore[arg-type]
            guessed=base.guessed,
            confidence=base.confidence or None,  # type: ignore[arg-type]
        ),
    )


def _unread(advice: Advice) -> list[str]:
    """What could not be read of package databases."""
    return sorted({warning.text for warning in advice.image.catalog.warnings})


def _totals(ledger: Ledger, base: BaseImage, advice: Advice | None) -> model.Totals:
    layers = ledger.layers
    pull = sum(layer.pull_bytes for layer in layers)
    disk = disk_bytes(layers)
    live = sum(layer.live_bytes for layer in layers)
    live_pull = sum(layer.live_pull_bytes for layer in layers)
    dead_pull = sum(layer.dead_pull_bytes for layer in layers)
    estimated = sum(layer.pull_bytes for layer in layers if layer.estimated)
    return model.Totals(
        pull_bytes=pull,
        estimated=estimated > 0,
        pull_error_bytes=-(-estimated * ERROR_PERCENT // 100),
        disk_bytes=disk,
        live_bytes=live,
        dead_bytes=disk - live,
        live_pull_bytes=live_pull,
        dead_pull_bytes=dead_pull,
        tar_bytes=sum(layer.tar_bytes for layer in layers),
        overhead_bytes=sum(layer.overhead_bytes for layer in layers),
        overhead_pull_bytes=pull - live_pull - dead_pull,
        base_bytes=sum(layer.disk_bytes for layer in layers[: base.layers]),
        base_pull_bytes=sum(layer.pull_bytes for layer in layers[: base.layers]),
        reclaimable_bytes=advice.reclaimable.disk if advice else 0,
        reclaimable_pull_bytes=advice.reclaimable.pull if advice else 0,
        layers=len(layers),
        files=sum(layer.files for layer in layers),
        live_files=sum(layer.live_files for layer in layers),
    )
