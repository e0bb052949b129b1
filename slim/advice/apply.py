"""Rules × image → what they select and claim: facts, selections, suppressions, claims [pure].

`survey` finds out what rules can ask about an image, `apply` asks for them; what the advice is, and why a
rule says nothing, both follow from the two.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from slim.advice.claim import Claim, claim, claim_last
from slim.advice.doubt import doubt
from slim.advice.facts.evaluate import evaluate, prepare
from slim.advice.facts.gather import Facts, gather
from slim.advice.facts.paths import View, view_of
from slim.advice.glob import NONE_PARSED
from slim.advice.glob_syntax import Choices
from slim.advice.ignore import LABEL, Ignore, idle, parse_label
from slim.advice.match import Query, disk_of, match
from slim.advice.never import Protected
from slim.advice.packages.catalog import Catalog, read_catalog
from slim.advice.packages.graph import Graph, link
from slim.advice.packages.model import SYSTEM
from slim.advice.packages.owners import NOBODY, Ownership, own
from slim.advice.queries import (
    archives,
    assets,
    binaries,
    contents,
    installed,
    layers,
    models,
    runtimes,
    secrets,
    twice,
    unowned,
    versions,
)
from slim.advice.rebuild.model import Given, Rebuild
from slim.advice.rebuild.rebuild import rebuild
from slim.advice.remainder import NOT_KEPT, not_kept
from slim.advice.removal import removals
from slim.advice.rule import Rule
from slim.advice.suppress import Parted, suppress
from slim.files.ledger import Ledger
from slim.files.table import Fate, Files
from slim.image.model import History, Image


class Ground(Struct, frozen=True):
    """What rules can ask about one image."""

    image: Image
    files: Files
    ledger: Ledger
    base_layers: int
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


class Applied(Struct, frozen=True):
    """What rules select and claim in one image."""

    parted: tuple[Parted, ...]
    claims: tuple[Claim, ...]
    """One for each of `parted`."""
    ignores: tuple[Ignore, ...]
    """What `parted` refers to."""
    idle_ignores: tuple[tuple[str, str], ...]
    """(id, text) of warnings: suppressions that do nothing."""
    rebuild: Rebuild | None
    """The image that a multi-stage build would make, where that is the answer."""
    queries: Mapping[str, Query]
    """What rules can ask about it; nothing where there is none."""


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
    theirs = _system_owned(owned)
    return Ground(
        image,
        files,
        ledger,
        base_layers,
        view,
        catalog,
        owned,
        facts,
        graph,
        _rows_of_packages(owned),
        theirs,
        _queries(image, files, view, catalog, owned, theirs, graph, facts, compressions),
    )


def apply(
    ground: Ground,
    rules: Sequence[Rule],
    never: Sequence[Protected],
    *,
    ignores: Sequence[Ignore] = (),
    obey_label: bool = True,
    today: date = date.max,
    parsed: Mapping[str, Choices] = NONE_PARSED,
) -> Applied:
    """Apply rules, of whose globs some are `parsed`. What `ignores` and, with `obey_label`, the image's
    label name claims nothing, unless they have expired by `today`."""
    files, facts = ground.files, ground.facts
    in_label = ground.image.config.labels.get(LABEL, "") if obey_label else ""
    more, faults = parse_label(in_label)
    ignores = (*ignores, *more)
    listening = [rule for rule in rules if _listens(rule, facts)]
    if any(layer.toc for layer in ground.image.layers):
        listening = doubt(listening)
    wanted = [one for rule in listening for one in rule.when]
    prepared = prepare(wanted, facts, ground.view, ground.catalog.packages)
    applying = [rule for rule in listening if evaluate(rule.when, prepared).holds]
    selections = match(
        files,
        [rule for rule in applying if rule.query != NOT_KEPT],
        variables=facts.variables,
        never=never,
        owned=ground.system_owned,
        packages=ground.packages,
        queries=ground.queries,
        parsed=parsed,
    )
    parted = suppress(files, selections, ignores, today)
    claiming = [one.ignore is None and _claims(one.selection.rule, facts) for one in parted]
    whole = removals(
        ground.view,
        facts,
        ground.graph,
        ground.owned,
        [one.selection for one in parted],
        claiming=claiming,
        base_layers=ground.base_layers,
        never=never,
    )
    claims = claim(files, whole, claiming=claiming, base_layers=ground.base_layers)
    made = rebuild(_given(ground, claims), disk_of(files))
    late: dict[str, Query] = {}
    if made is not None:
        late[NOT_KEPT] = partial(
            not_kept,
            ground.view,
            ground.owned,
            made,
            parted,
            claims,
            never,
            base_layers=ground.base_layers,
        )
    last = match(
        files,
        [_no_surer(rule, made) for rule in applying if rule.query == NOT_KEPT],
        variables=facts.variables,
        never=never,
        owned=ground.system_owned,
        packages=ground.packages,
        queries=late,
    )
    rest = suppress(files, last, ignores, today)
    claims = claim_last(
        files,
        claims,
        [one.selection for one in rest],
        claiming=[one.ignore is None and _claims(one.selection.rule, facts) for one in rest],
        base_layers=ground.base_layers,
    )
    parted = (*parted, *rest)
    taken = {one.ignore for one in parted if one.ignore is not None}
    names = {name for rule in rules for name in (rule.id, rule.slug)}
    return Applied(
        parted,
        claims,
        ignores,
        (
            *(("ignore-invalid", text) for text in faults),
            *idle(ignores, taken, names, today),
        ),
        made,
        late,
    )


def _no_surer(rule: Rule, made: Rebuild | None) -> Rule:
    """The rule as sure as the rebuild that it speaks of."""
    return replace(rule, confidence="possible") if made is not None and made.guesses else rule


def _given(ground: Ground, claims: Sequence[Claim]) -> Given:
    """What a rebuild is computed from."""
    layers = ground.image.layers
    return Given(
        ground.image.config,
        tuple(layer.history or History() for layer in layers),
        ground.view,
        ground.ledger.pull,
        ground.ledger.layers,
        ground.base_layers,
        ground.facts,
        ground.owned,
        ground.graph,
        {row: one.selection.rule.category for one in claims for row in one.claimed},
    )


def _claims(rule: Rule, facts: Facts) -> bool:
    return rule.roles.of(facts.role.name) == "on" and rule.category != "secret"


def _listens(rule: Rule, facts: Facts) -> bool:
    return rule.audience == "default" and rule.roles.of(facts.role.name) != "off"


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


def _system_owned(owned: Ownership) -> bytes:
    # `NOBODY` is the index of the last entry.
    system = [*(package.manager in SYSTEM for package in owned.packages), False]
    return bytes(map(system.__getitem__, owned.owner))


def _rows_of_packages(owned: Ownership) -> Mapping[tuple[str, str], list[int]]:
    """(manager, name) → rows, of the system's packages."""
    rows: dict[tuple[str, str], list[int]] = defaultdict(list)
    keys = [(package.manager, package.name) for package in owned.packages]
    for row, owner in enumerate(owned.owner):
        if owner != NOBODY and keys[owner][0] in SYSTEM:
            rows[keys[owner]].append(row)
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
