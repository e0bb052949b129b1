"""Everything that rules can ask about an image: its files, packages, facts and computed queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial

from msgspec import Struct

from slim.advice.queries import (
    archives,
    binaries,
    contents,
    installed,
    layers,
    runtimes,
    secrets,
    twice,
    unowned,
    versions,
)
from slim.ecosystems.catalog import Catalog, read_catalog
from slim.ecosystems.elixir import assets
from slim.ecosystems.ml import models
from slim.facts.gather import Facts, gather
from slim.files.ledger import Ledger
from slim.files.table import Fate, Files
from slim.files.view import View, view_of
from slim.image.model import Image
from slim.packages.graph import Graph, link
from slim.packages.owners import Ownership, own
from slim.rules.match import Query


class ImageFacts(Struct, frozen=True):
    """Everything that rules can ask about one image."""

    source: Image
    files: Files
    ledger: Ledger
    base_layers: int
    disk: int
    """Bytes of all files of all layers: what a rule's `share` is a percentage of."""
    view: View
    catalog: Catalog
    owned: Ownership
    facts: Facts
    graph: Graph
    packages: Mapping[tuple[str, str], Sequence[int]]
    """(manager, name) → rows, of the system's packages."""
    system_owned: bytes
    """Mask of the rows that a system package owns."""
    queries: Mapping[str, Query]
    """Computed whenever called. The query about a rebuild comes later: see `Advice.queries`."""


def facts_of_image(
    image: Image,
    files: Files,
    ledger: Ledger,
    *,
    base_layers: int,
    role: str | None = None,
    compressions: Sequence[str] = (),
) -> ImageFacts:
    """Gather packages, their owners, facts and queries.

    Args:
        base_layers: how many layers are the base image's.
        role: overrides the detected role.
        compressions: the compression of each layer; empty if the image's form says nothing about how a
            registry stores it.
    """
    view = view_of(files)
    catalog = read_catalog(_texts(files))
    owned = own(files, catalog.packages, ledger.pull)
    facts = gather(
        image.config,
        image.history,
        view,
        catalog.packages,
        role_override=role,
        names=image.names,
    )
    graph = link(catalog.packages)
    theirs = owned.mask_of(owned.system)
    return ImageFacts(
        image,
        files,
        ledger,
        base_layers,
        sum(layer.disk_bytes for layer in ledger.layers),
        view,
        catalog,
        owned,
        facts,
        graph,
        _rows_of_packages(owned),
        theirs,
        _queries(image, files, view, catalog, owned, theirs, graph, facts, compressions),
    )


def _texts(files: Files) -> dict[bytes, bytes]:
    """Live path → content, of what was kept."""
    names = defaultdict(list)
    for row, body in files.body.items():
        names[body].append(row)
    return {
        files.path(name): content
        for row, content in files.texts.items()
        for name in (row, *names.get(row, ()))
        if files.shown[name] and files.fate[row] == Fate.LIVE
    }


def _rows_of_packages(owned: Ownership) -> Mapping[tuple[str, str], list[int]]:
    """(manager, name) → rows, of the system's packages; there may be several of one name."""
    rows: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, theirs in owned.rows_by_package(owned.system).items():
        package = owned.packages[index]
        rows[package.manager, package.name] += theirs
    return rows


def _queries(
    image: Image,
    files: Files,
    view: View,
    catalog: Catalog,
    owned: Ownership,
    theirs: bytes,
    graph: Graph,
    facts: Facts,
    compressions: Sequence[str],
) -> dict[str, Query]:
    """Every computed selection by name."""
    return {
        "layer.rewritten": partial(layers.dead, files, Fate.REWRITTEN),
        "layer.metadata_only": partial(layers.dead, files, Fate.METADATA_ONLY),
        "layer.deleted": partial(layers.dead, files, Fate.DELETED),
        "layer.duplicate_entry": partial(layers.dead, files, Fate.DUPLICATE_ENTRY),
        "layer.orphan": partial(layers.dead, files, Fate.ORPHAN),
        "layer.many_small": partial(layers.many_small, files),
        "layer.uncompressed": partial(layers.uncompressed, files, compressions),
        "layer.whole_copy": partial(layers.whole_copies, files, image.history),
        "archive.extracted": partial(archives.extracted, view, facts, theirs),
        "java.nested_duplicate_jars": partial(archives.nested_jars, view, facts, theirs),
        "runtime.twice": partial(twice.twice, view, facts, graph, owned, theirs),
        "versions.several": partial(versions.several, view, facts, owned, theirs),
        "unowned.system": partial(unowned.system, view, facts, owned),
        "model.second_format": partial(models.second_format, view),
        "model.unreferenced": partial(models.unreferenced, view),
        "node.types": partial(installed.type_declarations, files, owned),
        "content.duplicates": partial(contents.duplicates, files),
        "content.precompressed": partial(contents.precompressed, view),
        "node.maps_beside": partial(contents.source_maps, view),
        "python.pyc_twice": partial(contents.compiled_twice, view),
        "python.tests": partial(contents.python_tests, view),
        "python.unused_venv": partial(runtimes.unused_environments, view, facts),
        "secret.content": partial(secrets.private_keys, files),
        "secret.assigned": partial(secrets.assigned, files),
        "secret.declared": partial(secrets.declared, image.config, image.history),
        "elf.debug": partial(binaries.debug_sections, files),
        "elf.symtab": partial(binaries.symbol_tables, files),
        "otp.beam_chunks": partial(binaries.beam_chunks, files),
        "otp.erts_twice": partial(runtimes.erts_twice, view, facts),
        "phoenix.old_digests": partial(assets.old_digests, view),
        "npm.dev": partial(installed.development_only, owned, "node"),
        "composer.dev": partial(installed.development_only, owned, "composer"),
        "node.nested_duplicates": partial(installed.nested_duplicates, owned),
        "otp.not_in_rel": partial(installed.not_in_releases, owned, catalog.releases),
        "otp.old_versions": partial(installed.old_versions, owned, catalog.releases),
        "dpkg.recommends_only": partial(installed.weak, graph, owned, "dpkg"),
        "rpm.weak_only": partial(installed.weak, graph, owned, "rpm"),
        "dpkg.dev": partial(installed.development, graph, owned),
        "dpkg.unneeded_tools": partial(installed.unneeded_tools, graph, owned, facts),
        "apk.virtual_left": partial(installed.virtual_left, graph, owned),
    }
