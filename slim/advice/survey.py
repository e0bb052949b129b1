"""An image → what rules can ask about it: its files, packages, facts and computed selections [pure]."""

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


class Ground(Struct, frozen=True):
    """What rules can ask about one image."""

    image: Image
    files: Files
    ledger: Ledger
    base_layers: int
    disk: int
    """Bytes of all files of all layers: what a rule's `share` is a share of."""
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
    """Computed whenever one is called. Those of a rebuild come later: see `Applied`."""


def survey(
    image: Image,
    files: Files,
    ledger: Ledger,
    *,
    base_layers: int,
    role: str | None = None,
    compressions: Sequence[str] = (),
) -> Ground:
    """Gather facts, packages and owners. `role` overrides what the signs say; `compressions` has a word
    per layer, or none where the form of the image says nothing about how a registry stores it."""
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
    subject = Subject(image, files, view, contents, owned, theirs, graph, facts, compressions)
    return Ground(
        image,
        files,
        ledger,
        base_layers,
        sum(one.disk_bytes for one in ledger.layers),
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
    for index, theirs in owned.rows_by_package(owned.system).items():
        package = owned.packages[index]
        rows[package.manager, package.name] += theirs
    return rows
