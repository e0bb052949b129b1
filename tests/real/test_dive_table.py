"""The README's comparison with dive: slim says what is really dead; dive's answers are golden."""

from __future__ import annotations

import pytest

from tests.bench import dive_table
from tests.conftest import Golden, skip_or_fail
from tests.real.tools import need

pytestmark = pytest.mark.real


@pytest.mark.parametrize("name", dive_table.CASES)
def test_slim_says_what_is_really_dead(golden: Golden, name: str) -> None:
    need("umoci")
    if dive_table.dive_program() is None:
        skip_or_fail("dive is not installed")
    row = dive_table.rows([name])[name]
    assert row.slim == row.really
    golden("dive-table.json", name, row._asdict())


def test_the_table_has_a_line_per_case() -> None:
    row = dive_table.Row(5_000_000, 5_000_000, None, None)
    table = dive_table.markdown(dict.fromkeys(dive_table.CASES, row))
    assert len(table.splitlines()) == len(dive_table.CASES) + 2
    assert table.count("no answer") == len(dive_table.CASES)
