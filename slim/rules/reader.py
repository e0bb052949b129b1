"""Reads one `[[rule]]` table: required fields, their types and words, and how they fit together."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import get_args

from msgspec import Struct

from slim.patterns import regex
from slim.rules.fields import MAX_ITEMS, Fields
from slim.rules.predicate import Predicate, PredicateError, parse_predicate
from slim.rules.rule import (
    Audience,
    Category,
    Confidence,
    Fix,
    Manager,
    Remove,
    RoleMode,
    Roles,
    Rule,
    Safety,
    State,
    Where,
)
from slim.rules.suggestions import suggestion
from slim.units import parse_bytes

RULE_KEYS = (
    "id", "slug", "title", "why", "category", "confidence", "safety", "audience", "roles", "when",
    "match", "packages", "manager", "query", "except", "except_packages", "state", "owned",
    "floor", "share", "fix", "where", "remove", "breaks_when", "verify", "related", "sources", "hits",
    "misses",
)  # fmt: skip
ROLE_KEYS = ("release", "builder", "dev", "base", "tool", "unknown")

RULE_ID = regex(r"[A-Z][A-Z0-9]{2}[0-9]{3}", re.ASCII)
_SLUG = regex(r"[a-z0-9-]+/[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
_URL = regex(r"https?://[a-z0-9][a-z0-9.-]*\.[a-z]{2,}(/\S*)?", re.ASCII | re.IGNORECASE)
_REPO = regex(r"[A-Za-z0-9][\w.-]*/[\w.-]+([:#@/ ].*)?", re.ASCII)


class Surroundings(Struct, frozen=True):
    """What a rule is checked against besides itself."""

    pack: str
    prefix: tuple[str, ...]
    snippets: Collection[str]


def read_rule(fields: Fields, around: Surroundings | None) -> Rule:
    """The rule of one table; fields at which a fault is noted hold defaults.

    `around` is None when the pack's own table is not valid: then names are not held against it.
    """
    fields.unknown(RULE_KEYS)
    rule = Rule(
        id=_named(fields, "id", RULE_ID, "three capitals and three digits, as ELX009"),
        slug=_named(fields, "slug", _SLUG, "`pack/noun-phrase` in lower case"),
        title=fields.text("title", required=True),
        why=fields.text("why", required=True, multiline=True),
        category=fields.choice("category", get_args(Category)),
        confidence=fields.choice("confidence", get_args(Confidence)),
        safety=fields.choice("safety", get_args(Safety)),
        audience=fields.choice("audience", get_args(Audience), "default"),
        roles=_roles(fields),
        when=_when(fields),
        match=fields.globs("match"),
        packages=fields.text_globs("packages"),
        manager=fields.choice("manager", get_args(Manager), "any"),
        query=_query(fields),
        except_paths=fields.globs("except"),
        except_packages=fields.text_globs("except_packages"),
        state=fields.choice("state", get_args(State), "live"),
        owned=fields.flag("owned"),
        floor=_floor(fields),
        share=_share(fields),
        fix=_fix(fields, around.snippets if around else None),
        where=fields.choice("where", get_args(Where)),
        remove=fields.choice("remove", get_args(Remove), "delete"),
        breaks_when=fields.prose("breaks_when", required=True),
        verify=fields.text("verify") or None,
        related=_related(fields),
        sources=fields.texts("sources", required=True),
        hits=fields.texts("hits"),
        misses=fields.texts("misses"),
    )
    if around is not None:
        _check_names(fields, rule, around)
    _check_selection(fields)
    _check_prose(fields, rule)
    return rule


def _named(fields: Fields, key: str, form: re.Pattern[str], what: str) -> str:
    value = fields.text(key, required=True)
    if value and not form.fullmatch(value):
        fields.note(f"`{key}` is {value[:64]!r} and must be {what}", key)
        return ""
    return value


def _roles(fields: Fields) -> Roles:
    value = fields.raw("roles")
    standard = Roles()
    if not isinstance(value, dict):
        if value is not None:
            fields.note('`roles` must be a table, as { dev = "off" }', "roles")
        return standard
    inner = fields.inner("roles", value)
    inner.unknown(ROLE_KEYS)
    modes = get_args(RoleMode)
    return Roles(
        release=inner.choice("release", modes, standard.release),
        builder=inner.choice("builder", modes, standard.builder),
        dev=inner.choice("dev", modes, standard.dev),
        base=inner.choice("base", modes, standard.base),
        tool=inner.choice("tool", modes, standard.tool),
        unknown=inner.choice("unknown", modes, standard.unknown),
    )


def _when(fields: Fields) -> tuple[Predicate, ...]:
    value = fields.raw("when")
    if not isinstance(value, list):
        if value is not None:
            fields.note("`when` must be a list of predicates", "when")
        return ()
    if len(value) > MAX_ITEMS:
        fields.note(f"`when` has {len(value)} items, the limit is {MAX_ITEMS}", "when")
        return ()
    predicates: list[Predicate] = []
    for predicate in value:
        try:
            predicates.append(parse_predicate(predicate, fields.vocabulary))
        except PredicateError as error:
            fields.note(f"`when`: {error}", "when", error.near)
    return tuple(predicates)


def _query(fields: Fields) -> str | None:
    query = fields.text("query")
    known = fields.vocabulary.queries
    if query and query not in known:
        hint = suggestion(query, known) or f"; there are {', '.join(sorted(known))}"
        fields.note(f"no query `{query[:64]}`{hint}", "query")
    return query or None


def _floor(fields: Fields) -> int:
    text = fields.text("floor")
    try:
        return parse_bytes(text) if text else 0
    except ValueError as error:
        fields.note(f"`floor`: {error}", "floor")
        return 0


def _share(fields: Fields) -> int:
    text = fields.text("share")
    number = text.removesuffix(" %")
    if text and not (
        number != text and number.isascii() and number.isdigit() and int(number) < 100
    ):
        fields.note(
            f'`share` is {text[:64]!r} and must be a whole number of percent, as "1 %"', "share"
        )
        return 0
    return int(number) if text else 0


def _fix(fields: Fields, snippets: Collection[str] | None) -> Fix:
    value = fields.raw("fix")
    if not isinstance(value, dict):
        what = "must be a table" if fields.has("fix") else "is missing: a table"
        fields.note(f'`fix` {what}, as {{ text = "…", snippet = "name" }}', "fix")
        return Fix("")
    inner = fields.inner("fix", value)
    inner.unknown(("text", "snippet", "for_copy", "for_run"))
    snippet = inner.text("snippet") or None
    if snippet is not None and snippets is not None and snippet not in snippets:
        hint = suggestion(snippet, snippets)
        inner.note(f"there is no snippet `{snippet[:64]}`{hint}", "snippet")
    return Fix(
        inner.text("text", required=True, multiline=True),
        snippet,
        inner.text("for_copy", multiline=True),
        inner.text("for_run", multiline=True),
    )


def _related(fields: Fields) -> tuple[tuple[str, str], ...]:
    value = fields.raw("related")
    if not isinstance(value, dict):
        if value is not None:
            fields.note('`related` must be a table, as { hadolint = "DL3009" }', "related")
        return ()
    pairs: list[tuple[str, str]] = []
    for tool, ids in value.items():
        for name in ids if isinstance(ids, list) else [ids]:
            if isinstance(name, str) and name.strip():
                fields.check_text("related", name)
                pairs.append((tool, name))
            else:
                reason = f"the id of {tool[:64]!r} must be a text, or a list of texts"
                fields.note(f"`related`: {reason}", "related")
    return tuple(sorted(pairs))


def _check_names(fields: Fields, rule: Rule, around: Surroundings) -> None:
    if rule.id and rule.id[:3] not in around.prefix:
        reason = f"the prefix of {rule.id} is not the pack's: it owns {', '.join(around.prefix)}"
        fields.note(reason, "id")
    if rule.slug and rule.slug.partition("/")[0] != around.pack:
        fields.note(f"`slug` must begin with the pack's name: `{around.pack}/…`", "slug")


def _check_selection(fields: Fields) -> None:
    given = [key for key in ("match", "packages", "query") if fields.has(key)]
    if not given:
        fields.note("needs one of `match`, `packages` and `query`")
    elif len(given) > 1 and given != ["match", "query"]:
        reason = f"has {' and '.join(given)}: one only, except `match` beside `query`"
        fields.note(f"{reason}; write two rules", given[1])
    for key in ("match", "packages"):
        if fields.raw(key) == []:
            fields.note(f"`{key}` is empty", key)
    selects_by_glob = fields.has("match") or fields.has("packages")
    for key in ("hits", "misses"):
        if selects_by_glob and not fields.raw(key):
            fields.note(f"`{key}` needs at least one example", key)
        elif given == ["query"] and fields.raw(key):
            fields.note(f"`{key}` cannot be tested for a query without `match`", key)
    if fields.has("manager") and given == ["match"]:
        fields.note("`manager` says nothing without `packages` or `query`", "manager")


def _check_prose(fields: Fields, rule: Rule) -> None:
    if rule.title.endswith("."):
        fields.note("`title` has no full stop at its end", "title")
    surely_safe = rule.confidence == "certain" and rule.safety == "safe"
    if fields.raw("breaks_when") == [] and not surely_safe:
        reason = "may be empty only with confidence certain and safety safe"
        fields.note(f"`breaks_when` {reason}: say when the fix breaks something", "breaks_when")
    if fields.raw("sources") == []:
        fields.note("`sources` needs at least one", "sources")
    for source in rule.sources:
        if not (_URL.fullmatch(source) or _REPO.fullmatch(source)) or not source.isprintable():
            reason = f"the source {source[:80]!r} is neither a URL nor `owner/repo: path`"
            fields.note(reason, "sources", source)
