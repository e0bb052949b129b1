"""The large fixture, whose layers are read once for all tests of a process that are not about reading."""

from __future__ import annotations

from pathlib import Path

from slim.files.cache import TableCache

FAT = Path(__file__).resolve().parents[2] / "fixtures" / "phoenix-fat.tar"
TABLES = TableCache(None, share=True)
