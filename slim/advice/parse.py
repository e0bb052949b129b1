"""One TOML text becomes a pack: fields, types and words are checked, rule by rule.

What concerns examples, other rules and other files is checked afterwards, by `checks`. Pure.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from typing import get_args

from slim.advice.faults import Fault, Positions, Table
from slim.advice.fields import Fields
from slim.advice.predicate import Predicate, PredicateError, parse_predicate
from slim.advice.rule import (
    QUERIES,
    Audience,
    Category,
    Confidence,
    Fix,
    Manager,
    Pack,
    Remove,
    RoleMode,
    Roles,
    Rule,
    Safety,
    State,
    Where,
)
from slim.advice.words import suggestion
from slim.units import parse_bytes

MAX_FILE_BYTES = 1 << 20
"""Longest rule file."""
MAX_LINE = 8192
"""Longest line, in characters: the TOML reader takes quadratic time over a dotted key, so keys stay short."""
MAX_RULES = 1000
"""Most rules of one file."""

PACK_KEYS = ("name", "prefix", "title")
RULE_KEYS = (
    "id", "slug", "title", "why", "category", "confidence", "safety", "audience", "roles", "when",
    "match", "packages", "manager", "query", "except", "except_packages", "state", "owned",
    "floor", "fix", "where", "remove", "breaks_when", "verify", "related", "sources", "hits",
    "misses",
)  # fmt: skip
ROLES = ("release", "builder", "dev", "base", "tool", "unknown")

_PACK_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", re.ASCII)
_PREFIX = re.compile(r"[A-Z][A-Z0-9]{2}", re.ASCII)
_ID = re.compile(r"[A-Z][A-Z0-9]{2}[0-9]{3}", re.ASCII)
_SLUG = re.compile(r"([a-z0-9-]+)/[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
_URL = re.compile(r"https?://[a-z0-9][a-z0-9.-]*\.[a-z]{2,}(/\S*)?", re.ASCII | re.IGNORECASE)
_REPO = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+([:#@/ ].*)?", re.ASCII)
_TOML_PLACE = re.compile(r" \(at line (\d+), column \d+\)$")


@dataclass(frozen=True, slots=True)
class Located:
    """A rule and where it stands; what `checks` needs to report a fault."""

    rule: Rule
    file: str
    positions: Positions
    table: Table

    def fault(self, text: str, key: str = "", value: str = "") -> Fault:
        """A fault of this rule at `key`, or at the item `value` of `key`."""
        line = self.positions.line(self.table, key, value)
        return Fault(self.file, line, self.rule.id, text)


@dataclass(frozen=True, slots=True)
class Parsed:
    """What came out of one file."""

    file: str
    pack: Pack | None
    """None when the file has no valid `[pack]` table."""
    rules: tuple[Located, ...]
    """The rules without faults."""
    faults: tuple[Fault, ...]


def read_toml(file: str, text: str) -> tuple[dict[str, object], list[Fault]]:
    """Parse within the limits; an empty document and the fault when that fails."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_FILE_BYTES:
        return {}, [Fault(file, 0, "", f"{size:,} bytes, the limit is {MAX_FILE_BYTES:,}")]
    for number, content in enumerate(text.split("\n"), 1):
        if len(content) > MAX_LINE:
            reason = f"the line has {len(content):,} characters, the limit is {MAX_LINE:,}"
            return {}, [Fault(file, number, "", reason)]
    try:
        return tomllib.loads(text), []
    except RecursionError:
        return {}, [Fault(file, 0, "", "not TOML that can be read: nested too deeply")]
    except ValueError as error:  # TOMLDecodeError, and numbers of too many digits
        message = str(error)
        place = _TOML_PLACE.search(message)
        line = int(place[1]) if place else 0
        return {}, [Fault(file, line, "", f"not TOML: {_TOML_PLACE.sub('', message)}")]


def parse_pack(file: str, text: str, snippets: Collection[str]) -> Parsed:
    """Read one file. `file` is its name, for messages; its stem is the pack's name."""
    document, faults = read_toml(file, text)
    if faults:
        return Parsed(file, None, (), tuple(faults))
    positions = Positions(text)
    header = _Reader(file, positions, faults).pack(document)
    tables = document.get("rule", [])
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        faults.append(Fault(file, 0, "", "write each rule as a table `[[rule]]`"))
        tables = []
    if len(tables) > MAX_RULES:
        faults.append(Fault(file, 0, "", f"{len(tables):,} rules, the limit is {MAX_RULES:,}"))
        tables = tables[:MAX_RULES]
    rules: list[Located] = []
    for index, values in enumerate(tables):
        table = positions.table("rule", index)
        before = len(faults)
        name = values.get("id")
        name = name if isinstance(name, str) and _ID.fullmatch(name) else f"rule {index + 1}"
        rule = _Reader(file, positions, faults, table, name).rule(values, snippets)
        _check_names(rule, header, file, positions.line(table, "id"), faults)
        if len(faults) == before:
            rules.append(Located(rule, file, positions, table))
    pack = None
    if header is not None:
        content = json.dumps(document, sort_keys=True, ensure_ascii=True, default=str)
        digest = "sha256:" + hashlib.sha256(content.encode()).hexdigest()
        name, prefix, title = header
        pack = Pack(name, prefix, title, tuple(one.rule for one in rules), digest)
    return Parsed(file, pack, tuple(rules), tuple(faults))


