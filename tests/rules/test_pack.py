"""Loading packs: a valid rule reads as it is written, and every fault is found, with its line."""

from __future__ import annotations

import doctest
import time
from pathlib import Path
from types import ModuleType

import pytest

from slim.advice.vocabulary import VOCABULARY
from slim.rules import glob_syntax, variables
from slim.rules import suggestions as words
from slim.rules.faults import Fault, faulty_rules
from slim.rules.glob_syntax import GlobError, parse_text_glob
from slim.rules.pack import read_packs
from slim.rules.predicate import (
    AllOf,
    AnyOf,
    EnvIs,
    Fact,
    HasFile,
    HasPackage,
    HistoryHas,
    LabelIs,
    Not,
    PredicateError,
    Runs,
    parse_predicate,
)
from slim.rules.protected import Protected, parse_protected
from slim.rules.rule import Fix, Roles, rules_digest
from slim.rules.toml_text import Positions
from slim.rules.user_packs import lint
from slim.rules.variables import bind
from tests.conftest import LONG

PACK = """\
[pack]
name = "elixir"
prefix = ["ELX"]
title = "Elixir, Erlang, Phoenix"
"""

RULE = """
[[rule]]
id = "ELX009"
slug = "elixir/assets-node-modules"
title = "node_modules shipped with a Phoenix release"
why = "Assets are compiled at build time; a release never loads JavaScript packages."
category = "build-input"
confidence = "certain"
safety = "check"
roles = { unknown = "info", dev = "off" }
when = [ { fact = "elixir.release" }, { not = { fact = "node.server" } } ]
match = ["**/node_modules/**"]
except = [
  "usr/lib/node_modules/**",
  "usr/local/lib/node_modules/**",
]
floor = "256 KiB"
fix = { text = "Build assets in an earlier stage.", snippet = "phoenix-assets" }
where = "other-stage"
breaks_when = ["a Node server renders pages in this container"]
related = { hadolint = "DL3009", trivy = ["DS-0015", "DS-0019"] }
sources = ["https://hexdocs.pm/phoenix/releases.html", "phoenixframework/phoenix: lib/mix.ex"]
hits = ["app/assets/node_modules/esbuild/bin/esbuild"]
misses = ["usr/lib/node_modules/npm/package.json"]
"""

NEVER = (
    Protected("licences", "law", ("**/LICENSE",), (), True, ("app/node_modules/x/LICENSE",)),
    Protected("users", "login", ("etc/passwd",), (), False, ("etc/passwd",)),
    Protected("C library", "all", (), (parse_text_glob("libc6"),), False, ("libc6",)),
)


def faults_of(*texts: str, protected: tuple[Protected, ...] = NEVER) -> list[str]:
    sources = [(f"{pack_name(text)}.toml", text) for text in texts]
    return [
        str(f)
        for f in read_packs(sources, VOCABULARY, snippets={"phoenix-assets"}, protected=protected)[
            1
        ]
    ]


def pack_name(text: str) -> str:
    return text.partition('name = "')[2].partition('"')[0] or "elixir"


def changed(old: str, new: str) -> str:
    assert old in PACK + RULE
    return (PACK + RULE).replace(old, new, 1)


def line_of(text: str, piece: str) -> int:
    return text[: text.index(piece)].count("\n") + 1


def test_a_valid_rule_reads_as_written() -> None:
    ((pack,), _) = read_packs(
        [("elixir.toml", PACK + RULE)], VOCABULARY, snippets={"phoenix-assets"}, protected=NEVER
    )
    (rule,) = pack.rules
    assert (rule.id, rule.slug) == ("ELX009", "elixir/assets-node-modules")
    assert rule.roles == Roles(unknown="info")
    assert [rule.roles.of(role) for role in ("release", "builder", "dev", "unknown", "x")] == [
        "on", "info", "off", "info", "info",
    ]  # fmt: skip
    assert rule.when == (Fact("elixir.release"), Not(Fact("node.server")))
    assert rule.match == ("**/node_modules/**",)
    assert rule.except_paths[1] == "usr/local/lib/node_modules/**"
    assert rule.floor == 256 * 1024
    assert rule.fix == Fix("Build assets in an earlier stage.", "phoenix-assets")
    assert (rule.audience, rule.state, rule.owned, rule.remove) == (
        "default", "live", False, "delete",
    )  # fmt: skip
    assert rule.related == (("hadolint", "DL3009"), ("trivy", "DS-0015"), ("trivy", "DS-0019"))
    assert (rule.query, rule.verify) == (None, None)


