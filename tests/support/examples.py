"""The CI examples, and how they are loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
FAT, SLIM = (ROOT / "fixtures" / f"phoenix-{name}.tar" for name in ("fat", "slim"))


def load(name: str) -> Any:
    return YAML(typ="safe").load((ROOT / name).read_text("utf-8"))
