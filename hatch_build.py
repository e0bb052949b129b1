"""What a wheel has beside the sources: a manual page for each command, and the rules as they are parsed."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs while a wheel is built, with the packages that slim needs at hand."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the files and say where they belong; an editable install parses the rules it is given."""
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        from slim.advice.vocabulary import VOCABULARY
        from slim.cli.app import app
        from slim.cli.manual import pages
        from slim.rules.builtin import COMPILED
        from slim.rules.compiled import encode
        from slim.rules.folder import parse_rules

        self._folder = tempfile.TemporaryDirectory(prefix="slim-build-")
        folder = Path(self._folder.name)
        for name, text in pages(app).items():
            (folder / name).write_text(text, "utf-8")
            build_data["shared_data"][str(folder / name)] = f"share/man/man1/{name}"
        (folder / COMPILED).write_bytes(
            encode(parse_rules(str(Path(self.root, "rules")), VOCABULARY))
        )
        build_data["force_include"][str(folder / COMPILED)] = f"slim/_rules/{COMPILED}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was written."""
        if version != "editable":
            self._folder.cleanup()
