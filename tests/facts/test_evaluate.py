"""Predicates against facts: the answer, and a reason for every leaf."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slim.advice.vocabulary import VOCABULARY
from slim.ecosystems import KNOWLEDGE
from slim.facts import live
from slim.facts.evaluate import Answer, evaluate, leaves, prepare, texts_of
from slim.facts.gather import gather
from slim.facts.live import first_files
from slim.files import view as paths
from slim.image.model import History
from slim.packages.package import Package
from slim.rules.builtin import builtin_rules
from slim.rules.glob import compile_globs
from slim.rules.glob_syntax import parse_text_glob
from slim.rules.predicate import parse_predicate
from slim.rules.rule import rules_of
from tests.support.glob_oracle import PATTERNS, is_valid
from tests.support.views import config, view

IMAGE = config(
    cmd=("/app/bin/demo", "start"),
    env=("MIX_ENV=prod", "TOKEN=s3cr3t", "LANG=de_DE.UTF-8"),
    labels={"org.example.team": "shop"},
    healthcheck=("CMD-SHELL", "curl -f http://localhost || exit 1"),
)
VIEW = view(
    "@alpine @release:app usr/bin/{curl,perl5.36} app/bin/demo app/link->bin/demo root/.npm/x "
    "usr/bin/perl->perl5.36"
)
FACTS = gather(
    IMAGE,
    (History("RUN /bin/sh -c apk add --no-cache curl # buildkit"),),
    VIEW,
    knowledge=KNOWLEDGE,
)
PACKAGES = (Package("apk", "curl"), Package("python", "django"))


def ask(*when: dict[str, Any]) -> Answer:
    predicates = [parse_predicate(words, VOCABULARY) for words in when]
    return evaluate(predicates, prepare(predicates, FACTS, VIEW, PACKAGES))


@pytest.mark.parametrize(("when", "holds"), [
    ({"fact": "elixir.release"}, True),
    ({"fact": "node.server"}, False),
    ({"env": {"MIX_ENV": "pr?d"}}, True),
    ({"env": {"MIX_ENV": "dev"}}, False),
    ({"env": {"MIX_ENV": "*", "LANG": "de*"}}, True),
    ({"env": {"NONE": "*"}}, False),
    ({"label": {"org.example.team": "s*"}}, True),
    ({"label": {"other": "*"}}, False),
    ({"file": "{release_root}/releases/COOKIE"}, True),
    ({"file": "{release_root}/**"}, True),
    ({"file": "{home}/.npm/**"}, True),
    ({"file": "{venv}/**"}, False),
    ({"file": "**/ebin/*.app"}, True),
    ({"file": "app/link"}, False),
    ({"file": "app"}, False),
    ({"package": "cur?"}, True),
    ({"package": "django"}, True),
    ({"package": "wget"}, False),
    ({"runs": "curl"}, True),
    ({"runs": "app/bin/demo"}, True),
    ({"runs": "/app/bin/demo"}, True),
    ({"runs": "{release_root}/bin/*"}, True),
    ({"runs": "demo st*"}, True),
    ({"runs": "{,*/}demo"}, True),
    ({"runs": "start"}, True),
    ({"runs": "iex"}, False),
    ({"runs": "{venv}/*"}, False),
    ({"history": "*apk add*"}, True),
    ({"history": "apk add*"}, False),
    ({"not": {"fact": "node.server"}}, True),
    ({"any": [{"fact": "node.server"}, {"runs": "curl"}]}, True),
    ({"all": [{"fact": "node.server"}, {"runs": "curl"}]}, False),
    ({"not": {"any": [{"runs": "curl"}, {"runs": "x"}]}}, False),
])  # fmt: skip
def test_a_predicate_holds_or_not(when: dict[str, Any], holds: bool) -> None:
    answer = ask(when)
    assert answer.holds is holds
    assert answer.reasons
    if len(answer.reasons) == 1:
        assert answer.reasons[0].agrees is holds
    assert not any("s3cr3t" in reason.text or "prod" in reason.text for reason in answer.reasons)


def test_programs_are_also_known_by_their_name_alone() -> None:
    image = config(cmd=("sh", "-c", "/usr/bin/perl /x.pl"))
    facts = gather(image, (), VIEW, knowledge=KNOWLEDGE)
    for pattern in ("perl", "/usr/bin/perl", "perl5.36", "usr/bin/perl5.36", "perl /x*"):
        predicates = [parse_predicate({"runs": pattern}, VOCABULARY)]
        assert evaluate(predicates, prepare(predicates, facts, VIEW)).holds, pattern


def test_no_predicates_hold() -> None:
    assert ask() == Answer(True, ())


def test_every_reason_is_given_and_says_for_what_it_speaks() -> None:
    answer = ask(
        {"fact": "elixir.release"},
        {"not": {"any": [{"fact": "node.server"}, {"runs": "curl"}]}},
        {"file": "{venv}/x"},
    )
    assert not answer.holds
    assert [(reason.expected, reason.holds, reason.agrees) for reason in answer.reasons] == [
        (True, True, True),
        (False, False, True),
        (False, True, False),
        (True, False, False),
    ]
    texts = [reason.text for reason in answer.reasons]
    assert texts[0].startswith("elixir.release: app has a boot file")
    assert texts[1] == "node.server: no sign of it"
    assert texts[2] == "the image runs curl: HEALTHCHECK: curl http".removesuffix(" http")
    assert texts[3] == "no file {venv}/x: the image has no {venv}"


def test_conditions_of_all_rules_can_be_evaluated() -> None:
    rules = rules_of(builtin_rules(VOCABULARY).packs)
    assert len(rules) > 100
    prepared = prepare(
        [predicate for rule in rules for predicate in rule.when], FACTS, VIEW, PACKAGES
    )
    answers = {rule.id: evaluate(rule.when, prepared) for rule in rules}
    assert answers["ELX009"].holds
    assert not answers["ELX032"].holds
    for rule in rules:
        assert len(answers[rule.id].reasons) == len(list(leaves(rule.when)))


NAMES = st.text("abc.", min_size=1, max_size=3).filter(lambda name: name not in (".", ".."))
TREES = st.lists(st.lists(NAMES, min_size=1, max_size=4).map("/".join), max_size=8)


@given(st.lists(PATTERNS.filter(is_valid), min_size=1, max_size=6), TREES, st.booleans())
def test_first_files_are_those_that_the_matcher_finds(
    patterns: list[str], tree: list[str], small: bool
) -> None:
    kept = [path for path in tree if not any(other.startswith(path + "/") for other in tree)]
    seen = view(" ".join(kept))
    with pytest.MonkeyPatch.context() as patch:
        if small:
            patch.setattr(paths, "MAX_FOUND", 1)
            patch.setattr(live, "MAX_FOUND", 1)
        found = first_files(patterns, {}, seen)
    for pattern in patterns:
        globs = compile_globs([pattern])
        expected = {path for path in kept if globs.match(path.encode())}
        assert bool(expected) == (pattern in found), pattern
        assert pattern not in found or found[pattern] in expected


@given(
    st.lists(st.text("ab*\n", max_size=4), max_size=4),
    st.text("ab*?", min_size=1, max_size=4),
)
def test_a_search_in_all_texts_leaves_no_match_out(texts: list[str], pattern: str) -> None:
    every, glob = [text.encode() for text in texts], parse_text_glob(pattern)
    assert texts_of(every).first(glob) == next(filter(glob.matches, every), None)