@pytest.mark.parametrize(
    ("old", "new", "fault", "at"),
    [
        ("match =", "mach =", "unknown key `mach`: did you mean `match`?", "mach ="),
        ("match =", "mach =", "needs one of `match`, `packages` and `query`", "[[rule]]"),
        ('id = "ELX009"', 'id = "ELX9"', "three capitals and three digits", "id ="),
        ('id = "ELX009"', 'id = "NOD009"', "not the pack's: it owns ELX", "id ="),
        ("slug = ", "slig = ", "`slug` is missing", "[[rule]]"),
        ('"elixir/assets', '"node/assets', "must begin with the pack's name: `elixir/", "slug ="),
        ('"elixir/assets', '"Elixir/assets', "`pack/noun-phrase` in lower case", "slug ="),
        ("Phoenix release\"", "Phoenix release.\"", "no full stop", "title = \"node"),
        ("a release never", "a\\u001b[31m never", "control character", "why ="),
        ('"build-input"', '"build-inputs"', "did you mean `build-input`?", "category ="),
        ('confidence = "certain"', "", "`confidence` is missing", "[[rule]]"),
        ('safety = "check"', 'safety = "maybe"', "one of safe, check, risky", "safety ="),
        ('unknown = "info"', 'unknown = "note"', "`roles`: `unknown` must be one of", "roles ="),
        ('unknown = "info"', 'user = "info"', "`roles`: unknown key `user`", "roles ="),
        ('"elixir.release"', '"elixir.relase"', "did you mean `elixir.release`?", "when ="),
        ("{ not =", "{ nor =", "no predicate `nor`", "when ="),
        ('"**/node_modules/**"]', '"**/node_modules/"]', "end with `/**`", "match ="),
        ('"**/node_modules/**"]', '"{hoem}/**"]', "did you mean `home`?", "match ="),
        ('"**/node_modules/**"]', '"a", "a"]', "'a' twice", "match ="),
        ('"**/node_modules/**"]', "]", "`match` is empty", "match ="),
        ('"**/node_modules/**"]', "3]", "must be a list of texts", "match ="),
        ('"usr/local/lib/node_modules/**"', '"/usr/**"', "no leading slash", '"/usr/**"'),
        ('"256 KiB"', '"256 kilo"', "`floor`: invalid size '256 kilo'", "floor ="),
        ('"phoenix-assets"', '"phoenix-asets"', "did you mean `phoenix-assets`?", "fix = {"),
        ('text = "Build assets in an earlier stage."', 'text = ""', "not empty", "fix = {"),
        ('where = "other-stage"', 'where = "stage"', "must be one of same-layer", "where ="),
        ('["a Node server renders pages in this container"]', "[]", "may be empty only", "breaks"),
        ("https://hexdocs.pm/phoenix/releases.html", "the docs", "neither a URL", "sources ="),
        ('sources = ["https', 'source = ["https', "`sources` is missing", "[[rule]]"),
        ("hits = [", 'hits = ["usr/x", ', "'usr/x' is not matched", "hits ="),
        ("misses = [", 'misses = ["a/node_modules/b", ', "must not be", "misses ="),
        ("hits = [", 'hits = ["/usr/x", ', "leading slash", "hits ="),
        ("misses = [", 'misses = ["a/../b", ', "`..`", "misses ="),
        ('hits = ["app', 'hit = ["app', "`hits` needs at least one example", "[[rule]]"),
        ('"**/node_modules/**"]', '"**/node_modules/**", "etc/*"]', "reaches 'etc/passwd'", "match"),
        ('"**/node_modules/**"]', '"**/node_modules/**", "**/LIC*"]', "/x/LICENSE'", "match ="),
        ("match = [", 'query = "npm.deev"\nmatch = [', "did you mean `npm.dev`?", "query ="),
        ("match = [", 'packages = ["x"]\nmatch = [', "has match and packages", "packages ="),
        ("match = [", 'manager = "dpkg"\nmatch = [', "`manager` says nothing", "manager ="),
        ('name = "elixir"', 'name = "elixir"\nid = 1', "unknown key `id`", "id = 1"),
        ('["ELX"]', '["Elx"]', "the prefix 'Elx' must be three capitals", "prefix ="),
        ('["ELX"]', "[]", "`prefix` needs at least one", "prefix ="),
        ('title = "Elixir', 'titel = "Elixir', "did you mean `title`?", "titel ="),
        ("[[rule]]", "[[rules]]", "unknown table `rules`: did you mean `rule`?", "[pack]"),
    ],
)  # fmt: skip
def test_fault(old: str, new: str, fault: str, at: str) -> None:
    text = changed(old, new)
    found = [line for line in faults_of(text) if fault in line]
    assert len(found) == 1, faults_of(text)
    assert found[0].startswith(f"elixir.toml:{line_of(text, at)}: ")


