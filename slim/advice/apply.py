"""Rules × image → what they select and claim: selections, suppressions, claims [pure].

What the advice is, and why a rule says nothing, both follow from that. The rules about a multi-stage rebuild
are asked in a second round: what it keeps depends on what all others claim.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from slim.advice.claim import Claim, claim, claim_last
from slim.advice.ignore import LABEL, Ignore, idle, parse_label
from slim.advice.removal import removals
from slim.advice.suppress import Parted, suppress
from slim.advice.survey import Ground
from slim.advice.vocabulary import NOT_KEPT
from slim.ecosystems import RECIPES
from slim.facts.evaluate import holds, prepare
from slim.facts.gather import Facts
from slim.image.model import History
from slim.rebuild.stacks import recipe_for
from slim.rules.glob import NONE_PARSED
from slim.rules.glob_syntax import Choices
from slim.rules.match import Query, match
from slim.rules.protected import Protected
from slim.rules.rule import Rule

if TYPE_CHECKING:
    from slim.rebuild.model import Rebuild


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
    files, facts, base_layers = ground.files, ground.facts, ground.base_layers
    in_label = ground.image.config.labels.get(LABEL, "") if obey_label else ""
    more, faults = parse_label(in_label)
    ignores = (*ignores, *more)
    applying = _applying(ground, rules)
    ask = partial(
        match,
        ground.view,
        disk=ground.disk,
        variables=facts.variables,
        never=never,
        owned=ground.system_owned,
        packages=ground.packages,
        parsed=parsed,
    )
    first = ask([one for one in applying if one.query != NOT_KEPT], queries=ground.queries)
    parted = suppress(files, first, ignores, today)
    claiming = _claiming(parted, facts)
    whole = removals(
        ground.view,
        facts,
        ground.graph,
        ground.owned,
        [one.selection for one in parted],
        claiming=claiming,
        base_layers=base_layers,
        never=never,
    )
    claims = claim(files, whole, claiming=claiming, base_layers=base_layers)
    made = _rebuild(ground, claims)
    late = _left_out(ground, made, parted, claims, never)
    last = ask([_no_surer(one, made) for one in applying if one.query == NOT_KEPT], queries=late)
    rest = suppress(files, last, ignores, today)
    claims = claim_last(
        files,
        claims,
        [one.selection for one in rest],
        claiming=_claiming(rest, facts),
        base_layers=base_layers,
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


def _applying(ground: Ground, rules: Sequence[Rule]) -> list[Rule]:
    """The rules that concern the image: for its role, and with all their conditions."""
    listening = [rule for rule in rules if _listens(rule, ground.facts)]
    if any(layer.toc for layer in ground.image.layers):
        from slim.advice.doubt import doubt

        listening = doubt(listening)
    wanted = [one for rule in listening for one in rule.when]
    prepared = prepare(wanted, ground.facts, ground.view, ground.catalog.packages)
    return [rule for rule in listening if holds(rule.when, prepared)]


def _left_out(
    ground: Ground,
    made: Rebuild | None,
    parted: Sequence[Parted],
    claims: Sequence[Claim],
    never: Sequence[Protected],
) -> dict[str, Query]:
    """What can be asked about a rebuild, where there is one."""
    if made is None:
        return {}
    from slim.advice.remainder import not_kept

    return {
        NOT_KEPT: partial(
            not_kept,
            ground.view,
            ground.owned,
            made,
            parted,
            claims,
            never,
            base_layers=ground.base_layers,
        )
    }


def _no_surer(rule: Rule, made: Rebuild | None) -> Rule:
    """The rule as sure as the rebuild that it speaks of."""
    return replace(rule, confidence="possible") if made is not None and made.guesses else rule


def _rebuild(ground: Ground, claims: Sequence[Claim]) -> Rebuild | None:
    """The image that a multi-stage build would make; None where that is not the answer."""
    recipe = recipe_for(RECIPES, ground.facts, ground.ledger.layers)
    if recipe is None:
        return None
    # What computes one is imported only for an image that may have one.
    from slim.rebuild.model import Given
    from slim.rebuild.rebuild import rebuild

    layers = ground.image.layers
    given = Given(
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
    return rebuild(given, recipe, ground.disk)


def _claiming(parted: Sequence[Parted], facts: Facts) -> list[bool]:
    """Of each part, whether it claims its bytes, or is a note."""
    return [one.ignore is None and _claims(one.selection.rule, facts) for one in parted]


def _claims(rule: Rule, facts: Facts) -> bool:
    return rule.roles.of(facts.role.name) == "on" and rule.category != "secret"


def _listens(rule: Rule, facts: Facts) -> bool:
    return rule.audience == "default" and rule.roles.of(facts.role.name) != "off"
