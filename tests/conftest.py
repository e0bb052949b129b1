"""What all tests share: golden files, and the rule that what is not run is a visible skip.

Tests that run other programs (marked `real`) are run with `--real` alone, whatever is installed.
`SLIM_CORPORA` names the folder with the public corpora. Where `SLIM_REQUIRE_TOOLS=1` is set, a
test that would be skipped for want of a tool or of the corpora fails instead. What takes long without
them is only run there, and where `SLIM_LONGER` is set (1 will do).
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import settings

GOLDEN = Path(__file__).parent / "golden"
LONGER = int(os.environ.get("SLIM_LONGER", "1"))
"""`make fuzz` sets how many times more examples the comparisons with other tools try."""
THOROUGH = "SLIM_LONGER" in os.environ or os.environ.get("SLIM_REQUIRE_TOOLS") == "1"
"""As in CI. Else Hypothesis tries few examples where a test does not say how many."""
LONG = pytest.mark.skipif(not THOROUGH, reason="left to CI, for time: SLIM_LONGER=1 runs them")
Golden = Callable[[str, str, Any], None]

settings.register_profile(
    "slim",
    deadline=None,  # a slow machine is no failure
    max_examples=100 if THOROUGH else 15,
)
settings.load_profile("slim")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write the golden files instead of comparing"
    )
    parser.addoption("--real", action="store_true", help="run the tests with real tools, too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """How long real tools take, and whether they work, depends on the machine: they run on request."""
    if config.getoption("--real"):
        return
    skip = pytest.mark.skip(reason="runs real tools: make check-real, or pytest --real")
    for item in items:
        if item.get_closest_marker("real"):
            item.add_marker(skip)


@pytest.fixture(autouse=True, scope="session")
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or writes the cache of whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLIM_CACHE_DIR", str(tmp_path_factory.mktemp("cache") / "slim"))
        yield


def skip_or_fail(reason: str) -> NoReturn:
    """Skip the test, or fail it where the tools are required."""
    if os.environ.get("SLIM_REQUIRE_TOOLS") == "1":
        pytest.fail(f"{reason}, and SLIM_REQUIRE_TOOLS=1")
    pytest.skip(reason)


def require(*programs: str) -> None:
    """Skip the test, or fail it where the tools are required, if a program is not installed."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        skip_or_fail(f"not installed: {', '.join(missing)}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many tests were skipped, and for want of what."""
    reasons = Counter(report.longrepr[2] for report in terminalreporter.stats.get("skipped", ()))
    if reasons:
        terminalreporter.section(f"{reasons.total()} skipped; .ci/run runs them all")
    for reason, count in reasons.most_common():
        terminalreporter.line(f"{count:5}  {reason.removeprefix('Skipped: ')}")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare a JSON value with the committed one: `golden("file.json", "key in it", value)`."""
    update = request.config.getoption("--update-golden")

    def compare(file: str, key: str, value: Any) -> None:
        path = GOLDEN / file
        document = json.loads(path.read_text()) if path.exists() else {}
        if update:
            document[key] = value
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")
            return
        assert key in document, f"{key} is not in {path.name}: run pytest --update-golden"
        assert value == document[key]

    return compare


@pytest.fixture
def golden_text(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compare a text with a committed file of its own, byte for byte."""
    update = request.config.getoption("--update-golden")

    def compare(path: Path, text: str) -> None:
        if update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
            return
        assert path.exists(), f"there is no {path.name}: run pytest --update-golden"
        assert text == path.read_bytes().decode()

    return compare


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of the public corpora."""
    folder = os.environ.get("SLIM_CORPORA")
    if not folder:
        skip_or_fail("SLIM_CORPORA is not set")
    return Path(folder)