def test_the_unchanged_pack_has_no_fault() -> None:
    assert faults_of(PACK + RULE) == []


def test_all_faults_of_all_files_are_reported_at_once() -> None:
    other = (PACK + RULE).replace('"elixir"', '"node"').replace("ELX", "NOD")
    broken = changed("match =", "mach =").replace("category", "categry") + RULE.replace("why", "wy")
    _, faults = read_packs(
        [("elixir.toml", broken), ("node.toml", other), ("bad.toml", "a = [")], VOCABULARY
    )
    error = faulty_rules(faults)
    text = str(error)
    for piece in (
        "elixir.toml:16: ELX009: unknown key `mach`",
        "elixir.toml:11: ELX009: unknown key `categry`: did you mean `category`?",
        "unknown key `wy`",
        "the id `ELX009` is taken: see elixir.toml:7",
        "node.toml:8: NOD009: `slug` must begin with the pack's name",
        "bad.toml:1: not TOML",
    ):
        assert piece in text
    assert error.exit_code == 2
    assert list(error.faults) == sorted(error.faults)


def test_names_are_unique_over_all_packs() -> None:
    second = PACK.replace("elixir", "erlang") + RULE.replace("elixir/", "erlang/")
    faults = faults_of(PACK + RULE + RULE.replace("ELX009", "ELX010"), second)
    assert any(
        "the slug `elixir/assets-node-modules` is taken: see elixir.toml:8" in f for f in faults
    )
    assert any(f.startswith("erlang.toml: the prefix ELX is taken by elixir.toml") for f in faults)
    assert any("erlang.toml:7: ELX009: the id `ELX009` is taken" in f for f in faults)
    assert len(faults) == 3


def test_a_fault_elsewhere_does_not_hide_a_missed_example() -> None:
    text = changed("phoenix-assets", "no-such").replace("hits = [", 'hits = ["usr/x", ')
    assert [
        piece
        for fault in faults_of(text)
        for piece in ("no snippet `no-such`", "'usr/x' is not matched")
        if piece in fault
    ] == ["no snippet `no-such`", "'usr/x' is not matched"]


def test_a_secret_may_reach_what_must_not_be_deleted() -> None:
    text = changed('"**/node_modules/**"]', '"**/node_modules/**", "etc/passwd"]')
    assert len(faults_of(text)) == 1
    assert faults_of(text.replace('"build-input"', '"secret"')) == []


def test_packages_are_tested_by_name() -> None:
    text = changed('match = ["**/node_modules/**"]', 'packages = ["lib*-dev", "libc*"]')
    text = text[: text.index("except = [")] + text[text.index("floor =") :]
    text = text[: text.index("hits =")] + 'hits = ["libssl-dev"]\nmisses = ["libssl3", "libcap2"]\n'
    faults = faults_of(text)
    assert len(faults) == 2
    assert "'libcap2' is matched, and must not be" in faults[1]
    assert "reaches 'libc6'" in faults[0]
    assert "`except_packages`" in faults[0]
    kept = text.replace("floor =", 'except_packages = ["libc6", "libcap*"]\nfloor =')
    assert faults_of(kept) == []


