"""Everything that rules can ask about an image: its files, packages, facts and computed queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial

from msgspec import Struct

from slim.advice.vocabulary import QUERIES
from slim.ecosystems import KNOWLEDGE
from slim.ecosystems.catalog import Catalog, read_catalog
from slim.ecosystems.model import Subject
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
    gpus: Sequence[int] = (),
) -> ImageFacts:
    """Gather packages, their owners, facts and queries.

    Args:
        base_layers: how many layers are the base image's.
        role: overrides the detected role.
        compressions: the compression of each layer; empty if the image's form says nothing about how a
            registry stores it.
        gpus: architectures of the GPUs that it is for; empty if the user does not say.
    """
    view = view_of(files)
    contents = _texts(files)
    catalog = read_catalog(contents)
    owned = own(files, catalog.packages, ledger.pull)
    facts = gather(
        image.config,
        image.history,
        view,
        catalog.packages,
        knowledge=KNOWLEDGE,
        role_override=role,
        names=image.names,
    )
    graph = link(catalog.packages)
    theirs = owned.mask_of(owned.system)
    subject = Subject(image, files, view, contents, owned, theirs, graph, facts, compressions, gpus)
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
        {name: partial(query, subject) for name, query in QUERIES.items()},
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
    for index in sorted(owned.system & owned.by_package.keys()):
        package = owned.packages[index]
        rows[package.manager, package.name] += owned.by_package[index]
    return rows
