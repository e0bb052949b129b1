"""From the rules to the advice, on one page: match → suppress → claim → findings.

    match      which files each rule points at
    suppress   what the user does not want to hear about
    removals   which packages go along when one is uninstalled
    claim      every byte belongs to one rule, and only if the fix really frees it
    findings   what the claims come to, in bytes, layers and severity

Rules about a multi-stage build follow in a second round, since what such a build leaves out depends on
the claims of all other rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from itertools import compress

from msgspec import Struct
from msgspec.structs import replace

from slim.advice.applicable import applicable_rules
from slim.advice.claim import Claim, claim, claim_last
from slim.advice.enabled import enabled_settings
from slim.advice.findings import Amount, Finding, amount_of, findings_of, reclaimed
from slim.advice.image_facts import ImageFacts
from slim.advice.not_kept import left_over, not_kept, of_runner
from slim.advice.removal import removals
from slim.advice.suppress import suppress
from slim.advice.suppression import LABEL, Suppression, parse_label, unused
from slim.advice.vocabulary import ABOUT_REBUILD, NOT_KEPT, RUNNER
from slim.ecosystems import BUILDING, RECIPES, SOURCES
from slim.facts.gather import run_rows
from slim.files.gone import Gone
from slim.files.table import Fate, both, mask, picked
from slim.image.model import History
from slim.rebuild.model import Given, Rebuild
from slim.rebuild.rebuild import rebuild
from slim.rebuild.stacks import recipe_for
from slim.rebuild.trees import below_any
from slim.rules.match import Query, above_floor, match
from slim.rules.protected import Protected
from slim.rules.rule import Rule

_OTHER_START = (
    "the container is still started with its present command: the rebuilt image starts the application"
    " with the command of its Dockerfile, and leaves out what the present one needs besides"
)
_WITHOUT_STAGES = ("same-layer", "dockerignore")
_WRITTEN_AGAIN = (b"var/cache/debconf", b"var/lib/dpkg", b"var/backups", b"var/log")
"""Where apt and dpkg write something with whatever they install …"""
_OF_PACKAGES = (b"var/lib/dpkg/info",)
"""… but for what belongs to single packages."""


class Advice(Struct, frozen=True):
    """What to change in an image, how many bytes that saves, and what the advice rests on."""

    image: ImageFacts
    findings: tuple[Finding, ...]
    """Largest claim first."""
    claims: tuple[Claim, ...]
    """Each match with the bytes that it claims."""
    reclaimable: Amount
    """The union of all claims."""
    safe: Amount
    """The part of it whose fix is `safe`."""
    base: Amount
    """The union of what rules point at in the base image: only another base leaves it out."""
    reclaimed: tuple[Gone, ...]
    """The bytes that the advice would free; why is the rule that claims the files as a whole."""
    rebuild: Rebuild | None
    """The image that a multi-stage build would make, where one is proposed."""
    suppressions: tuple[Suppression, ...]
    """What `Finding.suppressed_by` counts: the user's, then those of the image's label."""
    warnings: tuple[tuple[str, str], ...]
    """(id, text) for suppressions that are invalid or have no effect."""
    queries: Mapping[str, Query]
    """Every query that rules could use, the one about a rebuild included."""


def advise(
    image: ImageFacts,
    rules: Sequence[Rule],
    protected: Sequence[Protected],
    *,
    suppressions: Sequence[Suppression] = (),
    obey_label: bool = True,
    today: date = date.max,
) -> Advice:
    """Apply `rules` to an image.

    Args:
        protected: paths and packages that no rule may claim.
        suppressions: findings that claim nothing; more may stand in the image's label.
        obey_label: whether that label counts; for secrets it never does.
        today: suppressions that expired before this day have no effect.
    """
    files, pull, role = image.files, image.ledger.pull, image.facts.role.name
    in_label, label_faults = _label_suppressions(image) if obey_label else ((), ())
    secret = {name for rule in rules if rule.category == "secret" for name in (rule.id, rule.slug)}
    label_faults += tuple(
        f"the label {LABEL} names {each.rule}: no label silences secrets"
        for each in in_label
        if each.rule in secret
    )
    suppressions = (*suppressions, *(each for each in in_label if each.rule not in secret))
    applicable = applicable_rules(image, rules)
    find = partial(
        match,
        image.view,
        variables=image.facts.variables,
        protected=protected,
        owned=image.system_owned,
        packages=image.packages,
    )

    matches = find(
        [rule for rule in applicable if rule.query not in ABOUT_REBUILD], queries=image.queries
    )
    matches = above_floor(files, matches, image.disk)
    matches = suppress(files, matches, suppressions, today)
    matches = removals(image, matches, protected)
    runs = {files.body.get(row, row) for row in run_rows(image.view, image.facts)}
    enabled = enabled_settings(image)
    claims = claim(files, matches, role=role, base_layers=image.base_layers, runs=runs | enabled)

    proposed = _rebuild(image, claims)
    queries = dict(image.queries)
    if proposed is not None:
        left = left_over(image, proposed, claims, protected, enabled)
        queries[NOT_KEPT] = partial(not_kept, image, proposed, claims, left)
        queries[RUNNER] = partial(of_runner, image, proposed, left)
    about_rebuild = [
        _no_surer_than(proposed, rule)
        for query in ABOUT_REBUILD
        for rule in applicable
        if rule.query == query
    ]
    matches = above_floor(files, find(about_rebuild, queries=queries), image.disk)
    matches = suppress(files, matches, suppressions, today)
    claims = claim_last(files, claims, matches, role=role, base_layers=image.base_layers)

    findings = findings_of(
        files,
        pull,
        claims,
        disk_bytes=image.disk,
        stays=_in_rebuild(image, proposed) if proposed else None,
    )
    in_base = set[int]().union(*(each.base_rows for each in claims if each.counts))
    used = {each.match.suppressed_by for each in claims} - {None}
    names = {name for rule in rules for name in (rule.id, rule.slug)}
    return Advice(
        image=image,
        findings=findings,
        claims=claims,
        reclaimable=sum((each.claimed for each in findings), Amount()),
        safe=sum((each.claimed for each in findings if each.rule.safety == "safe"), Amount()),
        base=amount_of(files, pull, sorted(in_base)),
        reclaimed=reclaimed(files, pull, claims),
        rebuild=proposed,
        suppressions=suppressions,
        warnings=(
            *(("ignore-invalid", text) for text in label_faults),
            *unused(suppressions, used, names, today),
        ),
        queries=queries,
    )


def _label_suppressions(image: ImageFacts) -> tuple[tuple[Suppression, ...], tuple[str, ...]]:
    return parse_label(image.source.config.labels.get(LABEL, ""))


def _rebuild(image: ImageFacts, claims: Sequence[Claim]) -> Rebuild | None:
    """The image that a multi-stage build would make; None if none is proposed."""
    recipe = recipe_for(RECIPES, image.facts, image.ledger.layers)
    if recipe is None:
        return None
    claimed = _by_row((each.claimed, each.match.rule.category) for each in claims)
    # A body goes only with all its names.
    claimed |= {
        name: claimed[body] for name, body in image.view.files.body.items() if body in claimed
    }
    given = Given(
        image.source.config,
        tuple(layer.history or History() for layer in image.source.layers),
        image.view,
        image.ledger.pull,
        image.ledger.layers,
        image.base_layers,
        image.facts,
        image.owned,
        image.graph,
        claimed,
        image.source.history,
        SOURCES,
        BUILDING,
    )
    result = rebuild(given, recipe, image.disk)
    return result if result is not None and _needs_stages(image, claims, result) else None


def _by_row(groups: Iterable[tuple[Iterable[int], str]]) -> dict[int, str]:
    """Row → the text of its group."""
    found: dict[int, str] = {}
    for rows, text in groups:
        found.update(dict.fromkeys(rows, text))
    return found


def _needs_stages(image: ImageFacts, claims: Sequence[Claim], proposed: Rebuild) -> bool:
    """Whether a tenth of what a rebuild saves does not go where it is made, or is kept out of the context:
    nobody needs another stage to delete lists of packages."""
    files = image.files
    local = set[int]().union(
        *(each.claimed for each in claims if each.match.rule.where in _WITHOUT_STAGES)
    )
    local = {row for row in local - proposed.rows if files.fate[row] == Fate.LIVE}
    saved = sum(layer.live_bytes for layer in image.ledger.layers) - proposed.disk
    return (saved - sum(map(files.size.__getitem__, local))) * 10 >= saved


def _in_rebuild(image: ImageFacts, proposed: Rebuild) -> frozenset[int]:
    """The bodies that the rebuilt image has as they are now, without what it strips from its programs;
    where packages are installed in it, what package managers write then is among them."""
    files, kept = image.files, proposed.rows.difference(proposed.stripped)
    if not proposed.packages:
        return kept
    written = below_any(image.view, _WRITTEN_AGAIN)
    of_packages = below_any(image.view, _OF_PACKAGES)
    inside = both(bytes(written), mask(of_packages, 0))
    chosen = both(files.live_bodies(), bytes(picked(inside, files.directory)))
    return kept.union(compress(range(len(files)), chosen))


def _no_surer_than(proposed: Rebuild | None, rule: Rule) -> Rule:
    """The rule; only `possible` if the proposed rebuild rests on guesses, and with a warning if that is
    started by another command."""
    if proposed is None:
        return rule
    if proposed.command:
        rule = replace(rule, breaks_when=(_OTHER_START, *rule.breaks_when))
    return replace(rule, confidence="possible") if proposed.guesses else rule
