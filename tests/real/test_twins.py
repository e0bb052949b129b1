"""Fat images, and what a careful engineer makes of them: slim foresees the one from the other.

Steps are taken for real, too: packages are purged by apt in a chroot of the image.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections import Counter
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import slim
from slim import pipeline
from slim.advice.claim import precedence
from slim.advice.vocabulary import VOCABULARY
from slim.files.pull_size import ERROR_PERCENT
from slim.image.ref import ImageRef
from slim.report.untrusted import bare
from slim.rules.builtin import builtin_rules
from tests.conftest import GOLDEN, LONGER
from tests.real.applying import without
from tests.real.conftest import Pairs
from tests.real.running import ask, mounted, settings, started, unpack
from tests.real.tools import TAG, run, save_as, shown
from tests.real.twin_images import STACKS, Twins, rebuild
from tests.real.twin_table import Rebuilt, Row, advise, analysis, measure, names_of
from tests.support.repacking import repack

pytestmark = pytest.mark.real

PAGES = {
    "elixir": ("/sum/pear", "97cfbe87531abe0c6bac7b21d616cb422faaa158a9f2ae7e8685c79eb85fc65e"),
    "node": ("/item/pear/3", '{"name":"pear","price":3}'),
    "python": ("/sealed/pear", "<text>pear</text>"),
    "go": ("/", '[{"name":"shop 0.3.0","price":0},{"name":"pear","price":3}]'),
    "rust": ("/item/pear", '{"name":"pear","price":3}'),
    "java": ("/item/pear", '{"name":"pear","price":3}'),
}
"""A page of each application that needs its dependencies, and its text."""


APPLIED = STACKS if LONGER > 1 else STACKS[:4]
"""Those whose Dockerfiles are built and whose steps are applied; of all where there are minutes for it."""

_MOST_STRETCHES = 4
"""More stretches of files in one layer give no more room for what each of them is off."""
SLACK = 0.15
"""How far sizes may move with Debian's packages before the committed table is measured again."""


BESIDES = 0.01
"""The part of what goes that no finding may claim: what packages' scripts made, as a cache of MIME types."""


def answers(pair: Twins, name: str, layout: Path) -> None:
    """Start an image of the store, and ask it for the page."""
    page, text = PAGES[pair.stack]
    with (
        mounted(pair.store, f"{pair.stack}-{name}") as root,
        started(root, settings(layout)) as address,
    ):
        assert ask(address + page).strip() == text


def committed_figures(
    file: str, stack: str, measured: dict[str, Any], request: pytest.FixtureRequest
) -> dict[str, Any]:
    """What was measured when the tables of docs/twins.md were made, or is now with --update-golden."""
    table = GOLDEN / file
    known = json.loads(table.read_text()) if table.exists() else {}
    if request.config.getoption("--update-golden"):
        known[stack] = measured
        table.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
    found: dict[str, Any] = known[stack]
    return found


@pytest.mark.parametrize("stack", STACKS)
def test_the_twin_does_what_the_fat_image_does(stack: str, twins: Pairs) -> None:
    pair = twins(stack)
    answers(pair, "fat", pair.fat)
    answers(pair, "twin", pair.twin)


@pytest.mark.parametrize("stack", STACKS)
def test_the_careful_image_is_foreseen(
    stack: str, twins: Pairs, request: pytest.FixtureRequest
) -> None:
    row = measure(twins(stack))
    assert abs(row.disk_error) <= 0.05
    assert abs(row.pull_error) <= 0.10
    assert row.coverage >= 0.95
    assert row.claims <= 0.01
    committed = Row(**committed_figures("twins.json", stack, row._asdict(), request))
    for name in ("fat_disk", "predicted_disk", "twin_disk", "fat_pull", "twin_pull", "different"):
        assert getattr(row, name) == pytest.approx(getattr(committed, name), rel=SLACK), name


