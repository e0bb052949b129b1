"""Attacks: what an input is, and what slim must make of it, as data.

Each test module has a table `ATTACKS`; its tests run over it, and `table()` makes the public list from
the same rows. A row either has `make`, which writes the input, and what must come out of it, or names
the test function that is its `proof`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import slim
from slim.report.untrusted import bare
from tests.conftest import LONG
from tests.support.checked import checked_analyze

MODULES = (
    "image.test_containers",
    "image.test_manifests",
    "image.test_config_document",
    "secrets.test_planted_secrets",
    "image.test_documents",
    "stream.test_compression",
    "files.test_tables_of_contents",
    "stream.test_tar_headers",
    "whole.test_limits",
    "whole.test_mutated_images",
    "whole.test_bombs",
    "whole.test_linear_work",
    "whole.test_growth",
    "whole.test_memory",
    "whole.test_attacks_at_full_size",
    "cli.test_app",
    "formats.test_terminal",
    "config.test_settings",
    "rules.test_user_packs",
    "real.test_mutated_by_go",
    "real.test_chromium",
)


@dataclass(frozen=True, kw_only=True)
class Attack:
    """One input and its outcome: an error with its exit code, or a report with warnings and counts."""

    id: str
    given: str
    """The input in one phrase."""
    make: Callable[[Path], str | Path] | None = None
    """Writes the input into an empty folder; returns what slim is pointed at."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Of `slim.analyze`."""
    error: str = ""
    """Slug of the error; none: a report."""
    code: int = 3
    """Exit code of the error."""
    says: tuple[str, ...] = ()
    """Parts of the error's message, or of the warnings' texts."""
    warns: str = ""
    """Ids of warnings that the report must have."""
    quiet: str = ""
    """Ids of warnings that it must not have."""
    counts: Mapping[str, Any] = field(default_factory=dict)
    """Attribute of the report, such as `totals.live_files`, and its value."""
    outcome: str = ""
    """The outcome in one phrase, where the fields above do not say it."""
    reason: str = ""
    """Why slim means to do something else than the format notes ask for."""
    proof: str = ""
    """The test function that shows it, when `make` is None."""

    @property
    def expected(self) -> str:
        """The outcome in one phrase."""
        if self.outcome:
            return self.outcome
        if self.error:
            return f"error {self.error} (exit code {self.code})"
        text = [f"warning {id}" for id in self.warns.split()]
        text += [f"{name.rpartition('.')[2]} = {value!r}" for name, value in self.counts.items()]
        return ", ".join(text) or "read like any other image"


def named(attack: Attack) -> str:
    """For the ids of parametrized tests."""
    return attack.id


def shown(attacks: tuple[Attack, ...]) -> list[Attack]:
    """The rows that `prove` can run."""
    return [attack for attack in attacks if attack.make is not None]


def everywhere(turn: int, fits: Callable[[Attack], bool] = lambda _: True) -> list[Any]:
    """Every row of every module that can be run, as parameters, for tests that go another way with them.

    Each is proved where it is listed. In a contributor's run one in sixteen goes this way, too, by `turn`.
    """
    rows = [
        (module, attack) for module, attack in every() if attack.make is not None and fits(attack)
    ]
    return [
        pytest.param(
            row,
            id=row.id,
            marks=LONG
            if module == "whole.test_attacks_at_full_size" or at % 16 != 4 * turn
            else (),
        )
        for at, (module, row) in enumerate(rows)
    ]


def prove(attack: Attack, folder: Path) -> slim.Report | None:
    """Run an attack and hold the outcome against its row."""
    assert attack.make is not None
    source = attack.make(folder)
    if attack.error:
        with pytest.raises(slim.SlimError) as caught:
            slim.analyze(source, **attack.options)
        error = caught.value
        assert (error.slug, error.exit_code) == (attack.error, attack.code), error
        assert error.hint
        for part in attack.says:
            assert part in error.message
        return None
    # What the rules make of it is no part of the outcome, and takes most of the time.
    report = checked_analyze(source, **{"advice": False, **attack.options})
    ids = {warning.id for warning in report.warnings}
    assert set(attack.warns.split()) <= ids
    assert not set(attack.quiet.split()) & ids
    texts = " ".join(bare(warning.text) for warning in report.warnings)
    for part in attack.says:
        assert part in texts
    for name, value in attack.counts.items():
        assert reduce(getattr, name.split("."), report) == value, name
    return report


def every() -> Iterator[tuple[str, Attack]]:
    """(module, row) of all tables."""
    for name in MODULES:
        for attack in import_module(f"tests.{name}").ATTACKS:
            yield name, attack


def table() -> str:
    """All attacks as a Markdown table."""
    rows = [
        f"| {attack.id} | {_cell(attack.given)} | {_cell(attack.expected)} | {_cell(attack.reason)} |"
        for _, attack in every()
    ]
    return "\n".join(["| id | input | outcome | note |", "|:--|:--|:--|:--|", *rows]) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
