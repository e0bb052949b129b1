"""Query about shared runtimes of .NET that no application is started with.

Source: .NET, "Select which .NET version to use" (roll forward to the latest patch).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from slim.ecosystems.model import Subject
from slim.files.view import below
from slim.patterns import regex

_PATCH = regex(rb"(\d{1,5}\.\d{1,5})\.(\d{1,5})")


def older_runtimes(subject: Subject) -> Iterator[int]:
    """The files of shared runtimes of .NET that have a later patch of the same version beside them."""
    view = subject.view
    for root in subject.facts.roots.of("dotnet_root"):
        for framework in view.children(below(root, b"shared")):
            home = below(below(root, b"shared"), framework)
            lines: dict[bytes, list[tuple[int, bytes]]] = defaultdict(list)
            for name in view.names_in(home):
                if found := _PATCH.fullmatch(name):
                    lines[found[1]].append((int(found[2]), name))
            for patches in lines.values():
                for _, name in sorted(patches)[:-1]:
                    yield from view.rows_below(below(home, name))
