"""The targets by name, and what several of them share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from slim.errors import SlimError
from slim.limits import Limits
from tests.fuzz.corpus import corpus_of

TARGETS = (
    "tar_reader",
    "decompression",
    "contents",
    "json_documents",
    "manifest_graph",
    "archives",
    "references",
    "registry_answers",
    "tables_of_contents",
    "rule_globs",
    "rule_packs",
    "reports",
    "comparisons",
    "markdown",
    "terminal",
    "redaction",
    "dockerfiles",
    "package_databases",
    "elf_files",
    "beam_files",
    "zip_files",
    "rpm_databases",
    "debian_control",
    "whole_images",
)
FOUND = Path(__file__).parent / "found"
"""Inputs that once failed, in a folder per target."""
LARGEST_SEED = 1 << 16
SMALL = Limits(
    layer_bytes=16 << 20,
    image_bytes=16 << 20,
    layer_entries=20_000,
    image_entries=20_000,
    frames=2_000,
    window_log=20,
)
"""So that no input takes long; what happens at a limit is the same at any."""


@dataclass(frozen=True, slots=True)
class Target:
    """What to run, and with what to begin."""

    name: str
    check: Callable[[bytes], None]
    seeds: tuple[bytes, ...]


def load(name: str) -> Target:
    """A target with its seeds: its own, those that once failed, and its corpus."""
    module = import_module(f"tests.fuzz.{name}")
    found = [path.read_bytes() for path in sorted((FOUND / name).glob("*"))]
    seeds = dict.fromkeys((*module.seeds(), *found, *corpus_of(name)))
    return Target(name, module.check, tuple(seeds))


def corpus(part: str) -> Iterator[bytes]:
    """The small files of the public corpora, where they are there."""
    folder = os.environ.get("SLIM_CORPORA")
    for path in sorted(Path(folder, part).rglob("*")) if folder else ():
        if path.is_file() and path.stat().st_size <= LARGEST_SEED:
            yield path.read_bytes()


def assert_clear(error: SlimError, *codes: int) -> None:
    """An error that says what is wrong, with one of these exit codes, and what to do about it."""
    assert error.exit_code in codes, error
    assert error.message, error
    assert error.hint, error