def test_a_query_needs_no_examples_and_can_have_none() -> None:
    text = changed('match = ["**/node_modules/**"]', 'query = "npm.dev"')
    assert [f.count("cannot be tested") for f in faults_of(text)] == [1, 1]
    assert faults_of(text[: text.index("hits =")]) == []
    narrowed = changed("match = [", 'query = "npm.dev"\nmatch = [')
    assert faults_of(narrowed) == []


def test_variables_have_their_sample_values_in_examples() -> None:
    text = changed('"**/node_modules/**"]', '"{mix_home}/archives/**"]')
    text = text[: text.index("hits =")]
    text += (
        'hits = ["root/.mix/archives/x", "opt/mix/archives/x"]\nmisses = ["app/.mix/archives/x"]'
    )
    assert faults_of(text) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "the table `[pack]` with name, prefix and title is missing"),
        ("rule = 1\n" + PACK, "write each rule as a table"),
        ("x = " + "[" * 5000, "nested too deeply"),
        ("x = " + "9" * 8000, "not TOML"),
        ("x = 1\ny =", "elixir.toml:2: not TOML"),
        ("x = 1\n" + "a." * 65 + "a = 1", "elixir.toml:2: more than 64 dots in a key"),
        ("x = {" + "a." * 65 + "a = 1}", "elixir.toml:1: more than 64 dots in a key"),
        ("[" + "a." * 65 + "a]", "elixir.toml:1: more than 64 dots in a key"),
        ("#\n" * 600_000, "1,200,000 bytes, the limit is 1,048,576"),
        (PACK + "[[rule]]\n" * 1001, "1,001 rules, the limit is 1,000"),
        (PACK + "[[rule]]\n" + "a." * 60 + "a = 1", "unknown key `a`"),
        (PACK + "[[rule]]\nwhen = [" + "{not=" * 40 + "1" + "}" * 40 + "]", "nest deeper than 8"),
        (PACK + '[[rule]]\ntitle = "' + "a" * 2500 + '"', "longer than 2000 characters"),
        (PACK + "[[rule]]\n" + "\n".join(f"a{n}=1" for n in range(50)), "30 more unknown keys"),
        (PACK + "[[rule]]\nwhen = [" + "1," * 600 + "]", "`when` has 600 items"),
        (PACK + "[[rule]]\nhits = [" + "'a'," * 600 + "]", "600 items, the limit is 512"),
    ],
)
def test_hostile_text(text: str, fault: str) -> None:
    assert any(fault in line for line in faults_of(text)), faults_of(text)[:5]


@LONG
def test_a_file_at_its_limits_is_read_in_bounded_time() -> None:
    key = "a." * 64
    started = time.process_time()
    faults_of(PACK + "".join(f"{key}b{n} = 1\n" for n in range(7000)))
    assert time.process_time() - started < 30  # seconds; without the limit on dots it is minutes


def test_the_digest_follows_content_only() -> None:
    def digest(text: str) -> str:
        packs, faults = read_packs([("elixir.toml", text)], VOCABULARY, snippets={"phoenix-assets"})
        assert faults == ()
        return rules_digest(packs)

    base = digest(PACK + RULE)
    assert base.startswith("sha256:")
    assert len(base) == 71
    assert digest(PACK + "# a comment\n" + RULE.replace(" = ", "  =  ")) == base
    assert digest(PACK + RULE.replace("256 KiB", "257 KiB")) != base


def test_positions() -> None:
    text = """\
# [[rule]]
[pack]
a = '''
[[rule]]
b = 1
'''
[[rule]]
id = "x" # [
list = [
  "one",   # ]
  "[two]",
]
"quoted" = 1
[rule.roles]
dev = "off"
[[rule]]
id = "y"
"""
    positions = Positions(text)
    assert [positions.table("rule", n).line for n in (0, 1, 2)] == [7, 16, 0]
    assert positions.line("rule", 0, "list", "[two]") == 11
    assert positions.line("rule", 0, "list", "three") == 9
    assert positions.line("rule", 0, "quoted") == 13
    assert positions.line("rule", 0, "roles") == 14
    assert positions.line("rule", 0, "absent") == 7
    assert positions.line("rule", 1, "id", "y") == 17


