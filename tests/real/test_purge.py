"""Packages are purged for real, by apt in a chroot of the image: what goes is what the steps claim."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from slim.advice.claim import precedence
from slim.report.untrusted import bare
from tests.real.conftest import Pairs
from tests.real.running import ask, mounted, settings, started
from tests.real.test_twins import PAGES
from tests.real.tools import run
from tests.real.twin_table import advise, analysis, names_of

pytestmark = pytest.mark.real

BESIDES = 0.01
"""The part of what goes that no finding may claim: what packages' scripts made, as a cache of MIME types."""


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
    claims = {one.selection.rule.id: one for one in advised.claims if one.claimed}
    claimed = {rule: names_of(advised.files, one.claimed) for rule, one in claims.items()}
    somebodys = set().union(*claimed.values())
    known = {bare(one.name) for one in report.packages if one.manager == "dpkg"}
    steps = sorted(
        (one for one in report.findings if one.claimed_bytes and known.issuperset(one.packages)),
        key=lambda one: precedence(claims[one.rule].selection),
    )
    steps = [one for one in steps if one.packages]
    assert len(steps) >= 2
    assert any(one.along for one in steps)
    named = {name for one in steps for name in (*one.packages, *one.along)}
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
            gone = {path: one for path, one in now.items() if path not in left}
            nobodys = {path: one for path, one in gone.items() if path not in somebodys}
            assert disk(nobodys) <= BESIDES * disk(gone), step.rule
            now = left
        page, text = PAGES[stack]
        with started(root, settings(pair.fat)) as address:
            assert ask(address + page).strip() == text