def test_the_size_to_pull_of_a_saved_image_is_estimated(twins: Pairs, tmp_path: Path) -> None:
    """As `docker save` writes it, with layers uncompressed: within 5 % of what `gzip -6` makes of them. Each
    day for two stacks, since `gzip -6` takes half a minute; for all where there are minutes for it."""
    first = 2 * date.today().toordinal()
    turns = [STACKS[(first + more) % len(STACKS)] for more in range(2)]
    for stack in STACKS if LONGER > 1 else turns:
        saved = save_as("docker-archive", twins(stack).fat, tmp_path / stack)
        estimated = slim.analyze(saved, advice=False).totals
        exact = slim.analyze(saved, advice=False, exact_pull=True).totals
        saved.unlink()
        assert (estimated.estimated, exact.estimated) == (True, False), stack
        error = abs(estimated.pull_bytes - exact.pull_bytes)
        assert error * 100 <= ERROR_PERCENT * exact.pull_bytes, stack


@pytest.mark.parametrize("stack", APPLIED)
def test_the_dockerfile_builds_what_is_foreseen(
    stack: str, twins: Pairs, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """The Dockerfile that slim writes is built as it is, and what it makes still answers."""
    pair = twins(stack)
    predicted = analysis(pair).predicted.rebuild
    assert predicted is not None
    layout = rebuild(pair, bare(predicted.dockerfile), tmp_path)
    answers(pair, "rebuilt", layout)
    built = slim.analyze(layout).totals
    row = Rebuilt(
        stack, predicted.disk_bytes, predicted.pull_bytes, built.disk_bytes, built.pull_bytes
    )
    assert abs(row.disk_error) <= 0.05
    assert abs(row.pull_error) <= 0.10
    committed = Rebuilt(**committed_figures("rebuilt.json", stack, row._asdict(), request))
    assert row.disk == pytest.approx(committed.disk, rel=SLACK)


@pytest.mark.parametrize("stack", APPLIED)
def test_safe_steps_take_what_they_promise_and_break_nothing(
    stack: str, twins: Pairs, tmp_path: Path
) -> None:
    """All safe steps are applied, by leaving the files out of their layers.

    On disk a step takes to the byte what it says. In the pull it is a share of a compressed stream:
    each layer may save 3 % less than that, or 64 KiB, and 32 KiB more for each further stretch of files,
    whose ends are interpolated; and the headers of the files more.
    """
    pair = twins(stack)
    before = analysis(pair)
    advised = advise(pair.fat, pair.base)
    steps = [
        claim for claim in advised.claims if claim.claimed and claim.match.rule.safety == "safe"
    ]
    promised = {
        finding.rule: finding.claimed_bytes for finding in before.findings if finding.claimed_bytes
    }
    removed: dict[int, set[bytes]] = {}
    expected: dict[int, int] = {}
    gone = sorted(row for step in steps for row in step.claimed)
    stretches = Counter(
        advised.files.layer_of(row)
        for before_it, row in pairwise([-2, *gone])
        if row > before_it + 1
    )
    for step in steps:
        rows = set(step.claimed)
        names = rows | {row for row, body in advised.files.body.items() if body in rows}
        taken = 0
        for row in names:
            layer = advised.files.layer_of(row)
            removed.setdefault(layer, set()).add(advised.files.path(row))
            if row in rows:
                taken += advised.files.size[row]
                expected[layer] = expected.get(layer, 0) + advised.ledger.pull[row]
        assert taken == promised[step.match.rule.id]
    slimmed = without(pair.fat, removed, tmp_path / "slimmed")
    after = slim.analyze(slimmed, base=pair.base, top=1000)
    assert after.totals.disk_bytes == before.predicted.safe.disk_bytes
    root = unpack(slimmed, tmp_path / "root")
    assert shown(root) == (after.totals.live_bytes, after.totals.live_files)
    for layer, pull in expected.items():
        old, new = before.layers[layer], after.layers[layer]
        saved = old.blob_bytes - new.blob_bytes
        overhead = old.pull_bytes - old.live_pull_bytes - old.dead_pull_bytes
        headers = overhead * len(removed[layer]) // old.files
        apart = min(stretches[layer], _MOST_STRETCHES)
        slack = max(pull * 3 // 100, (apart + 1) * (32 << 10))
        assert pull - slack <= saved <= pull + headers + slack, old.created_by
    assert after.totals.pull_bytes == pytest.approx(before.predicted.safe.pull_bytes, rel=0.01)
    again = [
        finding.rule
        for finding in after.findings
        if finding.safety == "safe" and finding.claimed_bytes
    ]
    assert again == []
    page, text = PAGES[stack]
    with started(root, settings(slimmed)) as address:
        assert ask(address + page).strip() == text
    shutil.rmtree(tmp_path)


@pytest.mark.parametrize("stack", STACKS if LONGER > 1 else ["elixir", "python"])
def test_the_image_repacked_without_what_is_safe_answers(
    stack: str, twins: Pairs, tmp_path: Path
) -> None:
    pair = twins(stack)
    certificate = repack(
        pair.fat,
        tmp_path / "repacked",
        level="safe",
        form="oci-dir",
        advice=pipeline.AdviceOptions(builtin_rules(VOCABULARY, None), date(2026, 1, 1)),
        base=ImageRef(str(pair.base)),
    )
    (made,) = certificate.images
    assert made.predicted is not None
    expected = made.predicted.disk_bytes - made.predicted.unreported_disk_bytes
    assert made.result.amount.disk_bytes == expected + sum(
        each.disk_bytes for each in made.unapplied
    )
    assert made.result.amount.disk_bytes < made.source.amount.disk_bytes
    layout = tmp_path / "tagged"
    run("skopeo", "copy", "--quiet", f"oci:{tmp_path / 'repacked'}", f"oci:{layout}:{TAG}")
    page, text = PAGES[stack]
    with started(unpack(layout, tmp_path / "root"), settings(layout)) as address:
        assert ask(address + page).strip() == text
    shutil.rmtree(tmp_path)


def bodies(root: Path) -> dict[bytes, tuple[int, int]]:
    """Path of each regular file → (inode, bytes)."""
    found = {}
    top = os.fsencode(root)
    for where, _, files in os.walk(top):
        for name in files:
            path = os.path.join(where, name)
            about = os.lstat(path)
            if stat.S_ISREG(about.st_mode):
                found[path[len(top) + 1 :]] = about.st_ino, about.st_size
    return found


def disk(files: dict[bytes, tuple[int, int]]) -> int:
    """Their bytes, a file of several names counting once."""
    return sum(dict(files.values()).values())


@pytest.mark.parametrize("stack", ["elixir", "python"])
def test_apt_takes_what_the_steps_claim(stack: str, twins: Pairs) -> None:
    """The steps' packages are purged one after the other, in the order in which the steps count.

    All packages but those that the steps name are marked as wanted. Each step frees what it claims to the
    byte, next to nothing goes that no finding claims, and in the end the application still answers.
    """
    pair = twins(stack)
    report, advised = analysis(pair), advise(pair.fat, pair.base)
    claims = {claim.match.rule.id: claim for claim in advised.claims if claim.claimed}
    claimed = {rule: names_of(advised.files, claim.claimed) for rule, claim in claims.items()}
    somebodys = set().union(*claimed.values())
    known = {bare(package.name) for package in report.packages if package.manager == "dpkg"}
    steps = sorted(
        (
            finding
            for finding in report.findings
            if finding.claimed_bytes and known.issuperset(finding.packages)
        ),
        key=lambda finding: precedence(claims[finding.rule].match),
    )
    steps = [step for step in steps if step.packages]
    assert len(steps) >= 2
    assert any(step.along for step in steps)
    named = {name for step in steps for name in (*step.packages, *step.along)}
    with mounted(pair.store, f"{stack}-fat") as root:
        run("chroot", root, "apt-mark", "manual", *sorted(known - named))
        first = now = bodies(root)
        for step in steps:
            run(
                "chroot",
                root,
                "apt-get",
                "purge",
                "--yes",
                "--auto-remove",
                *map(bare, step.packages),
            )
            left = bodies(root)
            # What needs a package goes with it, so that a later step may find its own gone already.
            mine = {
                path: first[path]
                for path in claimed[step.rule]
                if path in first and path not in left
            }
            assert disk(mine) == step.claimed_bytes, step.rule
            gone = {path: size for path, size in now.items() if path not in left}
            nobodys = {path: size for path, size in gone.items() if path not in somebodys}
            assert disk(nobodys) <= BESIDES * disk(gone), step.rule
            now = left
        page, text = PAGES[stack]
        with started(root, settings(pair.fat)) as address:
            assert ask(address + page).strip() == text
