"""The words that rules may use: what the ecosystems know, and queries that are about any image."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from slim.advice.queries import archives, contents, layers, secrets, twice, unowned, versions
from slim.ecosystems import ECOSYSTEMS, FACTS
from slim.ecosystems.model import Query
from slim.files.table import Fate
from slim.rules.vocabulary import Vocabulary

RUNNER = "rebuild.runner"
NOT_KEPT = "rebuild.not_kept"
ABOUT_REBUILD = (RUNNER, NOT_KEPT)
"""Computed selections that rest on the proposed rebuild, in the order in which they claim."""
"""The query of rules about what a rebuild leaves out: asked once all other rules have claimed theirs."""
QUERIES: Mapping[str, Query] = {
    "layer.rewritten": partial(layers.dead, fate=Fate.REWRITTEN),
    "layer.metadata_only": partial(layers.dead, fate=Fate.METADATA_ONLY),
    "layer.package_state": layers.package_state,
    "layer.deleted": partial(layers.dead, fate=Fate.DELETED),
    "layer.duplicate_entry": partial(layers.dead, fate=Fate.DUPLICATE_ENTRY),
    "layer.orphan": partial(layers.dead, fate=Fate.ORPHAN),
    "layer.many_small": layers.many_small,
    "layer.uncompressed": layers.uncompressed,
    "layer.whole_copy": layers.whole_copies,
    "archive.extracted": archives.extracted,
    "runtime.twice": twice.twice,
    "versions.several": versions.several,
    "unowned.system": unowned.system,
    "content.duplicates": contents.duplicates,
    "content.precompressed": contents.precompressed,
    "secret.content": secrets.private_keys,
    "secret.assigned": secrets.assigned,
    "secret.declared": secrets.declared,
    **{name: query for ecosystem in ECOSYSTEMS for name, query in ecosystem.queries.items()},
}
"""Every computed selection but those of `ABOUT_REBUILD`."""
VOCABULARY = Vocabulary(
    facts=FACTS,
    queries=frozenset((*QUERIES, *ABOUT_REBUILD)),
    samples={
        variable.name: variable.samples
        for ecosystem in ECOSYSTEMS
        for variable in ecosystem.variables
    },
)
