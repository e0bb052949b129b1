"""The virtual environment that a program of Python runs from."""

from __future__ import annotations

from slim.entrypoint.runs import Runs
from slim.facts.roots import Roots
from slim.files.view import decoded


def venv_at_run_time(runs: Runs, roots: Roots) -> bytes | None:
    """The virtual environment of what runs in the end, or else of what starts it, which may have its own."""
    for command in (*runs.final, *runs.main):
        for venv in roots.of("venv"):
            inside = decoded(venv) + "/"
            # Its `python` is a link to the interpreter it was made with, so the word counts too.
            if command.path.startswith(inside) or command.words[0].lstrip("/").startswith(inside):
                return venv
    return None
