"""SARIF against the standard's own schema, as a package for matchers brings it.

`tests/support/sarif_schema.py` is stricter and needs nothing; here the document that the standard's editors
published decides.
"""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft4Validator  # type: ignore[import-untyped]

import slim
from tests.conftest import skip_or_fail
from tests.real.tools import run
from tests.support.comparisons import PAGES, compared
from tests.support.pages import names, rendered
from tests.support.reports import REPORTS, hostile

pytestmark = pytest.mark.real

PACKAGE = "@microsoft/jest-sarif@1.0.0-beta.0"
MEMBER = "package/lib/schemas/sarif-2.1.0-rtm.5.json"


@pytest.fixture(scope="module")
def official(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The schema's validator."""
    if shutil.which("npm") is None:
        skip_or_fail("not installed: npm")
    folder = tmp_path_factory.mktemp("sarif")
    name = run(
        "npm", "pack", "--silent", PACKAGE, cwd=folder, npm_config_cache=str(folder / "cache")
    )
    with tarfile.open(folder / Path(name).name) as archive:
        file = archive.extractfile(MEMBER)
        assert file is not None
        schema = json.load(file)
    assert "2.1.0" in schema["title"]
    Draft4Validator.check_schema(schema)
    return Draft4Validator(schema, format_checker=Draft4Validator.FORMAT_CHECKER)


@pytest.mark.parametrize("kind", REPORTS)
def test_reports_keep_the_standard(kind: str, official: Any) -> None:
    official.validate(json.loads(slim.render(REPORTS[kind](), "sarif")))


@pytest.mark.parametrize("kind", PAGES)
def test_comparisons_keep_the_standard(kind: str, official: Any) -> None:
    rules = "https://docs.example/{id}"
    log = rendered(PAGES[kind](), "sarif", key="team/api", rules_url=rules)
    official.validate(json.loads(log))


@given(names, names)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_names_keep_the_standard(official: Any, base: list[str], after: list[str]) -> None:
    for document in (hostile(after), compared(hostile(base), hostile(after))):
        official.validate(json.loads(slim.render(document, "sarif")))


def test_the_schema_refuses_what_is_wrong(official: Any) -> None:
    log = json.loads(slim.render(REPORTS["wasteful"](), "sarif"))
    log["runs"][0]["results"][0]["baselineState"] = "older"
    assert not official.is_valid(log)
