"""Query about gems that the application's lock file has in another version.

Source: Bundler, "Gemfile.lock".
"""

from __future__ import annotations

import re
from collections import defaultdict

from slim.ecosystems.model import Subject
from slim.ecosystems.versions import Version, version_of
from slim.files.view import below
from slim.packages.package import parent, text
from slim.patterns import regex

_LOCKED = regex(rb"^    ([A-Za-z0-9._-]{1,100}) \(([0-9A-Za-z.]{1,60})[^)]{0,100}\)\r?$", re.M)


def older_gems(subject: Subject) -> list[int]:
    """The files of gems that the lock file has in another version, which lies in the same gem home.

    The newest stays: without Bundler it is the one that is loaded.
    """
    locked: dict[str, set[str]] = defaultdict(set)
    for project in subject.facts.roots.projects_of("ruby"):
        content = subject.view.read(below(project, b"Gemfile.lock")) or b""
        for name, version in _LOCKED.findall(content):
            locked[text(name)].add(text(version))
    homes: dict[tuple[bytes, str], list[tuple[Version, str, int]]] = defaultdict(list)
    for index, package in enumerate(subject.owned.packages):
        if package.manager == "gem" and package.name in locked:
            key = parent(package.record), package.name
            homes[key].append((version_of(package.version), package.version, index))
    found: list[int] = []
    for (_, name), gems in homes.items():
        newest = max(gems)[0]
        if any(written in locked[name] for _, written, _ in gems):
            found += [
                index
                for version, written, index in gems
                if written not in locked[name] and version < newest
            ]
    return subject.owned.rows(found)
