"""Links to pages about rules: only where the user says so, and only from what is a rule's id."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

import slim
from slim.errors import UsageError
from slim.formats.rules_url import page_of, parse_rules_url
from slim.report.gates import Gates
from slim.report.judge import judge
from slim.report.model import Report
from tests.support.commands import run
from tests.support.comparisons import before, compared
from tests.support.pages import rendered, rendered_together
from tests.support.reports import MB, finding, report, wasteful
from tests.support.sarif_schema import SARIF

URL = "https://docs.example/rules/{id}"


def linked(rule: str) -> str:
    return f"[{rule}](https://docs.example/rules/{rule})"


@pytest.mark.parametrize(
    "text", [URL, "https://docs.example:8443/#{slug}", "https://docs.example/?rule={id}&of={slug}"]
)
def test_templates_have_a_place_for_the_rule(text: str) -> None:
    assert parse_rules_url(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{id}",
        "http://docs.example/{id}",
        "javascript:alert('{id}')",
        "https://docs.example/",
        "https://{id}.example/",
        "https://{id}@docs.example/",
        "https://me:secret@docs.example/{id}",
        "https:///{id}",
        "https://docs.example/{id}/{version}",
        "https://docs.example/{id}}",
        "https://docs.example/ {id}",
        "https://docs.example/{id})](https://else.example",
        "https://docs.example/\u202e{id}",
        "https://docs.example:port/{id}",
        "https://docs.example/" + "x" * 500 + "{id}",
    ],
)
def test_what_is_no_template_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_rules_url(text)
    assert caught.value.slug == "bad-rules-url"
    assert "secret" not in caught.value.hint


@given(st.text(max_size=20), st.text(max_size=20))
def test_only_ids_and_slugs_become_parts_of_addresses(rule: str, slug: str) -> None:
    finding_of = finding(1, "DEB001", 5)
    strange = replace(finding_of, rule=rule, slug=slug)
    assert page_of(URL, strange) == ""
    assert page_of("", finding_of) == ""
    assert (
        page_of("https://x.example/{id}#{slug}", finding_of)
        == f"https://x.example/DEB001#{finding_of.slug}"
    )


def forged() -> Report:
    rule = "](https://else.example)"
    return report([], findings=[replace(finding(1, "DEB001", 5 * MB), rule=rule)])


@pytest.mark.parametrize("flavor", ["github", "gitlab", "bitbucket"])
def test_markdown_links_every_rule_that_it_names(flavor: str) -> None:
    result = judge(wasteful(), Gates(fail_on=("high",)))
    page = rendered(result, "markdown", flavor=flavor, rules_url=URL)
    bare = rendered(result, "markdown", flavor=flavor)
    assert "docs.example" not in bare
    # In the steps and in the fold; the reason of the gate is a sentence.
    for step in wasteful().findings:
        assert page.count(linked(step.rule)) == bare.count(step.rule) - (step.severity == "high")
    assert linked("TCH001") in page
    assert "else.example)" not in rendered(forged(), "markdown", rules_url=URL)


def test_comparisons_summaries_and_pages_of_several_link_rules() -> None:
    comparison = compared(before(), wasteful())
    page = rendered(comparison, "markdown", rules_url=URL)
    assert f"(saves 36.9\u00a0MB, {linked('TCH001')})" in page
    assert f"| new | {linked('TCH001')} build tools" in page
    assert linked("TCH001") in rendered(comparison, "summary", rules_url=URL)
    assert linked("TCH001") in rendered_together(
        [comparison, wasteful()], "markdown", rules_url=URL
    )


def test_sarif_says_where_the_rule_is_explained() -> None:
    log = json.loads(rendered(wasteful(), "sarif", rules_url=URL))
    SARIF.validate(log)
    rules = log["runs"][0]["tool"]["driver"]["rules"]
    assert {rule["helpUri"] for rule in rules} == {
        f"https://docs.example/rules/{rule['id']}" for rule in rules
    }
    (rule,) = json.loads(rendered(forged(), "sarif", rules_url=URL))["runs"][0]["tool"]["driver"][
        "rules"
    ]
    assert "helpUri" not in rule


def test_html_links_rules_and_nothing_else() -> None:
    for result in (wasteful(), compared(before(), wasteful())):
        page = rendered(result, "html", rules_url=URL)
        assert '<a href="https://docs.example/rules/TCH001">TCH001</a>' in page
        assert "docs.example" not in slim.render(result, "html")
    page = rendered(forged(), "html", rules_url=URL)
    assert "docs.example" not in page


def test_it_is_an_option_a_variable_and_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("report.json").write_text(slim.render(wasteful(), "json"))

    def out(*words: str) -> str:
        assert run(*words) in (0, 1)
        return capsys.readouterr().out

    assert linked("TCH001") in out("render", "report.json", "-o", "markdown", "--rules-url", URL)
    assert linked("TCH001") in out("comment", "report.json", "--rules-url", URL)
    monkeypatch.setenv("SLIM_RULES_URL", URL)
    assert linked("TCH001") in out("render", "report.json", "-o", "markdown")
    assert linked("TCH001") in out("comment", "report.json")
    monkeypatch.delenv("SLIM_RULES_URL")
    Path("slim.toml").write_text(f'rules-url = "{URL}"\nbudget.size = "1 GB"\n')
    assert linked("TCH001") in out("check", "report.json", "-o", "markdown")
    Path("slim.toml").write_text('\nrules-url = "http://docs.example/{id}"\n')
    assert run("check", "report.json", "--max-size", "1GB") == 2
    output = capsys.readouterr().err
    assert "slim.toml:2" in output
    assert "does not start with https://" in output
    Path("slim.toml").unlink()
    for words in (("render", "report.json", "-o", "text"), ("comment", "report.json")):
        assert run(*words, "--rules-url", "docs.example") == 2
        assert "[bad-rules-url]" in capsys.readouterr().err
