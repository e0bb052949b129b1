"""Paths that a written Dockerfile copies although no step of it makes them.

Where the history of an image does not say how it was built, the template of its stack is filled in: that
knows what packages, base images and the usual tools bring, and not what a RUN of the image fetched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from slim.files.view import encoded
from slim.rebuild.build_steps import is_of_toolchain
from slim.rebuild.interpreted import system_owner
from slim.rebuild.model import Given, Plan
from slim.rebuild.quoting import fits_on_line
from slim.rebuild.trees import below, row_at


def unexplained(given: Given, plan: Plan, copies: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Sources of copies that the image has, and that neither its base, nor a package, nor an image with the
    tool chain has: those that it has not are what the template itself makes."""
    files, start = given.view.files, given.view.files.starts[given.base_layers]
    own = "own_toolchain" in plan.values
    programs = tuple(path.rpartition(b"/")[2] for path in plan.runtime)
    found: list[str] = []
    for source, _ in copies:
        path = encoded(source.lstrip("/"))
        row = row_at(given.view, path)
        rows = below(given.view, path) if row is None else iter((row,))
        first = next((row for row in rows if files.shown[row]), None)
        # Whoever has no image of the tool chain at hand is asked for one that has the interpreter.
        is_interpreter = own and path.endswith(programs)
        if (
            first is None
            or first < start
            or is_interpreter
            or system_owner(given, first) is not None
        ):
            continue
        if not (own and is_of_toolchain(given, first)):
            found.append(source)
    return tuple(found)


def with_notice(text: str, paths: Sequence[str]) -> str:
    """A Dockerfile that says, at the end of its build stage, which of some paths nothing in it makes."""
    build, last, final = text.rpartition("\nFROM ")
    words = {word.strip('"') for word in build.split() if word.startswith(("/", '"/'))}
    missing = [path for path in paths if words.isdisjoint(_above(path)) and fits_on_line(path)]
    if not last or not missing:
        return text
    notice = (
        "# Nothing above makes these paths, which the final stage copies; the history does not say what did:",
        *(f"#   {path}" for path in missing),
        "# Add the step that does (RUN git clone, COPY, …) in place of this comment.",
    )
    return "\n".join((build.rstrip("\n"), *notice, "", f"FROM {final}"))


def _above(path: str) -> set[str]:
    """A path and the directories that it is in."""
    parts = path.strip("/").split("/")
    return {"/" + "/".join(parts[:count]) for count in range(1, len(parts) + 1)}