_Header = tuple[str, tuple[str, ...], str]
"""Name, prefixes and title of a pack."""


def _check_names(
    rule: Rule, header: _Header | None, file: str, line: int, faults: list[Fault]
) -> None:
    if header is None or not rule.id:
        return
    name, prefix, _ = header
    if rule.id[:3] not in prefix:
        owned = ", ".join(prefix)
        faults.append(Fault(file, line, rule.id, f"the prefix is not the pack's: it owns {owned}"))
    if rule.slug and rule.slug.partition("/")[0] != name:
        reason = f"the slug must begin with the pack's name: `{name}/…`"
        faults.append(Fault(file, line, rule.id, reason))


class _Reader:
    """Reads the tables of one file and appends what is wrong to `faults`."""

    def __init__(
        self,
        file: str,
        positions: Positions,
        faults: list[Fault],
        table: Table | None = None,
        rule: str = "",
    ) -> None:
        self._file = file
        self._positions = positions
        self._faults = faults
        self._table = table or positions.table("pack")
        self._rule = rule

    def _note(self, text: str, key: str, value: str) -> None:
        line = self._positions.line(self._table, key, value)
        self._faults.append(Fault(self._file, line, self._rule, text))

    def pack(self, document: dict[str, object]) -> _Header | None:
        """The `[pack]` table, or None when there is something wrong with it."""
        before = len(self._faults)
        for key in document:
            if key not in ("pack", "rule"):
                hint = suggestion(key, ("pack", "rule"))
                self._note(f"unknown table `{key[:64]}`{hint}", "", "")
        values = document.get("pack")
        if not isinstance(values, dict):
            self._note("the table `[pack]` with name, prefix and title is missing", "", "")
            return None
        fields = Fields(values, self._note)
        fields.unknown(PACK_KEYS)
        name = fields.text("name", required=True)
        prefix = fields.texts("prefix", required=True)
        title = fields.text("title", required=True)
        if name and not _PACK_NAME.fullmatch(name):
            fields.note("`name` is lower-case words joined by hyphens", "name", "")
        stem = self._file.rpartition("/")[2].removesuffix(".toml")
        if name and name != stem:
            fields.note(f"`name` must be the file's name: `{stem}`", "name", "")
        if not prefix and fields.has("prefix"):
            fields.note('`prefix` needs at least one prefix, as ["ELX"]', "prefix", "")
        for one in prefix:
            if not _PREFIX.fullmatch(one):
                reason = f"the prefix {one!r} must be three capitals (digits after the first)"
                fields.note(reason, "prefix", "")
        return (name, prefix, title) if len(self._faults) == before else None

    def rule(self, values: dict[str, object], snippets: Collection[str]) -> Rule:
        """One `[[rule]]` table; meaningless when a fault was noted."""
        fields = Fields(values, self._note)
        fields.unknown(RULE_KEYS)
        rule = Rule(
            id=self._named(fields, "id", _ID, "three capitals and three digits, as ELX009"),
            slug=self._named(fields, "slug", _SLUG, "`pack/noun-phrase` in lower case"),
            title=fields.text("title", required=True),
            why=fields.text("why", required=True, multiline=True),
            category=fields.choice("category", get_args(Category)),
            confidence=fields.choice("confidence", get_args(Confidence)),
            safety=fields.choice("safety", get_args(Safety)),
            audience=fields.choice("audience", get_args(Audience), "default"),
            roles=self._roles(fields),
            when=self._when(fields),
            match=fields.globs("match"),
            packages=fields.text_globs("packages"),
            manager=fields.choice("manager", get_args(Manager), "any"),
            query=self._query(fields),
            except_paths=fields.globs("except"),
            except_packages=fields.text_globs("except_packages"),
            state=fields.choice("state", get_args(State), "live"),
            owned=fields.flag("owned"),
            floor=self._floor(fields),
            fix=self._fix(fields, snippets),
            where=fields.choice("where", get_args(Where)),
            remove=fields.choice("remove", get_args(Remove), "delete"),
            breaks_when=fields.prose("breaks_when", required=True),
            verify=fields.text("verify") or None,
            related=self._related(fields),
            sources=fields.texts("sources", required=True),
            hits=fields.texts("hits"),
            misses=fields.texts("misses"),
        )
        self._check_selection(fields)
        self._check_prose(fields, rule)
        return rule

    def _named(self, fields: Fields, key: str, form: re.Pattern[str], what: str) -> str:
        value = fields.text(key, required=True)
        if value and not form.fullmatch(value):
            fields.note(f"`{key}` is {value[:64]!r} and must be {what}", key, "")
            return ""
        return value

    def _roles(self, fields: Fields) -> Roles:
        value = fields.raw("roles")
        if value is None:
            return Roles()
        if not isinstance(value, dict):
            fields.note('`roles` must be a table, as { dev = "off" }', "roles", "")
            return Roles()
        inner = Fields(value, lambda text, _key, near: fields.note(f"roles: {text}", "roles", near))
        inner.unknown(ROLES)
        modes = get_args(RoleMode)
        standard = Roles()
        return Roles(
            release=inner.choice("release", modes, standard.release),
            builder=inner.choice("builder", modes, standard.builder),
            dev=inner.choice("dev", modes, standard.dev),
            base=inner.choice("base", modes, standard.base),
            tool=inner.choice("tool", modes, standard.tool),
            unknown=inner.choice("unknown", modes, standard.unknown),
        )

    def _when(self, fields: Fields) -> tuple[Predicate, ...]:
        value = fields.raw("when")
        if value is None:
            return ()
        if not isinstance(value, list):
            fields.note("`when` must be a list of predicates", "when", "")
            return ()
        predicates: list[Predicate] = []
        for one in value:
            try:
                predicates.append(parse_predicate(one))
            except PredicateError as error:
                fields.note(f"`when`: {error}", "when", error.near)
        return tuple(predicates)

    def _query(self, fields: Fields) -> str | None:
        query = fields.text("query")
        if query and query not in QUERIES:
            hint = suggestion(query, QUERIES) or "; rules/FORMAT.md lists them"
            fields.note(f"no query `{query[:64]}`{hint}", "query", "")
        return query or None

    def _floor(self, fields: Fields) -> int:
        text = fields.text("floor")
        try:
            return parse_bytes(text) if text else 0
        except ValueError as error:
            fields.note(f"`floor`: {error}", "floor", "")
            return 0

    def _fix(self, fields: Fields, snippets: Collection[str]) -> Fix:
        value = fields.raw("fix")
        if not isinstance(value, dict):
            reason = '`fix` must be a table, as { text = "…", snippet = "name" }'
            fields.note(reason if fields.has("fix") else f"`fix` is missing: {reason}", "fix", "")
            return Fix("")
        inner = Fields(value, lambda text, _key, near: fields.note(f"fix: {text}", "fix", near))
        inner.unknown(("text", "snippet"))
        snippet = inner.text("snippet") or None
        if snippet is not None and snippet not in snippets:
            hint = suggestion(snippet, snippets)
            reason = f"there is no rules/snippets/{snippet[:64]}.Dockerfile{hint}"
            fields.note(f"fix: {reason}", "fix", "")
        return Fix(inner.text("text", required=True, multiline=True), snippet)

    def _related(self, fields: Fields) -> tuple[tuple[str, str], ...]:
        value = fields.raw("related")
        if value is None:
            return ()
        if not isinstance(value, dict):
            fields.note('`related` must be a table, as { hadolint = "DL3009" }', "related", "")
            return ()
        pairs: list[tuple[str, str]] = []
        for tool, ids in value.items():
            for one in ids if isinstance(ids, list) else [ids]:
                if isinstance(one, str) and one.strip():
                    fields.check_text("related", one)
                    pairs.append((tool, one))
                else:
                    reason = f"`related`: the id of {tool[:64]} must be a text, or a list of texts"
                    fields.note(reason, "related", "")
        return tuple(sorted(pairs))

    def _check_selection(self, fields: Fields) -> None:
        given = [key for key in ("match", "packages", "query") if fields.has(key)]
        if not given:
            fields.note("needs one of `match`, `packages` and `query`", "", "")
        elif len(given) > 1 and given != ["match", "query"]:
            reason = f"has {' and '.join(given)}: one only, except `match` beside `query`"
            fields.note(f"{reason}; write two rules", given[1], "")
        for key in ("match", "packages"):
            if fields.raw(key) == []:
                fields.note(f"`{key}` is empty", key, "")
        if fields.has("match") or fields.has("packages"):
            for key in ("hits", "misses"):
                if not fields.raw(key):
                    fields.note(f"`{key}` needs at least one example", key, "")
        if fields.has("manager") and not (fields.has("packages") or fields.has("query")):
            fields.note("`manager` says nothing without `packages`", "manager", "")

    def _check_prose(self, fields: Fields, rule: Rule) -> None:
        if rule.title.endswith("."):
            fields.note("`title` has no full stop at its end", "title", "")
        surely_safe = rule.confidence == "certain" and rule.safety == "safe"
        if fields.raw("breaks_when") == [] and not surely_safe:
            reason = "may be empty only if confidence is certain and safety is safe"
            fields.note(f"`breaks_when` {reason}: say when the fix breaks something",
                        "breaks_when", "")  # fmt: skip
        if fields.raw("sources") == []:
            fields.note("`sources` needs at least one", "sources", "")
        for source in rule.sources:
            if not (_URL.fullmatch(source) or _REPO.fullmatch(source)) or not source.isprintable():
                reason = f"the source {source[:80]!r} is neither a URL nor `owner/repo: path`"
                fields.note(reason, "sources", source)
