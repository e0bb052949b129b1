"""Paths that a written Dockerfile copies although no step of it makes them.

Where the history of an image does not say how it was built, the template of its stack is filled in: that
knows what packages, base images and the usual tools bring, and not what a RUN of the image fetched.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from slim.files.view import encoded
from slim.packages.owners import NOBODY
from slim.rebuild.build_steps import is_of_toolchain
from slim.rebuild.interpreted import copied, system_owner
from slim.rebuild.model import Given, Plan
from slim.rebuild.quoting import fits_on_line
from slim.rebuild.trees import above, below, below_any, row_at


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


def other_copies(
    given: Given, plan: Plan, copies: Iterable[tuple[str, str]], rows: Iterable[int]
) -> tuple[tuple[str, str], ...]:
    """What is kept besides the application and its libraries, such as the script that starts it: the template
    of a stack knows nothing of that.

    Args:
        copies: those that there are.
    """
    view, files, owner = given.view, given.view.files, given.owned.owner
    start = files.starts[max(given.base_layers, 1)] if len(files.starts) > 1 else 0
    places = [encoded(source.lstrip("/")) for source, _ in copies]
    # Of a directory of which parts are copied, the other parts are not there.
    parted = {home for home in plan.homes for place in places if home in above(place)}
    inside = below_any(view, [*(home for home in plan.homes if home not in parted), *places])
    own = "own_toolchain" in plan.values
    done = {row_at(view, path) for path in (*places, *plan.runtime)}
    chosen = [
        row
        for row in dict.fromkeys(rows)
        if row >= start
        and owner[row] == NOBODY
        and row not in done
        and not inside[files.directory[row]]
        and not (own and is_of_toolchain(given, row))
    ]
    return copied(b"", sorted(_fewest(given, chosen))) if chosen else ()


def _fewest(given: Given, rows: Collection[int]) -> dict[bytes, None]:
    """The paths of some files; of directories that no system has and all of which is among them, theirs."""
    chosen, whole = frozenset(rows), dict[bytes, bool]()
    found: dict[bytes, None] = {}
    for row in rows:
        path = given.view.files.path(row)
        tops = [place for place in above(path) if not given.facts.roots.is_system(place)]
        place = tops[-1] if tops else b""
        if place not in whole:
            whole[place] = bool(place) and chosen.issuperset(below(given.view, place))
        found[place if whole[place] else path] = None
    return found


def with_notice(text: str, paths: Sequence[str]) -> str:
    """A Dockerfile that says, at the end of its build stage, which of some paths nothing in it makes."""
    build, last, final = text.rpartition("\nFROM ")
    words = {encoded(word.strip('"/')) for word in build.split() if word.startswith(("/", '"/'))}
    missing = [
        path
        for path in paths
        if fits_on_line(path) and words.isdisjoint((encoded(path[1:]), *above(encoded(path[1:]))))
    ]
    if not last or not missing:
        return text
    notice = (
        "# Nothing above makes these paths, which the final stage copies; the history does not say what did:",
        *(f"#   {path}" for path in missing),
        "# Add the step that does (RUN git clone, COPY, …) in place of this comment.",
    )
    return "\n".join((build.rstrip("\n"), *notice, "", f"FROM {final}"))