def test_predicates() -> None:
    prod = parse_text_glob("prod")
    assert parse_predicate({"env": {"MIX_ENV": "prod"}}, VOCABULARY) == EnvIs("MIX_ENV", prod)
    assert parse_predicate({"env": {"A": "prod", "B": "prod"}}, VOCABULARY) == AllOf(
        (EnvIs("A", prod), EnvIs("B", prod))
    )
    assert parse_predicate({"label": {"a.b": "prod"}}, VOCABULARY) == LabelIs("a.b", prod)
    assert parse_predicate({"file": "{home}/.x"}, VOCABULARY) == HasFile("{home}/.x")
    assert parse_predicate({"runs": "{release_root}/bin/*"}, VOCABULARY) == Runs(
        "{release_root}/bin/*"
    )
    assert parse_predicate({"package": "prod"}, VOCABULARY) == HasPackage(prod)
    assert parse_predicate({"history": "prod"}, VOCABULARY) == HistoryHas(prod)
    either = {"any": [{"fact": "stack.go"}, {"all": [{"fact": "stack.php"}]}]}
    assert parse_predicate(either, VOCABULARY) == AnyOf(
        (Fact("stack.go"), AllOf((Fact("stack.php"),)))
    )


@pytest.mark.parametrize(
    "value",
    [
        "elixir.release",
        {},
        {"fact": "stack.go", "not": {}},
        {"fact": 1},
        {"any": []},
        {"env": "MIX_ENV"},
        {"env": {"A": 1}},
        {"env": {"A": "{a"}},
        {"file": "/etc"},
        {"file": "{nope}/x"},
        {"runs": "["},
    ],
)
def test_invalid_predicates(value: object) -> None:
    with pytest.raises(PredicateError):
        parse_predicate(value, VOCABULARY)


def test_variables_are_bound_literally() -> None:
    values = {"home": ["root", "srv/[a]{b,c}", "", "a//b", "../x"], "cache": []}
    assert bind("{home}/x", values) == ("root/x", "srv/[[]a][{]b[,]c[}]/x")
    assert bind("{cache}/x", values) == ()
    assert bind("{home}/{a,b}/{home}", values)[0] == "root/{a,b}/root"
    assert bind("[{home}]/x", values) == ("[{home}]/x",)
    with pytest.raises(GlobError, match="no variable"):
        bind("{nope}/x", values)
    with pytest.raises(GlobError, match="more than 4096"):
        bind(
            "{home}/{app}",
            {"home": [f"h{n}" for n in range(70)], "app": [f"a{n}" for n in range(70)]},
        )


@pytest.mark.parametrize("module", [glob_syntax, variables, words])
def test_the_examples_in_docstrings(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert (result.failed, result.attempted) == (0, 1)


def test_faults_of_the_protected_list() -> None:
    text = (
        '[[protected]]\nwhat = "x"\nwhy = "y"\nmach = ["a"]\nexamples = ["a"]\n'
        '[[protected]]\nmatch = ["/a"]\n'
    )
    entries, faults = parse_protected("protected.toml", text)
    assert len(entries) == 2
    assert Fault("protected.toml", 4, "", "unknown key `mach`: did you mean `match`?") in faults
    assert {fault.line for fault in faults} == {4, 6, 7}


@LONG
def test_lint(tmp_path: Path) -> None:
    (tmp_path / "snippets").mkdir()
    (tmp_path / "snippets" / "phoenix-assets.Dockerfile").write_text("FROM x")
    pack = tmp_path / "acme.toml"
    text = (PACK + RULE).replace('"elixir"', '"acme"').replace("elixir/", "acme/")
    text = text.replace("ELX", "ACM")
    pack.write_text(text)
    assert lint([pack], VOCABULARY) == ()
    pack.write_text(text.replace("match", "mach"))
    out = "\n".join(map(str, lint([pack, tmp_path / "absent.toml"], VOCABULARY)))
    assert "acme.toml:16: ACM009: unknown key `mach`" in out
    assert "absent.toml: cannot be read" in out
